//! What one side of a call says to the other without a relay, and how they come to know where
//! (SPEC 12.4), before it is sealed.

use super::END;
use crate::{SPEECH_BYTES_MAX, WireError, reader::Reader};

/// Where somebody can be reached: an address of IPv4 or IPv6, and a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Address {
    /// Of IPv4.
    V4([u8; 4], u16),
    /// Of IPv6.
    V6([u8; 16], u16),
}

/// The bytes of the longest address.
pub const ADDRESS_BYTES_MAX: usize = 19;

const V4: u8 = 4;
const V6: u8 = 6;

impl Address {
    pub(super) fn put(self, bytes: &mut Vec<u8>) {
        let (family, host, port): (u8, &[u8], u16) = match &self {
            Self::V4(host, port) => (V4, host, *port),
            Self::V6(host, port) => (V6, host, *port),
        };
        bytes.push(family);
        bytes.extend(host);
        bytes.extend(port.to_be_bytes());
    }

    pub(super) fn take(reader: &mut Reader<'_>) -> Result<Self, WireError> {
        let (address, port) = match reader.u8()? {
            V4 => {
                let (host, port) = (reader.array()?, reader.u16()?);
                (Self::V4(host, port), port)
            }
            V6 => {
                let (host, port) = (reader.array()?, reader.u16()?);
                (Self::V6(host, port), port)
            }
            _ => return Err(WireError::Kind),
        };
        // Nobody is reached at port 0.
        if port == 0 { Err(WireError::Form) } else { Ok(address) }
    }
}

/// What is said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Direct {
    /// A packet of the call, on the direct way and nowhere else.
    Speech {
        /// The sender heard the other side directly, a moment ago.
        hears: bool,
        /// Counted up by the sender over everything it seals with a key.
        number: u32,
        /// The packet (SPEC 12.2).
        packet: Vec<u8>,
    },
    /// Where the sender may be reached; through the room and nowhere else.
    At {
        /// As above.
        number: u32,
        /// Where.
        address: Address,
    },
}

const HEARS: u8 = 1;
const AT: u8 = 2;

/// The bytes before a packet: what, number, length.
pub const DIRECT_HEAD_BYTES: usize = 7;
/// The bytes of the longest [`Direct::At`].
pub const AT_BYTES_MAX: usize = 5 + ADDRESS_BYTES_MAX;

impl Direct {
    /// As it is sealed, filled with zeros up to `bytes_least` bytes.
    #[must_use]
    pub fn encode(&self, bytes_least: usize) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(bytes_least);
        match self {
            Self::Speech { hears, number, packet } => {
                bytes.push(if *hears { HEARS } else { 0 });
                bytes.extend(number.to_be_bytes());
                bytes.extend(u16::try_from(packet.len()).unwrap_or(u16::MAX).to_be_bytes());
                bytes.extend(packet);
            }
            Self::At { number, address } => {
                bytes.push(AT);
                bytes.extend(number.to_be_bytes());
                address.put(&mut bytes);
            }
        }
        bytes.resize(bytes.len().max(bytes_least), END);
        bytes
    }

    /// Reads what was sealed.
    ///
    /// # Errors
    /// Any [`WireError`]; nothing of it counts then.
    pub fn parse(bytes: &[u8]) -> Result<Self, WireError> {
        let mut reader = Reader::new(bytes);
        let (what, number) = (reader.u8()?, reader.u32()?);
        let said = match what {
            0 | HEARS => {
                let length = usize::from(reader.u16()?);
                if length > SPEECH_BYTES_MAX {
                    return Err(WireError::TooLarge);
                }
                if length == 0 {
                    return Err(WireError::Short);
                }
                let packet = reader.take(length)?.to_vec();
                Self::Speech { hears: what == HEARS, number, packet }
            }
            AT => Self::At { number, address: Address::take(&mut reader)? },
            _ => return Err(WireError::Kind),
        };
        if reader.rest().iter().any(|byte| *byte != END) {
            return Err(WireError::Trailing);
        }
        Ok(said)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_directly_comes_back_and_the_rest_is_refused() {
        let number = 70_000;
        let addresses = [Address::V4([192, 0, 2, 7], 4_000), Address::V6([3; 16], 65_535)];
        let said = [true, false].map(|hears| Direct::Speech { hears, number, packet: vec![0; 9] });
        let told = addresses.map(|address| Direct::At { number, address });
        for direct in said.into_iter().chain(told) {
            for least in [0, 200] {
                let bytes = direct.encode(least);
                assert_eq!(Direct::parse(&bytes), Ok(direct.clone()));
                assert!(bytes.len() >= least);
                let mut longer = bytes.clone();
                longer.push(1);
                assert_eq!(Direct::parse(&longer), Err(WireError::Trailing));
            }
            let bytes = direct.encode(0);
            for cut in 0..bytes.len() {
                assert!(Direct::parse(&bytes[..cut]).is_err());
            }
        }
        assert!(Direct::At { number, address: addresses[1] }.encode(0).len() == AT_BYTES_MAX);
        let bad = |bytes: &[u8]| Direct::parse(bytes).unwrap_err();
        assert_eq!(bad(&[3, 0, 0, 0, 1, 4, 1, 1, 1, 1, 0, 9]), WireError::Kind, "both at once");
        assert_eq!(bad(&[2, 0, 0, 0, 1, 5, 1, 1, 1, 1, 0, 9]), WireError::Kind, "no family");
        assert_eq!(bad(&[2, 0, 0, 0, 1, 4, 1, 1, 1, 1, 0, 0]), WireError::Form, "port 0");
        assert_eq!(bad(&[0, 0, 0, 0, 1, 0, 0]), WireError::Short, "nothing said");
        assert_eq!(
            bad(&[[0, 0, 0, 0, 1, 1, 65].as_slice(), &[7; 321]].concat()),
            WireError::TooLarge
        );
    }
}
