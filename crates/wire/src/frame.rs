//! What a client and a relay say to each other (SPEC 3).
//!
//! A frame is `kind u8 | tag u16 | length u24 | body`. The answer carries the tag of its question,
//! so many questions go out in one flight. No frame has a meaning that depends on an earlier one
//! but the pushes of a watch, so the same frames can travel in single datagrams.

use crate::{LogName, PublicWriteKey, SealedBox, Seq, WireError, WriteSignature, reader::Reader};

/// The bytes before a frame's body.
pub const FRAME_HEAD_BYTES: usize = 6;
/// The largest body a frame may have, in bytes.
pub const FRAME_BODY_BYTES_MAX: usize = 262_144;
/// The most bytes of boxes one [`Reply::Entries`] may be asked for.
pub const ENTRIES_BYTES_MAX: u32 = 196_608;

/// The most bytes of one packet of a call.
pub const SPEECH_BYTES_MAX: usize = 320;

/// A number the asker chooses; the answer carries it back.
pub type Tag = u16;

/// A box on its way into a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Append {
    /// Whose hash names the log.
    pub key: PublicWriteKey,
    /// Over [`Append::signed_bytes`].
    pub signature: WriteSignature,
    /// What is appended.
    pub boxed: SealedBox,
}

impl Append {
    /// What the write key signs: `"sogon append 1" || box` (SPEC 3.2).
    #[must_use]
    pub fn signed_bytes(boxed: &SealedBox) -> Vec<u8> {
        [b"sogon append 1".as_slice(), boxed.as_bytes()].concat()
    }
}

/// The right to be in the room of a call: the room is named by the hash of its key, as a log is by
/// that of its write key, and only members of the conversation can sign for it (SPEC 12.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pass {
    /// Whose hash names the room.
    pub key: PublicWriteKey,
    /// Over [`Pass::signed_bytes`].
    pub signature: WriteSignature,
}

impl Pass {
    /// What the room's key signs: `"sogon enter 1" || key`.
    #[must_use]
    pub fn signed_bytes(key: &PublicWriteKey) -> Vec<u8> {
        [b"sogon enter 1".as_slice(), &key.0].concat()
    }
}

/// What a client asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    /// Store this box at the end of its log; the same bytes twice are stored once.
    Append(Append),
    /// The boxes after `after`, as many as fit `bytes_max`.
    Read {
        /// Which log.
        log: LogName,
        /// The last place already read; 0 for none.
        after: Seq,
        /// The most bytes of boxes wanted, at most [`ENTRIES_BYTES_MAX`].
        bytes_max: u32,
    },
    /// As [`Request::Read`], and every later box when it comes, until the connection ends.
    Watch {
        /// Which log.
        log: LogName,
        /// The last place already read; 0 for none.
        after: Seq,
    },
    /// No more of a watched log. There is no answer.
    Unwatch {
        /// Which log.
        log: LogName,
    },
    /// What the relay keeps and allows.
    About,
    /// Come into the room of a call, until the connection ends or another is entered.
    Enter(Pass),
    /// Hand this to the others in the room entered. There is no answer, and nothing is kept.
    Speak(Vec<u8>),
}

/// What a relay answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// The box is durable at this place (now, or since it was first appended).
    Appended {
        /// Its place.
        seq: Seq,
    },
    /// Boxes of one log at the places `from`, `from + 1`, ...
    Entries {
        /// Which log.
        log: LogName,
        /// The place of the first box; beyond `after + 1` when what was between has expired.
        from: Seq,
        /// The last place the log has given out; 0 for a log never written to.
        head: Seq,
        /// The boxes, oldest first.
        boxes: Vec<SealedBox>,
    },
    /// Not done; nothing was changed.
    Refused {
        /// Why.
        why: Refusal,
        /// Ask again after this many seconds; 0 for never with the same bytes.
        wait_s: u16,
    },
    /// The answer to [`Request::About`].
    About(About),
    /// The answer to [`Request::Enter`].
    Entered {
        /// How many others are there already.
        others: u8,
        /// The proof that datagrams of this call carry.
        proof: u32,
    },
    /// What somebody else in the room said.
    Heard(Vec<u8>),
}

/// What a relay keeps and allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct About {
    /// The version of the frames it speaks.
    pub version: u16,
    /// How long it keeps a box, in seconds.
    pub keep_s: u32,
    /// The most boxes it keeps in one log.
    pub log_boxes_max: u32,
    /// The most logs one connection may watch.
    pub watches_max: u32,
}

