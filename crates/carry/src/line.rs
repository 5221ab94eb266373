//! The line of a call: packets both ways through a room of a relay, at once or not at all.
//!
//! A session is agreed in full and carries the way in. What is said goes by datagrams sealed with
//! keys of that session; where those are not heard it goes in the session, and now and then one
//! tries again. Where both sides chose so, it goes from one to the other ([`Direct`]). No queue of speech is ever built: what cannot leave at once is dropped.

use std::{
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use sogon_engine::Loss;
use sogon_packet::{DATAGRAM_BYTES_MAX, Freshness, Keys, QUESTION_OVERHEAD_BYTES};
use sogon_wire::{
    Frame, Pass, Refusal, RelayAddr, Reply, Request,
    packet::{Answer, Answers, Question, Questions},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpStream, tcp::ReadHalf, tcp::WriteHalf},
    sync::mpsc,
    task::JoinHandle,
    time::timeout,
};

use crate::{
    direct::{Direct, Leave},
    frames::Frames,
    link::Known,
    links::Ways,
    memory::Memory,
    meter::Meter,
    port::{Hears, Port},
    tickets::Tickets,
    tls::{Tls, TlsFault},
};

/// Packets that wait for the program, or for the line.
const WAITING_MAX: usize = 32;
/// Bytes of speech that wait for the session; what is above is dropped.
const OUT_BYTES_MAX: usize = 1_200;
/// What the system may hold of a session that carries speech.
const SYSTEM_BYTES: usize = 8_192;
/// After so long without a datagram the session carries what is said.
const DATAGRAMS_SILENT: Duration = Duration::from_secs(2);
/// One in so many packets goes as a datagram all the same.
const TRIES: u64 = 25;
/// Of packets that only keep the room, every so manieth goes in the session where no datagrams come.
const KEPT_IN_SESSION: u64 = 4;
/// The relay is asked so often, beside every so manieth packet, where a side is seen that may be
/// reached directly.
const ASKED_MAX: u64 = 6;
const ASKED_EVERY: u64 = 16;
/// How long it may take to come in.
const ENTER_MAX: Duration = Duration::from_secs(60);

/// What a line brings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Word {
    /// The room was entered.
    Entered {
        /// How many others were there.
        others: u8,
        /// There and back.
        round_trip: Duration,
    },
    /// What somebody else said.
    Heard(Vec<u8>),
    /// There are too many in the room.
    Full,
    /// The relay does not let this member in: the keys are of another epoch.
    Refused,
    /// The line is lost; a new one may be entered.
    Lost(Loss),
}

/// The program's end of a line. Dropping it ends the line.
#[derive(Debug)]
pub struct CallLine {
    say: mpsc::Sender<Vec<u8>>,
    words: mpsc::Receiver<Word>,
    meter: Meter,
    task: JoinHandle<()>,
}

impl CallLine {
    /// Begins to enter; with `direct`, what is said goes from one to the other where that is possible.
    /// Lives in a tokio runtime.
    #[must_use]
    pub fn enter(
        relay: RelayAddr,
        pass: Pass,
        memory: Arc<dyn Memory>,
        ways: Ways,
        direct: Option<Direct>,
    ) -> Self {
        let (say, said) = mpsc::channel(WAITING_MAX);
        let (tell, words) = mpsc::channel(WAITING_MAX);
        let meter = Meter::default();
        let known = Known::recall(relay, memory, ways.clone());
        let end = End { known, pass, ways, meter: meter.clone(), said, tell, direct };
        Self { say, words, meter, task: tokio::spawn(end.run()) }
    }

    /// Says this, at once or never.
    pub fn say(&self, packet: Vec<u8>) {
        let _ = self.say.try_send(packet);
    }

    /// What comes next.
    pub async fn next(&mut self) -> Word {
        self.words.recv().await.unwrap_or(Word::Lost(Loss::HungUp))
    }

    /// What it cost so far.
    #[must_use]
    pub fn meter(&self) -> Meter {
        self.meter.clone()
    }
}

impl Drop for CallLine {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// The line's own end.
struct End {
    known: Known,
    pass: Pass,
    ways: Ways,
    meter: Meter,
    said: mpsc::Receiver<Vec<u8>>,
    tell: mpsc::Sender<Word>,
    direct: Option<Direct>,
}

/// A session in which the room was entered.
struct Inside {
    tls: Tls,
    frames: Frames,
    /// Where datagrams may go, if anywhere.
    datagrams: Option<Datagrams>,
}

impl End {
    async fn run(mut self) {
        let last = match self.call().await {
            Ok(never) => never,
            Err(word) => word,
        };
        // A program that is gone has nobody to tell.
        let _ = self.tell.send(last).await;
    }

