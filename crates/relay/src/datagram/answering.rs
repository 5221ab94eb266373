//! From what a packet asks to what is answered.

use std::sync::{Arc, Mutex, PoisonError};

use sogon_wire::{
    Append, LogName, Refusal, SealedBox, Seq, Tag,
    packet::{
        Answer, Answers, Holdings, PACKET_BYTES_MAX, PACKET_HEAD_BYTES, PIECE_BYTES, PieceOf,
        Pieces, Question, piece_of, pieces_of,
    },
};
use tokio::sync::mpsc::{self, error::TrySendError};

use super::{guest::Guest, parcels::Piece};
use crate::{
    committer::{Answer as PlacedAnswer, Job},
    figures::add,
    relay::Shared,
    store::{Appending, Page, Placed, StoreFault},
    visit::{BUSY_WAIT_S, FAULT_WAIT_S, FULL_WAIT_S, STOPPING_WAIT_S, is_signed},
};

/// The largest box that is sent whole: with what stands before it it fits a packet.
const WHOLE_BOX_MAX: usize = 1_024;
/// What an item adds to the bytes of its box or piece, at the most that places cost in practice.
const ITEM_BYTES: usize = 40;
/// What a packet adds to its items: its own head, and its seal.
const PACKET_OVERHEAD: usize = PACKET_HEAD_BYTES + sogon_packet::ANSWER_OVERHEAD_BYTES;
/// The most bytes one read brings, whoever asks.
const READ_BYTES_MAX: u32 = 131_072;

/// Something to be read for a question.
#[derive(Clone, Copy, Debug)]
struct Reading {
    tag: Tag,
    log: LogName,
    after: Seq,
    till: Seq,
    bytes_max: u32,
    /// Only these pieces of the first box.
    pieces: Option<Pieces>,
}

impl Reading {
    fn of(question: &Question) -> Option<Self> {
        match *question {
            Question::Read { tag, log, after, till, bytes_max } => {
                Some(Self { tag, log, after, till, bytes_max, pieces: None })
            }
            Question::Missing { tag, log, seq, wanted } => {
                let (after, pieces) = (seq.saturating_sub(1), Some(wanted));
                Some(Self { tag, log, after, till: seq, bytes_max: READ_BYTES_MAX, pieces })
            }
            _ => None,
        }
    }
}

/// Answers what is asked, in at most `bytes_max` bytes of sealed packets.
pub(crate) async fn answer(
    shared: &Shared,
    guest: &Mutex<Guest>,
    questions: Vec<Question>,
    bytes_max: usize,
) -> Vec<Answer> {
    let sealed = PACKET_BYTES_MAX.saturating_add(sogon_packet::ANSWER_OVERHEAD_BYTES);
    let packets = bytes_max.div_ceil(sealed);
    let mut room = bytes_max.saturating_sub(packets.saturating_mul(PACKET_OVERHEAD));
    let (answer_to, mut placed) = mpsc::unbounded_channel();
    // Logs are read before anything is added to them: nobody needs their own boxes back.
    let readings: Vec<Reading> = questions.iter().filter_map(Reading::of).collect();
    let pages = read(shared, &readings).await;
    let (mut said, mut waiting) = (Vec::new(), 0usize);
    for question in questions {
        match question {
            Question::Append { tag, order, append } => {
                let one = (tag, order, append);
                waiting = waiting.saturating_add(submit(shared, guest, one, &answer_to, &mut said));
            }
            Question::Piece { tag, order, of, count, index, bytes } => {
                let piece = {
                    let mut guest = guest.lock().unwrap_or_else(PoisonError::into_inner);
                    guest.parcels.take(of, count, index, &bytes)
                };
                match piece {
                    Piece::Whole(append) => {
                        let one = (tag, order, *append);
                        let count = submit(shared, guest, one, &answer_to, &mut said);
                        waiting = waiting.saturating_add(count);
                    }
                    Piece::Held(pieces) => hold(&mut said, tag, of, pieces),
                    Piece::Void => said.push(refused(tag, Refusal::Signature, 0)),
                }
            }
            Question::About(tag) => said.push(Answer::About(tag, shared.about)),
            Question::Read { .. }
            | Question::Missing { .. }
            | Question::Equal
            // Belong to a call's datagrams.
            | Question::Speak(..)
            | Question::Where(_) => {}
        }
    }
    drop(answer_to);
    while waiting > 0 {
        let Some((tag, result)) = placed.recv().await else { break };
        waiting = waiting.saturating_sub(1);
        said.push(placed_answer(shared, tag, result));
    }
    room = room.saturating_sub(said.iter().map(|item| item.encode().len()).sum());
    // What was there before comes first: who reads in order understands the places of their own.
    let mut brought = Vec::new();
    for (reading, page) in readings.iter().zip(pages) {
        match page {
            Ok(page) => bring(shared, reading, &page, &mut room, &mut brought),
            Err(_) => brought.push(refused(reading.tag, Refusal::Fault, FAULT_WAIT_S)),
        }
    }
    brought.extend(said);
    brought
}

