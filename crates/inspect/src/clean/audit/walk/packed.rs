//! ZIP with the documents made of it, and tar.

use super::{Strange, le32, name, unread};
use crate::clean::{Kind, View};

const NOT_THE_DOCUMENT: [&[u8]; 8] = [
    b"docProps/",
    b"customXml/",
    b"meta.xml",
    b"settings.xml",
    b"Thumbnails/",
    b"word/people.xml",
    b"_xmlsignatures/",
    b"META-INF/encryption.xml",
];

pub(super) fn zip(kind: Kind, view: &mut View<'_>) -> Result<(), Strange> {
    let mut at = 0_u64;
    let mut count = 0_u64;
    loop {
        let head = view.bytes(at, view.len().saturating_sub(at).min(46)).map_err(unread)?;
        let word = |n: usize| {
            head.get(n..)
                .and_then(|r| r.first_chunk())
                .map_or(0, |w| u64::from(u16::from_le_bytes(*w)))
        };
        let long = |n: usize| u64::from(le32(&head, n).unwrap_or(0));
        let neutral = |n: usize| word(n) == 0 && word(n.saturating_add(2)) == 0x21;
        if head.starts_with(b"PK\x03\x04") {
            let own = view.bytes(at.saturating_add(30), word(26)).map_err(unread)?;
            let strange =
                kind != Kind::Zip && NOT_THE_DOCUMENT.iter().any(|begin| own.starts_with(begin));
            if !neutral(10) || word(28) != 0 || strange {
                return Err(name(&own));
            }
            at = at.saturating_add(30).saturating_add(word(26)).saturating_add(long(18));
            count = count.saturating_add(1);
        } else if head.starts_with(b"PK\x01\x02") {
            let plain = word(30) == 0 && word(32) == 0 && (long(38) == 0 || long(38) == 0x10);
            if !neutral(12) || !plain || word(4) != 20 {
                return Err("an owner or a time".into());
            }
            at = at.saturating_add(46).saturating_add(word(28));
        } else if head.starts_with(b"PK\x05\x06") {
            let whole = at.saturating_add(22) == view.len() && word(20) == 0 && word(10) == count;
            return if whole { Ok(()) } else { Err("a tail".into()) };
        } else {
            return Err(name(&head));
        }
    }
}

pub(super) fn tar(view: &mut View<'_>) -> Result<(), Strange> {
    let mut at = 0_u64;
    loop {
        let head = view.bytes(at, 512).map_err(unread)?;
        if head.iter().all(|byte| *byte == 0) {
            let rest = view.len().saturating_sub(at);
            return if rest == 1024 { Ok(()) } else { Err("a tail".into()) };
        }
        let field =
            |from: usize, len: usize| head.get(from..from.saturating_add(len)).unwrap_or_default();
        let nobody = field(108, 16) == b"0000000\x000000000\0"
            && field(136, 12) == b"00000000000\0"
            && field(265, 80).iter().all(|byte| *byte == 0)
            && (field(100, 8) == b"0000644\0" || field(100, 8) == b"0000755\0");
        if !nobody {
            return Err(name(field(0, 100)));
        }
        let size =
            std::str::from_utf8(field(124, 11)).ok().and_then(|n| u64::from_str_radix(n, 8).ok());
        let size = size.ok_or("a number")?;
        at = at.saturating_add(512).saturating_add(size.next_multiple_of(512));
    }
}
