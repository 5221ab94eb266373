//! One client's connection, from its first byte to its last.

use std::{sync::Arc, time::Duration};

use sogon_packet::Chain;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::{mpsc, watch},
    time::{Instant, sleep, timeout},
};

use crate::{
    committer::Answer,
    figures::add,
    greeting::Greeting,
    limits::ANSWERS_BYTES_HIGH,
    relay::Shared,
    rooms::Seat,
    tls::{Session, Tls},
    visit::Visit,
    web,
};

const READ_BYTES: usize = 8_192;
/// How long a client may take to say goodbye too.
const GOODBYE: Duration = Duration::from_secs(2);

/// Why a connection ends before its client is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// The socket is gone.
    Gone,
    /// It spoke something else, or broke the rules of what it spoke.
    Stranger,
    /// The handshake took too long, or nothing was said for too long.
    Silent,
    /// It took nothing of what waited for it.
    Stalled,
}

/// Serves one connection until it ends.
pub(crate) async fn serve(socket: TcpStream, shared: Arc<Shared>, stop: watch::Receiver<bool>) {
    add(&shared.figures.connections, 1);
    let ended = Connection::run(socket, &shared, stop).await;
    shared.figures.connections.fetch_sub(1, std::sync::atomic::Ordering::Relaxed);
    match ended {
        Err(End::Stranger) => add(&shared.figures.strangers, 1),
        Err(End::Stalled) => add(&shared.figures.stalled, 1),
        Ok(()) | Err(End::Gone | End::Silent) => {}
    }
}

/// What somebody else in the room says; never, where there is none.
async fn said_in_room(seat: &mut Option<Seat>) -> Option<Vec<u8>> {
    match seat {
        Some(seat) => seat.heard().await,
        None => std::future::pending().await,
    }
}

struct Connection<'a> {
    shared: &'a Shared,
    tls: Tls,
    visit: Visit<'a>,
    /// Nothing more is taken from the client; what it asked is still answered.
    closing: bool,
    session: Session,
    /// What was heard before the first whole request.
    first: Vec<u8>,
    /// Whether that is no client's.
    strange: bool,
    /// The relay keeps the chain of packet keys that begins with this session.
    chained: bool,
    /// When the client last finished a request or took something.
    active: Instant,
}

impl<'a> Connection<'a> {
    async fn run(
        mut socket: TcpStream,
        shared: &'a Shared,
        mut stop: watch::Receiver<bool>,
    ) -> Result<(), End> {
        let _ = socket.set_nodelay(true);
        let (answer_to, mut answers) = mpsc::unbounded_channel::<Answer>();
        let mut connection = Self {
            shared,
            tls: Tls::new(Arc::clone(&shared.tls)).map_err(|_| End::Gone)?,
            visit: Visit::new(shared, answer_to),
            closing: *stop.borrow_and_update(),
            session: Session::None,
            first: Vec::new(),
            strange: false,
            chained: false,
            active: Instant::now(),
        };
        let bell = connection.visit.watches.bell();
        let (mut reader, mut writer) = socket.split();
        let mut bytes = vec![0; READ_BYTES];
        loop {
            connection.work().await?;
            if connection.strange {
                add(&shared.figures.strangers, 1);
                let Self { tls, first, .. } = connection;
                web::serve((reader, writer), tls, first, shared.page.clone(), stop).await;
                return Ok(());
            }
            if connection.is_done() {
                break;
            }
            let Self { tls, visit, closing, .. } = &connection;
            let hears = !closing && !visit.is_busy() && tls.out.len() < ANSWERS_BYTES_HIGH;
            let waits = connection.waits();
            tokio::select! {
                read = reader.read(&mut bytes), if hears => {
                    let read = bytes.get(..read.map_err(|_| End::Gone)?).unwrap_or_default();
                    let heard = connection.hear(read);
                    if heard.is_err() {
                        // An alert, as any server sends: as far as the socket takes it at once.
                        let _ = timeout(Duration::ZERO, writer.write_all(&connection.tls.out)).await;
                    }
                    heard?;
                }
                wrote = writer.write(&connection.tls.out), if !connection.tls.out.is_empty() => {
                    match wrote {
                        Ok(1..) => connection.wrote(wrote.unwrap_or_default()),
                        Ok(0) | Err(_) => return Err(End::Gone),
                    }
                }
                Some(answer) = answers.recv() => connection.visit.placed(answer),
                Some(packet) = said_in_room(&mut connection.visit.seat) => {
                    let waiting = connection.tls.out.len();
                    connection.visit.hand_on(packet, waiting).await;
                }
                () = bell.rung() => connection.visit.watches.grew(bell.take()),
                _ = stop.changed(), if !connection.closing => connection.stop(),
                () = sleep(waits) => return Err(connection.why_silent()),
            }
        }
        connection.tls.say_goodbye();
        let goodbye = async {
            let _ = writer.write_all(&connection.tls.out).await;
            let _ = writer.shutdown().await;
            // A socket closed with bytes unread takes back what its peer has not read yet.
            while matches!(reader.read(&mut bytes).await, Ok(1..)) {}
        };
        let _ = timeout(GOODBYE, goodbye).await;
        Ok(())
    }