    async fn call(&mut self) -> Result<Word, Word> {
        let lost = |why| move |_| Word::Lost(why);
        let begun = Instant::now();
        let dialled = timeout(ENTER_MAX, self.known.dial()).await;
        let mut socket = dialled.map_err(lost(Loss::Unreachable))?.map_err(Word::Lost)?;
        self.meter.connected();
        let entering = timeout(ENTER_MAX.saturating_sub(begun.elapsed()), self.enter(&mut socket));
        let (inside, round_trip, others) = entering.await.map_err(lost(Loss::Unreachable))??;
        let _ = socket2::SockRef::from(&socket).set_send_buffer_size(SYSTEM_BYTES);
        let _ = self.tell.send(Word::Entered { others, round_trip }).await;
        self.talk(socket, inside).await
    }

    /// Agrees a session, in full, and enters the room.
    async fn enter(&self, socket: &mut TcpStream) -> Result<(Inside, Duration, u8), Word> {
        let strange = Word::Lost(Loss::NotARelay);
        let tickets = Tickets::new(Vec::new());
        let mut tls = Tls::full(&self.known.relay, &tickets).map_err(|_| strange.clone())?;
        let mut frames = Frames::default();
        let mut bytes = vec![0; 4_096];
        let (mut entering, mut keys, peer) = (None, None, socket.peer_addr().ok());
        loop {
            tls.say_early(&[]);
            if tls.is_open() && entering.is_none() {
                if !tls.is_as_begun() {
                    return Err(strange);
                }
                keys = tls.packet_chain().map(|chain| chain.call());
                tls.say(&Request::Enter(self.pass).encode(1));
                entering = Some(Instant::now());
            }
            self.write(socket, &mut tls).await?;
            let read = socket.read(&mut bytes).await.unwrap_or(0);
            self.meter.heard(read);
            let heard = tls.hear(bytes.get(..read).unwrap_or_default()).map_err(|fault| {
                Word::Lost(match fault {
                    TlsFault::WrongKey => Loss::WrongKey,
                    TlsFault::NotResumed | TlsFault::Strange => Loss::NotARelay,
                })
            })?;
            if let Some((_, reply)) =
                frames.push(&heard.plain).map_err(|_| strange.clone())?.into_iter().next()
            {
                let round_trip = entering.map(|at: Instant| at.elapsed()).unwrap_or_default();
                return match reply {
                    Reply::Entered { others, proof } => {
                        let datagrams = self.datagrams(peer, keys, proof).await;
                        Ok((Inside { tls, frames, datagrams }, round_trip, others))
                    }
                    Reply::Refused { why: Refusal::Full, .. } => Err(Word::Full),
                    Reply::Refused { why: Refusal::Signature, .. } => Err(Word::Refused),
                    _ => Err(strange),
                };
            }
            if read == 0 || heard.closed {
                return Err(Word::Lost(Loss::HungUp));
            }
        }
    }

    async fn write(&self, socket: &mut TcpStream, tls: &mut Tls) -> Result<(), Word> {
        let wrote = socket.write_all(&tls.out).await;
        self.meter.sent(tls.out.len());
        tls.out.clear();
        wrote.map_err(|_| Word::Lost(Loss::HungUp))
    }

    async fn datagrams(
        &self,
        peer: Option<SocketAddr>,
        keys: Option<Keys>,
        proof: u32,
    ) -> Option<Datagrams> {
        if self.ways != Ways::Any {
            return None;
        }
        let hears = if self.direct.is_some() { Hears::All } else { Hears::Relay };
        let port = Port::bind(peer?, hears).await?;
        let direct = self.direct.clone();
        if let Some(direct) = &direct {
            direct.machine().begin(port.own());
        }
        let (asked, last) = (direct.as_ref().map(|_| 0), Instant::now());
        Some(Datagrams {
            port,
            keys: keys?,
            proof,
            number: 0,
            said: 0,
            kept: 0,
            last,
            direct,
            asked,
        })
    }

    /// Says this, on the ways it goes.
    async fn say(&self, packet: Vec<u8>, tls: &mut Tls, way: Option<&mut Datagrams>) {
        let Some(way) = way else { return in_session(tls, packet) };
        let leave = way.leave();
        let (length, plain_bytes) = (packet.len(), plain_bytes(&packet));
        let mut sealed = Vec::new();
        if let Some(to) = leave.to {
            sealed.extend(way.for_other(to, packet.clone()));
        }
        let told = if leave.tells { way.told(length) } else { None };
        for packet in leave.room.then_some(packet).into_iter().chain(told) {
            if way.carries(leave) {
                sealed.extend(way.for_relay(Question::Speak(0, packet), 0));
            } else {
                in_session(tls, packet);
            }
        }
        sealed.extend(way.ask(plain_bytes));
        for Sealed { bytes, to } in sealed {
            self.meter.sent(bytes.len());
            // A way that is shut is noticed by its silence.
            match to {
                Some(to) => way.port.send_to(&bytes, to).await,
                None => way.port.send(&bytes).await,
            }
        }
    }

