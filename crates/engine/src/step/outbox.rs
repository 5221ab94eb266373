//! The outbox: sealed as late as possible, sent again until it has its place, never shown as
//! further than it is.

use std::collections::VecDeque;

use sogon_wire::{RelayAddr, SealedBox, Seq};

use super::{Work, internal, pack, short_hash};
use crate::{
    ConversationId, EngineError, Event,
    content::{Content, Read},
    engine::Mode,
    links::Question,
    message_row::{DeliveryRow, MessageRow},
    rows::{
        ConversationRow, KEPT, MESSAGES, OUTBOX, OutRow, SENT, State, encode, in_conversation,
        number_of, read, read_all, sent_key,
    },
};

/// Whether something may wait for a quiet moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Haste {
    /// Goes with the next flight.
    Now,
    /// Goes when no words of people are waiting.
    Later,
}

/// A key of [`SENT`], and the orders of the messages at that place.
pub(crate) type Sent = (Vec<u8>, Vec<u64>);

impl Work<'_> {
    /// Puts content into the outbox of a conversation.
    pub(crate) fn queue(
        &mut self,
        id: ConversationId,
        content: &Content,
        order: Option<u64>,
        haste: Haste,
    ) -> Result<(), EngineError> {
        let number = self.count(b"outbox")?;
        let row = OutRow {
            content: content.encode(),
            order,
            bulk: haste == Haste::Later,
            posting: None,
            epoch: 0,
            hash: [0; 16],
            rides: None,
        };
        self.desk.put(OUTBOX, &in_conversation(id, number), encode(&row)?);
        self.memory.stirred.insert(id);
        Ok(())
    }

    pub(crate) fn outbox(&self, id: ConversationId) -> Result<Vec<(u64, OutRow)>, EngineError> {
        let rows = read_all::<OutRow>(self.desk, OUTBOX, &id.0)?;
        Ok(rows.into_iter().map(|(key, row)| (number_of(&key), row)).collect())
    }

    /// Words of people wait in this conversation.
    pub(crate) fn words_wait(&self, id: ConversationId) -> Result<bool, EngineError> {
        Ok(self.outbox(id)?.iter().any(|(_, row)| !row.bulk))
    }

    /// Seals and sends what does not wait for a quiet moment.
    pub(crate) fn flow_outbox(&mut self, id: ConversationId) -> Result<(), EngineError> {
        self.send_waiting(id, Haste::Now)
    }

    /// Seals and sends the rest, when no words are waiting or went out in this burst.
    pub(crate) fn flow_bulk(&mut self, id: ConversationId) -> Result<(), EngineError> {
        let busy = self.memory.words_went && self.memory.mode == Mode::Burst;
        if busy || self.words_wait(id)? {
            return Ok(());
        }
        self.send_waiting(id, Haste::Later)
    }

    fn send_waiting(&mut self, id: ConversationId, haste: Haste) -> Result<(), EngineError> {
        let mut row = self.conversation(id)?;
        // In doubt a box could end in a log that others have left; behind a commit of one's own it
        // would be void. So it waits, unsealed.
        if row.state != State::Open || row.own.is_some() {
            return Ok(());
        }
        let relay = row.relay()?;
        let wanted = haste == Haste::Later;
        let waiting = self.outbox(id)?.into_iter();
        let waiting = waiting.filter(|(_, out)| out.bulk == wanted && out.rides.is_none());
        let (sealed, unsealed): (Vec<_>, Vec<_>) =
            waiting.partition(|(_, out)| out.posting.is_some());
        let mut unsealed = VecDeque::from(unsealed);
        for (number, out) in sealed {
            if self.is_placed(id, number, out.hash) {
                continue;
            }
            self.post(&relay, id, number, &out)?;
        }
        let mut changed = false;
        while self.may_ask(&relay)
            && let Some((number, mut out)) = unsealed.pop_front()
        {
            changed = true;
            self.seal_row(id, &mut row, (number, &mut out), &mut unsealed)?;
            self.desk.put(OUTBOX, &in_conversation(id, number), encode(&out)?);
            self.post(&relay, id, number, &out)?;
        }
        if changed {
            self.desk.put(crate::rows::CONVERSATIONS, &id.0, encode(&row)?);
        }
        Ok(())
    }

    fn post(
        &mut self,
        relay: &RelayAddr,
        id: ConversationId,
        number: u64,
        out: &OutRow,
    ) -> Result<(), EngineError> {
        let Some(posting) = &out.posting else { return Ok(()) };
        let question = Question::Post { conversation: id, number, hash: out.hash };
        if self.append(relay, question, posting)? && out.order.is_some() {
            self.memory.words_went = true;
        }
        Ok(())
    }

    /// Seals what waits, and with words the next ones that fit into the same box.
    pub(crate) fn seal_row(
        &mut self,
        id: ConversationId,
        row: &mut ConversationRow,
        (number, out): (u64, &mut OutRow),
        next: &mut VecDeque<(u64, OutRow)>,
    ) -> Result<(), EngineError> {
        let mut content = Content::decode(&out.content).ok_or(EngineError::Bug)?;
        let words = content.clone().into_words().is_some() && out.order.is_some();
        // A receipt rides along for nothing.
        let Read { by_hand, files, .. } = content.read.take().unwrap_or_default();
        content.read = Some(Read { by_hand, files, ..self.receipt(row) });
        let riders = if words { pack::fill(&mut content, next) } else { Vec::new() };
        let mut group = self.group(row.group)?;
        let posting = group.seal(&content.encode()).map_err(internal)?;
        out.posting = Some(posting.to_bytes());
        out.hash = short_hash(posting.boxed());
        out.epoch = row.epoch;
        row.sent = row.sent.saturating_add(1);
        for (rider, mut its) in riders {
            its.rides = Some(number);
            self.desk.put(OUTBOX, &in_conversation(id, rider), encode(&its)?);
        }
        Ok(())
    }

    /// What was sealed for an epoch that is over is sealed again for the one that is.
    pub(crate) fn unseal_outbox(&mut self, id: ConversationId) -> Result<(), EngineError> {
        self.unseal(id, |_| true)
    }

    /// Those of which `wanted` holds, by their numbers, wait to be sealed, each for itself.
    pub(crate) fn unseal(
        &mut self,
        id: ConversationId,
        wanted: impl Fn(u64) -> bool,
    ) -> Result<(), EngineError> {
        for (number, mut out) in self.outbox(id)? {
            let bound = out.posting.is_some() || out.rides.is_some();
            if bound && wanted(number) {
                (out.posting, out.rides) = (None, None);
                self.desk.put(OUTBOX, &in_conversation(id, number), encode(&out)?);
            }
        }
        self.memory.stirred.insert(id);
        Ok(())
    }

    /// A box in the log that may be one of ours.
    pub(crate) fn own_box_read(
        &mut self,
        id: ConversationId,
        row: &mut ConversationRow,
        seq: Seq,
        boxed: &SealedBox,
    ) -> Result<bool, EngineError> {
        for (number, out) in self.outbox(id)? {
            if out.posting.is_some() && out.hash == short_hash(boxed) {
                self.handed(id, row, number, &out, seq)?;
                return Ok(true);
            }
        }
        Ok(false)
    }

    pub(crate) fn handed(
        &mut self,
        id: ConversationId,
        row: &mut ConversationRow,
        number: u64,
        out: &OutRow,
        seq: Seq,
    ) -> Result<(), EngineError> {
        self.desk.delete(OUTBOX, &in_conversation(id, number));
        row.said = row.said.or(Some(seq));
        if row.leaving
            && Content::decode(&out.content).is_some_and(|c| c.kind == crate::content::KIND_LEAVE)
        {
            row.state = State::Over;
        }
        let Some(lead) = out.order else {
            let kind = Content::decode(&out.content).map(|content| content.kind);
            if kind != Some(crate::content::KIND_RECEIPT) {
                let key = sent_key(id, row.epoch, seq);
                self.desk.put(KEPT, &key, out.content.clone());
            }
            return Ok(());
        };
        let mut orders = vec![lead];
        for (rider, its) in self.outbox(id)? {
            if its.rides == Some(number) {
                self.desk.delete(OUTBOX, &in_conversation(id, rider));
                orders.extend(its.order);
            }
        }
        let mut handed = Vec::new();
        for order in orders {
            if self.message_handed(id, order, (row.epoch, seq))? {
                handed.push(order);
            }
        }
        if !handed.is_empty() {
            self.put_sent(&sent_key(id, row.epoch, seq), &handed);
        }
        Ok(())
    }

    /// A message has its place; false when it is delivered or gone already.
    fn message_handed(
        &mut self,
        id: ConversationId,
        order: u64,
        place: (u64, Seq),
    ) -> Result<bool, EngineError> {
        let key = in_conversation(id, order);
        let Some(mut message) = read::<MessageRow>(self.desk, MESSAGES, &key)? else {
            return Ok(false);
        };
        if message.delivery == Some(DeliveryRow::Delivered) {
            return Ok(false);
        }
        message.delivery = Some(DeliveryRow::Handed);
        (message.epoch, message.seq) = place;
        self.desk.put(MESSAGES, &key, encode(&message)?);
        self.say(Event::Progress { conversation: id, message: message.id });
        Ok(true)
    }

    /// What was handed and not opened by everybody goes out again: its place may be lost.
    pub(crate) fn send_again(
        &mut self,
        id: ConversationId,
        row: &mut ConversationRow,
    ) -> Result<(), EngineError> {
        row.sent = row.sent.saturating_add(1);
        self.send_places_again(id, |_| true)
    }

    /// The same for those whose place, by its key, is `wanted`.
    pub(crate) fn send_places_again(
        &mut self,
        id: ConversationId,
        wanted: impl Fn(&[u8]) -> bool,
    ) -> Result<(), EngineError> {
        for (key, bytes) in self.kept(id)? {
            let Some(content) = Content::decode(&bytes).filter(|_| wanted(&key)) else { continue };
            self.desk.delete(KEPT, &key);
            let large = content.kind == crate::content::KIND_PACKAGE;
            let haste = if large { Haste::Later } else { Haste::Now };
            self.queue(id, &content, None, haste)?;
        }
        for (key, orders) in self.sent(id)? {
            if wanted(&key) {
                self.desk.delete(SENT, &key);
                for order in orders {
                    self.requeue(id, order)?;
                }
            }
        }
        Ok(())
    }

    /// Every content that is no message, handed and not opened by everybody: key and content.
    pub(crate) fn kept(&self, id: ConversationId) -> Result<Vec<crate::Row>, EngineError> {
        use sogon_seal::shelf::{Order, Shelf};
        Ok(self.desk.scan(KEPT, &id.0, None, crate::rows::ALL, Order::Up)?)
    }

    /// Every place handed and not delivered: its key, and the orders of the messages at it.
    pub(crate) fn sent(&self, id: ConversationId) -> Result<Vec<Sent>, EngineError> {
        use sogon_seal::shelf::{Order, Shelf};
        let rows = self.desk.scan(SENT, &id.0, None, crate::rows::ALL, Order::Up)?;
        let orders = |value: Vec<u8>| {
            value.as_chunks::<8>().0.iter().map(|order| u64::from_be_bytes(*order)).collect()
        };
        Ok(rows.into_iter().map(|(key, value)| (key, orders(value))).collect())
    }

    /// Notes which messages stand at a place.
    pub(crate) fn put_sent(&self, key: &[u8], orders: &[u64]) {
        let value = orders.iter().flat_map(|order| order.to_be_bytes()).collect();
        self.desk.put(SENT, key, value);
    }

    /// A message of one's own goes back into the outbox, with the id it had.
    pub(crate) fn requeue(&mut self, id: ConversationId, order: u64) -> Result<(), EngineError> {
        let key = in_conversation(id, order);
        let Some(mut message) = read::<MessageRow>(self.desk, MESSAGES, &key)? else {
            return Ok(());
        };
        if message.delivery != Some(DeliveryRow::Handed) {
            return Ok(());
        }
        let Some(content) = self.content_of(id, &message)? else { return Ok(()) };
        message.delivery = Some(DeliveryRow::Queued);
        self.desk.put(MESSAGES, &key, encode(&message)?);
        self.queue(id, &content, Some(order), Haste::Now)?;
        if let Some(over) = super::call::ending(&message) {
            // It is not to ring after it is over.
            self.queue(id, &over, None, Haste::Now)?;
        }
        self.say(Event::Progress { conversation: id, message: message.id });
        Ok(())
    }

    /// The conversation ended: what waits will not arrive, and says so.
    pub(crate) fn fail_outbox(&mut self, id: ConversationId) -> Result<(), EngineError> {
        for (number, out) in self.outbox(id)? {
            self.desk.delete(OUTBOX, &in_conversation(id, number));
            let Some(order) = out.order else { continue };
            let key = in_conversation(id, order);
            if let Some(mut message) = read::<MessageRow>(self.desk, MESSAGES, &key)? {
                message.delivery = Some(DeliveryRow::Failed);
                self.desk.put(MESSAGES, &key, encode(&message)?);
                self.say(Event::Progress { conversation: id, message: message.id });
            }
        }
        Ok(())
    }
}
