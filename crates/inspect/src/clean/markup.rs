//! XML rewritten: what a format's rule keeps is written anew; comments, instructions, document types
//! and entities of the file's own are not in it. Nothing outside the file is ever read.

use quick_xml::{Reader, events::Event};

use crate::clean::{Kind, Refusal};

const DEPTH_MAX: usize = 400;
/// More attributes than an element has: each is compared with those before it.
const ATTRIBUTES_MAX: usize = 1_000;
/// More namespaces than are declared at one place: each prefix is looked up among them.
const SPACES_MAX: usize = 500;

/// An attribute. Its value is plain text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Attribute {
    /// As written, with its prefix.
    pub(crate) name: String,
    /// The address of its namespace; empty without a prefix.
    pub(crate) space: String,
    /// Its name without a prefix.
    pub(crate) local: String,
    /// What it says.
    pub(crate) value: String,
}

/// An element that begins.
#[derive(Clone, Debug)]
pub(crate) struct Element {
    /// As written, with its prefix.
    pub(crate) name: String,
    /// The address of its namespace.
    pub(crate) space: String,
    /// Its name without a prefix.
    pub(crate) local: String,
    /// In order; declarations of namespaces are not among them.
    pub(crate) attributes: Vec<Attribute>,
}

impl Element {
    /// What an attribute says.
    pub(crate) fn value(&self, local: &str) -> Option<&str> {
        self.attributes.iter().find(|one| one.local == local).map(|one| one.value.as_str())
    }
}

/// What becomes of an element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It stays, as the rule left it.
    Keep,
    /// It goes with everything in it.
    Drop,
}

/// What a format keeps.
pub(crate) trait Rule {
    /// Whether names of this namespace may be in the copy.
    fn space(&self, address: &str) -> bool;
    /// Judges an element, and may change it. `path` holds the local names above it.
    fn element(&mut self, element: &mut Element, path: &[String]) -> Result<Verdict, Refusal>;
    /// Text inside the element at the end of `path`; `None` leaves it out.
    fn text(&mut self, text: String, path: &[String]) -> Result<Option<String>, Refusal>;
    /// Something that is not content went: comments, instructions.
    fn gone(&mut self, bytes: usize);
}

struct Open {
    name: String,
    spaces: usize,
}

struct State {
    out: String,
    spaces: Vec<(String, String)>,
    open: Vec<Open>,
    path: Vec<String>,
    /// How many elements deep a dropped one is.
    dropped: usize,
    kind: Kind,
    /// Text since the last tag.
    text: String,
}

/// Rewrites a document. `head` is written before its root.
pub(crate) fn rewrite(
    bytes: &[u8],
    head: &str,
    kind: Kind,
    rule: &mut dyn Rule,
) -> Result<Vec<u8>, Refusal> {
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let text = std::str::from_utf8(bytes).map_err(|_| kind.odd("XML that is not UTF-8"))?;
    let mut reader = Reader::from_str(text);
    reader.config_mut().expand_empty_elements = true;
    let mut state = State {
        out: head.to_owned(),
        spaces: vec![("xml".into(), XML.into())],
        open: Vec::new(),
        path: Vec::new(),
        dropped: 0,
        kind,
        text: String::new(),
    };
    let mut roots = 0_u32;
    loop {
        let event = reader.read_event().map_err(|_| kind.damaged("XML that is not well formed"))?;
        match event {
            Event::Start(start) => {
                state.flush(rule)?;
                if state.open.is_empty() && state.dropped == 0 {
                    roots = roots.saturating_add(1);
                }
                state.start(&start, rule)?;
            }
            Event::End(_) => {
                state.flush(rule)?;
                state.end()?;
            }
            Event::Empty(_) => return Err(kind.damaged("XML that is not well formed")),
            Event::Text(piece) => {
                state.text.push_str(&piece.xml10_content());
            }
            Event::CData(piece) => {
                state.text.push_str(&piece.xml10_content());
            }
            Event::GeneralRef(name) => {
                let name = name.xml10_content();
                state.text.push(entity(&name).ok_or_else(|| strange(kind, &name))?);
            }
            Event::DocType(text) => {
                if text.trim() != "html" {
                    rule.gone(text.len());
                }
                if text.contains('[') && (kind != Kind::Svg || text.contains("<!ENTITY")) {
                    return Err(kind.odd("XML with entities of its own"));
                }
            }
            Event::Comment(text) => rule.gone(text.len()),
            Event::PI(text) => rule.gone(text.len()),
            Event::Decl(decl) => {
                let known = ["utf-8", "us-ascii"];
                let odd = |name: &str| !known.iter().any(|one| name.eq_ignore_ascii_case(one));
                if decl.encoding().is_some_and(|name| name.is_ok_and(|name| odd(&name))) {
                    return Err(kind.odd("XML that is not UTF-8"));
                }
            }
            Event::Eof => break,
        }
    }
    if roots != 1 || !state.open.is_empty() || state.dropped != 0 {
        return Err(kind.damaged("XML that is not well formed"));
    }
    Ok(state.out.into_bytes())
}