/// Hands an append, and those that waited for it, to the store; how many will be answered.
fn submit(
    shared: &Shared,
    guest: &Mutex<Guest>,
    (tag, order, append): (Tag, u16, Append),
    answer_to: &mpsc::UnboundedSender<PlacedAnswer>,
    said: &mut Vec<Answer>,
) -> usize {
    if !is_signed(&append) {
        said.push(refused(tag, Refusal::Signature, 0));
        return 0;
    }
    let mut guest = guest.lock().unwrap_or_else(PoisonError::into_inner);
    let ready = match guest.turns().map(|turns| turns.take(tag, order, append)) {
        Some(Ok(ready)) => ready,
        Some(Err(true)) => {
            said.push(Answer::Waiting(tag));
            return 0;
        }
        // No room for it yet: it will be asked for again.
        Some(Err(false)) | None => return 0,
    };
    let mut waiting = 0usize;
    // Under the lock: another packet's appends to the same log come after these.
    for (tag, append) in ready {
        let new = Appending { log: append.key.log(), boxed: append.boxed };
        match shared.queue.try_send(Job { new, tag, answer: answer_to.clone() }) {
            Ok(()) => waiting = waiting.saturating_add(1),
            Err(TrySendError::Full(_)) => said.push(refused(tag, Refusal::Busy, BUSY_WAIT_S)),
            Err(TrySendError::Closed(_)) => {
                said.push(refused(tag, Refusal::Stopping, STOPPING_WAIT_S));
            }
        }
    }
    waiting
}

/// Cuts what is said into packets; what is said `again` goes where there is room, as long as all
/// is at most `bytes_max` bytes when sealed.
pub(crate) fn packets(
    (number, proof): (u16, u32),
    said: Vec<Answer>,
    again: Vec<Answer>,
    bytes_max: usize,
) -> Vec<Answers> {
    let mut packets = Vec::new();
    let mut current = Answers { number, proof, items: Vec::new() };
    let mut used = PACKET_HEAD_BYTES;
    for item in said {
        let length = item.encode().len();
        if used.saturating_add(length) > PACKET_BYTES_MAX {
            let full = std::mem::take(&mut current.items);
            packets.push(Answers { number, proof, items: full });
            used = PACKET_HEAD_BYTES;
        }
        used = used.saturating_add(length);
        current.items.push(item);
    }
    // Those that are full already took their share.
    let full = packets.len().saturating_mul(PACKET_BYTES_MAX.saturating_add(PACKET_OVERHEAD));
    let room = bytes_max.saturating_sub(full.saturating_add(PACKET_OVERHEAD));
    for item in again {
        used = used.saturating_add(item.encode().len());
        if used <= room.min(PACKET_BYTES_MAX) {
            current.items.push(item);
        }
    }
    packets.push(current);
    packets
}

fn hold(said: &mut Vec<Answer>, tag: Tag, of: PieceOf, pieces: Pieces) {
    // The last word on an append holds what the earlier ones of this packet said.
    said.retain(|item| !matches!(item, Answer::Held { of: known, .. } if *known == of));
    said.push(Answer::Held { tag, of, pieces });
}

fn refused(tag: Tag, why: Refusal, wait_s: u16) -> Answer {
    Answer::Refused { tag, why, wait_s }
}

fn placed_answer(shared: &Shared, tag: Tag, result: Result<Placed, StoreFault>) -> Answer {
    match result {
        Ok(Placed::New(seq)) => {
            add(&shared.figures.appends, 1);
            Answer::Appended(tag, seq)
        }
        Ok(Placed::Known(seq)) => {
            add(&shared.figures.repeats, 1);
            Answer::Appended(tag, seq)
        }
        Ok(Placed::Full) => refused(tag, Refusal::Full, FULL_WAIT_S),
        Err(fault) => {
            shared.failed(fault);
            refused(tag, Refusal::Fault, FAULT_WAIT_S)
        }
    }
}

