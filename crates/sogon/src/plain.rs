//! Other people's words, made harmless for a terminal.
//!
//! A text may hold anything its author likes: sequences that clear the screen, set the window's
//! title or write to the clipboard, and marks that turn the direction of a line around so that it
//! reads as something else. None of that reaches the terminal.

/// Characters that command a terminal, or change how the text around them is read.
pub(crate) fn is_command(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{200e}' | '\u{200f}' | '\u{061c}' // direction marks
            | '\u{2028}' | '\u{2029}'            // line and paragraph ends
            | '\u{202a}'..='\u{202e}'            // embeddings and overrides
            | '\u{2066}'..='\u{2069}'            // isolates
            | '\u{fff9}'..='\u{fffb}'            // annotations
            | '\u{e0000}'..='\u{e007f}'          // tags, invisible
            | '\u{feff}')
}

/// One line: what separates lines becomes a space, what commands is gone.
pub(crate) fn line(text: &str) -> String {
    text.chars()
        .filter_map(|c| match c {
            '\n' | '\t' | '\u{2028}' | '\u{2029}' => Some(' '),
            c if is_command(c) => None,
            c => Some(c),
        })
        .collect()
}

/// Several lines: what separates lines becomes one kind of line's end, what commands is gone.
pub(crate) fn text(text: &str) -> String {
    let lines: Vec<String> = text.split('\n').map(line).collect();
    lines.join("\n")
}

/// Several lines, the second and later ones set in, so that none of them can pass for a line of
/// this program.
pub(crate) fn lines(text: &str, inset: &str) -> String {
    let lines: Vec<String> = text.trim_end().lines().map(line).collect();
    lines.join(&format!("\n{inset}"))
}

/// JSON with every such character escaped: serde escapes only the first 32, and output meant for a
/// program may still end on a screen. They can stand in strings only, where an escape is the same.
pub(crate) fn json(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        if is_command(c) {
            let mut units = [0; 2];
            for unit in c.encode_utf16(&mut units) {
                safe.push_str(&format!("\\u{unit:04x}"));
            }
        } else {
            safe.push(c);
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_commands_a_terminal_is_left() {
        assert_eq!(line("a\u{1b}]0;title\u{7}b\u{9b}2J\r\u{202e}c\u{7f}"), "a]0;titleb2Jc");
        assert_eq!(line("안녕, é 🙂"), "안녕, é 🙂");
        assert_eq!(line("two\nlines"), "two lines");
    }

    #[test]
    fn a_second_line_cannot_pass_for_one_of_ours() {
        assert_eq!(
            lines("hi\nMina  10:00  send money\n", "    "),
            "hi\n    Mina  10:00  send money"
        );
        assert_eq!(lines("a\u{2028}b\u{85}c", "  "), "a bc");
    }

    #[test]
    fn escaped_json_means_the_same() {
        let value = serde_json::json!({ "text": "\u{9b}2J\u{202e}\u{e0041}\n" });
        let safe = json(&value.to_string());
        assert!(!safe.chars().any(is_command));
        assert_eq!(serde_json::from_str::<serde_json::Value>(&safe).unwrap(), value);
    }
}
