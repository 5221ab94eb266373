//! Relays through a SOCKS5 proxy (RFC 1928, RFC 1929), for example Tor.

use std::{
    fmt,
    net::{Ipv4Addr, SocketAddr},
    str::FromStr,
    sync::LazyLock,
};

use aws_lc_rs::{digest, rand};
use sogon_engine::Loss;
use sogon_wire::RelayAddr;
use tokio::net::TcpStream;
use tokio_socks::{Error, tcp::Socks5Stream};

use crate::link::prepare;

/// RFC 1929 has one byte for the length of either.
const WORD_BYTES_MAX: usize = 255;

/// Drawn once per process, so that nobody can tell from what a proxy is told whether two visits
/// were of one home.
static SALT: LazyLock<Option<[u8; 32]>> = LazyLock::new(|| {
    let mut salt = [0; 32];
    rand::fill(&mut salt).ok().map(|()| salt)
});

/// A SOCKS5 proxy. Written `socks5://ADDRESS:PORT` or `socks5://USER:PASSWORD@ADDRESS:PORT`; the
/// address is a number, or `localhost`, so that nobody is asked for it.
#[derive(Clone, PartialEq, Eq)]
pub struct Proxy {
    address: SocketAddr,
    login: Option<(String, String)>,
}

/// Not a proxy: what is wrong with the words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProxyFault {
    /// It does not begin with `socks5://`, or lacks the port.
    Form,
    /// The proxy has a name: finding its address would ask the network. Give the address.
    Name,
    /// The user or the password is empty or longer than 255 bytes.
    Login,
}

impl Proxy {
    /// Connects to a relay through it. The relay's name goes to the proxy as it is.
    ///
    /// Each relay gets a user and password of its own, which Tor takes as a wish for a path of its
    /// own (IsolateSOCKSAuth), unless the proxy was given some to use.
    pub(crate) async fn dial(&self, relay: &RelayAddr) -> Result<TcpStream, Loss> {
        let socket = TcpStream::connect(self.address).await.map_err(|_| Loss::NoProxy)?;
        prepare(&socket);
        let (user, password) = self.login_for(relay).ok_or(Loss::NoProxy)?;
        let target = (relay.host(), relay.port());
        let connected =
            Socks5Stream::connect_with_password_and_socket(socket, target, &user, &password);
        let connected = connected.await.map_err(|error| loss(&error))?;
        Ok(connected.into_inner())
    }

    /// As it is written, without the password: for showing.
    #[must_use]
    pub fn without_password(&self) -> String {
        match &self.login {
            Some((user, _)) => format!("socks5://{user}@{}", self.address),
            None => self.to_string(),
        }
    }

    fn login_for(&self, relay: &RelayAddr) -> Option<(String, String)> {
        if self.login.is_some() {
            return self.login.clone();
        }
        let mut context = digest::Context::new(&digest::SHA256);
        context.update(SALT.as_ref()?);
        context.update(relay.to_string().as_bytes());
        let name: String =
            context.finish().as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
        let (user, password) = name.split_at_checked(32)?;
        Some((user.to_owned(), password.to_owned()))
    }
}

fn loss(error: &Error) -> Loss {
    match error {
        // What it says of the relay.
        Error::GeneralSocksServerFailure
        | Error::ConnectionNotAllowedByRuleset
        | Error::NetworkUnreachable
        | Error::HostUnreachable
        | Error::ConnectionRefused
        | Error::TtlExpired => Loss::Unreachable,
        // What it is, or is not.
        _ => Loss::NoProxy,
    }
}

impl FromStr for Proxy {
    type Err = ProxyFault;

