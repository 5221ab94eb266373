//! `SignedData` of RFC 5652 by one signer, as JAR files and programs for Windows carry it.
//!
//! Whether somebody vouches for the certificate is not looked at: there is no list of authorities.

use der::{Decode, Encode};
use x509_cert::Certificate;

use super::{
    Signer,
    algorithm::{Hash, ecdsa_holds, rsa_holds},
    block::{BlockTrouble, spki_of},
};

/// As many certificates are looked at; real signatures bring two to six.
const CERTIFICATES_MAX: usize = 32;

const CONTENT_TYPE: &[u8] = &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 1, 9, 3];
const MESSAGE_DIGEST: &[u8] = &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 1, 9, 4];

/// Attributes that may be added without breaking a signature: somebody else signed it too, in three
/// ways of writing down the time of that, or the file is signed a second time.
const ADDED: [&[u8]; 4] = [
    &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 1, 9, 6],
    &[0x2B, 6, 1, 4, 1, 0x82, 0x37, 3, 3, 1],
    &[0x2B, 6, 1, 4, 1, 0x82, 0x37, 2, 4, 1],
    &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 1, 9, 16, 2, 14],
];

/// The name of an algorithm, with nothing or the name of a curve behind it.
const ALGORITHM_BYTES_MAX: usize = 32;

/// Signatures that are not checked here: RSA-PSS, DSA and Edwards curves in this form.
const FOREIGN: [&[u8]; 3] = [
    &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 1, 1, 10],
    &[0x2A, 0x86, 0x48, 0xCE, 0x38, 4],
    &[0x2B, 0x65],
];

/// A field of DER: its tag, its content, its whole bytes, and what follows.
pub(crate) struct Field<'b> {
    pub(crate) tag: u8,
    pub(crate) content: &'b [u8],
    pub(crate) whole: &'b [u8],
    pub(crate) rest: &'b [u8],
}

/// The field at the start of `bytes`.
pub(crate) fn field(bytes: &[u8]) -> Option<Field<'_>> {
    let tag = *bytes.first()?;
    let first = *bytes.get(1)?;
    let (length, at) = if first < 0x80 {
        (usize::from(first), 2)
    } else {
        let count = usize::from(first & 0x7F);
        let at = count.checked_add(2)?;
        let digits = bytes.get(2..at).filter(|digits| (1..=4).contains(&digits.len()))?;
        (digits.iter().fold(0_usize, |length, digit| (length << 8) | usize::from(*digit)), at)
    };
    let end = at.checked_add(length)?;
    Some(Field {
        tag,
        content: bytes.get(at..end)?,
        whole: bytes.get(..end)?,
        rest: bytes.get(end..)?,
    })
}

/// What somebody signed, and with what.
pub(crate) struct SignedData<'b> {
    /// What the content is: an object identifier.
    pub(crate) kind: &'b [u8],
    /// The content's value without its tag and length, where it is not kept elsewhere.
    pub(crate) content: Option<&'b [u8]>,
    /// The signer signed a set of attributes which names the content, not the content itself.
    attributes: Option<&'b [u8]>,
    certificates: &'b [u8],
    who: &'b [u8],
    digest: &'b [u8],
    algorithm: &'b [u8],
    signature: &'b [u8],
    /// Nothing stands in it that has no place there: nobody would vouch for that.
    plain: bool,
}

