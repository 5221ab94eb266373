//! What a client asks in a packet.

use super::{END, PACKET_BYTES_MAX, PIECE_BYTES, PIECES_MAX, PieceOf, Pieces, head, items, varint};
use crate::{
    Append, ENTRIES_BYTES_MAX, LogName, PublicWriteKey, Seq, Tag, WireError, WriteSignature,
    frame::speech, reader::Reader,
};

/// One thing asked; each can be lost, or come twice, and no harm is done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Question {
    /// As [`crate::Request::Append`], for a box that fits a packet.
    Append {
        /// The answer carries it.
        tag: Tag,
        /// How many appends to the same log this client asked for before it in this visit: they
        /// get their places in this order. [`UNORDERED`](super::UNORDERED) for one that waits for
        /// none.
        order: u16,
        /// What is appended.
        append: Append,
    },
    /// The boxes at the places after `after`, up to `till`.
    Read {
        /// The answer carries it.
        tag: Tag,
        /// Which log.
        log: LogName,
        /// The last place already read; 0 for none.
        after: Seq,
        /// The last place wanted; 0 for as far as `bytes_max` goes.
        till: Seq,
        /// The most bytes of boxes wanted, at most [`ENTRIES_BYTES_MAX`].
        bytes_max: u32,
    },
    /// A piece of an append whose box does not fit a packet: of `key | signature | box`.
    Piece {
        /// The answer carries it.
        tag: Tag,
        /// As in [`Question::Append`].
        order: u16,
        /// Of which append.
        of: PieceOf,
        /// How many pieces there are.
        count: u8,
        /// Which one this is, from 0.
        index: u8,
        /// [`PIECE_BYTES`] of them; the last may be shorter.
        bytes: Vec<u8>,
    },
    /// Pieces of a box that came in pieces and not whole.
    Missing {
        /// The answer carries it.
        tag: Tag,
        /// Which log.
        log: LogName,
        /// The place of the box.
        seq: Seq,
        /// Which of its pieces.
        wanted: Pieces,
    },
    /// As [`crate::Request::About`].
    About(Tag),
    /// Answer with one packet of this one's size, whatever there is to say.
    Equal,
    /// As [`crate::Request::Speak`], in the room this call's keys belong to.
    Speak(Tag, Vec<u8>),
    /// Where this datagram comes from, as the relay sees it; in a call's datagrams only.
    Where(Tag),
}

/// A client's packet, before it is sealed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Questions {
    /// Counted up by the client, once around.
    pub number: u16,
    /// The proof of the last packet the relay sent; 0 for none yet.
    pub proof: u32,
    /// What is asked.
    pub items: Vec<Question>,
}

const APPEND: u8 = 0x01;
const READ: u8 = 0x02;
const ABOUT: u8 = 0x05;
const PIECE: u8 = 0x06;
const MISSING: u8 = 0x07;
const EQUAL: u8 = 0x08;
const SPEAK: u8 = 0x0a;
const WHERE: u8 = 0x0b;

impl Question {
    /// The bytes it takes in a packet.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        let kind = |kind: u8, tag: &Tag| [[kind].as_slice(), &tag.to_be_bytes()].concat();
        match self {
            Self::Append { tag, order, append: Append { key, signature, boxed } } => {
                bytes.extend(kind(APPEND, tag));
                varint::put(&mut bytes, (*order).into());
                bytes.extend(key.0);
                bytes.extend(signature.0);
                bytes.push(boxed.step());
                bytes.extend(boxed.as_bytes());
            }
            Self::Read { tag, log, after, till, bytes_max } => {
                bytes.extend(kind(READ, tag));
                bytes.extend(log.0);
                varint::put(&mut bytes, *after);
                varint::put(&mut bytes, *till);
                varint::put(&mut bytes, u64::from(*bytes_max));
            }
            Self::Piece { tag, order, of, count, index, bytes: piece } => {
                bytes.extend(kind(PIECE, tag));
                varint::put(&mut bytes, (*order).into());
                bytes.extend(of.0);
                bytes.extend([*count, *index]);
                varint::put(&mut bytes, piece.len() as u64);
                bytes.extend(piece);
            }
            Self::Missing { tag, log, seq, wanted } => {
                bytes.extend(kind(MISSING, tag));
                bytes.extend(log.0);
                varint::put(&mut bytes, *seq);
                bytes.extend(wanted.to_be_bytes());
            }
            Self::About(tag) => bytes.extend(kind(ABOUT, tag)),
            Self::Where(tag) => bytes.extend(kind(WHERE, tag)),
            Self::Equal => bytes.push(EQUAL),
            Self::Speak(tag, packet) => {
                bytes.extend(kind(SPEAK, tag));
                put_speech(&mut bytes, packet);
            }
        }
        bytes
    }

    fn parse(kind: u8, reader: &mut Reader<'_>) -> Result<Self, WireError> {
        if kind == EQUAL {
            return Ok(Self::Equal);
        }
        let tag = reader.u16()?;
        match kind {
            APPEND => {
                let order = take_order(reader)?;
                let key = PublicWriteKey(reader.array()?);
                let signature = WriteSignature(reader.array()?);
                let append = Append { key, signature, boxed: reader.sealed_box()? };
                Ok(Self::Append { tag, order, append })
            }
            READ => {
                let log = LogName(reader.array()?);
                let (after, till) = (varint::take(reader)?, varint::take(reader)?);
                let bytes_max = u32::try_from(varint::take(reader)?).unwrap_or(u32::MAX);
                if bytes_max > ENTRIES_BYTES_MAX || till != 0 && till <= after {
                    return Err(WireError::TooLarge);
                }
                Ok(Self::Read { tag, log, after, till, bytes_max })
            }
            PIECE => {
                let order = take_order(reader)?;
                let of = PieceOf(reader.array()?);
                let (count, index) = (reader.u8()?, reader.u8()?);
                let length = usize::try_from(varint::take(reader)?).unwrap_or(usize::MAX);
                let last = index.saturating_add(1) == count;
                let fits =
                    if last { (1..=PIECE_BYTES).contains(&length) } else { length == PIECE_BYTES };
                if count > PIECES_MAX || index >= count || !fits {
                    return Err(WireError::TooLarge);
                }
                Ok(Self::Piece {
                    tag,
                    order,
                    of,
                    count,
                    index,
                    bytes: reader.take(length)?.to_vec(),
                })
            }
            MISSING => {
                let (log, seq) = (LogName(reader.array()?), varint::take(reader)?);
                Ok(Self::Missing { tag, log, seq, wanted: reader.u64()? })
            }
            ABOUT => Ok(Self::About(tag)),
            SPEAK => Ok(Self::Speak(tag, take_speech(reader)?)),
            WHERE => Ok(Self::Where(tag)),
            _ => Err(WireError::Kind),
        }
    }
}

impl Questions {
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
        Ok(Self { number, proof, items: items(&mut reader, Question::parse)? })
    }
}

pub(super) fn put_speech(bytes: &mut Vec<u8>, packet: &[u8]) {
    varint::put(bytes, packet.len() as u64);
    bytes.extend(packet);
}

pub(super) fn take_speech(reader: &mut Reader<'_>) -> Result<Vec<u8>, WireError> {
    let length = usize::try_from(varint::take(reader)?).unwrap_or(usize::MAX);
    speech(reader, length)
}

fn take_order(reader: &mut Reader<'_>) -> Result<u16, WireError> {
    u16::try_from(varint::take(reader)?).map_err(|_| WireError::TooLarge)
}
