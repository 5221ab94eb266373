//! The public MLS vectors, played through the MLS library we link.
//!
//! A passive client joins a group that another implementation wrote down and follows its commits.
//! Whenever an epoch begins, both must hold the same secret. `vectors/mls/README.md` says where the
//! vectors come from and under which licence.
//!
//! Nothing is skipped in silence: every vector of every family is counted, by suite and provider,
//! and the counts are compared with a table. A vector that no provider can play stands in it too.
//!
//! We know of no public vectors of the X-Wing suites: the public families end with suite 0x0007. In
//! their place two members of one group run on two providers whose X-Wing, Ed25519 and AES-GCM are
//! written by different people. What both share, openmls itself and the HPKE frame around the KEM,
//! that check cannot judge; the vectors of suites 0x0001 to 0x0003 judge the same code.
#![cfg(test)]
#![allow(clippy::arithmetic_side_effects, reason = "counts of vectors, far from any edge")]
#![allow(clippy::print_stdout, reason = "what was played and what was not is meant to be read")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use openmls::prelude::tls_codec::{Deserialize as _, Serialize as _};
use openmls::prelude::{
    BasicCredential, Capabilities, Ciphersuite, CredentialWithKey, HpkePrivateKey, KeyPackage,
    KeyPackageBundle, KeyPackageVerifyError, LeafNodeParameters,
    MIXED_PLAINTEXT_WIRE_FORMAT_POLICY, MlsGroup, MlsGroupCreateConfig, MlsGroupJoinConfig,
    MlsMessageBodyIn, MlsMessageIn, MlsMessageOut, OpenMlsCrypto as _, OpenMlsProvider,
    PURE_CIPHERTEXT_WIRE_FORMAT_POLICY, ProcessMessageError, ProcessedMessageContent,
    ProtocolVersion, RatchetTreeIn, SignatureScheme, StagedWelcome, ValidationError,
};
use openmls::schedule::psk::PreSharedKeyId;
use openmls::treesync::errors::LifetimeError;
use openmls_libcrux_crypto::Provider as Libcrux;
use openmls_rust_crypto::OpenMlsRustCrypto as RustCrypto;
use openmls_traits::signatures::{Signer, SignerError};
use openmls_traits::storage::StorageProvider as _;
use serde::{Deserialize, Deserializer};

// -- the vectors

const FAMILIES: [&str; 3] = ["handling-commit", "random", "welcome"];

