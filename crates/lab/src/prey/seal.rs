//! Postings, keys of logs, key packages, Welcomes, boxes of a conversation, requests to come back.

use std::cell::OnceCell;

use sogon_seal::{
    Change, Charter, Closing, Conversation, FileKeys, GroupName, LogHead, LogKeys, Opened,
    PackageUse, Piece, Posting, SealError,
};
use sogon_wire::{Frame, Request, SealedBox};

use super::{
    Pair, Tape, forge, pair,
    person::{Person, invite},
};

thread_local! {
    static PAIR: OnceCell<Pair> = const { OnceCell::new() };
}

fn with_pair(hunt: impl FnOnce(&Pair)) {
    PAIR.with(|once| hunt(once.get_or_init(pair)));
}

const HEAD: LogHead = LogHead { seq: 0, chain: [0; 16] };

/// A stored posting: comes back whole, with a signature that holds, or not at all.
///
/// # Panics
/// When the promise is broken.
pub fn seal_posting(bytes: &[u8]) {
    restore(bytes);
    let mut tape = Tape::new(bytes);
    let real = invite().package.post_package(&Still, b"a package").expect("it fits");
    let mut bent = real.to_bytes();
    tape.bend(&mut bent);
    restore(&bent);
}

fn restore(bytes: &[u8]) {
    let Ok(posting) = Posting::restore(bytes) else { return };
    let again = posting.to_bytes();
    assert_eq!((again[0], &again[3..]), (bytes[0], &bytes[3..]), "all but the tag is kept");
    assert!(matches!(Request::decode(&again), Ok(Some((0, Request::Append(append), _)))
        if append.key.log() == posting.log() && append.boxed == *posting.boxed()));
}

/// A box of a file's log: a piece that opens is sealed again to one that opens the same, and a box
/// with anything changed in it opens nothing.
///
/// # Panics
/// When the promise is broken.
pub fn seal_piece(bytes: &[u8]) {
    let keys = FileKeys::from_secret([6; 32]).expect("keys");
    let stored = [[0; 48].as_slice(), keys.key()].concat();
    let envelope = LogKeys::from_bytes(&stored).expect("80 bytes");
    let boxed = forge::envelope(&envelope, bytes);
    if let Ok(piece) = Piece::open(keys.key(), &boxed) {
        assert_eq!(bytes.first(), Some(&6), "a piece and nothing else");
        let again = keys.seal(piece.index, &piece.bytes).expect("it fitted once");
        assert_eq!(Piece::open(keys.key(), again.boxed()), Ok(piece));
    }
    let mut tape = Tape::new(bytes);
    let real = keys.seal(7, b"bytes of a file").expect("it fits");
    let mut bent = real.boxed().as_bytes().to_vec();
    tape.bend(&mut bent);
    if let Ok(bent) = SealedBox::parse(&bent) {
        let opened = Piece::open(keys.key(), &bent).is_ok();
        assert_eq!(opened, bent == *real.boxed(), "not a byte may change");
    }
}

/// Randomness that is none, for boxes that must be the same each time.
struct Still;

impl sogon_seal::Entropy for Still {
    fn fill(&self, out: &mut [u8]) {
        out.fill(5);
    }
}

/// Keys of a log out of the store, and what the keys of a link open: any bytes in a valid envelope.
///
/// # Panics
/// When the promise is broken.
pub fn seal_keys(bytes: &[u8]) {
    match LogKeys::from_bytes(bytes) {
        Ok(keys) => assert_eq!(keys.to_bytes(), bytes),
        Err(error) => assert_eq!(error, SealError::Bug, "our own store, and not ours"),
    }
    let keys = invite().answer;
    let boxed = forge::envelope(&keys, bytes);
    let opened = [keys.open_package(&boxed).is_ok(), keys.open_welcome(&boxed).is_ok()];
    let closing = keys.open_closing(&boxed);
    let kind = keys.kind(&boxed);
    let as_many = opened.into_iter().filter(|its| *its).count() + usize::from(closing.is_ok());
    assert!(as_many <= usize::from(kind.is_some()), "a box is of one kind");
    if let Ok(Closing { commit, author, moved }) = closing {
        let moved: &[u8] = if moved { &[1] } else { &[] };
        let told = [commit.as_slice(), &author.to_be_bytes(), moved].concat();
        let mut plain = bytes.to_vec();
        plain.resize(bytes.len().max(24), 0);
        assert_eq!(told, plain[3..3 + told.len()]);
    }
}

