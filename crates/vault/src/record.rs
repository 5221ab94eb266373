//! One entry of the log: everything that one transaction changed, cut into sectors.
//!
//! A record is written once, from a sector nobody has written in this generation of the log, and
//! counts only when all of its sectors are there. Its random name keeps the sectors of two attempts
//! at the same place apart.

use crate::bytes::{Reader, Writer};
use crate::error::VaultError;
use crate::sector::{TEXT_BYTES, Text};

/// The name of one attempt to write a record.
type Name = [u8; 8];

const HEAD_BYTES: usize = 32;
const BODY_BYTES: usize = TEXT_BYTES - HEAD_BYTES;

/// One sector of the log, opened.
pub(crate) struct LogSector {
    pub(crate) generation: u64,
    /// The place of the record in its generation, from 0.
    pub(crate) number: u64,
    name: Name,
    index: u16,
    count: u16,
    text: Text,
}

impl LogSector {
    pub(crate) fn parse(text: Text) -> Option<Self> {
        let mut fields = Reader::new(text.bytes());
        let (generation, number) = (fields.u64()?, fields.u64()?);
        let (name, index, count) = (fields.array()?, fields.u16()?, fields.u16()?);
        Some(Self { generation, number, name, index, count, text })
    }

    fn body(&self) -> &[u8] {
        self.text.bytes().get(HEAD_BYTES..).unwrap_or(&[])
    }

    /// Whether this is sector `index` of the record that `first` begins.
    fn continues(&self, first: &LogSector, index: u16) -> bool {
        self.generation == first.generation
            && self.number == first.number
            && self.name == first.name
            && self.count == first.count
            && self.index == index
    }
}

/// How many sectors a record of so many bytes takes.
pub(crate) fn sectors_for(bytes: usize) -> usize {
    bytes.div_ceil(BODY_BYTES).max(1)
}

/// Cuts a record into sectors. The last one is filled up with zeros; the reader knows the end.
pub(crate) fn cut(generation: u64, number: u64, record: &[u8]) -> Result<Vec<Text>, VaultError> {
    let count = u16::try_from(sectors_for(record.len())).map_err(|_| VaultError::BatchTooLarge)?;
    let mut name = Name::default();
    getrandom::fill(&mut name).map_err(|_| VaultError::NoRandomness)?;
    let mut bodies = record.chunks(BODY_BYTES);
    let sector = |index| {
        let body = bodies.next().unwrap_or(&[]);
        let mut text = Text::zeros();
        let mut out = Writer::new(text.bytes_mut());
        out.put(&generation.to_le_bytes())?;
        out.put(&number.to_le_bytes())?;
        out.put(&name)?;
        out.put(&u16::to_le_bytes(index))?;
        out.put(&count.to_le_bytes())?;
        out.put(&[0; 4])?;
        out.put(body)?;
        Some(text)
    };
    (0..count).map(sector).collect::<Option<Vec<_>>>().ok_or(VaultError::Bug)
}

/// Joins the record number `number` from the sectors at the front of `log`, if it is there whole,
/// and says how many sectors it takes.
pub(crate) fn join(
    log: &[Option<LogSector>],
    generation: u64,
    number: u64,
) -> Option<(usize, Vec<u8>)> {
    let first = log.first()?.as_ref()?;
    let ours = first.generation == generation && first.number == number && first.index == 0;
    let sectors = log.get(..usize::from(first.count)).filter(|all| ours && !all.is_empty())?;
    let mut record = Vec::with_capacity(sectors.len().saturating_mul(BODY_BYTES));
    for (sector, index) in sectors.iter().zip(0_u16..) {
        let sector = sector.as_ref().filter(|sector| sector.continues(first, index))?;
        record.extend_from_slice(sector.body());
    }
    Some((sectors.len(), record))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log_of(texts: Vec<Text>) -> Vec<Option<LogSector>> {
        texts.into_iter().map(LogSector::parse).collect()
    }

    #[test]
    fn a_record_is_there_whole_or_not_at_all() {
        let bytes = vec![7; 10_000];
        let mut log = log_of(cut(5, 2, &bytes).unwrap());
        let (sectors, record) = join(&log, 5, 2).unwrap();
        assert_eq!((sectors, &record[..10_000]), (3, &bytes[..]));
        assert!(join(&log, 4, 2).is_none());
        assert!(join(&log, 5, 3).is_none());
        assert!(join(&log[1..], 5, 2).is_none());
        assert!(join(&log[..2], 5, 2).is_none());
        log[1] = None;
        assert!(join(&log, 5, 2).is_none());
    }

    #[test]
    fn sectors_of_two_attempts_are_not_mixed() {
        let mut log = log_of(cut(1, 0, &[1; 5000]).unwrap());
        let mut other = log_of(cut(1, 0, &[2; 5000]).unwrap());
        log[1] = other.pop().unwrap();
        assert!(join(&log, 1, 0).is_none());
    }
}
