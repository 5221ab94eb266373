//! What was asked, cut into units that each fit a packet.

use sha2::{Digest, Sha256};
use sogon_wire::{
    Append, LogName, Reply, Request, SealedBox, Tag,
    packet::{PieceOf, Pieces, Question, all_pieces, piece_of, pieces_of},
};

use super::reading::{Reading, Wanted};

/// The largest box that goes whole into a packet.
const WHOLE_BOX_MAX: usize = 1_024;

/// One question of the engine.
pub(crate) enum Task {
    /// Fits a packet as it is.
    Whole(Question),
    /// An append in pieces.
    Parcel(Parcel),
    /// Boxes of a log.
    Read(Reading),
}

/// An append that does not fit a packet.
pub(crate) struct Parcel {
    tag: Tag,
    order: u16,
    of: PieceOf,
    log: LogName,
    boxed: SealedBox,
    body: Vec<u8>,
    /// The relay has these.
    held: Pieces,
}

/// A unit of a task: what is sent, lost and sent again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Unit {
    /// All of a whole question.
    Whole,
    /// A part of a read.
    Part(Wanted),
    /// A piece of a parcel.
    Piece(u8),
}

impl Task {
    /// The task for a question, and for an append how many to its log came before; [`None`] for one that needs a connection.
    pub(crate) fn new(tag: Tag, order: u16, request: &Request) -> Option<Self> {
        match request {
            Request::Append(append) if append.boxed.as_bytes().len() <= WHOLE_BOX_MAX => {
                Some(Self::Whole(Question::Append { tag, order, append: append.clone() }))
            }
            Request::Append(append) => Some(Self::Parcel(Parcel::new(tag, order, append))),
            Request::Read { log, after, bytes_max } => {
                Some(Self::Read(Reading::new(tag, *log, *after, *bytes_max)))
            }
            Request::About => Some(Self::Whole(Question::About(tag))),
            Request::Watch { .. }
            | Request::Unwatch { .. }
            | Request::Enter(_)
            | Request::Speak(_) => None,
        }
    }

    /// What is to be sent for it at first.
    pub(crate) fn units(&self) -> Vec<Unit> {
        match self {
            Self::Whole(_) => vec![Unit::Whole],
            Self::Read(reading) => vec![Unit::Part(reading.on())],
            Self::Parcel(parcel) => parcel.units(),
        }
    }

    /// Small texts go before questions, and those before pieces of large things.
    pub(crate) fn class(&self) -> u8 {
        match self {
            Self::Whole(_) => 0,
            Self::Read(_) => 1,
            Self::Parcel(_) => 2,
        }
    }

    /// The question for a unit; `read_bytes` is how much a read may ask for.
    pub(crate) fn question(&self, unit: Unit, read_bytes: u32) -> Option<Question> {
        match (self, unit) {
            (Self::Whole(question), Unit::Whole) => Some(question.clone()),
            (Self::Read(reading), Unit::Part(wanted)) => Some(reading.question(wanted, read_bytes)),
            (Self::Parcel(parcel), Unit::Piece(index)) => Some(parcel.question(index)),
            _ => None,
        }
    }

    /// Whether a unit need not be sent (again).
    pub(crate) fn has(&self, unit: Unit) -> bool {
        match (self, unit) {
            (Self::Parcel(parcel), Unit::Piece(index)) => parcel.has(index),
            (Self::Read(reading), Unit::Part(wanted @ Wanted::On(_))) => {
                !reading.goes_on() || (reading.is_heard() && reading.on() != wanted)
            }
            (Self::Read(reading), Unit::Part(wanted)) => {
                let open = |gap: &Wanted| match (*gap, wanted) {
                    (Wanted::Gap(after, till), Wanted::Gap(from, to)) => from < till && after < to,
                    (Wanted::Pieces(seq, want), Wanted::Pieces(of, asked)) => {
                        seq == of && want & asked != 0
                    }
                    _ => false,
                };
                !reading.gaps().iter().any(open)
            }
            _ => false,
        }
    }

    /// What it lays down, and where.
    pub(crate) fn laid(&self) -> Option<(LogName, SealedBox)> {
        match self {
            Self::Whole(Question::Append { append, .. }) => {
                Some((append.key.log(), append.boxed.clone()))
            }
            Self::Parcel(parcel) => Some((parcel.log, parcel.boxed.clone())),
            Self::Whole(_) | Self::Read(_) => None,
        }
    }

    /// What a loss of the line leaves of it.
    pub(crate) fn so_far(self) -> Option<Reply> {
        match self {
            Self::Read(mut reading) => reading.so_far(),
            Self::Whole(_) | Self::Parcel(_) => None,
        }
    }
}

impl Parcel {
    fn new(tag: Tag, order: u16, append: &Append) -> Self {
        let body = [&append.key.0, append.signature.0.as_slice(), append.boxed.as_bytes()].concat();
        let hash: [u8; 32] = Sha256::digest(&body).into();
        let of = PieceOf(*hash.first_chunk().unwrap_or(&[0; 8]));
        let (log, boxed) = (append.key.log(), append.boxed.clone());
        Self { tag, order, of, log, boxed, body, held: 0 }
    }

    fn count(&self) -> u8 {
        pieces_of(self.body.len())
    }

    fn units(&self) -> Vec<Unit> {
        (0..self.count()).filter(|index| !self.has(*index)).map(Unit::Piece).collect()
    }

    fn has(&self, index: u8) -> bool {
        self.held.checked_shr(index.into()).unwrap_or_default() & 1 == 1
    }

    /// The relay says which pieces it has; it may also have lost some.
    pub(crate) fn held(&mut self, of: PieceOf, pieces: Pieces) {
        if of == self.of {
            self.held = pieces & all_pieces(self.count());
        }
    }

    /// All pieces are there: any of them asks what became of it.
    pub(crate) fn is_held(&self) -> bool {
        self.held == all_pieces(self.count())
    }

    fn question(&self, index: u8) -> Question {
        let bytes = piece_of(&self.body, index).to_vec();
        let (tag, order, of, count) = (self.tag, self.order, self.of, self.count());
        Question::Piece { tag, order, of, count, index, bytes }
    }
}
