//! The direct way of a call (SPEC 12.4): what each side tells the other of where it may be reached,
//! when a packet goes there, and what counts of what comes. No socket; time is an argument.
//!
//! What is said goes through the room until each of the two has heard the other directly, and again
//! when it does not any more. Nothing is answered, and nothing is sent to an address that only
//! somebody else's packet came from: a packet has to open first.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use sogon_packet::{ANSWER_OVERHEAD_BYTES, DirectKeys, Freshness, Side, is_sealed};
use sogon_wire::packet::{AT_BYTES_MAX, Address, Direct as Said};

/// The most addresses of one side.
const ADDRESSES_MAX: usize = 8;
/// A side that was heard so long ago is heard now.
const HEARD: Duration = Duration::from_millis(500);
/// For so long after the direct way was good, packets go there too, beside the room.
const BESIDE: Duration = Duration::from_secs(2);
/// A side that was not heard directly for so long is sent nothing more there until it tells an address
/// anew: it may have changed its mind.
const GIVEN_UP: Duration = Duration::from_secs(60);
/// So many packets in the room with none directly between them say that the other side does not hear
/// this one any more, whatever an old packet says.
const ROOM_AGAIN: u32 = 12;
/// Addresses are told and tried for so long.
const TRYING: Duration = Duration::from_secs(10);
/// So often in one call: whoever names new addresses again and again has none tried any more.
const TRYINGS_MAX: u32 = 12;
/// An address is told beside every so manieth packet.
const TOLD_EVERY: u64 = 5;
/// Of what goes directly, every so manieth packet goes through the room too; of what does not, to
/// where the other side was heard last.
const KEPT_EVERY: u64 = 25;

/// Which way what is said goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Way {
    /// Through the room of the relay.
    #[default]
    Relay,
    /// From one to the other.
    Direct,
}

/// What became of the direct way so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DirectFigures {
    /// Which way what is said goes now.
    pub way: Way,
    /// Packets that left for an address of the other side, those that tried it too.
    pub sent: u64,
    /// Packets of the other side that came directly.
    pub heard: u64,
}

/// The direct way of one call in one epoch: it outlives the lines of the call.
#[derive(Clone)]
pub struct Direct(Arc<Mutex<Machine>>);

impl Direct {
    /// With keys of both sides' secret; the one of who called, or of who took the call.
    #[must_use]
    pub fn new(secret: &[u8; 32], called: bool) -> Self {
        let side = if called { Side::Caller } else { Side::Taker };
        Self(Arc::new(Mutex::new(Machine::new(DirectKeys::new(secret, side)))))
    }

    /// It follows this one in another epoch of the call: how often addresses were tried counts on.
    pub fn follow(&self, before: &Self) {
        let tryings = before.machine().tryings;
        self.machine().tryings = tryings;
    }

    /// From now on nothing goes directly and nothing that comes so is heard.
    pub fn stop(&self) {
        self.machine().stopped = true;
    }

    /// How it stands.
    #[must_use]
    pub fn figures(&self) -> DirectFigures {
        let machine = self.machine();
        let way = if machine.is_good(Instant::now()) { Way::Direct } else { Way::Relay };
        DirectFigures { way, sent: machine.sent, heard: machine.heard_count }
    }

    pub(crate) fn machine(&self) -> MutexGuard<'_, Machine> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Direct {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Direct(..)")
    }
}

/// Where a packet goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Leave {
    /// Through the room.
    pub(crate) room: bool,
    /// To this address.
    pub(crate) to: Option<SocketAddr>,
    /// It goes through the room only to keep that.
    pub(crate) kept: bool,
    /// An address of one's own goes through the room beside it.
    pub(crate) tells: bool,
}

impl Leave {
    pub(crate) const ROOM: Self = Self { room: true, to: None, kept: false, tells: false };
}

pub(crate) struct Machine {
    keys: DirectKeys,
    /// Of the next packet that is sealed.
    number: u32,
    /// The newest number that was opened, and what was opened before it.
    newest: Option<u32>,
    seen: u64,
    own: Vec<SocketAddr>,
    /// The relay is on this very machine, as its system says.
    here: bool,
    /// Which of them is told next.
    own_next: usize,
    theirs: Vec<SocketAddr>,
    /// Which of them is tried next.
    theirs_next: usize,
    /// Packets that were said, to count by.
    said: u64,
    /// Until when addresses are told and tried.
    trying: Option<Instant>,
    tryings: u32,
    /// Where the newest packet came from that opened, and when.
    at: Option<(SocketAddr, Instant)>,
    /// That packet said that its sender hears this side.
    is_heard: bool,
    /// When both heard each other last.
    good: Option<Instant>,
    /// Packets of the other side in the room since one came directly.
    in_room: u32,
    stopped: bool,
    sent: u64,
    heard_count: u64,
}

