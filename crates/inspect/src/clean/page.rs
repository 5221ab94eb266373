//! Pages of HTML: what is read and seen stays. Scripts, comments, hidden words about the page, names
//! for programs and everything that would be fetched from elsewhere go; pictures inside are cleaned.
//!
//! The page is written anew, tag by tag, in one form: small letters, quoted values, no comment. So it
//! says nothing but what stands in the lists here, however the source was written.

mod lists;
mod sheet;
mod tokens;

use std::borrow::Cow;

use self::{
    lists::{Place, place},
    tokens::{Piece, Tokens},
};
use crate::clean::{Job, Kept, Kind, Plan, Refusal, View, What, embedded, image::svg};

const BYTES_MAX: u64 = 64 << 20;
/// Before every other word on its letters, this says that they are UTF-8.
const UTF8: &str = "\u{feff}";
const SVG: &str = "http://www.w3.org/2000/svg";

pub(crate) fn clean(view: &mut View<'_>, job: &mut Job<'_>) -> Result<Plan, Refusal> {
    if view.len() > BYTES_MAX {
        return Err(Kind::Html.large("it"));
    }
    let bytes = view.all()?;
    let (text, letters) = read(&bytes)?;
    let mut page = Page { job, out: String::new(), dropped: None, shadows: 0, xml: false };
    let begin = text.trim_start_matches(UTF8);
    page.xml = begin.starts_with("<?xml");
    if page.xml {
        match letters {
            // Without the first line, nothing says what its letters are.
            Letters::Bytes => return Err(Kind::Html.odd("XML that is not UTF-8")),
            Letters::Utf8 if text.is_ascii() => {}
            Letters::Utf8 => page.out.push_str(UTF8),
        }
    } else if text.starts_with(UTF8) {
        page.out.push_str(UTF8);
    }
    page.rewrite(begin)?;
    let out = page.out;
    if out.chars().any(|c| c.is_ascii_control() && !matches!(c, '\t' | '\n' | '\r' | '\u{c}')) {
        return Err(Kind::Html.odd("bytes that are no text"));
    }
    Ok(Plan::of(match letters {
        Letters::Utf8 => out.into_bytes(),
        Letters::Bytes => narrow(&out),
    }))
}

/// Whether what begins so is a page: its first tag is one of HTML, and so is its type.
pub(crate) fn is_page(head: &[u8]) -> bool {
    // A beginning may end within a letter: the page itself is read strictly.
    let text = match head.get(..2) {
        Some([0xFF, 0xFE]) => loosely(head, u16::from_le_bytes),
        Some([0xFE, 0xFF]) => loosely(head, u16::from_be_bytes),
        _ => String::from_utf8_lossy(head).into_owned(),
    };
    let mut tokens = Tokens::new(text.trim_start_matches(UTF8).as_bytes());
    while let Ok(Some(piece)) = tokens.next() {
        match piece {
            Piece::Type(word) => return word == "html",
            Piece::Start { name, .. } => return name != "svg" && lists::known(&name),
            Piece::Text(text) if !text.trim_ascii().is_empty() => return false,
            Piece::End { .. } => return false,
            _ => {}
        }
    }
    false
}

