//! What leaves once more before anybody knows that it was lost (decision 0142).
//!
//! A line is silent for a round trip when the last packet left, and a loss in the last ones shows
//! only after it. Where much is lost, what nobody answered yet leaves again in that silence.

use std::time::Instant;

use super::{super::task::Task, Exchange};

/// Of a thousand packets so many lost: the last ones of a flight leave twice.
const LOSSY: u16 = 130;
/// And here three times, and what is to be read is asked for again too, though it may come twice.
const VERY_LOSSY: u16 = 240;
/// And here four times: one text in fifteen, not one in seven, finds that all of them were in vain.
const MOSTLY_LOST: u16 = 380;
/// Fewer packets say nothing of the loss.
const KNOWN_LEAST: u32 = 4;
/// So many packets that nobody answered leave again.
const PACKETS_MAX: usize = 3;
/// A copy asks to read so much: should both be answered, one packet more comes.
pub(super) const READ_BYTES: u32 = 1_200;

impl Exchange {
    /// A packet left. If it was the last, copies leave as soon as it is through, and some later:
    /// losses come in rows.
    pub(super) fn plan_copies(&mut self, now: Instant) {
        if self.copied < self.copies_max() && self.waiting.is_empty() {
            let apart = self.timing.round_trip().div_f64(8.0);
            self.copy_at = Some(self.air.free(now).max(now.checked_add(apart).unwrap_or(now)));
        }
    }

    /// Asks again what is due to be asked again.
    pub(super) fn send_copies(&mut self, now: Instant) {
        if self.copy_at.take_if(|at| *at <= now).is_none() || !self.waiting.is_empty() {
            return;
        }
        self.copied = self.copied.saturating_add(1);
        let reads_too = self.was_silent || self.loss_permille() >= VERY_LOSSY;
        for key in self.air.unheard(PACKETS_MAX).collect::<Vec<_>>() {
            let is_read =
                self.tasks.get(&key.0).is_some_and(|(_, task)| matches!(task, Task::Read(_)));
            if is_read && reads_too {
                self.hurried.insert(key.0);
            }
            if reads_too || !is_read {
                self.wait_again(key);
            }
        }
    }

    /// How many more times the last packets of a flight are worth sending.
    fn copies_max(&self) -> u8 {
        match self.loss_permille() {
            _ if self.even => 0,
            MOSTLY_LOST.. => 3,
            VERY_LOSSY.. => 2,
            LOSSY.. => 1,
            _ => self.was_silent.into(),
        }
    }

    /// What is lost of a thousand packets: as it usually is, or as it is here if that is more.
    fn loss_permille(&self) -> u16 {
        let known = self.lost.saturating_add(self.acked);
        let here = self.lost.saturating_mul(1_000).checked_div(known).unwrap_or_default();
        let here = if known < KNOWN_LEAST { 0 } else { here.min(1_000) };
        self.timing.loss_permille.max(u16::try_from(here).unwrap_or(1_000))
    }
}
