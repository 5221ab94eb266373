//! What a client and a relay say to each other in single datagrams (SPEC 10): the same questions
//! and answers as the frames, written so that each item stands for itself and most fit in one
//! datagram. How a packet is sealed is the affair of another room; this is what is inside.
//!
//! `number u16 | proof u32 | item* | 0*`: a client numbers its packets; a relay's packet carries the
//! number of the packet it answers. The proof is the relay's: a client that sends it back has an
//! address at which it hears.

mod answer;
mod direct;
mod greeting;
mod question;
mod varint;

pub use answer::{Answer, Answers, Holdings};
pub use direct::{ADDRESS_BYTES_MAX, AT_BYTES_MAX, Address, DIRECT_HEAD_BYTES, Direct};
pub use greeting::{GREETING_BYTES_MAX, GREETING_HEAD_BYTES, GREETING_PART_BYTES, Greeting};
pub use question::{Question, Questions};

use crate::{WireError, reader::Reader};

/// The most bytes a packet holds before it is sealed: with its seal and the headers of UDP and
/// IPv6 it passes a link of 1,280 bytes, which every IPv6 link must carry (RFC 8200, 5).
pub const PACKET_BYTES_MAX: usize = 1_190;
/// The order of an append that waits for no other.
pub const UNORDERED: u16 = u16::MAX;
/// Number and proof.
pub const PACKET_HEAD_BYTES: usize = 6;
/// The most bytes of a piece: with its head it fills a packet.
pub const PIECE_BYTES: usize = 1_140;
/// The most pieces a thing is cut into: a box of the largest size and what stands before it.
pub const PIECES_MAX: u8 = 58;
/// The most items in one packet.
const ITEMS_MAX: usize = 512;

/// Nothing from here on: the rest of the packet is padding.
const END: u8 = 0x00;

/// The start of the SHA-256 of an append: what its pieces have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PieceOf(pub [u8; 8]);

/// Which pieces of a thing are meant: bit 0 for the first.
pub type Pieces = u64;

/// How many pieces `bytes` bytes are cut into.
#[must_use]
pub fn pieces_of(bytes: usize) -> u8 {
    u8::try_from(bytes.div_ceil(PIECE_BYTES)).unwrap_or(u8::MAX)
}

/// All of `count` pieces.
#[must_use]
pub fn all_pieces(count: u8) -> Pieces {
    1u64.checked_shl(count.into()).map_or(Pieces::MAX, |past| past.saturating_sub(1))
}

/// The `index`th piece of `bytes`.
#[must_use]
pub fn piece_of(bytes: &[u8], index: u8) -> &[u8] {
    let rest = bytes.get(usize::from(index).saturating_mul(PIECE_BYTES)..).unwrap_or_default();
    rest.get(..PIECE_BYTES).unwrap_or(rest)
}

fn head(number: u16, proof: u32) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(PACKET_BYTES_MAX);
    bytes.extend(number.to_be_bytes());
    bytes.extend(proof.to_be_bytes());
    bytes
}

