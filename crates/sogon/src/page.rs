//! The page of the home, as `open` serves it: where it is, and the browser that shows it.

use std::{
    cell::{Cell, RefCell},
    io,
    rc::Rc,
    time::Instant,
};

use sogon_app::{App, Link, Seat};
use tokio::task::JoinHandle;

use crate::{
    browser::Browser,
    cli::Open,
    hand::Hand,
    resident::{Bell, Resident, Rings},
    trouble::{Kind, Trouble},
};

/// The server of one home; it goes on while the home is locked.
#[derive(Debug)]
pub(crate) struct Page {
    seat: Seat<Resident>,
    server: JoinHandle<()>,
    browser: RefCell<Option<Browser>>,
}

impl Page {
    /// Serves, at the port that was asked for or at any.
    ///
    /// # Errors
    /// [`Kind::AppPort`].
    pub(crate) async fn serve(options: &Open) -> Result<(Self, Rings), Trouble> {
        let (bell, rings) = Bell::hang();
        let port = options.port.unwrap_or(0);
        let app = App::listen(port, vec![Some(Rc::new(bell) as _)], None).await;
        let app = app.map_err(|error: io::Error| match error.kind() {
            io::ErrorKind::AddrInUse | io::ErrorKind::PermissionDenied => {
                Trouble::of(Kind::AppPort, &[("port", &port.to_string())])
            }
            _ => Kind::System.into(),
        })?;
        let seat = app.seat(0);
        let server = tokio::task::spawn_local(app.serve());
        Ok((Self { seat, server, browser: RefCell::new(None) }, rings))
    }

    /// The home is open from now on.
    pub(crate) fn opens(&self, hand: &Hand, busy: &Rc<Cell<Instant>>) {
        self.seat.open(Resident::new(hand.clone(), Rc::clone(busy)));
    }

    /// The home is closed.
    pub(crate) fn closes(&self) {
        self.seat.close();
    }

    /// A link that opens the page once.
    ///
    /// # Errors
    /// [`Kind::System`] when there is no randomness.
    pub(crate) fn link(&self) -> Result<Link, Trouble> {
        self.seat.link().map_err(|_| Kind::System.into())
    }

    /// Opens a browser on a link; false where there is none.
    pub(crate) fn show(&self, link: &str) -> bool {
        let browser = Browser::start(link);
        let there = browser.is_some();
        if there {
            *self.browser.borrow_mut() = browser;
        }
        there
    }

    /// Ends the browser, and removes what it left.
    pub(crate) async fn end(&self) {
        let browser = self.browser.borrow_mut().take();
        if let Some(browser) = browser {
            browser.end().await;
        }
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        self.server.abort();
    }
}
