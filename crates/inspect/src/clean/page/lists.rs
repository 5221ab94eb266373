//! What may stand in a clean page. What is in no list goes.

use crate::clean::What;

/// What an attribute's value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// Words, numbers, names.
    Plain,
    /// Styles of one element.
    Style,
    /// Where a reader may go.
    Link,
    /// What is fetched when the page is opened.
    Fetched,
}

#[rustfmt::skip]
const KEPT: &[&str] = &[
    "a", "abbr", "acronym", "address", "article", "aside", "audio", "b", "bdi", "bdo", "big",
    "blockquote", "body", "br", "caption", "center", "cite", "code", "col", "colgroup", "dd", "del",
    "details", "dfn", "dialog", "dir", "div", "dl", "dt", "em", "figcaption", "figure", "font", "footer",
    "h1", "h2", "h3", "h4", "h5", "h6", "head", "header", "hgroup", "hr", "html", "i", "img", "ins",
    "kbd", "li", "link", "main", "mark", "menu", "meta", "nav", "ol", "p", "picture", "pre", "q",
    "rb", "rp", "rt", "rtc", "ruby", "s", "samp", "section", "small", "source", "span", "strike",
    "strong", "style", "sub", "summary", "sup", "table", "tbody", "td", "tfoot", "th", "thead",
    "time", "tr", "tt", "u", "ul", "var", "video", "wbr",
];

/// Elements that have no end.
const VOID: &[&str] = &[
    "area", "base", "basefont", "bgsound", "br", "col", "embed", "frame", "hr", "img", "input",
    "keygen", "link", "meta", "param", "source", "track", "wbr",
];

/// Elements that go with all that is in them.
const DROPPED: &[(&str, What)] = &[
    ("script", What::Script),
    ("noscript", What::Script),
    ("template", What::Script),
    // What stands in it is seen where its scripts may not run.
    ("canvas", What::Script),
    // Who wrote an office document, and when, as some programs put it into its page.
    ("xml", What::Tags),
    ("title", What::Tags),
    ("base", What::Paths),
    ("iframe", What::Attachment),
    ("object", What::Attachment),
    ("embed", What::Attachment),
    ("applet", What::Attachment),
    ("input", What::Private),
    ("textarea", What::Private),
    ("select", What::Private),
    ("datalist", What::Private),
    ("param", What::Private),
    ("track", What::Paths),
    ("area", What::Paths),
    ("bgsound", What::Paths),
    ("keygen", What::Private),
    ("basefont", What::Private),
    ("noembed", What::Private),
    ("noframes", What::Private),
    ("xmp", What::Private),
];

/// Elements that are known beside those above: what is in them stays.
const OPENED: &[&str] = &["form", "button", "label", "fieldset", "legend", "slot", "nobr"];

#[rustfmt::skip]
const ATTRIBUTES: &[&str] = &[
    "align", "alt", "bgcolor", "border", "cellpadding", "cellspacing", "class", "clear", "color",
    "cols", "colspan", "compact", "controls", "dir", "face", "frame", "headers", "height", "hidden",
    "hspace", "id", "lang", "loop", "media", "muted", "noshade", "nowrap", "open", "popover", "reversed",
    "role", "rowspan", "rules", "scope", "size", "span", "start", "type", "valign", "vspace",
    "width", "wrap",
];

/// What follows a reader from one page to the next: added to links by those who count readers.
#[rustfmt::skip]
const FOLLOWING: &[&str] = &[
    "fbclid", "gclid", "gclsrc", "dclid", "gbraid", "wbraid", "msclkid", "yclid", "twclid", "ttclid",
    "igshid", "igsh", "mc_cid", "mc_eid", "_ga", "_gl", "_hsenc", "_hsmi", "mkt_tok", "vero_id",
    "oly_anon_id", "oly_enc_id", "wickedid", "srsltid",
];

pub(super) fn is_kept(name: &str) -> bool {
    KEPT.contains(&name)
}

pub(super) fn is_void(name: &str) -> bool {
    VOID.contains(&name)
}

pub(super) fn dropped(name: &str) -> Option<What> {
    DROPPED.iter().find(|(own, _)| *own == name).map(|(_, what)| *what)
}

/// A page of this language has elements of this name.
pub(super) fn known(name: &str) -> bool {
    is_kept(name) || dropped(name).is_some() || OPENED.contains(&name) || refused(name).is_some()
}

/// What a page cannot be cleaned with.
pub(super) fn refused(name: &str) -> Option<&'static str> {
    match name {
        "frameset" | "frame" => Some("frames, each of which is a page of its own"),
        "math" => Some("a formula"),
        _ => None,
    }
}

