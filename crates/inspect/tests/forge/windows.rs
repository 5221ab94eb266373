//! Programs for Windows and their signatures, a second time from Microsoft's description of
//! Authenticode and RFC 5652.

use p256::ecdsa::signature::hazmat::PrehashSigner;
use rsa::{
    pkcs1v15,
    signature::{SignatureEncoding, Signer as _},
};
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha384, Sha512};

use super::{
    Dice,
    apps::{certificate, der, seq},
    seals::Key,
};

/// Hashes by the names of their makers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hash {
    Sha1,
    Sha256,
    Sha384,
    Sha512,
}

impl Hash {
    pub const ALL: [Self; 4] = [Self::Sha1, Self::Sha256, Self::Sha384, Self::Sha512];

    pub fn of(self, bytes: &[u8]) -> Vec<u8> {
        match self {
            Self::Sha1 => Sha1::digest(bytes).to_vec(),
            Self::Sha256 => Sha256::digest(bytes).to_vec(),
            Self::Sha384 => Sha384::digest(bytes).to_vec(),
            Self::Sha512 => Sha512::digest(bytes).to_vec(),
        }
    }

    pub fn oid(self) -> Vec<u8> {
        let sha2 = |last| der(6, &[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, last]);
        match self {
            Self::Sha1 => der(6, &[0x2B, 0x0E, 3, 2, 0x1A]),
            Self::Sha256 => sha2(1),
            Self::Sha384 => sha2(2),
            Self::Sha512 => sha2(3),
        }
    }

    fn named(self) -> Vec<u8> {
        seq(&[self.oid(), der(5, &[])])
    }
}

fn made(key: &Key, hash: Hash, data: &[u8]) -> Vec<u8> {
    let digest = hash.of(data);
    match key {
        Key::Rsa(key) => {
            let key = (**key).clone();
            match hash {
                Hash::Sha1 => pkcs1v15::SigningKey::<Sha1>::new(key).sign(data).to_vec(),
                Hash::Sha256 => pkcs1v15::SigningKey::<Sha256>::new(key).sign(data).to_vec(),
                Hash::Sha384 => pkcs1v15::SigningKey::<Sha384>::new(key).sign(data).to_vec(),
                Hash::Sha512 => pkcs1v15::SigningKey::<Sha512>::new(key).sign(data).to_vec(),
            }
        }
        Key::P256(key) => {
            let made: p256::ecdsa::Signature = key.sign_prehash(&digest).unwrap();
            made.to_der().as_bytes().to_vec()
        }
        Key::P384(key) => {
            // A hash shorter than half the curve is the same number with zeros before it.
            let padded = [vec![0; 48_usize.saturating_sub(digest.len())], digest].concat();
            let made: p384::ecdsa::Signature = key.sign_prehash(&padded).unwrap();
            made.to_der().as_bytes().to_vec()
        }
        Key::P521(_) => unreachable!("nobody signs programs with it"),
    }
}

/// Where the header of every program of ours begins.
pub const PE_AT: usize = 0x80;
/// And its code.
pub const CODE_AT: usize = 0x200;

/// Where the entry about the table of certificates stands.
pub fn entry_at(wide: bool) -> usize {
    PE_AT + 24 + if wide { 112 } else { 96 } + 4 * 8
}

/// A program that does nothing, for 64 or 32 bits.
pub fn program(wide: bool) -> Vec<u8> {
    let mut bytes = vec![0_u8; CODE_AT];
    bytes[..2].copy_from_slice(b"MZ");
    bytes[0x3C..0x40].copy_from_slice(&(PE_AT as u32).to_le_bytes());
    let head = &mut bytes[PE_AT..];
    head[..4].copy_from_slice(b"PE\0\0");
    head[4..6].copy_from_slice(&if wide { 0x8664_u16 } else { 0x14C }.to_le_bytes());
    head[6] = 1;
    head[20..22].copy_from_slice(&if wide { 240_u16 } else { 224 }.to_le_bytes());
    head[24..26].copy_from_slice(&if wide { 0x20B_u16 } else { 0x10B }.to_le_bytes());
    let directories = if wide { 136 } else { 120 };
    head[directories - 4] = 16;
    head[directories + 128..directories + 133].copy_from_slice(b".text");
    bytes.extend(Dice(4).bytes(0x400));
    bytes
}