    /// Says what is said and brings what is heard, until the line is lost.
    async fn talk(&mut self, mut socket: TcpStream, inside: Inside) -> Result<Word, Word> {
        let Inside { mut tls, mut frames, mut datagrams } = inside;
        let (mut reader, mut writer): (ReadHalf<'_>, WriteHalf<'_>) = socket.split();
        let (mut bytes, mut datagram) = (vec![0; 4_096], [0; DATAGRAM_BYTES_MAX + 1]);
        loop {
            tokio::select! {
                packet = self.said.recv() => {
                    let Some(packet) = packet else { return Err(Word::Lost(Loss::HungUp)) };
                    self.say(packet, &mut tls, datagrams.as_mut()).await;
                }
                (length, from) = receive(datagrams.as_ref(), &mut datagram) => {
                    let came = datagram.get(..length).unwrap_or_default();
                    let heard = datagrams.as_mut().map(|way| way.hear(came, from)).unwrap_or_default();
                    // What strangers send to this socket is nobody's cost.
                    if !heard.is_empty() || datagrams.as_ref().is_some_and(|way| way.is_relay(from)) {
                        self.meter.heard(length);
                    }
                    for packet in heard {
                        // A program that takes nothing misses it.
                        let _ = self.tell.try_send(Word::Heard(packet));
                    }
                }
                read = reader.read(&mut bytes) => {
                    let read = read.unwrap_or(0);
                    self.meter.heard(read);
                    let heard = tls
                        .hear(bytes.get(..read).unwrap_or_default())
                        .map_err(|_| Word::Lost(Loss::NotARelay))?;
                    let replies = frames.push(&heard.plain);
                    for (_, reply) in replies.map_err(|_| Word::Lost(Loss::NotARelay))? {
                        let about = |packet: &Vec<u8>| {
                            datagrams.as_ref().is_some_and(|way| way.in_room(packet))
                        };
                        if let Reply::Heard(packet) = reply && !about(&packet) {
                            let _ = self.tell.try_send(Word::Heard(packet));
                        }
                    }
                    if read == 0 || heard.closed {
                        return Ok(Word::Lost(Loss::HungUp));
                    }
                }
                wrote = writer.write(&tls.out), if !tls.out.is_empty() => match wrote {
                    Ok(count @ 1..) => {
                        self.meter.sent(count);
                        tls.out.drain(..count);
                    }
                    Ok(0) | Err(_) => return Ok(Word::Lost(Loss::HungUp)),
                },
            }
        }
    }
}

/// Says this in the session, if it leaves soon.
fn in_session(tls: &mut Tls, packet: Vec<u8>) {
    if tls.out.len() <= OUT_BYTES_MAX {
        tls.say(&Request::Speak(packet).encode(0));
    }
}

/// Where datagrams may go.
struct Datagrams {
    port: Port,
    keys: Keys,
    proof: u32,
    /// Of the next datagram to the relay.
    number: u64,
    /// Packets that were said.
    said: u64,
    /// Packets that only kept the room beside a direct way.
    kept: u64,
    /// When one of the relay's came last.
    last: Instant,
    direct: Option<Direct>,
    /// How often it was asked where they are seen to come from; [`None`] when it was told.
    asked: Option<u64>,
}

/// A datagram for somebody.
struct Sealed {
    bytes: Vec<u8>,
    /// None for the relay.
    to: Option<SocketAddr>,
}

impl Datagrams {
    /// Where the next packet goes.
    fn leave(&mut self) -> Leave {
        self.said = self.said.wrapping_add(1);
        let direct = self.direct.as_ref();
        direct.map_or(Leave::ROOM, |direct| direct.machine().leave(Instant::now()))
    }

    /// Whether what goes through the room goes by a datagram.
    fn carries(&mut self, leave: Leave) -> bool {
        let lately = self.last.elapsed() < DATAGRAMS_SILENT;
        if leave.kept {
            // Of what keeps the room beside a direct way, some goes in the session, so that it lasts
            // where datagrams do not get through to the relay.
            self.kept = self.kept.wrapping_add(1);
            return lately || self.kept.checked_rem(KEPT_IN_SESSION) != Some(0);
        }
        lately || self.said.checked_rem(TRIES) == Some(0)
    }

    /// A question to the relay, as large as any.
    fn for_relay(&mut self, item: Question, plain_bytes: usize) -> Option<Sealed> {
        self.number = self.number.wrapping_add(1);
        let [.., high, low] = self.number.to_be_bytes();
        let number = u16::from_be_bytes([high, low]);
        let plain = Questions { number, proof: self.proof, items: vec![item] }.encode(plain_bytes);
        Some(Sealed { bytes: self.keys.seal_question(fresh()?, &plain), to: None })
    }

