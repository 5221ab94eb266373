//! What a relay answers in a packet.

use super::{
    Address, END, PACKET_BYTES_MAX, PIECE_BYTES, PIECES_MAX, PieceOf, Pieces, head, items,
    pieces_of,
    question::{put_speech, take_speech},
    varint,
};
use crate::{About, Frame, Refusal, Reply, STEPS, SealedBox, Seq, Tag, WireError, reader::Reader};

/// Where a log stood when it was read for an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Holdings {
    /// The first place there was a box at, after the one that was asked from: beyond the next one
    /// when what was between has expired; one after `head` when there is none.
    pub first: Seq,
    /// The last place this answer brings, in this packet or another; `first - 1` for none.
    pub till: Seq,
    /// The last place the log has given out; 0 for a log never written to.
    pub head: Seq,
}

/// One thing answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// As [`Reply::Appended`].
    Appended(Tag, Seq),
    /// Nothing stands after the place that was asked from, and that place is the head.
    Quiet(Tag),
    /// Boxes of one log at the places `from`, `from + 1`, ...
    Boxes {
        /// Whose answer.
        tag: Tag,
        /// Where the log stood.
        held: Holdings,
        /// The place of the first box here.
        from: Seq,
        /// The boxes, oldest first.
        boxes: Vec<SealedBox>,
    },
    /// A piece of a box that does not fit a packet.
    Piece {
        /// Whose answer.
        tag: Tag,
        /// Where the log stood.
        held: Holdings,
        /// The place of the box.
        seq: Seq,
        /// The size of the box, as a step.
        step: u8,
        /// Which piece, from 0.
        index: u8,
        /// [`PIECE_BYTES`] of them; the last may be shorter.
        bytes: Vec<u8>,
    },
    /// The pieces of an append that are here; all of them are followed by [`Answer::Appended`].
    Held {
        /// Whose answer.
        tag: Tag,
        /// Of which append.
        of: PieceOf,
        /// Which pieces.
        pieces: Pieces,
    },
    /// The append is here and waits for those asked for before it: there is no need to send it
    /// again.
    Waiting(Tag),
    /// As [`Reply::Refused`].
    Refused {
        /// Whose answer.
        tag: Tag,
        /// Why.
        why: Refusal,
        /// Ask again after this many seconds; 0 for never with the same bytes.
        wait_s: u16,
    },
    /// As [`Reply::About`].
    About(Tag, About),
    /// As [`Reply::Heard`].
    Heard(Tag, Vec<u8>),
    /// Where the datagram came from.
    Seen(Tag, Address),
}

/// A relay's packet, before it is sealed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answers {
    /// The number of the client's packet that is answered.
    pub number: u16,
    /// To be sent back with the next packet.
    pub proof: u32,
    /// What is answered.
    pub items: Vec<Answer>,
}

const APPENDED: u8 = 0x81;
const BOXES: u8 = 0x82;
const REFUSED: u8 = 0x83;
const ABOUT: u8 = 0x85;
const PIECE: u8 = 0x86;
const HELD: u8 = 0x87;
const QUIET: u8 = 0x88;
const WAITING: u8 = 0x89;
const HEARD: u8 = 0x8a;
const SEEN: u8 = 0x8b;

impl Holdings {
    fn put(self, bytes: &mut Vec<u8>) {
        for place in [self.first, self.till, self.head] {
            varint::put(bytes, place);
        }
    }

    /// Places begin at 1, and nothing is brought that the log has not given out.
    fn take(reader: &mut Reader<'_>) -> Result<Self, WireError> {
        let first = varint::take(reader)?;
        let held = Self { first, till: varint::take(reader)?, head: varint::take(reader)? };
        let brings_none = held.till == first.saturating_sub(1);
        let brings_some = held.till >= first && held.till <= held.head;
        let fits = first > 0 && (brings_none || brings_some);
        if fits { Ok(held) } else { Err(WireError::TooLarge) }
    }

    /// Whether this answer brings a box at `seq`.
    #[must_use]
    pub fn brings(&self, seq: Seq) -> bool {
        (self.first..=self.till).contains(&seq)
    }
}

impl Answer {
    /// Whose answer it is.
    #[must_use]
    pub fn tag(&self) -> Tag {
        match self {
            Self::Appended(tag, _)
            | Self::Quiet(tag)
            | Self::Waiting(tag)
            | Self::About(tag, _)
            | Self::Heard(tag, _)
            | Self::Seen(tag, _) => *tag,
            Self::Boxes { tag, .. }
            | Self::Piece { tag, .. }
            | Self::Held { tag, .. }
            | Self::Refused { tag, .. } => *tag,
        }
    }

