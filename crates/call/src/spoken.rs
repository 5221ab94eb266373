//! What was said, until everybody in the call is known to have heard it.

use std::collections::{BTreeMap, VecDeque};

/// Kept of what was said and not known to be heard: ten minutes.
const FRAMES_MAX: usize = 30_000;
/// When somebody hears again after so long, in ticks, what lies between was lost: no mending reaches
/// so far.
const GAP: u32 = 75;
/// Whoever said nothing for so long while others did has gone, in ticks.
const AWAY: u32 = 3_000;

/// Frames with their places, and how far each of the others heard.
#[derive(Debug, Default)]
pub(crate) struct Spoken {
    frames: VecDeque<(u32, Vec<i16>)>,
    /// What fell into a gap of somebody's line: it is known not to be heard.
    lost: Vec<(u32, Vec<i16>)>,
    /// By leaf.
    listeners: BTreeMap<u8, Listener>,
    /// First and last places that somebody missed and others may still hear.
    gaps: Vec<(u32, u32)>,
}

#[derive(Clone, Copy, Debug)]
struct Listener {
    heard: u32,
    /// When it said so.
    told: u32,
}

impl Spoken {
    /// Something more was said.
    pub(crate) fn push(&mut self, place: u32, frame: Vec<i16>) {
        self.frames.push_back((place, frame));
        if self.frames.len() > FRAMES_MAX {
            self.frames.pop_front();
        }
    }

    /// Somebody says, at `now`, how far they heard; whether that is news of the only one there is.
    pub(crate) fn told(&mut self, leaf: u8, heard: u32, now: u32) -> bool {
        // The first that is heard is not the first that was said: nobody was there before.
        let first = Listener { heard, told: now };
        let before = self.listeners.insert(leaf, first);
        let from = before.map_or(heard, |before| before.heard);
        let news = before.is_none() || heard > from;
        if heard.saturating_sub(from) > GAP {
            self.gaps.push((from.saturating_add(1), heard.saturating_sub(1)));
        }
        if let Some(listener) = self.listeners.get_mut(&leaf) {
            listener.heard = heard.max(from);
        }
        self.listeners.retain(|_, its| now.saturating_sub(its.told) <= AWAY);
        self.settle();
        news && self.listeners.len() == 1
    }

    /// What everybody is past is forgotten, but for what somebody missed.
    fn settle(&mut self) {
        let past = self.listeners.values().map(|its| its.heard).min().unwrap_or(0);
        let known = self.frames.iter().take_while(|(place, _)| *place <= past).count();
        for (place, frame) in self.frames.drain(..known) {
            if self.gaps.iter().any(|(first, last)| (first..=last).contains(&&place)) {
                self.lost.push((place, frame));
            }
        }
        let surplus = self.lost.len().saturating_sub(FRAMES_MAX);
        self.lost.drain(..surplus);
        self.gaps.retain(|(_, last)| *last > past);
    }

    /// What is not known to be heard by everybody.
    pub(crate) fn unheard(&self) -> impl Iterator<Item = (u32, &[i16])> {
        self.lost.iter().chain(&self.frames).map(|(place, frame)| (*place, frame.as_slice()))
    }

    /// What somebody is known to have missed, and with `tail` also what nobody heard since the last
    /// of them did.
    pub(crate) fn missed(&self, tail: bool) -> impl Iterator<Item = (u32, &[i16])> {
        let last = self.listeners.values().map(|its| its.heard).max();
        let tail =
            move |(place, _): &&(u32, Vec<i16>)| tail && last.is_some_and(|last| *place > last);
        let all = self.lost.iter().chain(self.frames.iter().filter(tail));
        all.map(|(place, frame)| (*place, frame.as_slice()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(places: u32) -> Spoken {
        let mut spoken = Spoken::default();
        for place in 1..=places {
            spoken.push(place, vec![0]);
        }
        spoken
    }

    fn places<'a>(all: impl Iterator<Item = (u32, &'a [i16])>) -> Vec<u32> {
        all.map(|(place, _)| place).collect()
    }

    #[test]
    fn what_one_of_several_missed_is_kept_though_the_others_heard_it() {
        let mut spoken = said(400);
        assert!(spoken.told(1, 10, 10), "the only one so far");
        assert!(!spoken.told(2, 10, 10));
        for heard in 11..=400 {
            spoken.told(1, heard, heard);
            if !(100..300).contains(&heard) {
                spoken.told(2, heard, heard);
            }
        }
        assert_eq!(places(spoken.missed(true)), (100..300).collect::<Vec<_>>());
        assert_eq!(places(spoken.unheard()), (100..300).collect::<Vec<_>>());
    }

    #[test]
    fn what_nobody_heard_since_is_kept_where_ones_own_line_is_dead() {
        let mut spoken = said(500);
        for leaf in [1, 2, 3] {
            spoken.told(leaf, 200 + u32::from(leaf), 210);
        }
        assert_eq!(places(spoken.missed(false)), Vec::<u32>::new());
        assert_eq!(places(spoken.missed(true)), (204..=500).collect::<Vec<_>>());
        // Everybody is there again, and what lay between was lost.
        for leaf in [1, 2, 3] {
            spoken.told(leaf, 450, 460);
        }
        assert_eq!(places(spoken.missed(false)), (202..450).collect::<Vec<_>>());
    }

    #[test]
    fn whoever_has_gone_is_not_waited_for() {
        let mut spoken = said(4_000);
        spoken.told(1, 50, 50);
        spoken.told(2, 50, 50);
        for heard in 51..=4_000 {
            spoken.told(1, heard, heard);
        }
        assert_eq!(places(spoken.unheard()), Vec::<u32>::new());
        assert!(spoken.gaps.is_empty());
    }

    #[test]
    fn a_word_from_before_moves_nothing_back() {
        let mut spoken = said(100);
        spoken.told(1, 60, 60);
        assert!(!spoken.told(1, 40, 61));
        assert_eq!(places(spoken.unheard()), (61..=100).collect::<Vec<_>>());
    }
}
