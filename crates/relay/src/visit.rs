//! What one client asks and is told: requests in, replies out, without sockets or TLS.

use std::{sync::Arc, time::Instant};

use ed25519_dalek::{Signature, VerifyingKey};
use sogon_packet::Keys;
use sogon_wire::{Append, Frame, LogName, Pass, Refusal, Reply, Request, Seq, Tag, packet};
use tokio::sync::mpsc::{self, error::TrySendError};

use crate::{
    bucket::Bucket,
    committer::{Answer, Job},
    datagram::{self, fresh_proof},
    figures::add,
    frames::Frames,
    limits::PUSH_BYTES_MAX,
    relay::Shared,
    rooms::Seat,
    store::{Appending, Page, Placed, StoreFault},
    watches::Watches,
};

/// Answers of this kind are worth asking again after so long.
pub(crate) const BUSY_WAIT_S: u16 = 5;
pub(crate) const STOPPING_WAIT_S: u16 = 10;
pub(crate) const FAULT_WAIT_S: u16 = 30;
pub(crate) const FULL_WAIT_S: u16 = 3_600;
/// What may wait for a client before what is said in its room is dropped.
const HEARD_BYTES_MAX: usize = 2_048;
/// A burst is this many times what is allowed in a second.
const BURST: u32 = 20;

pub(crate) struct Visit<'a> {
    shared: &'a Shared,
    frames: Frames,
    bucket: Bucket,
    answer_to: mpsc::UnboundedSender<Answer>,
    /// Appends that wait for the disk.
    waiting: usize,
    pub(crate) watches: Watches,
    /// Where the client is in a call, and the keys of its datagrams.
    pub(crate) seat: Option<Seat>,
    /// What those keys come from, once the session is agreed.
    pub(crate) call_keys: Option<Keys>,
    enter_tag: Tag,
    /// Replies ready to be written.
    pub(crate) said: Vec<u8>,
    asked: bool,
    broken: bool,
    stopping: bool,
}

impl<'a> Visit<'a> {
    pub(crate) fn new(shared: &'a Shared, answer_to: mpsc::UnboundedSender<Answer>) -> Self {
        let per_s = shared.limits.requests_per_s;
        Self {
            shared,
            frames: Frames::default(),
            bucket: Bucket::new(per_s, per_s.saturating_mul(BURST), Instant::now()),
            answer_to,
            waiting: 0,
            watches: Watches::new(Arc::clone(&shared.bells)),
            seat: None,
            call_keys: None,
            enter_tag: 0,
            said: Vec::new(),
            asked: false,
            broken: false,
            stopping: false,
        }
    }

    pub(crate) fn hear(&mut self, plain: &[u8]) {
        self.frames.push(plain);
    }

    /// Whether a first request was understood.
    pub(crate) fn has_asked(&self) -> bool {
        self.asked
    }

    /// Whether something was said that no client of ours says.
    pub(crate) fn is_broken(&self) -> bool {
        self.broken
    }

    /// Whether no more should be taken from the client for now.
    pub(crate) fn is_busy(&self) -> bool {
        self.frames.is_full() || self.waiting >= self.shared.limits.appends_waiting_max
    }

    /// Whether everything that was asked is answered.
    pub(crate) fn is_answered(&self) -> bool {
        self.waiting == 0 && self.said.is_empty()
    }

    /// From now on everything asked is refused, and nothing more is told.
    pub(crate) fn stop(&mut self) {
        self.stopping = true;
    }

    /// Works on the next whole request; false when there is none, or no room for it yet.
    pub(crate) async fn answer_next(&mut self) -> bool {
        if self.broken || self.waiting >= self.shared.limits.appends_waiting_max {
            return false;
        }
        match self.frames.next::<Request>() {
            Ok(Some((tag, request))) => {
                self.asked = true;
                self.answer(tag, request).await;
                true
            }
            Ok(None) => false,
            Err(_) => {
                self.broken = true;
                false
            }
        }
    }

    /// Tells the next piece of a watched log; false when there is nothing to tell.
    pub(crate) async fn tell_next(&mut self) -> bool {
        if self.stopping || !self.watches.any_due() {
            return false;
        }
        let Some((log, watch)) = self.watches.next_due() else { return false };
        let Ok(page) = self.read(log, watch.sent, PUSH_BYTES_MAX).await else {
            self.watches.unwatch(log);
            self.refuse(watch.tag, Refusal::Fault, FAULT_WAIT_S);
            return true;
        };
        let count = u64::try_from(page.boxes.len()).unwrap_or(u64::MAX);
        let sent = page.from.saturating_add(count).saturating_sub(1).max(watch.sent);
        // A watcher that asks from beyond the end waits for the log to come there.
        let more = sent < page.head && count > 0;
        let news = count > 0 || watch.first;
        self.watches.told(log, sent, more);
        if news {
            self.say_page(watch.tag, log, page);
        }
        true
    }

    /// A box was placed, or not.
    pub(crate) fn placed(&mut self, (tag, result): Answer) {
        self.waiting = self.waiting.saturating_sub(1);
        match result {
            Ok(Placed::New(seq)) => {
                add(&self.shared.figures.appends, 1);
                self.say(tag, &Reply::Appended { seq });
            }
            Ok(Placed::Known(seq)) => {
                add(&self.shared.figures.repeats, 1);
                self.say(tag, &Reply::Appended { seq });
            }
            Ok(Placed::Full) => self.refuse(tag, Refusal::Full, FULL_WAIT_S),
            Err(fault) => {
                self.shared.failed(fault);
                self.refuse(tag, Refusal::Fault, FAULT_WAIT_S);
            }
        }
    }

