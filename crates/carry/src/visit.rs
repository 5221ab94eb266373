//! One visit to a relay: what leaves, what comes, and when it is over.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::{Duration, Instant},
};

use sogon_engine::{Arrival, Loss};
use sogon_wire::{LogName, RelayAddr, Reply, Tag};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::mpsc,
    time::{sleep, timeout},
};

use crate::{
    datagram::Aside,
    frames::Frames,
    link::{Asked, Known, Order, Orders},
    meter::Meter,
    side::Side,
    tls::{Form, Tls, TlsFault},
};

/// Bytes on their way to the socket, beyond which no more are taken from the queue.
const OUT_BYTES_HIGH: usize = 131_072;
const READ_BYTES: usize = 16_384;
/// Fewer tickets than this are worth waiting a round trip for.
const TICKETS_MIN: usize = 1;

/// How a connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// As it was told to.
    HungUp,
    /// The relay did not take the ticket; what was asked waits for the next connection.
    NotResumed,
    /// Nobody answered the greeting.
    Unheard,
    /// Otherwise.
    Lost(Loss),
}

pub(crate) struct Visit {
    pub(crate) known: Known,
    pub(crate) meter: Meter,
    /// A ticket was refused on the last connection.
    pub(crate) resume_refused: bool,
    pub(crate) arrive: mpsc::Sender<Arrival>,
    frames: Frames,
    /// What was asked and is not yet safely in a session, in order.
    asked: Vec<u8>,
    /// How much of that left early, in a first flight that may still be refused.
    early: usize,
    /// The tags that will be answered.
    open: BTreeSet<Tag>,
    /// The logs that boxes are on their way to.
    laying: BTreeMap<Tag, LogName>,
    hanging_up: bool,
    /// There is nothing to say: the session is made for the keys that come of it.
    for_keys: bool,
}

impl Visit {
    pub(crate) fn new(known: Known, meter: Meter, arrive: mpsc::Sender<Arrival>) -> Self {
        Self {
            known,
            meter,
            resume_refused: false,
            arrive,
            frames: Frames::default(),
            asked: Vec::new(),
            early: 0,
            open: BTreeSet::new(),
            laying: BTreeMap::new(),
            hanging_up: false,
            for_keys: false,
        }
    }

    /// Runs one connection to its end.
    pub(crate) async fn run(&mut self, socket: TcpStream, tls: Tls, orders: &mut Orders) -> End {
        self.early = 0;
        self.frames = Frames::default();
        // A ticket serves once: it is forgotten before it is shown.
        self.known.keep();
        let air = Air::new(&self.meter);
        let side = Side::new(socket.peer_addr().ok());
        let mut connection = Connection { air, visit: self, tls, side };
        let end = connection.run(socket, orders).await.unwrap_or_else(|end| end);
        connection.recall();
        self.known.keep();
        self.resume_refused = end == End::NotResumed;
        end
    }

    pub(crate) fn obey(&mut self, order: Order) {
        match order {
            Order::Ask(asked) => self.take(asked),
            Order::HangUp => self.hanging_up = true,
        }
    }

    /// From now on a connection says nothing, and is over when it has given keys for datagrams; or
    /// that is over.
    pub(crate) fn only_for_keys(&mut self, only: bool) {
        (self.hanging_up, self.for_keys) = (only, only);
    }

    pub(crate) fn take(&mut self, asked: Asked) {
        if let (Some(tag), Some(log)) = (asked.tag, asked.log()) {
            self.laying.insert(tag, log);
        }
        self.asked.extend(asked.bytes);
        self.open.extend(asked.tag);
    }

    /// Tells the program; [`End::HungUp`] when it is gone.
    async fn tell(&mut self, tag: Tag, reply: Reply) -> Result<(), End> {
        let arrival = Arrival::Reply { relay: self.relay(), tag, reply };
        self.arrive.send(arrival).await.map_err(|_| End::HungUp)
    }

    fn relay(&self) -> RelayAddr {
        self.known.relay.clone()
    }
}

struct Connection<'a> {
    visit: &'a mut Visit,
    tls: Tls,
    air: Air,
    /// What goes beside it.
    side: Side,
}

