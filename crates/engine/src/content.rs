//! What people say to each other, in deterministic CBOR with integer keys (SPEC 6).

use minicbor::{Decode, Encode};

use crate::{FILE_BYTES_MAX, FILE_NAME_BYTES_MAX, MessageId};

/// One content: what is sealed into a message box.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub(crate) struct Content {
    /// What it is: one of the `KIND_*` numbers.
    #[n(0)]
    pub(crate) kind: u32,
    /// The id of a message people see.
    #[n(1)]
    pub(crate) id: Option<MessageId>,
    /// The author's clock, in seconds since 1970. For showing only.
    #[n(2)]
    pub(crate) at_s: Option<u64>,
    /// Words: a text, a name, a title.
    #[n(3)]
    pub(crate) text: Option<String>,
    /// The message it answers.
    #[n(4)]
    pub(crate) reply_to: Option<MessageId>,
    /// How far the author has read the log this content stands in.
    #[n(5)]
    pub(crate) read: Option<Read>,
    /// Bytes: a key package, a part of a Welcome.
    #[cbor(n(6), with = "minicbor::bytes")]
    pub(crate) bytes: Option<Vec<u8>>,
    /// Which part of how many.
    #[n(7)]
    pub(crate) part: Option<Part>,
    /// Further words of the author, to be shown after these.
    #[n(8)]
    pub(crate) also: Option<Vec<Words>>,
    /// So many seconds after a reader has seen it, it is to be gone; 0 for at once.
    #[n(20)]
    pub(crate) fades_s: Option<u64>,
    /// Of an author's edits of one message, or reactions to it, which one this is: from 1. A later
    /// one counts, whatever order they come in.
    #[n(21)]
    pub(crate) turn: Option<u64>,
    /// How its author would have a call go, where not through the relay: [`DIRECT`].
    #[n(22)]
    pub(crate) direct: Option<u64>,
    /// A file that lies in a log of its own.
    #[n(60)]
    pub(crate) file: Option<Offer>,
}

/// A file, offered (SPEC 5.7).
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub(crate) struct Offer {
    /// Where its pieces are.
    #[cbor(n(0), with = "minicbor::bytes")]
    pub(crate) log: [u8; 16],
    /// What opens them.
    #[cbor(n(1), with = "minicbor::bytes")]
    pub(crate) key: [u8; 32],
    /// How many bytes it has.
    #[n(2)]
    pub(crate) bytes: u64,
    /// The step of whole pieces.
    #[n(3)]
    pub(crate) step: u8,
    /// Hash of the hashes of its pieces.
    #[cbor(n(4), with = "minicbor::bytes")]
    pub(crate) hash: [u8; 32],
    /// What it is called.
    #[n(5)]
    pub(crate) name: Option<String>,
    /// What it is, as its sender says: a media type.
    #[n(6)]
    pub(crate) media: Option<String>,
    /// A voice note of so many milliseconds, to the step.
    #[n(7)]
    pub(crate) voice_ms: Option<u32>,
    /// What its reader may not do: bit 0, save it.
    #[n(8)]
    pub(crate) rules: Option<u32>,
    /// At which of the conversation's relays it lies; none for the first.
    #[n(9)]
    pub(crate) at: Option<u8>,
}

impl Offer {
    /// Whether there can be such a file.
    pub(crate) fn is_sound(&self) -> bool {
        let short = |text: &Option<String>, most: usize| {
            text.as_ref().is_none_or(|text| text.len() <= most)
        };
        self.piece() > 0
            && self.bytes <= FILE_BYTES_MAX
            && self.count() <= PIECES_MAX
            && short(&self.name, FILE_NAME_BYTES_MAX)
            && short(&self.media, MEDIA_BYTES_MAX)
    }
}

/// Words that share a box with others: what [`Content`] of kind text says, and nothing more.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub(crate) struct Words {
    #[n(1)]
    pub(crate) id: MessageId,
    #[n(2)]
    pub(crate) at_s: Option<u64>,
    #[n(3)]
    pub(crate) text: String,
    #[n(4)]
    pub(crate) reply_to: Option<MessageId>,
    #[n(20)]
    pub(crate) fades_s: Option<u64>,
}

impl Words {
    /// The same as a content of its own.
    pub(crate) fn content(self) -> Content {
        let Self { id, at_s, text, reply_to, fades_s } = self;
        let bare = Content::of(KIND_TEXT).with_text(&text);
        Content { id: Some(id), at_s, reply_to, fades_s, ..bare }
    }
}