fn loosely(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> String {
    let units = bytes.as_chunks::<2>().0.iter().map(|pair| unit(*pair));
    char::decode_utf16(units).map(|c| c.unwrap_or('\u{fffd}')).collect()
}

/// How the letters of a page stand in its bytes.
enum Letters {
    Utf8,
    /// In an older encoding: each byte is one sign here. Marks of HTML are ASCII in all of them.
    Bytes,
}

fn read(bytes: &[u8]) -> Result<(String, Letters), Refusal> {
    let unit: fn([u8; 2]) -> u16 = match bytes.get(..2) {
        Some([0xFF, 0xFE]) => u16::from_le_bytes,
        Some([0xFE, 0xFF]) => u16::from_be_bytes,
        _ => {
            return Ok(match std::str::from_utf8(bytes) {
                Ok(text) => (text.to_owned(), Letters::Utf8),
                Err(_) => (bytes.iter().map(|byte| char::from(*byte)).collect(), Letters::Bytes),
            });
        }
    };
    let (pairs, rest) = bytes.as_chunks::<2>();
    let text: Result<String, _> =
        char::decode_utf16(pairs.iter().map(|pair| unit(*pair))).collect();
    match text {
        Ok(text) if rest.is_empty() => Ok((text, Letters::Utf8)),
        _ => Err(Kind::Html.damaged("letters that are none")),
    }
}

/// Back to bytes; a letter that was written out of a reference becomes one again.
fn narrow(text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    for c in text.chars() {
        match u8::try_from(u32::from(c)) {
            Ok(byte) => bytes.push(byte),
            Err(_) => bytes.extend_from_slice(format!("&#{};", u32::from(c)).as_bytes()),
        }
    }
    bytes
}

struct Page<'j, 'o> {
    job: &'j mut Job<'o>,
    out: String,
    /// An element that goes with all that is in it, and how many of its name are open.
    dropped: Option<(String, u32, What)>,
    /// Open parts of the page that were drawn apart from it, with styles of their own.
    shadows: u32,
    /// It is written as XML: an element may end with the tag that begins it.
    xml: bool,
}

/// What makes the names of XML mean HTML.
const XHTML: &[u8] = b"http://www.w3.org/1999/xhtml";

impl Page<'_, '_> {
    fn rewrite(&mut self, text: &str) -> Result<(), Refusal> {
        let mut tokens = Tokens::new(text.as_bytes());
        let mut style = false;
        // So much of the copy is known to be blank; `None` when there is more in it.
        let mut blank = Some(self.out.len());
        loop {
            let at = tokens.at();
            let Some(piece) = tokens.next()? else { break };
            if self.xml {
                one_reading(&piece, text.get(at..tokens.at()).unwrap_or_default())?;
            }
            if let Some(what) = self.within_dropped(&piece) {
                self.job.removed(what, 0_u64);
                continue;
            }
            match piece {
                Piece::Start { name, at, closed, .. } if name == "svg" => {
                    let end = end_of_drawing(&mut tokens, closed)?;
                    self.drawing(text.get(at..end).unwrap_or_default())?;
                }
                Piece::Start { name, attributes, closed, .. } => {
                    style = name == "style";
                    self.xml |= name == "html" && has(&attributes, "xmlns", XHTML);
                    self.start(&name, &attributes)?;
                    if closed && self.xml && lists::is_kept(&name) && !lists::is_void(&name) {
                        self.end(&name);
                    }
                }
                Piece::End { name, .. } => {
                    style = false;
                    if name == "template" {
                        self.shadows = self.shadows.saturating_sub(1);
                    }
                    if lists::is_kept(&name) && !lists::is_void(&name) {
                        self.end(&name);
                    }
                    if name == "html" {
                        let left = text.len().saturating_sub(tokens.at());
                        let tail = text.get(tokens.at()..).unwrap_or_default();
                        self.job.removed_some(What::Tail, left.min(tail.trim().len()));
                        self.out.push('\n');
                        return Ok(());
                    }
                }
                Piece::Text(piece) if style => {
                    let sheet = String::from_utf8_lossy(piece);
                    let clean = sheet::sheet(&sheet, self.job)?.unwrap_or_default();
                    self.job.removed_some(What::Paths, sheet.len().saturating_sub(clean.len()));
                    self.out.push_str(&clean);
                }
                Piece::Text(piece) => {
                    self.job.kept(Kept::Content);
                    for part in String::from_utf8_lossy(piece).chars() {
                        match part {
                            '<' => self.out.push_str("&lt;"),
                            '>' => self.out.push_str("&gt;"),
                            c => self.out.push(c),
                        }
                    }
                }
                Piece::Type(word) => {
                    let more = blank.and_then(|blank| self.out.get(blank..));
                    if more.is_some_and(|more| more.trim().is_empty()) {
                        self.out.push_str("<!DOCTYPE html>");
                        blank = None;
                        continue;
                    }
                    blank = None;
                    self.job.removed(What::Private, word.len());
                }
                Piece::Comment(bytes) => self.job.removed(What::Comment, bytes),
            }
        }
        Ok(())
    }

    /// What a piece is that lies in an element that goes.
    fn within_dropped(&mut self, piece: &Piece<'_>) -> Option<What> {
        let (own, open, what) = self.dropped.as_mut()?;
        let what = *what;
        match piece {
            Piece::Start { name, .. } if name == own => *open = open.saturating_add(1),
            Piece::End { name, .. } if name == own => *open = open.saturating_sub(1),
            _ => {}
        }
        if *open == 0 {
            self.dropped = None;
        }
        Some(what)
    }

    fn end(&mut self, name: &str) {
        self.out.push_str("</");
        self.out.push_str(name);
        self.out.push('>');
    }

    fn start(&mut self, name: &str, attributes: &[tokens::Attribute<'_>]) -> Result<(), Refusal> {
        let bytes = attributes.iter().map(|one| one.value.len()).fold(0, usize::saturating_add);
        if let Some(what) = lists::refused(name) {
            return Err(Kind::Html.odd(what));
        }
        let shadow = name == "template" && has(attributes, "shadowrootmode", b"");
        if shadow {
            // Its words are seen, in the place where they stand.
            self.shadows = self.shadows.saturating_add(1);
            self.job.removed(What::Private, bytes);
            return Ok(());
        }
        // Styles of such a part would dress the whole page.
        let astray = self.shadows > 0 && (name == "style" || name == "link");
        let goes = lists::dropped(name).or(astray.then_some(What::Private));
        if let Some(what) = goes {
            self.job.removed(what, bytes);
            if !lists::is_void(name) {
                self.dropped = Some((name.to_owned(), 1, what));
            }
            return Ok(());
        }
        if !lists::is_kept(name) {
            // An element nobody knows is not in the page, and what is in it is.
            self.job.removed(What::Private, bytes);
            return Ok(());
        }
        let value = |wanted: &str| {
            let found = attributes.iter().find(|one| one.name == wanted);
            found.map(|one| String::from_utf8_lossy(one.value).to_ascii_lowercase())
        };
        if name == "meta" && !lists::plain_meta(&value) {
            self.job.removed(What::Tags, bytes);
            return Ok(());
        }
        if name == "link" && value("rel").is_none_or(|rel| rel.trim() != "stylesheet") {
            self.job.removed(What::Paths, bytes);
            return Ok(());
        }
        self.out.push('<');
        self.out.push_str(name);
        for one in attributes {
            let written = String::from_utf8_lossy(one.value);
            match self.attribute(name, &one.name, &written)? {
                Ok(value) => self.put(&one.name, &value),
                Err(what) => self.job.removed(what, one.value.len()),
            }
        }
        self.out.push('>');
        Ok(())
    }

    /// The value that stays, references in it as they were, or what goes.
    fn attribute<'v>(
        &mut self,
        element: &str,
        name: &str,
        written: &'v str,
    ) -> Result<Result<Cow<'v, str>, What>, Refusal> {
        if name.starts_with("on") {
            return Ok(Err(What::Script));
        }
        let Some(place) = place(element, name) else {
            let what = match name {
                "title" | "summary" => What::Comment,
                "datetime" => What::Times,
                "srcset" | "ping" | "action" | "cite" | "background" | "longdesc" => What::Paths,
                _ => What::Private,
            };
            return Ok(Err(what));
        };
        if place == Place::Plain {
            return Ok(Ok(Cow::Borrowed(written)));
        }
        let Some(value) = lists::plain(written) else { return Ok(Err(What::Paths)) };
        let had = value.len();
        let kept = match place {
            Place::Plain => Some(value),
            Place::Style => sheet::sheet(&value, self.job)?,
            Place::Link => lists::link(&value),
            Place::Fetched => match embedded::picture(value.trim(), Kind::Html, self.job)? {
                Some(clean) => Some(clean),
                None => lists::beside(&value).inspect(|_| self.job.kept(Kept::Names)),
            },
        };
        if place != Place::Fetched {
            let left = kept.as_ref().map_or(had, String::len);
            self.job.removed_some(What::Paths, had.saturating_sub(left));
        }
        Ok(match kept {
            Some(value) => Ok(Cow::Owned(value.replace('&', "&amp;"))),
            None => Err(What::Paths),
        })
    }

    fn put(&mut self, name: &str, value: &str) {
        self.out.push(' ');
        self.out.push_str(name);
        self.out.push_str("=\"");
        for c in value.chars() {
            match c {
                '"' => self.out.push_str("&quot;"),
                '<' => self.out.push_str("&lt;"),
                '>' => self.out.push_str("&gt;"),
                c => self.out.push(c),
            }
        }
        self.out.push('"');
    }

    /// A drawing inside: cleaned as one, which is XML, and put in its place.
    fn drawing(&mut self, drawing: &str) -> Result<(), Refusal> {
        let (tag, _) = drawing.split_once('>').unwrap_or((drawing, ""));
        let mut whole = String::with_capacity(drawing.len());
        whole.push_str("<svg");
        if !tag.contains("xmlns=") {
            whole.push_str(&format!(" xmlns=\"{SVG}\""));
        }
        if drawing.contains("xlink:") && !tag.contains("xmlns:xlink=") {
            whole.push_str(" xmlns:xlink=\"http://www.w3.org/1999/xlink\"");
        }
        whole.push_str(drawing.get("<svg".len()..).unwrap_or_default());
        let clean = self.job.inside("drawing", |job| svg::part_of_a_page(whole.as_bytes(), job))?;
        let clean = String::from_utf8_lossy(&clean);
        let bare = clean.split_once("?>\n").map_or(clean.as_ref(), |(_, bare)| bare);
        self.out.push_str(bare);
        Ok(())
    }
}

