//! A script out of hostile bytes: read from the front, and zeros for ever after its end.

/// The most changes one script makes to one object.
const BENDS_MAX: usize = 16;
/// The longest object a script makes, in bytes.
const BENT_BYTES_MAX: usize = 70_000;

/// Bytes as decisions.
#[derive(Clone, Copy, Debug)]
pub struct Tape<'a>(&'a [u8]);

impl<'a> Tape<'a> {
    /// A tape from its start.
    #[must_use]
    pub fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// Nothing is left to decide by.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.0.is_empty()
    }

    /// The next byte.
    pub fn byte(&mut self) -> u8 {
        let Some((first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        *first
    }

    /// The next two bytes, big-endian.
    pub fn pair(&mut self) -> u16 {
        u16::from_be_bytes([self.byte(), self.byte()])
    }

    /// A place below `bound` (0 when that is 0).
    pub fn place(&mut self, bound: usize) -> usize {
        usize::from(self.pair()).checked_rem(bound).unwrap_or(0)
    }

    /// A number, most often at an edge.
    pub fn number(&mut self) -> u64 {
        match self.byte() {
            0xf0 => u64::MAX,
            0xf1 => u64::MAX - 1,
            0xf2 => u64::MAX - 2,
            0xf3 => 1 << 63,
            0xf4 => u64::from(u32::MAX),
            0xf5 => u64::from(self.pair()),
            0xf6 => {
                let mut bytes = [0; 8];
                bytes.fill_with(|| self.byte());
                u64::from_be_bytes(bytes)
            }
            small => u64::from(small),
        }
    }

    /// The next bytes, their count first; fewer when the tape ends.
    pub fn piece(&mut self) -> &'a [u8] {
        let count = usize::from(self.pair()).min(self.0.len());
        let (piece, rest) = self.0.split_at(count);
        self.0 = rest;
        piece
    }

    /// All that is left.
    pub fn rest(&mut self) -> &'a [u8] {
        std::mem::take(&mut self.0)
    }

    /// Changes an object as the rest of the tape says.
    pub fn bend(&mut self, object: &mut Vec<u8>) {
        for _ in 0..BENDS_MAX {
            if self.is_over() {
                break;
            }
            self.bend_once(object);
            object.truncate(BENT_BYTES_MAX);
        }
    }

    fn bend_once(&mut self, object: &mut Vec<u8>) {
        let (act, at) = (self.byte(), self.place(object.len().saturating_add(1)));
        match act % 8 {
            0 => {
                let bit = self.byte() % 8;
                if let Some(byte) = object.get_mut(at) {
                    *byte ^= 1 << bit;
                }
            }
            1 => {
                let value = self.byte();
                if let Some(byte) = object.get_mut(at) {
                    *byte = value;
                }
            }
            2 => object.truncate(at),
            3 => drop(object.splice(at..at, self.piece().iter().copied())),
            4 => {
                let end = at.saturating_add(usize::from(self.byte())).min(object.len());
                object.drain(at..end);
            }
            5 => {
                let end = at.saturating_add(usize::from(self.byte())).min(object.len());
                let again = object[at..end].to_vec();
                drop(object.splice(at..at, again));
            }
            6 => {
                let (fill, count) = (self.byte(), usize::from(self.byte() % 9));
                object.iter_mut().skip(at).take(count).for_each(|byte| *byte = fill);
            }
            _ => object.extend(self.piece()),
        }
    }
}
