//! The terminal drawn on paper: sizes, languages, hostile words; and the terminal given back.

use std::{collections::BTreeSet, fs, path::Path};

use crossterm::event::{Event, KeyCode, KeyEvent, KeyModifiers};
use ratatui::{Terminal, backend::TestBackend};
use serde_json::{Value, json};

use super::{
    draw,
    letters::{cells, wash},
    state::{Chat, Page, Tag, Wish},
};

const TAGS: [&str; 4] = ["ko", "ko-KP", "zh-Hans", "en"];
const NOW: u64 = 1_763_700_000;

fn message(order: u64, from: Option<&str>, text: &str) -> Value {
    json!({
        "id": format!("{order:032x}"), "order": order, "from": from, "at": NOW.saturating_sub(100_000).saturating_add(order.saturating_mul(60)),
        "kind": "text", "text": text, "state": from.is_none().then_some("handed"),
        "reply": null, "fades": null, "unread": false, "edited": false, "reactions": [],
    })
}

/// A home with two conversations, the first of them open.
fn opened(tag: &str, text: &str) -> Chat {
    let mut chat = Chat::new(Some(tag), "C", NOW);
    let line = |id: &str, title: &str| {
        json!({
            "id": id, "title": title, "group": false, "open": true, "unread": 2, "draft": "",
            "last": { "text": text, "from": "수연", "at": NOW - 60, "kind": "text", "state": null },
        })
    };
    chat.answer(Tag::Hello, &json!({ "name": "민아", "settings": { "language": "" } }));
    let lines = [line("a", "수연"), line("b", "王小明与一个很长很长很长很长的名字")];
    let list = json!({ "total": 2, "from": 0, "lines": lines, "unread": 4 });
    chat.answer(Tag::List, &wash(list));
    press(&mut chat, KeyCode::Enter);
    let head = json!({
        "id": "a", "title": "수연", "group": false, "open": true, "unread": 0, "count": 2,
        "contact": { "id": "c", "name": "수연", "verified": true }, "members": [],
        "draft": "", "timer_s": null,
    });
    chat.answer(Tag::Head("a".into()), &wash(head));
    let messages = json!({
        "messages": [message(1, Some("수연"), text), message(2, None, "가나다라 마바사")],
        "before": false, "after": false,
    });
    chat.answer(Tag::Page("a".into(), Page::Newest), &wash(messages));
    chat.wishes();
    chat
}

fn press(chat: &mut Chat, code: KeyCode) {
    chat.event(&Event::Key(KeyEvent::new(code, KeyModifiers::NONE)));
}

fn drawn(chat: &mut Chat, width: u16, height: u16) -> Vec<String> {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    terminal
        .draw(|frame| {
            if let Some(place) = draw::draw(chat, frame.area(), frame.buffer_mut()) {
                assert!(place.x < width && place.y < height, "{place:?} in {width}x{height}");
                frame.set_cursor_position(place);
            }
        })
        .unwrap();
    let buffer = terminal.backend().buffer();
    (0..height)
        .map(|y| {
            let mut line = String::new();
            let mut x = 0;
            while x < width {
                let symbol = buffer[(x, y)].symbol();
                line.push_str(symbol);
                x = x.saturating_add(u16::try_from(cells(symbol)).unwrap().max(1));
            }
            assert_eq!(cells(&line), usize::from(width), "row {y} of {width}: {line:?}");
            line
        })
        .collect()
}

#[test]
fn what_a_burst_cost_is_read_until_the_next_key() {
    let mut chat = opened("en", "hello");
    let figures = |up: u64| json!({ "up": up, "down": 9, "air_ms": 1_200 });
    press(&mut chat, KeyCode::F(5));
    let all =
        json!({ "figures": figures(999), "burst": figures(77), "waiting": 0, "pace": "live" });
    chat.answer(Tag::Sync, &all);
    chat.told(&json!({ "is": "settled" }));
    assert!(chat.wishes().iter().any(|wish| matches!(wish, Wish::Ask(Tag::Tally, ..))));
    let since = json!({ "figures": figures(999), "waiting": 0, "pace": "live" });
    chat.answer(Tag::Tally, &since);
    let foot = drawn(&mut chat, 100, 24).pop().unwrap();
    assert!(foot.contains("Last burst: 77 B"), "{foot}");
    press(&mut chat, KeyCode::Up);
    let foot = drawn(&mut chat, 100, 24).pop().unwrap();
    assert!(foot.contains("Since it was opened: 999 B"), "{foot}");
}