/// Why a relay did not do what was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The signature is not by the key: a fault of the asker.
    Signature,
    /// The log or the relay holds all it may: try again later.
    Full,
    /// Too much asked on this connection: slow down.
    Busy,
    /// The relay is shutting down: connect again soon.
    Stopping,
    /// The store did not answer: try again later.
    Fault,
}

impl Refusal {
    const ALL: [(u8, Self); 5] = [
        (1, Self::Signature),
        (2, Self::Full),
        (3, Self::Busy),
        (4, Self::Stopping),
        (5, Self::Fault),
    ];

    fn code(self) -> u8 {
        Self::ALL.iter().find(|(_, why)| *why == self).map_or(0, |(code, _)| *code)
    }

    fn parse(code: u8) -> Result<Self, WireError> {
        Self::ALL
            .iter()
            .find(|(known, _)| *known == code)
            .map(|(_, why)| *why)
            .ok_or(WireError::Kind)
    }
}

/// Something that travels as a frame: [`Request`] one way, [`Reply`] the other.
pub trait Frame: Sized {
    /// The kind byte and the body of this frame.
    fn parts(&self) -> (u8, Vec<u8>);

    /// Reads a body whose kind byte is `kind`.
    ///
    /// # Errors
    /// Any [`WireError`]; the connection is of no more use.
    fn parse(kind: u8, body: &[u8]) -> Result<Self, WireError>;

    /// The whole frame, ready to be written.
    #[must_use]
    fn encode(&self, tag: Tag) -> Vec<u8> {
        let (kind, body) = self.parts();
        let length = u32::try_from(body.len()).unwrap_or(u32::MAX).to_be_bytes();
        let mut bytes = Vec::with_capacity(FRAME_HEAD_BYTES.saturating_add(body.len()));
        bytes.push(kind);
        bytes.extend(tag.to_be_bytes());
        bytes.extend(length.iter().skip(1));
        bytes.extend(body);
        bytes
    }

    /// The first frame of `bytes`, its tag and how many bytes it took; `None` when more must be
    /// read first.
    ///
    /// # Errors
    /// Any [`WireError`] but [`WireError::Short`] for a frame not yet whole; a length above
    /// [`FRAME_BODY_BYTES_MAX`] is refused before its body is waited for.
    fn decode(bytes: &[u8]) -> Result<Option<(Tag, Self, usize)>, WireError> {
        let Some((head, rest)) = bytes.split_first_chunk::<FRAME_HEAD_BYTES>() else {
            return Ok(None);
        };
        let [kind, tag_high, tag_low, length @ ..] = *head;
        let [a, b, c] = length;
        let length = usize::try_from(u32::from_be_bytes([0, a, b, c])).unwrap_or(usize::MAX);
        if length > FRAME_BODY_BYTES_MAX {
            return Err(WireError::TooLarge);
        }
        let Some((body, _)) = rest.split_at_checked(length) else { return Ok(None) };
        let frame = Self::parse(kind, body)?;
        let used = FRAME_HEAD_BYTES.saturating_add(length);
        Ok(Some((u16::from_be_bytes([tag_high, tag_low]), frame, used)))
    }
}

const APPEND: u8 = 0x01;
const READ: u8 = 0x02;
const WATCH: u8 = 0x03;
const UNWATCH: u8 = 0x04;
const ABOUT: u8 = 0x05;
const ENTER: u8 = 0x06;
const SPEAK: u8 = 0x07;
const APPENDED: u8 = 0x81;
const ENTRIES: u8 = 0x82;
const REFUSED: u8 = 0x83;
const ABOUT_REPLY: u8 = 0x85;
const ENTERED: u8 = 0x86;
const HEARD: u8 = 0x87;

impl Frame for Request {
    fn parts(&self) -> (u8, Vec<u8>) {
        match self {
            Self::Append(append) => {
                let Append { key, signature, boxed } = append;
                (APPEND, [&key.0, signature.0.as_slice(), boxed.as_bytes()].concat())
            }
            Self::Read { log, after, bytes_max } => {
                (READ, [&log.0, after.to_be_bytes().as_slice(), &bytes_max.to_be_bytes()].concat())
            }
            Self::Watch { log, after } => {
                (WATCH, [&log.0, after.to_be_bytes().as_slice()].concat())
            }
            Self::Unwatch { log } => (UNWATCH, log.0.to_vec()),
            Self::About => (ABOUT, Vec::new()),
            Self::Enter(Pass { key, signature }) => {
                (ENTER, [&key.0, signature.0.as_slice()].concat())
            }
            Self::Speak(packet) => (SPEAK, packet.clone()),
        }
    }

