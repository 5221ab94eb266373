//! Files of words: pages, drawings, plain text, and what only looks like plain text.

use super::Kind;
use crate::clean::{Refusal, View, page, reader::holds};

/// So much of the beginning says what it is.
const HEAD_BYTES: u64 = 64 << 10;
/// A larger text is none that somebody wrote.
const TEXT_BYTES_MAX: u64 = 64 << 20;

/// Files of words that say of themselves who made them, in words: how they begin, what they are, and
/// into what they can be converted.
const TELLING: &[(&str, &str, &str)] = &[
    ("%!ps", "PostScript", "PDF"),
    ("begin:vcard", "a contact file", "text"),
    ("begin:vcalendar", "a calendar file", "text"),
    ("bplist", "a property list", "text"),
];

/// What a page has that is more than a word about pages.
const PARTS: [&str; 6] = ["</html", "<head", "<body", "<meta", "<title", "<script"];

/// A page, a drawing, or text with no markup in it.
pub(super) fn detect(view: &mut View<'_>, head: &[u8]) -> Result<Kind, Refusal> {
    let all = view.bytes(0, view.len().min(HEAD_BYTES))?;
    if page::is_page(&all) {
        return Ok(Kind::Html);
    }
    let text = head.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(head).trim_ascii_start();
    let marked = |after: &u8| after.is_ascii_alphabetic() || matches!(after, b'!' | b'?' | b'/');
    if text.strip_prefix(b"<").and_then(<[u8]>::first).is_some_and(marked) {
        return match holds(&all, b"<svg") || holds(&all, b":svg") {
            true => Ok(Kind::Svg),
            false => Err(unsupported("XML", "PDF or text")),
        };
    }
    let low = low(&all);
    if let Some((_, name, instead)) = TELLING.iter().find(|(word, ..)| low.starts_with(word)) {
        return Err(unsupported(name, instead));
    }
    if is_mail(&low) {
        return Err(unsupported("a mail, or a page saved as one file (MHT)", "HTML or text"));
    }
    if low.contains("<html") && PARTS.iter().any(|part| low.contains(part)) {
        return Err(unsupported("text with a page of HTML in it", "HTML or text"));
    }
    if view.len() > TEXT_BYTES_MAX {
        return Err(Refusal::Unknown);
    }
    let all = view.all()?;
    let text = match std::str::from_utf8(&all) {
        Ok(text) => text.chars().all(plain),
        Err(_) => wide(&all) || korean(&all),
    };
    if text { Ok(Kind::Text) } else { Err(Refusal::Unknown) }
}

fn unsupported(name: &'static str, instead: &'static str) -> Refusal {
    Refusal::Unsupported { name: name.into(), instead: instead.into() }
}

/// The beginning in small letters, whatever the width of its letters.
fn low(head: &[u8]) -> String {
    let unit: fn([u8; 2]) -> u16 = match head.get(..2) {
        Some([0xFF, 0xFE]) => u16::from_le_bytes,
        Some([0xFE, 0xFF]) => u16::from_be_bytes,
        _ => return clipped(&String::from_utf8_lossy(head)),
    };
    let units = head.as_chunks::<2>().0.iter().map(|pair| unit(*pair));
    clipped(&char::decode_utf16(units).map(|c| c.unwrap_or('\u{fffd}')).collect::<String>())
}

fn clipped(text: &str) -> String {
    text.trim_start_matches(['\u{feff}', ' ', '\n', '\r', '\t']).to_ascii_lowercase()
}

/// Lines that only a mail has; browsers save pages in the same form.
const MAIL: [&str; 10] = [
    "mime-version",
    "message-id",
    "received",
    "return-path",
    "delivered-to",
    "snapshot-content-location",
    "content-type",
    "content-transfer-encoding",
    "dkim-signature",
    "x-mailer",
];
/// Lines that a mail has and a letter may have.
const LETTER: [&str; 5] = ["from", "to", "subject", "date", "cc"];

/// Text that begins with the lines of a mail (RFC 5322).
fn is_mail(low: &str) -> bool {
    let mut lines = low.lines().peekable();
    // A box of mails begins so.
    lines.next_if(|line| line.starts_with("from "));
    let (mut own, mut any) = (0_u32, 0_u32);
    for line in lines.take(200) {
        if line.starts_with([' ', '\t']) {
            continue;
        }
        let Some((name, _)) = line.split_once(':') else { break };
        if name.is_empty() || !name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') {
            break;
        }
        own = own.saturating_add(u32::from(MAIL.contains(&name)));
        any = any.saturating_add(u32::from(MAIL.contains(&name) || LETTER.contains(&name)));
    }
    own >= 1 && any >= 2
}

