//! The pages of the database in a slot, where every sync is whole or did not happen.
//!
//! What SQLite writes is held in memory until it syncs. Then the *changed bytes* of all pages go to
//! the log as one record, one sync makes it durable, and the pages stay in memory as *ahead* of
//! their sectors. A *settling* carries them home: full copies into the spare region first, since a
//! sector torn while it is overwritten can not be opened any more, then into place, then the log
//! begins anew and the old one is overwritten with noise.

mod file;
mod recovery;

use std::collections::BTreeMap;

use zeroize::Zeroizing;

use crate::error::VaultError;
use crate::header::{Header, Shape};
use crate::record::{cut, sectors_for};
use crate::sector::{TEXT_BYTES, Text};
use crate::slot::Slot;
use crate::{blank, diff, memory, spare};

/// From so many new pages on, a transaction writes them where they belong and not to the log.
const NEW_PAGES_IN_LOG_MAX: u32 = 16;
/// Pages kept ahead of their sectors before they are carried home; fewer where memory is scarce.
const AHEAD_MAX: usize = 1024;
/// Marks, in a record, a page that is new: its runs start from zeros.
const NEW: u32 = 1 << 31;

/// Which of the pages written since the last sync a record is to hold.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Scope {
    All,
    OldPages,
}

/// One transaction, ready for the log: the record and the pages it changes.
struct PageChange {
    record: Zeroizing<Vec<u8>>,
    pages: Vec<u32>,
}

/// The database of an open slot.
pub(crate) struct Pages {
    slot: Slot,
    header: Header,
    /// Pages of the database as of the last sync.
    count: u32,
    /// Durable in the log, not yet in their sectors.
    ahead: BTreeMap<u32, Text>,
    /// Written since the last sync.
    dirty: BTreeMap<u32, Text>,
    dirty_count: u32,
    /// The first log sector that is free.
    log_next: u32,
    /// The log sectors before this one may hold something, if only of a try that failed.
    log_touched: u32,
    /// The number of the next record.
    log_number: u64,
    /// Why the last refusal.
    fault: Option<VaultError>,
    /// A sync failed: nobody knows what is on the disk until it is opened again.
    lost: bool,
}

impl Pages {
    /// Begins an empty database in a slot.
    pub(crate) fn create(mut slot: Slot) -> Result<Self, VaultError> {
        let shape = Shape::for_slot(slot.sectors());
        let header = Header { shape, generation: 1, pages: 1 };
        slot.write(shape.pages_at(), &blank::page())?;
        header.write(&mut slot)?;
        slot.sync()?;
        Ok(Self::new(slot, header))
    }

    fn new(slot: Slot, header: Header) -> Self {
        Self {
            slot,
            header,
            count: header.pages,
            ahead: BTreeMap::new(),
            dirty: BTreeMap::new(),
            dirty_count: header.pages,
            log_next: 0,
            log_touched: 0,
            log_number: 0,
            fault: None,
            lost: false,
        }
    }

    /// The slot, for work on its key block.
    pub(crate) fn slot(&mut self) -> &mut Slot {
        &mut self.slot
    }

    /// How the sectors of the slot are shared out.
    pub(crate) fn shape(&self) -> Shape {
        self.header.shape
    }

    /// The most pages the database can have.
    pub(crate) fn count_max(&self) -> u32 {
        self.slot.sectors().saturating_sub(self.header.shape.pages_at()).min(NEW.saturating_sub(1))
    }

    /// Why the last refusal was, once.
    pub(crate) fn take_fault(&mut self) -> Option<VaultError> {
        self.fault.take()
    }

    /// Forgets what was written since the last sync.
    pub(crate) fn discard(&mut self) {
        self.dirty.clear();
        self.dirty_count = self.count;
    }

    /// Carries all pages home and overwrites the log, so that only what is alive can be read.
    pub(crate) fn settle(&mut self) -> Result<(), VaultError> {
        if self.lost {
            return Err(VaultError::Reopen);
        }
        if self.log_touched == 0 && self.ahead.is_empty() {
            return Ok(());
        }
        let used = self.ahead.len().min(spare::round_max(self.header.shape)).saturating_add(1);
        for round in spare::rounds(self.header.shape, &self.ahead) {
            let kept = spare::keep(&mut self.slot, self.header, &round);
            self.lost |= matches!(kept, Err(VaultError::Io(_)));
            kept?;
            // From the first overwritten page to the last, only the copies aside are sure to be
            // whole; they must not be overwritten by another try.
            let carried = spare::carry(&mut self.slot, self.header, &round);
            self.lost |= carried.is_err();
            carried?;
        }
        let generation = self.header.generation.saturating_add(1);
        let header = Header { generation, pages: self.count, ..self.header };
        let written = header.write(&mut self.slot);
        // Once a newer header may be on the disk, records under the old one would not count.
        self.lost = written.is_err();
        written?;
        self.header = header;
        self.ahead.clear();
        let (shape, log_used) = (header.shape, self.log_touched);
        self.log_next = 0;
        self.log_touched = 0;
        self.log_number = 0;
        self.slot.wipe(shape.log_at(), log_used)?;
        self.slot.wipe(shape.spare_at(), u32::try_from(used).unwrap_or(shape.spare))?;
        self.sync_or_lose()
    }

