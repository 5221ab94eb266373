//! A conversation: its head, what was said under lines of days, and what one writes.

use ratatui::{
    buffer::Buffer,
    layout::{Position, Rect},
    style::Style,
};

use super::{ACCENT, BAD, FAINT, HERE, PLAIN, STRONG, put, row};
use crate::chat::{
    letters,
    shown::{Head, Message},
    state::{Chat, Focus, Pane, Writing},
    tongue::{Tongue, same_day},
};

/// Rows of what one writes, at most.
const WRITE_ROWS_MAX: usize = 6;

/// A row of what was said, and which message it belongs to.
struct Row {
    text: String,
    style: Style,
    message: Option<usize>,
}

pub(super) fn draw(chat: &mut Chat, area: Rect, buffer: &mut Buffer) -> Option<Position> {
    let focus = chat.focus;
    let sheet = chat.sheet.is_some();
    let Chat { tongue, pane, now_s, .. } = chat;
    let Some(pane) = pane.as_mut() else {
        let words = [tongue.word("welcome"), tongue.word("welcome-what")];
        for (at, line) in words.iter().enumerate() {
            let y = row(area, at.saturating_add(usize::from(area.height.div_euclid(3))));
            put(buffer, (area.x.saturating_add(2), y), area.width.saturating_sub(2), line, FAINT);
        }
        return None;
    };
    head(tongue, &pane.head, area, buffer);
    let inner = usize::from(area.width).saturating_sub(2);
    let (mut written, mut place) = pane.field.drawn(inner.saturating_sub(1));
    // The rows around the place, when there are more than there is room for.
    let skip = place.0.saturating_add(1).saturating_sub(WRITE_ROWS_MAX);
    written = written.into_iter().skip(skip).take(WRITE_ROWS_MAX).collect();
    place.0 = place.0.saturating_sub(skip);
    let about = about(tongue, pane);
    let foot = written.len().saturating_add(usize::from(about.is_some()));
    let height = usize::from(area.height).saturating_sub(foot).saturating_sub(1);
    let said =
        Rect { y: area.y.saturating_add(1), height: u16::try_from(height).unwrap_or(0), ..area };
    messages(tongue, pane, *now_s, said, buffer);
    let mut at = height.saturating_add(1);
    if let Some(about) = about {
        put(buffer, (area.x, row(area, at)), area.width, &format!(" {about}"), ACCENT);
        at = at.saturating_add(1);
    }
    let style = if focus == Focus::Write { STRONG } else { PLAIN };
    for (number, line) in written.iter().enumerate() {
        let y = row(area, at.saturating_add(number));
        let sign = if number == 0 && skip == 0 { ">" } else { " " };
        put(buffer, (area.x, y), 2, sign, ACCENT);
        put(buffer, (area.x.saturating_add(2), y), area.width.saturating_sub(2), line, style);
    }
    if pane.field.is_empty() {
        let words = if pane.head.open {
            tongue.tell("write-to", &[("name", &pane.head.title)])
        } else {
            tongue.word("over")
        };
        let x = area.x.saturating_add(2);
        put(buffer, (x, row(area, at)), area.width.saturating_sub(2), &words, FAINT);
    }
    let x = area.x.saturating_add(2).saturating_add(u16::try_from(place.1).unwrap_or(0));
    let here = Position { x, y: row(area, at.saturating_add(place.0)) };
    (focus == Focus::Write && !sheet).then_some(here)
}

fn head(tongue: &Tongue, head: &Head, area: Rect, buffer: &mut Buffer) {
    let about = match &head.contact {
        _ if !head.known => String::new(),
        Some((_, _, true)) => tongue.word("verified"),
        Some((_, _, false)) => tongue.word("unverified"),
        None => tongue.tell("member-count", &[("count", &head.count.to_string())]),
    };
    let fades = if head.timer_s.is_some() { tongue.word("timer-on") } else { String::new() };
    let parts = [about, fades].into_iter().filter(|part| !part.is_empty());
    let about = parts.collect::<Vec<_>>().join(", ");
    let half = area.width.div_euclid(2);
    let title = letters::fit(&head.title, usize::from(half));
    put(buffer, (area.x, area.y), area.width, &format!(" {title}  {about}"), FAINT);
    let title = format!(" {title}");
    let wide = super::cells(&title);
    put(buffer, (area.x, area.y), wide, &title, STRONG);
}

/// What is answered or corrected.
fn about(tongue: &Tongue, pane: &Pane) -> Option<String> {
    let (word, id, to) = match &pane.writing {
        Writing::New => return None,
        Writing::Reply { id, to } => ("reply", id, to.as_str()),
        Writing::Edit { id } => ("edit", id, ""),
    };
    let held = pane.messages.iter().find(|one| one.id == *id);
    let words = held.map(|one| one.text.replace('\n', " ")).unwrap_or_default();
    let mut about = tongue.word(word);
    for part in [to, words.as_str()] {
        if !part.is_empty() {
            about.push_str(": ");
            about.push_str(part);
        }
    }
    Some(about)
}

