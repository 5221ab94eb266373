//! A page of HTML as pieces: tags with their attributes, text, and what is neither. Read as a browser
//! reads it (WHATWG, "Tokenization"), byte by byte: marks of HTML are ASCII in every encoding that is
//! let in, and no byte of a longer letter is one of them.

use std::collections::BTreeSet;

use crate::clean::{Kind, Refusal};

/// An attribute: its name in small letters, and its value as it is written, without quotes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Attribute<'b> {
    pub(super) name: String,
    pub(super) value: &'b [u8],
}

/// A piece of a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Piece<'b> {
    /// A tag that begins an element, where it stands, and whether it ends it too, as XML has it.
    Start { name: String, attributes: Vec<Attribute<'b>>, at: usize, closed: bool },
    /// A tag that ends one, and where it stands.
    End { name: String, at: usize },
    /// Text, references in it as they are written.
    Text(&'b [u8]),
    /// A document type: its first word.
    Type(String),
    /// A comment, or what a browser takes for one.
    Comment(usize),
}

/// More attributes than a tag has.
const ATTRIBUTES_MAX: usize = 1_000;

/// What is left to be read.
#[derive(Clone, Debug)]
pub(super) struct Tokens<'b> {
    all: &'b [u8],
    at: usize,
    /// The element in which nothing but its own end is a tag.
    raw: Option<String>,
}

/// Elements whose content is text up to their end, whatever it looks like.
pub(super) const RAW: [&str; 8] =
    ["script", "style", "textarea", "title", "xmp", "iframe", "noembed", "noframes"];

impl<'b> Tokens<'b> {
    pub(super) fn new(all: &'b [u8]) -> Self {
        Self { all, at: 0, raw: None }
    }

    /// Where the next piece begins.
    pub(super) fn at(&self) -> usize {
        self.at
    }

    /// What was begun last has ended with its tag: in a drawing, which is XML.
    pub(super) fn leave(&mut self) {
        self.raw = None;
    }