impl<'b> SignedData<'b> {
    /// Reads it, and its first signer; `None` when it makes no sense.
    pub(crate) fn read(cms: &'b [u8]) -> Option<Self> {
        let info = field(cms)?;
        let kind = field(info.content)?;
        let signed = field(field(kind.rest)?.content)?;
        let version = field(signed.content)?;
        let digests = field(version.rest)?;
        let content = field(digests.rest)?;
        let mut next = field(content.rest)?;
        let mut certificates: &[u8] = &[];
        let mut plain = [info.rest, field(kind.rest)?.rest, signed.rest].concat().is_empty()
            && version.content.len() == 1
            && digests.content.len() <= ALGORITHM_BYTES_MAX;
        while next.tag != 0x31 {
            plain &= next.tag == 0xA0 && certificates.is_empty();
            if next.tag == 0xA0 {
                certificates = next.content;
            }
            next = field(next.rest)?;
        }
        let signer = field(next.content)?;
        plain &= next.rest.is_empty() && signer.rest.is_empty();
        let version = field(signer.content)?;
        let who = field(version.rest)?;
        let digest = field(who.rest)?;
        let mut next = field(digest.rest)?;
        let mut attributes = None;
        if next.tag == 0xA0 {
            attributes = Some(next.whole);
            next = field(next.rest)?;
        }
        let signature = field(next.rest).filter(|field| field.tag == 4)?;
        let kind = field(content.content)?;
        let inner = field(kind.rest).filter(|inner| inner.tag == 0xA0);
        plain &= [&next, &digest].iter().all(|name| name.content.len() <= ALGORITHM_BYTES_MAX)
            && may_be_added(signature.rest)
            && version.content.len() == 1
            && inner.as_ref().map_or(kind.rest, |inner| inner.rest).is_empty()
            && inner.as_ref().is_none_or(|inner| is_alone(inner.content));
        Some(Self {
            kind: kind.content,
            content: inner.and_then(|inner| field(inner.content)).map(|value| value.content),
            attributes,
            certificates,
            who: who.content,
            digest: field(digest.content)?.content,
            algorithm: field(next.content)?.content,
            signature: signature.content,
            plain,
        })
    }

    /// Whether the signer signed attributes: without them nothing says what kind of content it is.
    pub(crate) fn has_attributes(&self) -> bool {
        self.attributes.is_some()
    }

    /// Who signed `data`: the certificate with the key under which the signature holds.
    pub(crate) fn signer(&self, data: &[u8]) -> Result<Signer, BlockTrouble> {
        let hash = Hash::named(self.digest).ok_or(BlockTrouble::Unknown)?;
        if FOREIGN.iter().any(|foreign| self.algorithm.starts_with(foreign)) {
            return Err(BlockTrouble::Unknown);
        }
        let covered = self.covered(data, hash)?;
        let digest = hash.of(&covered);
        let holds = |certificate: &[u8]| {
            let spki = spki_of(certificate)?;
            rsa_holds(&spki, &covered, self.signature, hash)
                .or_else(|| ecdsa_holds(&spki, &digest, self.signature))
        };
        // The one that is named comes first; others may have the same key.
        let (named, others): (Vec<_>, Vec<_>) =
            self.certificates().into_iter().partition(|one| self.names(one).unwrap_or(false));
        let found = named.into_iter().chain(others).find(|one| holds(one).unwrap_or(false));
        let certificate = found.ok_or(BlockTrouble::Signature)?;
        if !self.plain || !self.are_certificates() {
            return Err(BlockTrouble::Unknown);
        }
        Ok(Signer { certificate: certificate.to_vec() })
    }

