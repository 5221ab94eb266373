//! The conversations: two rows each.

use ratatui::{buffer::Buffer, layout::Rect, style::Style};

use super::{ACCENT, FAINT, HERE, PLAIN, STRONG, cells, put};
use crate::chat::{
    files, letters,
    shown::{Last, Line},
    state::{Chat, Focus},
};

pub(super) fn draw(chat: &Chat, area: Rect, buffer: &mut Buffer) {
    let list = &chat.list;
    if list.total == 0 {
        if list.known {
            let text = chat.tongue.word("nobody-yet");
            let most = usize::from(area.width.saturating_sub(2));
            for (at, line) in letters::wrap(&text, most).iter().enumerate() {
                let y = super::row(area, at.saturating_add(1));
                if y < area.y.saturating_add(area.height) {
                    put(
                        buffer,
                        (area.x.saturating_add(1), y),
                        area.width.saturating_sub(1),
                        line,
                        FAINT,
                    );
                }
            }
        }
        return;
    }
    // The one that is chosen is on the screen, and those around it.
    let room = usize::from(area.height).div_euclid(2).max(1);
    let first = list.at.saturating_sub(room.div_euclid(2)).min(list.total.saturating_sub(room));
    let first = first.max(list.from);
    let lines = list.lines.iter().skip(first.saturating_sub(list.from)).take(room);
    for (at, line) in lines.enumerate() {
        let y = super::row(area, at.saturating_mul(2));
        let here = first.saturating_add(at) == list.at;
        let open = chat.pane.as_ref().is_some_and(|pane| pane.id == line.id);
        entry(chat, line, mark(chat, here, open), Rect { y, height: 2, ..area }, buffer);
    }
}

fn mark(chat: &Chat, here: bool, open: bool) -> Style {
    match (chat.focus, here, open) {
        (Focus::List, true, _) => HERE,
        (Focus::List, false, true) | (_, _, true) => ACCENT,
        _ => PLAIN,
    }
}

fn entry(chat: &Chat, line: &Line, style: Style, area: Rect, buffer: &mut Buffer) {
    let inner = area.width.saturating_sub(2);
    let x = area.x.saturating_add(1);
    put(buffer, (area.x, area.y), area.width, "", style);
    put(buffer, (area.x, area.y.saturating_add(1)), area.width, "", style);
    let at = line.last.as_ref().map(|last| chat.tongue.brief(last.at, chat.now_s));
    let at = at.unwrap_or_default();
    let wide = cells(&at);
    let title_style = if line.unread > 0 { style.patch(STRONG) } else { style };
    let room = inner.saturating_sub(wide).saturating_sub(1);
    put(buffer, (x, area.y), room, &line.title, title_style);
    let right = x.saturating_add(inner).saturating_sub(wide);
    put(buffer, (right, area.y), wide, &at, style.patch(FAINT));
    let unread = match line.unread {
        0 => String::new(),
        1..1_000 => format!("({})", line.unread),
        _ => "(999+)".to_owned(),
    };
    let wide = cells(&unread);
    let words = words(chat, line);
    let below = area.y.saturating_add(1);
    put(
        buffer,
        (x, below),
        inner.saturating_sub(wide).saturating_sub(1),
        &words,
        style.patch(FAINT),
    );
    let right = x.saturating_add(inner).saturating_sub(wide);
    put(buffer, (right, below), wide, &unread, title_style);
}

fn words(chat: &Chat, line: &Line) -> String {
    if !line.draft.is_empty() {
        return format!("{} {}", chat.tongue.word("draft"), line.draft);
    }
    let file = line.last.as_ref().and_then(|last| files::last(&chat.tongue, last));
    let said = |last: &Last| letters::isolated(&file.clone().unwrap_or_else(|| last.text.clone()));
    match &line.last {
        None => chat.tongue.word("nothing-yet"),
        Some(Last { kind, .. }) if kind == "gap" || kind == "unknown" => {
            chat.tongue.word(&format!("kind-{kind}"))
        }
        Some(Last { membership: Some(its), .. }) => chat.tongue.membership(its),
        Some(last @ Last { from: None, .. }) => {
            format!("{}: {}", chat.tongue.word("you"), said(last))
        }
        Some(last @ Last { from: Some(from), .. }) if line.group => {
            format!("{}: {}", letters::isolated(from), said(last))
        }
        Some(last) => said(last),
    }
}
