//! The watcher of the wire: everything between the two people and the relay goes through here.
//! It sees what any tower, provider or border sees, and writes all of it down.

use std::{
    cell::RefCell,
    io,
    net::SocketAddr,
    rc::Rc,
    time::{Duration, Instant},
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

/// Of one direction of one connection not more than this is written down.
const CAPTURE_BYTES_MAX: usize = 8 * 1_048_576;
/// The part of a TLS record that anybody can read: kind, version, length.
const RECORD_HEAD_BYTES: usize = 5;

/// Which way something went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// To the relay.
    Up,
    /// From the relay.
    Down,
}

/// One TLS record as it passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sighting {
    /// Since the watcher began.
    pub(super) at: Duration,
    /// Which connection, counted from 0.
    pub(super) connection: usize,
    pub(super) way: Way,
    /// Its bytes, the readable head included.
    pub(super) bytes: usize,
    /// The tape it is on, and where it begins there.
    place: (usize, usize),
}

/// All that was seen.
#[derive(Debug)]
pub(super) struct Notes {
    began: Instant,
    pub(super) sightings: Vec<Sighting>,
    /// Everything captured, each direction of each connection in its order.
    captured: Vec<Tape>,
    connections: usize,
}

/// One direction of one connection.
#[derive(Debug)]
struct Tape {
    connection: usize,
    way: Way,
    bytes: Vec<u8>,
    /// Where the next record begins, counted over all bytes that passed.
    next_record: usize,
    passed: usize,
}

/// The watcher at work.
pub(super) struct Watcher {
    notes: Rc<RefCell<Notes>>,
    place: SocketAddr,
    task: JoinHandle<()>,
}