    async fn answer(&mut self, tag: Tag, request: Request) {
        if let Request::Unwatch { log } = request {
            self.watches.unwatch(log);
            return;
        }
        if self.stopping {
            return self.refuse(tag, Refusal::Stopping, STOPPING_WAIT_S);
        }
        if let Err(wait) = self.bucket.take(Instant::now()) {
            let wait_s = u16::try_from(wait.as_secs()).unwrap_or(u16::MAX).saturating_add(1);
            return self.refuse(tag, Refusal::Busy, wait_s);
        }
        match request {
            Request::Append(append) => self.append(tag, append),
            Request::Read { log, after, bytes_max } => {
                match self.read(log, after, bytes_max).await {
                    Ok(page) => self.say_page(tag, log, page),
                    Err(_) => self.refuse(tag, Refusal::Fault, FAULT_WAIT_S),
                }
            }
            Request::Watch { log, after } => self.watch(tag, log, after),
            Request::About => self.say(tag, &Reply::About(self.shared.about)),
            Request::Unwatch { .. } => {}
            Request::Enter(pass) => self.enter(tag, &pass),
            Request::Speak(packet) => {
                if let Some(seat) = &self.seat {
                    seat.speak(packet);
                }
            }
        }
    }

    /// Only in a session that is agreed: what comes before may be a replay.
    fn enter(&mut self, tag: Tag, pass: &Pass) {
        let Some(keys) = self.call_keys.clone() else {
            return self.refuse(tag, Refusal::Busy, BUSY_WAIT_S);
        };
        if !is_pass(pass) {
            return self.refuse(tag, Refusal::Signature, 0);
        }
        // Whoever was somewhere else, or here before, goes first.
        self.seat = None;
        match self.shared.rooms.enter(pass.key, keys, fresh_proof()) {
            Some((seat, others)) => {
                self.say(tag, &Reply::Entered { others, proof: seat.proof() });
                (self.seat, self.enter_tag) = (Some(seat), tag);
            }
            None => self.refuse(tag, Refusal::Full, BUSY_WAIT_S),
        }
    }

    /// Hands on what somebody in the room said: by a datagram where those come from here.
    pub(crate) async fn hand_on(&mut self, packet: Vec<u8>, waiting: usize) {
        let Some(seat) = &self.seat else { return };
        match seat.at() {
            Some((keys, number, to)) => {
                let items = vec![packet::Answer::Heard(0, packet)];
                let answer = packet::Answers { number, proof: seat.proof(), items };
                datagram::send(self.shared, keys, &answer, 0, to).await;
            }
            // Late speech is of no use: no queue of it is built.
            None if waiting > HEARD_BYTES_MAX => {}
            None => self.say(self.enter_tag, &Reply::Heard(packet)),
        }
    }

    fn append(&mut self, tag: Tag, append: Append) {
        if !is_signed(&append) {
            return self.refuse(tag, Refusal::Signature, 0);
        }
        let new = Appending { log: append.key.log(), boxed: append.boxed };
        let job = Job { new, tag, answer: self.answer_to.clone() };
        match self.shared.queue.try_send(job) {
            Ok(()) => self.waiting = self.waiting.saturating_add(1),
            Err(TrySendError::Full(_)) => self.refuse(tag, Refusal::Busy, BUSY_WAIT_S),
            Err(TrySendError::Closed(_)) => self.refuse(tag, Refusal::Stopping, STOPPING_WAIT_S),
        }
    }

    fn watch(&mut self, tag: Tag, log: LogName, after: Seq) {
        let max = usize::try_from(self.shared.limits.watches_max).unwrap_or(usize::MAX);
        if self.watches.len() >= max && !self.watches.contains(log) {
            return self.refuse(tag, Refusal::Busy, FAULT_WAIT_S);
        }
        self.watches.watch(log, tag, after);
    }

    async fn read(&self, log: LogName, after: Seq, bytes_max: u32) -> Result<Page, StoreFault> {
        add(&self.shared.figures.reads, 1);
        let store = Arc::clone(&self.shared.store);
        let read = move || store.read_after(log, after, bytes_max);
        let page = tokio::task::spawn_blocking(read).await.unwrap_or(Err(StoreFault::Broken));
        page.inspect_err(|fault| self.shared.failed(*fault))
    }

    fn say_page(&mut self, tag: Tag, log: LogName, page: Page) {
        let Page { from, head, boxes } = page;
        add(&self.shared.figures.boxes_out, boxes.len());
        self.say(tag, &Reply::Entries { log, from, head, boxes });
    }

    fn refuse(&mut self, tag: Tag, why: Refusal, wait_s: u16) {
        add(&self.shared.figures.refused, 1);
        self.say(tag, &Reply::Refused { why, wait_s });
    }

    fn say(&mut self, tag: Tag, reply: &Reply) {
        self.said.extend(reply.encode(tag));
    }
}

/// Whether a pass is signed by the holder of its room's key.
fn is_pass(pass: &Pass) -> bool {
    let signature = Signature::from_bytes(&pass.signature.0);
    VerifyingKey::from_bytes(&pass.key.0)
        .is_ok_and(|key| key.verify_strict(&Pass::signed_bytes(&pass.key), &signature).is_ok())
}

/// Whether an append is signed by the holder of its log's key.
pub(crate) fn is_signed(append: &Append) -> bool {
    let signature = Signature::from_bytes(&append.signature.0);
    VerifyingKey::from_bytes(&append.key.0).is_ok_and(|key| {
        key.verify_strict(&Append::signed_bytes(&append.boxed), &signature).is_ok()
    })
}