    /// The next piece; `None` at the end.
    pub(super) fn next(&mut self) -> Result<Option<Piece<'b>>, Refusal> {
        let rest = self.rest();
        if rest.is_empty() {
            return Ok(None);
        }
        if let Some(name) = self.raw.take() {
            let end = end_of(rest, &name).unwrap_or(rest.len());
            let inside = rest.get(..end).unwrap_or_default();
            if name == "script" && hides_its_end(inside) {
                return Err(Kind::Html.odd("a script that hides where it ends"));
            }
            if !inside.is_empty() {
                self.skip(end);
                return Ok(Some(Piece::Text(inside)));
            }
        }
        if let Some(markup) = rest.strip_prefix(b"<") {
            let first = markup.first().copied().unwrap_or_default();
            let letter = markup.get(1).is_some_and(u8::is_ascii_alphabetic);
            match first {
                _ if first.is_ascii_alphabetic() => return self.start().map(Some),
                b'/' if letter => return Ok(Some(self.end())),
                b'/' if markup.get(1) == Some(&b'>') => {
                    self.skip(3);
                    return Ok(Some(Piece::Comment(3)));
                }
                b'!' | b'?' | b'/' if markup.len() > 1 => return Ok(Some(self.aside())),
                _ => {}
            }
        }
        // What does not begin a tag is text, and so is the rest up to the next one.
        let more = rest.iter().skip(1).position(|byte| *byte == b'<');
        let end = more.map_or(rest.len(), |more| more.saturating_add(1));
        self.skip(end);
        Ok(Some(Piece::Text(rest.get(..end).unwrap_or_default())))
    }

    fn rest(&self) -> &'b [u8] {
        self.all.get(self.at..).unwrap_or_default()
    }

    fn skip(&mut self, bytes: usize) {
        self.at = self.at.saturating_add(bytes);
    }

    fn name(&mut self) -> String {
        let rest = self.rest();
        let end = rest.iter().position(|byte| ends_name(*byte)).unwrap_or(rest.len());
        self.skip(end);
        String::from_utf8_lossy(rest.get(..end).unwrap_or_default()).to_ascii_lowercase()
    }

    fn start(&mut self) -> Result<Piece<'b>, Refusal> {
        let at = self.at;
        self.skip(1);
        let name = self.name();
        let (attributes, closed) = self.attributes()?;
        if name == "plaintext" {
            return Err(Kind::Html.odd("a page that never ends"));
        }
        if RAW.contains(&name.as_str()) {
            self.raw = Some(name.clone());
        }
        Ok(Piece::Start { name, attributes, at, closed })
    }

    fn end(&mut self) -> Piece<'b> {
        let at = self.at;
        self.skip(2);
        let name = self.name();
        // Attributes of an end mean nothing, but a `>` in one of them does not end it.
        let _ = self.attributes();
        Piece::End { name, at }
    }

    fn attributes(&mut self) -> Result<(Vec<Attribute<'b>>, bool), Refusal> {
        let mut attributes: Vec<Attribute<'b>> = Vec::new();
        let mut names = BTreeSet::new();
        loop {
            let rest = self.rest();
            let blanks = rest.iter().take_while(|byte| blank(**byte) || **byte == b'/').count();
            self.skip(blanks);
            let rest = self.rest();
            match rest.first() {
                None => return Ok((attributes, false)),
                Some(b'>') => {
                    let before = self.at.checked_sub(1).and_then(|at| self.all.get(at));
                    self.skip(1);
                    return Ok((attributes, blanks > 0 && before == Some(&b'/')));
                }
                Some(_) => {}
            }
            // An equals sign in the first place belongs to the name.
            let end = rest.iter().skip(1).position(|byte| ends_name(*byte) || *byte == b'=');
            let end = end.map_or(rest.len(), |end| end.saturating_add(1));
            let name = String::from_utf8_lossy(rest.get(..end).unwrap_or_default());
            let name = name.to_ascii_lowercase();
            self.skip(end);
            let value = self.value();
            // Of two attributes with one name the first counts.
            if names.insert(name.clone()) {
                attributes.push(Attribute { name, value });
            }
            if attributes.len() > ATTRIBUTES_MAX {
                return Err(Kind::Html.large("a tag"));
            }
        }
    }

    fn value(&mut self) -> &'b [u8] {
        let rest = self.rest();
        let blanks = rest.iter().take_while(|byte| blank(**byte)).count();
        if rest.get(blanks) != Some(&b'=') {
            return b"";
        }
        self.skip(blanks.saturating_add(1));
        let rest = self.rest();
        let blanks = rest.iter().take_while(|byte| blank(**byte)).count();
        self.skip(blanks);
        let rest = self.rest();
        match rest.split_first() {
            Some((quote @ (b'"' | b'\''), inside)) => {
                let end = inside.iter().position(|byte| byte == quote).unwrap_or(inside.len());
                self.skip(end.saturating_add(2));
                inside.get(..end).unwrap_or_default()
            }
            _ => {
                let end = rest.iter().position(|byte| blank(*byte) || *byte == b'>');
                let end = end.unwrap_or(rest.len());
                self.skip(end);
                rest.get(..end).unwrap_or_default()
            }
        }
    }

    /// A comment, a document type, or what is taken for a comment.
    fn aside(&mut self) -> Piece<'b> {
        let rest = self.rest();
        if rest.starts_with(b"<!--") {
            // `<!-->` and `<!--->` are whole comments.
            let short = [5_usize, 6].into_iter().find(|end| {
                let whole = rest.get(..*end).unwrap_or_default();
                whole == b"<!-->" || whole == b"<!--->"
            });
            let end = short.or_else(|| end_of_comment(rest)).unwrap_or(rest.len());
            self.skip(end);
            return Piece::Comment(end);
        }
        let found = rest.iter().skip(2).position(|byte| *byte == b'>');
        let end = found.map_or(rest.len(), |at| at.saturating_add(3));
        self.skip(end);
        let inside = rest.get(2..end).unwrap_or_default();
        let word = String::from_utf8_lossy(inside.get(..40).unwrap_or(inside)).to_ascii_lowercase();
        match word.strip_prefix("doctype").filter(|_| rest.starts_with(b"<!")) {
            Some(word) => {
                let first = word.split(|c: char| c.is_ascii_whitespace() || c == '>');
                Piece::Type(first.filter(|word| !word.is_empty()).take(1).collect())
            }
            None => Piece::Comment(end),
        }
    }
}

/// Blanks between attributes.
pub(super) fn blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | 0x0C)
}

fn ends_name(byte: u8) -> bool {
    blank(byte) || matches!(byte, b'/' | b'>')
}

