//! What somebody with real keys can forge: any bytes in a valid envelope, and key packages whose
//! signatures hold whatever stands in them.

use aws_lc_rs::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, Nonce, UnboundKey};
use ed25519_dalek::{Signer, SigningKey};
use sogon_seal::{GroupName, LogKeys};
use sogon_wire::{SealedBox, step_for};

use super::{Person, Tape};

const NONCE: [u8; 12] = [7; 12];
const AROUND_BYTES: usize = 12 + 16;

fn cipher(keys: &LogKeys) -> LessSafeKey {
    // SPEC 2.2: the last 32 of the 80 stored bytes are the envelope's key.
    let stored = keys.to_bytes();
    let key = UnboundKey::new(&CHACHA20_POLY1305, &stored[48..]).expect("32 bytes are a key");
    LessSafeKey::new(key)
}

/// A box whose envelope opens and holds exactly `plain`, padding and all; cut to the largest box.
pub(super) fn envelope(keys: &LogKeys, plain: &[u8]) -> SealedBox {
    let step = step_for(plain.len() + AROUND_BYTES).unwrap_or(sogon_wire::BOX_BYTES_MAX);
    let mut sealed = plain.to_vec();
    sealed.resize(step - AROUND_BYTES, 0);
    cipher(keys)
        .seal_in_place_append_tag(Nonce::assume_unique_for_key(NONCE), Aad::empty(), &mut sealed)
        .expect("a box is not too long");
    SealedBox::parse(&[&NONCE, sealed.as_slice()].concat()).expect("a step")
}

/// A box of a kind (SPEC 2.2) with a payload; cut to the largest box.
pub(super) fn boxed(keys: &LogKeys, kind: u8, payload: &[u8]) -> SealedBox {
    let payload = &payload[..payload.len().min(sogon_seal::PAYLOAD_BYTES_MAX)];
    let length = (payload.len() as u16).to_be_bytes();
    envelope(keys, &[&[kind], length.as_slice(), payload].concat())
}

/// Kind and payload of a real box.
pub(super) fn unboxed(keys: &LogKeys, real: &SealedBox) -> (u8, Vec<u8>) {
    let (nonce, sealed) = real.as_bytes().split_first_chunk::<12>().expect("a box is longer");
    let mut sealed = sealed.to_vec();
    let nonce = Nonce::assume_unique_for_key(*nonce);
    let plain = cipher(keys).open_in_place(nonce, Aad::empty(), &mut sealed).expect("a real box");
    let length = usize::from(u16::from_be_bytes([plain[1], plain[2]]));
    (plain[0], plain[3..3 + length].to_vec())
}

/// A key package in parts (RFC 9420, section 10), to be changed and signed anew.
#[derive(Clone, Debug)]
pub(super) struct Package {
    /// Version and suite.
    head: Vec<u8>,
    init_key: Vec<u8>,
    encryption_key: Vec<u8>,
    signature_key: Vec<u8>,
    /// Type, then the vouch.
    credential_type: Vec<u8>,
    credential: Vec<u8>,
    /// Versions, suites, extensions, proposals, credentials.
    capabilities: [Vec<u8>; 5],
    /// The source byte and the lifetime.
    source: Vec<u8>,
    leaf_extensions: Vec<u8>,
    extensions: Vec<u8>,
}

struct Parts<'a>(&'a [u8]);

impl Parts<'_> {
    fn fixed(&mut self, count: usize) -> Vec<u8> {
        let (part, rest) = self.0.split_at(count);
        self.0 = rest;
        part.to_vec()
    }

    fn opaque(&mut self) -> Vec<u8> {
        let first = self.0[0];
        let width = 1 << (first >> 6);
        let head = self.fixed(width);
        let length = head
            .iter()
            .skip(1)
            .fold(usize::from(first & 0x3f), |sum, byte| (sum << 8) | usize::from(*byte));
        self.fixed(length)
    }
}

fn opaque(bytes: &[u8]) -> Vec<u8> {
    let length = bytes.len() as u32;
    let mut out = match length {
        0..=63 => vec![length as u8],
        64..=16_383 => (0x4000 | length as u16).to_be_bytes().to_vec(),
        _ => (0x8000_0000 | length).to_be_bytes().to_vec(),
    };
    out.extend(bytes);
    out
}

