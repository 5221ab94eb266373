//! Several relays of one conversation: how far a log was read at each, and when it moves on to the
//! next (SPEC 5.8).

use std::collections::BTreeSet;

use sogon_seal::shelf::{Order, Shelf};
use sogon_wire::{Invite, LogName, RelayAddr, Seq};

use super::Work;
use crate::{
    ConversationId, EngineError, RELAYS_MAX,
    engine::Mode,
    rows::{
        ALL, CONVERSATIONS, ConversationRow, INVITES, InviteRow, JOINS, JoinRow, MISSES, PLACES,
        RELAYS, RelaysRow, SELF, State, encode, id_of, number_of, read_all,
    },
};

/// A conversation moves on after so many bursts in a row in which its relay did not answer,
const MOVE_BURSTS: u64 = 3;
/// or, in live mode, after it did not for so many looks, 20 s apart.
const MOVE_LOOKS: u64 = 15;
/// A relay that is only looked at for moves is waited for in a burst so many times as long as the
/// relays that were needed took,
pub(crate) const SPARE_TURNS: u64 = 4;
/// and at least so long,
pub(crate) const SPARE_MS_MIN: u64 = 2_000;
/// and at the most.
pub(crate) const SPARE_MS_MAX: u64 = 15_000;
/// One that did not answer in so many bursts in a row is looked at in one burst
const MISSES_MAX: u64 = 3;
/// of so many.
const SELDOM: u64 = 8;

