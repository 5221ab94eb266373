//! Where a relay is: the one place that asks the system for the address of a name, which asks the
//! network for it in clear. Behind a proxy nothing comes here.

use std::net::SocketAddr;

use sogon_wire::RelayAddr;
use tokio::net::lookup_host;

/// The addresses of a relay's host.
pub(crate) async fn addresses(relay: &RelayAddr) -> Option<impl Iterator<Item = SocketAddr>> {
    #[cfg(test)]
    asked::note(relay.host());
    lookup_host((relay.host(), relay.port())).await.ok()
}

/// Who was asked for, in tests.
#[cfg(test)]
pub(crate) mod asked {
    use std::{collections::BTreeSet, sync::Mutex};

    static ASKED: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

    pub(super) fn note(host: &str) {
        ASKED.lock().unwrap().insert(host.to_owned());
    }

    pub(crate) fn includes(host: &str) -> bool {
        ASKED.lock().unwrap().contains(host)
    }
}
