//! The screen as it is now. No lines and corners are drawn: their width is in doubt where Korean and
//! Chinese terminals take them for two cells; colour and room part what belongs apart.

use ratatui::{
    buffer::Buffer,
    layout::{Position, Rect},
    style::{Color, Modifier, Style},
};

mod list;
mod pane;
mod sheet;

use super::{
    letters,
    state::{Chat, Focus},
};
use crate::commands::{seconds, size};

/// From so many cells on the list stands beside the conversation.
const BESIDE: u16 = 72;

pub(super) const PLAIN: Style = Style::new();
pub(super) const FAINT: Style = Style::new().add_modifier(Modifier::DIM);
pub(super) const STRONG: Style = Style::new().add_modifier(Modifier::BOLD);
pub(super) const HERE: Style = Style::new().add_modifier(Modifier::REVERSED);
pub(super) const ACCENT: Style = Style::new().fg(Color::Cyan);
pub(super) const BAD: Style = Style::new().fg(Color::Red).add_modifier(Modifier::BOLD);

/// Draws everything; gives back where one writes.
pub(crate) fn draw(chat: &mut Chat, area: Rect, buffer: &mut Buffer) -> Option<Position> {
    let (width, height) = (area.width, area.height);
    if width < 12 || height < 5 {
        return None;
    }
    if let Some(number) = &chat.hidden {
        harmless(chat, number.text(), area, buffer);
        return None;
    }
    let middle = Rect { y: area.y.saturating_add(1), height: height.saturating_sub(2), ..area };
    head(chat, area, buffer);
    foot(chat, area, buffer);
    let mut place = None;
    if width >= BESIDE {
        let side = width.div_euclid(3).clamp(24, 40);
        list::draw(chat, Rect { width: side, ..middle }, buffer);
        let left = area.x.saturating_add(side).saturating_add(1);
        let rest = Rect { x: left, width: width.saturating_sub(side).saturating_sub(1), ..middle };
        place = pane::draw(chat, rest, buffer);
    } else if chat.focus == Focus::List || chat.pane.is_none() {
        list::draw(chat, middle, buffer);
    } else {
        place = pane::draw(chat, middle, buffer);
    }
    if chat.sheet.is_some() {
        place = sheet::draw(chat, middle, buffer);
    }
    place
}

/// Puts a line at a place, in at most so many cells; the rest of them is blank. What is beyond the
/// screen is not drawn.
pub(super) fn put(buffer: &mut Buffer, at: (u16, u16), most: u16, text: &str, style: Style) {
    let area = *buffer.area();
    if !area.contains(Position { x: at.0, y: at.1 }) {
        return;
    }
    let most = most.min(area.right().saturating_sub(at.0));
    let fitting = letters::fit(&letters::in_sight(text), usize::from(most));
    let blank = usize::from(most).saturating_sub(letters::cells(&fitting));
    let line = format!("{fitting}{}", " ".repeat(blank));
    buffer.set_stringn(at.0, at.1, line, usize::from(most), style);
}

/// The cells of a text, as a coordinate.
pub(super) fn cells(text: &str) -> u16 {
    u16::try_from(letters::cells(text)).unwrap_or(u16::MAX)
}

/// Rows that can be had as a coordinate.
pub(super) fn row(area: Rect, at: usize) -> u16 {
    area.y.saturating_add(u16::try_from(at).unwrap_or(u16::MAX))
}

/// Whose home this is, and when it speaks.
fn head(chat: &Chat, area: Rect, buffer: &mut Buffer) {
    let unread = match chat.list.unread {
        0 => String::new(),
        count => format!("  ({count})"),
    };
    put(buffer, (area.x, area.y), area.width, &format!(" {}{unread}", chat.name), HERE);
    let pace = chat.foot.tally.as_ref().map(|tally| tally.pace.as_str());
    let id = match pace {
        Some("quiet") => "pace-quiet-now",
        Some("steady") => "pace-steady-now",
        _ => return,
    };
    let words = chat.tongue.word(id);
    let cells = cells(&words).saturating_add(1);
    if cells.saturating_add(20) < area.width {
        let x = area.x.saturating_add(area.width).saturating_sub(cells);
        put(buffer, (x, area.y), cells, &words, HERE);
    }
}

/// What was sent, who does not answer, what was just done.
fn foot(chat: &Chat, area: Rect, buffer: &mut Buffer) {
    let y = area.y.saturating_add(area.height).saturating_sub(1);
    let (words, style) = status(chat);
    put(buffer, (area.x, y), area.width, &format!(" {words}"), style);
    let keys = chat.tongue.word("chat-keys");
    let wide = cells(&keys).saturating_add(1);
    if cells(&words).saturating_add(wide).saturating_add(3) <= area.width {
        let x = area.x.saturating_add(area.width).saturating_sub(wide);
        put(buffer, (x, y), wide, &keys, FAINT);
    }
}

fn status(chat: &Chat) -> (String, Style) {
    if let Some((note, bad)) = &chat.foot.note {
        return (note.clone(), if *bad { BAD } else { ACCENT });
    }
    if chat.foot.syncing {
        return (chat.tongue.word("syncing"), FAINT);
    }
    let Some(tally) = &chat.foot.tally else { return (String::new(), FAINT) };
    let count = tally.waiting.to_string();
    if !tally.silent.is_empty() {
        let id = if tally.waiting > 0 { "relay-silent-waiting" } else { "relay-silent" };
        let hosts = tally.silent.join(", ");
        return (chat.tongue.tell(id, &[("host", &hosts), ("count", &count)]), BAD);
    }
    let (id, sums) = match chat.foot.burst {
        Some(burst) => ("last-burst", burst),
        None => ("since-open", tally.sums),
    };
    let (up, down, air) = (size(sums.up), size(sums.down), seconds(sums.air_ms));
    let mut words = chat.tongue.tell(id, &[("up", &up), ("down", &down), ("air", &air)]);
    if tally.waiting > 0 {
        words.push(' ');
        words.push_str(&chat.tongue.tell("waiting-count", &[("count", &count)]));
    }
    (words, FAINT)
}

/// Units and what they are in others: nothing of a home.
fn harmless(chat: &Chat, number: &str, area: Rect, buffer: &mut Buffer) {
    const UNITS: &[(&str, &str, u64)] =
        &[("kg", "lb", 220_462), ("km", "mi", 62_137), ("cm", "in", 39_370), ("l", "gal", 26_417)];
    put(buffer, (area.x, area.y), area.width, &format!(" {}", chat.tongue.word("units")), STRONG);
    let given: u64 = number.parse().unwrap_or(0);
    for (at, (one, other, factor)) in UNITS.iter().enumerate() {
        let parts = given.saturating_mul(*factor);
        let (whole, rest) = (parts.div_euclid(100_000), parts.rem_euclid(100_000).div_euclid(100));
        let line = format!("   {given:>9} {one:<4} {whole:>9}.{rest:03} {other}");
        put(buffer, (area.x, row(area, at.saturating_add(2))), area.width, &line, PLAIN);
    }
}
