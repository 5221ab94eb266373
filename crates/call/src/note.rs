//! A voice note: speech as frames of one size, so that its length tells how long it is and nothing
//! of what was said (SPEC 11.1).

use sogon_call_opus::{Decoder, Encoder, Span};

use crate::CallError;

/// The form's number.
const VERSION: u8 = 1;
/// Bytes before the first frame.
pub const NOTE_HEAD_BYTES: usize = 8;
/// Bytes of a frame when nobody says otherwise: 16 kbit/s.
pub const NOTE_FRAME_BYTES: usize = 120;
/// What a note may have in a second, in kilobits: on the poorest links, and on good ones.
pub const NOTE_KBITS: [u32; 4] = [6, 8, 12, 16];
/// The longest note, in seconds.
pub const NOTE_SECONDS_MAX: u32 = 600;

/// How long a frame lasts, in milliseconds.
pub const NOTE_FRAME_MS: u32 = 60;

const SPAN: Span = Span::Ms60;
const FRAMES_MAX: usize = 10_000;
const FRAME_BYTES: std::ops::RangeInclusive<usize> = 15..=400;

/// A note that can be played.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Note<'a> {
    samples: usize,
    frame_bytes: usize,
    frames: &'a [u8],
}

impl<'a> Note<'a> {
    /// Looks at a note that came from somebody else; plays nothing yet.
    ///
    /// # Errors
    ///
    /// [`CallError::Note`] for everything that is not whole, or longer than [`NOTE_SECONDS_MAX`].
    pub fn parse(bytes: &'a [u8]) -> Result<Self, CallError> {
        let (head, frames) = bytes.split_at_checked(NOTE_HEAD_BYTES).ok_or(CallError::Note)?;
        let [VERSION, 60, high, low, samples @ ..] = head else { return Err(CallError::Note) };
        let frame_bytes = usize::from(u16::from_be_bytes([*high, *low]));
        let samples = <[u8; 4]>::try_from(samples).map_err(|_| CallError::Note)?;
        let samples = usize::try_from(u32::from_be_bytes(samples)).map_err(|_| CallError::Note)?;
        let count = samples.div_ceil(SPAN.samples());
        let whole = count.checked_mul(frame_bytes) == Some(frames.len());
        if !whole || count == 0 || count > FRAMES_MAX || !FRAME_BYTES.contains(&frame_bytes) {
            return Err(CallError::Note);
        }
        Ok(Self { samples, frame_bytes, frames })
    }

    /// How long it is, in milliseconds.
    #[must_use]
    pub fn ms(&self) -> u32 {
        u32::try_from(self.samples.div_ceil(16)).unwrap_or(u32::MAX)
    }

    /// What is heard, at [`sogon_call_opus::RATE_HZ`]. A frame the codec does not understand is
    /// filled by what may have been said there.
    ///
    /// # Errors
    ///
    /// [`CallError::Codec`]: a bug.
    pub fn play(&self) -> Result<Vec<i16>, CallError> {
        let mut decoder = Decoder::new()?;
        let mut samples = Vec::new();
        for frame in self.frames.chunks_exact(self.frame_bytes) {
            samples.extend(match decoder.decode(frame, SPAN) {
                Ok(heard) => heard,
                Err(_) => decoder.conceal(SPAN)?,
            });
        }
        samples.truncate(self.samples);
        Ok(samples)
    }
}

/// The note of these samples, at [`sogon_call_opus::RATE_HZ`].
///
/// # Errors
///
/// [`CallError::Note`] for none, or more than [`NOTE_SECONDS_MAX`] hold.
pub fn record(samples: &[i16]) -> Result<Vec<u8>, CallError> {
    record_in(samples, NOTE_FRAME_BYTES)
}

/// The same at one of [`NOTE_KBITS`].
///
/// # Errors
///
/// [`CallError::Note`] for another rate, for no samples, or more than [`NOTE_SECONDS_MAX`] hold.
pub fn record_at(samples: &[i16], kbit: u32) -> Result<Vec<u8>, CallError> {
    record_in(samples, frame_bytes_at(kbit)?)
}

/// Bytes of a frame at one of [`NOTE_KBITS`].
fn frame_bytes_at(kbit: u32) -> Result<usize, CallError> {
    // Bits in 60 ms are 60 times those in one, and a byte has eight.
    let bytes = kbit.saturating_mul(NOTE_FRAME_MS).div_euclid(8);
    let known = NOTE_KBITS.contains(&kbit);
    usize::try_from(bytes).ok().filter(|_| known).ok_or(CallError::Note)
}