#[test]
fn every_row_has_the_width_of_the_screen_in_every_language_and_size() {
    let text = "동해물과 백두산이 👨‍👩‍👧 마르고 漢字漢字 닳도록\u{301}\u{301} a-very-long-word-without-any-space-in-it";
    for tag in TAGS {
        for (width, height) in [(12, 5), (20, 8), (40, 24), (71, 24), (72, 24), (80, 25), (200, 60)]
        {
            let mut chat = opened(tag, text);
            drawn(&mut chat, width, height);
            for code in [KeyCode::F(2), KeyCode::F(1)] {
                press(&mut chat, code);
                drawn(&mut chat, width, height);
            }
            press(&mut chat, KeyCode::Esc);
            press(&mut chat, KeyCode::Up);
            drawn(&mut chat, width, height);
            press(&mut chat, KeyCode::F(8));
            drawn(&mut chat, width, height);
        }
    }
}

#[test]
fn a_narrow_screen_shows_one_of_both_and_a_wide_one_both() {
    let mut chat = opened("ko", "안녕");
    let narrow = drawn(&mut chat, 40, 20).join("\n");
    assert!(narrow.contains("중계기에 있음") && !narrow.contains("王小明"), "{narrow}");
    press(&mut chat, KeyCode::Tab);
    let list = drawn(&mut chat, 40, 20).join("\n");
    assert!(list.contains("王小明") && !list.contains("중계기에 있음"), "{list}");
    let wide = drawn(&mut chat, 100, 20).join("\n");
    assert!(wide.contains("王小明") && wide.contains("중계기에 있음"), "{wide}");
    assert!(wide.contains("(2)"), "unread: {wide}");
}

#[test]
fn hostile_words_reach_no_cell() {
    let text = "a\u{1b}[31m\u{9b}2J\u{202e}b\u{2066}\u{7}\u{200f}c\u{feff}";
    let mut chat = opened("en", text);
    for code in [KeyCode::Up, KeyCode::Char('r'), KeyCode::F(2)] {
        press(&mut chat, code);
        for line in drawn(&mut chat, 100, 30) {
            for c in line.chars() {
                assert!(
                    !c.is_control() && !"\u{202e}\u{2066}\u{200f}\u{feff}".contains(c),
                    "{line:?}"
                );
            }
        }
    }
}

#[test]
fn a_long_message_can_be_read_to_its_end_and_its_beginning() {
    let text: String = (0..200).map(|line| format!("줄 {line}.\n")).collect();
    let mut chat = opened("ko", &text);
    drawn(&mut chat, 60, 20);
    let mut seen = BTreeSet::new();
    for _ in 0..40 {
        for line in drawn(&mut chat, 60, 20) {
            seen.extend(
                line.split('줄')
                    .nth(1)
                    .and_then(|rest| rest.trim().strip_suffix('.').map(str::to_owned)),
            );
        }
        press(&mut chat, KeyCode::PageUp);
    }
    assert_eq!(seen.len(), 200, "{seen:?}");
}

#[test]
fn enter_sends_what_was_written_once_and_a_paste_sends_nothing() {
    let mut chat = opened("ko", "안녕");
    chat.event(&Event::Paste("한 줄\r\n두 줄\r\n".into()));
    assert!(chat.wishes().is_empty());
    press(&mut chat, KeyCode::Enter);
    press(&mut chat, KeyCode::Enter);
    let wishes = chat.wishes();
    let sent: Vec<_> = wishes
        .iter()
        .filter_map(|wish| match wish {
            Wish::Ask(Tag::Sent(_), "send", with) => Some(with["text"].clone()),
            _ => None,
        })
        .collect();
    assert_eq!(sent, ["한 줄\n두 줄\n"]);
}

