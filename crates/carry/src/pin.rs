//! The one key a relay may have.
//!
//! A relay's certificate is a wrapper nobody reads: its key is an ECDSA key on P-256, whose public
//! half has one form of 91 bytes. We look for these bytes, wherever they stand, by their hash; and
//! then the relay must sign the handshake with that very key. A certificate that quotes somebody
//! else's key proves nothing by it, since its maker cannot sign.

use std::{fmt, hash::Hasher, sync::Arc};

use aws_lc_rs::{
    digest,
    signature::{ECDSA_P256_SHA256_ASN1, UnparsedPublicKey},
};
use rustls::{
    SignerPublicKey,
    client::danger::{
        HandshakeSignatureValid, PeerVerified, ServerIdentity, ServerVerifier,
        SignatureVerificationInput,
    },
    crypto::{Identity, SignatureScheme},
    error::{CertificateError, Error},
};
use sogon_wire::Fingerprint;

/// SubjectPublicKeyInfo of any ECDSA key on P-256, up to the 65 bytes of its point.
const HEAD: [u8; 26] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a,
    0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];
const KEY_BYTES: usize = 91;

/// Believes one key or none, and no certificate authority.
pub(crate) struct Pin(Option<Fingerprint>);

impl Pin {
    /// Believes the key with this hash.
    pub(crate) fn of(fingerprint: Fingerprint) -> Arc<Self> {
        Arc::new(Self(Some(fingerprint)))
    }

    /// Believes nobody: for sessions that must be resumed and can be nothing else.
    pub(crate) fn nobody() -> Arc<Self> {
        Arc::new(Self(None))
    }

    /// The key in the certificate, if it is the one.
    fn find<'a>(&self, certificate: &'a [u8]) -> Option<&'a [u8]> {
        let Fingerprint(known) = self.0?;
        let place = certificate.windows(KEY_BYTES).find(|key| {
            key.starts_with(&HEAD) && digest::digest(&digest::SHA256, key).as_ref() == known
        })?;
        place.get(HEAD.len()..)
    }
}

impl fmt::Debug for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pin(..)")
    }
}

const WRONG_KEY: Error =
    Error::InvalidCertificate(CertificateError::ApplicationVerificationFailure);

impl ServerVerifier for Pin {
    fn verify_identity(&self, shown: &ServerIdentity<'_>) -> Result<PeerVerified, Error> {
        match shown.identity {
            Identity::X509(chain) if self.find(&chain.end_entity).is_some() => {
                Ok(PeerVerified::assertion())
            }
            _ => Err(WRONG_KEY),
        }
    }

    fn verify_tls12_signature(
        &self,
        _: &SignatureVerificationInput<'_>,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(WRONG_KEY)
    }

    fn verify_tls13_signature(
        &self,
        input: &SignatureVerificationInput<'_>,
    ) -> Result<HandshakeSignatureValid, Error> {
        let SignerPublicKey::X509(certificate) = input.signer else { return Err(WRONG_KEY) };
        let point = self.find(certificate).ok_or(WRONG_KEY)?;
        if input.signature.scheme != SignatureScheme::ECDSA_NISTP256_SHA256 {
            return Err(WRONG_KEY);
        }
        UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, point)
            .verify(input.message, input.signature.signature())
            .map_err(|_| WRONG_KEY)?;
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        vec![SignatureScheme::ECDSA_NISTP256_SHA256]
    }

    fn request_ocsp_response(&self) -> bool {
        false
    }

    fn hash_config(&self, hasher: &mut dyn Hasher) {
        hasher.write(&self.0.map_or([0; 32], |known| known.0));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_is_found_wherever_it_stands_and_no_other_is() {
        let mut key = HEAD.to_vec();
        key.extend([4; 65]);
        let hash = digest::digest(&digest::SHA256, &key);
        let pin = Pin::of(Fingerprint(hash.as_ref().try_into().unwrap()));
        let mut wrapped = [b"before".as_slice(), &HEAD, &key, b"after"].concat();
        assert_eq!(pin.find(&wrapped), Some([4; 65].as_slice()));
        assert_eq!(pin.find(&wrapped[..wrapped.len() - 6]), None);
        let last = wrapped.len() - 6;
        wrapped[last] ^= 1;
        assert_eq!(pin.find(&wrapped), None);
        assert_eq!(pin.find(&[]), None);
        assert_eq!(Pin::nobody().find(&key), None);
    }
}
