//! A group of boxes on its way into one batch.

use std::{
    collections::{BTreeMap, btree_map::Entry},
    sync::PoisonError,
};

use fjall::{OwnedWriteBatch, PersistMode};
use sogon_wire::{LogName, Seq};

use super::{
    EmbeddedStore, fault,
    shelves::{Shelves, box_key, mark_key},
};
use crate::store::{Appending, Mark, Placed, Seconds, StoreFault, head::Head};

/// A group on its way into one batch.
pub(super) struct Staged<'a> {
    store: &'a EmbeddedStore,
    shelves: Shelves,
    step: Seconds,
    period: Seconds,
    heads: BTreeMap<LogName, Head>,
    marks: BTreeMap<Mark, Seq>,
    batch: OwnedWriteBatch,
    bytes: u64,
    logs: u64,
}

impl<'a> Staged<'a> {
    pub(super) fn new(store: &'a EmbeddedStore, step: Seconds, period: Seconds) -> Self {
        let shelves = store.shelves();
        let shelves = Shelves { boxes: shelves.boxes.clone(), heads: shelves.heads.clone() };
        let batch = store.database.batch().durability(Some(PersistMode::SyncAll));
        let ((_, bytes), logs) = (shelves.kept(), shelves.logs());
        let (heads, marks) = (BTreeMap::new(), BTreeMap::new());
        Self { store, shelves, step, period, heads, marks, batch, bytes, logs }
    }

    pub(super) fn place(&mut self, new: &Appending) -> Result<Placed, StoreFault> {
        let mark = new.mark();
        if let Some(seq) = self.marks.get(&mark) {
            return Ok(Placed::Known(*seq));
        }
        let keep = &self.store.keep;
        let head = match self.heads.entry(new.log) {
            Entry::Occupied(staged) => staged.into_mut(),
            Entry::Vacant(vacant) => match self.shelves.head(new.log)? {
                Some(head) => vacant.insert(head),
                None if self.logs >= keep.logs_max => return Ok(Placed::Full),
                None => vacant.insert(Head::default()),
            },
        };
        for (step, _) in &head.steps {
            let Some(shelf) = self.shelves.boxes.get(step) else { continue };
            if let Some(seq) = shelf.keyspace.get(mark_key(&mark)).map_err(fault)? {
                let seq = seq.first_chunk::<8>().ok_or(StoreFault::Unreadable)?;
                return Ok(Placed::Known(u64::from_be_bytes(*seq)));
            }
        }
        let grown = self.bytes.saturating_add(new.bytes());
        if head.kept() >= u64::from(keep.log_boxes_max) || grown > keep.bytes_max {
            return Ok(Placed::Full);
        }
        let shelf = self.shelves.boxes.get_mut(&self.step).ok_or(StoreFault::Broken)?;
        let seq = head.next(self.step);
        self.batch.insert(&shelf.keyspace, box_key(new.log, seq), new.boxed.as_bytes());
        self.batch.insert(&shelf.keyspace, mark_key(&mark), seq.to_be_bytes());
        shelf.rows = shelf.rows.saturating_add(1);
        shelf.bytes = shelf.bytes.saturating_add(new.bytes());
        self.bytes = grown;
        self.marks.insert(mark, seq);
        Ok(Placed::New(seq))
    }

    pub(super) fn commit(mut self) -> Result<(), StoreFault> {
        if self.marks.is_empty() {
            return Ok(());
        }
        let shelf = self.shelves.heads.get_mut(&self.period).ok_or(StoreFault::Broken)?;
        for (log, head) in self.heads.iter().filter(|(_, head)| head.last > 0) {
            if !shelf.keyspace.contains_key(log.0).map_err(fault)? {
                shelf.rows = shelf.rows.saturating_add(1);
            }
            self.batch.insert(&shelf.keyspace, log.0, head.to_bytes());
        }
        let shelf = shelf.clone();
        let boxes = self.shelves.boxes.get(&self.step).ok_or(StoreFault::Broken)?.clone();
        for shelf in [&boxes, &shelf] {
            let count = [shelf.rows.to_be_bytes(), shelf.bytes.to_be_bytes()].concat();
            self.batch.insert(&self.store.counts, shelf.name.as_bytes(), count);
        }
        self.batch.commit().map_err(fault)?;
        let mut shelves = self.store.shelves.write().unwrap_or_else(PoisonError::into_inner);
        shelves.boxes.insert(self.step, boxes);
        shelves.heads.insert(self.period, shelf);
        Ok(())
    }
}
