//! A sheet over everything else.

use ratatui::{
    buffer::Buffer,
    layout::{Position, Rect},
    style::{Color, Style},
};

use super::{FAINT, HERE, PLAIN, STRONG, put, row};
use crate::chat::{
    letters,
    sheet::{Sheet, Squares},
    state::Chat,
};

/// A code is light squares on a dark screen and the other way round; cameras want dark on light.
const CODE: Style = Style::new().fg(Color::Black).bg(Color::White);
/// Light squares around a code, on each side: four are asked for, two are enough for cameras.
const QUIET: usize = 2;

/// Rows of a field, at most.
const FIELD_ROWS_MAX: usize = 4;

/// A row of a sheet.
struct Row {
    text: String,
    style: Style,
}

pub(super) fn draw(chat: &mut Chat, area: Rect, buffer: &mut Buffer) -> Option<Position> {
    let hint = chat.tongue.word("chat-sheet");
    let small = chat.tongue.word("chat-code-small");
    let sheet = chat.sheet.as_mut()?;
    for y in area.y..area.y.saturating_add(area.height) {
        put(buffer, (area.x, y), area.width, "", PLAIN);
    }
    put(buffer, (area.x, area.y), area.width, &format!(" {}", sheet.title), STRONG);
    let inner = Rect {
        x: area.x.saturating_add(2),
        y: area.y.saturating_add(2),
        width: area.width.saturating_sub(3),
        height: area.height.saturating_sub(3),
    };
    let mut place = None;
    let mut top = 0_usize;
    if let Some((field, _)) = &sheet.field {
        let (lines, at) = field.drawn(usize::from(inner.width).saturating_sub(1));
        let skip = at.0.saturating_add(1).saturating_sub(FIELD_ROWS_MAX);
        let rows = lines.iter().skip(skip).take(FIELD_ROWS_MAX);
        top = rows.len().saturating_add(1);
        for (number, line) in rows.enumerate() {
            put(buffer, (inner.x, row(inner, number)), inner.width, line, STRONG);
        }
        let x = inner.x.saturating_add(u16::try_from(at.1).unwrap_or(0));
        let y = row(inner, at.0.saturating_sub(skip));
        place = (y < inner.bottom()).then_some(Position { x, y });
    }
    let rows = rows(sheet, usize::from(inner.width), usize::from(inner.height), &small);
    let room = usize::from(inner.height).saturating_sub(top);
    let first = first(sheet, &rows, room);
    for (at, one) in rows.iter().skip(first).take(room).enumerate() {
        let y = row(inner, at.saturating_add(top));
        let most = if one.style == CODE { super::cells(&one.text) } else { inner.width };
        put(buffer, (inner.x, y), most.min(inner.width), &one.text, one.style);
    }
    let y = area.y.saturating_add(area.height).saturating_sub(1);
    put(buffer, (area.x, y), area.width, &format!(" {hint}"), FAINT);
    place
}

/// The first row that is shown, so that the choice one is at can be seen.
fn first(sheet: &mut Sheet, rows: &[Row], room: usize) -> usize {
    sheet.scroll_max = rows.len().saturating_sub(room);
    let Some(here) = rows.iter().rposition(|row| row.style == HERE) else {
        return sheet.scroll.min(sheet.scroll_max);
    };
    here.saturating_add(1).saturating_sub(room)
}

fn rows(sheet: &Sheet, width: usize, height: usize, small: &str) -> Vec<Row> {
    let mut rows = Vec::new();
    for text in &sheet.text {
        for line in letters::wrap(text, width) {
            rows.push(Row { text: line, style: PLAIN });
        }
    }
    if !sheet.text.is_empty() && !sheet.choices.is_empty() {
        rows.push(Row { text: String::new(), style: PLAIN });
    }
    for (at, choice) in sheet.choices.iter().enumerate() {
        let style = if at == sheet.at { HERE } else { PLAIN };
        let mark = match choice.picked {
            Some(true) => "[x] ",
            Some(false) => "[ ] ",
            None => "",
        };
        rows.push(Row { text: format!("{mark}{}", choice.words), style });
    }
    if !sheet.code.is_empty() {
        rows.push(Row { text: String::new(), style: PLAIN });
        let side = sheet.code.len().saturating_add(QUIET.saturating_mul(2));
        if side > width || side.div_ceil(2) > height {
            rows.push(Row { text: small.to_owned(), style: FAINT });
        } else {
            rows.extend(blocks(&sheet.code).into_iter().map(|text| Row { text, style: CODE }));
        }
    }
    rows
}

/// Two rows of squares in one row of cells.
fn blocks(code: &Squares) -> Vec<String> {
    let side = code.len().saturating_add(QUIET.saturating_mul(2));
    let dark = |x: usize, y: usize| {
        let inside = x.checked_sub(QUIET).zip(y.checked_sub(QUIET));
        inside.and_then(|(x, y)| code.get(y)?.get(x).copied()).unwrap_or_default()
    };
    let row = |y: usize| {
        (0..side)
            .map(|x| match (dark(x, y), dark(x, y.saturating_add(1))) {
                (true, true) => '\u{2588}',
                (true, false) => '\u{2580}',
                (false, true) => '\u{2584}',
                (false, false) => ' ',
            })
            .collect()
    };
    (0..side).step_by(2).map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_in_blocks_is_the_code() {
        let code = vec![vec![true, false, true], vec![false, true, true], vec![true, true, false]];
        let drawn = blocks(&code);
        assert_eq!(drawn.len(), 4);
        for (y, line) in code.iter().enumerate() {
            for (x, dark) in line.iter().enumerate() {
                let block = drawn[(y + QUIET) / 2].chars().nth(x + QUIET).unwrap();
                let (top, bottom) = match block {
                    '\u{2588}' => (true, true),
                    '\u{2580}' => (true, false),
                    '\u{2584}' => (false, true),
                    _ => (false, false),
                };
                assert_eq!(
                    if (y + QUIET).is_multiple_of(2) { top } else { bottom },
                    *dark,
                    "{x} {y}"
                );
            }
        }
    }
}
