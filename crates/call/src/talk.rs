//! One member's side of a call: a mouth, and an ear for each other voice.

use std::{collections::BTreeMap, ops::Bound};

use crate::{
    CallError,
    ear::{Counts, Ear},
    media::{CallSecret, Opener, Voice},
    mouth::{Mouth, Mute, TICK_SAMPLES},
    packet::{Heard, Said},
    shape::Shape,
};

/// The most people in one call.
pub const MEMBERS_MAX: usize = 16;
/// A voice that was not heard for so long has gone.
const GONE_MS: i64 = 10_000;
/// After a turn of epochs, packets of the one before are heard for so long.
const TURN_MS: i64 = 3_000;

/// One side of a call. Time is handed in, in milliseconds of a clock that never goes back.
#[derive(Debug)]
pub struct Talk {
    mouth: Mouth,
    leaf: u8,
    /// Who was told last how far they were heard.
    told: Option<Voice>,
    opener: Opener,
    ears: BTreeMap<Voice, Ear>,
    gone: Counts,
    turned_ms: Option<i64>,
    heard_ms: Option<i64>,
    refused: u64,
}

/// What a tick gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tick {
    /// To be sent at once, if it is time for a packet.
    pub packet: Option<Vec<u8>>,
    /// To be heard now.
    pub heard: [i16; TICK_SAMPLES],
}

impl Talk {
    /// Comes into a call: `leaf` in the tree, 47 bits of `chance` for this stay.
    ///
    /// # Errors
    ///
    /// [`CallError::Codec`], [`CallError::Sealing`]: bugs.
    pub fn new(secret: CallSecret, leaf: u8, chance: u64, shape: Shape) -> Result<Self, CallError> {
        let mouth = Mouth::new(&secret, Voice::new(leaf, secret.epoch, chance), shape)?;
        Ok(Self {
            mouth,
            leaf,
            told: None,
            opener: Opener::new(secret),
            ears: BTreeMap::new(),
            gone: Counts::default(),
            turned_ms: None,
            heard_ms: None,
            refused: 0,
        })
    }

    /// The conversation's epoch has turned.
    ///
    /// # Errors
    ///
    /// [`CallError::Sealing`]: a bug.
    pub fn turn(
        &mut self,
        now_ms: i64,
        secret: CallSecret,
        leaf: u8,
        chance: u64,
    ) -> Result<(), CallError> {
        self.mouth.turn(&secret, Voice::new(leaf, secret.epoch, chance))?;
        self.opener.turn(secret);
        self.leaf = leaf;
        self.turned_ms = Some(now_ms);
        Ok(())
    }

    /// Another line: packets of this shape from now on, until the line says more.
    pub fn reshape(&mut self, shape: Shape) {
        self.mouth.reshape(shape);
    }

    /// Muted or not; nobody outside can tell.
    pub fn mute(&mut self, mute: Mute) {
        self.mouth.mute(mute);
    }

    /// The key is held, or released: where one speaks in turns, others are shown it.
    pub fn floor(&mut self, floor: bool) {
        self.mouth.floor(floor);
    }

    /// Takes a packet as it came; whether it was good.
    ///
    /// # Errors
    ///
    /// [`CallError::Codec`]: a bug.
    pub fn hear(&mut self, now_ms: i64, packet: &[u8]) -> Result<bool, CallError> {
        let opened = self.opener.open(packet);
        let said = opened.as_ref().and_then(|opened| Some((opened, Said::parse(&opened.plain)?)));
        let Some((opened, said)) = said else {
            self.refused = self.refused.saturating_add(1);
            return Ok(false);
        };
        if !self.ears.contains_key(&opened.voice) {
            if self.ears.len() >= MEMBERS_MAX {
                self.refused = self.refused.saturating_add(1);
                return Ok(false);
            }
            self.ears.insert(opened.voice, Ear::new()?);
        }
        if let Some(ear) = self.ears.get_mut(&opened.voice) {
            ear.hear(now_ms, opened.place, &said);
            self.heard_ms = Some(now_ms);
        }
        let worst = self.ears.values().map(Ear::told).max().unwrap_or_default();
        let of_us = said.heard.filter(|heard| heard.leaf == self.leaf);
        // What they heard of us, under their own leaf.
        let heard = of_us.map(|heard| Heard { leaf: opened.voice.leaf(), ..heard });
        self.mouth.told(worst, heard);
        Ok(true)
    }

