//! The relay's end of TLS 1.3, without sockets: bytes in, bytes out.

use std::{io::Read, io::Write, sync::Arc};

use rustls::{
    HandshakeKind, NamedGroup, ServerConfig, ServerConnection,
    crypto::{CryptoProvider, aws_lc_rs},
};

use sogon_packet::{CHAIN_BYTES, EXPORTER_LABEL};

use crate::{
    identity::{Identity, IdentityFault},
    sessions::Sessions,
};

/// The most bytes a resumed client may send in its first flight, before the handshake is over.
/// Every request does no harm when it is replayed: appends are idempotent, the rest only reads.
const EARLY_BYTES_MAX: u32 = 524_288;
/// Each resumption uses one up, and on a bad link some are lost on the way.
const TICKETS: usize = 3;

/// TLS 1.3 only. Full sessions are post-quantum; the classical group is there for resumed ones,
/// whose keys also come from the post-quantum session before, and for strangers' browsers.
pub(crate) fn config(
    identity: &Identity,
    sessions: Arc<Sessions>,
) -> Result<Arc<ServerConfig>, IdentityFault> {
    let provider = CryptoProvider {
        cipher_suites: vec![
            aws_lc_rs::cipher_suite::TLS13_CHACHA20_POLY1305_SHA256,
            aws_lc_rs::cipher_suite::TLS13_AES_256_GCM_SHA384,
            aws_lc_rs::cipher_suite::TLS13_AES_128_GCM_SHA256,
        ],
        kx_groups: vec![aws_lc_rs::kx_group::X25519MLKEM768, aws_lc_rs::kx_group::X25519],
        ..aws_lc_rs::default_provider()
    };
    let (chain, key) = identity.certificate()?;
    let mut config = ServerConfig::builder_with_provider(Arc::new(provider))
        .with_protocol_versions(&[&rustls::version::TLS13])
        .map_err(|_| IdentityFault::Damaged)?
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .map_err(|_| IdentityFault::Damaged)?;
    // Clients and browsers offer h2 too; a server of h2 speaks first, and clients would have to skip
    // what it says.
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    config.session_storage = sessions;
    config.send_tls13_tickets = TICKETS;
    config.max_early_data_size = EARLY_BYTES_MAX;
    // The answers to a first flight leave with our own first flight.
    config.send_half_rtt_data = true;
    Ok(Arc::new(config))
}

/// One connection's TLS.
pub(crate) struct Tls {
    connection: ServerConnection,
    /// What has to be written to the socket.
    pub(crate) out: Vec<u8>,
}

/// What came out of some bytes.
#[derive(Debug, Default)]
pub(crate) struct Heard {
    pub(crate) plain: Vec<u8>,
    /// The client said that it sends no more.
    pub(crate) closed: bool,
}

/// How a session came to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Session {
    /// Not yet agreed.
    None,
    /// A full handshake with the post-quantum group.
    Full,
    /// Resumed from an earlier one.
    Resumed,
    /// A full handshake without post-quantum protection: no client of ours.
    Stranger,
}

impl Tls {
    pub(crate) fn new(config: Arc<ServerConfig>) -> Result<Self, rustls::Error> {
        let mut connection = ServerConnection::new(config)?;
        // The connection's own limits hold: what is put in is written out before more is.
        connection.set_buffer_limit(None);
        Ok(Self { connection, out: Vec::new() })
    }

    /// Takes bytes from the socket. On an error, what is in `out` should still be written.
    pub(crate) fn hear(&mut self, mut bytes: &[u8]) -> Result<Heard, rustls::Error> {
        let mut heard = Heard::default();
        while !bytes.is_empty() {
            if self.connection.read_tls(&mut bytes).is_err() {
                return Err(rustls::Error::General("more than one record allows".to_owned()));
            }
            let state = self.connection.process_new_packets();
            self.flush();
            heard.closed |= state?.peer_has_closed();
            if let Some(mut early) = self.connection.early_data() {
                let _ = early.read_to_end(&mut heard.plain);
            }
            // "Would block" is how the reader says that there is no more yet.
            let _ = self.connection.reader().read_to_end(&mut heard.plain);
            if heard.closed {
                break;
            }
        }
        Ok(heard)
    }

    /// Puts plain bytes into `out`, as far as the handshake allows yet.
    pub(crate) fn say(&mut self, plain: &[u8]) {
        // Writing to memory with no limit set cannot fail.
        let _ = self.connection.writer().write_all(plain);
        self.flush();
    }

    pub(crate) fn say_goodbye(&mut self) {
        self.connection.send_close_notify();
        self.flush();
    }

    pub(crate) fn is_handshaking(&self) -> bool {
        self.connection.is_handshaking()
    }

    pub(crate) fn session(&self) -> Session {
        let group = self.connection.negotiated_key_exchange_group().map(|group| group.name());
        match self.connection.handshake_kind() {
            None => Session::None,
            Some(HandshakeKind::Resumed) => Session::Resumed,
            Some(_) if group == Some(NamedGroup::X25519MLKEM768) => Session::Full,
            Some(_) => Session::Stranger,
        }
    }

    /// The secret a chain of packet keys begins with; [`None`] before the handshake is over.
    pub(crate) fn packet_secret(&self) -> Option<[u8; CHAIN_BYTES]> {
        let secret = [0; CHAIN_BYTES];
        self.connection.export_keying_material(secret, EXPORTER_LABEL, None).ok()
    }

    fn flush(&mut self) {
        while self.connection.wants_write() {
            if self.connection.write_tls(&mut self.out).is_err() {
                break;
            }
        }
    }
}