fn plain(c: char) -> bool {
    !c.is_control() || matches!(c, '\n' | '\r' | '\t' | '\u{c}')
}

/// UTF-16 that says so at its beginning.
fn wide(bytes: &[u8]) -> bool {
    let unit: fn([u8; 2]) -> u16 = match bytes.get(..2) {
        Some([0xFF, 0xFE]) => u16::from_le_bytes,
        Some([0xFE, 0xFF]) => u16::from_be_bytes,
        _ => return false,
    };
    let (pairs, rest) = bytes.as_chunks::<2>();
    let mut chars = char::decode_utf16(pairs.iter().map(|pair| unit(*pair)));
    rest.is_empty() && chars.all(|c| c.is_ok_and(plain))
}

/// Korean in code page 949: ASCII, and pairs of a lead and a trail byte.
fn korean(bytes: &[u8]) -> bool {
    let mut bytes = bytes.iter();
    while let Some(byte) = bytes.next() {
        let holds = match byte {
            0x00..=0x7F => plain(char::from(*byte)),
            0x81..=0xFE => {
                matches!(bytes.next(), Some(0x41..=0x5A | 0x61..=0x7A | 0x81..=0xFE))
            }
            _ => false,
        };
        if !holds {
            return false;
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    fn of(bytes: &[u8]) -> Result<Kind, String> {
        let mut source = Cursor::new(bytes);
        let mut view = View::whole(&mut source).unwrap();
        super::super::detect(&mut view).map_err(|why| why.id().to_owned())
    }

    fn wide(text: &str) -> Vec<u8> {
        let units = text.encode_utf16().flat_map(u16::to_le_bytes);
        [0xFF, 0xFE].into_iter().chain(units).collect()
    }

    #[test]
    fn pages_are_pages_however_they_begin() {
        for page in [
            "<!DOCTYPE html><p>x",
            "\u{feff}\n <!-- saved from url=(0014)about:internet -->\n<HTML><body>",
            "<?xml version=\"1.0\"?><!DOCTYPE html PUBLIC \"x\" \"y\"><html xmlns=\"z\">",
            "<b>words</b>",
            "<p>a drawing: <svg></svg>",
            "<!doctype html><!-- <svg> -->",
        ] {
            assert_eq!(of(page.as_bytes()), Ok(Kind::Html), "{page}");
            assert_eq!(of(&wide(page.trim_start_matches('\u{feff}'))), Ok(Kind::Html), "{page}");
        }
        assert_eq!(of(b"<svg xmlns=\"x\"/>"), Ok(Kind::Svg));
        assert_eq!(of(b"<?xml version='1.0'?><!DOCTYPE svg><x:svg/>"), Ok(Kind::Svg));
        for other in ["<?xml version='1.0'?><gpx/>", "<rss>", "</x>"] {
            assert_eq!(of(other.as_bytes()), Err("unsupported".to_owned()), "{other}");
        }
    }

    #[test]
    fn words_that_tell_their_maker_are_no_plain_text() {
        for text in [
            "From: <Saved by Blink>\r\nSubject: x\r\nMIME-Version: 1.0\r\n\r\nx",
            "From me@example Sat Mar 1 10:00:00 2025\nReturn-Path: <me@example>\nTo: you\n\nx",
            "Received: from a\n\tby b\nMessage-ID: <x>\n\nx",
            "%!PS-Adobe-3.0\n%%Creator: me\n",
            "BEGIN:VCARD\nFN:me\n",
            "begin:vcalendar\n",
            "see this: <html><meta name=author></html>",
            "saved:\n<html><meta name=author content=me><p>and no end",
        ] {
            assert_eq!(of(text.as_bytes()), Err("unsupported".to_owned()), "{text}");
            assert_eq!(of(&wide(text)), Err("unsupported".to_owned()), "{text}");
        }
        for text in [
            "Dear friend,\n\nfrom: here\n",
            "To: everybody\nSubject: a letter\nFrom: me\n\nwords",
            "<3 you",
            "a < b and <c",
            "in HTML a page begins with <html>",
            "received: one book\n",
            "",
        ] {
            assert_eq!(of(text.as_bytes()), Ok(Kind::Text), "{text}");
        }
    }
}
