//! A relay with a certificate that browsers believe.

use std::{path::Path, sync::Arc};

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, PKCS_ECDSA_P384_SHA384};
use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, CertificateSigningRequestDer, ServerName, pem::PemObject},
};
use sha2::{Digest, Sha256};
use sogon_relay::{CertificateFiles, Config, Identity, IdentityFault, Probe, Relay, StartFault};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::probing::soon;

/// Somebody whom browsers believe.
struct Authority {
    root: CertificateDer<'static>,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    fn new() -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let root = params.self_signed(&key).unwrap().der().clone();
        Self { root, issuer: Issuer::new(params, key) }
    }

    /// A certificate for this key, in a file.
    fn certify(&self, folder: &Path, key: &KeyPair) -> CertificateFiles {
        let params = CertificateParams::new(vec!["relay.example".to_owned()]).unwrap();
        let leaf = params.signed_by(key, &self.issuer).unwrap();
        let (chain, key_path) = (folder.join("chain.pem"), folder.join("key.pem"));
        std::fs::write(&chain, leaf.pem()).unwrap();
        std::fs::write(&key_path, key.serialize_pem()).unwrap();
        CertificateFiles { chain, key: Some(key_path) }
    }

    /// Whether a browser that believes this authority believes who answers there.
    async fn is_believed(&self, port: u16) -> bool {
        let mut roots = RootCertStore::empty();
        roots.add(self.root.clone()).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&rustls::version::TLS13])
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let name = ServerName::try_from("relay.example").unwrap();
        let socket = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
        soon(TlsConnector::from(Arc::new(config)).connect(name, socket)).await.is_ok()
    }
}

#[tokio::test]
async fn a_certificate_for_browsers_leaves_the_relay_known_by_its_key() {
    let (folder, authority) = (tempfile::tempdir().unwrap(), Authority::new());
    let plain = Relay::start(Config::memory()).await.unwrap();
    assert!(!authority.is_believed(plain.addr().port()).await);
    plain.stop().await;
    let key = KeyPair::generate().unwrap();
    let certificate = Some(authority.certify(folder.path(), &key));
    let relay = Relay::start(Config { certificate, ..Config::memory() }).await.unwrap();
    assert!(authority.is_believed(relay.addr().port()).await);
    Probe::connect(&relay.addr()).await.unwrap();
    let public = rcgen::PublicKeyData::subject_public_key_info(&key);
    assert_eq!(relay.addr().fingerprint().0, <[u8; 32]>::from(Sha256::digest(public)));
    relay.stop().await;
}

#[tokio::test]
async fn a_certificate_for_the_relays_own_key_leaves_its_address_as_it_was() {
    let (folder, authority) = (tempfile::tempdir().unwrap(), Authority::new());
    let store = folder.path().join("store");
    let before = Identity::keep_in(&store).unwrap().fingerprint();
    let own = std::fs::read(store.join("relay.key")).unwrap();
    let own = KeyPair::try_from(own.as_slice()).unwrap();
    let files = CertificateFiles { key: None, ..authority.certify(folder.path(), &own) };
    let config = Config { certificate: Some(files), ..Config::directory(&store) };
    let relay = Relay::start(config).await.unwrap();
    assert_eq!(relay.addr().fingerprint(), before);
    assert!(authority.is_believed(relay.addr().port()).await);
    Probe::connect(&relay.addr()).await.unwrap();
    relay.stop().await;
}

#[tokio::test]
async fn a_certificate_that_does_not_serve_is_refused_with_the_reason() {
    let (folder, authority) = (tempfile::tempdir().unwrap(), Authority::new());
    let start = async |files: CertificateFiles| {
        let config = Config { certificate: Some(files), ..Config::memory() };
        match Relay::start(config).await.unwrap_err() {
            StartFault::Identity(fault) => fault,
            other => panic!("{other}"),
        }
    };
    let good = authority.certify(folder.path(), &KeyPair::generate().unwrap());
    let others = CertificateFiles { key: None, ..good.clone() };
    assert!(matches!(start(others).await, IdentityFault::OtherKey));
    let swapped = CertificateFiles { chain: good.key.clone().unwrap(), ..good.clone() };
    assert!(matches!(start(swapped).await, IdentityFault::NotPem(_)));
    let swapped = CertificateFiles { key: Some(good.chain.clone()), ..good.clone() };
    assert!(matches!(start(swapped).await, IdentityFault::NotPem(_)));
    let nowhere = CertificateFiles { chain: folder.path().join("nothing"), ..good };
    assert!(matches!(start(nowhere).await, IdentityFault::Disk(_)));
    let strong = KeyPair::generate_for(&PKCS_ECDSA_P384_SHA384).unwrap();
    let strong = authority.certify(folder.path(), &strong);
    assert!(matches!(start(strong).await, IdentityFault::KeyKind));
}

#[test]
fn an_authority_is_asked_for_the_relays_own_key_and_names() {
    let folder = tempfile::tempdir().unwrap();
    let identity = Identity::keep_in(folder.path()).unwrap();
    let request = identity.signing_request(&["relay.example".to_owned()]).unwrap();
    let request = CertificateSigningRequestDer::from_pem_slice(request.as_bytes()).unwrap();
    let known = identity.fingerprint().0;
    let holds_key = |key: &[u8]| <[u8; 32]>::from(Sha256::digest(key)) == known;
    assert!(request.windows(91).any(holds_key));
    assert!(request.windows(13).any(|name| name == b"relay.example"));
    let odd = identity.signing_request(&["벚꽃.example".to_owned()]);
    assert!(matches!(odd, Err(IdentityFault::Name)));
}