    /// Writes every sector of the slot anew: pages by way of the spare copies, noise elsewhere.
    pub(crate) fn reseal(&mut self) -> Result<(), VaultError> {
        self.settle()?;
        let all: Vec<u32> = (0..self.count).collect();
        for chunk in all.chunks(spare::round_max(self.header.shape)) {
            let mut texts = BTreeMap::new();
            for page in chunk {
                texts.insert(*page, self.synced(*page)?);
            }
            let round: Vec<_> = texts.iter().map(|(page, text)| (*page, text)).collect();
            spare::keep(&mut self.slot, self.header, &round)?;
            let carried = spare::carry(&mut self.slot, self.header, &round);
            self.lost |= carried.is_err();
            carried?;
        }
        let generation = self.header.generation.saturating_add(1);
        let header = Header { generation, ..self.header };
        let written = header.write(&mut self.slot);
        self.lost |= written.is_err();
        written?;
        self.header = header;
        let (shape, end) = (header.shape, self.slot.sectors());
        self.slot.wipe(shape.log_at(), shape.log.saturating_add(shape.spare))?;
        let free = shape.pages_at().saturating_add(self.count);
        self.slot.wipe(free, end.saturating_sub(free))?;
        self.sync_or_lose()
    }

    /// Writes nothing more: what is in the slot is given up.
    pub(crate) fn abandon(&mut self) {
        self.ahead.clear();
        self.lost = true;
    }

    /// After a sync that failed, nobody knows what is on the disk.
    fn sync_or_lose(&mut self) -> Result<(), VaultError> {
        let synced = self.slot.sync();
        self.lost |= synced.is_err();
        synced
    }

    /// The content of a page as of the last sync.
    fn synced(&mut self, page: u32) -> Result<Text, VaultError> {
        if let Some(text) = self.ahead.get(&page) {
            return Ok(text.clone());
        }
        self.slot.read(self.home(page))?.ok_or(VaultError::Damaged)
    }

    fn home(&self, page: u32) -> u32 {
        self.header.shape.pages_at().saturating_add(page)
    }

    fn commit(&mut self) -> Result<(), VaultError> {
        if self.lost {
            return Err(VaultError::Reopen);
        }
        // A page that was skipped over is all zeros, whatever lay there before.
        for page in self.count..self.dirty_count {
            self.dirty.entry(page).or_insert_with(Text::zeros);
        }
        let count = self.count.max(self.dirty_count);
        let scope = if count.saturating_sub(self.count) > NEW_PAGES_IN_LOG_MAX {
            self.write_new_pages_home(count)?;
            Scope::OldPages
        } else {
            Scope::All
        };
        let change = self.change(count, scope)?;
        if !change.pages.is_empty() || count > self.count {
            self.append(&change.record)?;
            for page in &change.pages {
                if let Some(text) = self.dirty.remove(page) {
                    self.ahead.insert(*page, text);
                }
            }
            self.count = count;
        }
        self.discard();
        if self.ahead.len() > memory::room(AHEAD_MAX.saturating_mul(TEXT_BYTES)) / TEXT_BYTES {
            // The transaction is durable; should this fail, the next one meets the reason.
            let _ = self.settle();
        }
        Ok(())
    }

    /// What changed since the last sync.
    fn change(&mut self, count: u32, scope: Scope) -> Result<PageChange, VaultError> {
        let dirty = std::mem::take(&mut self.dirty);
        let change = self.change_of(&dirty, count, scope);
        self.dirty = dirty;
        change
    }

    fn change_of(
        &mut self,
        dirty: &BTreeMap<u32, Text>,
        count: u32,
        scope: Scope,
    ) -> Result<PageChange, VaultError> {
        let mut record = Zeroizing::new(count.to_le_bytes().to_vec());
        let mut pages = Vec::new();
        for (page, text) in dirty {
            let new = *page >= self.count;
            if new && scope == Scope::OldPages {
                continue;
            }
            let base = if new { Text::zeros() } else { self.synced(*page)? };
            let start = record.len();
            record.extend_from_slice(&(page | if new { NEW } else { 0 }).to_le_bytes());
            if diff::encode(&base, text, &mut record) || new {
                pages.push(*page);
            } else {
                record.truncate(start);
            }
        }
        record.extend_from_slice(&u32::MAX.to_le_bytes());
        Ok(PageChange { record, pages })
    }

    /// Nobody reads these sectors before the record that counts them is durable.
    fn write_new_pages_home(&mut self, count: u32) -> Result<(), VaultError> {
        let first = self.header.shape.pages_at();
        for (page, text) in self.dirty.range(self.count..count) {
            self.slot.write(first.saturating_add(*page), text)?;
        }
        self.sync_or_lose()
    }

    fn append(&mut self, record: &[u8]) -> Result<(), VaultError> {
        let sectors = u32::try_from(sectors_for(record.len())).unwrap_or(u32::MAX);
        if sectors > self.header.shape.log {
            return Err(VaultError::BatchTooLarge);
        }
        if self.log_next.saturating_add(sectors) > self.header.shape.log {
            self.settle()?;
        }
        self.log_touched = self.log_touched.max(self.log_next.saturating_add(sectors));
        let texts = cut(self.header.generation, self.log_number, record)?;
        for (text, at) in texts.iter().zip(self.log_next..) {
            self.slot.write(self.header.shape.log_at().saturating_add(at), text)?;
        }
        self.sync_or_lose()?;
        self.log_next = self.log_next.saturating_add(sectors);
        self.log_number = self.log_number.saturating_add(1);
        Ok(())
    }
}