const XML: &str = "http://www.w3.org/XML/1998/namespace";

fn strange(kind: Kind, name: &str) -> Refusal {
    kind.odd(format!("the entity {}", name.chars().take(20).collect::<String>()))
}

/// The entities XML has, and those that web pages use most.
fn entity(name: &str) -> Option<char> {
    if let Some(number) = name.strip_prefix('#') {
        let number = match number.strip_prefix(['x', 'X']) {
            Some(hex) => u32::from_str_radix(hex, 16),
            None => number.parse(),
        };
        let fine = |c: &char| !c.is_control() || matches!(c, '\n' | '\t' | '\r');
        return char::from_u32(number.ok()?).filter(fine);
    }
    Some(match name {
        "lt" => '<',
        "gt" => '>',
        "amp" => '&',
        "quot" => '"',
        "apos" => '\'',
        "nbsp" => '\u{A0}',
        "shy" => '\u{AD}',
        "copy" => '©',
        "reg" => '®',
        "trade" => '™',
        "mdash" => '—',
        "ndash" => '–',
        "hellip" => '…',
        "lsquo" => '‘',
        "rsquo" => '’',
        "ldquo" => '“',
        "rdquo" => '”',
        "bull" => '•',
        "middot" => '·',
        "times" => '×',
        "eacute" => 'é',
        _ => return None,
    })
}

/// A value with its references put in.
fn plain(raw: &str, kind: Kind) -> Result<String, Refusal> {
    let mut out = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some((before, after)) = rest.split_once('&') {
        let (name, later) =
            after.split_once(';').ok_or(kind.damaged("XML that is not well formed"))?;
        out.push_str(before);
        out.push(entity(name).ok_or_else(|| strange(kind, name))?);
        rest = later;
    }
    out.push_str(rest);
    Ok(out)
}

fn escape(text: &str, quote: bool, out: &mut String) {
    for c in text.chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '"' if quote => out.push_str("&quot;"),
            '\n' if quote => out.push_str("&#10;"),
            '\t' if quote => out.push_str("&#9;"),
            '\r' => out.push_str("&#13;"),
            _ => out.push(c),
        }
    }
}

impl State {
    fn address(&self, prefix: &str) -> Option<&str> {
        let known = self.spaces.iter().rev().find(|(own, _)| own == prefix);
        known.map(|(_, address)| address.as_str())
    }