impl Watcher {
    /// Stands before the relay at `relay`.
    pub(super) async fn stand(relay: SocketAddr) -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let place = listener.local_addr()?;
        let notes = Rc::new(RefCell::new(Notes::begin()));
        let task = tokio::task::spawn_local(watch(listener, relay, Rc::clone(&notes)));
        Ok(Self { notes, place, task })
    }

    /// Where people connect.
    pub(super) fn place(&self) -> SocketAddr {
        self.place
    }

    /// The notes, to be looked at later.
    pub(super) fn notes(&self) -> Rc<RefCell<Notes>> {
        Rc::clone(&self.notes)
    }

    /// Reads the notes.
    pub(super) fn read<T>(&self, read: impl FnOnce(&Notes) -> T) -> T {
        read(&self.notes.borrow())
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn watch(listener: TcpListener, relay: SocketAddr, notes: Rc<RefCell<Notes>>) {
    while let Ok((client, _)) = listener.accept().await {
        tokio::task::spawn_local(pass(client, relay, Rc::clone(&notes)));
    }
}

/// Passes everything on as it comes. Whatever ends one side ends the other.
async fn pass(client: TcpStream, relay: SocketAddr, notes: Rc<RefCell<Notes>>) -> io::Result<()> {
    let (up, down) = notes.borrow_mut().connection();
    let server = TcpStream::connect(relay).await?;
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let notes = &notes;
    let copy_up = async move {
        let mut bytes = vec![0; 65_536];
        loop {
            let read = from_client.read(&mut bytes).await?;
            let piece = bytes.get(..read).unwrap_or_default();
            if piece.is_empty() {
                return to_server.shutdown().await;
            }
            notes.borrow_mut().note(up, piece);
            to_server.write_all(piece).await?;
        }
    };
    let copy_down = async move {
        let mut bytes = vec![0; 65_536];
        loop {
            let read = from_server.read(&mut bytes).await?;
            let piece = bytes.get(..read).unwrap_or_default();
            if piece.is_empty() {
                return to_client.shutdown().await;
            }
            notes.borrow_mut().note(down, piece);
            to_client.write_all(piece).await?;
        }
    };
    tokio::try_join!(copy_up, copy_down).map(|_| ())
}

impl Notes {
    pub(super) fn begin() -> Self {
        Self { began: Instant::now(), sightings: Vec::new(), captured: Vec::new(), connections: 0 }
    }

    /// How long the watcher has stood here.
    pub(super) fn now(&self) -> Duration {
        self.began.elapsed()
    }

    /// How many connections there were.
    pub(super) fn connections(&self) -> usize {
        self.connections
    }

    /// Bytes that passed.
    pub(super) fn passed(&self, way: Way) -> usize {
        self.captured.iter().filter(|tape| tape.way == way).map(|tape| tape.passed).sum()
    }

    /// Whether a word stands anywhere in what passed.
    pub(super) fn holds(&self, word: &[u8]) -> bool {
        self.captured.iter().any(|tape| occurs(&tape.bytes, word))
    }

    /// Two fresh tapes.
    pub(super) fn connection(&mut self) -> (usize, usize) {
        let connection = self.connections;
        self.connections = connection.saturating_add(1);
        let first = self.captured.len();
        for way in [Way::Up, Way::Down] {
            let tape = Tape { connection, way, bytes: Vec::new(), next_record: 0, passed: 0 };
            self.captured.push(tape);
        }
        (first, first.saturating_add(1))
    }

    /// The first bytes of a record, as far as they passed.
    pub(super) fn head(&self, sighting: &Sighting, bytes: usize) -> &[u8] {
        let (tape, from) = sighting.place;
        let bytes_there = self.captured.get(tape).and_then(|tape| tape.bytes.get(from..));
        let bytes_there = bytes_there.unwrap_or_default();
        bytes_there.get(..bytes.min(sighting.bytes)).unwrap_or(bytes_there)
    }

    /// What was captured: each direction of each connection in its order.
    pub(super) fn tapes(&self) -> impl Iterator<Item = &[u8]> {
        self.captured.iter().map(|tape| tape.bytes.as_slice())
    }

    pub(super) fn note(&mut self, tape: usize, piece: &[u8]) {
        let at = self.now();
        let number = tape;
        let Some(tape) = self.captured.get_mut(tape) else { return };
        tape.passed = tape.passed.saturating_add(piece.len());
        if tape.passed <= CAPTURE_BYTES_MAX {
            tape.bytes.extend_from_slice(piece);
        }
        while let Some((from, bytes)) = tape.record() {
            let Tape { connection, way, .. } = *tape;
            let place = (number, from);
            self.sightings.push(Sighting { at, connection, way, bytes, place });
        }
    }
}

impl Tape {
    /// Where the next record begins and how long it is, once its head has passed.
    fn record(&mut self) -> Option<(usize, usize)> {
        let begin = self.next_record;
        let end = self.next_record.checked_add(RECORD_HEAD_BYTES)?;
        let [_, _, _, high, low] = *self.bytes.get(self.next_record..end)? else { return None };
        let body = usize::from(u16::from_be_bytes([high, low]));
        self.next_record = end.saturating_add(body);
        Some((begin, body.saturating_add(RECORD_HEAD_BYTES)))
    }
}

/// Whether `word` stands somewhere in `bytes`.
pub(super) fn occurs(bytes: &[u8], word: &[u8]) -> bool {
    !word.is_empty() && bytes.windows(word.len()).any(|window| window == word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_told_apart_however_they_come_in_pieces() {
        let wire: Vec<u8> = [&[22, 3, 1, 0, 3], &b"abc"[..], &[23, 3, 3, 0, 2], b"de"].concat();
        for size in 1..=wire.len() {
            let mut notes = Notes::begin();
            let (up, _) = notes.connection();
            for piece in wire.chunks(size) {
                notes.note(up, piece);
            }
            let bytes: Vec<_> = notes.sightings.iter().map(|sighting| sighting.bytes).collect();
            assert_eq!(bytes, [8, 7], "pieces of {size}");
        }
    }

    #[test]
    fn a_word_on_the_wire_is_found_also_across_pieces() {
        let mut notes = Notes::begin();
        let (up, down) = notes.connection();
        notes.note(up, b"xxse");
        notes.note(down, b"yyyyy");
        notes.note(up, b"cret");
        assert!(notes.holds(b"secret"));
        assert!(!notes.holds(b"secrets"));
        assert_eq!((notes.passed(Way::Up), notes.passed(Way::Down)), (8, 5));
    }
}
