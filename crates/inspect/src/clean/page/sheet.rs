//! Sheets of styles (CSS Syntax 3) without comments and without anything that is fetched: how a page
//! looks stays as far as the page itself says it.

use crate::clean::{Job, Kind, Refusal, embedded};

/// Functions whose argument is a place, in a form of its own.
const FETCHING: [&str; 7] =
    ["image-set", "-webkit-image-set", "image", "src", "cross-fade", "element", "expression"];
/// Rules that name another file, or how this one is written.
const ELSEWHERE: [&str; 3] = ["import", "charset", "namespace"];

/// The sheet without what is fetched; pictures in it are cleaned. `None`: it hides what it fetches.
///
/// # Errors
/// A picture in it that cannot be cleaned.
pub(super) fn sheet(text: &str, job: &mut Job<'_>) -> Result<Option<String>, Refusal> {
    let bare = uncommented(text);
    let mut out = String::with_capacity(bare.len());
    let mut rest = bare.as_str();
    while let Some(first) = rest.chars().next() {
        if let Some(quoted) = quoted(rest) {
            out.push_str(quoted);
            rest = rest.get(quoted.len()..).unwrap_or_default();
        } else if first == '@' || named(first) {
            let at = first == '@';
            let written: &str = rest.get(usize::from(at)..).unwrap_or_default();
            let (raw, meant) = identifier(written);
            let after = written.get(raw.len()..).unwrap_or_default();
            let meant = meant.to_ascii_lowercase();
            let calls = after.starts_with('(');
            let fetches = meant == "url" || FETCHING.contains(&meant.as_str());
            let special = at && ELSEWHERE.contains(&meant.as_str()) || calls && fetches;
            if special && !raw.eq_ignore_ascii_case(&meant) {
                return Ok(None);
            }
            if raw.is_empty() {
                out.push(first);
                rest = rest.get(first.len_utf8()..).unwrap_or_default();
            } else if at && special {
                rest = behind_rule(after);
            } else if special {
                let (argument, behind) = call(after);
                out.push_str(&kept(&meant, argument, job)?);
                rest = behind;
            } else {
                out.push_str(rest.get(..usize::from(at)).unwrap_or_default());
                out.push_str(raw);
                rest = after;
            }
        } else {
            out.push(first);
            rest = rest.get(first.len_utf8()..).unwrap_or_default();
        }
    }
    Ok(Some(out))
}

/// What stands in the place of a call that names a place.
fn kept(name: &str, argument: &str, job: &mut Job<'_>) -> Result<String, Refusal> {
    let place = argument.trim();
    let bare = place.trim_matches(['"', '\'']);
    if name == "url" && bare.starts_with('#') && !bare.contains(['"', '\'', '\\', '(', '<']) {
        return Ok(format!("url(\"{bare}\")"));
    }
    let clean = match name {
        // A backslash would hide where the link ends.
        "url" if !bare.contains('\\') => embedded::picture(bare, Kind::Html, job)?,
        _ => None,
    };
    Ok(clean.map_or("none".to_owned(), |link| format!("url(\"{link}\")")))
}

/// Without comments, and without what hides a sheet from old browsers. In a string nothing is one.
fn uncommented(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        if let Some(comment) = rest.strip_prefix("/*") {
            rest = comment.split_once("*/").map_or("", |(_, behind)| behind);
            // What stood on both sides of a comment stays two words.
            out.push(' ');
        } else if let Some(behind) = rest.strip_prefix("<!--").or(rest.strip_prefix("-->")) {
            rest = behind;
        } else if let Some(string) = quoted(rest) {
            out.push_str(string);
            rest = rest.get(string.len()..).unwrap_or_default();
        } else {
            out.push(first);
            rest = rest.get(first.len_utf8()..).unwrap_or_default();
        }
    }
    out
}

/// A string at the beginning, with its quotes; it ends at the end of its line at the latest.
fn quoted(text: &str) -> Option<&str> {
    let quote = text.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    let mut chars = text.char_indices().skip(1);
    while let Some((at, c)) = chars.next() {
        match c {
            '\\' => {
                chars.next();
            }
            '\n' => return text.get(..at),
            c if c == quote => return text.get(..=at),
            _ => {}
        }
    }
    Some(text)
}