impl Connection<'_> {
    async fn run(&mut self, mut socket: TcpStream, orders: &mut Orders) -> Result<End, End> {
        let (mut reader, mut writer) = socket.split();
        let mut bytes = vec![0; READ_BYTES];
        // Everything that waited while we dialled leaves in the first flight.
        while self.has_room() {
            let Some(order) = orders.ready() else { break };
            self.visit.obey(order);
        }
        loop {
            self.work();
            if self.is_over() {
                break;
            }
            let waits = self.waits();
            tokio::select! {
                read = reader.read(&mut bytes) => {
                    let read = bytes.get(..read.unwrap_or_default()).unwrap_or_default();
                    if read.is_empty() {
                        return Err(self.cut());
                    }
                    let heard = self.hear(read).await;
                    if heard.is_err() {
                        // Say why, as far as the socket takes it at once.
                        let _ = timeout(Duration::ZERO, writer.write_all(&self.tls.out)).await;
                    }
                    heard?;
                }
                wrote = writer.write(&self.tls.out), if !self.tls.out.is_empty() => match wrote {
                    Ok(count @ 1..) => {
                        self.tls.out.drain(..count);
                        self.air.sent(count);
                    }
                    Ok(0) | Err(_) => return Err(End::Lost(Loss::HungUp)),
                },
                order = orders.next(), if self.has_room() && !self.visit.hanging_up => match order {
                    Some(order) => self.obey(order).await,
                    None => return Err(End::Lost(Loss::HungUp)),
                },
                came = self.side.next(&self.visit.known) => self.came(came).await?,
                () = sleep(waits) => {
                    if self.visit.hanging_up && self.tls.is_open() {
                        break;
                    }
                    if self.air.greeting {
                        return Err(End::Unheard);
                    }
                    return Err(End::Lost(Loss::HungUp));
                }
            }
        }
        self.tls.say_goodbye();
        let goodbye = async {
            let wrote = writer.write_all(&self.tls.out).await;
            let _ = writer.shutdown().await;
            wrote.map(|()| self.tls.out.len())
        };
        if let Ok(Ok(count)) = timeout(self.visit.known.pace().linger_max(), goodbye).await {
            self.air.sent(count);
        }
        Ok(End::HungUp)
    }

    /// Takes an order: words go beside the connection where they are there sooner.
    async fn obey(&mut self, order: Order) {
        let order = match order {
            Order::Ask(asked) => self.ask_beside(asked).await.map(Order::Ask),
            Order::HangUp => {
                self.recall();
                Some(Order::HangUp)
            }
        };
        if let Some(order) = order {
            self.visit.obey(order);
        }
    }

    /// Gives back what is for the connection, after all that goes before it. Boxes for one log never
    /// go both ways at once.
    async fn ask_beside(&mut self, asked: Asked) -> Option<Asked> {
        let log = asked.log();
        let is_first = !self.visit.laying.values().any(|laying| Some(*laying) == log);
        let refused = match self.tls.is_open() && is_first {
            true => self.side.ask(asked, &mut self.visit.known, &self.visit.meter).await?,
            false => asked,
        };
        if log.is_some_and(|log| self.side.is_laying(log)) {
            self.recall();
        }
        Some(refused)
    }

    /// What came beside the connection, or did not.
    async fn came(&mut self, came: Aside) -> Result<(), End> {
        match came {
            Aside::Answered(replies) => {
                self.visit.meter.turned();
                self.side.was_answered();
                for (tag, reply) in replies {
                    self.visit.tell(tag, reply).await?;
                }
            }
            Aside::Silent => {
                self.side.was_silent();
                self.recall();
            }
            Aside::Rested => {
                self.recall();
                if let Some(probe) = self.side.rested(&self.visit.open) {
                    self.visit.take(probe);
                }
            }
        }
        Ok(())
    }

    /// Nothing goes beside the connection any more; what is not answered goes on it.
    fn recall(&mut self) {
        let open = self.side.end(&mut self.visit.known);
        open.into_iter().for_each(|asked| self.visit.take(asked));
    }

    /// The other end is gone. Where something on the way takes no first flight with data in it, a
    /// full session may still get through, and it is tried before anything is called lost.
    fn cut(&self) -> End {
        match (self.tls.form(), self.tls.is_open()) {
            (Form::Resumed, false) => End::NotResumed,
            _ => End::Lost(Loss::HungUp),
        }
    }

    /// Puts what was asked into the session, or before it into the first flight.
    fn work(&mut self) {
        let visit = &mut *self.visit;
        if self.tls.is_open() {
            if !visit.asked.is_empty() {
                self.tls.say(&visit.asked);
                visit.asked.clear();
                self.air.asking = true;
            }
        } else if self.tls.form() == Form::Resumed {
            let rest = visit.asked.get(visit.early..).unwrap_or_default();
            if !rest.is_empty() {
                visit.early = visit.early.saturating_add(self.tls.say_early(rest));
            }
        }
        if self.tls.out.is_empty() {
            // The greeting, when there was nothing to put behind it.
            self.tls.say_early(&[]);
        }
    }

    async fn hear(&mut self, bytes: &[u8]) -> Result<(), End> {
        self.side.heard();
        if let Some(round_trip) = self.air.heard(bytes.len()) {
            // Not the time TCP needed: many networks answer that themselves.
            self.visit.known.answered_in(round_trip);
        }
        let opening = !self.tls.is_open();
        let tickets = self.visit.known.tickets.count();
        let heard = self.tls.hear(bytes).map_err(|fault| match fault {
            TlsFault::NotResumed => End::NotResumed,
            TlsFault::WrongKey => End::Lost(Loss::WrongKey),
            TlsFault::Strange => End::Lost(Loss::NotARelay),
        })?;
        if opening && self.tls.is_open() {
            self.opened()?;
        }
        if self.visit.hanging_up && self.visit.known.tickets.count() > tickets {
            // We stayed for these.
            self.visit.meter.turned();
        }
        self.visit.known.keep();
        let replies = self.visit.frames.push(&heard.plain);
        for (tag, reply) in replies.map_err(|_| End::Lost(Loss::NotARelay))? {
            if self.visit.open.remove(&tag) {
                self.air.answered();
            }
            self.visit.laying.remove(&tag);
            if !self.side.told(tag, &reply) {
                self.visit.tell(tag, reply).await?;
            }
        }
        if heard.closed { Err(End::Lost(Loss::HungUp)) } else { Ok(()) }
    }

    fn opened(&mut self) -> Result<(), End> {
        if !self.tls.is_as_begun() {
            return Err(End::Lost(Loss::NotARelay));
        }
        if let Some(chain) = self.tls.packet_chain() {
            self.visit.known.chained(chain);
        }
        let visit = &mut *self.visit;
        match self.tls.form() {
            Form::Full => visit.meter.full_session(),
            Form::Resumed => {
                let taken = if self.tls.early_was_taken() { visit.early } else { 0 };
                visit.meter.resumed_session(taken);
                // What was not taken early leaves again, now in the session.
                visit.asked.drain(..taken);
            }
        }
        visit.early = 0;
        if !visit.hanging_up
            && let Some(probe) = self.side.opened(&visit.open, &visit.known)
        {
            visit.take(probe);
        }
        Ok(())
    }

    fn has_room(&self) -> bool {
        self.visit.asked.len().saturating_add(self.tls.out.len()) < OUT_BYTES_HIGH
    }

    /// Whether everything was said, and there is nothing worth staying for.
    fn is_over(&self) -> bool {
        let visit = &*self.visit;
        let nothing_said = visit.asked.is_empty() && visit.open.is_empty();
        visit.hanging_up
            && (nothing_said && !self.tls.is_open() && !visit.for_keys
                || self.tls.is_open()
                    && visit.asked.is_empty()
                    && self.tls.out.is_empty()
                    && visit.known.tickets.count() >= TICKETS_MIN)
    }

    /// How long nothing may be heard now.
    fn waits(&self) -> Duration {
        let (visit, pace) = (&*self.visit, self.visit.known.pace());
        if self.air.greeting {
            pace.greeting_max().saturating_sub(self.air.begun.elapsed())
        } else if !self.tls.is_open() {
            pace.handshake_max().saturating_sub(self.air.begun.elapsed())
        } else if visit.hanging_up {
            pace.linger_max().saturating_sub(self.air.last.elapsed())
        } else if !visit.open.is_empty() || !self.tls.out.is_empty() {
            pace.answer_max().saturating_sub(self.air.last.elapsed())
        } else {
            Duration::from_secs(86_400)
        }
    }
}

/// Counts what passes on one connection.
struct Air {
    meter: Meter,
    begun: Instant,
    /// When the last byte passed.
    last: Instant,
    /// The relay is yet to be heard for the first time.
    greeting: bool,
    /// A question left that no earlier round trip carried, and is not answered yet.
    asking: bool,
}

impl Air {
    fn new(meter: &Meter) -> Self {
        let now = Instant::now();
        Self { meter: meter.clone(), begun: now, last: now, greeting: true, asking: false }
    }

    fn sent(&mut self, bytes: usize) {
        self.meter.sent(bytes);
        self.passed();
    }

    /// Bytes came; how long the first ones took.
    fn heard(&mut self, bytes: usize) -> Option<Duration> {
        self.meter.heard(bytes);
        let first = std::mem::take(&mut self.greeting);
        if first {
            self.meter.turned();
        }
        self.passed();
        first.then(|| self.begun.elapsed())
    }

    fn answered(&mut self) {
        if std::mem::take(&mut self.asking) {
            self.meter.turned();
        }
    }

    fn passed(&mut self) {
        self.meter.on_air(self.last.elapsed());
        self.last = Instant::now();
    }
}