/// A receipt: everything in this epoch's log up to `seq` was opened, but for `gaps`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub(crate) struct Read {
    /// Counted up to here.
    #[n(0)]
    pub(crate) seq: u64,
    /// The start of the log's hash chain there: two who read the same log have the same.
    #[cbor(n(1), with = "minicbor::bytes")]
    pub(crate) chain: Option<[u8; 4]>,
    /// First and last place of what did not open: its authors send it again.
    #[n(2)]
    pub(crate) gaps: Option<Vec<(u64, u64)>>,
    /// The same of the epoch before.
    #[n(3)]
    pub(crate) gaps_before: Option<Vec<(u64, u64)>>,
    /// The start of the chain at the end of the epoch before.
    #[cbor(n(4), with = "minicbor::bytes")]
    pub(crate) chain_before: Option<[u8; 4]>,
    /// Epoch, first and last place of what did not open earlier, where it is not known that
    /// everybody was told.
    #[n(5)]
    pub(crate) gaps_earlier: Option<Vec<(u64, u64, u64)>>,
    /// The starts of the hashes of boxes that were opened and have no place in a log yet: somebody
    /// carried them.
    #[n(6)]
    pub(crate) by_hand: Option<Vec<BoxMark>>,
    /// Files of which pieces came by hand.
    #[n(7)]
    pub(crate) files: Option<Vec<FileMark>>,
}

/// How far a file is of which pieces came by hand.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub(crate) struct FileMark {
    /// The message that offered it.
    #[n(0)]
    pub(crate) file: MessageId,
    /// First and last of the pieces that are missing; none when all are here.
    #[n(1)]
    pub(crate) missing: Vec<(u32, u32)>,
}

/// The start of a box's hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(transparent)]
pub(crate) struct BoxMark(#[cbor(with = "minicbor::bytes")] pub(crate) [u8; 8]);

/// A piece of something larger than one box.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub(crate) struct Part {
    /// Of which thing.
    #[n(0)]
    pub(crate) of: MessageId,
    /// Its place, from 0.
    #[n(1)]
    pub(crate) index: u32,
    /// How many there are.
    #[n(2)]
    pub(crate) count: u32,
}

/// Words for people.
pub(crate) const KIND_TEXT: u32 = 0;
/// Only a receipt.
pub(crate) const KIND_RECEIPT: u32 = 1;
/// The author's name, and that they can be written to.
pub(crate) const KIND_PROFILE: u32 = 2;
/// The group's name.
pub(crate) const KIND_TITLE: u32 = 3;
/// A key package of the author, for one conversation to come.
pub(crate) const KIND_PACKAGE: u32 = 4;
/// The author needs such a package.
pub(crate) const KIND_ASK_PACKAGE: u32 = 5;
/// A part of a Welcome to a group.
pub(crate) const KIND_WELCOME: u32 = 6;
/// The author goes out of the group: somebody please commit it.
pub(crate) const KIND_LEAVE: u32 = 7;

/// The author's message of the id in `reply_to` is to be gone.
pub(crate) const KIND_DELETE: u32 = 40;

/// The author's face for the message of the id in `reply_to`; an empty one takes it back.
pub(crate) const KIND_REACTION: u32 = 41;
/// Other words in the place of those of the author's message of the id in `reply_to`.
pub(crate) const KIND_EDIT: u32 = 42;

/// A file, which lies in a log of its own.
pub(crate) const KIND_FILE: u32 = 60;

/// Bit 0 of an offer's rules: the file is not to be saved outside the home.
pub(crate) const RULE_NO_SAVING: u32 = 1;
/// The most pieces a file may have: fewer than a relay keeps in one log.
pub(crate) const PIECES_MAX: u32 = 65_000;
/// The longest media type, in bytes.
const MEDIA_BYTES_MAX: usize = 64;
/// The author calls; the call's id is the content's.
pub(crate) const KIND_CALL: u32 = 80;
/// The author takes the call of the id in `reply_to`.
pub(crate) const KIND_CALL_TAKEN: u32 = 81;
/// The author hangs up, or does not take, the call of the id in `reply_to`.
pub(crate) const KIND_CALL_OVER: u32 = 82;

/// Of a call, or of taking one: its author chose that it goes from one to the other without the
/// relay, if the other chose so too.
pub(crate) const DIRECT: u64 = 1;

/// The largest number of parts a thing may come in.
pub(crate) const PARTS_MAX: u32 = 64;
/// The most gaps a receipt may name.
pub(crate) const GAPS_MAX: usize = 32;
/// The most boxes a receipt may name that came by hand.
pub(crate) const BY_HAND_MAX: usize = 512;
/// The most files a receipt may name of which pieces came by hand.
pub(crate) const FILES_BY_HAND_MAX: usize = 16;
/// The most ranges of missing pieces of one of them.
pub(crate) const MISSING_MAX: usize = 16;
/// The most words a content may bring after its own.
pub(crate) const ALSO_MAX: usize = 64;

