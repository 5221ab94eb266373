//! The UDP port: what comes in, what is answered, what is dropped.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError, atomic::AtomicU64},
    time::{Duration, Instant},
};

use sogon_packet::{
    ANSWER_OVERHEAD_BYTES, DATAGRAM_BYTES_MAX, Freshness, Keys, QUESTION_OVERHEAD_BYTES, id_of,
};
use sogon_wire::packet::{Answers, PACKET_BYTES_MAX, Question, Questions};
use tokio::{
    sync::{Semaphore, watch},
    task::JoinSet,
};

use super::{
    answering::{answer, packets},
    guest::{Guest, Leave},
};
use crate::{figures::add, relay::Shared, rooms::Took, tls::Session};

/// Packets under work at one time. Beyond it they are dropped, and come again.
const WORKING_MAX: usize = 512;

/// The answer to a packet that asks for one of its size leaves so long after it came, or a multiple.
const EQUAL_GRID: Duration = Duration::from_millis(50);

/// A packet that was genuine.
struct Genuine {
    keys: Keys,
    guest: Arc<Mutex<Guest>>,
    questions: Questions,
    leave: Leave,
    from: SocketAddr,
    bytes: usize,
}

/// Answers packets until told to stop.
pub(crate) async fn serve(shared: Arc<Shared>, mut stop: watch::Receiver<bool>) {
    let slots = Arc::new(Semaphore::new(WORKING_MAX));
    let mut working = JoinSet::new();
    let mut bytes = [0; DATAGRAM_BYTES_MAX + 1];
    loop {
        tokio::select! {
            _ = stop.changed() => break,
            Some(_) = working.join_next() => {}
            taken = shared.socket.recv_from(&mut bytes) => {
                // An error here is that of an answer nobody takes any more.
                let Ok((length, from)) = taken else { continue };
                let datagram = bytes.get(..length).unwrap_or_default();
                match shared.rooms.take(datagram, from) {
                    Took::NoCall => {}
                    Took::Taken => {
                        add(&shared.figures.packets, 1);
                        add(&shared.figures.bytes_in, length);
                        continue;
                    }
                    Took::Asked(keys, answers) => {
                        add(&shared.figures.packets, 1);
                        add(&shared.figures.bytes_in, length);
                        // As large as the question, and so like what others say.
                        let even = length.saturating_sub(QUESTION_OVERHEAD_BYTES);
                        send(&shared, &keys, &answers, even, from).await;
                        continue;
                    }
                    Took::Dropped => {
                        add(&shared.figures.packets_dropped, 1);
                        continue;
                    }
                }
                let slot = Arc::clone(&slots).try_acquire_owned().ok();
                let genuine = match take(&shared, datagram, from) {
                    None => match greet(&shared, datagram, from).await {
                        // Those who greet have said nothing else yet.
                        Some(rest) if rest.is_empty() => continue,
                        Some(rest) => take(&shared, &rest, from),
                        None => None,
                    },
                    genuine => genuine,
                };
                let (Some(slot), Some(genuine)) = (slot, genuine) else {
                    add(&shared.figures.packets_dropped, 1);
                    continue;
                };
                add(&shared.figures.packets, 1);
                add(&shared.figures.bytes_in, length);
                let shared = Arc::clone(&shared);
                working.spawn(async move {
                    work(&shared, genuine).await;
                    drop(slot);
                });
            }
        }
    }
    // What was asked is answered, like on every connection.
    while working.join_next().await.is_some() {}
}

/// Opens a packet; [`None`] for everything that is not a client's.
fn take(shared: &Shared, datagram: &[u8], from: SocketAddr) -> Option<Genuine> {
    let id = id_of(datagram)?;
    let (keys, guest) = shared.chains.find(id)?;
    let questions = Questions::parse(&keys.open_question(datagram)?).ok()?;
    shared.chains.used(id, (shared.clock)());
    let leave = {
        let mut guest = guest.lock().unwrap_or_else(PoisonError::into_inner);
        let per_s = (shared.limits.requests_per_s, Instant::now());
        guest.admit((id, datagram), from, questions.proof, fresh_proof, per_s)?
    };
    Some(Genuine { keys, guest, questions, leave, from, bytes: datagram.len() })
}

/// Answers a packet of a greeting, and gives out the datagram that came with it; [`None`] for what
/// is none.
async fn greet(shared: &Shared, datagram: &[u8], from: SocketAddr) -> Option<Vec<u8>> {
    let greeted = shared.greetings.take(datagram, from, Instant::now())?;
    if let Some((session, chain)) = greeted.agreed {
        add(session_figure(shared, session), 1);
        shared.chains.add_greeted(chain, greeted.proved, (shared.clock)());
    }
    if greeted.rest.is_empty() {
        add(&shared.figures.packets, 1);
        add(&shared.figures.bytes_in, datagram.len());
    }
    for answer in greeted.answers {
        send_sealed(shared, &greeted.keys, &answer.encode(), from).await;
    }
    Some(greeted.rest)
}

fn session_figure(shared: &Shared, session: Session) -> &AtomicU64 {
    match session {
        Session::Resumed => &shared.figures.sessions_resumed,
        _ => &shared.figures.sessions_full,
    }
}

async fn work(shared: &Shared, genuine: Genuine) {
    let Genuine { keys, guest, questions, leave, from, bytes } = genuine;
    let Questions { number, items, .. } = questions;
    let came = tokio::time::Instant::now();
    let equal = items.contains(&Question::Equal);
    let bytes_max = if equal { bytes } else { leave.bytes_max };
    let said = answer(shared, &guest, items, bytes_max).await;
    let again = guest.lock().unwrap_or_else(PoisonError::into_inner).lately(&said);
    let mut packets = packets((number, leave.proof), said, again, bytes_max);
    if equal {
        packets.truncate(1);
        // Whether something had to be stored is not to be read off the time it took.
        let took = came.elapsed().as_millis().div_euclid(EQUAL_GRID.as_millis());
        let steps = u32::try_from(took).unwrap_or(u32::MAX).saturating_add(1);
        let at = came.checked_add(EQUAL_GRID.saturating_mul(steps));
        tokio::time::sleep_until(at.unwrap_or(came)).await;
    }
    for packet in packets {
        let even = bytes.saturating_sub(ANSWER_OVERHEAD_BYTES).min(PACKET_BYTES_MAX);
        let bytes_least = if equal { even } else { 0 };
        send(shared, &keys, &packet, bytes_least, from).await;
    }
}

pub(crate) async fn send(
    shared: &Shared,
    keys: &Keys,
    packet: &Answers,
    bytes_least: usize,
    to: SocketAddr,
) {
    send_sealed(shared, keys, &packet.encode(bytes_least), to).await;
}

async fn send_sealed(shared: &Shared, keys: &Keys, plain: &[u8], to: SocketAddr) {
    let mut fresh = [0; 13];
    if getrandom::fill(&mut fresh).is_err() {
        return;
    }
    let datagram = keys.seal_answer(Freshness(fresh), plain);
    add(&shared.figures.bytes_out, datagram.len());
    // What cannot be sent is lost, as anything may be; the client asks again.
    let _ = shared.socket.send_to(&datagram, to).await;
}

pub(crate) fn fresh_proof() -> u32 {
    // Never 0: that is what a client says that has none.
    let mut bytes = [0; 4];
    let _ = getrandom::fill(&mut bytes);
    u32::from_be_bytes(bytes) | 1
}
