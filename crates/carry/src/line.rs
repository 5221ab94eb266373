//! The line of a call: packets both ways through a room of a relay, at once or not at all.
//!
//! A session is agreed in full and carries the way in. What is said goes by datagrams sealed with
//! keys of that session; where those are not heard it goes in the session, and now and then one
//! tries again. No queue of speech is ever built: what cannot leave at once is dropped.

use std::{
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use sogon_engine::Loss;
use sogon_packet::{DATAGRAM_BYTES_MAX, Freshness, Keys};
use sogon_wire::{
    Frame, Pass, Refusal, RelayAddr, Reply, Request,
    packet::{Answer, Answers, Question, Questions},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpStream, UdpSocket, tcp::ReadHalf, tcp::WriteHalf},
    sync::mpsc,
    task::JoinHandle,
    time::timeout,
};

use crate::{
    frames::Frames,
    link::Known,
    links::Ways,
    memory::Memory,
    meter::Meter,
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
    /// Begins to enter. Lives in a tokio runtime.
    #[must_use]
    pub fn enter(relay: RelayAddr, pass: Pass, memory: Arc<dyn Memory>, ways: Ways) -> Self {
        let (say, said) = mpsc::channel(WAITING_MAX);
        let (tell, words) = mpsc::channel(WAITING_MAX);
        let meter = Meter::default();
        let known = Known::recall(relay, memory, ways.clone());
        let end = End { known, pass, ways, meter: meter.clone(), said, tell };
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
}

/// A session in which the room was entered.
struct Inside {
    tls: Tls,
    frames: Frames,
    /// Where datagrams may go, with these keys and this proof.
    datagrams: Option<(UdpSocket, Keys, u32)>,
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
    ) -> Option<(UdpSocket, Keys, u32)> {
        if self.ways != Ways::Any {
            return None;
        }
        let to = peer?;
        let from: SocketAddr = match to {
            SocketAddr::V4(_) => ([0, 0, 0, 0], 0).into(),
            SocketAddr::V6(_) => ([0; 8], 0).into(),
        };
        let socket = UdpSocket::bind(from).await.ok()?;
        socket.connect(to).await.ok()?;
        Some((socket, keys?, proof))
    }

    /// Says what is said and brings what is heard, until the line is lost.
    async fn talk(&mut self, mut socket: TcpStream, inside: Inside) -> Result<Word, Word> {
        let Inside { mut tls, mut frames, datagrams } = inside;
        let (mut reader, mut writer): (ReadHalf<'_>, WriteHalf<'_>) = socket.split();
        let (mut bytes, mut datagram) = (vec![0; 4_096], [0; DATAGRAM_BYTES_MAX + 1]);
        let mut number = 0_u64;
        let mut last_datagram = Instant::now();
        loop {
            tokio::select! {
                packet = self.said.recv() => {
                    let Some(packet) = packet else { return Err(Word::Lost(Loss::HungUp)) };
                    number = number.wrapping_add(1);
                    let heard = last_datagram.elapsed() < DATAGRAMS_SILENT;
                    let tried = number.checked_rem(TRIES) == Some(0);
                    match &datagrams {
                        Some(way) if heard || tried => {
                            self.meter.sent(send(way, number, packet).await);
                        }
                        _ if tls.out.len() > OUT_BYTES_MAX => {}
                        _ => tls.say(&Request::Speak(packet).encode(0)),
                    }
                }
                length = receive(datagrams.as_ref(), &mut datagram) => {
                    let came = datagram.get(..length).unwrap_or_default();
                    self.meter.heard(length);
                    for packet in opened(datagrams.as_ref(), came) {
                        last_datagram = Instant::now();
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
                        if let Reply::Heard(packet) = reply {
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

/// Sends a packet by a datagram; its bytes.
async fn send(
    (socket, keys, proof): &(UdpSocket, Keys, u32),
    number: u64,
    packet: Vec<u8>,
) -> usize {
    let mut fresh = [0; 13];
    if aws_lc_rs::rand::fill(&mut fresh).is_err() {
        return 0;
    }
    let [.., high, low] = number.to_be_bytes();
    let number = u16::from_be_bytes([high, low]);
    let items = vec![Question::Speak(0, packet)];
    let plain = Questions { number, proof: *proof, items }.encode(0);
    let sealed = keys.seal_question(Freshness(fresh), &plain);
    // A way that is shut is noticed by its silence.
    let _ = socket.send(&sealed).await;
    sealed.len()
}

async fn receive(way: Option<&(UdpSocket, Keys, u32)>, bytes: &mut [u8]) -> usize {
    let Some((socket, ..)) = way else { return std::future::pending().await };
    loop {
        match socket.recv(bytes).await {
            Ok(length) => return length,
            // Nobody listens there: datagrams are refused, and the session carries on.
            Err(_) => tokio::time::sleep(Duration::from_millis(200)).await,
        }
    }
}

fn opened(way: Option<&(UdpSocket, Keys, u32)>, datagram: &[u8]) -> Vec<Vec<u8>> {
    let answers = way
        .and_then(|(_, keys, _)| keys.open_answer(datagram))
        .and_then(|plain| Answers::parse(&plain).ok());
    let items = answers.map(|answers| answers.items).unwrap_or_default();
    let heard = items.into_iter().filter_map(|item| match item {
        Answer::Heard(_, packet) => Some(packet),
        _ => None,
    });
    heard.collect()
}
