//! The smallest client there is: connects, checks the key, asks, hears. For `check` and for tests;
//! it resumes nothing and remembers nothing.

use std::{fmt, sync::Arc};

use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, SignatureScheme,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    crypto::{CryptoProvider, aws_lc_rs, verify_tls13_signature},
    pki_types::{CertificateDer, IpAddr, Ipv4Addr, ServerName, UnixTime},
    server::ParsedCertificate,
};
use sha2::{Digest, Sha256};
use sogon_wire::{Fingerprint, Frame, RelayAddr, Reply, Request, Tag};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::frames::Frames;

/// Why a probe did not get an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProbeFault {
    /// Nobody answers: is it running, is the address right, does a firewall stand between?
    #[error("nobody answers there: look at the address, the firewall, and whether it runs")]
    Unreachable,
    /// It ended the connection.
    #[error("it hung up")]
    HungUp,
    /// Something else answers.
    #[error("something answers there that is not a relay")]
    NotARelay,
    /// It has another key.
    #[error("it has another key than the address says: was it set up anew, or is it another one?")]
    WrongKey,
}

/// A connection to a relay.
pub struct Probe {
    socket: TcpStream,
    tls: rustls::ClientConnection,
    frames: Frames,
}

impl Probe {
    /// Connects, and makes sure that the relay has the key of its address.
    ///
    /// # Errors
    /// Any [`ProbeFault`].
    pub async fn connect(addr: &RelayAddr) -> Result<Self, ProbeFault> {
        let socket = TcpStream::connect((addr.host(), addr.port()));
        let socket = socket.await.map_err(|_| ProbeFault::Unreachable)?;
        let _ = socket.set_nodelay(true);
        // The key is what we know it by; the name is sent as a browser sends it, if it is one.
        let nobody = ServerName::IpAddress(IpAddr::V4(Ipv4Addr::from([0, 0, 0, 0])));
        let name = ServerName::try_from(addr.host()).map_or(nobody, |name| name.to_owned());
        let config = config(addr.fingerprint()).map_err(|_| ProbeFault::NotARelay)?;
        let tls = rustls::ClientConnection::new(Arc::new(config), name);
        let tls = tls.map_err(|_| ProbeFault::NotARelay)?;
        let mut probe = Self { socket, tls, frames: Frames::default() };
        probe.tls.set_buffer_limit(None);
        while probe.tls.is_handshaking() {
            probe.flush().await?;
            if probe.tls.is_handshaking() {
                probe.hear().await?;
            }
        }
        probe.flush().await?;
        Ok(probe)
    }

    /// Sends a request.
    ///
    /// # Errors
    /// [`ProbeFault::HungUp`].
    pub async fn ask(&mut self, tag: Tag, request: &Request) -> Result<(), ProbeFault> {
        self.send(&request.encode(tag)).await
    }

    /// Sends bytes, whatever they are.
    ///
    /// # Errors
    /// [`ProbeFault::HungUp`].
    pub async fn send(&mut self, bytes: &[u8]) -> Result<(), ProbeFault> {
        use std::io::Write;
        self.tls.writer().write_all(bytes).map_err(|_| ProbeFault::HungUp)?;
        self.flush().await
    }

    /// Waits for the next reply.
    ///
    /// # Errors
    /// [`ProbeFault::HungUp`], or [`ProbeFault::NotARelay`] when it is no reply.
    pub async fn next(&mut self) -> Result<(Tag, Reply), ProbeFault> {
        loop {
            if let Some(reply) = self.frames.next().map_err(|_| ProbeFault::NotARelay)? {
                return Ok(reply);
            }
            self.hear().await?;
        }
    }

    async fn hear(&mut self) -> Result<(), ProbeFault> {
        use std::io::Read;
        let mut bytes = vec![0; 16_384];
        let read = self.socket.read(&mut bytes).await.map_err(|_| ProbeFault::HungUp)?;
        let mut bytes = bytes.get(..read).unwrap_or_default();
        if bytes.is_empty() {
            return Err(ProbeFault::HungUp);
        }
        while !bytes.is_empty() {
            self.tls.read_tls(&mut bytes).map_err(|_| ProbeFault::NotARelay)?;
            self.tls.process_new_packets().map_err(|error| match error {
                Error::InvalidCertificate(_) => ProbeFault::WrongKey,
                _ => ProbeFault::NotARelay,
            })?;
            let mut plain = Vec::new();
            // "Would block" is how the reader says that there is no more yet.
            let _ = self.tls.reader().read_to_end(&mut plain);
            self.frames.push(&plain);
        }
        self.flush().await
    }

    async fn flush(&mut self) -> Result<(), ProbeFault> {
        let mut out = Vec::new();
        while self.tls.wants_write() {
            self.tls.write_tls(&mut out).map_err(|_| ProbeFault::HungUp)?;
        }
        self.socket.write_all(&out).await.map_err(|_| ProbeFault::HungUp)
    }
}

impl fmt::Debug for Probe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Probe(..)")
    }
}

fn config(fingerprint: Fingerprint) -> Result<ClientConfig, Error> {
    let provider = CryptoProvider {
        kx_groups: vec![aws_lc_rs::kx_group::X25519MLKEM768],
        ..aws_lc_rs::default_provider()
    };
    let provider = Arc::new(provider);
    let pinned = Pinned { fingerprint, provider: Arc::clone(&provider) };
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(pinned))
        .with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}

/// Believes one key, and no certificate authority.
#[derive(Debug)]
struct Pinned {
    fingerprint: Fingerprint,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Pinned {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let key = ParsedCertificate::try_from(certificate)?.subject_public_key_info();
        let found: [u8; 32] = Sha256::digest(&key).into();
        if found == self.fingerprint.0 {
            Ok(ServerCertVerified::assertion())
        } else {
            Err(CertificateError::ApplicationVerificationFailure.into())
        }
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(Error::General("TLS 1.3 only".to_owned()))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
