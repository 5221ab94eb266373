//! The pages of the database in a slot, where every sync is whole or did not happen.
//!
//! What SQLite writes is held in memory until it syncs. Then the *changed bytes* of all pages go to
//! the log as one record, one sync makes it durable, and the pages stay in memory as *ahead* of
//! their sectors. A *settling* carries them home: full copies into the spare region first, since a
//! sector torn while it is overwritten can not be opened any more, then into place, then the log
//! begins anew and the old one is overwritten with noise.

use std::collections::BTreeMap;

use sogon_vault_door::{PageFile, Refusal};
use zeroize::Zeroizing;

use crate::bytes::Reader;
use crate::error::VaultError;
use crate::header::{Header, Shape};
use crate::record::{LogSector, cut, join, sectors_for};
use crate::sector::{SECTOR_BYTES, Text};
use crate::slot::Slot;
use crate::spare::{self, Spares};
use crate::{blank, diff};

/// A record beyond this size leaves its new pages out and writes them where they belong.
const RECORD_BYTES_WISH: usize = 64 * 1024;
/// Pages kept ahead of their sectors before they are carried home.
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

    /// Takes up the database where the last durable sync left it.
    pub(crate) fn open(mut slot: Slot) -> Result<Self, VaultError> {
        let header = Header::read(&mut slot)?;
        let mut pages = Self::new(slot, header);
        if header.pages > pages.count_max() {
            return Err(VaultError::Damaged);
        }
        let spares = spare::load(&mut pages.slot, header)?;
        let log = pages.read_log()?;
        pages.replay(&log, &spares)?;
        pages.check_end_of_log(&log)?;
        if !spares.is_empty() {
            // A settling was cut short: some sectors may be torn, and only the spares are whole.
            pages.settle()?;
        }
        pages.wipe_leftovers(&log)?;
        Ok(pages)
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
            log_number: 0,
            fault: None,
            lost: false,
        }
    }

    /// The slot, for work on its key block.
    pub(crate) fn slot(&mut self) -> &mut Slot {
        &mut self.slot
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
        if self.log_next == 0 && self.ahead.is_empty() {
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
        let (shape, log_used) = (header.shape, self.log_next);
        self.log_next = 0;
        self.log_number = 0;
        self.slot.wipe(shape.log_at(), log_used)?;
        self.slot.wipe(shape.spare_at(), u32::try_from(used).unwrap_or(shape.spare))?;
        self.sync_or_lose()
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
        let mut change = self.change(count, Scope::All)?;
        if change.record.len() > RECORD_BYTES_WISH && count > self.count {
            self.write_new_pages_home(count)?;
            change = self.change(count, Scope::OldPages)?;
        }
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
        if self.ahead.len() > AHEAD_MAX {
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
        let texts = cut(self.header.generation, self.log_number, record)?;
        for (text, at) in texts.iter().zip(self.log_next..) {
            self.slot.write(self.header.shape.log_at().saturating_add(at), text)?;
        }
        self.sync_or_lose()?;
        self.log_next = self.log_next.saturating_add(sectors);
        self.log_number = self.log_number.saturating_add(1);
        Ok(())
    }

    fn read_log(&mut self) -> Result<Vec<Option<LogSector>>, VaultError> {
        let shape = self.header.shape;
        let sectors = shape.log_at()..shape.spare_at();
        sectors.map(|at| Ok(self.slot.read(at)?.and_then(LogSector::parse))).collect()
    }

    fn replay(&mut self, log: &[Option<LogSector>], spares: &Spares) -> Result<(), VaultError> {
        let mut rest = log;
        while let Some((sectors, record)) = join(rest, self.header.generation, self.log_number) {
            self.apply(&record, spares)?;
            rest = rest.get(sectors..).unwrap_or(&[]);
            self.log_number = self.log_number.saturating_add(1);
        }
        let used = log.len().saturating_sub(rest.len());
        self.log_next = u32::try_from(used).map_err(|_| VaultError::Bug)?;
        self.dirty_count = self.count;
        Ok(())
    }

    fn apply(&mut self, record: &[u8], spares: &Spares) -> Result<(), VaultError> {
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
            let mut text = if new { Text::zeros() } else { self.base(page, spares)? };
            diff::apply(&mut text, &mut fields).ok_or(VaultError::Damaged)?;
            self.ahead.insert(page, text);
        }
        self.count = count;
        Ok(())
    }

    /// What a page's runs are applied to: any of its states since the log began will do.
    fn base(&mut self, page: u32, spares: &Spares) -> Result<Text, VaultError> {
        match self.synced(page) {
            Err(VaultError::Damaged) => spares.get(&page).cloned().ok_or(VaultError::Damaged),
            other => other,
        }
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

    fn read_bytes(&mut self, offset: u64, buf: &mut [u8]) -> Result<usize, VaultError> {
        let mut done = 0_usize;
        for (page, within, length) in spans(offset, buf.len()) {
            if page >= self.dirty_count {
                break;
            }
            let text = match self.dirty.get(&page) {
                Some(text) => text.clone(),
                None if page >= self.count => Text::zeros(),
                None => self.synced(page)?,
            };
            let end = done.saturating_add(length);
            let out = buf.get_mut(done..end).ok_or(VaultError::Bug)?;
            // The last bytes of a page belong to the nonce and the tag and read as zeros.
            let bytes = text.bytes().iter().copied().chain(std::iter::repeat(0)).skip(within);
            out.iter_mut().zip(bytes).for_each(|(to, from)| *to = from);
            done = end;
        }
        Ok(done)
    }

    fn write_bytes(&mut self, offset: u64, bytes: &[u8]) -> Result<(), VaultError> {
        let mut rest = bytes;
        for (page, within, length) in spans(offset, bytes.len()) {
            if page >= self.count_max() {
                return Err(VaultError::HomeFull);
            }
            let (piece, tail) = rest.split_at_checked(length).ok_or(VaultError::Bug)?;
            rest = tail;
            let mut text = match self.dirty.remove(&page) {
                Some(text) => text,
                None if length == SECTOR_BYTES || page >= self.count => Text::zeros(),
                None => self.synced(page)?,
            };
            let out = text.bytes_mut().get_mut(within..).unwrap_or(&mut []);
            out.iter_mut().zip(piece).for_each(|(to, from)| *to = *from);
            self.dirty.insert(page, text);
            self.dirty_count = self.dirty_count.max(page.saturating_add(1));
        }
        Ok(())
    }

    fn cut(&mut self, size: u64) {
        let pages = u32::try_from(size.div_ceil(SECTOR_BYTES as u64)).unwrap_or(u32::MAX);
        self.dirty_count = pages.max(self.count).min(self.dirty_count);
        self.dirty.split_off(&pages.max(self.count));
    }

    fn noted<T>(&mut self, result: Result<T, VaultError>) -> Result<T, Refusal> {
        result.map_err(|error| {
            self.fault.get_or_insert(error);
            match error {
                VaultError::DiskFull | VaultError::HomeFull | VaultError::BatchTooLarge => {
                    Refusal::Full
                }
                VaultError::Damaged => Refusal::Unreadable,
                _ => Refusal::Failed,
            }
        })
    }
}

impl PageFile for Pages {
    fn read(&mut self, offset: u64, buf: &mut [u8]) -> Result<usize, Refusal> {
        let result = self.read_bytes(offset, buf);
        self.noted(result)
    }

    fn write(&mut self, offset: u64, bytes: &[u8]) -> Result<(), Refusal> {
        let result = self.write_bytes(offset, bytes);
        self.noted(result)
    }

    /// The database never gets shorter than it durably is: its free pages stay its own.
    fn truncate(&mut self, size: u64) -> Result<(), Refusal> {
        self.cut(size);
        Ok(())
    }

    fn sync(&mut self) -> Result<(), Refusal> {
        let result = self.commit();
        self.noted(result)
    }

    fn size(&self) -> u64 {
        u64::from(self.dirty_count).saturating_mul(SECTOR_BYTES as u64)
    }
}

/// The pieces of `length` bytes from `offset` that lie in one page each: page, start, length.
fn spans(offset: u64, length: usize) -> impl Iterator<Item = (u32, usize, usize)> {
    let bytes = SECTOR_BYTES as u64;
    let end = offset.saturating_add(length as u64);
    let mut at = offset;
    std::iter::from_fn(move || {
        if at >= end {
            return None;
        }
        let page = at / bytes;
        let stop = page.saturating_add(1).saturating_mul(bytes).min(end);
        let within = usize::try_from(at % bytes).ok()?;
        let length = usize::try_from(stop.saturating_sub(at)).ok()?;
        at = stop;
        Some((u32::try_from(page).ok()?, within, length))
    })
}