fn record_in(samples: &[i16], frame_bytes: usize) -> Result<Vec<u8>, CallError> {
    let count = samples.len().div_ceil(SPAN.samples());
    if count == 0 || count > FRAMES_MAX {
        return Err(CallError::Note);
    }
    let mut recorder = Recorder { frame_bytes, ..Recorder::new()? };
    let mut frames = recorder.hear(samples)?;
    frames.extend(recorder.rest()?);
    of_frames(&frames, samples.len())
}

/// Makes frames of speech while it is spoken.
#[derive(Debug)]
pub struct Recorder {
    encoder: Encoder,
    frame_bytes: usize,
    /// Samples that do not fill a frame yet.
    waiting: Vec<i16>,
}

impl Recorder {
    /// Nothing was said yet.
    ///
    /// # Errors
    ///
    /// [`CallError::Codec`]: a bug.
    pub fn new() -> Result<Self, CallError> {
        let encoder = Encoder::new()?;
        Ok(Self { encoder, frame_bytes: NOTE_FRAME_BYTES, waiting: Vec::new() })
    }

    /// The same at one of [`NOTE_KBITS`].
    ///
    /// # Errors
    ///
    /// [`CallError::Note`] for another rate.
    pub fn at(kbit: u32) -> Result<Self, CallError> {
        Ok(Self { frame_bytes: frame_bytes_at(kbit)?, ..Self::new()? })
    }

    /// Goes on with a note that has frames of so many bytes: all frames of a note are of one size.
    ///
    /// # Errors
    ///
    /// [`CallError::Note`] for frames of none of [`NOTE_KBITS`].
    pub fn going_on(frame_bytes: usize) -> Result<Self, CallError> {
        let known = |kbit: &u32| frame_bytes_at(*kbit) == Ok(frame_bytes);
        let kbit = NOTE_KBITS.into_iter().find(known).ok_or(CallError::Note)?;
        Self::at(kbit)
    }

    /// Bytes of each frame.
    #[must_use]
    pub fn frame_bytes(&self) -> usize {
        self.frame_bytes
    }

    /// The frames that are whole with these samples, at
    /// [`sogon_call_opus::RATE_HZ`]; each lasts [`NOTE_FRAME_MS`].
    ///
    /// # Errors
    ///
    /// [`CallError::Codec`]: a bug.
    pub fn hear(&mut self, samples: &[i16]) -> Result<Vec<u8>, CallError> {
        self.waiting.extend(samples);
        let mut frames = Vec::new();
        let whole = self.waiting.chunks_exact(SPAN.samples());
        let rest = whole.remainder().to_vec();
        for frame in whole {
            frames.extend(self.encoder.encode(frame, SPAN, self.frame_bytes)?);
        }
        self.waiting = rest;
        Ok(frames)
    }

    /// The last frame, filled up with silence; nothing where all frames were whole.
    ///
    /// # Errors
    ///
    /// [`CallError::Codec`]: a bug.
    pub fn rest(mut self) -> Result<Vec<u8>, CallError> {
        if self.waiting.is_empty() {
            return Ok(Vec::new());
        }
        self.waiting.resize(SPAN.samples(), 0);
        Ok(self.encoder.encode(&self.waiting, SPAN, self.frame_bytes)?)
    }
}

/// The note of frames that recorders made; of what they hold, so many samples are played.
///
/// # Errors
///
/// [`CallError::Note`] for another number of frames than those samples fill.
pub fn of_frames(frames: &[u8], samples: usize) -> Result<Vec<u8>, CallError> {
    let mut note = vec![VERSION, 60];
    let count = samples.div_ceil(SPAN.samples()).max(1);
    let frame_bytes = frames.len().checked_div(count).unwrap_or_default();
    note.extend(u16::try_from(frame_bytes).map_err(|_| CallError::Note)?.to_be_bytes());
    note.extend(u32::try_from(samples).map_err(|_| CallError::Note)?.to_be_bytes());
    note.extend(frames);
    Note::parse(&note)?;
    Ok(note)
}

#[cfg(test)]
#[allow(
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    reason = "small numbers of tests"
)]
mod tests {
    use super::*;
    use crate::speech;

    #[test]
    fn a_note_is_heard_as_it_was_spoken() {
        let spoken = speech::sentence(5, 4.0);
        let note = record(&spoken).unwrap();
        let heard = Note::parse(&note).unwrap().play().unwrap();
        assert_eq!(heard.len(), spoken.len());
        assert!(speech::likeness(&spoken, &heard) > 0.8, "{}", speech::likeness(&spoken, &heard));
        assert_eq!(Note::parse(&note).map(|it| it.ms()), Ok(4_000));
    }

