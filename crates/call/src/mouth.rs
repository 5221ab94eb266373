//! What one person says, as packets: one for every span, of one size, whatever is said.

use std::collections::VecDeque;

use sogon_call_opus::{Encoder, Span};

use crate::{
    CallError,
    media::{CallSecret, Sealer, Voice},
    packet::{Form, Said},
    shape::{Rate, Shape},
};

/// Samples in 20 ms: what goes in and out at a time.
pub const TICK_SAMPLES: usize = 320;
/// Above so many percent missed, every frame is sent twice.
const DOUBLE_ABOVE: u8 = 9;
/// Below, once again.
const PLAIN_BELOW: u8 = 2;
/// Kept of what was said and not known to be heard: ten minutes.
const UNHEARD_FRAMES_MAX: usize = 30_000;

/// One member's own voice.
#[derive(Debug)]
pub struct Mouth {
    encoder: Encoder,
    sealer: Sealer,
    shape: Shape,
    wanted: Shape,
    double: bool,
    muted: bool,
    waiting: Vec<i16>,
    /// In ticks of 20 ms.
    place: u32,
    /// The last frames at half the size: where they stand, and how long they are.
    sent: VecDeque<(u32, Span, Vec<u8>)>,
    unheard: VecDeque<(u32, Vec<i16>)>,
    /// The other side said at least once how far it heard.
    answered: bool,
    /// What this side misses, and how far it heard the one other.
    report: (u8, u32),
}

impl Mouth {
    /// A mouth that has said nothing.
    ///
    /// # Errors
    ///
    /// [`CallError::Codec`], [`CallError::Sealing`]: bugs.
    pub fn new(secret: &CallSecret, voice: Voice, shape: Shape) -> Result<Self, CallError> {
        Ok(Self {
            encoder: Encoder::new()?,
            sealer: Sealer::new(secret, voice)?,
            shape,
            wanted: shape,
            double: false,
            muted: false,
            waiting: Vec::new(),
            place: 0,
            sent: VecDeque::new(),
            unheard: VecDeque::new(),
            answered: false,
            report: (0, 0),
        })
    }

    /// From now on sealed with these keys, for this stay.
    ///
    /// # Errors
    ///
    /// [`CallError::Sealing`]: a bug.
    pub fn turn(&mut self, secret: &CallSecret, voice: Voice) -> Result<(), CallError> {
        self.sealer = Sealer::new(secret, voice)?;
        Ok(())
    }

    /// From the next packet on of this shape.
    pub fn reshape(&mut self, shape: Shape) {
        self.wanted = shape;
    }

    /// While muted, packets hold silence and look the same.
    pub fn mute(&mut self, muted: Mute) {
        self.muted = muted == Mute::On;
    }

    /// What the other side says of what it hears.
    pub fn told(&mut self, missed: u8, heard: u32) {
        if missed > DOUBLE_ABOVE {
            self.double = true;
        } else if missed < PLAIN_BELOW {
            self.double = false;
        }
        if heard > 0 && heard <= self.place {
            self.answered = true;
            while self.unheard.front().is_some_and(|(place, _)| *place <= heard) {
                self.unheard.pop_front();
            }
        }
    }

    /// What this side hears: how much it misses, in percent, and how far it heard the one other.
    pub fn report(&mut self, missed: u8, heard: u32) {
        self.report = (missed.min(100), heard);
    }

    /// Whether anybody ever said that they hear this.
    #[must_use]
    pub fn is_answered(&self) -> bool {
        self.answered
    }

    /// What was said and is not known to be heard: the next voice note, when the line is dead.
    #[must_use]
    pub fn unheard(&self) -> Vec<i16> {
        let frames = self.unheard.iter().flat_map(|(_, samples)| samples);
        frames.chain(&self.waiting).copied().collect()
    }

    /// Takes 20 ms of speech; every so often a packet comes of it.
    ///
    /// # Errors
    ///
    /// [`CallError::Sealing`] when the call has lasted two and a half years; else bugs.
    pub fn speak(&mut self, samples: &[i16; TICK_SAMPLES]) -> Result<Option<Vec<u8>>, CallError> {
        if self.muted {
            self.waiting.extend([0; TICK_SAMPLES]);
        } else {
            self.waiting.extend(samples);
        }
        if self.waiting.len() < self.shape.span.samples() {
            return Ok(None);
        }
        let frame = std::mem::take(&mut self.waiting);
        let packet = self.say(&frame)?;
        if !self.muted {
            self.unheard.push_back((self.place, frame));
            if self.unheard.len() > UNHEARD_FRAMES_MAX {
                self.unheard.pop_front();
            }
        }
        self.place = self.place.checked_add(ticks(self.shape.span)).ok_or(CallError::Sealing)?;
        self.shape = self.wanted;
        Ok(Some(packet))
    }

    fn say(&mut self, frame: &[i16]) -> Result<Vec<u8>, CallError> {
        let Shape { rate, span } = self.shape;
        let bytes = self.shape.speech_bytes();
        let plain = !self.double || rate == Rate::Kbit8;
        let (form, speech) = if plain {
            self.sent.clear();
            (Form::Plain, self.encoder.encode(frame, span, bytes)?)
        } else {
            let half = bytes.div_euclid(2);
            let now = self.encoder.encode(frame, span, half)?;
            let before = self.before(span, half);
            self.sent.push_back((self.place, span, now.clone()));
            if self.sent.len() > 2 {
                self.sent.pop_front();
            }
            match before {
                Some(before) => (Form::Double, [now, before].concat()),
                None => (Form::DoubleFirst, [now, vec![0; half]].concat()),
            }
        };
        let said =
            Said { form, span, missed: self.report.0, heard: self.report.1, speech: &speech };
        self.sealer.seal(self.place, &said.encode())
    }

    /// The frame of two packets before, if it was one of the same length and size.
    fn before(&self, span: Span, half: usize) -> Option<Vec<u8>> {
        let place = self.place.checked_sub(ticks(span).checked_mul(2)?)?;
        let (_, _, frame) = self.sent.iter().find(|(at, of, _)| *at == place && *of == span)?;
        (frame.len() == half).then(|| frame.clone())
    }
}

/// Whether a mouth is muted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mute {
    /// Nobody hears it.
    On,
    /// Everybody does.
    Off,
}

/// A span in ticks of 20 ms.
pub(crate) const fn ticks(span: Span) -> u32 {
    match span {
        Span::Ms20 => 1,
        Span::Ms40 => 2,
        Span::Ms60 => 3,
    }
}
