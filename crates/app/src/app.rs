//! The server: one listener on this machine, a name nobody can guess, seats for homes.

use std::{cell::RefCell, io, net::Ipv4Addr, rc::Rc, time::Instant};

use tokio::{
    net::TcpListener,
    sync::{Mutex, watch},
};

use crate::{
    home::{Gate, Home, Refusal},
    parcel::Tray,
    passes::{Passes, random_hex},
    roster::Roster,
    watcher::Watcher,
};

/// The number under which the page of the watcher has its session.
pub(crate) const WATCHER: usize = usize::MAX;

/// One home's place at the server; the home comes and goes as it is unlocked and locked.
pub(crate) struct Place<H: Home> {
    pub(crate) home: watch::Sender<Option<H>>,
    pub(crate) gate: Option<Rc<dyn Gate>>,
    pub(crate) roster: Mutex<Option<Roster>>,
    pub(crate) tray: Rc<Tray<H::Parcel, H::Recorder>>,
}

impl<H: Home> Place<H> {
    pub(crate) fn new(home: Option<H>, gate: Option<Rc<dyn Gate>>) -> Self {
        let home = watch::Sender::new(home);
        Self { home, gate, roster: Mutex::new(None), tray: Rc::default() }
    }
}

pub(crate) struct Inner<H: Home> {
    /// `s0123456789abcdef.localhost:4321`, and for browsers that do not resolve such names an
    /// address such as `127.83.201.7:4321`.
    pub(crate) hosts: [String; 2],
    pub(crate) places: Vec<Place<H>>,
    pub(crate) passes: RefCell<Passes>,
    pub(crate) watcher: Option<Rc<dyn Watcher>>,
    pub(crate) listeners: Vec<TcpListener>,
}

/// One link under the two names of the page. It opens the page once, under whichever is used first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// Under a name by chance: an origin that no page ever had.
    pub url: String,
    /// Under an address by chance, for browsers that do not resolve the name.
    pub plain: String,
}

/// Tries at an address that is free.
const ADDRESSES_MAX: usize = 4;

/// The server. Cheap to copy; it must be served inside a `LocalSet`.
pub struct App<H: Home>(pub(crate) Rc<Inner<H>>);

impl<H: Home> Clone for App<H> {
    fn clone(&self) -> Self {
        Self(Rc::clone(&self.0))
    }
}

impl<H: Home> std::fmt::Debug for App<H> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("App(..)")
    }
}

impl<H: Home> App<H> {
    /// Listens on this machine only, at this port or (0) any, with a seat for each gate.
    ///
    /// # Errors
    /// When the port is taken, or the system gives no randomness.
    pub async fn listen(
        port: u16,
        gates: Vec<Option<Rc<dyn Gate>>>,
        watcher: Option<Rc<dyn Watcher>>,
    ) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
        let name = random_hex::<8>().map_err(|_| io::ErrorKind::Other)?;
        let port = listener.local_addr()?.port();
        let mut listeners = vec![listener];
        let plain = match beside(port).await {
            Some((address, beside)) => {
                listeners.push(beside);
                address
            }
            // A system with one address of its own: pages of other programs may have had this one.
            None => Ipv4Addr::LOCALHOST,
        };
        let hosts = [format!("s{}.localhost:{port}", *name), format!("{plain}:{port}")];
        let places = gates.into_iter().map(|gate| Place::new(None, gate)).collect();
        let passes = RefCell::new(Passes::default());
        Ok(Self(Rc::new(Inner { hosts, places, passes, watcher, listeners })))
    }

    /// The seat with this number, as they were given.
    pub fn seat(&self, number: usize) -> Seat<H> {
        Seat { app: self.clone(), number }
    }

    /// A link to the page that shows all seats and the watcher between them.
    ///
    /// # Errors
    /// [`Refusal::Disk`] when the system gives no randomness.
    pub fn watcher_link(&self) -> Result<Link, Refusal> {
        self.link("/try", WATCHER)
    }

    /// Takes guests for ever.
    pub async fn serve(self) {
        crate::serve::run(&self).await;
    }

    pub(crate) fn link(&self, path: &str, seat: usize) -> Result<Link, Refusal> {
        let token = self.0.passes.borrow_mut().issue(seat, Instant::now());
        let token = token.map_err(|_| Refusal::Disk)?;
        let [name, plain] = &self.0.hosts;
        let under = |host: &String| format!("http://{host}{path}#t={}", *token);
        Ok(Link { url: under(name), plain: under(plain) })
    }
}

/// A listener at an address of this machine by chance, with the same port: all of 127.0.0.0/8 is
/// this machine on Linux and Windows, and browsers take each address for an origin of its own.
async fn beside(port: u16) -> Option<(Ipv4Addr, TcpListener)> {
    for _ in 0..ADDRESSES_MAX {
        let mut bytes = [0; 3];
        getrandom::fill(&mut bytes).ok()?;
        let [a, b, c] = bytes;
        let address = Ipv4Addr::new(127, a, b, c);
        // The first of them others use, and the last ends with what means everybody.
        if a == 0 || matches!(c, 0 | 255) {
            continue;
        }
        if let Ok(listener) = TcpListener::bind((address, port)).await {
            return Some((address, listener));
        }
    }
    None
}

/// The place of one home at the server.
#[derive(Clone, Debug)]
pub struct Seat<H: Home> {
    app: App<H>,
    number: usize,
}

impl<H: Home> Seat<H> {
    /// The home is open from now on.
    pub fn open(&self, home: H) {
        if let Some(place) = self.app.0.places.get(self.number) {
            if let Ok(mut roster) = place.roster.try_lock() {
                *roster = None;
            }
            place.home.send_replace(Some(home));
        }
    }

    /// The home is closed: what is being asked is given up, every page becomes empty.
    pub fn close(&self) {
        if let Some(place) = self.app.0.places.get(self.number) {
            place.home.send_replace(None);
            place.tray.clear();
            if let Ok(mut roster) = place.roster.try_lock() {
                *roster = None;
            }
        }
    }

    /// A link that opens the page once, within two minutes.
    ///
    /// # Errors
    /// [`Refusal::Disk`] when the system gives no randomness.
    pub fn link(&self) -> Result<Link, Refusal> {
        self.app.link("/", self.number)
    }
}