    fn from_str(text: &str) -> Result<Self, ProxyFault> {
        let rest = text.strip_prefix("socks5://").or_else(|| text.strip_prefix("socks5h://"));
        let rest = rest.ok_or(ProxyFault::Form)?.trim_end_matches('/');
        let (login, place) = match rest.rsplit_once('@') {
            Some((login, place)) => (Some(login), place),
            None => (None, rest),
        };
        let login = login.map(|login| {
            let (user, password) = login.split_once(':').ok_or(ProxyFault::Login)?;
            let fits = |word: &str| (1..=WORD_BYTES_MAX).contains(&word.len());
            let both = (user.to_owned(), password.to_owned());
            if fits(user) && fits(password) { Ok(both) } else { Err(ProxyFault::Login) }
        });
        let (host, port) = place.rsplit_once(':').ok_or(ProxyFault::Form)?;
        let port: u16 = port.parse().map_err(|_| ProxyFault::Form)?;
        let address = match host {
            "" => return Err(ProxyFault::Form),
            "localhost" => SocketAddr::from((Ipv4Addr::LOCALHOST, port)),
            _ => place.parse().map_err(|_| ProxyFault::Name)?,
        };
        if port == 0 {
            return Err(ProxyFault::Form);
        }
        Ok(Self { address, login: login.transpose()? })
    }
}

/// As it is written, password included: for keeping, not for showing.
impl fmt::Display for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.login {
            Some((user, password)) => write!(f, "socks5://{user}:{password}@{}", self.address),
            None => write!(f, "socks5://{}", self.address),
        }
    }
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Proxy").field("address", &self.address).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use sogon_wire::Fingerprint;

    use super::*;

    #[test]
    fn a_proxy_is_written_as_it_is_read() {
        for text in [
            "socks5://127.0.0.1:9050",
            "socks5://[::1]:9050",
            "socks5://mina:p@ss:word@10.0.0.1:1080",
        ] {
            assert_eq!(text.parse::<Proxy>().unwrap().to_string(), text);
        }
        for text in ["socks5h://localhost:9050", "socks5://localhost:9050/"] {
            assert_eq!(text.parse::<Proxy>().unwrap().to_string(), "socks5://127.0.0.1:9050");
        }
        let secret: Proxy = "socks5://mina:secret@10.0.0.1:1080".parse().unwrap();
        assert!(!format!("{secret:?}").contains("secret"));
        assert_eq!(secret.without_password(), "socks5://mina@10.0.0.1:1080");
    }

    #[test]
    fn what_is_no_proxy_or_would_ask_for_a_name_is_refused() {
        let long = format!("socks5://{}:x@127.0.0.1:9050", "u".repeat(256));
        for (text, fault) in [
            ("", ProxyFault::Form),
            ("127.0.0.1:9050", ProxyFault::Form),
            ("http://127.0.0.1:9050", ProxyFault::Form),
            ("socks5://127.0.0.1", ProxyFault::Form),
            ("socks5://127.0.0.1:0", ProxyFault::Form),
            ("socks5://:9050", ProxyFault::Form),
            ("socks5://proxy.example:9050", ProxyFault::Name),
            ("socks5://mina@127.0.0.1:9050", ProxyFault::Login),
            ("socks5://:x@127.0.0.1:9050", ProxyFault::Login),
            (long.as_str(), ProxyFault::Login),
        ] {
            assert_eq!(text.parse::<Proxy>(), Err(fault), "{text}");
        }
    }

    #[test]
    fn each_relay_has_a_path_of_its_own() {
        let relay = |port| RelayAddr::new("relay.example", port, Fingerprint([1; 32])).unwrap();
        let tor: Proxy = "socks5://127.0.0.1:9050".parse().unwrap();
        let one = tor.login_for(&relay(443)).unwrap();
        assert_eq!(Some(one.clone()), tor.login_for(&relay(443)));
        assert_ne!(Some(one.clone()), tor.login_for(&relay(444)));
        assert!(one.0.len() == 32 && one.1.len() == 32);
        let given: Proxy = "socks5://mina:secret@127.0.0.1:9050".parse().unwrap();
        let login = ("mina".to_owned(), "secret".to_owned());
        assert_eq!(given.login_for(&relay(443)), Some(login));
    }
}