    #[test]
    fn on_poor_links_it_costs_less_and_is_still_understood() {
        let spoken = speech::sentence(5, 3.0);
        let mut before = 0;
        for kbit in NOTE_KBITS {
            let note = record_at(&spoken, kbit).unwrap();
            assert_eq!(note.len(), NOTE_HEAD_BYTES + 50 * kbit as usize * 60 / 8);
            assert!(note.len() > before);
            before = note.len();
            let heard = Note::parse(&note).unwrap().play().unwrap();
            let likeness = speech::likeness(&spoken, &heard);
            assert!(likeness > 0.6, "{kbit}: {likeness}");
        }
        assert_eq!(record_at(&spoken, 7), Err(CallError::Note));
    }

    #[test]
    fn its_size_says_how_long_it_is_and_nothing_else() {
        let spoken = speech::sentence(5, 3.0);
        let silent = vec![0; spoken.len()];
        assert_eq!(record(&spoken).unwrap().len(), record(&silent).unwrap().len());
        assert_eq!(record(&spoken).unwrap().len(), NOTE_HEAD_BYTES + 50 * NOTE_FRAME_BYTES);
    }

    #[test]
    fn speech_that_comes_in_pieces_is_the_same_note() {
        let spoken = speech::sentence(5, 2.0);
        let mut recorder = Recorder::new().unwrap();
        let mut frames = Vec::new();
        for some in spoken.chunks(1_000) {
            frames.extend(recorder.hear(some).unwrap());
        }
        frames.extend(recorder.rest().unwrap());
        assert_eq!(of_frames(&frames, spoken.len()), record(&spoken));
        assert_eq!(of_frames(&frames, spoken.len() + 960), Err(CallError::Note));
    }

    /// A lock, a cut or a crash ends one recorder; another goes on, and the note is one.
    #[test]
    fn a_note_of_two_recorders_is_heard_as_one() {
        let spoken = speech::sentence(5, 6.0);
        let (before, after) = spoken.split_at(50 * 960);
        let mut frames = Recorder::new().unwrap().hear(before).unwrap();
        frames.extend(Recorder::new().unwrap().hear(after).unwrap());
        let note = of_frames(&frames, frames.len() / NOTE_FRAME_BYTES * 960).unwrap();
        let heard = Note::parse(&note).unwrap().play().unwrap();
        let both = &spoken[..heard.len()];
        assert!(speech::likeness(both, &heard) > 0.8, "{}", speech::likeness(both, &heard));
    }

    #[test]
    fn a_note_goes_on_at_the_rate_it_was_begun_at() {
        let spoken = speech::sentence(5, 6.0);
        let (before, after) = spoken.split_at(50 * 960);
        for kbit in NOTE_KBITS {
            let mut frames = Recorder::at(kbit).unwrap().hear(before).unwrap();
            let mut later = Recorder::going_on(frames.len() / 50).unwrap();
            assert_eq!(later.frame_bytes(), kbit as usize * 60 / 8);
            frames.extend(later.hear(after).unwrap());
            let heard = of_frames(&frames, 100 * 960).unwrap();
            assert_eq!(heard.len(), NOTE_HEAD_BYTES + 100 * kbit as usize * 60 / 8);
        }
        for bytes in [0, 44, 121] {
            assert_eq!(Recorder::going_on(bytes).err(), Some(CallError::Note));
        }
        assert_eq!(Recorder::at(7).err(), Some(CallError::Note));
    }

    #[test]
    fn hostile_notes_are_refused() {
        let note = record(&speech::sentence(1, 0.5)).unwrap();
        for cut in 0..note.len() {
            assert_eq!(Note::parse(&note[..cut]), Err(CallError::Note));
        }
        for (at, value) in [(0, 2), (1, 20), (2, 1), (3, 121), (4, 255), (6, 0), (7, 1)] {
            let mut bad = note.clone();
            bad[at] = value;
            if at < 7 {
                assert_eq!(Note::parse(&bad), Err(CallError::Note), "{at}");
            }
        }
        let mut rubbish = note;
        for byte in &mut rubbish[NOTE_HEAD_BYTES..] {
            *byte = byte.wrapping_mul(31).wrapping_add(7);
        }
        assert_eq!(Note::parse(&rubbish).unwrap().play().map(|it| it.len()), Ok(8_000));
        assert_eq!(record(&[]), Err(CallError::Note));
    }
}
