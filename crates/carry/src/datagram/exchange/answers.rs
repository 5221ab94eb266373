//! What a packet of the relay says, and which questions it answers.

use std::time::Instant;

use sogon_wire::{
    Reply, Seq, Tag,
    packet::{Answer, Answers},
};

use super::{
    super::{
        air::Heard,
        task::{Task, Unit},
    },
    ASKINGS_MAX, Exchange, Own, READ_BYTES_FIRST, READ_BYTES_MAX,
};

impl Exchange {
    /// Takes a packet of the relay; what it answers completely comes out. Anything else than a
    /// packet sealed with this visit's keys is passed over.
    pub(crate) fn hear(&mut self, datagram: &[u8], now: Instant) -> Option<Vec<(Tag, Reply)>> {
        let plain = self.keys.open_answer(datagram)?;
        let Answers { number, proof, items } = Answers::parse(&plain).ok()?;
        self.proof = proof;
        self.heard = Some(now);
        self.silences = 0;
        self.rate.heard(datagram.len(), now);
        self.acknowledge(number, now);
        let mut replies = Vec::new();
        for item in items {
            if let Some(reply) = self.answer(item) {
                replies.push(reply);
            }
        }
        self.detect_losses(now);
        Some(replies)
    }

    /// The newest packet with these low bits: a visit with a large file has many of them.
    fn number_of(&self, low: u16) -> u64 {
        let last = self.air.next().saturating_sub(1);
        let newest = u16::try_from(last & 0xffff).unwrap_or_default();
        last.saturating_sub(u64::from(newest.wrapping_sub(low)))
    }

    fn acknowledge(&mut self, low: u16, now: Instant) {
        let usual = (self.timing.round_trip(), self.timing.spare());
        let number = self.number_of(low);
        let Some(heard) = self.air.answered(number, now, usual) else { return };
        let Heard { round_trip, alone, bytes, lapsed } = heard;
        self.acked = self.acked.saturating_add(1);
        if lapsed {
            self.lost = self.lost.saturating_sub(1);
        } else {
            self.rate.answered(bytes);
            self.window.answered(bytes, round_trip, now);
        }
        // Every packet has a number of its own, so each answer tells a round trip (RFC 9002, 5.1).
        match alone {
            Some(alone) if self.answered => self.timing.measured(alone),
            Some(alone) => self.timing.measured_first(alone),
            None => return,
        }
        self.answered = true;
    }

    fn answer(&mut self, item: Answer) -> Option<(Tag, Reply)> {
        let own = item.tag();
        if let Answer::Appended(_, seq) = &item {
            self.lay_down(own, *seq);
        }
        let (tag, task) = self.tasks.get_mut(&own)?;
        let tag = *tag;
        let reply = match (item, task) {
            (Answer::Appended(_, seq), Task::Whole(_) | Task::Parcel(_)) => {
                Some(Reply::Appended { seq })
            }
            (Answer::About(_, about), Task::Whole(_)) => Some(Reply::About(about)),
            (Answer::Refused { why, wait_s, .. }, _) => Some(Reply::Refused { why, wait_s }),
            (Answer::Quiet(_), Task::Read(reading)) => Some(reading.quiet()),
            (Answer::Boxes { held, from, boxes, .. }, Task::Read(reading)) => {
                let grew = reading.boxes(held, from, boxes);
                self.read_on(own, grew)
            }
            (Answer::Piece { held, seq, step, index, bytes, .. }, Task::Read(reading)) => {
                let grew = reading.piece(held, seq, step, index, &bytes);
                self.read_on(own, grew)
            }
            (Answer::Waiting(_), Task::Whole(_) | Task::Parcel(_)) => {
                self.parked.insert(own);
                None
            }
            (Answer::Held { of, pieces, .. }, Task::Parcel(parcel)) => {
                parcel.held(of, pieces);
                None
            }
            _ => None,
        }?;
        self.tasks.remove(&own);
        self.asked.remove(&own);
        self.parked.remove(&own);
        self.files.remove(&own);
        Some((tag, reply))
    }

    /// A box of this visit has its place: whoever reads that log has it.
    fn lay_down(&mut self, own: Own, seq: Seq) {
        let Some((log, boxed)) = self.tasks.get(&own).and_then(|(_, task)| task.laid()) else {
            return;
        };
        if let Some(laying) = self.laying.get_mut(&log) {
            *laying = laying.saturating_sub(1);
        }
        self.laying.retain(|_, laying| *laying > 0);
        for (_, task) in self.tasks.values_mut() {
            if let Task::Read(reading) = task
                && reading.log() == log
            {
                reading.laid(seq, boxed.clone());
            }
        }
    }

    /// A read went on: it is whole, or the next page is asked for while this one comes.
    fn read_on(&mut self, own: Own, grew: bool) -> Option<Reply> {
        if grew {
            self.asked.remove(&own);
        }
        let Some((_, Task::Read(reading))) = self.tasks.get_mut(&own) else { return None };
        if self.asked.get(&own).is_some_and(|asked| *asked > ASKINGS_MAX) {
            return reading.so_far();
        }
        if let Some(reply) = reading.done() {
            return Some(reply);
        }
        let key = (own, Unit::Part(reading.on()));
        let flying = self.air.units().any(|unit| *unit == key);
        if reading.goes_on() && !flying {
            self.read_bytes = self.read_bytes.saturating_mul(2).min(self.read_bytes_max());
            self.wait_again(key);
        }
        None
    }

    /// As much as comes in two seconds and a round trip, where that is known.
    fn read_bytes_max(&self) -> u32 {
        let time_ms = self.timing.round_trip_ms.saturating_add(2_000);
        let bytes =
            u64::from(self.timing.rate_down).saturating_mul(time_ms.into()).div_euclid(1_000);
        match u32::try_from(bytes).unwrap_or(u32::MAX) {
            0 => READ_BYTES_MAX,
            bytes => bytes.clamp(READ_BYTES_FIRST, READ_BYTES_MAX),
        }
    }
}