const INDIRECT: &[u8] = &[0x2B, 6, 1, 4, 1, 0x82, 0x37, 2, 1, 4];
const PE_DATA: &[u8] = &[0x2B, 6, 1, 4, 1, 0x82, 0x37, 2, 1, 15];

fn pkcs9(last: u8, value: Vec<u8>) -> Vec<u8> {
    let oid = der(6, &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 1, 9, last]);
    seq(&[oid, der(0x31, &value)])
}

/// What the signature says is signed: for lies.
#[derive(Clone, Copy, Debug, Default)]
pub struct Lies {
    /// The attribute names another digest of the content than it has.
    pub attribute: bool,
    /// No attributes at all.
    pub bare: bool,
    /// The attributes say it is something else.
    pub kind: bool,
    /// What nobody signed is with the signature.
    pub beside: Beside,
}

/// Bytes beside a signature, at places nobody signed.
#[derive(Clone, Copy, Debug, Default)]
pub enum Beside {
    #[default]
    Nothing,
    /// An attribute of this name that is not signed.
    Attribute(&'static [u8]),
    /// Something with the certificates.
    Certificate(&'static [u8]),
    /// A second signer.
    Signer,
    /// Behind the fields of the signer, of the set, of the data, of the information.
    Rest(usize),
    /// Lists of certificates that were taken back.
    Revoked,
    /// Behind the name of the hash.
    Parameters,
}

impl Beside {
    fn rest(self, place: usize) -> Vec<u8> {
        if matches!(self, Self::Rest(own) if own == place) { der(4, b"more") } else { Vec::new() }
    }
}

/// Signs it: the table goes to its end.
pub fn signed(program: &[u8], key: &Key, hash: Hash, name: &str) -> Vec<u8> {
    lying(program, key, hash, name, Lies::default())
}

pub fn lying(program: &[u8], key: &Key, hash: Hash, name: &str, lies: Lies) -> Vec<u8> {
    let mut out = program.to_vec();
    out.resize(out.len().next_multiple_of(8), 0);
    let image = seq(&[der(3, &[0]), der(0xA0, &der(0xA2, &der(0x80, &[])))]);
    let about = seq(&[der(6, PE_DATA), image]);
    let cms = stated(&about, &digest(program, hash), key, hash, name, lies);
    with_table(&out, &cms)
}

/// The digest of a program without a table.
pub fn digest(program: &[u8], hash: Hash) -> Vec<u8> {
    let wide = program[PE_AT + 24..PE_AT + 26] == 0x20B_u16.to_le_bytes();
    let mut out = program.to_vec();
    out.resize(out.len().next_multiple_of(8), 0);
    let (sum, entry) = (PE_AT + 88, entry_at(wide));
    hash.of(&[&out[..sum], &out[sum + 4..entry], &out[entry + 8..]].concat())
}

/// A signature over what a file is and its digest.
pub fn stated(
    about: &[u8],
    digest: &[u8],
    key: &Key,
    hash: Hash,
    name: &str,
    lies: Lies,
) -> Vec<u8> {
    let content = [about.to_vec(), seq(&[hash.named(), der(4, digest)])].concat();
    let kind = if lies.kind { PE_DATA } else { INDIRECT };
    let signed = seq(&[der(6, INDIRECT), der(0xA0, &der(0x30, &content))]);
    cms(&signed, (kind, &content, &[]), key, hash, name, lies)
}

/// `SignedData` with this as its content; its attributes name what it is and its bytes, and more.
pub fn cms(
    signed: &[u8],
    (kind, content, more): (&[u8], &[u8], &[u8]),
    key: &Key,
    hash: Hash,
    name: &str,
    lies: Lies,
) -> Vec<u8> {
    let said = hash.of(if lies.attribute { b"other" } else { content });
    let attributes = [pkcs9(3, der(6, kind)), pkcs9(4, der(4, &said)), more.to_vec()].concat();
    let covered = if lies.bare { content.to_vec() } else { der(0x31, &attributes) };
    let own = certificate(name, &key.spki());
    // Issuer and serial number, as `certificate` has them.
    let who = seq(&[seq(&[der(6, &[0x55, 4, 3]), der(12, name.as_bytes())])]);
    let who = seq(&[der(0x31, &who[2..])]);
    let algorithm = match key {
        Key::Rsa(_) => der(6, &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 1, 1, 1]),
        _ => der(6, &[0x2A, 0x86, 0x48, 0xCE, 0x3D, 2, 1]),
    };
    let mut signer = vec![der(2, &[1]), seq(&[who, der(2, &[1])]), hash.named()];
    if !lies.bare {
        signer.push(der(0xA0, &attributes));
    }
    signer.extend([seq(&[algorithm]), der(4, &made(key, hash, &covered))]);
    let beside = lies.beside;
    if let Beside::Attribute(name) = beside {
        signer.push(der(0xA1, &seq(&[der(6, name), der(0x31, &der(4, b"more"))])));
    }
    signer.push(beside.rest(0));
    let with = if let Beside::Certificate(with) = beside { with } else { &[] };
    let revoked = matches!(beside, Beside::Revoked).then(|| der(0xA1, &seq(&[])));
    let second = matches!(beside, Beside::Signer).then(|| seq(&signer));
    let digests = match beside {
        Beside::Parameters => seq(&[hash.oid(), der(4, &[7; 40])]),
        _ => hash.named(),
    };
    let data = seq(&[
        der(2, &[1]),
        der(0x31, &digests),
        signed.to_vec(),
        der(0xA0, &[&own, with].concat()),
        revoked.unwrap_or_default(),
        der(0x31, &[seq(&signer), second.unwrap_or_default(), beside.rest(1)].concat()),
        beside.rest(2),
    ]);
    let oid = der(6, &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 1, 7, 2]);
    seq(&[oid, der(0xA0, &[data, beside.rest(3)].concat()), beside.rest(4)])
}