/// Behind the first `-->` or `--!>` of a comment: one walk, since a page has many comments and may
/// have but one of the two.
fn end_of_comment(comment: &[u8]) -> Option<usize> {
    let mut from = 4_usize;
    loop {
        let found = crate::clean::reader::find(comment.get(from..)?, b"--")?;
        let at = from.saturating_add(found);
        let after = comment.get(at.saturating_add(2)..)?;
        match after {
            [b'>', ..] => return Some(at.saturating_add(3)),
            [b'!', b'>', ..] => return Some(at.saturating_add(4)),
            _ => from = at.saturating_add(1),
        }
    }
}

/// Where the tag stands that ends `name`, in whatever letters.
pub(super) fn end_of(bytes: &[u8], name: &str) -> Option<usize> {
    let mut from = 0_usize;
    loop {
        let found = crate::clean::reader::find(bytes.get(from..)?, b"</")?;
        let at = from.saturating_add(found);
        let after = bytes.get(at.saturating_add(2)..)?;
        let (word, rest) = after.split_at_checked(name.len())?;
        let ends = rest.first().is_none_or(|byte| ends_name(*byte));
        if ends && word.eq_ignore_ascii_case(name.as_bytes()) {
            return Some(at);
        }
        from = at.saturating_add(2);
    }
}

/// Behind `<!--` and another `<script` a browser does not take the next end for one.
fn hides_its_end(script: &[u8]) -> bool {
    let low = script.to_ascii_lowercase();
    let open = crate::clean::reader::find(&low, b"<!--");
    open.and_then(|at| low.get(at..)).is_some_and(|rest| {
        crate::clean::reader::holds(rest, b"<script") && !crate::clean::reader::holds(rest, b"-->")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(page: &[u8]) -> String {
        let mut tokens = Tokens::new(page);
        let mut out = String::new();
        while let Some(piece) = tokens.next().unwrap() {
            match piece {
                Piece::Start { name, attributes, .. } => {
                    out.push_str(&format!("[{name}"));
                    for one in attributes {
                        let value = String::from_utf8_lossy(one.value);
                        out.push_str(&format!(" {}={value}", one.name));
                    }
                    out.push(']');
                }
                Piece::End { name, .. } => out.push_str(&format!("[/{name}]")),
                Piece::Text(text) => out.push_str(&String::from_utf8_lossy(text)),
                Piece::Type(word) => out.push_str(&format!("[!{word}]")),
                Piece::Comment(_) => out.push_str("[--]"),
            }
        }
        out
    }

    #[test]
    fn a_page_is_read_as_a_browser_reads_it() {
        for (page, pieces) in [
            (
                "<!DOCTYPE html><P Class='a b' ID=x disabled>1 < 2</P>",
                "[!html][p class=a b id=x disabled=]1 < 2[/p]",
            ),
            ("<a href = \"x>y\" b/c>", "[a href=x>y b= c=]"),
            ("<a =b=c>", "[a =b=c]"),
            ("<!-- a > b -- c -->d", "[--]d"),
            (
                "<!-->a<!--->b<!--x--!>c<!>d<?php x?>e</ x>f</>g",
                "[--]a[--]b[--]c[--]d[--]e[--]f[--]g",
            ),
            ("<script>if (a<b) '</scripty>'</SCRIPT >x", "[script]if (a<b) '</scripty>'[/script]x"),
            ("<style>a > b { content: '<p>' }</style>", "[style]a > b { content: '<p>' }[/style]"),
            ("<title><b></title>", "[title]<b>[/title]"),
            ("<script></script>a", "[script][/script]a"),
            ("a</p title='>'>b", "a[/p]b"),
            ("<b", "[b]"),
            ("a<", "a<"),
            ("<!-- never", "[--]"),
            ("<!-- a --b- ->c--!>d<!---!>e-->f<!--!>g-->h", "[--]d[--]f[--]h"),
            ("<3 you", "<3 you"),
        ] {
            assert_eq!(said(page.as_bytes()), pieces, "{page}");
        }
    }

    #[test]
    fn what_hides_its_end_is_refused() {
        let mut tokens = Tokens::new(b"<script><!--<script></script>x");
        assert!(tokens.next().is_ok());
        assert!(tokens.next().is_err());
        assert!(Tokens::new(b"<plaintext>x").next().is_err());
    }
}
