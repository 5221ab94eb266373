//! Words that are being written, and the place in them where one writes.

use unicode_segmentation::UnicodeSegmentation;

use super::letters::letters;
use crate::plain;

/// A field of one line, or of several.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Field {
    text: String,
    /// Bytes before the place; always between two letters.
    at: usize,
}

impl Field {
    pub(crate) fn new(text: &str) -> Self {
        Self { text: text.to_owned(), at: text.len() }
    }

    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    pub(crate) fn take(&mut self) -> String {
        self.at = 0;
        std::mem::take(&mut self.text)
    }

    /// Puts in what was typed or pasted; what commands a terminal stays out.
    pub(crate) fn put(&mut self, text: &str) {
        let text = plain::text(&text.replace("\r\n", "\n").replace('\r', "\n"));
        if self.text.is_char_boundary(self.at) {
            self.text.insert_str(self.at, &text);
            self.at = self.at.saturating_add(text.len());
        }
    }

    pub(crate) fn back(&mut self) {
        let end = self.at;
        self.left();
        self.text.replace_range(self.at..end, "");
    }

    pub(crate) fn remove(&mut self) {
        let start = self.at;
        self.right();
        let end = std::mem::replace(&mut self.at, start);
        self.text.replace_range(start..end, "");
    }

    /// Back to where a word begins.
    pub(crate) fn back_word(&mut self) {
        let end = self.at;
        let before = self.before();
        let kept = before.trim_end();
        let word = kept.rfind(char::is_whitespace).map_or(0, |at| {
            at.saturating_add(
                kept.get(at..).and_then(|rest| rest.chars().next()).map_or(0, char::len_utf8),
            )
        });
        self.at = word;
        self.text.replace_range(word..end, "");
    }

    pub(crate) fn left(&mut self) {
        let last = self.before().graphemes(true).next_back().map_or(0, str::len);
        self.at = self.at.saturating_sub(last);
    }

    pub(crate) fn right(&mut self) {
        let next = self.behind().graphemes(true).next().map_or(0, str::len);
        self.at = self.at.saturating_add(next);
    }

    pub(crate) fn home(&mut self) {
        self.at = self.before().rfind('\n').map_or(0, |at| at.saturating_add(1));
    }

    pub(crate) fn end(&mut self) {
        let rest = self.behind();
        let more = rest.find('\n').unwrap_or(rest.len());
        self.at = self.at.saturating_add(more);
    }

    /// To the line above; false when there is none.
    pub(crate) fn up(&mut self) -> bool {
        let column = self.column();
        self.home();
        if self.at == 0 {
            return false;
        }
        self.at = self.at.saturating_sub(1);
        self.home();
        self.go(column);
        true
    }

    /// To the line below; false when there is none.
    pub(crate) fn down(&mut self) -> bool {
        let column = self.column();
        self.end();
        if self.behind().is_empty() {
            return false;
        }
        self.at = self.at.saturating_add(1);
        self.go(column);
        true
    }

    fn column(&self) -> usize {
        let line = self.before().rsplit('\n').next().unwrap_or_default();
        line.graphemes(true).count()
    }

    fn go(&mut self, column: usize) {
        let line = self.behind().split('\n').next().unwrap_or_default();
        let more: usize = line.graphemes(true).take(column).map(str::len).sum();
        self.at = self.at.saturating_add(more);
    }

    fn before(&self) -> &str {
        self.text.get(..self.at).unwrap_or_default()
    }

    fn behind(&self) -> &str {
        self.text.get(self.at..).unwrap_or_default()
    }

    /// The field in lines of so many cells, and the line and cell of the place.
    pub(crate) fn drawn(&self, most: usize) -> (Vec<String>, (usize, usize)) {
        let mut lines = broken(self.before(), most);
        let line = lines.len().saturating_sub(1);
        let cell = lines.last().map_or(0, |line| super::letters::cells(line));
        let whole = broken(&self.text, most);
        let place = if cell >= most { (line.saturating_add(1), 0) } else { (line, cell) };
        lines = whole;
        if place.0 >= lines.len() {
            lines.push(String::new());
        }
        (lines, place)
    }
}

/// Lines broken where they are full, so that what is before a place does not move what follows.
fn broken(text: &str, most: usize) -> Vec<String> {
    let most = most.max(2);
    let mut lines = Vec::new();
    for line in text.split('\n') {
        let (mut drawn, mut used) = (String::new(), 0_usize);
        for letter in letters(line) {
            if used.saturating_add(letter.cells) > most {
                lines.push(std::mem::take(&mut drawn));
                used = 0;
            }
            used = used.saturating_add(letter.cells);
            drawn.push_str(&letter.text);
        }
        lines.push(drawn);
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_come_and_go_whole() {
        let mut field = Field::default();
        field.put("안녕👨‍👩‍👧");
        field.back();
        assert_eq!(field.text(), "안녕");
        field.left();
        field.put("!");
        assert_eq!(field.text(), "안!녕");
        field.remove();
        assert_eq!(field.text(), "안!");
        field.back_word();
        assert!(field.is_empty());
        field.back();
        field.remove();
        field.put("one  two");
        field.back_word();
        assert_eq!(field.text(), "one  ");
    }

    #[test]
    fn what_is_pasted_cannot_command_the_terminal_and_keeps_its_lines() {
        let mut field = Field::default();
        field.put("a\r\nb\u{1b}[2J\u{202e}\rc");
        assert_eq!(field.text(), "a\nb[2J\nc");
    }

    #[test]
    fn the_place_goes_up_and_down_through_lines() {
        let mut field = Field::new("가나다\n라\n마바사");
        assert!(field.up());
        field.put("1");
        assert_eq!(field.text(), "가나다\n라1\n마바사");
        assert!(field.up());
        assert!(!field.up());
        assert!(field.down() && field.down() && !field.down());
        field.home();
        field.put("2");
        field.end();
        field.put("3");
        assert_eq!(field.text(), "가나다\n라1\n2마바사3");
    }

    #[test]
    fn the_place_is_where_the_next_letter_comes() {
        let field = Field::new("가나다라");
        assert_eq!(field.drawn(8), (vec!["가나다라".into(), String::new()], (1, 0)));
        assert_eq!(field.drawn(5), (vec!["가나".into(), "다라".into()], (1, 4)));
        assert_eq!(Field::new("a\n").drawn(9), (vec!["a".into(), String::new()], (1, 0)));
        assert_eq!(Field::default().drawn(9), (vec![String::new()], (0, 0)));
    }
}
