//! The network card of a namespace: a TUN device.

use std::{io, process::Stdio};

use smoltcp::{
    phy::{Device, Medium, RxToken, TunTapInterface, TxToken},
    time::Instant,
};
use tokio::{io::unix::AsyncFd, process::Command};

const NAME: &str = "sky0";

/// A TUN device that is up.
pub(super) struct Card(AsyncFd<TunTapInterface>);

impl Card {
    /// Makes the device in the namespace of this process, with this address in a network of two.
    pub(super) async fn open(address: &str, mtu: usize) -> Result<Self, String> {
        let device = TunTapInterface::new(NAME, Medium::Ip).map_err(|error| {
            format!("no TUN device here ({error}): is there a /dev/net/tun that you may open?")
        })?;
        // No address of its own making, so that nothing crosses the link that no program said.
        ip(&["link", "set", NAME, "addrgenmode", "none"]).await?;
        ip(&["addr", "add", address, "dev", NAME]).await?;
        ip(&["link", "set", NAME, "mtu", &mtu.to_string(), "up"]).await?;
        ip(&["link", "set", "lo", "up"]).await?;
        #[allow(deprecated, reason = "the device lends its descriptor in the old way only")]
        let card = AsyncFd::new(device).map_err(|error| error.to_string())?;
        Ok(Self(card))
    }

    /// The next packet that a program sends.
    pub(super) async fn sent(&mut self) -> io::Result<Vec<u8>> {
        loop {
            let mut ready = self.0.readable_mut().await?;
            match ready.get_inner_mut().receive(Instant::ZERO) {
                Some((packet, _)) => return Ok(packet.consume(<[u8]>::to_vec)),
                None => ready.clear_ready(),
            }
        }
    }

    /// Hands a packet to the programs.
    pub(super) fn arrived(&mut self, packet: &[u8]) {
        if let Some(out) = self.0.get_mut().transmit(Instant::ZERO) {
            out.consume(packet.len(), |bytes| bytes.copy_from_slice(packet));
        }
    }
}

async fn ip(words: &[&str]) -> Result<(), String> {
    let done = Command::new("ip").args(words).stdin(Stdio::null()).output().await;
    match done {
        Ok(done) if done.status.success() => Ok(()),
        Ok(done) => {
            let why = String::from_utf8_lossy(&done.stderr).trim().to_owned();
            Err(format!("ip {}: {why}", words.join(" ")))
        }
        Err(error) => Err(format!("the program ip is needed (package iproute2): {error}")),
    }
}