    /// The values of a signed attribute, one after another; `None` when it is not there once.
    /// They are worth something when [`Self::signer`] found one.
    pub(crate) fn values(&self, name: &[u8]) -> Option<&'b [u8]> {
        values(field(self.attributes?)?.content, name)
    }

    /// The bytes the signature is over (RFC 5652, 5.4).
    fn covered(&self, data: &[u8], hash: Hash) -> Result<Vec<u8>, BlockTrouble> {
        let Some(attributes) = self.attributes else { return Ok(data.to_vec()) };
        let set = field(attributes).ok_or(BlockTrouble::Broken)?.content;
        if attribute(set, CONTENT_TYPE) != Some(self.kind) {
            return Err(BlockTrouble::Broken);
        }
        if attribute(set, MESSAGE_DIGEST) != Some(&hash.of(data)) {
            return Err(BlockTrouble::Altered);
        }
        // They are signed as a set, and stand here under another tag.
        let mut covered = attributes.to_vec();
        if let Some(tag) = covered.first_mut() {
            *tag = 0x31;
        }
        Ok(covered)
    }

    fn certificates(&self) -> Vec<&'b [u8]> {
        let (mut found, mut rest) = (Vec::new(), self.certificates);
        while let Some(one) = field(rest).filter(|_| found.len() < CERTIFICATES_MAX) {
            found.push(one.whole);
            rest = one.rest;
        }
        found
    }

    /// Whether nothing but certificates is with them.
    fn are_certificates(&self) -> bool {
        let found = self.certificates();
        let bytes: usize = found.iter().map(|one| one.len()).sum();
        bytes == self.certificates.len()
            && found.iter().all(|one| Certificate::from_der(one).is_ok())
    }

    /// Whether the signer names this certificate, by its issuer and serial number.
    fn names(&self, certificate: &[u8]) -> Option<bool> {
        let certificate = Certificate::from_der(certificate).ok()?;
        let about = certificate.tbs_certificate();
        let issuer = field(self.who)?;
        let serial = field(issuer.rest)?;
        let same = about.issuer().to_der().ok()? == issuer.whole;
        Some(same && about.serial_number().as_bytes() == serial.content)
    }
}

/// Whether nothing stands there, or one field.
fn is_alone(bytes: &[u8]) -> bool {
    bytes.is_empty() || field(bytes).is_some_and(|one| one.rest.is_empty())
}

/// Whether nothing stands behind a signature but attributes that others may add.
fn may_be_added(bytes: &[u8]) -> bool {
    if bytes.is_empty() {
        return true;
    }
    let Some(set) = field(bytes).filter(|set| set.tag == 0xA1 && set.rest.is_empty()) else {
        return false;
    };
    let mut rest = set.content;
    while !rest.is_empty() {
        let Some(one) = field(rest) else { return false };
        rest = one.rest;
        let known = |name: &Field<'_>| ADDED.contains(&name.content) && is_alone(name.rest);
        if !field(one.content).is_some_and(|name| known(&name)) {
            return false;
        }
    }
    true
}

/// The value of an attribute that is there once with one value.
fn attribute<'b>(set: &'b [u8], name: &[u8]) -> Option<&'b [u8]> {
    let value = field(values(set, name)?).filter(|value| value.rest.is_empty())?;
    Some(value.content)
}

/// The values of an attribute that is there once.
fn values<'b>(set: &'b [u8], name: &[u8]) -> Option<&'b [u8]> {
    let (mut found, mut rest) = (None, set);
    while let Some(one) = field(rest) {
        rest = one.rest;
        let id = field(one.content)?;
        if id.content == name && found.replace(field(id.rest)?.content).is_some() {
            return None;
        }
    }
    found
}

/// Fields in fields, of those whose length is not said.
const DEPTH_MAX: usize = 12;

/// The field at the start of `bytes` with every length said, and what follows: some makers end a
/// field with a mark instead (X.690, 8.1.3.6).
pub(crate) fn definite(bytes: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    measured(bytes, DEPTH_MAX)
}

fn measured(bytes: &[u8], depth: usize) -> Option<(Vec<u8>, &[u8])> {
    if bytes.get(1) != Some(&0x80) {
        let plain = field(bytes)?;
        return Some((plain.whole.to_vec(), plain.rest));
    }
    let depth = depth.checked_sub(1)?;
    let tag = *bytes.first().filter(|tag| **tag & 0x20 != 0)?;
    let (mut content, mut rest) = (Vec::new(), bytes.get(2..)?);
    while !rest.starts_with(&[0, 0]) {
        let (inner, behind) = measured(rest, depth)?;
        content.extend(inner);
        rest = behind;
    }
    let length = u32::try_from(content.len()).ok()?.to_be_bytes();
    Some(([&[tag, 0x84], length.as_slice(), &content].concat(), rest.get(2..)?))
}