    /// The same packet for the other side itself, as large as it is for the relay.
    fn for_other(&self, to: SocketAddr, packet: Vec<u8>) -> Option<Sealed> {
        let bytes = plain_bytes(&packet).saturating_add(QUESTION_OVERHEAD_BYTES);
        let mut machine = self.direct.as_ref()?.machine();
        let bytes = machine.seal(Instant::now(), fresh()?, packet, bytes)?;
        Some(Sealed { bytes, to: Some(to) })
    }

    /// One of one's own addresses, for the room, as large as a packet.
    fn told(&self, bytes: usize) -> Option<Vec<u8>> {
        self.direct.as_ref()?.machine().tell(fresh()?, bytes)
    }

    /// Asks the relay where this side is seen, if it is time to.
    fn ask(&mut self, plain_bytes: usize) -> Option<Sealed> {
        let asked = self.asked.filter(|asked| *asked < ASKED_MAX)?;
        if self.said.checked_rem(ASKED_EVERY) != Some(1) {
            return None;
        }
        self.asked = Some(asked.saturating_add(1));
        self.for_relay(Question::Where(0), plain_bytes)
    }

    /// What a datagram brings.
    fn is_relay(&self, from: SocketAddr) -> bool {
        self.direct.is_none() || self.port.is_relay(from)
    }

    fn hear(&mut self, datagram: &[u8], from: SocketAddr) -> Vec<Vec<u8>> {
        if let Some(direct) = self.direct.as_ref().filter(|_| !self.port.is_relay(from)) {
            return direct.machine().hear(Instant::now(), datagram, from).into_iter().collect();
        }
        let answers = self.keys.open_answer(datagram).and_then(|plain| Answers::parse(&plain).ok());
        let mut heard = Vec::new();
        for item in answers.map(|answers| answers.items).unwrap_or_default() {
            match item {
                Answer::Heard(_, packet) => {
                    self.last = Instant::now();
                    heard.extend(Some(packet).filter(|packet| !self.in_room(packet)));
                }
                Answer::Seen(_, address) => {
                    self.asked = None;
                    if let Some(direct) = &self.direct {
                        direct.machine().seen_at(Instant::now(), address);
                    }
                }
                _ => {}
            }
        }
        heard
    }

    /// Whether something from the room is about the direct way, and no speech.
    fn in_room(&self, packet: &[u8]) -> bool {
        let direct = self.direct.as_ref();
        direct.is_some_and(|direct| direct.machine().heard_in_room(Instant::now(), packet))
    }
}

/// What a packet takes in a datagram to the relay, before its seal.
fn plain_bytes(packet: &[u8]) -> usize {
    let items = vec![Question::Speak(0, packet.to_vec())];
    Questions { number: 0, proof: 0, items }.encode(0).len()
}

fn fresh() -> Option<Freshness> {
    let mut fresh = [0; 13];
    aws_lc_rs::rand::fill(&mut fresh).ok().map(|()| Freshness(fresh))
}

async fn receive(way: Option<&Datagrams>, bytes: &mut [u8]) -> (usize, SocketAddr) {
    match way {
        Some(way) => way.port.receive(bytes).await,
        None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests {
    use sogon_packet::Chain;

    use super::*;

    #[tokio::test]
    async fn whatever_goes_directly_is_as_large_as_through_the_room() {
        let direct = Direct::new(&[5; 32], true);
        let relay = SocketAddr::from(([127, 0, 0, 1], 9));
        let mut way = Datagrams {
            port: Port::bind(relay, Hears::All).await.unwrap(),
            keys: Chain::new([1; 32]).call(),
            proof: 7,
            number: 0,
            said: 0,
            kept: 0,
            last: Instant::now(),
            direct: Some(direct.clone()),
            asked: Some(0),
        };
        direct.machine().begin(way.port.own());
        assert!(way.port.own().iter().all(|own| own.ip().is_loopback()), "the relay is here");
        for length in 55..=215 {
            let packet = vec![0xf3; length];
            let room = way.for_relay(Question::Speak(0, packet.clone()), 0).unwrap();
            let other = way.for_other(relay, packet.clone()).unwrap();
            assert_eq!(room.bytes.len(), other.bytes.len(), "{length}");
            assert_eq!((room.to, other.to), (None, Some(relay)));
            let told = way.told(length).unwrap();
            assert_eq!(told.len(), length, "an address, too");
            way.said = 1;
            way.asked = Some(0);
            let asked = way.ask(plain_bytes(&packet)).unwrap();
            assert_eq!(room.bytes.len(), asked.bytes.len(), "and a question");
        }
    }
}