impl Work<'_> {
    /// How far a log was read at a relay; `own` is the relay its row's cursor is about, and that.
    pub(crate) fn place(
        &self,
        id: ConversationId,
        log: LogName,
        relay: &str,
        own: (&str, Seq),
    ) -> Result<Seq, EngineError> {
        if own.0 == relay {
            return Ok(own.1);
        }
        Ok(self.desk.row(PLACES, &key(id, log, relay))?.map_or(0, |bytes| number_of(&bytes)))
    }

    /// Notes how far a log was read at a relay no row's cursor is about.
    pub(crate) fn keep_place(&self, id: ConversationId, log: LogName, relay: &str, seq: Seq) {
        self.desk.put(PLACES, &key(id, log, relay), seq.to_be_bytes().to_vec());
    }

    /// A log is not read any more.
    pub(crate) fn forget_places(
        &self,
        id: ConversationId,
        log: LogName,
    ) -> Result<(), EngineError> {
        let prefix = key(id, log, "");
        for (rest, _) in self.desk.scan(PLACES, &prefix, None, ALL, Order::Up)? {
            self.desk.delete(PLACES, &rest);
        }
        Ok(())
    }

    /// At the start of a burst: which relays are only looked at, in case somebody moved there, and
    /// which of those not even that, because they have long been silent.
    pub(crate) fn choose_spares(
        &mut self,
        conversations: &[(Vec<u8>, ConversationRow)],
    ) -> Result<(), EngineError> {
        let (mut spares, mut needed) = (BTreeSet::new(), BTreeSet::new());
        for (_, row) in conversations {
            needed.insert(row.relay()?);
            if row.state != State::Over && row.relays.is_some() {
                spares.extend(row.relays()?);
            }
        }
        // Links that somebody may still answer, or that are being answered.
        let links = read_all::<InviteRow>(self.desk, INVITES, b"")?.into_iter();
        let links = links.filter(|(_, row)| !row.used).map(|(_, row)| row.link);
        let joins =
            read_all::<JoinRow>(self.desk, JOINS, b"")?.into_iter().map(|(_, row)| row.link);
        for link in links.chain(joins) {
            let link: Invite = link.parse().map_err(|_| EngineError::Bug)?;
            needed.insert(link.relay);
        }
        spares.retain(|relay| !needed.contains(relay));
        self.memory.begun = self.now.tick;
        self.memory.quiet = None;
        for relay in &spares {
            let misses = self.misses(relay)?;
            if self.memory.mode == Mode::Burst && misses >= MISSES_MAX && misses % SELDOM != 0 {
                self.keep_misses(relay, misses.saturating_add(1));
                self.memory.links.entry(relay.clone()).or_default().skip();
            }
        }
        self.memory.spares = spares;
        Ok(())
    }

    /// After so many bursts or looks in a row a relay counts as silent.
    fn silence(&self) -> u64 {
        if self.memory.mode == Mode::Live { MOVE_LOOKS } else { MOVE_BURSTS }
    }

    /// In how many bursts or looks in a row it did not answer.
    fn misses(&self, relay: &RelayAddr) -> Result<u64, EngineError> {
        let row = self.desk.row(MISSES, relay.to_string().as_bytes())?;
        Ok(row.map_or(0, |bytes| number_of(&bytes)))
    }

    fn keep_misses(&self, relay: &RelayAddr, misses: u64) {
        self.desk.put(MISSES, relay.to_string().as_bytes(), misses.to_be_bytes().to_vec());
    }

    /// A relay answered.
    pub(crate) fn heard_from(&mut self, relay: &RelayAddr) -> Result<(), EngineError> {
        if self.memory.heard.insert(relay.clone()) && self.misses(relay)? > 0 {
            self.desk.delete(MISSES, relay.to_string().as_bytes());
        }
        Ok(())
    }

    /// A relay was given up in this burst, or was silent at another look.
    pub(crate) fn missed(&mut self, relay: &RelayAddr) -> Result<(), EngineError> {
        let misses = self.misses(relay)?.saturating_add(1);
        self.keep_misses(relay, misses);
        if misses < self.silence() || self.memory.spares.contains(relay) {
            return Ok(());
        }
        // What is ordered there may be for another relay now.
        for (key, row) in read_all::<ConversationRow>(self.desk, CONVERSATIONS, b"")? {
            if row.relays.is_some() && row.relay()? == *relay {
                self.memory.stirred.insert(ConversationId(id_of(&key)));
            }
        }
        Ok(())
    }

    /// The relays behind the first of a conversation as they are to be: the owner's own have room
    /// among them, or take the place of one that has long been silent. None when they are so.
    pub(crate) fn mirrors_to_be(
        &self,
        row: &mut ConversationRow,
    ) -> Result<Option<Vec<String>>, EngineError> {
        let Some(to_know) = &row.to_know else { return Ok(None) };
        let before: Vec<String> = row.relays()?.iter().map(ToString::to_string).collect();
        let mut after = before.clone();
        for relay in to_know {
            if after.contains(relay) {
                continue;
            }
            if after.len() < RELAYS_MAX {
                after.push(relay.clone());
                continue;
            }
            let mut dead = None;
            for (place, known) in after.iter().enumerate().skip(1) {
                let known_addr: RelayAddr = known.parse().map_err(|_| EngineError::Bug)?;
                if *known != row.relay && self.misses(&known_addr)? >= MOVE_BURSTS {
                    dead = Some(place);
                }
            }
            if let Some(place) = dead.and_then(|place| after.get_mut(place)) {
                place.clone_from(relay);
            }
        }
        if after == before {
            row.to_know = None;
            return Ok(None);
        }
        Ok(Some(after.split_off(1)))
    }

    /// The owner uses another relay from now on, as the first or the last one; every conversation
    /// is to know it too, so that it can go on there.
    pub(crate) fn add_relay(&mut self, relay: &RelayAddr, first: bool) -> Result<(), EngineError> {
        let address = relay.to_string();
        let mut relays = self.own_relays()?;
        relays.retain(|its| *its != address);
        if relays.len() >= RELAYS_MAX {
            return Err(EngineError::TooLarge);
        }
        let place = if first { 0 } else { relays.len() };
        relays.insert(place, address.clone());
        self.keep_own_relays(relays)?;
        for (key, mut row) in read_all::<ConversationRow>(self.desk, CONVERSATIONS, b"")? {
            if row.state == State::Over {
                continue;
            }
            let to_know = row.to_know.get_or_insert_default();
            if !to_know.contains(&address) {
                to_know.push(address.clone());
            }
            self.keep_conversation(ConversationId(id_of(&key)), &row)?;
        }
        Ok(())
    }

    /// The owner uses a relay no more for what is new. What is there goes on there.
    pub(crate) fn remove_relay(&mut self, relay: &RelayAddr) -> Result<(), EngineError> {
        let address = relay.to_string();
        let mut relays = self.own_relays()?;
        let before = relays.len();
        relays.retain(|its| *its != address);
        match relays.len() {
            0 => return Err(EngineError::NoRelay),
            after if after == before => return Err(EngineError::Unknown),
            _ => {}
        }
        self.keep_own_relays(relays)?;
        for (key, mut row) in read_all::<ConversationRow>(self.desk, CONVERSATIONS, b"")? {
            if let Some(to_know) = &mut row.to_know {
                to_know.retain(|its| *its != address);
                self.keep_conversation(ConversationId(id_of(&key)), &row)?;
            }
        }
        Ok(())
    }

    fn keep_own_relays(&self, relays: Vec<String>) -> Result<(), EngineError> {
        self.desk.put(SELF, RELAYS, encode(&RelaysRow { relays })?);
        Ok(())
    }

    /// The relay a conversation is to move to: its own has long been silent, another one is there,
    /// and something waits.
    pub(crate) fn refuge(
        &self,
        id: ConversationId,
        row: &ConversationRow,
    ) -> Result<Option<u8>, EngineError> {
        if row.relays.is_none() || self.misses(&row.relay()?)? < self.silence() {
            return Ok(None);
        }
        let heard = |relay: &str| {
            relay.parse().is_ok_and(|relay: RelayAddr| self.memory.heard.contains(&relay))
        };
        let moving = row.own.as_ref().and_then(|own| own.relay.as_deref());
        if moving.is_some_and(heard) {
            return Ok(None);
        }
        let changes = row.adds.len().max(row.removals.len()).max(row.readmits.len());
        if row.own.is_none() && changes == 0 && self.outbox(id)?.is_empty() {
            return Ok(None);
        }
        let relays = row.relays.as_deref().unwrap_or_default();
        let here = relays.iter().position(|relay| *relay == row.relay).unwrap_or(0);
        // The next one in the order everybody knows, so that few choose differently.
        let ring = relays.iter().enumerate().cycle().skip(here.saturating_add(1));
        let others = ring.take(relays.len().saturating_sub(1));
        let found = others.into_iter().find(|(_, relay)| heard(relay));
        Ok(found.and_then(|(place, _)| u8::try_from(place).ok()))
    }
}

fn key(id: ConversationId, log: LogName, relay: &str) -> Vec<u8> {
    [id.0.as_slice(), &log.0, relay.as_bytes()].concat()
}
