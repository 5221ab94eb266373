//! Every file of `vectors/wire`, through the code that ships. `vectors/decode.py` reads the same
//! files with code of its own.
#![cfg(test)]

mod packet;

use std::{collections::BTreeMap, fmt::Display, fs, path::PathBuf, str::FromStr};

use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};
use sogon_wire::{
    About, Frame, Freight, Invite, PublicWriteKey, Refusal, RelayAddr, Reply, Request, SealedBox,
    Uses, WireError,
    bundle::{Parcel, Symbol, boxes_in},
};

/// A vector, read.
struct Vector {
    name: String,
    said: BTreeMap<String, Vec<String>>,
}

impl Vector {
    fn read(text: &str) -> Self {
        let mut said: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for line in text.lines() {
            let (key, value) = line.split_once(": ").unwrap_or((line, ""));
            said.entry(key.to_owned()).or_default().push(value.to_owned());
        }
        Self { name: said["name"].concat(), said }
    }

    fn all(&self, key: &str) -> &[String] {
        self.said.get(key).map_or(&[], Vec::as_slice)
    }

    fn one(&self, key: &str) -> String {
        self.all(key).join("\n")
    }

    /// `hex:`, in which `03*352` is the byte 03, 352 times.
    fn bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        for piece in self.one("hex").split_whitespace() {
            let (digits, count) = piece.split_once('*').unwrap_or((piece, "1"));
            let piece = HEXLOWER.decode(digits.as_bytes()).unwrap();
            bytes.extend(piece.repeat(count.parse().unwrap()));
        }
        bytes
    }
}

/// What came of a vector: its fields, or the name of the refusal.
type Found = Result<Vec<String>, &'static str>;

fn refusal(error: WireError) -> &'static str {
    match error {
        WireError::Short => "short",
        WireError::Trailing => "trailing",
        WireError::TooLarge => "too-large",
        WireError::Size => "size",
        WireError::Kind => "kind",
        WireError::Version => "version",
        WireError::Form => "form",
        WireError::Damaged => "damaged",
    }
}

fn field(name: &str, value: impl Display) -> String {
    format!("{name} = {value}")
}

fn boxed(boxed: &SealedBox) -> String {
    let hash = hex(&Sha256::digest(boxed.as_bytes()));
    field("box", format!("{}:{}", boxed.as_bytes().len(), hash.split_at(16).0))
}

fn hex(bytes: &[u8]) -> String {
    HEXLOWER.encode(bytes)
}

fn frame<F: Frame>(bytes: &[u8], fields: impl Fn(&F) -> (&'static str, Vec<String>)) -> Found {
    let Some((tag, frame, used)) = F::decode(bytes).map_err(refusal)? else { return Err("more") };
    assert_eq!(frame.encode(tag), bytes[..used], "it is written as it was read");
    let (kind, own) = fields(&frame);
    let head = [field("kind", kind), field("tag", tag), field("used", used)];
    Ok(head.into_iter().chain(own).collect())
}

fn request(request: &Request) -> (&'static str, Vec<String>) {
    match request {
        Request::Append(append) => {
            let (key, signature) = (hex(&append.key.0), hex(&append.signature.0));
            let parts = vec![field("key", key), field("signature", signature)];
            ("append", parts.into_iter().chain([boxed(&append.boxed)]).collect())
        }
        Request::Read { log, after, bytes_max } => {
            let log = field("log", hex(&log.0));
            ("read", vec![log, field("after", after), field("bytes_max", bytes_max)])
        }
        Request::Watch { log, after } => {
            ("watch", vec![field("log", hex(&log.0)), field("after", after)])
        }
        Request::Unwatch { log } => ("unwatch", vec![field("log", hex(&log.0))]),
        Request::About => ("about", Vec::new()),
        Request::Enter(pass) => (
            "enter",
            vec![field("key", hex(&pass.key.0)), field("signature", hex(&pass.signature.0))],
        ),
        Request::Speak(packet) => ("speak", vec![field("packet", hex(packet))]),
    }
}

fn why(why: Refusal) -> &'static str {
    match why {
        Refusal::Signature => "signature",
        Refusal::Full => "full",
        Refusal::Busy => "busy",
        Refusal::Stopping => "stopping",
        Refusal::Fault => "fault",
    }
}

fn about(about: &About) -> Vec<String> {
    let fields = [
        ("version", u32::from(about.version)),
        ("keep_s", about.keep_s),
        ("log_boxes_max", about.log_boxes_max),
        ("watches_max", about.watches_max),
    ];
    fields.map(|(name, value)| field(name, value)).into()
}

