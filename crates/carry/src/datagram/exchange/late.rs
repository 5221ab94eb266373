//! What did not come in time: packets that are lost, answers in part, silence.

use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

use super::{
    super::{
        reading::Wanted,
        task::{Task, Unit},
    },
    Exchange, Key, Own, PROBES, READ_BYTES_FIRST,
};

impl Exchange {
    pub(super) fn detect_losses(&mut self, now: Instant) {
        self.settle(now);
        for number in self.air.overtaken(now, self.timing.reordered()) {
            self.lose(number, now);
        }
    }

    fn lose(&mut self, number: u64, now: Instant) {
        self.lost = self.lost.saturating_add(1);
        self.window.lost(self.timing.round_trip(), now);
        self.air.lose(number).into_iter().for_each(|key| self.lost_unit(key));
    }

    /// Forgets packets that are dealt with; where the rest of an answer was lost, it is asked for.
    fn settle(&mut self, now: Instant) {
        // In an even visit an answer is one packet: nothing else comes.
        let patience = if self.even { Duration::ZERO } else { self.patience() };
        let last = self.rate.last().unwrap_or(now);
        let (tasks, parked) = (&self.tasks, &self.parked);
        let unparked = |own: &Own| tasks.get(own).filter(|_| !parked.contains(own));
        let missing = |(own, unit): &Key| unparked(own).is_some_and(|(_, task)| !task.has(*unit));
        let open = |(own, unit): &Key| {
            unparked(own).is_some_and(|(_, task)| match (task, unit) {
                (Task::Parcel(parcel), _) => parcel.is_held(),
                (Task::Read(_), Unit::Part(Wanted::On(_))) => true,
                (task, unit) => !task.has(*unit),
            })
        };
        let mut reads = BTreeSet::new();
        for key @ (own, _) in self.air.settle(now, (last, patience), missing, open) {
            match self.tasks.get(&own) {
                Some((_, Task::Read(_))) => {
                    reads.insert(own);
                }
                Some((_, Task::Parcel(parcel))) if parcel.is_held() => self.wait(2, key),
                Some(_) => self.wait_again(key),
                None => {}
            }
        }
        for own in reads {
            self.ask_for_gaps(own);
        }
    }

    /// Questions nothing is on its way for: a packet that counted as lost was answered late and in
    /// part.
    fn orphans(&self) -> Vec<Own> {
        let flying = self.air.units();
        let waiting = self.waiting.iter().map(|(_, _, key)| key);
        let waiting = waiting.filter(|(own, _)| !self.is_held_back(*own));
        let owned: BTreeSet<Own> = flying.chain(waiting).map(|(own, _)| *own).collect();
        let (parked, orphans): (Vec<Own>, Vec<Own>) = self
            .tasks
            .keys()
            .filter(|own| !owned.contains(own) && !self.is_held_back(**own))
            .partition(|own| self.parked.contains(own));
        // Those that wait at the relay are answered with what they wait for; if that is answered
        // and they are not, their answer was lost.
        if orphans.is_empty() && owned.is_empty() { parked } else { orphans }
    }

    fn adopt(&mut self, now: Instant) {
        let patient = self.rest_is_late(now);
        for own in self.orphans().into_iter().filter(|_| patient) {
            match self.tasks.get(&own) {
                Some((_, Task::Read(_))) => self.ask_for_gaps(own),
                Some((_, task)) => {
                    self.parked.remove(&own);
                    let class = self.class(own, task);
                    let mut units = task.units();
                    if units.is_empty() {
                        units.push(Unit::Piece(0));
                    }
                    units.into_iter().for_each(|unit| self.wait(class, (own, unit)));
                }
                None => {}
            }
        }
    }

    fn rest_is_late(&self, now: Instant) -> bool {
        let last = self.rate.last().unwrap_or(self.begun);
        now.saturating_duration_since(last) >= self.patience()
    }

    pub(super) fn ask_for_gaps(&mut self, own: Own) {
        let Some((_, Task::Read(reading))) = self.tasks.get(&own) else { return };
        let units = || self.air.units();
        let waiting = || self.waiting.iter().map(|(_, _, key)| key);
        let goes_on = units()
            .chain(waiting())
            .any(|(of, unit)| *of == own && matches!(unit, Unit::Part(Wanted::On(_))));
        // What is missing is asked for once at a time: the shape of a gap changes while it fills.
        let repairs = units().chain(waiting()).any(|(of, unit)| {
            *of == own && matches!(unit, Unit::Part(Wanted::Gap(..) | Wanted::Pieces(..)))
        });
        let gaps = if repairs { Vec::new() } else { reading.gaps() };
        let on = (!goes_on).then(|| reading.on());
        for wanted in gaps.into_iter().chain(on) {
            self.wait_again((own, Unit::Part(wanted)));
        }
    }

    /// When [`Exchange::tick`] has something to do, if nothing is heard before.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        let patience = self.patience();
        let rest = self
            .air
            .last_heard()
            .and_then(|heard| heard.max(self.rate.last().unwrap_or(heard)).checked_add(patience));
        let adopting = match self.orphans().is_empty() {
            true => None,
            false => self.rate.last().unwrap_or(self.begun).checked_add(patience),
        };
        let lost = self.air.deadline(self.busy_until(), self.timing.reordered());
        [self.copy_at, rest, adopting, lost].into_iter().flatten().min()
    }

    /// How long packets of one answer may be apart: as they were in this visit, and as is known.
    fn patience(&self) -> Duration {
        let apart = self.rate.apart().min(self.timing.round_trip());
        self.timing.patience().max(apart.saturating_mul(2))
    }

    pub(super) fn timer(&self) -> Duration {
        match self.heard {
            Some(_) => self.timing.timer(self.silences),
            None => self.timing.first_timer(self.silences),
        }
    }

    /// While answers come, the way down is busy and not silent: after a large packet as long as
    /// another one takes, and after a small one, which was the last of its answer, not so long.
    fn busy_until(&self) -> Option<Instant> {
        let patience = match self.rate.is_large() {
            true => self.patience(),
            false => self.timing.patience_for_small(),
        };
        self.rate.last().and_then(|last| last.checked_add(patience))
    }

    /// A deadline came.
    pub(crate) fn tick(&mut self, now: Instant) {
        self.detect_losses(now);
        self.adopt(now);
        let late = self.air.overdue(now, self.busy_until());
        let Some(sent) = self.air.last_sent(&late) else { return };
        if self.rate.last().is_some_and(|last| last > sent) {
            late.into_iter().for_each(|number| self.lose(number, now));
            return;
        }
        // Nobody answers: ask for the oldest again, and no more often than the way may bear.
        self.silences = self.silences.saturating_add(1);
        self.read_bytes = self.read_bytes.div_euclid(2).max(READ_BYTES_FIRST);
        late.into_iter().take(PROBES).for_each(|number| self.lose(number, now));
        // Another silence costs more than a copy.
        (self.copied, self.was_silent) = (0, true);
        self.air.put_off(now.checked_add(self.timer()).unwrap_or(now));
    }
}
