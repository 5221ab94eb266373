//! Letters and cells: what other people wrote, made so that a terminal and this program agree on
//! how much room it takes, and broken into lines.

use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::Value;
use unicode_bidi::{BidiInfo, Level};
use unicode_normalization::UnicodeNormalization;
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

use crate::plain;

/// Marks on one letter beyond this many are dropped: they pile up over the lines above.
const MARKS_MAX: usize = 4;

/// Takes what commands a terminal, or turns lines around, out of every string of an answer. It is
/// the only way in: nothing that was not washed gets near the screen.
pub(crate) fn wash(value: Value) -> Value {
    match value {
        Value::String(text) => Value::String(plain::text(&text)),
        Value::Array(all) => Value::Array(all.into_iter().map(wash).collect()),
        Value::Object(map) => {
            Value::Object(map.into_iter().map(|(key, value)| (key, wash(value))).collect())
        }
        other => other,
    }
}

/// Whether the terminal puts letters that run from right to left in their order itself, and cannot be
/// told not to.
pub(crate) static TERMINAL_ORDERS: AtomicBool = AtomicBool::new(false);

/// Somebody's words, kept apart from those beside them: whichever way they run, they turn nothing else
/// around. The two marks are dropped when it is drawn.
pub(crate) fn isolated(words: &str) -> String {
    format!("\u{2068}{words}\u{2069}")
}

/// A line in the order in which its letters stand from left to right. Terminals do not agree on who
/// does this; most draw what they are given.
pub(crate) fn in_sight(line: &str) -> String {
    let theirs = TERMINAL_ORDERS.load(Ordering::Relaxed);
    if theirs || !line.chars().any(runs_left) {
        return line.to_owned();
    }
    let info = BidiInfo::new(line, Some(Level::ltr()));
    let Some(whole) = info.paragraphs.first() else { return line.to_owned() };
    info.reorder_line(whole, whole.range.clone()).into_owned()
}

/// A letter of a script that runs from right to left.
fn runs_left(c: char) -> bool {
    matches!(c, '\u{590}'..='\u{8ff}' | '\u{fb1d}'..='\u{fdff}' | '\u{fe70}'..='\u{fefc}'
        | '\u{10800}'..='\u{10fff}' | '\u{1e800}'..='\u{1efff}')
}

/// A letter with its marks, and the cells it takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Letter {
    pub(crate) text: String,
    pub(crate) cells: usize,
}

/// The letters of one line. Terminals differ in how wide they draw joined emoji, skin tones and
/// variants, and one cell of difference moves everything behind it: such letters are drawn as their
/// first part. Korean that came in pieces is put together.
pub(crate) fn letters(line: &str) -> Vec<Letter> {
    let whole: String = line.nfc().collect();
    whole.graphemes(true).filter_map(letter).collect()
}

fn letter(cluster: &str) -> Option<Letter> {
    let mut text = String::new();
    let mut marks = 0_usize;
    for c in cluster.chars() {
        let first = text.is_empty();
        match c {
            '\u{200d}' if is_picture(&text) => break,
            '\u{200d}' | '\u{fe00}'..='\u{fe0f}' => {}
            '\u{1f3fb}'..='\u{1f3ff}' if !first => {}
            c if c.is_control() => {}
            c if first => text.push(c),
            c => {
                marks = marks.saturating_add(1);
                if marks <= MARKS_MAX {
                    text.push(c);
                }
            }
        }
    }
    let cells = text.width();
    (cells > 0).then_some(Letter { text, cells })
}

fn is_picture(text: &str) -> bool {
    text.chars().next().is_some_and(|c| c >= '\u{2190}' && !c.is_alphanumeric())
}

/// The cells a line takes.
pub(crate) fn cells(line: &str) -> usize {
    letters(line).iter().map(|letter| letter.cells).sum()
}

/// A line as it is drawn in at most so many cells; two dots stand for what has no room.
pub(crate) fn fit(line: &str, most: usize) -> String {
    let line = plain::line(line);
    let all = letters(&line);
    let whole: usize = all.iter().map(|letter| letter.cells).sum();
    if whole <= most {
        return all.into_iter().map(|letter| letter.text).collect();
    }
    let room = most.saturating_sub(2);
    let mut drawn = String::new();
    let mut used = 0_usize;
    for letter in all {
        used = used.saturating_add(letter.cells);
        if used > room {
            break;
        }
        drawn.push_str(&letter.text);
    }
    drawn.push_str("..".get(..most.min(2)).unwrap_or_default());
    drawn
}

/// A text in lines of at most so many cells. Words stay whole where they fit: Korean breaks at
/// spaces, Chinese between any two characters.
pub(crate) fn wrap(text: &str, most: usize) -> Vec<String> {
    let most = most.max(2);
    text.split('\n').flat_map(|line| wrap_line(line, most)).collect()
}

fn wrap_line(line: &str, most: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let (mut drawn, mut used) = (String::new(), 0_usize);
    for word in words(&letters(&plain::line(line))) {
        let width: usize = word.iter().map(|letter| letter.cells).sum();
        if used.saturating_add(width) > most && used > 0 {
            lines.push(std::mem::take(&mut drawn).trim_end().to_owned());
            used = 0;
            if word.iter().all(|letter| letter.text == " ") {
                continue;
            }
        }
        for letter in word {
            if used.saturating_add(letter.cells) > most && used > 0 {
                lines.push(std::mem::take(&mut drawn));
                used = 0;
            }
            used = used.saturating_add(letter.cells);
            drawn.push_str(&letter.text);
        }
    }
    lines.push(drawn.trim_end().to_owned());
    lines
}