fn named(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '\\') || !c.is_ascii()
}

/// A name at the beginning as it is written, and as it is meant.
fn identifier(text: &str) -> (&str, String) {
    let mut meant = String::new();
    let mut chars = text.char_indices().peekable();
    let mut end = 0;
    while let Some((at, c)) = chars.next() {
        if !named(c) {
            break;
        }
        end = at.saturating_add(c.len_utf8());
        if c != '\\' {
            meant.push(c);
            continue;
        }
        let mut digits = String::new();
        while let Some((at, digit)) = chars.next_if(|(_, c)| c.is_ascii_hexdigit()) {
            digits.push(digit);
            end = at.saturating_add(1);
            if digits.len() == 6 {
                break;
            }
        }
        if digits.is_empty() {
            if let Some((at, c)) = chars.next() {
                meant.push(c);
                end = at.saturating_add(c.len_utf8());
            }
            continue;
        }
        let code = u32::from_str_radix(&digits, 16).ok().and_then(char::from_u32);
        meant.push(code.unwrap_or('\u{fffd}'));
        if let Some((at, blank)) = chars.next_if(|(_, c)| c.is_ascii_whitespace()) {
            end = at.saturating_add(blank.len_utf8());
        }
    }
    (text.get(..end).unwrap_or_default(), meant)
}

/// Behind a rule that has no block.
fn behind_rule(text: &str) -> &str {
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let bytes = quoted(rest).map_or(first.len_utf8(), str::len);
        rest = rest.get(bytes..).unwrap_or_default();
        if first == ';' {
            break;
        }
    }
    rest
}

/// The argument of a call at its bracket, and what stands behind it.
fn call(text: &str) -> (&str, &str) {
    let inside = text.get(1..).unwrap_or_default();
    let mut rest = inside;
    let mut depth = 0_u32;
    while let Some(first) = rest.chars().next() {
        let at = inside.len().saturating_sub(rest.len());
        let bytes = quoted(rest).map_or(first.len_utf8(), str::len);
        rest = rest.get(bytes..).unwrap_or_default();
        match first {
            '(' => depth = depth.saturating_add(1),
            ')' if depth == 0 => return (inside.get(..at).unwrap_or_default(), rest),
            ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    (inside, "")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clean::Options;

    fn clean(text: &str) -> Option<String> {
        let options = Options::default();
        sheet(text, &mut Job::new(&options)).unwrap()
    }

    #[test]
    fn looks_stay_and_places_go() {
        for (before, after) in [
            (
                "a > b { color: red; content: \"/* url(x) */\\201c\" }",
                "a > b { color: red; content: \"/* url(x) */\\201c\" }",
            ),
            ("a{/* CANARY */b:c}", "a{ b:c}"),
            ("<!-- a{b:c} -->", " a{b:c} "),
            ("@import url('https://x/y.css'); a{b:c}", " a{b:c}"),
            ("@IMPORT \"x;y\" screen;a{}", "a{}"),
            ("@media (max-width: 3em) { a { b: c } }", "@media (max-width: 3em) { a { b: c } }"),
            ("a{background:URL( https://x/\"y\" ) red}", "a{background:none red}"),
            ("a{background:url('x)y.png')}", "a{background:none}"),
            ("a{fill:url(#g)}", "a{fill:url(\"#g\")}"),
            ("a{background:image-set(\"x.png\" 1x, url(y.png) 2x)}", "a{background:none}"),
            (
                ".md\\:flex,.w-\\[3px\\]{scroll-behavior:smooth}",
                ".md\\:flex,.w-\\[3px\\]{scroll-behavior:smooth}",
            ),
            ("a{width:calc((1px + 2px) * 3)}", "a{width:calc((1px + 2px) * 3)}"),
            ("a{b:url(", "a{b:none"),
            ("a{b:'never", "a{b:'never"),
        ] {
            assert_eq!(clean(before).as_deref(), Some(after), "{before}");
            assert_eq!(clean(after).as_deref(), Some(after), "a second time: {after}");
        }
    }

    #[test]
    fn a_sheet_that_hides_what_it_fetches_goes() {
        for text in ["a{b:u\\72l(x)}", "@\\69mport 'x';", "a{b:\\75 rl(x)}"] {
            assert_eq!(clean(text), None, "{text}");
        }
    }
}