async fn read(shared: &Shared, readings: &[Reading]) -> Vec<Result<Page, StoreFault>> {
    if readings.is_empty() {
        return Vec::new();
    }
    add(&shared.figures.reads, readings.len());
    let (store, asked) = (Arc::clone(&shared.store), readings.to_vec());
    let one = move |reading: &Reading| {
        // A box larger than what is wanted still comes, in pieces.
        let bytes_max = reading.bytes_max.clamp(65_536, READ_BYTES_MAX);
        store.read_after(reading.log, reading.after, bytes_max)
    };
    let reading = tokio::task::spawn_blocking(move || asked.iter().map(one).collect::<Vec<_>>());
    let failed = |_| vec![Err(StoreFault::Broken); readings.len()];
    let pages = reading.await.unwrap_or_else(failed);
    pages.iter().filter_map(|page| page.as_ref().err()).for_each(|fault| shared.failed(*fault));
    pages
}

/// Says what of a page there is room for.
fn bring(
    shared: &Shared,
    reading: &Reading,
    page: &Page,
    room: &mut usize,
    said: &mut Vec<Answer>,
) {
    let tag = reading.tag;
    if page.boxes.is_empty() && page.head == reading.after {
        *room = room.saturating_sub(3);
        said.push(Answer::Quiet(tag));
        return;
    }
    let wanted = usize::try_from(reading.bytes_max).unwrap_or(usize::MAX);
    let mut left = wanted.min(*room);
    let before = left;
    let mut chosen: Vec<(Seq, &SealedBox, u8)> = Vec::new();
    for (seq, boxed) in (page.from..).zip(&page.boxes) {
        let size = boxed.as_bytes().len();
        let fits = match size <= WHOLE_BOX_MAX {
            true => u8::from(left >= size.saturating_add(ITEM_BYTES)),
            false => {
                let pieces = left.div_euclid(PIECE_BYTES.saturating_add(ITEM_BYTES));
                u8::try_from(pieces).unwrap_or(u8::MAX).min(pieces_of(size))
            }
        };
        if fits == 0 || reading.till != 0 && seq > reading.till {
            break;
        }
        let piece = size.min(PIECE_BYTES).saturating_add(ITEM_BYTES);
        left = left.saturating_sub(piece.saturating_mul(fits.into()));
        chosen.push((seq, boxed, fits));
    }
    *room = room.saturating_sub(before.saturating_sub(left));
    let till = chosen.last().map_or(page.from.saturating_sub(1), |(seq, ..)| *seq);
    let held = Holdings { first: page.from, till, head: page.head };
    add(&shared.figures.boxes_out, chosen.len());
    if chosen.is_empty() {
        said.push(Answer::Boxes { tag, held, from: page.from, boxes: Vec::new() });
    }
    for (seq, boxed, pieces) in chosen {
        if boxed.as_bytes().len() <= WHOLE_BOX_MAX {
            add_box(said, (tag, held), seq, boxed);
        } else {
            add_pieces(said, (tag, held), seq, boxed, (pieces, reading.pieces));
        }
    }
}

/// A box goes with those before it as long as they fit one packet.
fn add_box(said: &mut Vec<Answer>, (tag, held): (Tag, Holdings), seq: Seq, boxed: &SealedBox) {
    let room = PACKET_BYTES_MAX.saturating_sub(PACKET_HEAD_BYTES.saturating_add(ITEM_BYTES));
    if let Some(Answer::Boxes { tag: last, boxes, from, .. }) = said.last_mut() {
        let bytes: usize = boxes.iter().map(|boxed| boxed.as_bytes().len().saturating_add(1)).sum();
        let next = from.saturating_add(u64::try_from(boxes.len()).unwrap_or(u64::MAX));
        let fits = bytes.saturating_add(boxed.as_bytes().len()) <= room;
        if *last == tag && next == seq && fits {
            boxes.push(boxed.clone());
            return;
        }
    }
    said.push(Answer::Boxes { tag, held, from: seq, boxes: vec![boxed.clone()] });
}

fn add_pieces(
    said: &mut Vec<Answer>,
    (tag, held): (Tag, Holdings),
    seq: Seq,
    boxed: &SealedBox,
    (room_for, wanted): (u8, Option<Pieces>),
) {
    let count = pieces_of(boxed.as_bytes().len());
    let is_wanted = |index: &u8| {
        wanted.is_none_or(|wanted| wanted.checked_shr((*index).into()).unwrap_or(0) & 1 == 1)
    };
    for index in (0..count).filter(is_wanted).take(room_for.into()) {
        let bytes = piece_of(boxed.as_bytes(), index).to_vec();
        said.push(Answer::Piece { tag, held, seq, step: boxed.step(), index, bytes });
    }
}