impl Machine {
    fn new(keys: DirectKeys) -> Self {
        Self {
            keys,
            number: 0,
            newest: None,
            seen: 0,
            own: Vec::new(),
            here: false,
            own_next: 0,
            theirs: Vec::new(),
            theirs_next: 0,
            said: 0,
            trying: None,
            tryings: 0,
            at: None,
            is_heard: false,
            good: None,
            in_room: 0,
            stopped: false,
            sent: 0,
            heard_count: 0,
        }
    }

    /// Another socket, at these addresses. They are told, and the other side's tried anew, once it
    /// is heard.
    pub(crate) fn begin(&mut self, own: Vec<SocketAddr>) {
        self.here = own.iter().any(|own| own.ip().is_loopback());
        self.own = own;
        self.own.truncate(ADDRESSES_MAX);
        // The other side tells its addresses again when it hears of these.
        self.theirs.clear();
        (self.trying, self.at, self.is_heard) = (None, None, false);
    }

    /// The relay sees this side's datagrams come from here.
    pub(crate) fn seen_at(&mut self, now: Instant, address: Address) {
        let address = socket_address(address);
        let known = self.own.contains(&address);
        if self.own.len() < ADDRESSES_MAX && !known && is_usable(address, self.here) {
            self.own.push(address);
            self.try_again(now);
        }
    }

    /// Something was heard through the room; true when it was meant for here and is no speech.
    pub(crate) fn heard_in_room(&mut self, now: Instant, packet: &[u8]) -> bool {
        if self.stopped {
            return is_sealed(packet);
        }
        if !is_sealed(packet) {
            if self.trying.is_none() {
                self.try_again(now);
            }
            self.in_room = self.in_room.saturating_add(1);
            if self.in_room > ROOM_AGAIN {
                self.is_heard = false;
            }
            return false;
        }
        if let Some(Said::At { number, address }) = self.open(packet)
            && self.arrives(number)
        {
            self.learn(now, socket_address(address));
        }
        true
    }

    /// A datagram that is not the relay's; the packet in it, if it is the other side's.
    pub(crate) fn hear(
        &mut self,
        now: Instant,
        datagram: &[u8],
        from: SocketAddr,
    ) -> Option<Vec<u8>> {
        if self.stopped {
            return None;
        }
        let Said::Speech { hears, number, packet } = self.open(datagram)? else { return None };
        let newest = self.newest.is_none_or(|newest| number > newest);
        self.arrives(number).then_some(())?;
        // What comes from elsewhere is heard, and not answered there.
        if newest && self.theirs.iter().any(|told| told.ip() == from.ip()) {
            (self.at, self.is_heard, self.in_room) = (Some((from, now)), hears, 0);
        }
        if self.is_good(now) {
            self.good = Some(now);
        }
        self.heard_count = self.heard_count.saturating_add(1);
        Some(packet)
    }

    /// Where the next packet goes.
    pub(crate) fn leave(&mut self, now: Instant) -> Leave {
        if self.stopped {
            return Leave::ROOM;
        }
        self.said = self.said.wrapping_add(1);
        let every = |count| self.said.checked_rem(count) == Some(0);
        if self.is_good(now) {
            self.good = Some(now);
            let to = self.at.map(|(at, _)| at);
            let kept = every(KEPT_EVERY);
            return Leave { room: kept, to, kept, tells: false };
        }
        let trying = self.trying.is_some_and(|until| now < until);
        let tells = trying && !self.own.is_empty() && every(TOLD_EVERY);
        let lately = |at: Option<Instant>| at.is_some_and(|at| within(now, at, BESIDE));
        let heard = self.at.filter(|(_, at)| lately(Some(*at))).map(|(at, _)| at);
        let to = match self.at {
            _ if trying && heard.is_some() => heard,
            _ if trying => self.next_of_theirs(),
            Some((at, _)) if lately(self.good) => Some(at),
            Some((at, heard)) if every(KEPT_EVERY) && within(now, heard, GIVEN_UP) => Some(at),
            _ => None,
        };
        Leave { room: true, to, kept: false, tells }
    }

    /// Seals a packet for the direct way, filled up to so many bytes.
    pub(crate) fn seal(
        &mut self,
        now: Instant,
        fresh: Freshness,
        packet: Vec<u8>,
        bytes: usize,
    ) -> Option<Vec<u8>> {
        let (hears, number) = (self.hears(now), self.next_number()?);
        let said = Said::Speech { hears, number, packet };
        self.sent = self.sent.saturating_add(1);
        Some(self.sealed(fresh, &said, bytes))
    }

