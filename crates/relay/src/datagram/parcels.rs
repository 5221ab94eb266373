//! Appends that come in pieces, until they are whole.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};
use sogon_wire::{
    Append, PublicWriteKey, SealedBox, WriteSignature,
    packet::{PIECE_BYTES, PieceOf, Pieces, all_pieces},
};

/// The most pieces one client may have lying here: two of the largest appends, 130 kB.
const PIECES_MAX: usize = 116;

/// What lies here of one client's appends.
#[derive(Debug, Default)]
pub(crate) struct Parcels {
    begun: BTreeMap<PieceOf, Parcel>,
    counter: u64,
}

#[derive(Debug)]
struct Parcel {
    count: u8,
    pieces: BTreeMap<u8, Vec<u8>>,
    touched: u64,
}

/// What a piece led to.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Piece {
    /// These are here now.
    Held(Pieces),
    /// All are here, and this is what they say.
    Whole(Box<Append>),
    /// All are here and say nothing; they are gone.
    Void,
}

impl Parcels {
    /// Takes a piece. When there is no room, what was touched longest ago goes.
    pub(crate) fn take(&mut self, of: PieceOf, count: u8, index: u8, bytes: &[u8]) -> Piece {
        self.counter = self.counter.wrapping_add(1);
        let touched = self.counter;
        let parcel =
            self.begun.entry(of).or_insert(Parcel { count, pieces: BTreeMap::new(), touched });
        if parcel.count != count || index >= count {
            self.begun.remove(&of);
            return Piece::Void;
        }
        parcel.touched = touched;
        parcel.pieces.insert(index, bytes.to_vec());
        let held = parcel.pieces.keys().fold(0, |held: Pieces, index| {
            held | 1u64.checked_shl((*index).into()).unwrap_or_default()
        });
        let body: Vec<u8> = match held == all_pieces(count) {
            true => parcel.pieces.values().flatten().copied().collect(),
            false => Vec::new(),
        };
        self.make_room(of);
        if body.is_empty() {
            return Piece::Held(held);
        }
        // A whole one stays as long as there is room: its answer may be lost, and then one piece
        // is enough to ask for it again.
        match whole(of, &body) {
            Some(append) => Piece::Whole(Box::new(append)),
            None => {
                self.begun.remove(&of);
                Piece::Void
            }
        }
    }

    fn make_room(&mut self, spared: PieceOf) {
        while self.begun.values().map(|parcel| parcel.pieces.len()).sum::<usize>() > PIECES_MAX {
            let others = self.begun.iter().filter(|(of, _)| **of != spared);
            let oldest = others.min_by_key(|(_, parcel)| parcel.touched).map(|(of, _)| *of);
            let Some(oldest) = oldest else { break };
            self.begun.remove(&oldest);
        }
    }
}

/// The name of an append's pieces.
pub(crate) fn piece_of_body(body: &[u8]) -> PieceOf {
    let hash: [u8; 32] = Sha256::digest(body).into();
    PieceOf(*hash.first_chunk().unwrap_or(&[0; 8]))
}

fn whole(of: PieceOf, body: &[u8]) -> Option<Append> {
    debug_assert!(body.len() <= PIECES_MAX.saturating_mul(PIECE_BYTES));
    let (key, rest) = body.split_first_chunk::<32>()?;
    let (signature, boxed) = rest.split_first_chunk::<64>()?;
    let boxed = SealedBox::parse(boxed).ok().filter(|_| piece_of_body(body) == of)?;
    Some(Append { key: PublicWriteKey(*key), signature: WriteSignature(*signature), boxed })
}

#[cfg(test)]
mod tests {
    use sogon_wire::packet::{piece_of, pieces_of};

    use super::*;

    fn body(fill: u8, step: usize) -> Vec<u8> {
        [vec![fill; 96], vec![fill; step]].concat()
    }

    #[test]
    fn pieces_in_any_order_make_the_append_and_one_more_makes_it_again() {
        let body = body(3, 65_536);
        let (of, count) = (piece_of_body(&body), pieces_of(body.len()));
        let mut parcels = Parcels::default();
        for index in (1..count).rev() {
            let held = parcels.take(of, count, index, piece_of(&body, index));
            let Piece::Held(held) = held else { panic!("whole too early") };
            assert_eq!(held.count_ones(), u32::from(count - index));
            assert_eq!(parcels.take(of, count, index, piece_of(&body, index)), Piece::Held(held));
        }
        for index in [0, 0, 7] {
            let piece = parcels.take(of, count, index, piece_of(&body, index));
            let Piece::Whole(append) = piece else { panic!("not whole") };
            assert_eq!(append.boxed.as_bytes(), vec![3; 65_536]);
        }
    }

    #[test]
    fn pieces_that_do_not_belong_together_are_nothing() {
        let (one, two) = (body(1, 3_072), body(2, 3_072));
        let mut parcels = Parcels::default();
        let of = piece_of_body(&one);
        parcels.take(of, 3, 0, piece_of(&one, 0));
        parcels.take(of, 3, 1, piece_of(&two, 1));
        assert_eq!(parcels.take(of, 3, 2, piece_of(&one, 2)), Piece::Void);
        assert!(parcels.begun.is_empty());
        parcels.take(of, 3, 0, piece_of(&one, 0));
        assert_eq!(parcels.take(of, 2, 1, piece_of(&one, 1)), Piece::Void, "another count");
    }

    #[test]
    fn one_client_has_so_much_room_and_the_newest_stays() {
        let mut parcels = Parcels::default();
        for number in 0..10_000u64 {
            parcels.take(PieceOf(number.to_be_bytes()), 58, 0, &[0; PIECE_BYTES]);
        }
        assert_eq!(parcels.begun.len(), PIECES_MAX);
        assert!(parcels.begun.contains_key(&PieceOf(9_999u64.to_be_bytes())));
    }
}