/// What an attribute may be; `None`: it goes.
pub(super) fn place(element: &str, name: &str) -> Option<Place> {
    match (element, name) {
        (_, "style") => Some(Place::Style),
        ("a", "href") => Some(Place::Link),
        ("a", "name") | ("li", "value") => Some(Place::Plain),
        ("img" | "video" | "audio" | "source", "src") | ("video", "poster") => Some(Place::Fetched),
        ("link", "href") => Some(Place::Fetched),
        ("link", "rel") => Some(Place::Plain),
        ("meta", "charset" | "content" | "http-equiv" | "name") => Some(Place::Plain),
        _ => ATTRIBUTES.contains(&name).then_some(Place::Plain),
    }
}

/// Words about a page that it needs: its letters and its size.
pub(super) fn plain_meta(value: &dyn Fn(&str) -> Option<String>) -> bool {
    let letters = |name: &str| {
        let word = |c: char| c.is_ascii_alphanumeric() || "-_:=;/ ,.".contains(c);
        name.len() < 100 && name.chars().all(word)
    };
    let content = value("content").unwrap_or_default();
    match (value("charset"), value("http-equiv"), value("name")) {
        (Some(charset), None, None) => letters(&charset) && content.is_empty(),
        (None, Some(about), None) => about == "content-type" && letters(&content),
        (None, None, Some(name)) => name == "viewport" && letters(&content),
        _ => false,
    }
}

/// A value with its references put in; `None` with one that is not read here, which could hide
/// where a link goes.
pub(super) fn plain(written: &str) -> Option<String> {
    let mut out = String::with_capacity(written.len());
    let mut rest = written;
    while let Some((before, after)) = rest.split_once('&') {
        out.push_str(before);
        let end =
            after.find(|c: char| !c.is_ascii_alphanumeric() && c != '#').unwrap_or(after.len());
        let (name, behind) = after.split_at_checked(end)?;
        let closed = behind.starts_with(';');
        let number = name.strip_prefix('#').map(|digits| match digits.strip_prefix(['x', 'X']) {
            Some(hex) => u32::from_str_radix(hex, 16),
            None => digits.parse(),
        });
        let meant = match (number, name) {
            (Some(number), _) => Some(char::from_u32(number.ok()?).filter(|c| !c.is_control())?),
            (None, "amp") => Some('&'),
            (None, "lt") => Some('<'),
            (None, "gt") => Some('>'),
            (None, "quot") => Some('"'),
            (None, "apos") if closed => Some('\''),
            // `?a=1&b=2` has no reference in it.
            (None, _) if !closed => None,
            (None, _) => return None,
        };
        match meant {
            Some(c) => {
                out.push(c);
                rest = behind.strip_prefix(';').unwrap_or(behind);
            }
            None => {
                out.push('&');
                rest = after;
            }
        }
    }
    out.push_str(rest);
    Some(out)
}

/// A place a reader may go to; without what would tell there from whom the page came.
pub(super) fn link(value: &str) -> Option<String> {
    // Browsers leave out blanks at both ends, and ends of lines anywhere.
    let value: String = value.chars().filter(|c| !matches!(c, '\t' | '\n' | '\r')).collect();
    let value = value.trim_matches(|c: char| c.is_ascii_control() || c == ' ');
    let scheme = value.split(['/', '?', '#']).next().unwrap_or_default();
    if let Some((scheme, _)) = scheme.split_once(':') {
        let scheme = scheme.to_ascii_lowercase();
        if !["http", "https", "mailto", "tel"].contains(&scheme.as_str()) {
            return None;
        }
    }
    let (address, anchor) = match value.split_once('#') {
        Some((address, anchor)) => (address, Some(anchor)),
        None => (value, None),
    };
    let mut out = match address.split_once('?') {
        None => address.to_owned(),
        Some((address, asked)) => {
            let follows = |pair: &&str| {
                let name = pair.split('=').next().unwrap_or_default().to_ascii_lowercase();
                name.starts_with("utm_") || FOLLOWING.contains(&name.as_str())
            };
            let stays: Vec<&str> = asked.split('&').filter(|pair| !follows(pair)).collect();
            match stays.is_empty() {
                true => address.to_owned(),
                false => format!("{address}?{}", stays.join("&")),
            }
        }
    };
    if let Some(anchor) = anchor {
        out.push('#');
        // This one names the words somebody marked before copying the link.
        out.push_str(anchor.split(":~:").next().unwrap_or_default());
    }
    Some(out)
}

/// A file that lies beside the page or in a folder there, by its name. A way that climbs would name
/// the folders the page came from.
pub(super) fn beside(value: &str) -> Option<String> {
    let value = value.trim();
    let climbs = value.split('/').any(|part| {
        // Browsers read these as dots, too.
        part.to_ascii_lowercase().replace("%2e", ".") == ".."
    });
    let elsewhere = climbs || value.contains([':', '?', '\\', '&']) || value.starts_with('/');
    let controls = value.chars().any(|c| c.is_ascii_control());
    (!value.is_empty() && !elsewhere && !controls).then(|| value.to_owned())
}