/// Bytes, in the vectors written as hexadecimal digits.
#[derive(Clone)]
struct Bytes(Vec<u8>);

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let digits = String::deserialize(from)?;
        let (pairs, rest) = digits.as_bytes().as_chunks::<2>();
        let byte = |pair: &[u8; 2]| {
            let pair = std::str::from_utf8(pair).ok()?;
            u8::from_str_radix(pair, 16).ok()
        };
        let bytes = pairs.iter().map(byte).collect::<Option<_>>().filter(|_| rest.is_empty());
        bytes.map(Self).ok_or_else(|| serde::de::Error::custom("not hexadecimal digits"))
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Psk {
    psk_id: Bytes,
    psk: Bytes,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Epoch {
    proposals: Vec<Bytes>,
    commit: Bytes,
    epoch_authenticator: Bytes,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Vector {
    cipher_suite: u16,
    external_psks: Vec<Psk>,
    key_package: Bytes,
    #[expect(dead_code, reason = "a passive client signs nothing")]
    signature_priv: Bytes,
    encryption_priv: Bytes,
    init_priv: Bytes,
    welcome: Bytes,
    ratchet_tree: Option<Bytes>,
    initial_epoch_authenticator: Bytes,
    epochs: Vec<Epoch>,
}

/// Where the package lies that carries the vectors; cargo fetches it if it is not there yet.
fn folder() -> PathBuf {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let said = Command::new(cargo)
        .args(["metadata", "--locked", "--format-version", "1", "--manifest-path"])
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../vectors/mls/Cargo.toml"))
        .output()
        .unwrap();
    assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
    let metadata: serde_json::Value = serde_json::from_slice(&said.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    let package = packages.iter().find(|package| package["name"] == "openmls").unwrap();
    assert_eq!(package["version"], "0.5.0");
    assert_eq!(package["license"], "MIT", "vectors/mls/README.md notes another licence");
    let manifest = Path::new(package["manifest_path"].as_str().unwrap());
    manifest.parent().unwrap().join("test_vectors")
}

fn family(folder: &Path, name: &str) -> Vec<Vector> {
    let path = folder.join(format!("passive-client-{name}.json"));
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

// -- playing one vector

/// How far the library went with a vector.
enum End {
    /// To the last epoch, in agreement everywhere.
    Whole,
    /// To an Add by a key package that has run out; in agreement until there.
    Expired { epochs: usize },
}

/// Whether the library has this suite and the provider its cryptography.
fn plays<P: OpenMlsProvider>(provider: &P, suite: u16) -> bool {
    Ciphersuite::try_from(suite).is_ok_and(|suite| provider.crypto().supports(suite).is_ok())
}

/// Joins and follows; panics when the library and the vector disagree about anything but age.
fn play<P: OpenMlsProvider>(provider: &P, vector: &Vector) -> End {
    for Psk { psk_id, psk } in &vector.external_psks {
        let id = PreSharedKeyId::external(psk_id.0.clone(), Vec::new());
        id.store(provider, &psk.0).unwrap();
    }
    keep(provider, vector);
    let mut group = join(provider, vector);
    agree(&group, &vector.initial_epoch_authenticator, "after the welcome");
    for (number, epoch) in vector.epochs.iter().enumerate() {
        for message in epoch.proposals.iter().chain([&epoch.commit]) {
            let message = message_in(&message.0).try_into_protocol_message().unwrap();
            let processed = match group.process_message(provider, message) {
                Ok(processed) => processed,
                Err(ProcessMessageError::ValidationError(
                    ValidationError::KeyPackageVerifyError(KeyPackageVerifyError::LifetimeError(
                        LifetimeError::Expired { .. },
                    )),
                )) => return End::Expired { epochs: number },
                Err(error) => panic!("epoch {number}: {error:?}"),
            };
            match processed.into_content() {
                ProcessedMessageContent::ProposalMessage(proposal) => {
                    group.store_pending_proposal(provider.storage(), *proposal).unwrap();
                }
                ProcessedMessageContent::StagedCommitMessage(commit) => {
                    group.merge_staged_commit(provider, *commit).unwrap();
                }
                other => panic!("epoch {number}: {other:?}"),
            }
        }
        agree(&group, &epoch.epoch_authenticator, &format!("after epoch {number}"));
    }
    End::Whole
}

/// Puts the vector's key package and its private keys where joining will look for them. The library
/// makes such a bundle only together with new keys, so this one is written as the storage writes it.
fn keep<P: OpenMlsProvider>(provider: &P, vector: &Vector) {
    let MlsMessageBodyIn::KeyPackage(key_package) = message_in(&vector.key_package.0).extract()
    else {
        panic!("not a key package");
    };
    let stored = serde_json::json!({
        "key_package": key_package,
        "private_init_key": HpkePrivateKey::from(vector.init_priv.0.clone()),
        "private_encryption_key": { "key": HpkePrivateKey::from(vector.encryption_priv.0.clone()) },
    });
    let bundle: KeyPackageBundle = serde_json::from_value(stored).unwrap();
    let reference = bundle.key_package().hash_ref(provider.crypto()).unwrap();
    provider.storage().write_key_package(&reference, &bundle).unwrap();
}

fn join<P: OpenMlsProvider>(provider: &P, vector: &Vector) -> MlsGroup {
    let MlsMessageBodyIn::Welcome(welcome) = message_in(&vector.welcome.0).extract() else {
        panic!("not a welcome");
    };
    let config = MlsGroupJoinConfig::builder()
        .wire_format_policy(MIXED_PLAINTEXT_WIRE_FORMAT_POLICY)
        .number_of_resumption_psks(16)
        .build();
    let mut staged = StagedWelcome::build_from_welcome(provider, &config, welcome)
        .unwrap()
        .skip_lifetime_validation();
    if let Some(tree) = &vector.ratchet_tree {
        staged = staged.with_ratchet_tree(RatchetTreeIn::tls_deserialize_exact(&tree.0).unwrap());
    }
    staged.build().unwrap().into_group(provider).unwrap()
}

fn message_in(bytes: &[u8]) -> MlsMessageIn {
    MlsMessageIn::tls_deserialize_exact(bytes).unwrap()
}

fn agree(group: &MlsGroup, expected: &Bytes, when: &str) {
    assert_eq!(group.epoch_authenticator().as_slice(), expected.0.as_slice(), "{when}");
}

// -- playing all of them

const LIBCRUX: &str = "libcrux";
const RUST_CRYPTO: &str = "rust_crypto";
/// In the place of a provider: X448, Ed448, P-384 and P-521 are in none we have.
const NOBODY: &str = "nobody";

/// A family, a suite, and who played its vectors.
type Row = (&'static str, u16, &'static str);

/// What became of a row's vectors.
#[derive(Debug, Default, PartialEq)]
struct Count {
    vectors: usize,
    whole: usize,
    expired: usize,
    /// Commits followed into an epoch that was agreed on.
    epochs: usize,
}

fn play_all(folder: &Path) -> BTreeMap<Row, Count> {
    let mut counts: BTreeMap<Row, Count> = BTreeMap::new();
    for name in FAMILIES {
        for (number, vector) in family(folder, name).iter().enumerate() {
            let suite = vector.cipher_suite;
            println!("passive-client-{name} {number}, suite {suite:#06x}");
            let mut ends = Vec::new();
            let libcrux = Libcrux::new().unwrap();
            if plays(&libcrux, suite) {
                ends.push((LIBCRUX, play(&libcrux, vector)));
            }
            let rust_crypto = RustCrypto::default();
            if plays(&rust_crypto, suite) {
                ends.push((RUST_CRYPTO, play(&rust_crypto, vector)));
            }
            if ends.is_empty() {
                counts.entry((name, suite, NOBODY)).or_default().vectors += 1;
            }
            for (provider, end) in ends {
                let count = counts.entry((name, suite, provider)).or_default();
                count.vectors += 1;
                match end {
                    End::Whole => {
                        count.whole += 1;
                        count.epochs += vector.epochs.len();
                    }
                    End::Expired { epochs } => {
                        count.expired += 1;
                        count.epochs += epochs;
                    }
                }
            }
        }
    }
    counts
}

/// What must become of the vectors: all of them, or at least until a key package has run out.
fn expected(in_their_own_year: bool) -> BTreeMap<Row, Count> {
    let played =
        |vectors, expired, epochs| Count { vectors, whole: vectors - expired, expired, epochs };
    let mut counts = BTreeMap::new();
    for suite in 1..=7 {
        let providers: &[&'static str] = match suite {
            1 | 3 => &[LIBCRUX, RUST_CRYPTO],
            2 => &[RUST_CRYPTO],
            _ => &[NOBODY],
        };
        for &provider in providers {
            let (commits, welcomes) = if provider == NOBODY {
                let unplayed = |vectors| Count { vectors, ..Count::default() };
                (unplayed(13), unplayed(8))
            } else if in_their_own_year {
                (played(13, 0, 26), played(8, 0, 0))
            } else {
                (played(13, 4, 22), played(8, 0, 0))
            };
            counts.insert(("handling-commit", suite, provider), commits);
            counts.insert(("welcome", suite, provider), welcomes);
        }
    }
    for provider in [LIBCRUX, RUST_CRYPTO] {
        let long = if in_their_own_year { played(1, 0, 200) } else { played(1, 1, 1) };
        counts.insert(("random", 1, provider), long);
    }
    counts
}

fn compare(counts: &BTreeMap<Row, Count>, expected: &BTreeMap<Row, Count>) {
    for ((name, suite, provider), count) in counts {
        let Count { vectors, whole, expired, epochs } = count;
        let said = if *provider == NOBODY {
            format!("{vectors} not played: no provider has this suite")
        } else {
            format!(
                "{whole} of {vectors} whole, {expired} until a key package ran out; {epochs} epochs"
            )
        };
        println!("passive-client-{name:<15} suite {suite:#06x} {provider:<11} {said}");
    }
    assert_eq!(counts, expected);
}

/// With the clock of today the library agrees with every vector, until one adds a member by a key
/// package that ran out in 2024: that it must refuse, and for no other reason.
#[test]
fn passive_clients_agree_until_a_key_package_has_run_out() {
    compare(&play_all(&folder()), &expected(false));
}

/// The vectors' folder, for the process that lives in their year.
#[cfg(target_os = "linux")]
const FOLDER: &str = "SOGON_MLS_VECTORS";

/// In September 2023 the library agrees with every vector to its last epoch. It reads the clock by
/// itself, so this test starts itself again in a process that has another one.
#[cfg(target_os = "linux")]
#[test]
fn passive_clients_agree_to_the_end_in_their_own_year() {
    if let Some(folder) = std::env::var_os(FOLDER) {
        compare(&play_all(Path::new(&folder)), &expected(true));
        return;
    }
    let clock = Path::new(env!("CARGO_TARGET_TMPDIR")).join("libclock2023.so");
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../vectors/mls/clock.c");
    let built = Command::new("cc")
        .args(["-shared", "-fPIC", "-O1", "-o"])
        .args([&clock, &source])
        .status()
        .unwrap();
    assert!(built.success(), "the clock does not compile");
    let said = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "passive_clients_agree_to_the_end_in_their_own_year", "--nocapture"])
        .env(FOLDER, folder())
        .env("LD_PRELOAD", &clock)
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&said.stdout);
    println!("{text}");
    assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
    assert!(text.contains("1 passed"), "the test of this name did not run");
}

// -- two providers in one group

/// Signs with the provider's own Ed25519.
struct Key<'a, P> {
    provider: &'a P,
    private: Vec<u8>,
    owner: CredentialWithKey,
}