fn messages(tongue: &Tongue, pane: &mut Pane, now_s: u64, area: Rect, buffer: &mut Buffer) {
    let rows = rows(tongue, pane, now_s, usize::from(area.width));
    let height = usize::from(area.height);
    pane.height = height;
    pane.scroll = pane.scroll.min(rows.len().saturating_sub(height));
    if let Some(id) = &pane.chosen {
        let at = pane.messages.iter().position(|one| one.id == *id);
        let is = |row: &Row| row.message.is_some() && row.message == at;
        let first = rows.iter().position(is).unwrap_or_default();
        let last = rows.iter().rposition(is).unwrap_or_default();
        // Its last row is not below, its first row is not above; the first counts more.
        let below = rows.len().saturating_sub(last.saturating_add(1));
        let above = rows.len().saturating_sub(first).saturating_sub(height);
        pane.scroll = pane.scroll.min(below).max(above);
    }
    let end = rows.len().saturating_sub(pane.scroll);
    let first = end.saturating_sub(height);
    let blank = height.saturating_sub(end.saturating_sub(first));
    let chosen = pane.chosen.as_ref();
    let chosen = chosen.and_then(|id| pane.messages.iter().position(|one| one.id == *id));
    for (at, one) in rows.iter().take(end).skip(first).enumerate() {
        let mut style = one.style;
        if one.message.is_some() && one.message == chosen {
            style = style.patch(HERE);
        }
        let y = row(area, at.saturating_add(blank));
        put(buffer, (area.x, y), area.width, &one.text, style);
    }
}

fn rows(tongue: &Tongue, pane: &Pane, now_s: u64, width: usize) -> Vec<Row> {
    let mut rows = Vec::new();
    let mut before: Option<&Message> = None;
    for (at, message) in pane.messages.iter().enumerate() {
        if before.is_none_or(|before| !same_day(before.at, message.at)) {
            let day = tongue.day(message.at, now_s);
            let left = width.saturating_sub(letters::cells(&day)).div_euclid(2);
            let text = format!("{}{day}", " ".repeat(left));
            rows.push(Row { text, style: FAINT, message: None });
        }
        let new = message.unread && before.is_none_or(|before| !before.unread);
        if new {
            let text = format!(" {}", tongue.word("new-messages"));
            rows.push(Row { text, style: ACCENT, message: None });
        }
        said(tongue, message, at, width, &mut rows);
        before = Some(message);
    }
    if pane.messages.is_empty() && !pane.turning {
        let text = format!(" {}", tongue.word("nothing-yet"));
        rows.push(Row { text, style: FAINT, message: None });
    }
    rows
}

/// Who, when, how far; the words; what others made of them.
fn said(tongue: &Tongue, message: &Message, at: usize, width: usize, rows: &mut Vec<Row>) {
    let message_at = Some(at);
    let mut row = |text: String, style: Style| rows.push(Row { text, style, message: message_at });
    if let "gap" | "unknown" = message.kind.as_str() {
        for line in
            letters::wrap(&tongue.word(&format!("kind-{}", message.kind)), width.saturating_sub(2))
        {
            row(format!(" {line}"), FAINT);
        }
        return;
    }
    if let Some(its) = &message.membership {
        for line in letters::wrap(&tongue.membership(its), width.saturating_sub(2)) {
            row(format!(" {line}"), FAINT);
        }
        return;
    }
    let own = message.from.is_none();
    let you = tongue.word("you");
    let who = message.from.as_deref().unwrap_or(&you);
    let mut parts = vec![tongue.time(message.at)];
    if let Some(state) = &message.state {
        parts.push(tongue.word(&format!("state-{state}")));
    }
    if message.edited {
        parts.push(tongue.word("edited"));
    }
    if message.fades.is_some() {
        parts.push(tongue.word("timer-on"));
    }
    let who = letters::isolated(&letters::fit(who, width.div_euclid(2)));
    let style = match message.state.as_deref() {
        Some("failed") => BAD,
        _ if own => FAINT,
        _ => ACCENT,
    };
    row(format!(" {who}  {}", parts.join(", ")), style);
    let inner = width.saturating_sub(4);
    match &message.reply {
        Some(Some((from, words))) => {
            let from = from.as_deref().unwrap_or(&you);
            let words = letters::isolated(&words.replace('\n', " "));
            row(format!("   | {}: {words}", letters::isolated(from)), FAINT);
        }
        Some(None) => row(format!("   | {}", tongue.word("answered-gone")), FAINT),
        None => {}
    }
    let words = match &message.file {
        Some(file) => file.lines(tongue),
        None => vec![message.text.clone()],
    };
    for line in words.iter().flat_map(|words| letters::wrap(words, inner)) {
        row(format!("   {}", letters::isolated(&line)), PLAIN);
    }
    if !message.reactions.is_empty() {
        let faces = message
            .reactions
            .iter()
            .map(|(from, face)| format!("{face} {}", from.as_deref().unwrap_or(&you)));
        row(format!("   {}", faces.collect::<Vec<_>>().join("  ")), FAINT);
    }
}