/// Somebody's key package: whatever passes the check can be taken into a conversation.
///
/// # Panics
/// When the promise is broken.
pub fn seal_package(bytes: &[u8]) {
    with_pair(|pair| {
        let mut tape = Tape::new(bytes);
        let package = match tape.byte() % 4 {
            0 => tape.rest().to_vec(),
            1 => {
                let mut package = pair.package.clone();
                tape.bend(&mut package);
                package
            }
            _ => {
                let real = forge::Package::read(&pair.package);
                let mut bent = real.clone();
                for _ in 0..4 {
                    if !tape.is_over() {
                        bent.bend(&mut tape);
                    }
                }
                bent.sign(&pair.mina, &real)
            }
        };
        pair.mallory.peek(|s, own| {
            let Ok(checked) = s.check_package(&package) else { return };
            assert_eq!(checked.to_bytes().as_ref(), Ok(&package), "there is one way to write it");
            assert_eq!(
                checked.identity(),
                pair.mina.identity.public(),
                "vouched for by nobody else"
            );
            let charter = Charter::pair("relay".to_owned(), s.entropy());
            let founded = Conversation::found(s, own, &charter, &[checked], None);
            let (mut group, _) = founded.expect("what was checked can come in");
            // With the first fresh keys of somebody else, the key in the leaf is used too.
            let refresh = Change { refresh: true, ..Change::default() };
            let done = group.commit(&refresh, HEAD);
            assert!(done.is_ok(), "whoever came in can be told fresh keys");
        });
    });
}

/// An answer to a link: joins, or leaves nothing behind, and the true answer still joins.
///
/// # Panics
/// When the promise is broken.
pub fn seal_welcome(bytes: &[u8]) {
    with_pair(|pair| {
        let mut tape = Tape::new(bytes);
        let invite = invite();
        let mode = tape.byte() % 5;
        let mixed = if mode == 3 { None } else { Some(&invite) };
        let welcome = match mode {
            0 => tape.rest().to_vec(),
            1 => {
                let mut welcome = pair.welcome.clone();
                tape.bend(&mut welcome);
                welcome
            }
            4 => forge::bent_welcome(&pair.welcome, &mut tape),
            _ => {
                let Some(welcome) = strange_welcome(pair, &mut tape, mixed.is_some()) else {
                    return;
                };
                welcome
            }
        };
        let replaces = (mode == 2 && tape.byte() % 2 == 1).then_some(pair.name);
        let (joined, rows) = pair.waiting.peek(|s, _| {
            let group = Conversation::join(s, &welcome, mixed, replaces)?;
            // Whoever is in can read what everybody in it knows.
            group.charter()?;
            group.members()?;
            group.log_keys()?;
            group.rescue_log().map(drop)
        });
        if let Err(error) = joined {
            assert_eq!(error, SealError::Unopenable);
            assert_eq!(rows, 0, "a Welcome that fails changes nothing");
            pair.waiting.peek(|s, _| {
                let _ = Conversation::join(s, &welcome, mixed, replaces);
                Conversation::join(s, &pair.welcome, Some(&invite), None)
                    .map(drop)
                    .expect("the true Welcome still opens");
            });
        }
    });
}

/// A Welcome by Mallory to a conversation of his own making.
fn strange_welcome(pair: &Pair, tape: &mut Tape<'_>, mix: bool) -> Option<Vec<u8>> {
    let (welcome, _) = pair.mallory.peek(|s, own| {
        let relay = String::from_utf8_lossy(tape.piece()).into_owned();
        let title = String::from_utf8_lossy(tape.piece()).into_owned();
        let mut charter = Charter::group(title, relay, s.entropy());
        charter.group = tape.byte() % 2 == 1;
        let mut members = vec![s.check_package(&pair.package).expect("her own package")];
        // Himself once more, under a leaf of his own.
        if tape.byte() % 4 == 1 {
            let again = s.make_package(own, PackageUse::Once).expect("a package");
            members.push(s.check_package(&again).expect("his own package"));
        }
        let invite = mix.then(invite);
        Conversation::found(s, own, &charter, &members, invite.as_ref()).ok()?.1
    });
    let mut welcome = welcome?;
    if tape.byte() % 2 == 1 {
        tape.bend(&mut welcome);
    }
    Some(welcome)
}

/// A box in the log of a conversation, its envelope closed by a member: opens as what a member
/// wrote, or leaves nothing behind, and what was truly written still opens.
///
/// # Panics
/// When the promise is broken.
pub fn seal_open(bytes: &[u8]) {
    with_pair(|pair| {
        let mut tape = Tape::new(bytes);
        let boxes = pair.mallory.peek(|s, _| Written::by(s, pair.name)).0;
        let keys = &boxes.keys;
        let hostile = match tape.byte() % 6 {
            0 => forge::boxed(keys, 0, tape.rest()),
            1 => forge::boxed(keys, tape.byte(), tape.rest()),
            2 => bent_payload(keys, &boxes.message, &mut tape),
            3 => bent_payload(keys, &boxes.commit, &mut tape),
            4 => forge::envelope(keys, tape.rest()),
            _ => bent_box(&boxes.message, &mut tape),
        };
        pair.mina.peek(|s, _| {
            let mut group = Conversation::load(s, pair.name).expect("she is in it");
            let before = (group.epoch(), group.commitment());
            match group.open(&hostile) {
                Ok(Opened::Message { content, .. }) => assert_eq!(content, b"words"),
                Ok(Opened::Commit(staged)) => {
                    assert_eq!(staged.author.identity, pair.mallory.identity.public());
                    group.merge(*staged).expect("what was checked can be followed");
                }
                Ok(Opened::Own) => panic!("she wrote nothing"),
                Err(error) => {
                    assert_eq!(error, SealError::Unopenable);
                    assert_eq!((group.epoch(), group.commitment()), before);
                    assert!(matches!(group.open(&boxes.message), Ok(Opened::Message { .. })));
                }
            }
        });
        let (opened, rows) =
            pair.mina.peek(|s, _| Conversation::load(s, pair.name)?.open(&hostile));
        assert!(opened.is_ok() || rows == 0, "a box that does not open changes nothing");
    });
}

