//! Taking up a database where the last durable sync left it.

use std::collections::BTreeMap;

use super::{NEW, Pages};
use crate::bytes::Reader;
use crate::error::VaultError;
use crate::header::Header;
use crate::record::{LogSector, join};
use crate::sector::Text;
use crate::slot::Slot;
use crate::{diff, spare};

/// The log as it was found.
struct Log {
    sectors: Vec<Option<LogSector>>,
    /// Those that the disk could not read, and what it said. They hold nothing.
    unreadable: BTreeMap<usize, VaultError>,
}

impl Pages {
    /// Takes up the database where the last durable sync left it.
    pub(crate) fn open(mut slot: Slot) -> Result<Self, VaultError> {
        let header = Header::take_up(&mut slot)?;
        let mut pages = Self::new(slot, header);
        if header.pages > pages.count_max() {
            return Err(VaultError::Damaged);
        }
        // A settling was cut short when there are spares: sectors may be torn, and the copies are
        // all that is whole. They go home before anything else is written.
        spare::finish(&mut pages.slot, header)?;
        let log = pages.read_log();
        pages.replay(&log.sectors)?;
        pages.check_end_of_log(&log)?;
        pages.wipe_leftovers(&log)?;
        Ok(pages)
    }

    fn read_log(&mut self) -> Log {
        let shape = self.header.shape;
        let mut log = Log { sectors: Vec::new(), unreadable: BTreeMap::new() };
        for at in shape.log_at()..shape.spare_at() {
            let text = self.slot.read(at).unwrap_or_else(|refusal| {
                log.unreadable.insert(log.sectors.len(), refusal);
                None
            });
            log.sectors.push(text.and_then(LogSector::parse));
        }
        log
    }

    fn replay(&mut self, log: &[Option<LogSector>]) -> Result<(), VaultError> {
        let mut rest = log;
        while let Some((sectors, record)) = join(rest, self.header.generation, self.log_number) {
            self.apply(&record)?;
            rest = rest.get(sectors..).unwrap_or(&[]);
            self.log_number = self.log_number.saturating_add(1);
        }
        let used = log.len().saturating_sub(rest.len());
        self.log_next = u32::try_from(used).map_err(|_| VaultError::Bug)?;
        self.log_touched = self.log_next;
        self.dirty_count = self.count;
        Ok(())
    }

    /// The pages may be further on already: a settling does not wait for the log. Their runs, applied
    /// again in order, lead to the same end.
    fn apply(&mut self, record: &[u8]) -> Result<(), VaultError> {
        let mut fields = Reader::new(record);
        let count = fields.u32().ok_or(VaultError::Damaged)?;
        if count > self.count_max() || count < self.count {
            return Err(VaultError::Damaged);
        }
        loop {
            let page = fields.u32().ok_or(VaultError::Damaged)?;
            if page == u32::MAX {
                break;
            }
            let new = page & NEW != 0;
            let page = page & !NEW;
            let mut text = if new { Text::zeros() } else { self.synced(page)? };
            diff::apply(&mut text, &mut fields).ok_or(VaultError::Damaged)?;
            self.ahead.insert(page, text);
        }
        self.count = count;
        Ok(())
    }

    /// After the last whole record there may lie the pieces of one that was never finished, but
    /// nothing later: that would mean that a record in between, or the header, was destroyed. One
    /// sector that cannot be read may be such a piece. Of two in a row each may be a step that was
    /// acknowledged: then nothing is forgotten, and the disk is to be asked again.
    fn check_end_of_log(&self, log: &Log) -> Result<(), VaultError> {
        let (generation, number) = (self.header.generation, self.log_number);
        let later = |sector: &LogSector| {
            sector.generation > generation
                || (sector.generation == generation && sector.number > number)
        };
        let first = usize::try_from(self.log_next).map_err(|_| VaultError::Bug)?;
        let end = log.sectors.iter().enumerate().skip(first).take_while(|(at, sector)| {
            let ours = sector.as_ref().is_some_and(|sector| sector.generation == generation);
            ours || log.unreadable.contains_key(at)
        });
        let in_doubt = end.filter(|(_, sector)| sector.is_none()).count();
        if in_doubt > 1 || log.sectors.iter().flatten().any(later) {
            let refusal = log.unreadable.values().next().copied();
            return Err(refusal.unwrap_or(VaultError::Damaged));
        }
        Ok(())
    }

    /// Overwrites what a crash left readable: unfinished records, an older log, old spares. What
    /// cannot be read there heals.
    fn wipe_leftovers(&mut self, log: &Log) -> Result<(), VaultError> {
        let shape = self.header.shape;
        let mut wiped = false;
        for ((at, sector), place) in log.sectors.iter().enumerate().zip(shape.log_at()..) {
            let free = place >= shape.log_at().saturating_add(self.log_next);
            if free && (sector.is_some() || log.unreadable.contains_key(&at)) {
                self.slot.wipe(place, 1)?;
                wiped = true;
            }
        }
        for at in shape.spare_at()..shape.pages_at() {
            if !matches!(self.slot.read(at), Ok(None)) {
                self.slot.wipe(at, 1)?;
                wiped = true;
            }
        }
        if wiped { self.slot.sync() } else { Ok(()) }
    }
}
