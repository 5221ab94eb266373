//! Key packages: what somebody hands out so that others can take them into a conversation.

use std::fmt;

use ed25519_dalek::{Signer as _, SigningKey};
use openmls::prelude::{
    tls_codec::{Serialize as _, Size as _},
    *,
};
use openmls_traits::{
    signatures::{Signer, SignerError},
    types::SignatureScheme,
};

use super::{
    SUITE, capabilities,
    charter::Charter,
    conversation::{Change, Conversation, LogHead},
    lifetime,
    provider::Sealer,
};
use crate::{
    Identity, PublicIdentity, SealError,
    entropy::random,
    shelf::{Shelf, Table},
};

/// An X-Wing public key: ML-KEM-768 and X25519.
const XWING_KEY_BYTES: usize = 1_216;

/// Secret halves of leaf signature keys, by their public half.
const LEAF_KEYS: Table = Table(2);

/// The signature key of one leaf: fresh for each conversation.
pub(crate) struct LeafKey(SigningKey);

impl LeafKey {
    /// Makes one and stores it.
    pub(crate) fn generate(sealer: &Sealer<'_>) -> Self {
        let key = SigningKey::from_bytes(&random(sealer.entropy()));
        let public = key.verifying_key().to_bytes();
        sealer.desk.put(LEAF_KEYS, &public, key.to_bytes().to_vec());
        Self(key)
    }

    /// The stored one whose public half is `public`.
    pub(crate) fn load(sealer: &Sealer<'_>, public: &[u8]) -> Result<Self, SealError> {
        let seed = sealer.desk.row(LEAF_KEYS, public)?.ok_or(SealError::Bug)?;
        let seed: [u8; 32] = seed.try_into().map_err(|_| SealError::Bug)?;
        Ok(Self(SigningKey::from_bytes(&seed)))
    }

    pub(crate) fn forget(sealer: &Sealer<'_>, public: &[u8]) {
        sealer.desk.delete(LEAF_KEYS, public);
    }

    /// The leaf's credential, vouched for by the owner's identity.
    pub(crate) fn credential(&self, identity: &Identity) -> CredentialWithKey {
        let public = self.0.verifying_key().to_bytes();
        CredentialWithKey {
            credential: BasicCredential::new(identity.vouch(&public)).into(),
            signature_key: public.to_vec().into(),
        }
    }
}

impl Signer for LeafKey {
    fn sign(&self, payload: &[u8]) -> Result<Vec<u8>, SignerError> {
        Ok(self.0.sign(payload).to_bytes().to_vec())
    }

    fn signature_scheme(&self) -> SignatureScheme {
        SignatureScheme::ED25519
    }
}

/// Who vouches for a leaf.
pub(crate) fn identity_of(
    credential: &Credential,
    leaf_key: &[u8],
) -> Result<PublicIdentity, SealError> {
    let basic = BasicCredential::try_from(credential.clone()).map_err(|_| SealError::Unopenable)?;
    PublicIdentity::vouched(basic.identity(), leaf_key)
}

/// A key package that was checked: its signatures hold, its suite is ours, somebody vouches for it.
#[derive(Clone)]
pub struct KeyPackage {
    pub(crate) inner: openmls::prelude::KeyPackage,
    identity: PublicIdentity,
}

impl fmt::Debug for KeyPackage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyPackage({:?})", self.identity)
    }
}

impl KeyPackage {
    /// Who made it.
    #[must_use]
    pub fn identity(&self) -> PublicIdentity {
        self.identity
    }

    /// The bytes it came as.
    ///
    /// # Errors
    /// [`SealError::Bug`] when the library fails.
    pub fn to_bytes(&self) -> Result<Vec<u8>, SealError> {
        self.inner.tls_serialize_detached().map_err(|_| SealError::Bug)
    }
}

/// How often a key package may be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PackageUse {
    /// Its keys are deleted with the first Welcome.
    Once,
    /// Kept for many Welcomes (an invitation to many).
    Many,
}

impl Sealer<'_> {
    /// Makes a key package of one's own; its secrets are stored with the step.
    ///
    /// # Errors
    /// [`SealError::Bug`] when the library fails.
    pub fn make_package(
        &self,
        identity: &Identity,
        uses: PackageUse,
    ) -> Result<Vec<u8>, SealError> {
        let leaf_key = LeafKey::generate(self);
        let builder = openmls::prelude::KeyPackage::builder()
            .leaf_node_capabilities(capabilities())
            .key_package_lifetime(lifetime());
        let builder = match uses {
            PackageUse::Once => builder,
            PackageUse::Many => builder.mark_as_last_resort(),
        };
        let bundle = builder
            .build(SUITE, self, &leaf_key, leaf_key.credential(identity))
            .map_err(|_| SealError::Bug)?;
        bundle.key_package().tls_serialize_detached().map_err(|_| SealError::Bug)
    }

    /// Checks somebody's key package.
    ///
    /// # Errors
    /// [`SealError::Unopenable`] when anything about it does not hold.
    pub fn check_package(&self, bytes: &[u8]) -> Result<KeyPackage, SealError> {
        let mut rest = bytes;
        let package = <KeyPackageIn as tls_codec::Deserialize>::tls_deserialize(&mut rest)
            .map_err(|_| SealError::Unopenable)?;
        if !rest.is_empty() {
            return Err(SealError::Unopenable);
        }
        let inner = package
            .validate(&self.library.0, ProtocolVersion::Mls10)
            .map_err(|_| SealError::Unopenable)?;
        if inner.ciphersuite() != SUITE {
            return Err(SealError::Unopenable);
        }
        let leaf = inner.leaf_node();
        // The library takes keys of any length and fails on them when it seals.
        let leaf_bytes = leaf.encryption_key().tls_serialized_len();
        let init_bytes = inner.hpke_init_key().as_slice().len();
        if init_bytes != XWING_KEY_BYTES || leaf_bytes != XWING_KEY_BYTES.saturating_add(2) {
            return Err(SealError::Unopenable);
        }
        let identity = identity_of(leaf.credential(), leaf.signature_key().as_slice())?;
        let checked = KeyPackage { inner, identity };
        self.try_in(&checked)?;
        Ok(checked)
    }

    /// Takes a package into a conversation that is thrown away at once: the library finds some
    /// faults of a package only then, and by then it must not be too late.
    fn try_in(&self, package: &KeyPackage) -> Result<(), SealError> {
        let mark = self.desk.mark();
        let stranger = Identity::generate(self.entropy());
        let charter = Charter::pair(String::new(), self.entropy());
        let members = std::slice::from_ref(package);
        let tried = Conversation::found(*self, &stranger, &charter, members, None);
        let tried = tried.and_then(|(mut group, _)| {
            let refresh = Change { refresh: true, ..Change::default() };
            group.commit(&refresh, LogHead { seq: 0, chain: [0; 16] })
        });
        self.desk.undo(mark);
        tried.map(|_| ()).map_err(|_| SealError::Unopenable)
    }
}
