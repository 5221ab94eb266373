//! The proxy through which relays are reached: `--proxy` and SOGON_PROXY for one run, else what the
//! home remembers.

use std::env;

use sogon_carry::{Proxy, ProxyFault, Ways};
use sogon_engine::{Change, Shelf};

use crate::{
    mode::Mode,
    own_relay::{OwnRelay, SETTINGS},
    trouble::{Kind, Trouble},
};

const PROXY: &[u8] = b"proxy";

/// What SOGON_PROXY says.
///
/// # Errors
/// [`Kind::BadProxy`] when it is no proxy: a typing error must not lead around it.
pub(crate) fn of_environment() -> Result<Option<Proxy>, Trouble> {
    let Some(text) = env::var_os("SOGON_PROXY").filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    let text = text.into_string().map_err(|_| Kind::BadProxy)?;
    text.parse().map(Some).map_err(|_| Kind::BadProxy.into())
}

/// The ways relays are reached: the proxy of this run, else the one in the home, else what the mode
/// says.
///
/// # Errors
/// [`Kind::ProxyOwnRelay`]; [`Kind::SteadyProxy`]; [`Kind::BadProxy`] when the home's row cannot be read;
/// [`Kind::Disk`].
pub(crate) fn ways(
    shelf: &dyn Shelf,
    of_this_run: Option<&Proxy>,
    mode: Mode,
) -> Result<Ways, Trouble> {
    let proxy = match of_this_run {
        Some(proxy) => Some(proxy.clone()),
        None => stored(shelf)?,
    };
    if proxy.is_some() && OwnRelay::load(shelf)?.is_some() {
        return Err(Kind::ProxyOwnRelay.into());
    }
    match (proxy, mode) {
        (Some(_), Mode::Steady(_)) => Err(Kind::SteadyProxy.into()),
        (Some(proxy), Mode::Live | Mode::Quiet) => Ok(Ways::Through(proxy)),
        (None, Mode::Steady(every)) => Ok(Ways::Steady(every)),
        (None, Mode::Live | Mode::Quiet) => Ok(Ways::Any),
    }
}

fn stored(shelf: &dyn Shelf) -> Result<Option<Proxy>, Trouble> {
    let Some(row) = shelf.row(SETTINGS, PROXY)? else { return Ok(None) };
    let text = std::str::from_utf8(&row).ok();
    // Never the way without it.
    let proxy = text.and_then(|text| text.parse().ok()).ok_or(Kind::BadProxy)?;
    Ok(Some(proxy))
}

/// The row that remembers a proxy, or that there is none.
pub(crate) fn row(proxy: Option<&Proxy>) -> Change {
    let (table, key) = (SETTINGS, PROXY.to_vec());
    match proxy {
        Some(proxy) => Change::Put { table, key, value: proxy.to_string().into_bytes() },
        None => Change::Delete { table, key },
    }
}

/// Reads a proxy from the command line.
///
/// # Errors
/// What is wrong with it.
pub(crate) fn parse(text: &str) -> Result<Proxy, String> {
    text.parse().map_err(|fault| match fault {
        ProxyFault::Form => "not a proxy; write socks5://ADDRESS:PORT, for Tor usually \
                             socks5://127.0.0.1:9050"
            .to_owned(),
        ProxyFault::Name => "give the proxy's address as a number: finding the address of a name \
                             would ask the network for it"
            .to_owned(),
        ProxyFault::Login => "the user and the password have 1 to 255 bytes each: \
                              socks5://USER:PASSWORD@ADDRESS:PORT"
            .to_owned(),
    })
}

/// What `sogon proxy` is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Choice {
    /// Through this one.
    Through(Proxy),
    /// Without any.
    None,
}

impl Choice {
    /// Reads it from the command line.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        match text {
            "none" => Ok(Self::None),
            _ => parse(text).map(Self::Through),
        }
    }
}