    fn split<'n>(&self, name: &'n str, bare: &str) -> Result<(String, &'n str), Refusal> {
        match name.split_once(':') {
            Some((prefix, local)) => {
                let unknown = || self.kind.damaged("XML with a prefix of no namespace");
                Ok((self.address(prefix).ok_or_else(unknown)?.to_owned(), local))
            }
            None => Ok((bare.to_owned(), name)),
        }
    }

    fn start(
        &mut self,
        start: &quick_xml::events::BytesStart<'_>,
        rule: &mut dyn Rule,
    ) -> Result<(), Refusal> {
        let bad = || self.kind.damaged("XML that is not well formed");
        if self.open.len().saturating_add(self.dropped) > DEPTH_MAX {
            return Err(self.kind.large("things inside each other"));
        }
        if self.dropped > 0 {
            self.dropped = self.dropped.saturating_add(1);
            return Ok(());
        }
        let before = self.spaces.len();
        let mut raw = Vec::new();
        let mut declared = Vec::new();
        for (n, attribute) in start.attributes().enumerate() {
            let attribute = attribute.map_err(|_| bad())?;
            if n >= ATTRIBUTES_MAX || self.spaces.len() > SPACES_MAX {
                return Err(self.kind.large("an element"));
            }
            let name = attribute.key.as_ref().to_owned();
            let value = plain(&attribute.value, self.kind)?;
            let prefix = match name.as_str() {
                "xmlns" => Some(String::new()),
                name => name.strip_prefix("xmlns:").map(str::to_owned),
            };
            match prefix {
                Some(prefix) => {
                    declared.push((name, value.clone()));
                    self.spaces.push((prefix, value));
                }
                None => raw.push((name, value)),
            }
        }
        let name = start.name().as_ref().to_owned();
        let bare = self.address("").unwrap_or_default().to_owned();
        let (space, local) = self.split(&name, &bare)?;
        let mut attributes = Vec::new();
        for (name, value) in raw {
            let (space, local) = self.split(&name, "")?;
            let local = local.to_owned();
            if space.is_empty() || space == XML || rule.space(&space) {
                let value = match space.ends_with("/markup-compatibility/2006") {
                    true => self.prefixes(&value, rule),
                    false => value,
                };
                attributes.push(Attribute { name, space, local, value });
            } else {
                rule.gone(value.len());
            }
        }
        let mut element = Element { local: local.to_owned(), name, space, attributes };
        let verdict = match rule.space(&element.space) {
            true => rule.element(&mut element, &self.path)?,
            false => {
                rule.gone(element.name.len());
                Verdict::Drop
            }
        };
        match verdict {
            Verdict::Drop => {
                self.spaces.truncate(before);
                self.dropped = 1;
            }
            Verdict::Keep => {
                self.out.push('<');
                self.out.push_str(&element.name);
                for (name, address) in declared {
                    if rule.space(&address) || address.is_empty() {
                        self.put(&name, &address);
                    }
                }
                for attribute in &element.attributes {
                    self.put(&attribute.name, &attribute.value);
                }
                self.out.push('>');
                self.path.push(element.local);
                self.open.push(Open { name: element.name, spaces: before });
            }
        }
        Ok(())
    }

    /// A list of prefixes with only those that are still declared.
    fn prefixes(&self, list: &str, rule: &dyn Rule) -> String {
        let known = |prefix: &&str| self.address(prefix).is_some_and(|address| rule.space(address));
        list.split_ascii_whitespace().filter(known).collect::<Vec<_>>().join(" ")
    }

    fn put(&mut self, name: &str, value: &str) {
        self.out.push(' ');
        self.out.push_str(name);
        self.out.push_str("=\"");
        escape(value, true, &mut self.out);
        self.out.push('"');
    }

    fn end(&mut self) -> Result<(), Refusal> {
        if self.dropped > 0 {
            self.dropped = self.dropped.saturating_sub(1);
            return Ok(());
        }
        let open = self.open.pop().ok_or(self.kind.damaged("XML that is not well formed"))?;
        self.path.pop();
        self.spaces.truncate(open.spaces);
        let name = open.name;
        if self.out.ends_with('>') && self.just_opened(&name) {
            self.out.pop();
            self.out.push_str("/>");
        } else {
            self.out.push_str("</");
            self.out.push_str(&name);
            self.out.push('>');
        }
        Ok(())
    }

    /// Whether the last thing written is the opening tag of `name`: then it is empty.
    fn just_opened(&self, name: &str) -> bool {
        let tag = self.out.rfind('<').and_then(|at| self.out.get(at.saturating_add(1)..));
        tag.and_then(|tag| tag.strip_prefix(name))
            .is_some_and(|rest| !rest.ends_with("/>") && rest.starts_with([' ', '>']))
    }

    fn flush(&mut self, rule: &mut dyn Rule) -> Result<(), Refusal> {
        let text = std::mem::take(&mut self.text);
        if text.is_empty() || self.dropped > 0 {
            return Ok(());
        }
        if self.open.is_empty() {
            return match text.trim().is_empty() {
                true => Ok(()),
                false => Err(self.kind.damaged("XML that is not well formed")),
            };
        }
        let had = text.len();
        match rule.text(text, &self.path)? {
            Some(text) => escape(&text, false, &mut self.out),
            None => rule.gone(had),
        }
        Ok(())
    }
}

/// A style sheet without comments, foreign properties and addresses outside the file.
/// `None`: it reaches outside.
pub(crate) fn style(text: &str) -> Option<String> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("/*") {
        out.push_str(before);
        rest = after.split_once("*/").map_or("", |(_, later)| later);
    }
    out.push_str(rest);
    let lower = out.to_ascii_lowercase();
    let mut places = lower.split("url(").skip(1);
    let inside = places.all(|place| place.trim_start_matches([' ', '"', '\'']).starts_with('#'));
    (inside
        && !lower.contains("@import")
        && !lower.contains('\\')
        && !lower.contains("expression("))
    .then_some(out)
}