    fn parse(kind: u8, body: &[u8]) -> Result<Self, WireError> {
        let mut reader = Reader::new(body);
        let request = match kind {
            APPEND => {
                let key = PublicWriteKey(reader.array()?);
                let signature = WriteSignature(reader.array()?);
                let rest = body.len().saturating_sub(96);
                let boxed = SealedBox::parse(reader.take(rest)?)?;
                Self::Append(Append { key, signature, boxed })
            }
            READ => {
                let (log, after, bytes_max) =
                    (LogName(reader.array()?), reader.u64()?, reader.u32()?);
                if bytes_max > ENTRIES_BYTES_MAX {
                    return Err(WireError::TooLarge);
                }
                Self::Read { log, after, bytes_max }
            }
            WATCH => Self::Watch { log: LogName(reader.array()?), after: reader.u64()? },
            UNWATCH => Self::Unwatch { log: LogName(reader.array()?) },
            ABOUT => Self::About,
            ENTER => {
                let key = PublicWriteKey(reader.array()?);
                Self::Enter(Pass { key, signature: WriteSignature(reader.array()?) })
            }
            SPEAK => Self::Speak(speech(&mut reader, body.len())?),
            _ => return Err(WireError::Kind),
        };
        reader.end()?;
        Ok(request)
    }
}

impl Frame for Reply {
    fn parts(&self) -> (u8, Vec<u8>) {
        match self {
            Self::Appended { seq } => (APPENDED, seq.to_be_bytes().to_vec()),
            Self::Entries { log, from, head, boxes } => {
                let mut body =
                    [&log.0, from.to_be_bytes().as_slice(), &head.to_be_bytes()].concat();
                for boxed in boxes {
                    body.push(boxed.step());
                    body.extend(boxed.as_bytes());
                }
                (ENTRIES, body)
            }
            Self::Refused { why, wait_s } => {
                (REFUSED, [[why.code()].as_slice(), &wait_s.to_be_bytes()].concat())
            }
            Self::About(about) => {
                let mut body = about.version.to_be_bytes().to_vec();
                body.extend(about.keep_s.to_be_bytes());
                body.extend(about.log_boxes_max.to_be_bytes());
                body.extend(about.watches_max.to_be_bytes());
                (ABOUT_REPLY, body)
            }
            Self::Entered { others, proof } => {
                (ENTERED, [[*others].as_slice(), &proof.to_be_bytes()].concat())
            }
            Self::Heard(packet) => (HEARD, packet.clone()),
        }
    }

    fn parse(kind: u8, body: &[u8]) -> Result<Self, WireError> {
        let mut reader = Reader::new(body);
        let reply = match kind {
            APPENDED => Self::Appended { seq: reader.u64()? },
            ENTRIES => return parse_entries(body),
            REFUSED => Self::Refused { why: Refusal::parse(reader.u8()?)?, wait_s: reader.u16()? },
            ABOUT_REPLY => Self::About(About {
                version: reader.u16()?,
                keep_s: reader.u32()?,
                log_boxes_max: reader.u32()?,
                watches_max: reader.u32()?,
            }),
            ENTERED => Self::Entered { others: reader.u8()?, proof: reader.u32()? },
            HEARD => Self::Heard(speech(&mut reader, body.len())?),
            _ => return Err(WireError::Kind),
        };
        reader.end()?;
        Ok(reply)
    }
}

/// A packet of a call, which is never empty and never large.
pub(crate) fn speech(reader: &mut Reader<'_>, length: usize) -> Result<Vec<u8>, WireError> {
    if length > SPEECH_BYTES_MAX {
        return Err(WireError::TooLarge);
    }
    if length == 0 { Err(WireError::Short) } else { reader.take(length).map(<[u8]>::to_vec) }
}

