//! What one person says, as packets: one for every span, of one size, whatever is said.

use std::collections::VecDeque;

use sogon_call_opus::{Encoder, Span};

use crate::{
    CallError,
    media::{CallSecret, Sealer, Voice},
    mend::{Mend, Missed},
    pace::Pace,
    packet::{Form, Heard, Said},
    shape::{Rate, Shape},
    spoken::Spoken,
};

/// Samples in 20 ms: what goes in and out at a time.
pub const TICK_SAMPLES: usize = 320;
/// Frames lean on those before them as if so many percent were lost: it costs nothing where none
/// are, and what is heard after a loss is itself again sooner.
const EXPECTED_LOSS: u8 = 10;
/// Frames kept for a second copy.
const SENT_MAX: usize = 4;

/// One member's own voice.
#[derive(Debug)]
pub struct Mouth {
    encoder: Encoder,
    sealer: Sealer,
    shape: Shape,
    pace: Pace,
    mend: Mend,
    muted: bool,
    waiting: Vec<i16>,
    /// In ticks of 20 ms.
    place: u32,
    /// The last frames at half the size: where they stand, and how long they are.
    sent: VecDeque<(u32, Span, Vec<u8>)>,
    spoken: Spoken,
    floor: bool,
    /// What this side misses, and how far it heard one of the others.
    report: (Missed, Option<Heard>),
}

impl Mouth {
    /// A mouth that has said nothing.
    ///
    /// # Errors
    ///
    /// [`CallError::Codec`], [`CallError::Sealing`]: bugs.
    pub fn new(secret: &CallSecret, voice: Voice, shape: Shape) -> Result<Self, CallError> {
        let mut encoder = Encoder::new()?;
        encoder.expect_loss(EXPECTED_LOSS)?;
        Ok(Self {
            encoder,
            sealer: Sealer::new(secret, voice)?,
            shape,
            pace: Pace::new(shape),
            mend: Mend::default(),
            muted: false,
            waiting: Vec::new(),
            place: 0,
            sent: VecDeque::new(),
            spoken: Spoken::default(),
            floor: false,
            report: (Missed::default(), None),
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

    /// Another line: packets of this shape from the next one on, until the line says more.
    pub fn reshape(&mut self, shape: Shape) {
        self.pace.begin_again(shape);
    }

    /// What packets are now.
    #[must_use]
    pub fn shape(&self) -> Shape {
        self.shape
    }

    /// There and back, in milliseconds; [`None`] while nobody answered.
    #[must_use]
    pub fn round_trip_ms(&self) -> Option<u32> {
        self.pace.round_trip_ms()
    }

    /// Whether the line is so slow that one should speak in turns.
    #[must_use]
    pub fn turns(&self) -> bool {
        self.pace.turns()
    }

    /// The key is held, or released; the other side is shown it.
    pub fn floor(&mut self, floor: bool) {
        self.floor = floor;
    }

    /// While muted, packets hold silence and look the same.
    pub fn mute(&mut self, muted: Mute) {
        self.muted = muted == Mute::On;
    }

    /// What the others say of what they hear: what they miss, the worst of all, and how far one of
    /// them, by the leaf, heard this.
    pub fn told(&mut self, missed: Missed, heard: Option<Heard>) {
        let now = self.now();
        self.mend.told(now, missed, self.shape.rate);
        if let Some(heard) = heard
            && let Some(place) = heard.up_to(self.place)
            && self.spoken.told(heard.leaf, place, now)
        {
            let sent = place.saturating_add(ticks(self.shape.span));
            self.pace.trip(now, now.saturating_sub(sent).saturating_mul(20));
        }
        self.pace.missed(now, missed.percent, self.mend.weighed());
    }

    /// In ticks since it began to speak.
    fn now(&self) -> u32 {
        let waiting = self.waiting.len().div_euclid(TICK_SAMPLES);
        self.place.saturating_add(u32::try_from(waiting).unwrap_or(0))
    }

    /// What this side hears: what it misses, and how far it heard one of the others.
    pub fn report(&mut self, missed: Missed, heard: Option<Heard>) {
        self.report = (missed, heard);
    }

    /// What was said and is not known to be heard, with its place: the next voice note, when the
    /// line is dead.
    pub fn unheard(&self) -> impl Iterator<Item = (u32, &[i16])> {
        let waiting = (!self.waiting.is_empty() && !self.muted)
            .then_some((self.place, self.waiting.as_slice()));
        self.spoken.unheard().chain(waiting)
    }

    /// What somebody is known to have missed, with its place; with `tail` also what nobody heard
    /// since the last of them did.
    pub fn missed(&self, tail: bool) -> impl Iterator<Item = (u32, &[i16])> {
        self.spoken.missed(tail)
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
            self.spoken.push(self.place, frame);
        }
        self.place = self.place.checked_add(ticks(self.shape.span)).ok_or(CallError::Sealing)?;
        self.shape = self.pace.shape();
        Ok(Some(packet))
    }

    fn say(&mut self, frame: &[i16]) -> Result<Vec<u8>, CallError> {
        let Shape { rate, span } = self.shape;
        let bytes = self.shape.speech_bytes();
        // In turns the delay is there anyway, and nobody waits for a second copy.
        let turns = self.pace.turns().then(|| self.mend.apart_at_least());
        let apart = self.mend.apart().or(turns).filter(|_| rate != Rate::Kbit8);
        let (form, speech) = if let Some(apart) = apart {
            let half = bytes.div_euclid(2);
            let now = self.encoder.encode(frame, span, half)?;
            let before = self.before(apart, span, half);
            self.sent.push_back((self.place, span, now.clone()));
            if self.sent.len() > SENT_MAX {
                self.sent.pop_front();
            }
            match before {
                Some(before) => (Form::double(apart), [now, before].concat()),
                None => (Form::DoubleFirst, [now, vec![0; half]].concat()),
            }
        } else {
            self.sent.clear();
            (Form::Plain, self.encoder.encode(frame, span, bytes)?)
        };
        let (missed, heard) = self.report;
        let said = Said { form, span, floor: self.floor, missed, heard, speech: &speech };
        self.sealer.seal(self.place, &said.encode())
    }

    /// The frame of so many packets before, if it was one of the same length and size.
    fn before(&self, apart: u32, span: Span, half: usize) -> Option<Vec<u8>> {
        let place = self.place.checked_sub(ticks(span).checked_mul(apart)?)?;
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
