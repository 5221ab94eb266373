//! The client's end of TLS 1.3, without sockets: bytes in, bytes out. The only module, with the
//! two that serve it (`pin`, `tickets`), that knows which TLS library this is.
//!
//! Two forms, and no third:
//! - *full*: one key share, X25519MLKEM768, so the session is post-quantum or there is none;
//! - *resumed*: a ticket of an earlier session gives the secret; the key share beside it is X25519
//!   alone, 1.2 kB smaller each way. When the relay does not take the ticket, the handshake fails,
//!   since this form believes no certificate: nothing is ever agreed by X25519 alone.

use std::{
    io::{Read, Write},
    sync::{Arc, LazyLock},
};

use rustls::{
    ClientConfig, ClientConnection, Connection, HandshakeKind, VecInput,
    client::Resumption,
    crypto::CryptoProvider,
    enums::ApplicationProtocol,
    error::Error,
    pki_types::{IpAddr, Ipv4Addr, ServerName},
};
use rustls_aws_lc_rs::{DEFAULT_TLS13_PROVIDER, cipher_suite, kx_group};
use sogon_packet::{CHAIN_BYTES, Chain, EXPORTER_LABEL};
use sogon_wire::{Fingerprint, RelayAddr};

use crate::{pin::Pin, tickets::Tickets};

/// What browsers offer, in their order. A relay takes the second, like any server without the first.
const PROTOCOLS: [&[u8]; 2] = [b"h2", b"http/1.1"];

static FULL: LazyLock<Arc<CryptoProvider>> = LazyLock::new(|| provider(Form::Full));
static RESUMED: LazyLock<Arc<CryptoProvider>> = LazyLock::new(|| provider(Form::Resumed));

/// How a session is begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    Full,
    Resumed,
}

/// One connection's TLS.
pub(crate) struct Tls {
    connection: ClientConnection,
    input: VecInput,
    form: Form,
    /// What has to be written to the socket.
    pub(crate) out: Vec<u8>,
}

/// What came out of some bytes.
#[derive(Debug, Default)]
pub(crate) struct Heard {
    pub(crate) plain: Vec<u8>,
    /// The relay said that it sends no more.
    pub(crate) closed: bool,
}

/// Why there is no session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TlsFault {
    /// The relay did not take the ticket: dial again in full. Nothing but early data has left.
    NotResumed,
    /// It has another key.
    WrongKey,
    /// It does not speak as a relay does.
    Strange,
}

impl Tls {
    /// Begins a session: resumed when there is a ticket, else in full.
    pub(crate) fn start(relay: &RelayAddr, tickets: &Arc<Tickets>) -> Result<Self, TlsFault> {
        while tickets.offer(&RESUMED) {
            let mut resumed = Self::begin(Form::Resumed, relay, tickets)?;
            // A ticket that is too old is not offered by the library, and then this is none.
            if resumed.connection.early_data().is_some() {
                return Ok(resumed);
            }
        }
        Self::full(relay, tickets)
    }

    /// Begins a full session.
    pub(crate) fn full(relay: &RelayAddr, tickets: &Arc<Tickets>) -> Result<Self, TlsFault> {
        Self::begin(Form::Full, relay, tickets)
    }

    fn begin(form: Form, relay: &RelayAddr, tickets: &Arc<Tickets>) -> Result<Self, TlsFault> {
        let config = config(form, relay.fingerprint(), tickets).map_err(|_| TlsFault::Strange)?;
        // A name in clear where there is one, as a browser gives it (a connection without is rare,
        // and the name was just asked for in clear); the key is what we know the relay by.
        let nobody = ServerName::IpAddress(IpAddr::V4(Ipv4Addr::from([0, 0, 0, 0])));
        let name = ServerName::try_from(relay.host()).map_or(nobody, |name| name.to_owned());
        let connection = Arc::new(config).connect(name).build().map_err(|_| TlsFault::Strange)?;
        let (input, out) = (VecInput::default(), Vec::new());
        let mut tls = Self { connection, input, form, out };
        tls.connection.set_buffer_limit(None);
        Ok(tls)
    }

    pub(crate) fn form(&self) -> Form {
        self.form
    }

    /// Puts as many bytes as allowed into the first flight, and says how many.
    pub(crate) fn say_early(&mut self, plain: &[u8]) -> usize {
        let wrote = self.connection.early_data().map(|mut early| early.write(plain));
        let wrote = wrote.and_then(Result::ok).unwrap_or_default();
        self.flush();
        wrote
    }

