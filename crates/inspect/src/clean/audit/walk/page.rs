//! HTML in the one form in which clean pages are written: anything else is a stranger. It knows what
//! may not be there, by lists of its own.

use quick_xml::{Reader, events::Event};

use super::{Strange, paper};
use crate::clean::reader::find;

/// Elements that would run, fetch, or say something of the page.
const ELEMENTS: [&str; 26] = [
    "script",
    "noscript",
    "template",
    "title",
    "base",
    "iframe",
    "object",
    "embed",
    "applet",
    "input",
    "textarea",
    "select",
    "form",
    "button",
    "frame",
    "frameset",
    "track",
    "area",
    "map",
    "xmp",
    "plaintext",
    "noembed",
    "noframes",
    "math",
    "canvas",
    "portal",
];

/// Attributes whose value is a place.
const PLACES: [&str; 12] = [
    "src",
    "href",
    "srcset",
    "poster",
    "action",
    "formaction",
    "ping",
    "cite",
    "data",
    "background",
    "longdesc",
    "manifest",
];

/// Objects to everything that may not be in a clean page.
pub(super) fn strict(bytes: &[u8]) -> Result<(), Strange> {
    let text: String = match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        // An older encoding: its marks are ASCII all the same.
        Err(_) => bytes.iter().map(|byte| char::from(*byte)).collect(),
    };
    let text = text.trim_start_matches('\u{feff}');
    let body = text.trim_start().strip_prefix("<!DOCTYPE html>").unwrap_or(text);
    let mut rest = body;
    while let Some(at) = rest.find('<') {
        let (words, markup) = rest.split_at_checked(at).unwrap_or((rest, ""));
        plain(words)?;
        if ["<svg ", "<svg>", "<svg/"].iter().any(|begin| markup.starts_with(begin)) {
            rest = drawing(markup)?;
            continue;
        }
        let (tag, behind) = tag(markup.get(1..).unwrap_or_default())?;
        rest = behind;
        if tag == "style" {
            let (sheet, behind) = rest.split_once("</style>").ok_or("a style without an end")?;
            style(sheet)?;
            rest = behind;
        }
    }
    plain(rest)
}

fn plain(words: &str) -> Result<(), Strange> {
    match words.contains('>') {
        true => Err("a bracket".into()),
        false => Ok(()),
    }
}

/// The name of the tag at the beginning, empty for one that ends something, and what is behind it.
fn tag(markup: &str) -> Result<(&str, &str), Strange> {
    let letters = |text: &str| {
        text.find(|c: char| !c.is_ascii_lowercase() && !c.is_ascii_digit()).unwrap_or(text.len())
    };
    let (ends, named) = match markup.strip_prefix('/') {
        Some(named) => (true, named),
        None => (false, markup),
    };
    let (name, mut rest) = named.split_at_checked(letters(named)).unwrap_or_default();
    if name.is_empty() {
        return Err("something that is no tag".into());
    }
    if ELEMENTS.contains(&name) {
        return Err(name.to_owned());
    }
    while let Some(attribute) = rest.strip_prefix(' ').filter(|_| !ends) {
        let odd = || format!("an attribute of {name}");
        let (key, value) = attribute.split_once("=\"").ok_or_else(odd)?;
        let (value, behind) = value.split_once('"').ok_or_else(odd)?;
        let named = key.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        if !named || key.starts_with("on") || key.starts_with("data-") || value.contains(['<', '>'])
        {
            return Err(key.chars().take(20).collect());
        }
        if PLACES.contains(&key) && !fine(name, value) {
            return Err(format!("a place in {name}"));
        }
        if key == "style" {
            style(&value.replace("&quot;", "\"").replace("&amp;", "&"))?;
        }
        rest = behind;
    }
    let behind = rest.strip_prefix('>').ok_or_else(|| format!("a tag {name} in another form"))?;
    Ok((if ends { "" } else { name }, behind))
}

/// A place that is not fetched from elsewhere.
fn fine(element: &str, place: &str) -> bool {
    let low = place.to_ascii_lowercase();
    let scheme = low.split(['/', '?', '#']).next().and_then(|first| first.split_once(':'));
    match scheme.map(|(scheme, _)| scheme) {
        Some("data") => low.starts_with("data:image/") && element != "a",
        Some("http" | "https" | "mailto" | "tel") => element == "a",
        Some(_) => false,
        None => element == "a" || !low.starts_with('/') && !low.contains(['?', '\\', '&']),
    }
}

