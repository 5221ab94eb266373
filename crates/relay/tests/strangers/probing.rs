//! What a prober does, and hears.

use std::{
    sync::{Arc, Once},
    time::Duration,
};

use rustls::{
    ClientConfig, DigitallySignedStruct, Error, SignatureScheme,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    crypto::{CryptoProvider, aws_lc_rs, verify_tls13_signature},
    pki_types::{CertificateDer, ServerName, UnixTime},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use tokio_rustls::{TlsConnector, client::TlsStream};

/// Which keys a session is agreed with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Groups {
    /// As browsers of today.
    Hybrid,
    /// As those of yesterday.
    Classical,
}

/// What came inside a session, and how it ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Heard {
    pub(crate) text: String,
    /// With a close notify.
    pub(crate) closed: bool,
}

/// Waits, but not for ever.
pub(crate) async fn soon<T>(what: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(60), what).await.expect("it takes too long")
}

async fn socket(port: u16) -> TcpStream {
    TcpStream::connect(("127.0.0.1", port)).await.unwrap()
}

fn config(groups: Groups, protocols: &[&[u8]]) -> Arc<ClientConfig> {
    static PROVIDER: Once = Once::new();
    PROVIDER.call_once(|| {
        let _ = aws_lc_rs::default_provider().install_default();
    });
    let kx_groups = match groups {
        Groups::Hybrid => vec![aws_lc_rs::kx_group::X25519MLKEM768, aws_lc_rs::kx_group::X25519],
        Groups::Classical => vec![aws_lc_rs::kx_group::X25519],
    };
    let provider = Arc::new(CryptoProvider { kx_groups, ..aws_lc_rs::default_provider() });
    let verifier = Arc::new(Anybody(Arc::clone(&provider)));
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])
        .unwrap()
        .dangerous()
        .with_custom_certificate_verifier(verifier)
        .with_no_client_auth();
    config.alpn_protocols = protocols.iter().map(|name| name.to_vec()).collect();
    Arc::new(config)
}

async fn session(port: u16, config: Arc<ClientConfig>) -> std::io::Result<TlsStream<TcpStream>> {
    let name = ServerName::try_from("relay.example").unwrap();
    soon(TlsConnector::from(config).connect(name, socket(port).await)).await
}

/// Says something inside a session and listens to its end.
pub(crate) async fn say(port: u16, groups: Groups, bytes: &[u8]) -> Heard {
    let mut session = session(port, config(groups, &[b"h2", b"http/1.1"])).await.unwrap();
    let (mut reader, mut writer) = tokio::io::split(&mut session);
    let saying = async {
        // A server that objects in the middle takes no more.
        let _ = writer.write_all(bytes).await;
        let _ = writer.flush().await;
    };
    let ((), heard) = soon(async { tokio::join!(saying, listen(&mut reader)) }).await;
    heard
}

/// Says something, ends the session, and listens to its end.
pub(crate) async fn end_early(port: u16, bytes: &[u8]) -> Heard {
    let mut session = session(port, config(Groups::Hybrid, &[b"http/1.1"])).await.unwrap();
    session.write_all(bytes).await.unwrap();
    session.shutdown().await.unwrap();
    soon(listen(&mut session)).await
}

async fn listen(reader: &mut (impl AsyncReadExt + Unpin)) -> Heard {
    let mut bytes = Vec::new();
    let closed = reader.read_to_end(&mut bytes).await.is_ok();
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let lines = text.split("\r\n").map(|line| match line.starts_with("date: ") {
        true => "date: now",
        false => line,
    });
    Heard { text: lines.collect::<Vec<_>>().join("\r\n"), closed }
}

/// Says something without a session, and listens to the end.
pub(crate) async fn raw(port: u16, bytes: &[u8]) -> Vec<u8> {
    let mut socket = socket(port).await;
    let _ = socket.write_all(bytes).await;
    let _ = socket.shutdown().await;
    let mut heard = Vec::new();
    // Ended in order or not: what was read is what counts.
    let _ = soon(socket.read_to_end(&mut heard)).await;
    heard
}

/// The protocol that was agreed, or why there is no session.
pub(crate) async fn handshake(port: u16, protocols: &[&[u8]]) -> Result<Option<Vec<u8>>, String> {
    let session = session(port, config(Groups::Hybrid, protocols)).await;
    let session = session.map_err(|error| error.to_string())?;
    Ok(session.get_ref().1.alpn_protocol().map(<[u8]>::to_vec))
}

/// Believes everybody, as a scanner does.
#[derive(Debug)]
struct Anybody(Arc<CryptoProvider>);

impl ServerCertVerifier for Anybody {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(Error::General("not today".to_owned()))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signed, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