    /// 20 ms later: takes what the microphone took, gives what the loudspeaker plays.
    ///
    /// # Errors
    ///
    /// As [`Mouth::speak`].
    pub fn tick(&mut self, now_ms: i64, said: &[i16; TICK_SAMPLES]) -> Result<Tick, CallError> {
        if self.turned_ms.is_some_and(|at| now_ms.saturating_sub(at) > TURN_MS) {
            self.opener.settle();
            self.turned_ms = None;
        }
        let over = |ear: &Ear| now_ms.saturating_sub(ear.last_ms()) > GONE_MS;
        for (_, ear) in self.ears.extract_if(.., |_, ear| over(ear)) {
            self.gone = sum(self.gone, ear.counts());
        }
        let mut mixed = [0_i32; TICK_SAMPLES];
        for ear in self.ears.values_mut() {
            for (sum, sample) in mixed.iter_mut().zip(ear.play(now_ms)?) {
                *sum = sum.saturating_add(i32::from(sample));
            }
        }
        let mut heard = [0; TICK_SAMPLES];
        for (sample, sum) in heard.iter_mut().zip(mixed) {
            let loudest = i32::from(i16::MIN)..=i32::from(i16::MAX);
            *sample = i16::try_from(sum.clamp(*loudest.start(), *loudest.end())).unwrap_or(0);
        }
        let missed = self.ears.values().map(Ear::missed).max().unwrap_or_default();
        let next = self.next_to_tell();
        self.mouth.report(missed, next.map(|(_, heard)| heard));
        let packet = self.mouth.speak(said)?;
        if packet.is_some() {
            self.told = next.map(|(voice, _)| voice);
        }
        Ok(Tick { packet, heard })
    }

    /// Who is to be told next how far they were heard: each in turn.
    fn next_to_tell(&self) -> Option<(Voice, Heard)> {
        let range = |last| self.ears.range((Bound::Excluded(last), Bound::Unbounded)).next();
        let after = self.told.and_then(range);
        let (voice, ear) = after.or_else(|| self.ears.first_key_value())?;
        Some((*voice, Heard { leaf: voice.leaf(), place: ear.newest() }))
    }

    /// How many others are heard now.
    #[must_use]
    pub fn others(&self) -> usize {
        self.ears.len()
    }

    /// How long it is since anybody was heard, in milliseconds; [`None`] before that.
    #[must_use]
    pub fn silent_ms(&self, now_ms: i64) -> Option<i64> {
        Some(now_ms.saturating_sub(self.heard_ms?))
    }

    /// What was counted of all voices.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.ears.values().fold(self.gone, |all, ear| sum(all, ear.counts()))
    }

    /// Packets that nobody in this call sealed, or that came again.
    #[must_use]
    pub fn refused(&self) -> u64 {
        self.refused
    }

    /// How long packets wait before they are heard, in milliseconds: the longest of all voices.
    #[must_use]
    pub fn wait_ms(&self) -> i64 {
        self.ears.values().map(Ear::wait_ms).max().unwrap_or(0)
    }

    /// What was said and is not known to be heard, for a voice note.
    #[must_use]
    pub fn unheard(&self) -> Vec<i16> {
        self.mouth.unheard().flat_map(|(_, frame)| frame).copied().collect()
    }

    /// The same in pieces, each with its place: in ticks of 20 ms since this side began.
    pub fn unheard_pieces(&self) -> impl Iterator<Item = (u32, &[i16])> {
        self.mouth.unheard()
    }

    /// What somebody is known to have missed, in such pieces; with `tail` also what nobody heard
    /// since the last of them did, as when one's own line is dead.
    pub fn missed_pieces(&self, tail: bool) -> impl Iterator<Item = (u32, &[i16])> {
        self.mouth.missed(tail)
    }

    /// What this side's packets are now.
    #[must_use]
    pub fn shape(&self) -> Shape {
        self.mouth.shape()
    }

    /// There and back, in milliseconds; [`None`] while nobody answered, or several do.
    #[must_use]
    pub fn round_trip_ms(&self) -> Option<u32> {
        self.mouth.round_trip_ms()
    }

    /// Whether the line is so slow that one should speak in turns.
    #[must_use]
    pub fn turns(&self) -> bool {
        self.mouth.turns()
    }

    /// What does not come of what others say, in percent: the worst of all.
    #[must_use]
    pub fn missed(&self) -> u8 {
        self.ears.values().map(|ear| ear.missed().percent).max().unwrap_or(0)
    }

    /// Whether somebody else holds the key.
    #[must_use]
    pub fn others_floor(&self) -> bool {
        self.ears.values().any(Ear::floor)
    }
}

fn sum(a: Counts, b: Counts) -> Counts {
    Counts {
        came: a.came.saturating_add(b.came),
        played: a.played.saturating_add(b.played),
        mended: a.mended.saturating_add(b.mended),
        concealed: a.concealed.saturating_add(b.concealed),
        late: a.late.saturating_add(b.late),
    }
}
