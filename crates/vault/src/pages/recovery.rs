//! Taking up a database where the last durable sync left it.

use super::{NEW, Pages};
use crate::bytes::Reader;
use crate::error::VaultError;
use crate::header::Header;
use crate::record::{LogSector, join};
use crate::sector::Text;
use crate::slot::Slot;
use crate::{diff, spare};

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
        let log = pages.read_log()?;
        pages.replay(&log)?;
        pages.check_end_of_log(&log)?;
        pages.wipe_leftovers(&log)?;
        Ok(pages)
    }

    fn read_log(&mut self) -> Result<Vec<Option<LogSector>>, VaultError> {
        let shape = self.header.shape;
        let sectors = shape.log_at()..shape.spare_at();
        sectors.map(|at| Ok(self.slot.read(at)?.and_then(LogSector::parse))).collect()
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
    /// nothing later: that would mean that a record in between, or the header, was destroyed.
    fn check_end_of_log(&self, log: &[Option<LogSector>]) -> Result<(), VaultError> {
        let (generation, number) = (self.header.generation, self.log_number);
        let later = |sector: &LogSector| {
            sector.generation > generation
                || (sector.generation == generation && sector.number > number)
        };
        if log.iter().flatten().any(later) { Err(VaultError::Damaged) } else { Ok(()) }
    }

    /// Overwrites what a crash left readable: unfinished records, an older log, old spares.
    fn wipe_leftovers(&mut self, log: &[Option<LogSector>]) -> Result<(), VaultError> {
        let shape = self.header.shape;
        let mut wiped = false;
        for (sector, at) in log.iter().zip(0_u32..) {
            if sector.is_some() && at >= self.log_next {
                self.slot.wipe(shape.log_at().saturating_add(at), 1)?;
                wiped = true;
            }
        }
        for at in shape.spare_at()..shape.pages_at() {
            if self.slot.read(at)?.is_some() {
                self.slot.wipe(at, 1)?;
                wiped = true;
            }
        }
        if wiped { self.slot.sync() } else { Ok(()) }
    }
}