#[test]
fn hidden_no_key_but_its_own_does_anything() {
    let mut chat = opened("ko", "안녕");
    press(&mut chat, KeyCode::F(8));
    chat.wishes();
    for code in [KeyCode::Enter, KeyCode::Tab, KeyCode::F(2), KeyCode::Char('a'), KeyCode::Esc] {
        press(&mut chat, code);
    }
    chat.event(&Event::Paste("안녕".into()));
    assert!(chat.wishes().is_empty() && chat.hidden.is_some());
    let shown = drawn(&mut chat, 80, 24).join("");
    assert!(!shown.contains("수연") && !shown.contains("민아"), "{shown}");
    press(&mut chat, KeyCode::F(9));
    assert_eq!(chat.wishes().last(), Some(&Wish::Lock));
}

#[test]
fn every_word_that_is_said_is_there_in_every_language() {
    let mut said = BTreeSet::new();
    for path in sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src/chat")) {
        let source = fs::read_to_string(&path).unwrap();
        let bare: String = source.split_whitespace().collect::<Vec<_>>().join(" ");
        for call in ["word(", "tell(", ".note(", "explain(", "offer(", "asks("] {
            for rest in bare.split(call).skip(1) {
                let quoted = rest.trim_start().strip_prefix('"');
                said.extend(quoted.and_then(|rest| rest.split('"').next()).map(str::to_owned));
            }
        }
        // A key or an entry of a menu and what it is called.
        for (at, _) in bare.match_indices("\", Deed::") {
            said.extend(bare.get(..at).unwrap().rsplit('"').next().map(str::to_owned));
        }
    }
    let families = ["pace-quiet-now", "state-queued", "kind-gap", "refused-gone", "alert-fork"];
    said.extend(families.map(str::to_owned));
    assert!(said.len() > 60, "{said:?}");
    for tag in TAGS {
        let tongue = super::tongue::Tongue::of(tag);
        let missing: Vec<_> = said.iter().filter(|id| !tongue.knows(id)).collect();
        assert!(missing.is_empty(), "{tag} lacks {missing:?}");
    }
    let own = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("words/chat/en.ftl"));
    let own = own.unwrap();
    let ids = own.lines().filter_map(|line| Some(line.split_once(" = ")?.0.to_owned()));
    let idle: Vec<_> = ids.filter(|id| !said.contains(id)).collect();
    assert!(idle.is_empty(), "nobody says {idle:?}");
}

fn sources(folder: &Path) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => found.extend(sources(&path)),
            false if !path.ends_with("tests.rs") => found.push(path),
            false => {}
        }
    }
    found
}

/// Runs in a process of its own, on a terminal of its own: see below.
#[test]
fn panic_inside() {
    if std::env::var_os("SOGON_TEST_PANIC").is_some() {
        let _screen = super::screen::Screen::take().unwrap();
        panic!("planted");
    }
}

#[test]
fn a_panic_gives_the_terminal_back_before_it_is_told() {
    use std::io::Read;
    let (mut pty, pts) = pty_process::blocking::open().unwrap();
    let mut child = pty_process::blocking::Command::new(std::env::current_exe().unwrap())
        .args(["chat::tests::panic_inside", "--exact", "--nocapture"])
        .env("SOGON_TEST_PANIC", "1")
        .env("RUST_BACKTRACE", "0")
        .spawn(pts)
        .unwrap();
    let mut raw = Vec::new();
    let mut piece = [0; 4_096];
    while let Ok(count @ 1..) = pty.read(&mut piece) {
        raw.extend_from_slice(&piece[..count]);
    }
    assert!(!child.wait().unwrap().success());
    let text = String::from_utf8_lossy(&raw).into_owned();
    let taken = text.find("\u{1b}[?1049h").expect("it had the terminal");
    let back = text.find("\u{1b}[?1049l").expect("it gave the terminal back");
    let told = text.find("planted").expect("it said why");
    assert!(taken < back && back < told, "{text:?}");
    // What was told stands on lines of their own again: the terminal makes a return of each line's end.
    assert!(text.get(told..).unwrap().contains("\r\n"), "{text:?}");
}