/// Styles that fetch nothing: every call of a place is a part of the page, every rule of its own.
fn style(sheet: &str) -> Result<(), Strange> {
    let low = sheet.to_ascii_lowercase();
    let own = |place: &str| place.starts_with("\"data:image/") || place.starts_with("\"#");
    let mut quote = None;
    let mut protected = false;
    for (at, c) in low.char_indices() {
        let rest = low.get(at..).unwrap_or_default();
        match (quote, c) {
            _ if protected => protected = false,
            (_, '\\') => protected = true,
            (Some(_), '\n') => quote = None,
            (Some(open), c) if open == c => quote = None,
            (None, '"' | '\'') => quote = Some(c),
            (None, '@') if rest.starts_with("@import") => {
                return Err("a style from elsewhere".into());
            }
            (None, 'u') if rest.strip_prefix("url(").is_some_and(|place| !own(place)) => {
                return Err("a style that fetches".into());
            }
            _ => {}
        }
    }
    Ok(())
}

/// A drawing, which is XML; and what is behind it.
fn drawing(markup: &str) -> Result<&str, Strange> {
    let mut reader = Reader::from_str(markup);
    let mut depth = 0_u32;
    loop {
        match reader.read_event().map_err(|_| "a drawing that is not well formed")? {
            Event::Start(_) => depth = depth.saturating_add(1),
            Event::End(_) => depth = depth.saturating_sub(1),
            Event::Eof => return Err("a drawing without an end".into()),
            _ => {}
        }
        if depth == 0 {
            break;
        }
    }
    let end = usize::try_from(reader.buffer_position()).unwrap_or(usize::MAX);
    let (own, behind) = markup.split_at_checked(end).ok_or("a drawing without an end")?;
    paper::svg(own.as_bytes())?;
    Ok(behind)
}

/// Every word of the copy stands in the source, in the same order.
pub(super) fn same(old: &[u8], new: &[u8]) -> Result<(), Strange> {
    if matches!(old.get(..2), Some([0xFF, 0xFE] | [0xFE, 0xFF])) {
        return Ok(());
    }
    let counts = |byte: &&u8| byte.is_ascii_alphanumeric() || **byte >= 0x80;
    let mut old = old.iter().filter(counts);
    // That its letters are UTF-8 is no word of it.
    let mut rest = new.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(new);
    while let Some(at) = rest.iter().position(|byte| *byte == b'<') {
        let (words, markup) = rest.split_at_checked(at).unwrap_or((rest, b""));
        if !follow(&mut old, words) {
            return Err("its words changed".into());
        }
        // Styles and drawings are written anew.
        let end: &[u8] = match markup {
            _ if markup.starts_with(b"<style") => b"</style>",
            _ if markup.starts_with(b"<svg") && !ends_itself(markup) => b"</svg>",
            _ => b">",
        };
        let behind = find(markup, end).map(|at| at.saturating_add(end.len()));
        rest = behind.and_then(|at| markup.get(at..)).unwrap_or_default();
    }
    match follow(&mut old, rest) {
        true => Ok(()),
        false => Err("its words changed".into()),
    }
}

/// Whether the tag at the beginning is all of its element.
fn ends_itself(markup: &[u8]) -> bool {
    let tag = find(markup, b">").and_then(|end| markup.get(..end));
    tag.is_some_and(|tag| tag.ends_with(b"/"))
}

/// Whether these words come next in the source, whatever stands between them.
fn follow<'b>(old: &mut impl Iterator<Item = &'b u8>, words: &[u8]) -> bool {
    let mut rest = words;
    while let Some((byte, behind)) = rest.split_first() {
        // What is written so was a bracket, or was written so.
        let reference = [&b"&lt;"[..], b"&gt;"].into_iter().find_map(|one| rest.strip_prefix(one));
        if let Some(behind) = reference {
            rest = behind;
            continue;
        }
        rest = behind;
        let counts = byte.is_ascii_alphanumeric() || *byte >= 0x80;
        if counts && !old.any(|one| one == byte) {
            return false;
        }
    }
    true
}