impl Content {
    pub(crate) fn of(kind: u32) -> Self {
        Self { kind, ..Self::default() }
    }

    pub(crate) fn with_text(mut self, text: &str) -> Self {
        self.text = Some(text.to_owned());
        self
    }

    pub(crate) fn with_bytes(mut self, bytes: Vec<u8>) -> Self {
        self.bytes = Some(bytes);
        self
    }

    pub(crate) fn encode(&self) -> Vec<u8> {
        minicbor::to_vec(self).unwrap_or_default()
    }

    /// Reads content; `None` for bytes that are not a map of ours. An unknown `kind` is content
    /// too: what a newer version wrote is kept.
    pub(crate) fn decode(bytes: &[u8]) -> Option<Self> {
        let mut decoder = minicbor::Decoder::new(bytes);
        let content: Self = decoder.decode().ok()?;
        let read = content.read.clone().unwrap_or_default();
        let gaps = [read.gaps, read.gaps_before].into_iter().flatten();
        let bounded = gaps.into_iter().all(|gaps| gaps.len() <= GAPS_MAX)
            && read.gaps_earlier.is_none_or(|gaps| gaps.len() <= GAPS_MAX)
            && read.by_hand.is_none_or(|marks| marks.len() <= BY_HAND_MAX)
            && read.files.is_none_or(|files| {
                files.len() <= FILES_BY_HAND_MAX
                    && files.iter().all(|its| its.missing.len() <= MISSING_MAX)
            });
        let few = content.also.as_ref().is_none_or(|also| also.len() <= ALSO_MAX);
        (decoder.position() == bytes.len() && bounded && few).then_some(content)
    }

    /// Words and nothing else, so that they can share a box; `None` for everything else.
    pub(crate) fn into_words(self) -> Option<Words> {
        match self {
            Self {
                kind: KIND_TEXT,
                id: Some(id),
                at_s,
                text: Some(text),
                reply_to,
                read: None,
                bytes: None,
                part: None,
                also: None,
                fades_s,
                turn: None,
                direct: None,
                file: None,
            } => Some(Words { id, at_s, text, reply_to, fades_s }),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_costs_little_over_its_words() {
        let content = Content {
            kind: KIND_TEXT,
            id: Some(MessageId([1; 8])),
            at_s: Some(1_790_000_000),
            read: Some(Read { seq: 1_000, chain: Some([7; 4]), ..Read::default() }),
            ..Content::default()
        };
        let words = "가".repeat(50);
        let bytes = content.clone().with_text(&words).encode();
        assert!(bytes.len() - words.len() <= 36, "{}", bytes.len() - words.len());
        assert_eq!(Content::decode(&bytes), Some(content.with_text(&words)));
    }

    #[test]
    fn content_of_a_newer_version_is_still_content() {
        let mut encoder = minicbor::Encoder::new(Vec::new());
        encoder.map(2).unwrap().u32(0).unwrap().u32(99).unwrap().u32(77).unwrap().str("x").unwrap();
        let content = Content::decode(&encoder.into_writer()).unwrap();
        assert_eq!(content.kind, 99);
        assert_eq!(Content::decode(&[0xff]), None);
        assert_eq!(Content::decode(&[]), None);
    }

    #[test]
    fn every_vector_is_read_as_it_says() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../vectors/content");
        let mut count = 0;
        for entry in std::path::Path::new(folder).read_dir().unwrap() {
            let path = entry.unwrap().path();
            let text = std::io::read_to_string(open(&path)).unwrap();
            let field = |name: &str| -> String {
                let lines = text.lines().filter_map(|line| line.strip_prefix(name));
                lines.map(|line| format!("{line} ")).collect()
            };
            // `11*8` is eight times the byte 11.
            let repeated = |word: &str| match word.split_once('*') {
                Some((byte, times)) => byte.repeat(times.parse().unwrap()),
                None => word.to_owned(),
            };
            let words = field("hex:");
            let hex: String = words.split_whitespace().map(repeated).collect();
            let bytes = data_encoding::HEXLOWER.decode(hex.as_bytes()).unwrap();
            let content = Content::decode(&bytes);
            assert_eq!(content.is_some(), field("expect:").trim() == "ok", "{}", path.display());
            // What a newer version wrote is read without the parts nobody knows yet.
            let known = !path.ends_with("content-of-a-newer-version.txt");
            if let Some(content) = content.filter(|_| known) {
                assert_eq!(content.encode(), bytes, "{}", path.display());
            }
            count += 1;
        }
        assert!(count >= 17, "{count} vectors");
    }

    #[expect(clippy::disallowed_types, reason = "a test reads the vectors")]
    fn open(path: &std::path::Path) -> std::fs::File {
        std::fs::File::open(path).unwrap()
    }
}