fn reply(reply: &Reply) -> (&'static str, Vec<String>) {
    match reply {
        Reply::Appended { seq } => ("appended", vec![field("seq", seq)]),
        Reply::Entries { log, from, head, boxes } => {
            let places = [field("log", hex(&log.0)), field("from", from), field("head", head)];
            ("entries", places.into_iter().chain(boxes.iter().map(boxed)).collect())
        }
        Reply::Refused { why, wait_s } => {
            ("refused", vec![field("why", self::why(*why)), field("wait_s", wait_s)])
        }
        Reply::Entered { others, proof } => {
            ("entered", vec![field("others", others), field("proof", proof)])
        }
        Reply::Heard(packet) => ("heard", vec![field("packet", hex(packet))]),
        Reply::About(its) => ("about", about(its)),
    }
}

fn place(relay: &RelayAddr) -> Vec<String> {
    let print = field("fingerprint", hex(&relay.fingerprint().0));
    vec![field("host", relay.host()), field("port", relay.port()), print]
}

fn uses(invite: &Invite) -> Vec<String> {
    let uses = match invite.uses {
        Uses::One => "one",
        Uses::Many => "many",
    };
    let own = [field("uses", uses), field("secret", hex(&invite.secret.0))];
    own.into_iter().chain(place(&invite.relay)).collect()
}

/// Reads text, and sees that it is written as it was read, or as `becomes:` says.
fn text<T>(vector: &Vector, fields: impl Fn(&T) -> Vec<String>) -> Found
where
    T: FromStr<Err = WireError> + Display,
{
    let text = vector.one("text");
    let read: T = text.parse().map_err(refusal)?;
    let becomes = if vector.all("becomes").is_empty() { text } else { vector.one("becomes") };
    assert_eq!(read.to_string(), becomes, "{}", vector.name);
    Ok(fields(&read))
}

fn parcel(vector: &Vector) -> Found {
    let bytes = vector.bytes();
    let parcel = Parcel::decode(&bytes).map_err(refusal)?;
    assert_eq!(parcel.encode(), bytes, "{}: it is written as it was read", vector.name);
    let items = parcel.items.iter();
    Ok(items.flat_map(|item| [field("seq", item.seq), boxed(&item.boxed)]).collect())
}

fn freight(vector: &Vector) -> Found {
    let bytes = vector.bytes();
    let freight = Freight::decode(&bytes).map_err(refusal)?;
    assert_eq!(freight.encode(), bytes, "{}: it is written as it was read", vector.name);
    let items = freight.items.iter();
    let items = items.flat_map(|its| [field("signature", hex(&its.0.0)), boxed(&its.1)]);
    Ok([field("log", hex(&freight.key.log().0))].into_iter().chain(items).collect())
}

fn symbol(vector: &Vector) -> Found {
    let bytes = vector.bytes();
    let symbol = Symbol::decode(&bytes).map_err(refusal)?;
    assert_eq!(symbol.encode(), bytes, "{}: it is written as it was read", vector.name);
    let hash = hex(&Sha256::digest(&symbol.bytes));
    Ok(vec![
        field("parcel", hex(&symbol.parcel.hash)),
        field("length", symbol.parcel.bytes),
        field("place", symbol.place),
        field("symbol", format!("{}:{}", symbol.bytes.len(), hash.split_at(16).0)),
    ])
}

fn play(vector: &Vector) -> Found {
    match vector.one("object").as_str() {
        "request" => frame(&vector.bytes(), request),
        "reply" => frame(&vector.bytes(), reply),
        "box" => SealedBox::parse(&vector.bytes()).map(|its| vec![boxed(&its)]).map_err(refusal),
        "log-name" => {
            let key = PublicWriteKey(vector.bytes().try_into().unwrap());
            Ok(vec![field("log", hex(&key.log().0))])
        }
        "questions" => packet::questions(&vector.bytes()),
        "answers" => packet::answers(&vector.bytes()),
        "greeting" => packet::greeting(&vector.bytes()),
        "direct" => packet::direct(&vector.bytes()),
        "parcel" => parcel(vector),
        "freight" => freight(vector),
        "symbol" => symbol(vector),
        "words" => Ok(boxes_in(&vector.one("text")).iter().map(boxed).collect()),
        "relay-address" => text(vector, place),
        "invite" => text(vector, uses),
        other => panic!("{}: nobody here reads `{other}`", vector.name),
    }
}

#[test]
fn every_vector_of_the_wire_is_read_or_refused_as_it_says() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../vectors/wire");
    let mut played = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let vector = Vector::read(&fs::read_to_string(&path).unwrap());
        assert_eq!(path.file_stem().unwrap().to_str().unwrap(), vector.name);
        let (outcome, fields) = match play(&vector) {
            Ok(fields) => ("ok", fields),
            Err(why) => (why, Vec::new()),
        };
        assert_eq!(outcome, vector.one("expect"), "{}", vector.name);
        assert_eq!(fields, vector.all("is"), "{}", vector.name);
        played += 1;
    }
    assert!(played >= 110, "{played} vectors: some are gone");
}
