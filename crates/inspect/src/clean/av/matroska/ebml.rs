//! EBML (RFC 8794): elements, their ids and lengths.

use crate::clean::{Kind, Refusal, View, reader::Reader};

/// An element of the file, still on the disk.
#[derive(Clone, Copy, Debug)]
pub(super) struct Element {
    pub(super) id: u32,
    pub(super) body_at: u64,
    pub(super) body_len: u64,
    /// It said no length: it goes on as far as its parent allows.
    pub(super) unknown: bool,
}

impl Element {
    pub(super) fn end(&self) -> u64 {
        self.body_at.saturating_add(self.body_len)
    }
}

fn bad() -> Refusal {
    Kind::Matroska.damaged("an element")
}

/// The element at `at`; it may not reach beyond `end`.
pub(super) fn element(view: &mut View<'_>, at: u64, end: u64) -> Result<Element, Refusal> {
    let room = end.saturating_sub(at).min(12);
    let head = view.bytes(at, room)?;
    let mut reader = Reader::new(&head, Kind::Matroska);
    let id = id(&mut reader)?;
    let len = length(&mut reader)?;
    let body_at = at.saturating_add(reader.at() as u64);
    let rest = end.saturating_sub(body_at);
    match len {
        Some(len) if len > rest => Err(Kind::Matroska.damaged("it ends too early")),
        Some(body_len) => Ok(Element { id, body_at, body_len, unknown: false }),
        None => Ok(Element { id, body_at, body_len: rest, unknown: true }),
    }
}

pub(super) fn id(reader: &mut Reader<'_>) -> Result<u32, Refusal> {
    let first = reader.u8()?;
    let more = first.leading_zeros();
    if more > 3 {
        return Err(bad());
    }
    (0..more).try_fold(u32::from(first), |all, _| Ok(all << 8 | u32::from(reader.u8()?)))
}

/// A length; `None` when it is left open.
pub(super) fn length(reader: &mut Reader<'_>) -> Result<Option<u64>, Refusal> {
    let first = reader.u8()?;
    let more = first.leading_zeros();
    if more > 7 {
        return Err(bad());
    }
    let own = u64::from(first) & 0x7F_u64.checked_shr(more).unwrap_or(0);
    let value =
        (0..more).try_fold(own, |all, _| Ok::<u64, Refusal>(all << 8 | u64::from(reader.u8()?)))?;
    let open = (1_u64 << more.saturating_add(1).saturating_mul(7)).saturating_sub(1);
    Ok((value != open).then_some(value))
}

/// The elements that fill `bytes`.
pub(super) fn all(bytes: &[u8]) -> Result<Vec<(u32, &[u8])>, Refusal> {
    let mut reader = Reader::new(bytes, Kind::Matroska);
    let mut found = Vec::new();
    while !reader.is_empty() {
        let id = id(&mut reader)?;
        let len = length(&mut reader)?.ok_or_else(bad)?;
        found.push((id, reader.take(usize::try_from(len).unwrap_or(usize::MAX))?));
    }
    Ok(found)
}

/// An unsigned number.
pub(super) fn number(body: &[u8]) -> u64 {
    body.iter().take(8).fold(0, |all, byte| all << 8 | u64::from(*byte))
}

fn put_id(out: &mut Vec<u8>, id: u32) {
    let bytes = id.to_be_bytes();
    let skip = usize::try_from(id.leading_zeros() / 8).unwrap_or(0).min(3);
    out.extend(bytes.get(skip..).unwrap_or_default());
}

/// The id and length that go before a body.
pub(super) fn head(id: u32, len: u64) -> Vec<u8> {
    let mut out = Vec::new();
    put_id(&mut out, id);
    // The shortest form whose value is not the open length.
    let bits = 64_u32.saturating_sub(len.saturating_add(1).leading_zeros());
    let count = bits.max(1).div_ceil(7).min(8);
    let mark = 1_u64 << count.saturating_mul(7);
    let bytes = (len | mark).to_be_bytes();
    let skip = usize::try_from(8_u32.saturating_sub(count)).unwrap_or(0);
    out.extend(bytes.get(skip..).unwrap_or_default());
    out
}

pub(super) fn put(out: &mut Vec<u8>, id: u32, body: &[u8]) {
    out.extend(head(id, body.len() as u64));
    out.extend(body);
}

pub(super) fn made(id: u32, body: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    put(&mut out, id, body);
    out
}

pub(super) fn put_number(out: &mut Vec<u8>, id: u32, value: u64) {
    let bytes = value.to_be_bytes();
    let skip = usize::try_from(value.leading_zeros() / 8).unwrap_or(0).min(7);
    put(out, id, bytes.get(skip..).unwrap_or_default());
}

#[cfg(test)]
#[allow(
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    reason = "small numbers of the tests' own"
)]
mod tests {
    use super::*;

    #[test]
    fn lengths_come_back_and_are_never_open() {
        for len in [0, 1, 126, 127, 128, 16_382, 16_383, 16_384, (1 << 21) - 1, 1 << 40] {
            let head = head(0xEC, len);
            let mut reader = Reader::new(&head, Kind::Matroska);
            assert_eq!(id(&mut reader).unwrap(), 0xEC);
            assert_eq!(length(&mut reader).unwrap(), Some(len));
            assert!(reader.is_empty());
        }
        assert_eq!(
            length(&mut Reader::new(&[0x01, 255, 255, 255, 255, 255, 255, 255], Kind::Matroska))
                .unwrap(),
            None
        );
    }
}