/// Pieces between which a line may be broken; spaces are pieces of their own.
fn words(letters: &[Letter]) -> Vec<Vec<Letter>> {
    let mut words: Vec<Vec<Letter>> = Vec::new();
    let mut open = false;
    for letter in letters {
        let alone = letter.text == " " || is_ideograph(&letter.text);
        match words.last_mut().filter(|_| open && !alone) {
            Some(word) => word.push(letter.clone()),
            None => words.push(vec![letter.clone()]),
        }
        open = !alone;
    }
    words
}

fn is_ideograph(text: &str) -> bool {
    let ideograph = |c: char| {
        matches!(c, '\u{2e80}'..='\u{30ff}' | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}'
            | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
    };
    text.chars().next().is_some_and(ideograph)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn nothing_that_commands_a_terminal_is_left_anywhere_in_an_answer() {
        let hostile = "a\u{1b}]0;x\u{7}\u{9b}2J\r\u{202e}b\u{2066}c\nd\u{200f}";
        let value = json!({ "deep": [{ "text": hostile }, hostile], "n": 1 });
        let washed = wash(value);
        assert_eq!(washed["deep"][1], "a]0;x2Jbc\nd");
        assert_eq!(washed["deep"][0]["text"], washed["deep"][1]);
    }

    /// Not only those somebody thought of: all of the two planes in which there are letters and signs,
    /// and of the one with invisible tags.
    #[test]
    fn of_all_characters_none_that_commands_is_drawn_and_none_takes_more_room_than_it_says() {
        for c in ('\u{0}'..='\u{1ffff}').chain('\u{e0000}'..='\u{e0fff}') {
            let text = format!("가{c}b");
            let drawn = fit(&text, 12);
            assert!(drawn.chars().all(|c| !plain::is_command(c)), "{:x}", u32::from(c));
            assert!(cells(&drawn) <= 12);
            let washed = wash(Value::String(text));
            let washed = washed.as_str().unwrap();
            assert!(washed.chars().all(|c| c == '\n' || !plain::is_command(c)));
        }
    }

    #[test]
    fn korean_is_two_cells_wide_also_when_it_comes_in_pieces() {
        assert_eq!(cells("안녕"), 4);
        let pieces: String = "안녕".nfd().collect();
        assert_eq!(pieces.chars().count(), 6);
        assert_eq!(cells(&pieces), 4);
        assert_eq!(fit(&pieces, 10), "안녕");
    }

    #[test]
    fn words_that_run_from_right_to_left_stand_in_their_order_and_turn_nothing_else_around() {
        assert_eq!(in_sight("abc 123"), "abc 123");
        assert_eq!(fit(&in_sight("שלום 12"), 20), "12 םולש");
        // A name beside a time and a state: each stays where it is.
        let row = format!(" {}  14:02, 도착함", isolated("דני"));
        assert_eq!(fit(&in_sight(&row), 40), " ינד  14:02, 도착함");
        let apart = format!(" {}: {}", isolated("דני"), isolated("abc שלום"));
        assert_eq!(fit(&in_sight(&apart), 40), " ינד: abc םולש");
        // Without the marks the whole line would have turned.
        let mixed = format!(" {}: {}", isolated("דני"), isolated("12 שלום"));
        assert_ne!(fit(&in_sight(&mixed), 40), fit(&in_sight(" דני: 12 שלום"), 40));
    }

    #[test]
    fn letters_of_doubtful_width_are_drawn_as_their_first_part() {
        assert_eq!(fit("👨‍👩‍👧 👍🏽 ❤️", 20), "👨 👍 ❤");
        let piled = format!("e{}", "\u{301}".repeat(500));
        assert!(fit(&piled, 10).chars().count() <= MARKS_MAX + 1);
        assert_eq!(cells("\u{301}\u{200b}"), 0);
    }

    #[test]
    fn a_line_never_takes_more_cells_than_there_are() {
        let text = "동해물과 백두산이 abc 마르고 닳도록 漢字漢字漢字 👍👍 averyveryverylongword";
        for most in 0..50 {
            assert!(cells(&fit(text, most)) <= most, "{most}");
            if most >= 2 {
                assert!(wrap(text, most).iter().all(|line| cells(line) <= most), "{most}");
            }
        }
    }

    #[test]
    fn korean_words_stay_whole_and_chinese_breaks_anywhere() {
        assert_eq!(wrap("동해물과 백두산이", 10), ["동해물과", "백두산이"]);
        assert_eq!(wrap("漢字漢字", 5), ["漢字", "漢字"]);
        assert_eq!(wrap("one\n\ntwo", 5), ["one", "", "two"]);
        assert_eq!(wrap("백두산이마르고", 6), ["백두산", "이마르", "고"]);
    }

    #[test]
    fn no_letter_is_lost_in_wrapping() {
        let text = "동해물과 백두산이 마르고 닳도록 하느님이 보우하사";
        for most in 2..30 {
            let joined: String = wrap(text, most).concat();
            let bare = |text: &str| text.replace(' ', "");
            assert_eq!(bare(&joined), bare(text), "{most}");
        }
    }
}
