//! What an end of the link and its middle tell each other.

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::UnixStream,
};

/// One telling: a kind, two bytes of length, and so many bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Telling {
    /// An IP packet.
    Packet(Vec<u8>),
    /// The far program said its first line; the near one may start.
    Ready(Vec<u8>),
    /// The program ended with this code.
    Ended(u8),
    /// It is over.
    Stop,
}

/// One side of the talk.
pub(super) struct Talk {
    socket: UnixStream,
    heard: Vec<u8>,
}

impl Talk {
    pub(super) fn new(socket: UnixStream) -> Self {
        Self { socket, heard: Vec::new() }
    }

    /// The next telling. May be dropped while it waits.
    pub(super) async fn hear(&mut self) -> Result<Telling, String> {
        let mut bytes = vec![0; 16_384];
        loop {
            if let Some(telling) = self.whole() {
                return Ok(telling);
            }
            match self.socket.read(&mut bytes).await {
                Ok(count @ 1..) => {
                    self.heard.extend_from_slice(bytes.get(..count).unwrap_or_default());
                }
                _ => return Err("an end of the link is gone".to_owned()),
            }
        }
    }

    pub(super) async fn tell(&mut self, telling: &Telling) -> Result<(), String> {
        let (kind, body): (u8, &[u8]) = match telling {
            Telling::Packet(packet) => (0, packet),
            Telling::Ready(line) => (1, line),
            Telling::Ended(code) => (2, std::slice::from_ref(code)),
            Telling::Stop => (3, &[]),
        };
        let length = u16::try_from(body.len()).map_err(|_| "too long to tell".to_owned())?;
        let bytes = [&[kind], length.to_be_bytes().as_slice(), body].concat();
        let told = self.socket.write_all(&bytes).await;
        told.map_err(|_| "an end of the link is gone".to_owned())
    }

    fn whole(&mut self) -> Option<Telling> {
        let [kind, high, low, rest @ ..] = self.heard.as_slice() else { return None };
        let length = usize::from(u16::from_be_bytes([*high, *low]));
        let body = rest.get(..length)?.to_vec();
        let telling = match kind {
            0 => Telling::Packet(body),
            1 => Telling::Ready(body),
            2 => Telling::Ended(body.first().copied().unwrap_or_default()),
            _ => Telling::Stop,
        };
        self.heard.drain(..length + 3);
        Some(telling)
    }
}