/// Reads items until the end or the padding; everything after an [`END`] must be zeros.
fn items<T>(
    reader: &mut Reader<'_>,
    mut parse: impl FnMut(u8, &mut Reader<'_>) -> Result<T, WireError>,
) -> Result<Vec<T>, WireError> {
    let mut items = Vec::new();
    while !reader.is_empty() {
        let kind = reader.u8()?;
        if kind == END {
            let rest = reader.rest();
            return if rest.iter().all(|byte| *byte == END) {
                Ok(items)
            } else {
                Err(WireError::Kind)
            };
        }
        if items.len() >= ITEMS_MAX {
            return Err(WireError::TooLarge);
        }
        items.push(parse(kind, reader)?);
    }
    Ok(items)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        About, Append, LogName, PublicWriteKey, Refusal, STEPS, SealedBox, WriteSignature,
    };

    fn boxed(step: usize) -> SealedBox {
        SealedBox::parse(&vec![3; step]).unwrap()
    }

    fn questions() -> Vec<Question> {
        let log = LogName([9; 16]);
        let append = |step| Append {
            key: PublicWriteKey([1; 32]),
            signature: WriteSignature([2; 64]),
            boxed: boxed(step),
        };
        vec![
            Question::Append { tag: 1, order: 65_535, append: append(1_024) },
            Question::Read { tag: 2, log, after: 0, till: 0, bytes_max: 196_608 },
            Question::Read { tag: 3, log, after: 70, till: 90_000, bytes_max: 0 },
            Question::Piece {
                tag: 4,
                order: 63,
                of: PieceOf([8; 8]),
                count: 2,
                index: 1,
                bytes: vec![5],
            },
            Question::Missing { tag: 5, log, seq: 1 << 40, wanted: 5 },
            Question::About(6),
            Question::Equal,
            Question::Speak(7, vec![4; crate::SPEECH_BYTES_MAX]),
        ]
    }

    fn answers() -> Vec<Answer> {
        let held = Holdings { first: 4, till: 5, head: 9 };
        let piece = |index, length| Answer::Piece {
            tag: 5,
            held,
            seq: 5,
            step: 3,
            index,
            bytes: vec![6; length],
        };
        vec![
            Answer::Appended(1, 77),
            Answer::Quiet(2),
            Answer::Waiting(2),
            Answer::Boxes { tag: 3, held, from: 4, boxes: vec![boxed(352), boxed(512)] },
            Answer::Boxes {
                tag: 4,
                held: Holdings { first: 1, till: 0, head: 0 },
                from: 1,
                boxes: vec![],
            },
            piece(0, PIECE_BYTES),
            piece(2, 3_072 - 2 * PIECE_BYTES),
            Answer::Held { tag: 6, of: PieceOf([7; 8]), pieces: 3 },
            Answer::Refused { tag: 7, why: Refusal::Busy, wait_s: 4 },
            Answer::About(8, About { version: 1, keep_s: 2, log_boxes_max: 3, watches_max: 4 }),
            Answer::Heard(9, vec![4]),
        ]
    }

    #[test]
    fn every_item_comes_back_as_it_was_with_and_without_padding() {
        for item in questions() {
            let packet = Questions { number: 65_535, proof: 7, items: vec![item] };
            for least in [0, PACKET_BYTES_MAX] {
                let bytes = packet.encode(least);
                assert!(bytes.len() <= PACKET_BYTES_MAX, "{packet:?}");
                assert_eq!(Questions::parse(&bytes).as_ref(), Ok(&packet));
            }
        }
        for item in answers() {
            let packet = Answers { number: 0, proof: u32::MAX, items: vec![item] };
            for least in [0, PACKET_BYTES_MAX] {
                let bytes = packet.encode(least);
                assert!(bytes.len() <= PACKET_BYTES_MAX, "{packet:?}");
                assert_eq!(Answers::parse(&bytes).as_ref(), Ok(&packet));
            }
        }
    }

    #[test]
    fn a_packet_cut_anywhere_is_refused_or_holds_fewer_items() {
        let items = questions().split_off(1);
        let whole = Questions { number: 1, proof: 2, items };
        let bytes = whole.encode(0);
        for cut in 0..bytes.len() {
            if let Ok(part) = Questions::parse(&bytes[..cut]) {
                assert!(part.items.len() < whole.items.len());
            }
        }
        let items = answers().split_off(6);
        let whole = Answers { number: 1, proof: 2, items };
        let bytes = whole.encode(0);
        for cut in 0..bytes.len() {
            if let Ok(part) = Answers::parse(&bytes[..cut]) {
                assert!(part.items.len() < whole.items.len());
            }
        }
    }

    #[test]
    fn what_follows_the_end_is_zeros() {
        let mut bytes = Questions { number: 1, proof: 0, items: vec![Question::Equal] }.encode(40);
        assert!(Questions::parse(&bytes).is_ok());
        *bytes.last_mut().unwrap() = 1;
        assert_eq!(Questions::parse(&bytes), Err(WireError::Kind));
    }

    #[test]
    fn a_relay_cannot_place_boxes_where_it_says_there_are_none() {
        let lie = |held, from| {
            let item = Answer::Boxes { tag: 1, held, from, boxes: vec![boxed(352)] };
            Answers::parse(&Answers { number: 1, proof: 1, items: vec![item] }.encode(0))
        };
        let held = |first, till, head| Holdings { first, till, head };
        assert!(lie(held(4, 4, 4), 4).is_ok());
        for (held, from) in [
            (held(4, 4, 4), 5),
            (held(4, 4, 4), 3),
            (held(4, 5, 4), 4),
            (held(0, 4, 4), 4),
            (held(4, 3, 4), 4),
        ] {
            assert_eq!(lie(held, from), Err(WireError::TooLarge), "{held:?} {from}");
        }
    }

    #[test]
    fn a_packet_of_a_call_that_is_too_large_or_empty_is_refused() {
        for length in [0, crate::SPEECH_BYTES_MAX + 1] {
            let asked = Question::Speak(1, vec![1; length]);
            let bytes = Questions { number: 1, proof: 1, items: vec![asked] }.encode(0);
            assert!(Questions::parse(&bytes).is_err());
            let bytes =
                Answers { number: 1, proof: 1, items: vec![Answer::Heard(1, vec![1; length])] };
            assert!(Answers::parse(&bytes.encode(0)).is_err());
        }
    }

    #[test]
    fn the_worst_piece_fits_a_packet_and_the_largest_box_its_pieces() {
        let far = varint::VARINT_MAX;
        let held = Holdings { first: far, till: far, head: far };
        let bytes = vec![0; PIECE_BYTES];
        let item = Answer::Piece { tag: 1, held, seq: far, step: 7, index: 0, bytes };
        let packet = Answers { number: 1, proof: 1, items: vec![item] };
        assert!(packet.encode(0).len() <= PACKET_BYTES_MAX);
        let largest = 96 + STEPS[7];
        assert_eq!(pieces_of(largest), PIECES_MAX);
        assert_eq!(all_pieces(PIECES_MAX).count_ones(), u32::from(PIECES_MAX));
        let bytes = vec![1; largest];
        let whole: Vec<u8> =
            (0..PIECES_MAX).flat_map(|index| piece_of(&bytes, index).to_vec()).collect();
        assert_eq!(whole, bytes);
    }
}