impl<'a, P: OpenMlsProvider> Key<'a, P> {
    fn new(provider: &'a P, name: &str) -> Self {
        let (private, public) =
            provider.crypto().signature_key_gen(SignatureScheme::ED25519).unwrap();
        let credential = BasicCredential::new(name.as_bytes().to_vec()).into();
        let owner = CredentialWithKey { credential, signature_key: public.into() };
        Self { provider, private, owner }
    }
}

impl<P: OpenMlsProvider> Signer for Key<'_, P> {
    fn sign(&self, payload: &[u8]) -> Result<Vec<u8>, SignerError> {
        let crypto = self.provider.crypto();
        crypto
            .sign(self.signature_scheme(), payload, &self.private)
            .map_err(SignerError::CryptoError)
    }

    fn signature_scheme(&self) -> SignatureScheme {
        SignatureScheme::ED25519
    }
}

/// A member with its own provider and keys.
struct Member<'a, P> {
    key: Key<'a, P>,
    group: MlsGroup,
}

impl<P: OpenMlsProvider> Member<'_, P> {
    /// What the bytes of a message say; a commit is followed.
    fn hear(&mut self, bytes: &[u8]) -> Option<Vec<u8>> {
        let provider = self.key.provider;
        let message = message_in(bytes).try_into_protocol_message().unwrap();
        match self.group.process_message(provider, message).unwrap().into_content() {
            ProcessedMessageContent::ApplicationMessage(said) => Some(said.into_bytes()),
            ProcessedMessageContent::StagedCommitMessage(commit) => {
                self.group.merge_staged_commit(provider, *commit).unwrap();
                None
            }
            other => panic!("{other:?}"),
        }
    }

    fn say(&mut self, text: &[u8]) -> Vec<u8> {
        let message = self.group.create_message(self.key.provider, &self.key, text).unwrap();
        message.tls_serialize_detached().unwrap()
    }

    /// A commit with fresh keys along the whole path.
    fn renew(&mut self) -> Vec<u8> {
        let bundle = self
            .group
            .self_update(self.key.provider, &self.key, LeafNodeParameters::default())
            .unwrap();
        self.group.merge_pending_commit(self.key.provider).unwrap();
        bundle.into_commit().tls_serialize_detached().unwrap()
    }

    /// The secrets of the epoch: its authenticator and an exported one.
    fn secrets(&self) -> (Vec<u8>, Vec<u8>) {
        let crypto = self.key.provider.crypto();
        let exported = self.group.export_secret(crypto, "sogon test", b"", 32).unwrap();
        (self.group.epoch_authenticator().as_slice().to_vec(), exported.to_vec())
    }
}

