//! The store on this machine's own disk: fjall, a keyspace per time step.
//!
//! | keyspace | key | value |
//! | --- | --- | --- |
//! | `b-START-LENGTH` | `0 u8, log, seq u64` | the box |
//! | the same | `1 u8, mark` | `seq u64`: where these bytes stand |
//! | `h-START-LENGTH` | `log` | its [`Head`] |
//! | `counts` | name of a keyspace above | `rows u64, bytes u64` |
//!
//! A group is one batch: journal, fsync, and only then visible to readers, so nobody reads a box
//! that a crash could take back. Expiry drops whole keyspaces, which is instant and gives the
//! space back; a log's head is written again with each box, so heads of living logs move on into
//! newer keyspaces by themselves.

mod shelves;
mod staged;

use std::{
    fmt,
    path::Path,
    sync::{Mutex, PoisonError, RwLock, RwLockReadGuard},
};

use fjall::{Database, Keyspace, KeyspaceCreateOptions};
use sogon_wire::{LogName, SealedBox, Seq};

use self::{
    shelves::{Kind, Shelves, box_key, covers, open_shelf, parse_name},
    staged::Staged,
};
use super::{Appending, Expired, Holdings, Keep, Page, Placed, Seconds, Store, StoreFault};

const COUNTS: &str = "counts";
const CACHE_BYTES: u64 = 64 << 20;

/// Keeps logs in a directory.
pub struct EmbeddedStore {
    keep: Keep,
    database: Database,
    counts: Keyspace,
    shelves: RwLock<Shelves>,
    /// One group at a time.
    writing: Mutex<()>,
}

impl EmbeddedStore {
    /// Opens the store in `directory`, which is made when it does not exist.
    ///
    /// # Errors
    /// [`StoreFault::Locked`] when another process has it open; else what the disk says.
    pub fn open(directory: &Path, keep: Keep) -> Result<Self, StoreFault> {
        let database =
            Database::builder(directory).cache_size(CACHE_BYTES).open().map_err(fault)?;
        let counts = database.keyspace(COUNTS, KeyspaceCreateOptions::default).map_err(fault)?;
        let mut shelves = Shelves::default();
        for name in database.list_keyspace_names() {
            if let Some((kind, start, length_s)) = parse_name(&name) {
                let shelf = open_shelf(&database, &counts, &name, kind, length_s)?;
                shelves.of(kind).insert(start, shelf);
            }
        }
        let shelves = RwLock::new(shelves);
        Ok(Self { keep, database, counts, shelves, writing: Mutex::default() })
    }

    fn shelves(&self) -> RwLockReadGuard<'_, Shelves> {
        self.shelves.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// The start of the shelf for what is appended now; made when it does not exist. A clock that
    /// was set back goes on with the newest shelf, so places and shelves stay in one order.
    fn shelf_now(&self, kind: Kind, now: Seconds) -> Result<Seconds, StoreFault> {
        let length_s = match kind {
            Kind::Boxes => self.keep.step_s(),
            Kind::Heads => self.keep.period_s(),
        };
        let start = now.saturating_sub(now.checked_rem(length_s).unwrap_or_default());
        let newest = match kind {
            Kind::Boxes => self.shelves().boxes.last_key_value().map(covers),
            Kind::Heads => self.shelves().heads.last_key_value().map(covers),
        };
        if let Some((newest, end)) = newest
            && (newest >= start || end > now)
        {
            return Ok(newest);
        }
        let name = format!("{}-{start}-{length_s}", kind.letter());
        let shelf = open_shelf(&self.database, &self.counts, &name, kind, length_s)?;
        let mut shelves = self.shelves.write().unwrap_or_else(PoisonError::into_inner);
        shelves.of(kind).insert(start, shelf);
        Ok(start)
    }
}

impl fmt::Debug for EmbeddedStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EmbeddedStore").field("keep", &self.keep).finish_non_exhaustive()
    }
}

impl Store for EmbeddedStore {
    fn append(&self, now: Seconds, group: &[Appending]) -> Result<Vec<Placed>, StoreFault> {
        let _one_at_a_time = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let step = self.shelf_now(Kind::Boxes, now)?;
        let period = self.shelf_now(Kind::Heads, now)?;
        let mut staged = Staged::new(self, step, period);
        let placed =
            group.iter().map(|one| staged.place(one)).collect::<Result<Vec<_>, StoreFault>>()?;
        staged.commit()?;
        Ok(placed)
    }

