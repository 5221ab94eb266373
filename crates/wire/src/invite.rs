//! Invite links: `sogon://invite#...` (SPEC 4.2). A link holds a relay and a secret, and nothing
//! about the person who made it.

use std::{fmt, str::FromStr};

use data_encoding::BASE64URL_NOPAD;
use sha2::{Digest, Sha256};

use crate::{Fingerprint, RelayAddr, WireError, reader::Reader};

const PREFIX: &str = "sogon://invite#";
const VERSION: u8 = 1;
const CHECK_BYTES: usize = 4;

/// 32 random bytes from which everything about an invitation is derived.
#[derive(Clone, PartialEq, Eq)]
pub struct InviteSecret(pub [u8; 32]);

impl fmt::Debug for InviteSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("InviteSecret(..)")
    }
}

/// How many people may answer an invitation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Uses {
    /// The first valid answer is taken; a later one is told to the owner.
    One,
    /// Every valid answer is taken.
    Many,
}

/// What a link says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invite {
    /// Where the key package lies and the answer goes.
    pub relay: RelayAddr,
    /// How many may answer.
    pub uses: Uses,
    /// Names the logs, seals what lies in them, and is mixed into the conversation's first keys.
    pub secret: InviteSecret,
}

impl fmt::Display for Invite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let uses = match self.uses {
            Uses::One => 0,
            Uses::Many => 1,
        };
        let mut bytes = vec![VERSION, uses];
        bytes.extend(self.secret.0);
        bytes.extend(self.relay.fingerprint().0);
        bytes.extend(self.relay.port().to_be_bytes());
        bytes.extend(self.relay.host().as_bytes());
        bytes.extend(check(&bytes));
        write!(f, "{PREFIX}{}", BASE64URL_NOPAD.encode(&bytes))
    }
}

impl FromStr for Invite {
    type Err = WireError;

    fn from_str(text: &str) -> Result<Self, WireError> {
        // People paste links with line breaks in them; base64url has no white space to confuse.
        let text: String = text.chars().filter(|c| !c.is_whitespace()).take(1024).collect();
        let body = text.strip_prefix(PREFIX).ok_or(WireError::Form)?;
        let bytes = BASE64URL_NOPAD.decode(body.as_bytes()).map_err(|_| WireError::Damaged)?;
        let (bytes, sum) = bytes.split_last_chunk::<CHECK_BYTES>().ok_or(WireError::Damaged)?;
        if check(bytes) != *sum {
            return Err(WireError::Damaged);
        }
        let mut reader = Reader::new(bytes);
        if reader.u8()? != VERSION {
            return Err(WireError::Version);
        }
        let uses = match reader.u8()? {
            0 => Uses::One,
            1 => Uses::Many,
            _ => return Err(WireError::Kind),
        };
        let secret = InviteSecret(reader.array()?);
        let fingerprint = Fingerprint(reader.array()?);
        let port = reader.u16()?;
        let host = reader.take(bytes.len().saturating_sub(68))?;
        let host = std::str::from_utf8(host).map_err(|_| WireError::Form)?;
        Ok(Self { relay: RelayAddr::new(host, port, fingerprint)?, uses, secret })
    }
}

fn check(bytes: &[u8]) -> [u8; CHECK_BYTES] {
    let hash: [u8; 32] =
        Sha256::new().chain_update(b"sogon invite 1").chain_update(bytes).finalize().into();
    *hash.first_chunk().unwrap_or(&[0; CHECK_BYTES])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn invite() -> Invite {
        let relay = RelayAddr::new("relay.example", 443, Fingerprint([5; 32])).unwrap();
        Invite { relay, uses: Uses::Many, secret: InviteSecret([6; 32]) }
    }

    #[test]
    fn a_link_comes_back_as_it_was_also_when_a_mailer_broke_the_line() {
        let link = invite().to_string();
        assert_eq!(link.parse(), Ok(invite()));
        let (left, right) = link.split_at(40);
        assert_eq!(format!(" {left}\r\n  {right}\n").parse(), Ok(invite()));
    }

    #[test]
    fn a_link_cut_anywhere_or_with_a_letter_changed_is_refused() {
        let link = invite().to_string();
        for cut in 0..link.len() {
            assert!(link.split_at(cut).0.parse::<Invite>().is_err());
        }
        for place in PREFIX.len()..link.len() {
            let mut bytes = link.clone().into_bytes();
            bytes[place] = if bytes[place] == b'A' { b'B' } else { b'A' };
            assert!(String::from_utf8(bytes).unwrap().parse::<Invite>().is_err());
        }
    }

    #[test]
    fn a_link_says_nothing_of_its_secret_when_printed_for_a_log() {
        assert!(!format!("{:?}", invite()).contains('6'));
        assert!(!format!("{:?}", invite()).contains("example"));
    }
}