/// What Mallory truly wrote, and the keys of the log it stands in.
struct Written {
    keys: LogKeys,
    message: SealedBox,
    commit: SealedBox,
}

impl Written {
    fn by(sealer: sogon_seal::Sealer<'_>, name: GroupName) -> Self {
        let mut group = Conversation::load(sealer, name).expect("he is in it");
        let refresh = Change { refresh: true, ..Change::default() };
        Self {
            keys: group.log_keys().expect("a member has them"),
            message: group.seal(b"words").expect("a member writes").boxed().clone(),
            commit: group.commit(&refresh, HEAD).expect("a member commits").posting.boxed().clone(),
        }
    }
}

fn bent_payload(keys: &LogKeys, real: &SealedBox, tape: &mut Tape<'_>) -> SealedBox {
    let (kind, mut payload) = forge::unboxed(keys, real);
    tape.bend(&mut payload);
    forge::boxed(keys, kind, &payload)
}

fn bent_box(real: &SealedBox, tape: &mut Tape<'_>) -> SealedBox {
    let mut bytes = real.as_bytes().to_vec();
    tape.bend(&mut bytes);
    bytes.resize(sogon_wire::step_for(bytes.len()).unwrap_or(sogon_wire::BOX_BYTES_MAX), 0);
    SealedBox::parse(&bytes).expect("a step")
}

/// A request to be let in again, signed by a member who may have put anything into it.
///
/// # Panics
/// When the promise is broken.
pub fn seal_rescue(bytes: &[u8]) {
    with_pair(|pair| {
        let mut tape = Tape::new(bytes);
        let mode = tape.byte() % 4;
        let package = |s: sogon_seal::Sealer<'_>, own: &sogon_seal::Identity| -> Vec<u8> {
            s.make_package(own, PackageUse::Once).expect("a package")
        };
        let mut maker = Person::new(
            sogon_seal::Identity::from_seed(pair.mallory.identity.seed()),
            pair.mallory.rows.clone(),
            4,
        );
        let fresh = maker.step(package);
        let keys = maker.peek(|s, _| Conversation::load(s, pair.name)?.rescue_log()).0;
        let keys = keys.expect("a member has them");
        let mut signed = [[0; 12].as_slice(), &fresh].concat();
        match mode {
            0 => signed = tape.rest().to_vec(),
            1 => tape.bend(&mut signed),
            2 => {
                let real = forge::Package::read(&fresh);
                let mut bent = real.clone();
                bent.bend(&mut tape);
                signed = [[0; 12].as_slice(), &bent.sign(&maker, &real)].concat();
            }
            _ => {}
        }
        let mut payload = forge::rescue(&maker, pair.name, &signed);
        if mode == 3 {
            tape.bend(&mut payload);
        }
        let boxed = forge::boxed(&keys, 5, &payload);
        let ((), rows) = pair.mina.peek(|s, _| {
            let group = Conversation::load(s, pair.name).expect("she is in it");
            match group.open_rescue(&boxed) {
                Ok(Some(rescue)) => {
                    assert_eq!(rescue.member.identity, pair.mallory.identity.public());
                }
                Ok(None) => {}
                Err(error) => assert_eq!(error, SealError::Unopenable),
            }
        });
        assert_eq!(rows, 0, "reading a request changes nothing");
        readmit(pair, &boxed);
    });
}

/// What a request asks for can be committed, and leaves a conversation that can be written to.
fn readmit(pair: &Pair, boxed: &SealedBox) {
    pair.mina.peek(|s, _| {
        let mut group = Conversation::load(s, pair.name).expect("she is in it");
        let Ok(Some(rescue)) = group.open_rescue(boxed) else { return };
        let (add, remove) = (vec![rescue.package], vec![rescue.member.leaf]);
        let done = group.commit(&Change { add, remove, ..Change::default() }, HEAD);
        assert!(done.is_ok(), "whoever was found to be a member can be let in again");
        group.merge_own().expect("one's own commit can be followed");
        group.seal(b"welcome back").expect("a member writes");
    });
}