    fn read_after(&self, log: LogName, after: Seq, bytes_max: u32) -> Result<Page, StoreFault> {
        let shelves = self.shelves();
        let head = shelves.head(log)?.unwrap_or_default();
        let from = after.saturating_add(1).max(head.first());
        let mut page = Page { from, head: head.last, boxes: Vec::new() };
        if after >= head.last {
            page.from = after.saturating_add(1);
            return Ok(page);
        }
        let places: Vec<_> = head.steps.iter().map(|(step, _)| *step).collect();
        let lasts = head.steps.iter().skip(1).map(|(_, first)| first.saturating_sub(1));
        let spans: Vec<_> = places.into_iter().zip(lasts.chain([head.last])).collect();
        let keyspaces: Vec<_> = spans
            .into_iter()
            .filter(|(_, last)| *last >= from)
            .filter_map(|(step, _)| shelves.boxes.get(&step).map(|s| s.keyspace.clone()))
            .collect();
        drop(shelves);
        let mut room = u64::from(bytes_max);
        for keyspace in keyspaces {
            if !fill(&mut page, &keyspace, log, &mut room)? {
                break;
            }
        }
        Ok(page)
    }

    fn heads(&self, logs: &[LogName]) -> Result<Vec<Seq>, StoreFault> {
        let shelves = self.shelves();
        let last = |log: &LogName| Ok(shelves.head(*log)?.map_or(0, |head| head.last));
        logs.iter().map(last).collect()
    }

    fn expire(&self, now: Seconds) -> Result<Expired, StoreFault> {
        let _one_at_a_time = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let mut old = Vec::new();
        let mut expired = Expired::default();
        {
            let mut shelves = self.shelves.write().unwrap_or_else(PoisonError::into_inner);
            for (kind, keep_s) in
                [(Kind::Boxes, self.keep.boxes_s), (Kind::Heads, self.keep.heads_s)]
            {
                let shelves = shelves.of(kind);
                while let Some(first) = shelves.first_entry() {
                    let (_, end) = covers((first.key(), first.get()));
                    if end.saturating_add(keep_s) > now {
                        break;
                    }
                    let shelf = first.remove();
                    if let Kind::Boxes = kind {
                        expired.boxes = expired.boxes.saturating_add(shelf.rows);
                        expired.bytes = expired.bytes.saturating_add(shelf.bytes);
                    }
                    old.push(shelf);
                }
            }
        }
        for shelf in old {
            self.counts.remove(shelf.name.as_bytes()).map_err(fault)?;
            self.database.delete_keyspace(shelf.keyspace).map_err(fault)?;
        }
        Ok(expired)
    }

    fn holdings(&self) -> Holdings {
        let shelves = self.shelves();
        let (boxes, bytes) = shelves.kept();
        Holdings { boxes, bytes, logs: shelves.logs() }
    }
}

/// Adds the boxes that follow the page's last one; whether the next keyspace should be asked.
fn fill(
    page: &mut Page,
    keyspace: &Keyspace,
    log: LogName,
    room: &mut u64,
) -> Result<bool, StoreFault> {
    let count = u64::try_from(page.boxes.len()).unwrap_or(u64::MAX);
    let mut next = page.from.saturating_add(count);
    for guard in keyspace.range(box_key(log, next)..=box_key(log, page.head)) {
        let (key, bytes) = guard.into_inner().map_err(fault)?;
        if *key != *box_key(log, next) {
            return Ok(false);
        }
        let size = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        let Some(left) = room.checked_sub(size) else { return Ok(false) };
        *room = left;
        page.boxes.push(SealedBox::parse(&bytes).map_err(|_| StoreFault::Unreadable)?);
        next = next.saturating_add(1);
    }
    Ok(true)
}

fn fault(error: fjall::Error) -> StoreFault {
    use std::io::ErrorKind;
    let kind = match error {
        fjall::Error::Io(error) | fjall::Error::Storage(fjall::LsmError::Io(error)) => error.kind(),
        fjall::Error::Locked => return StoreFault::Locked,
        fjall::Error::InvalidVersion(_) => return StoreFault::Unreadable,
        _ => return StoreFault::Broken,
    };
    match kind {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => StoreFault::DiskFull,
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => StoreFault::NotPermitted,
        _ => StoreFault::Broken,
    }
}
