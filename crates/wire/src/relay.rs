//! Where a relay is and how it is known: `sogon-relay://HOST:PORT#FINGERPRINT` (SPEC 4.1).

use std::{fmt, str::FromStr};

use data_encoding::BASE64URL_NOPAD;

use crate::WireError;

const SCHEME: &str = "sogon-relay://";
const HOST_BYTES_MAX: usize = 253;

/// SHA-256 of the relay's public key (SubjectPublicKeyInfo in DER): who it must prove to be.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint(pub [u8; 32]);

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Fingerprint(..)")
    }
}

/// A relay: a host, a port and the key it must have. There is no way to name one without its key.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RelayAddr {
    host: String,
    port: u16,
    fingerprint: Fingerprint,
}

impl RelayAddr {
    /// Checks the host and puts the parts together.
    ///
    /// # Errors
    /// [`WireError::Form`] when the host is empty, too long or has other characters than letters,
    /// digits, `.`, `-`, or `:` (an IPv6 address, without brackets); or when the port is 0.
    pub fn new(host: &str, port: u16, fingerprint: Fingerprint) -> Result<Self, WireError> {
        let letters = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':');
        let length_fits = (1..=HOST_BYTES_MAX).contains(&host.len());
        if !length_fits || !host.chars().all(letters) || port == 0 {
            return Err(WireError::Form);
        }
        Ok(Self { host: host.to_ascii_lowercase(), port, fingerprint })
    }

    /// The host: a name, an IPv4 address, or an IPv6 address without brackets.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The TCP (later also UDP) port.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The key the relay must prove to have.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        self.fingerprint
    }
}

impl fmt::Display for RelayAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fingerprint = BASE64URL_NOPAD.encode(&self.fingerprint.0);
        if self.host.contains(':') {
            write!(f, "{SCHEME}[{}]:{}#{fingerprint}", self.host, self.port)
        } else {
            write!(f, "{SCHEME}{}:{}#{fingerprint}", self.host, self.port)
        }
    }
}

impl fmt::Debug for RelayAddr {
    /// Without the address: debug output may end in a log.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RelayAddr(..)")
    }
}

impl FromStr for RelayAddr {
    type Err = WireError;

    fn from_str(text: &str) -> Result<Self, WireError> {
        let rest = text.trim().strip_prefix(SCHEME).ok_or(WireError::Form)?;
        let (place, print) = rest.split_once('#').ok_or(WireError::Form)?;
        let (host, port) = place.rsplit_once(':').ok_or(WireError::Form)?;
        let host = match host.strip_prefix('[') {
            Some(inner) => inner.strip_suffix(']').ok_or(WireError::Form)?,
            None if host.contains(':') => return Err(WireError::Form),
            None => host,
        };
        let port = port.parse::<u16>().map_err(|_| WireError::Form)?;
        let print = BASE64URL_NOPAD.decode(print.as_bytes()).map_err(|_| WireError::Form)?;
        let print = <[u8; 32]>::try_from(print.as_slice()).map_err(|_| WireError::Form)?;
        Self::new(host, port, Fingerprint(print))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_comes_back_as_it_was() {
        for host in ["relay.example", "127.0.0.1", "::1"] {
            let addr = RelayAddr::new(host, 443, Fingerprint([5; 32])).unwrap();
            assert_eq!(addr.to_string().parse::<RelayAddr>(), Ok(addr));
        }
    }

    #[test]
    fn an_address_without_its_key_is_no_address() {
        for text in [
            "",
            "relay.example:443",
            "sogon-relay://relay.example:443",
            "sogon-relay://relay.example:443#",
            "sogon-relay://relay.example:443#AAAA",
            "sogon-relay://:443#BQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQU",
            "sogon-relay://a b:443#BQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQU",
            "sogon-relay://a:0#BQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQU",
            "sogon-relay://::1:443#BQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQU",
        ] {
            assert_eq!(text.parse::<RelayAddr>(), Err(WireError::Form), "{text}");
        }
    }
}
