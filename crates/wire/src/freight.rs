//! Pieces of one file that are carried together, each with the signature it is appended with: so
//! that nobody but the file's sender can put a piece on a card either (SPEC 13.1).

use crate::{
    Append, PublicWriteKey, SealedBox, WireError, WriteSignature, bundle::PARCEL_BYTES_MAX,
    reader::Reader,
};

const VERSION: u8 = 2;
/// What stands before the first piece: version and key.
pub const FREIGHT_HEAD_BYTES: usize = 33;
/// What stands before each box: signature and step.
pub const FREIGHT_ITEM_BYTES: usize = 65;

/// Pieces of one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Freight {
    /// Whose hash names the file's log.
    pub key: PublicWriteKey,
    /// The pieces, in any order.
    pub items: Vec<(WriteSignature, SealedBox)>,
}

impl Freight {
    /// The bytes that are spread over symbols.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = vec![VERSION];
        bytes.extend(self.key.0);
        for (signature, boxed) in &self.items {
            bytes.extend(signature.0);
            bytes.push(boxed.step());
            bytes.extend(boxed.as_bytes());
        }
        bytes
    }

    /// Reads them back. Signatures are not looked at.
    ///
    /// # Errors
    /// [`WireError::Version`], [`WireError::Size`] for an unknown step, [`WireError::Short`],
    /// [`WireError::TooLarge`] above [`PARCEL_BYTES_MAX`].
    pub fn decode(bytes: &[u8]) -> Result<Self, WireError> {
        if bytes.len() > usize::try_from(PARCEL_BYTES_MAX).unwrap_or(usize::MAX) {
            return Err(WireError::TooLarge);
        }
        let mut reader = Reader::new(bytes);
        if reader.u8()? != VERSION {
            return Err(WireError::Version);
        }
        let key = PublicWriteKey(reader.array()?);
        let mut items = Vec::new();
        while !reader.is_empty() {
            let signature = WriteSignature(reader.array()?);
            items.push((signature, reader.sealed_box()?));
        }
        Ok(Self { key, items })
    }

    /// What would be appended to the file's log: the bytes of each piece as a relay takes them.
    pub fn appends(self) -> impl Iterator<Item = Append> {
        let key = self.key;
        self.items.into_iter().map(move |(signature, boxed)| Append { key, signature, boxed })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::STEPS;

    #[test]
    fn freight_comes_back_and_one_that_is_cut_does_not() {
        let item = |byte: u8, step: usize| {
            let boxed = SealedBox::parse(&vec![byte; STEPS[step]]).unwrap();
            (WriteSignature([byte; 64]), boxed)
        };
        let freight = Freight { key: PublicWriteKey([9; 32]), items: vec![item(1, 6), item(2, 0)] };
        let bytes = freight.encode();
        let ends = [FREIGHT_HEAD_BYTES, FREIGHT_HEAD_BYTES + FREIGHT_ITEM_BYTES + STEPS[6]];
        assert_eq!(bytes.len(), ends[1] + FREIGHT_ITEM_BYTES + STEPS[0]);
        assert_eq!(Freight::decode(&bytes), Ok(freight.clone()));
        assert_eq!(freight.appends().count(), 2);
        for cut in (0..bytes.len()).filter(|cut| !ends.contains(cut)) {
            assert_eq!(Freight::decode(&bytes[..cut]), Err(WireError::Short), "{cut}");
        }
        let mut other = bytes;
        other[FREIGHT_HEAD_BYTES + 64] = 8;
        assert_eq!(Freight::decode(&other), Err(WireError::Size));
        other[0] = 1;
        assert_eq!(Freight::decode(&other), Err(WireError::Version));
        assert_eq!(Freight::decode(&vec![2; 4_194_305]), Err(WireError::TooLarge));
    }
}
