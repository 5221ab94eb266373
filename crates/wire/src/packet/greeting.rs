//! What a client and a relay say in datagrams before they have keys (SPEC 10.6): the bytes of a
//! TLS session, in parts. Each packet carries some of what its sender says, and says what its
//! sender has not heard yet of the other; only the client keeps time.

use std::ops::Range;

use super::PACKET_BYTES_MAX;
use crate::{WireError, reader::Reader};

/// The most bytes either side says in a greeting.
pub const GREETING_BYTES_MAX: u16 = 16_384;
/// What stands before the bytes in a packet of a greeting.
pub const GREETING_HEAD_BYTES: usize = 17;
/// The most bytes of a part: with what stands before it, it fills a packet.
pub const GREETING_PART_BYTES: usize = PACKET_BYTES_MAX - GREETING_HEAD_BYTES;

const VERSION: u8 = 1;

/// One packet of a greeting, before it is sealed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Greeting {
    /// Counted up by the client; an answer has the number of the packet it answers.
    pub number: u16,
    /// The relay's, sent back by a client that heard it; 0 for none yet.
    pub proof: u32,
    /// What the sender lacks of what the other says; empty for nothing.
    pub wanted: Range<u16>,
    /// How many bytes the sender has to say, so far.
    pub end: u16,
    /// Where `part` stands in them.
    pub offset: u16,
    /// Some of them.
    pub part: Vec<u8>,
    /// A datagram under the keys of the session this part completes; empty for none.
    pub rest: Vec<u8>,
}

impl Greeting {
    /// The bytes of a packet.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let length = u16::try_from(self.part.len()).unwrap_or(u16::MAX);
        let mut bytes = vec![VERSION];
        bytes.extend(self.number.to_be_bytes());
        bytes.extend(self.proof.to_be_bytes());
        for field in [self.wanted.start, self.wanted.end, self.end, self.offset, length] {
            bytes.extend(field.to_be_bytes());
        }
        bytes.extend(&self.part);
        bytes.extend(&self.rest);
        bytes
    }

    /// Reads a packet.
    ///
    /// # Errors
    /// [`WireError::Version`] for another form, [`WireError::Short`] for one that was cut,
    /// [`WireError::TooLarge`] for bytes beyond what a greeting may have or a packet may hold,
    /// [`WireError::Size`] for a part that does not lie within what is said, or a want that ends
    /// before it begins.
    pub fn parse(bytes: &[u8]) -> Result<Self, WireError> {
        if bytes.len() > PACKET_BYTES_MAX {
            return Err(WireError::TooLarge);
        }
        let mut reader = Reader::new(bytes);
        if reader.u8()? != VERSION {
            return Err(WireError::Version);
        }
        let (number, proof) = (reader.u16()?, reader.u32()?);
        let wanted = reader.u16()?..reader.u16()?;
        let (end, offset, length) = (reader.u16()?, reader.u16()?, reader.u16()?);
        if end > GREETING_BYTES_MAX || wanted.end > GREETING_BYTES_MAX {
            return Err(WireError::TooLarge);
        }
        let past = offset.checked_add(length).ok_or(WireError::Size)?;
        if past > end || wanted.start > wanted.end {
            return Err(WireError::Size);
        }
        let part = reader.take(length.into())?.to_vec();
        Ok(Self { number, proof, wanted, end, offset, part, rest: reader.rest().to_vec() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn greeting() -> Greeting {
        Greeting {
            number: 3,
            proof: 0x0102_0304,
            wanted: 1_173..2_000,
            end: 90,
            offset: 10,
            part: vec![7; 80],
            rest: vec![9; 100],
        }
    }

    #[test]
    fn a_packet_comes_back_as_it_was() {
        for packet in [
            greeting(),
            Greeting::default(),
            Greeting { end: 1_173, part: vec![1; GREETING_PART_BYTES], ..Greeting::default() },
        ] {
            let bytes = packet.encode();
            assert!(bytes.len() <= PACKET_BYTES_MAX);
            assert_eq!(Greeting::parse(&bytes), Ok(packet));
        }
    }

    #[test]
    fn what_cannot_be_is_refused() {
        let whole = greeting().encode();
        for cut in 0..GREETING_HEAD_BYTES + 80 {
            assert_eq!(Greeting::parse(&whole[..cut]), Err(WireError::Short), "{cut}");
        }
        let other = [&[2], &whole[1..]].concat();
        assert_eq!(Greeting::parse(&other), Err(WireError::Version));
        for (wrong, why) in [
            (Greeting { wanted: 5..GREETING_BYTES_MAX + 1, ..greeting() }, WireError::TooLarge),
            (Greeting { end: GREETING_BYTES_MAX + 1, ..greeting() }, WireError::TooLarge),
            (Greeting { rest: vec![0; PACKET_BYTES_MAX], ..greeting() }, WireError::TooLarge),
            (Greeting { end: 89, ..greeting() }, WireError::Size),
            (Greeting { offset: u16::MAX, ..greeting() }, WireError::Size),
            #[expect(clippy::reversed_empty_ranges, reason = "this is what is refused")]
            (Greeting { wanted: 6..5, ..greeting() }, WireError::Size),
        ] {
            assert_eq!(Greeting::parse(&wrong.encode()), Err(why), "{wrong:?}");
        }
    }
}
