//! A relay of one's own: it runs inside this program while the home is open, and keeps its sealed
//! boxes in the sub-folder `relay` of the home. It can open none of them, but its folder shows that
//! there is one; who does not want that uses somebody else's relay.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use serde_json::{Value, json};
use sogon_engine::{Change, Shelf, Table};
use sogon_relay::{Config, Relay, Running, StartFault};
use sogon_wire::RelayAddr;

use crate::{
    home::Home,
    trouble::{Kind, Trouble},
};

/// The program's settings: name to JSON. The program's own tables are 200 to 219.
pub(crate) const SETTINGS: Table = Table(201);
const OWN_RELAY: &[u8] = b"own relay";

/// What is remembered about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OwnRelay {
    /// Where it listens.
    listen: SocketAddr,
    /// The host and port others know, when these are others.
    public: Option<(String, u16)>,
}

impl OwnRelay {
    /// A new one, under the name others will reach it by, or on this machine only. It is started
    /// once, to choose its port and make its key.
    ///
    /// # Errors
    /// [`Kind::BadPublic`], [`Kind::OwnRelayPort`], [`Kind::OwnRelayStore`].
    pub(crate) async fn begin(
        home: &Home,
        public: Option<&str>,
    ) -> Result<(Self, RelayAddr), Trouble> {
        let public = public.map(|text| host_and_port(text).ok_or(Kind::BadPublic)).transpose()?;
        // Who is to be reached from outside listens on every address, on the port others know.
        let listen = match &public {
            Some((_, port)) => SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), *port),
            None => SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0),
        };
        let own = Self { listen, public };
        let running = own.start(home, None).await?;
        let addr = running.addr().clone();
        running.stop().await;
        let listen = SocketAddr::new(listen.ip(), addr.port());
        Ok((Self { listen, ..own }, addr))
    }

    /// What an earlier opening remembered.
    ///
    /// # Errors
    /// [`Kind::Disk`] when the store cannot answer.
    pub(crate) fn load(shelf: &dyn Shelf) -> Result<Option<Self>, Trouble> {
        Ok(shelf.row(SETTINGS, OWN_RELAY)?.and_then(|row| Self::parse(&row)))
    }

    /// The row that remembers it.
    pub(crate) fn row(&self) -> Change {
        let (host, port) = self.public.clone().unzip();
        let value = json!({ "listen": self.listen.to_string(), "host": host, "port": port });
        Change::Put { table: SETTINGS, key: OWN_RELAY.to_vec(), value: value.to_string().into() }
    }

    fn parse(row: &[u8]) -> Option<Self> {
        let value: Value = serde_json::from_slice(row).ok()?;
        let host = value.get("host")?.as_str().map(str::to_owned);
        let port = value.get("port")?.as_u64().and_then(|port| u16::try_from(port).ok());
        Some(Self { listen: value.get("listen")?.as_str()?.parse().ok()?, public: host.zip(port) })
    }

    /// Starts it.
    ///
    /// # Errors
    /// [`Kind::OwnRelayPort`], [`Kind::OwnRelayStore`].
    pub(crate) async fn start(
        &self,
        home: &Home,
        listen: Option<SocketAddr>,
    ) -> Result<Running, Trouble> {
        let listen = listen.unwrap_or(self.listen);
        let public = self.public.clone();
        let config = Config { listen, public, ..Config::directory(home.relay_folder()) };
        Relay::start(config).await.map_err(|fault| trouble(&fault, listen))
    }
}

fn trouble(fault: &StartFault, listen: SocketAddr) -> Trouble {
    match fault {
        StartFault::PortInUse | StartFault::NotPermitted | StartFault::Listen(_) => {
            Trouble::of(Kind::OwnRelayPort, &[("address", &listen.to_string())])
        }
        StartFault::Public => Kind::BadPublic.into(),
        _ => Kind::OwnRelayStore.into(),
    }
}

fn host_and_port(text: &str) -> Option<(String, u16)> {
    let (host, port) = text.rsplit_once(':')?;
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let port: u16 = port.parse().ok()?;
    (!host.is_empty() && port != 0).then(|| (host.to_owned(), port))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_remembered_comes_back() {
        let listen: SocketAddr = "127.0.0.1:4433".parse().unwrap();
        for public in [None, Some(("relay.example".to_owned(), 443))] {
            let own = OwnRelay { listen, public };
            let Change::Put { value, .. } = own.row() else { panic!("a row is put") };
            assert_eq!(OwnRelay::parse(&value), Some(own));
        }
        assert_eq!(OwnRelay::parse(b"{}"), None);
    }

    #[test]
    fn a_public_place_has_a_host_and_a_port() {
        assert_eq!(host_and_port("relay.example:443"), Some(("relay.example".to_owned(), 443)));
        assert_eq!(host_and_port("[::1]:443"), Some(("::1".to_owned(), 443)));
        for wrong in ["relay.example", ":443", "relay.example:0", "relay.example:99999"] {
            assert_eq!(host_and_port(wrong), None, "{wrong}");
        }
    }
}