    /// The bytes it takes in a packet.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let kind = |kind: u8| [[kind].as_slice(), &self.tag().to_be_bytes()].concat();
        match self {
            Self::Appended(_, seq) => {
                let mut bytes = kind(APPENDED);
                varint::put(&mut bytes, *seq);
                bytes
            }
            Self::Quiet(_) => kind(QUIET),
            Self::Waiting(_) => kind(WAITING),
            Self::Boxes { held, from, boxes, .. } => {
                let mut bytes = kind(BOXES);
                held.put(&mut bytes);
                varint::put(&mut bytes, *from);
                bytes.push(u8::try_from(boxes.len()).unwrap_or(u8::MAX));
                for boxed in boxes.iter().take(u8::MAX.into()) {
                    bytes.push(boxed.step());
                    bytes.extend(boxed.as_bytes());
                }
                bytes
            }
            Self::Piece { held, seq, step, index, bytes: piece, .. } => {
                let mut bytes = kind(PIECE);
                held.put(&mut bytes);
                varint::put(&mut bytes, *seq);
                bytes.extend([*step, *index]);
                bytes.extend(piece);
                bytes
            }
            Self::Held { of, pieces, .. } => {
                let mut bytes = kind(HELD);
                bytes.extend(of.0);
                bytes.extend(pieces.to_be_bytes());
                bytes
            }
            Self::Refused { why, wait_s, .. } => {
                let mut bytes = kind(REFUSED);
                bytes.extend(Reply::Refused { why: *why, wait_s: *wait_s }.parts().1);
                bytes
            }
            Self::About(_, about) => {
                let mut bytes = kind(ABOUT);
                bytes.extend(Reply::About(*about).parts().1);
                bytes
            }
            Self::Heard(_, packet) => {
                let mut bytes = kind(HEARD);
                put_speech(&mut bytes, packet);
                bytes
            }
            Self::Seen(_, address) => {
                let mut bytes = kind(SEEN);
                address.put(&mut bytes);
                bytes
            }
        }
    }

    fn parse(kind: u8, reader: &mut Reader<'_>) -> Result<Self, WireError> {
        let tag = reader.u16()?;
        match kind {
            APPENDED => Ok(Self::Appended(tag, varint::take(reader)?)),
            QUIET => Ok(Self::Quiet(tag)),
            WAITING => Ok(Self::Waiting(tag)),
            BOXES => {
                let (held, from) = (Holdings::take(reader)?, varint::take(reader)?);
                let count = reader.u8()?;
                let boxes =
                    (0..count).map(|_| reader.sealed_box()).collect::<Result<Vec<_>, _>>()?;
                let last = from.saturating_add(count.into()).saturating_sub(1);
                if count > 0 && !(held.brings(from) && held.brings(last)) {
                    return Err(WireError::TooLarge);
                }
                Ok(Self::Boxes { tag, held, from, boxes })
            }
            PIECE => {
                let (held, seq) = (Holdings::take(reader)?, varint::take(reader)?);
                let (step, index) = (reader.u8()?, reader.u8()?);
                let size = *STEPS.get(usize::from(step)).ok_or(WireError::Size)?;
                let count = pieces_of(size);
                if !held.brings(seq) || index >= count || count > PIECES_MAX {
                    return Err(WireError::TooLarge);
                }
                let begin = usize::from(index).saturating_mul(PIECE_BYTES);
                let bytes = reader.take(size.saturating_sub(begin).min(PIECE_BYTES))?.to_vec();
                Ok(Self::Piece { tag, held, seq, step, index, bytes })
            }
            HELD => Ok(Self::Held { tag, of: PieceOf(reader.array()?), pieces: reader.u64()? }),
            REFUSED => match Reply::parse(REFUSED, reader.take(3)?)? {
                Reply::Refused { why, wait_s } => Ok(Self::Refused { tag, why, wait_s }),
                _ => Err(WireError::Kind),
            },
            ABOUT => match Reply::parse(ABOUT, reader.take(14)?)? {
                Reply::About(about) => Ok(Self::About(tag, about)),
                _ => Err(WireError::Kind),
            },
            HEARD => Ok(Self::Heard(tag, take_speech(reader)?)),
            SEEN => Ok(Self::Seen(tag, Address::take(reader)?)),
            _ => Err(WireError::Kind),
        }
    }
}

impl Answers {
    /// The packet, filled with zeros up to `bytes_least` bytes.
    #[must_use]
    pub fn encode(&self, bytes_least: usize) -> Vec<u8> {
        let mut bytes = head(self.number, self.proof);
        self.items.iter().for_each(|item| bytes.extend(item.encode()));
        bytes.resize(bytes.len().max(bytes_least), END);
        bytes
    }

    /// Reads a packet.
    ///
    /// # Errors
    /// Any [`WireError`]; nothing of the packet counts then.
    pub fn parse(bytes: &[u8]) -> Result<Self, WireError> {
        if bytes.len() > PACKET_BYTES_MAX {
            return Err(WireError::TooLarge);
        }
        let mut reader = Reader::new(bytes);
        let (number, proof) = (reader.u16()?, reader.u32()?);
        Ok(Self { number, proof, items: items(&mut reader, Answer::parse)? })
    }
}