fn parse_entries(body: &[u8]) -> Result<Reply, WireError> {
    let mut reader = Reader::new(body);
    let (log, from, head) = (LogName(reader.array()?), reader.u64()?, reader.u64()?);
    let mut boxes = Vec::new();
    while !reader.is_empty() {
        boxes.push(reader.sealed_box()?);
    }
    let count = u64::try_from(boxes.len()).map_err(|_| WireError::TooLarge)?;
    let last = from.checked_add(count).ok_or(WireError::TooLarge)?.saturating_sub(1);
    // Places begin at 1, and no box stands beyond the head its relay names.
    if count > 0 && (from == 0 || last > head) {
        return Err(WireError::TooLarge);
    }
    Ok(Reply::Entries { log, from, head, boxes })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn boxed(fill: u8) -> SealedBox {
        SealedBox::parse(&[fill; 352]).unwrap()
    }

    fn requests() -> Vec<Request> {
        let log = LogName([9; 16]);
        vec![
            Request::Append(Append {
                key: PublicWriteKey([1; 32]),
                signature: WriteSignature([2; 64]),
                boxed: boxed(3),
            }),
            Request::Read { log, after: 7, bytes_max: ENTRIES_BYTES_MAX },
            Request::Watch { log, after: u64::MAX },
            Request::Unwatch { log },
            Request::About,
            Request::Enter(Pass {
                key: PublicWriteKey([1; 32]),
                signature: WriteSignature([2; 64]),
            }),
            Request::Speak(vec![3; SPEECH_BYTES_MAX]),
        ]
    }

    fn replies() -> Vec<Reply> {
        let log = LogName([9; 16]);
        vec![
            Reply::Appended { seq: 5 },
            Reply::Entries { log, from: 0, head: 0, boxes: vec![] },
            Reply::Entries { log, from: 4, head: 9, boxes: vec![boxed(1), boxed(2)] },
            Reply::Refused { why: Refusal::Busy, wait_s: 3 },
            Reply::About(About { version: 1, keep_s: 2, log_boxes_max: 3, watches_max: 4 }),
            Reply::Entered { others: 3, proof: 7 },
            Reply::Heard(vec![9]),
        ]
    }

    fn comes_back<F: Frame + PartialEq + std::fmt::Debug>(frames: Vec<F>) {
        for (tag, frame) in (0u16..).zip(frames) {
            let bytes = frame.encode(tag);
            for cut in 0..bytes.len() {
                assert_eq!(F::decode(&bytes[..cut]), Ok(None), "a frame not yet whole waits");
            }
            let mut two = bytes.clone();
            two.extend(&bytes);
            assert_eq!(F::decode(&two), Ok(Some((tag, frame, bytes.len()))));
        }
    }

    #[test]
    fn every_frame_comes_back_as_it_was() {
        comes_back(requests());
        comes_back(replies());
    }

    #[test]
    fn a_length_above_the_limit_is_refused_before_its_body() {
        assert_eq!(Request::decode(&[1, 0, 0, 0xff, 0xff, 0xff]), Err(WireError::TooLarge));
    }

    #[test]
    fn a_body_with_more_or_less_than_it_needs_is_refused() {
        let is_open = |request: &Request| matches!(request, Request::Speak(_));
        for request in requests().into_iter().filter(|request| !is_open(request)) {
            let (kind, mut body) = request.parts();
            body.push(0);
            assert!(Request::parse(kind, &body).is_err());
            body.pop();
            if body.pop().is_some() {
                assert!(Request::parse(kind, &body).is_err());
            }
        }
    }

    #[test]
    fn a_packet_of_a_call_is_neither_empty_nor_large() {
        assert_eq!(Request::parse(SPEAK, &[]), Err(WireError::Short));
        assert_eq!(Reply::parse(HEARD, &[]), Err(WireError::Short));
        let large = [0; SPEECH_BYTES_MAX + 1];
        assert_eq!(Request::parse(SPEAK, &large), Err(WireError::TooLarge));
        assert_eq!(Reply::parse(HEARD, &large), Err(WireError::TooLarge));
    }

    #[test]
    fn a_relay_cannot_place_boxes_beyond_its_own_head() {
        let lie = Reply::Entries {
            log: LogName([9; 16]),
            from: 4,
            head: 4,
            boxes: vec![boxed(1), boxed(2)],
        };
        let (kind, body) = lie.parts();
        assert_eq!(Reply::parse(kind, &body), Err(WireError::TooLarge));
        let zero =
            Reply::Entries { log: LogName([9; 16]), from: 0, head: 4, boxes: vec![boxed(1)] };
        let (kind, body) = zero.parts();
        assert_eq!(Reply::parse(kind, &body), Err(WireError::TooLarge));
    }
}