    /// Seals one's next address for the room, as large as a packet of so many bytes; [`None`] when
    /// it does not fit.
    pub(crate) fn tell(&mut self, fresh: Freshness, bytes: usize) -> Option<Vec<u8>> {
        if bytes < AT_BYTES_MAX.saturating_add(ANSWER_OVERHEAD_BYTES) {
            return None;
        }
        let place = self.own_next.checked_rem(self.own.len())?;
        let address = address_of(*self.own.get(place)?);
        self.own_next = self.own_next.wrapping_add(1);
        let said = Said::At { number: self.next_number()?, address };
        Some(self.sealed(fresh, &said, bytes))
    }

    fn sealed(&self, fresh: Freshness, said: &Said, bytes: usize) -> Vec<u8> {
        self.keys.seal(fresh, &said.encode(bytes.saturating_sub(ANSWER_OVERHEAD_BYTES)))
    }

    fn next_number(&mut self) -> Option<u32> {
        let number = self.number;
        self.number = number.checked_add(1)?;
        Some(number)
    }

    fn open(&self, sealed: &[u8]) -> Option<Said> {
        Said::parse(&self.keys.open(sealed)?).ok()
    }

    /// Both hear each other.
    fn is_good(&self, now: Instant) -> bool {
        !self.stopped && self.is_heard && self.hears(now)
    }

    /// The other side is heard directly.
    fn hears(&self, now: Instant) -> bool {
        self.at.is_some_and(|(_, at)| within(now, at, HEARD))
    }

    fn try_again(&mut self, now: Instant) {
        if self.tryings < TRYINGS_MAX {
            self.tryings = self.tryings.saturating_add(1);
            self.trying = now.checked_add(TRYING);
        }
    }

    /// The other side says that it may be reached here.
    fn learn(&mut self, now: Instant, address: SocketAddr) {
        let over = self.tryings >= TRYINGS_MAX;
        if over || !is_usable(address, self.here) || self.theirs.contains(&address) {
            return;
        }
        if self.theirs.len() >= ADDRESSES_MAX {
            self.theirs.remove(0);
        }
        self.theirs.push(address);
        self.try_again(now);
    }

    fn next_of_theirs(&mut self) -> Option<SocketAddr> {
        let place = self.theirs_next.checked_rem(self.theirs.len())?;
        self.theirs_next = self.theirs_next.wrapping_add(1);
        self.theirs.get(place).copied()
    }

    /// Notes a number; false for one that came before, or is long past.
    fn arrives(&mut self, number: u32) -> bool {
        let Some(newest) = self.newest else {
            (self.newest, self.seen) = (Some(number), 1);
            return true;
        };
        if let Some(ahead) = number.checked_sub(newest).filter(|ahead| *ahead > 0) {
            (self.newest, self.seen) =
                (Some(number), self.seen.checked_shl(ahead).unwrap_or(0) | 1);
            return true;
        }
        let bit = 1_u64.checked_shl(newest.saturating_sub(number)).unwrap_or(0);
        let news = bit != 0 && self.seen & bit == 0;
        self.seen |= bit;
        news
    }
}

fn within(now: Instant, at: Instant, most: Duration) -> bool {
    now.saturating_duration_since(at) <= most
}

/// Whether a packet may be sent where somebody else says: to one machine, at a port. To this very
/// machine only where the relay is on it, too.
fn is_usable(address: SocketAddr, here: bool) -> bool {
    let one = match address.ip() {
        IpAddr::V4(host) => {
            !host.is_broadcast() && !host.is_link_local() && host != Ipv4Addr::UNSPECIFIED
        }
        IpAddr::V6(host) => !host.is_unspecified() && !host.is_unicast_link_local(),
    };
    let ip = address.ip();
    one && address.port() != 0 && !ip.is_multicast() && (here || !ip.is_loopback())
}

fn socket_address(address: Address) -> SocketAddr {
    let (ip, port): (IpAddr, u16) = match address {
        Address::V4(host, port) => (host.into(), port),
        Address::V6(host, port) => (host.into(), port),
    };
    SocketAddr::new(ip.to_canonical(), port)
}

fn address_of(address: SocketAddr) -> Address {
    match address.ip() {
        IpAddr::V4(host) => Address::V4(host.octets(), address.port()),
        IpAddr::V6(host) => Address::V6(host.octets(), address.port()),
    }
}

#[cfg(test)]
#[allow(
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    reason = "small numbers of tests"
)]
mod tests;