/// What a file is, as a kind with a number.
pub fn numbered(number: &[u8; 16]) -> Vec<u8> {
    let zeros = vec![der(2, &[0]); 5].concat();
    let info = seq(&[der(2, &[1]), der(4, number), zeros]);
    seq(&[der(6, &[0x2B, 6, 1, 4, 1, 0x82, 0x37, 2, 1, 30]), info])
}

/// A program with this in its table of certificates.
pub fn with_table(program: &[u8], cms: &[u8]) -> Vec<u8> {
    let wide = program[PE_AT + 24..PE_AT + 26] == 0x20B_u16.to_le_bytes();
    let mut table = ((cms.len() + 8).next_multiple_of(8) as u32).to_le_bytes().to_vec();
    table.extend([0, 2, 2, 0]);
    table.extend(cms);
    table.resize(table.len().next_multiple_of(8), 0);
    let mut out = program.to_vec();
    let place = [(out.len() as u32).to_le_bytes(), (table.len() as u32).to_le_bytes()].concat();
    out[entry_at(wide)..entry_at(wide) + 8].copy_from_slice(&place);
    out.extend(table);
    out
}

/// Where the table begins.
pub fn table_at(program: &[u8]) -> usize {
    let wide = program[PE_AT + 24..PE_AT + 26] == 0x20B_u16.to_le_bytes();
    let entry = entry_at(wide);
    u32::from_le_bytes(program[entry..entry + 4].try_into().unwrap()) as usize
}