    /// Puts bytes into the session; only once there is one.
    pub(crate) fn say(&mut self, plain: &[u8]) {
        debug_assert!(self.is_open(), "bytes before their session");
        // Writing to memory with no limit set cannot fail.
        let _ = self.connection.writer().write_all(plain);
        self.flush();
    }

    pub(crate) fn say_goodbye(&mut self) {
        self.connection.send_close_notify();
        self.flush();
    }

    /// Takes bytes from the socket. On an error, what is in `out` should still be written.
    pub(crate) fn hear(&mut self, mut bytes: &[u8]) -> Result<Heard, TlsFault> {
        let mut heard = Heard::default();
        while !bytes.is_empty() && !heard.closed {
            let opening = self.connection.is_handshaking();
            if self.input.read(&mut bytes).is_err() {
                return Err(TlsFault::Strange);
            }
            let state = self.connection.process_new_packets(&mut self.input);
            self.flush();
            let state = state.map_err(|error| self.fault(opening, &error))?;
            heard.closed = state.peer_has_closed();
            // "Would block" is how the reader says that there is no more yet.
            let _ = self.connection.reader().read_to_end(&mut heard.plain);
        }
        Ok(heard)
    }

    /// Whether the session is agreed.
    pub(crate) fn is_open(&self) -> bool {
        !self.connection.is_handshaking()
    }

    /// Whether the relay takes what was said early. Known once the session is open.
    pub(crate) fn early_was_taken(&self) -> bool {
        self.connection.is_early_data_accepted()
    }

    /// Whether an open session is of the form it was begun in; a defence in depth, since the
    /// verifier lets no other one open.
    pub(crate) fn is_as_begun(&self) -> bool {
        match (self.form, self.connection.handshake_kind()) {
            (Form::Resumed, Some(HandshakeKind::Resumed)) => true,
            (Form::Full, Some(HandshakeKind::Full)) => {
                let group = self.connection.negotiated_key_exchange_group();
                group.is_some_and(|group| group.name() == kx_group::X25519MLKEM768.name())
            }
            _ => false,
        }
    }

    /// The chain of packet keys that begins with this session; once, when it is open.
    pub(crate) fn packet_chain(&mut self) -> Option<Chain> {
        let exporter = self.connection.exporter().ok()?;
        let secret = exporter.derive(EXPORTER_LABEL, None, [0; CHAIN_BYTES]).ok()?;
        Some(Chain::new(secret))
    }

    fn fault(&self, opening: bool, error: &Error) -> TlsFault {
        match (opening, self.form, error) {
            (true, Form::Resumed, _) => TlsFault::NotResumed,
            (true, Form::Full, Error::InvalidCertificate(_)) => TlsFault::WrongKey,
            _ => TlsFault::Strange,
        }
    }

    fn flush(&mut self) {
        while self.connection.wants_write() {
            if self.connection.write_tls(&mut self.out).is_err() {
                break;
            }
        }
    }
}

fn provider(form: Form) -> Arc<CryptoProvider> {
    let group = match form {
        Form::Full => kx_group::X25519MLKEM768,
        Form::Resumed => kx_group::X25519,
    };
    Arc::new(CryptoProvider {
        tls13_cipher_suites: vec![
            cipher_suite::TLS13_CHACHA20_POLY1305_SHA256,
            cipher_suite::TLS13_AES_256_GCM_SHA384,
        ]
        .into(),
        kx_groups: vec![group].into(),
        ..DEFAULT_TLS13_PROVIDER
    })
}

fn config(form: Form, print: Fingerprint, tickets: &Arc<Tickets>) -> Result<ClientConfig, Error> {
    let (provider, pin) = match form {
        Form::Full => (&FULL, Pin::of(print)),
        Form::Resumed => (&RESUMED, Pin::nobody()),
    };
    let mut config = ClientConfig::builder(Arc::clone(provider))
        .dangerous()
        .with_custom_certificate_verifier(pin)
        .with_no_client_auth()?;
    config.resumption = Resumption::store(Arc::clone(tickets) as _);
    config.alpn_protocols = PROTOCOLS.map(ApplicationProtocol::from).to_vec();
    config.enable_early_data = true;
    Ok(config)
}