/// Whether a tag has an attribute with this value, or, without one, with any.
fn has(attributes: &[tokens::Attribute<'_>], name: &str, value: &[u8]) -> bool {
    attributes.iter().any(|one| one.name == name && (value.is_empty() || one.value == value))
}

/// Of a page in XML a browser may read more than of the same bytes as HTML, which is how it is read
/// here: what would hide words from one of the two readings is refused.
fn one_reading(piece: &Piece<'_>, written: &str) -> Result<(), Refusal> {
    let hides = match piece {
        Piece::Start { name, .. } if name.ends_with(":svg") || name.ends_with(":math") => true,
        Piece::Start { name, closed: true, .. } => {
            tokens::RAW.contains(&name.as_str())
                || lists::dropped(name).is_some() && !lists::is_void(name)
        }
        Piece::Comment(_) => written.starts_with("<![CDATA["),
        Piece::Type(_) => written.contains('['),
        _ => false,
    };
    match hides {
        true => Err(Kind::Html.odd("XML that is not HTML at the same time")),
        false => Ok(()),
    }
}

/// Where a drawing ends that has just begun.
fn end_of_drawing(tokens: &mut Tokens<'_>, closed: bool) -> Result<usize, Refusal> {
    if closed {
        return Ok(tokens.at());
    }
    let mut open = 1_u32;
    while let Some(piece) = tokens.next()? {
        match piece {
            Piece::Start { name, closed: false, .. } if name == "svg" => {
                open = open.saturating_add(1);
            }
            Piece::Start { closed: true, .. } => tokens.leave(),
            Piece::End { name, .. } if name == "svg" => open = open.saturating_sub(1),
            _ => {}
        }
        if open == 0 {
            return Ok(tokens.at());
        }
    }
    Err(Kind::Html.damaged("a drawing without an end"))
}