fn signed(key: &SigningKey, label: &str, content: &[u8]) -> Vec<u8> {
    let label = [b"MLS 1.0 ", label.as_bytes()].concat();
    key.sign(&[opaque(&label), opaque(content)].concat()).to_bytes().to_vec()
}

impl Package {
    /// Takes a real one apart.
    pub(super) fn read(bytes: &[u8]) -> Self {
        let mut parts = Parts(bytes);
        let head = parts.fixed(4);
        let [init_key, encryption_key, signature_key] = std::array::from_fn(|_| parts.opaque());
        let credential_type = parts.fixed(2);
        let credential = parts.opaque();
        let capabilities = std::array::from_fn(|_| parts.opaque());
        let source = parts.fixed(17);
        let leaf_extensions = parts.opaque();
        let _leaf_signature = parts.opaque();
        let extensions = parts.opaque();
        Self {
            head,
            init_key,
            encryption_key,
            signature_key,
            credential_type,
            credential,
            capabilities,
            source,
            leaf_extensions,
            extensions,
        }
    }

    /// Changes one part as the tape says.
    pub(super) fn bend(&mut self, tape: &mut Tape<'_>) {
        let [versions, suites, extensions, proposals, credentials] = &mut self.capabilities;
        let part = match tape.byte() % 14 {
            0 => &mut self.head,
            1 => &mut self.init_key,
            2 => &mut self.encryption_key,
            3 => &mut self.signature_key,
            4 => &mut self.credential_type,
            5 => &mut self.credential,
            6 => versions,
            7 => suites,
            8 => extensions,
            9 => proposals,
            10 => credentials,
            11 => &mut self.source,
            12 => &mut self.leaf_extensions,
            _ => &mut self.extensions,
        };
        let mut script = Tape::new(tape.piece());
        script.bend(part);
    }

    /// Signs it as its owner can, twice: the leaf, and the package around it.
    pub(super) fn sign(&self, owner: &Person, real: &Self) -> Vec<u8> {
        let secret = owner.leaf_secret(&real.signature_key).expect("the owner has the secret");
        let key = SigningKey::from_bytes(&secret);
        let mut leaf = [opaque(&self.encryption_key), opaque(&self.signature_key)].concat();
        leaf.extend(&self.credential_type);
        leaf.extend(opaque(&self.credential));
        self.capabilities.iter().for_each(|list| leaf.extend(opaque(list)));
        leaf.extend(&self.source);
        leaf.extend(opaque(&self.leaf_extensions));
        leaf.extend(opaque(&signed(&key, "LeafNodeTBS", &leaf)));
        let mut package = self.head.clone();
        package.extend(opaque(&self.init_key));
        package.extend(leaf);
        package.extend(opaque(&self.extensions));
        package.extend(opaque(&signed(&key, "KeyPackageTBS", &package)));
        package
    }
}

/// The payload of a request to be let in again (SPEC 5.6), signed by a member whatever it says.
pub(super) fn rescue(maker: &Person, name: GroupName, signed: &[u8]) -> Vec<u8> {
    let key = SigningKey::from_bytes(maker.identity.seed());
    let text = [b"sogon rescue 1".as_slice(), &name.0, signed].concat();
    [key.sign(&text).to_bytes().as_slice(), signed].concat()
}

/// A Welcome (RFC 9420, section 12.4.3.1) one part of which is changed, with lengths that fit.
pub(super) fn bent_welcome(real: &[u8], tape: &mut Tape<'_>) -> Vec<u8> {
    let mut parts = Parts(real);
    let mut suite = parts.fixed(2);
    let secrets = parts.opaque();
    let mut group_info = parts.opaque();
    let mut inner = Parts(&secrets);
    let [mut member, mut kem_output, mut secret] = std::array::from_fn(|_| inner.opaque());
    let again = tape.byte() % 4 == 1;
    let part = match tape.byte() % 5 {
        0 => &mut suite,
        1 => &mut group_info,
        2 => &mut member,
        3 => &mut kem_output,
        _ => &mut secret,
    };
    tape.bend(part);
    let bent = [opaque(&member), opaque(&kem_output), opaque(&secret)].concat();
    // Twice the same new member, or the true secrets behind the bent ones.
    let bent = if again { [bent.as_slice(), &secrets].concat() } else { bent };
    [suite, opaque(&bent), opaque(&group_info)].concat()
}