    /// Turns what was asked into what is to be written, as far as there is room.
    async fn work(&mut self) -> Result<(), End> {
        while self.tls.out.len() < ANSWERS_BYTES_HIGH {
            if self.visit.said.is_empty() {
                if !self.visit.answer_next().await && !self.visit.tell_next().await {
                    break;
                }
                self.active = Instant::now();
            }
            let said = std::mem::take(&mut self.visit.said);
            self.tls.say(&said);
        }
        if self.visit.has_asked() {
            self.first = Vec::new();
        }
        match (self.visit.is_broken(), self.visit.has_asked()) {
            (true, true) => Err(End::Stranger),
            (true, false) => {
                self.strange = true;
                Ok(())
            }
            (false, _) => Ok(()),
        }
    }

    fn hear(&mut self, bytes: &[u8]) -> Result<(), End> {
        if bytes.is_empty() {
            self.closing = true;
            if !self.visit.has_asked() {
                self.greeted(&[]);
            }
            return if self.tls.is_handshaking() { Err(End::Gone) } else { Ok(()) };
        }
        add(&self.shared.figures.bytes_in, bytes.len());
        let heard = self.tls.hear(bytes);
        self.note_session();
        let heard = heard.map_err(|_| End::Stranger)?;
        self.note_chain();
        self.closing |= heard.closed;
        if self.visit.has_asked() {
            self.visit.hear(&heard.plain);
        } else {
            self.greeted(&heard.plain);
        }
        Ok(())
    }

    /// Finds out who it is, from the first bytes on.
    fn greeted(&mut self, plain: &[u8]) {
        let before = Greeting::of(&self.first);
        self.first.extend_from_slice(plain);
        let told = !self.first.is_empty();
        match Greeting::of(&self.first) {
            // Over and nothing whole was said: a web server would object.
            Greeting::Unknown if told && self.closing => self.strange = true,
            Greeting::Unknown => {}
            Greeting::Client if self.session == Session::Stranger => self.strange = true,
            Greeting::Client if before == Greeting::Client => self.visit.hear(plain),
            Greeting::Client => self.visit.hear(&self.first),
            Greeting::Stranger => self.strange = true,
        }
    }

    fn note_session(&mut self) {
        if self.session != Session::None {
            return;
        }
        self.session = self.tls.session();
        match self.session {
            Session::Full => add(&self.shared.figures.sessions_full, 1),
            Session::Resumed => add(&self.shared.figures.sessions_resumed, 1),
            Session::None | Session::Stranger => {}
        }
    }

    /// Once the session is agreed, both ends hold the secret of a chain of packet keys.
    fn note_chain(&mut self) {
        let ours = matches!(self.session, Session::Full | Session::Resumed);
        if !ours || self.chained || self.tls.is_handshaking() {
            return;
        }
        if let Some(secret) = self.tls.packet_secret() {
            self.chained = true;
            let chain = Chain::new(secret);
            self.visit.call_keys = Some(chain.call());
            self.shared.chains.add(chain, (self.shared.clock)());
        }
    }

    fn wrote(&mut self, count: usize) {
        add(&self.shared.figures.bytes_out, count);
        self.tls.out.drain(..count);
        self.active = Instant::now();
    }

    fn stop(&mut self) {
        self.visit.stop();
        self.closing = true;
    }

    fn is_done(&self) -> bool {
        self.closing && self.visit.is_answered() && self.tls.out.is_empty()
    }

    /// How long nothing may happen now.
    fn waits(&self) -> Duration {
        let limits = &self.shared.limits;
        if let Some(seat) = &self.visit.seat {
            let active = seat.active().max(self.active);
            return limits.idle_in_call_max.saturating_sub(active.elapsed());
        }
        let most = if self.tls.is_handshaking() {
            limits.handshake_max
        } else if !self.tls.out.is_empty() {
            limits.stall_max
        } else if !self.visit.has_asked() {
            limits.idle_max.min(web::SILENCE_MAX)
        } else if self.visit.watches.len() > 0 {
            limits.idle_watching_max
        } else {
            limits.idle_max
        };
        most.saturating_sub(self.active.elapsed())
    }

    fn why_silent(&self) -> End {
        if self.tls.is_handshaking() || self.tls.out.is_empty() {
            End::Silent
        } else {
            End::Stalled
        }
    }
}
