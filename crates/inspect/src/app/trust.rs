//! Certificates a device trusts: whose they are and until when.

use der::{Decode, DecodePem};
use x509_cert::Certificate;

/// A certificate of a trust store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trusted {
    /// Whose it is.
    pub subject: String,
    /// Who vouches for it; itself, if it is a root.
    pub issuer: String,
    /// The last day it holds, RFC 3339.
    pub until: String,
    /// DER.
    pub der: Vec<u8>,
}

impl Trusted {
    /// Reads DER, or the first PEM block.
    #[must_use]
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let certificate = Certificate::from_der(bytes).ok().or_else(|| pem(bytes))?;
        let about = certificate.tbs_certificate();
        let until = about.validity().not_after.to_unix_duration().as_secs();
        let until = i64::try_from(until).ok().and_then(|at| jiff::Timestamp::from_second(at).ok());
        Some(Self {
            subject: about.subject().to_string(),
            issuer: about.issuer().to_string(),
            until: until.map(|at| at.to_string()).unwrap_or_default(),
            der: der::Encode::to_der(&certificate).ok()?,
        })
    }
}

fn pem(bytes: &[u8]) -> Option<Certificate> {
    let text = std::str::from_utf8(bytes).ok()?;
    let start = text.find("-----BEGIN CERTIFICATE-----")?;
    let end = text.find("-----END CERTIFICATE-----")?.checked_add(25)?;
    Certificate::from_pem(text.get(start..end)?).ok()
}

/// The subject of a certificate in DER.
#[must_use]
pub fn subject(der: &[u8]) -> Option<String> {
    Some(Certificate::from_der(der).ok()?.tbs_certificate().subject().to_string())
}
