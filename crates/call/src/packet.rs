//! What one media packet says, before it is sealed (SPEC 12.2).
//!
//! Bit 4 of the form says that its speaker holds the key, where one speaks in turns.
//!
//! `form u8 | missed u8 | heard u32 | speech`: the speech is one frame, or two at half the size: its
//! own and the one two or four packets before, so that a lost packet is mended by a later one.

use sogon_call_opus::Span;

use crate::mend::Missed;

/// Form, what was missed, and how far the other side was heard.
pub const HEAD_BYTES: usize = 6;
/// The largest speech in a packet: 24 kbit/s for 60 ms.
pub const SPEECH_BYTES_MAX: usize = 180;
/// The smallest.
pub const SPEECH_BYTES_MIN: usize = 20;

/// The bit of the form that says who has the floor.
const FLOOR: u8 = 16;
/// The bit of the form of two frames that says that they are four packets apart.
const FAR: u8 = 32;
/// The bit of what is missed that says that it is missed in rows.
const ROWS: u8 = 128;

/// How a packet's speech is to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// One frame.
    Plain,
    /// Two of half the size: this packet's, and that of two packets before.
    Double,
    /// The same, and that of four packets before.
    DoubleFar,
    /// As [`Form::Double`], but there was nothing before.
    DoubleFirst,
}

/// What a packet says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Said<'a> {
    /// How to read it.
    pub form: Form,
    /// How much it spans.
    pub span: Span,
    /// Its sender holds the key: it is their turn.
    pub floor: bool,
    /// What its sender misses of what it is sent; the worst of all it hears.
    pub missed: Missed,
    /// How far its sender has heard one of the others: each in turn.
    pub heard: Option<Heard>,
    /// One frame or two.
    pub speech: &'a [u8],
}

/// Up to which place somebody has heard a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Heard {
    /// Whom: the leaf in the tree.
    pub leaf: u8,
    /// The newest place of theirs; of one that was read the last 24 bits.
    pub place: u32,
}

/// The bits of a place that are said.
const PLACE_BITS: u32 = 0xff_ffff;

impl Heard {
    fn read(word: u32) -> Option<Self> {
        let [leaf, ..] = word.to_be_bytes();
        Some(Self { leaf: leaf.checked_sub(1)?, place: word & PLACE_BITS })
    }

    fn word(self) -> u32 {
        // No call has so many leaves.
        let leaf = self.leaf.checked_add(1).map_or(0, u32::from);
        if leaf == 0 { 0 } else { leaf << 24 | self.place & PLACE_BITS }
    }

    /// The place that was meant by whoever heard `now` or less.
    pub(crate) fn up_to(self, now: u32) -> Option<u32> {
        let place = now & !PLACE_BITS | self.place;
        if place <= now { Some(place) } else { place.checked_sub(PLACE_BITS.checked_add(1)?) }
    }
}

impl Form {
    /// Two frames so many packets apart.
    pub(crate) const fn double(apart: u32) -> Self {
        if apart > 2 { Self::DoubleFar } else { Self::Double }
    }

    /// How many packets apart the two frames are; [`None`] where there is one, or it is not said.
    pub(crate) const fn apart(self) -> Option<u32> {
        match self {
            Self::Plain | Self::DoubleFirst => None,
            Self::Double => Some(2),
            Self::DoubleFar => Some(4),
        }
    }
}

impl<'a> Said<'a> {
    /// Reads what was sealed; [`None`] for everything else.
    #[must_use]
    pub fn parse(plain: &'a [u8]) -> Option<Self> {
        let (head, speech) = plain.split_at_checked(HEAD_BYTES)?;
        let [form, missed, heard @ ..] = head else { return None };
        let (floor, far) = (form & FLOOR != 0, form & FAR != 0);
        let form = form & !(FLOOR | FAR);
        let span = match form >> 2 {
            0 => Span::Ms20,
            1 => Span::Ms40,
            2 => Span::Ms60,
            _ => return None,
        };
        let form = match (form & 3, far) {
            (0, false) => Form::Plain,
            (1, false) => Form::Double,
            (1, true) => Form::DoubleFar,
            (2, false) => Form::DoubleFirst,
            _ => return None,
        };
        let whole = form == Form::Plain || speech.len().checked_rem(2) == Some(0);
        let fits = (SPEECH_BYTES_MIN..=SPEECH_BYTES_MAX).contains(&speech.len());
        let heard = Heard::read(u32::from_be_bytes(<[u8; 4]>::try_from(heard).ok()?));
        let missed = Missed { percent: missed & !ROWS, rows: missed & ROWS != 0 };
        let said = Self { form, span, floor, missed, heard, speech };
        (whole && fits && missed.percent <= 100).then_some(said)
    }

    /// As it is sealed.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let span = match self.span {
            Span::Ms20 => 0,
            Span::Ms40 => 4,
            Span::Ms60 => 8,
        };
        let form = match self.form {
            Form::Plain => 0,
            Form::Double => 1,
            Form::DoubleFar => 1 | FAR,
            Form::DoubleFirst => 2,
        };
        let heard = self.heard.map_or(0, Heard::word).to_be_bytes();
        let floor = if self.floor { FLOOR } else { 0 };
        let missed = self.missed.percent.min(100) | if self.missed.rows { ROWS } else { 0 };
        [[span | form | floor, missed].as_slice(), &heard, self.speech].concat()
    }

    /// This packet's frame, and one before.
    #[must_use]
    pub fn frames(&self) -> (&'a [u8], Option<&'a [u8]>) {
        let half = self.speech.len().div_euclid(2);
        let (first, second) = self.speech.split_at_checked(half).unwrap_or((self.speech, &[]));
        match self.form {
            Form::Plain => (self.speech, None),
            Form::Double | Form::DoubleFar => (first, Some(second)),
            Form::DoubleFirst => (first, None),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_comes_back_and_the_rest_is_refused() {
        for form in [Form::Plain, Form::Double, Form::DoubleFar, Form::DoubleFirst] {
            for span in [Span::Ms20, Span::Ms40, Span::Ms60] {
                for floor in [false, true] {
                    let missed = Missed { percent: 20, rows: floor };
                    let said = Said {
                        form,
                        span,
                        floor,
                        missed,
                        heard: Some(Heard { leaf: 3, place: 7 }),
                        speech: &[5; 120],
                    };
                    assert_eq!(Said::parse(&said.encode()), Some(said));
                }
            }
        }
        let good = Said {
            form: Form::Double,
            span: Span::Ms60,
            floor: false,
            missed: Missed::default(),
            heard: None,
            speech: &[5; 120],
        };
        let bytes = good.encode();
        for bad in [3, 7, 12, 28, 32, 34, 35, 64, 255] {
            let mut bytes = bytes.clone();
            bytes[0] = bad;
            assert_eq!(Said::parse(&bytes), None);
        }
        assert_eq!(Said::parse(&bytes[..bytes.len() - 1]), None, "half of it is not whole");
        assert_eq!(Said::parse(&bytes[..HEAD_BYTES + 10]), None);
        assert_eq!(Said::parse(&[0; HEAD_BYTES + 182]), None);
        let mut bytes = bytes;
        for bad in [101, 127, 229, 255] {
            bytes[1] = bad;
            assert_eq!(Said::parse(&bytes), None);
        }
    }
}