/// The first makes a group and adds the second; both renew their keys and talk. Only bytes pass.
fn meet<A: OpenMlsProvider, B: OpenMlsProvider>(first: &A, second: &B, suite: Ciphersuite) {
    let able = Capabilities::new(None, Some(&[suite]), None, None, None);
    let (host_key, guest_key) = (Key::new(first, "host"), Key::new(second, "guest"));
    let config = MlsGroupCreateConfig::builder()
        .ciphersuite(suite)
        .capabilities(able.clone())
        .wire_format_policy(PURE_CIPHERTEXT_WIRE_FORMAT_POLICY)
        .use_ratchet_tree_extension(true)
        .build();
    let group = MlsGroup::new(first, &host_key, &config, host_key.owner.clone()).unwrap();
    let mut host = Member { key: host_key, group };

    let invited = KeyPackage::builder()
        .leaf_node_capabilities(able)
        .build(suite, second, &guest_key, guest_key.owner.clone())
        .unwrap();
    let invited = MlsMessageOut::from(invited.into_key_package()).tls_serialize_detached().unwrap();
    let MlsMessageBodyIn::KeyPackage(invited) = message_in(&invited).extract() else {
        panic!("not a key package");
    };
    let invited = invited.validate(first.crypto(), ProtocolVersion::Mls10).unwrap();
    let (_, welcome, _) = host.group.add_members(first, &host.key, &[invited]).unwrap();
    host.group.merge_pending_commit(first).unwrap();
    let welcome = welcome.tls_serialize_detached().unwrap();
    let MlsMessageBodyIn::Welcome(welcome) = message_in(&welcome).extract() else {
        panic!("not a welcome");
    };
    let staged =
        StagedWelcome::new_from_welcome(second, config.join_config(), welcome, None).unwrap();
    let mut guest = Member { key: guest_key, group: staged.into_group(second).unwrap() };

    let mut before = host.secrets();
    assert_eq!(before, guest.secrets());
    for turn in 0..4_u8 {
        let heard =
            if turn % 2 == 0 { guest.hear(&host.renew()) } else { host.hear(&guest.renew()) };
        assert_eq!(heard, None);
        let now = host.secrets();
        assert_eq!(now, guest.secrets());
        assert_ne!(now, before, "every commit begins with other secrets");
        before = now;
        assert_eq!(guest.hear(&host.say(&[turn; 100])), Some(vec![turn; 100]));
        assert_eq!(host.hear(&guest.say(&[turn; 200])), Some(vec![turn; 200]));
    }
}

/// Suites that both providers have; the first is ours.
const SHARED: [Ciphersuite; 4] = [
    Ciphersuite::MLS_128_MLKEM768X25519_AES256GCM_SHA384_Ed25519,
    Ciphersuite::MLS_128_MLKEM768X25519_AES128GCM_SHA256_Ed25519,
    Ciphersuite::MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519,
    Ciphersuite::MLS_128_DHKEMX25519_CHACHA20POLY1305_SHA256_Ed25519,
];

#[test]
fn members_on_two_providers_share_every_epoch() {
    for suite in SHARED {
        println!("{suite:?}");
        let (libcrux, rust_crypto) = (Libcrux::new().unwrap(), RustCrypto::default());
        meet(&libcrux, &rust_crypto, suite);
        meet(&rust_crypto, &libcrux, suite);
    }
    // The older X-Wing suite, 0x004d, has only one provider and so no second opinion.
    assert!(plays(&Libcrux::new().unwrap(), 0x004d));
    assert!(!plays(&RustCrypto::default(), 0x004d));
}
