//! `sogon chat` as people use it: on a real terminal, two of them, over a relay.
#![cfg(test)]

mod cast;
mod pty;

use cast::World;
use pty::Eyes;
use rustix::process::Signal;

const ENTER: &str = "\r";
const ESC: &str = "\u{1b}";
const UP: &str = "\u{1b}[A";
const DOWN: &str = "\u{1b}[B";
const F1: &str = "\u{1b}OP";
const F2: &str = "\u{1b}OQ";
const F5: &str = "\u{1b}[15~";
const F8: &str = "\u{1b}[19~";
const F9: &str = "\u{1b}[20~";
/// Everything is cleared, what could be scrolled back to included.
const PURGE: &[u8] = b"\x1b[3J";

fn holds(raw: &[u8], wanted: &[u8]) -> bool {
    raw.windows(wanted.len()).any(|window| window == wanted)
}

#[test]
fn two_people_talk_on_terminals_one_of_them_beside_an_open_home() {
    let world = World::new();
    let (mina, joon) = world.pair("Mina", "Joon");
    let mut open = mina.stays(&["open"]);
    assert_eq!(open.next()["ready"], true);
    // A guest needs no passphrase.
    std::fs::remove_file(&mina.passphrase).unwrap();
    let mut hers = Eyes::before(&mina, &["chat"], 24, 90);
    let mut his = Eyes::before(&joon, &["--lang", "ko", "chat"], 24, 90);
    hers.sees("Joon");
    his.sees("Mina");

    hers.type_in(ENTER);
    hers.sees("Message to Joon");
    hers.type_in("잘 있니");
    hers.type_in("\u{a}둘째 줄");
    hers.type_in(ENTER);
    // He may have it before one sees where it is.
    hers.until("where it is", |shown| {
        ["with the relay", "arrived"].iter().any(|at| shown.contains(at))
    });
    his.sees("잘 있니 둘째 줄");
    his.sees("(1)");
    his.type_in(ENTER);
    his.until("the words in the pane", |shown| {
        shown.contains("둘째 줄\n") || shown.matches("둘째 줄").count() > 1
    });
    his.sees_no("(1)");

    // An answer to it.
    his.type_in(UP);
    his.type_in("r");
    his.sees("답장: Mina: 잘 있니");
    his.type_in("그럼");
    his.type_in(ENTER);
    his.sees("| Mina: 잘 있니");
    hers.sees("그럼");
    hers.sees("arrived");
    let quoted = hers.sees("| You: 잘 있니");
    assert!(quoted.contains("Joon"), "{quoted}");

    // Corrected, reacted to, deleted.
    his.type_in(UP);
    his.type_in("e");
    his.sees("고치기");
    his.type_in("요");
    his.type_in(ENTER);
    hers.sees("그럼요");
    hers.sees("edited");
    hers.type_in(UP);
    hers.type_in("x");
    hers.sees("React");
    hers.type_in(ENTER);
    his.sees("👍 Mina");
    hers.sees("👍 You");
    his.type_in(UP);
    his.type_in("d");
    his.sees("모두에게서 삭제");
    his.type_in(DOWN);
    his.type_in(ENTER);
    hers.sees_no("그럼요");
    his.sees_no("그럼요");

    // Pasted lines are not sent by themselves.
    hers.paste("one\r\ntwo");
    hers.sees("two");
    hers.type_in(ENTER);
    his.sees("two");

    // A burst, with what it cost.
    hers.type_in(F5);
    let burst = hers.sees("Last burst");
    assert!(burst.contains(" B") && burst.contains(" s"), "{burst}");

    // Found again.
    hers.type_in("\u{6}");
    hers.sees("Search");
    hers.type_in("잘");
    hers.sees("Joon / You: 잘 있니 둘째 줄");
    hers.type_in(ESC);
    hers.sees_no("Joon / You:");

    // The number both compare.
    hers.type_in("\u{7}");
    let number = hers.sees("Joon: not yet verified");
    his.type_in("\u{7}");
    let same = his.sees("Mina: ");
    let digits = |shown: &str| -> String {
        let line = |line: &&str| {
            let bare: Vec<_> = line.split_whitespace().collect();
            bare.len() == 4
                && bare.iter().all(|part| part.len() == 5 && part.parse::<u32>().is_ok())
        };
        shown.lines().filter(line).map(str::trim).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(digits(&number).len(), 71, "{number}");
    assert_eq!(digits(&number), digits(&same));
    hers.type_in(ENTER);
    hers.sees("verified in person");
    his.type_in(ESC);

    // Locked from one terminal: the other process has it locked too.
    hers.type_in(F9);
    assert_eq!(hers.ends().code(), Some(0));
    assert!(hers.is_given_back());
    assert!(holds(&hers.raw, PURGE), "what could be scrolled back to is cleared");
    assert_eq!(hers.shows().trim(), "The home is locked.");
    while open.next()["locked"] != true {}
    let mut again = Eyes::before(&mina, &["chat"], 24, 90);
    assert_eq!(again.ends().code(), Some(3));
    assert!(again.shows().contains("sogon unlock"), "{}", again.shows());
    open.interrupt();

    his.type_in("\u{11}");
    assert_eq!(his.ends().code(), Some(0));
    assert!(his.is_given_back());
    assert_eq!(his.shows().trim(), "", "nothing of it stays");
    assert_eq!(joon.texts(), ["잘 있니\n둘째 줄", "one\ntwo"]);
}

#[test]
fn what_others_write_never_commands_the_terminal() {
    let world = World::new();
    let mina = world.person("Mina");
    let joon = world.stranger("Joon");
    let name = "Jo\u{1b}]0;owned\u{7}on\u{202e}";
    joon.done(&["init", "--light", "--name", name, "--relay", world.address()]);
    let link = joon.link();
    mina.done(&["join", &link, "--as", "Joon"]);
    for person in [&joon, &mina, &joon] {
        person.done(&["sync"]);
    }
    let hostile =
        "first\u{1b}[2J\u{1b}]52;c;ZXZpbA==\u{7}\u{9b}31m\u{202e}gnp.exe\u{2066}\rlast\u{1b}[6n";
    joon.done(&["send", "Mina", hostile]);
    let mut hers = Eyes::before(&mina, &["chat"], 24, 90);
    hers.sees("first [2J");
    hers.type_in(ENTER);
    hers.until("both panes", |shown| {
        shown.matches("last[6n").count() >= 1 && shown.contains("Message to")
    });
    let said = String::from_utf8_lossy(&hers.raw).into_owned();
    for command in
        ["\u{1b}]0;", "\u{1b}]52", "\u{1b}[6n", "\u{9b}", "\u{202e}", "\u{2066}", "\u{7}"]
    {
        assert!(!said.contains(command), "{command:?} reached the terminal");
    }
    hers.type_in("\u{3}");
    assert_eq!(hers.ends().code(), Some(0));
}

#[test]
fn hidden_nothing_of_the_home_is_on_the_screen_and_a_key_brings_it_back() {
    let world = World::new();
    let (mina, joon) = world.pair("Mina", "Joon");
    joon.done(&["send", "Mina", "the old bakery"]);
    let mut hers = Eyes::before(&mina, &["chat"], 12, 40);
    hers.sees("the old bakery");
    hers.type_in(F8);
    let hidden = hers.sees("kg");
    for word in ["bakery", "Joon", "Mina", "F1"] {
        assert!(!hidden.contains(word), "{word} in:\n{hidden}");
    }
    hers.type_in("0");
    hers.sees("22.046 lb");
    hers.type_in("\u{f}");
    hers.sees("the old bakery");
    // Narrow: the list or the conversation.
    hers.type_in(ENTER);
    let both = |shown: &str| shown.contains("Message to Joon") && shown.contains("the old bakery");
    hers.until("the conversation", both);
    hers.type_in("begun");
    hers.sees("begun");
    hers.type_in(ESC);
    hers.sees("Draft: begun");
    // Wide: both.
    hers.resize(20, 120);
    hers.until("both", |shown| {
        shown.contains("Draft: begun") && shown.contains("not yet verified")
    });
    hers.type_in(F9);
    assert_eq!(hers.ends().code(), Some(0));
    assert_eq!(hers.shows().trim(), "The home is locked.");
    assert!(holds(&hers.raw, PURGE));
    // The draft is where it was.
    let mut again = Eyes::before(&mina, &["chat"], 20, 120);
    again.sees("Draft: begun");
}

#[test]
fn a_signal_gives_the_terminal_back() {
    let world = World::new();
    let mina = world.person("Mina");
    for signal in [Signal::TERM, Signal::HUP, Signal::INT] {
        let mut hers = Eyes::before(&mina, &["chat"], 24, 80);
        hers.sees("Nobody is here yet");
        hers.signal(signal);
        assert_eq!(hers.ends().code(), Some(130), "{signal:?}");
        assert!(hers.is_given_back(), "{signal:?}");
    }
}

#[test]
fn the_end_of_the_open_home_ends_the_terminal_and_says_so() {
    let world = World::new();
    let mina = world.person("Mina");
    let mut open = mina.stays(&["open"]);
    open.next();
    let mut hers = Eyes::before(&mina, &["chat"], 24, 80);
    hers.sees("Nobody is here yet");
    open.interrupt();
    assert_eq!(hers.ends().code(), Some(1));
    assert!(hers.is_given_back());
    assert!(hers.shows().contains("sogon: "), "{}", hers.shows());
}

/// What a camera reads off a screen, if a whole code stands there: each cell two squares, one above
/// the other.
fn before_a_camera(shown: &str) -> Option<String> {
    const SQUARE: usize = 6;
    let is_code = |line: &&str| line.contains(['\u{2588}', '\u{2580}', '\u{2584}']);
    let cells: Vec<Vec<char>> =
        shown.lines().filter(is_code).map(|l| l.chars().collect()).collect();
    let across = cells.iter().map(Vec::len).max()?;
    let dark = |x: usize, y: usize| {
        let cell = x.checked_sub(4).zip(y.checked_sub(4));
        let cell = cell.and_then(|(x, y)| Some((*cells.get(y / 2)?.get(x)?, y % 2)));
        matches!(cell, Some(('\u{2588}', _) | ('\u{2580}', 0) | ('\u{2584}', 1)))
    };
    let (width, height) =
        (across.saturating_add(8), cells.len().saturating_mul(2).saturating_add(8));
    let mut image = rqrr::PreparedImage::prepare_from_greyscale(
        width.saturating_mul(SQUARE),
        height.saturating_mul(SQUARE),
        |x, y| if dark(x / SQUARE, y / SQUARE) { 0 } else { 255 },
    );
    let grids = image.detect_grids();
    grids.first()?.decode().ok().map(|(_, text)| text)
}

#[test]
fn people_meet_and_make_groups_on_terminals() {
    let world = World::new();
    let (mina, joon) = (world.person("Mina"), world.person("Joon"));
    let mut hers = Eyes::before(&mina, &["chat"], 60, 100);
    hers.sees("Nobody is here yet");
    hers.type_in("\u{e}");
    hers.sees("Invite");
    hers.type_in(ENTER);
    hers.sees("For one person");
    hers.type_in(ENTER);
    let shown = hers.until("a code", |shown| before_a_camera(shown).is_some());
    assert!(shown.contains('\u{2588}') && shown.contains('\u{2580}'), "a code of blocks");
    let (_, link) = shown.split_once("sogon://invite#").unwrap();
    let link: String = link.lines().map(str::trim).take_while(|line| !line.contains(' ')).collect();
    let link = format!("sogon://invite#{link}");
    assert_eq!(before_a_camera(&shown), Some(link.clone()), "the code on the screen is the link");
    hers.type_in(ESC);

    let mut his = Eyes::before(&joon, &["chat"], 24, 90);
    his.sees("Nobody is here yet");
    his.type_in("\u{e}");
    his.sees("Answer an invitation");
    his.type_in(DOWN);
    his.type_in(ENTER);
    his.sees("Paste");
    his.paste(&link);
    his.sees("sogon://");
    his.type_in(ENTER);
    his.type_in("Mina");
    his.sees("Mina");
    his.type_in(ENTER);
    his.sees("Done");
    hers.sees("Joon");
    his.until("Mina in the list", |shown| {
        shown.lines().any(|line| line.trim_start().starts_with("Mina"))
    });

    hers.type_in("\u{e}");
    hers.sees("New group");
    hers.type_in(DOWN);
    hers.type_in(DOWN);
    hers.type_in(ENTER);
    hers.type_in("벚꽃회");
    hers.sees("벚꽃회");
    hers.type_in(ENTER);
    hers.sees("[ ] Joon");
    hers.type_in(" ");
    hers.sees("[x] Joon");
    hers.type_in(ENTER);
    hers.sees("2 people");
    his.sees("벚꽃회");
    hers.type_in("모두에게");
    hers.type_in(ENTER);
    his.sees("Mina: 모두에게");

    // Everything that can be done is in the menu; leaving is asked about.
    hers.type_in(F2);
    hers.sees("Leave");
    hers.type_in(ESC);
    hers.sees_no("Leave");
    hers.type_in(F1);
    hers.sees("F8, Ctrl+O");
}

#[test]
fn without_a_terminal_it_says_what_to_do() {
    let world = World::new();
    let mina = world.person("Mina");
    mina.run(&["chat"]).failed(1, "sogon read");
}

/// Control and T.
const CTRL_T: &str = "\u{14}";

#[test]
fn a_file_goes_from_a_path_on_one_terminal_to_a_path_on_the_other() {
    let world = World::new();
    let (mina, joon) = world.pair("Mina", "Joon");
    let folder = tempfile::tempdir().unwrap();
    let from = folder.path().join("notes of the meeting.txt");
    std::fs::write(&from, "at seven, behind the market\n").unwrap();
    let program = folder.path().join("flower.jpg");
    std::fs::write(&program, b"\x7fELF\x02\x01\x01\x00 and more").unwrap();
    let mut hers = Eyes::before(&mina, &["chat"], 30, 100);
    let mut his = Eyes::before(&joon, &["chat"], 30, 100);
    hers.sees("Joon");
    hers.type_in(ENTER);
    hers.sees("Message to Joon");
    his.sees("Mina");
    his.type_in(ENTER);

    hers.type_in(CTRL_T);
    hers.sees("Type the path of a file");
    hers.type_in(from.to_str().unwrap());
    hers.type_in(ENTER);
    hers.sees("There was nothing to take off");
    hers.sees("Goes as: file-");
    hers.type_in(ENTER);
    hers.sees("[Document] file-");
    his.sees("[Document] file-");
    his.sees("28 B, Here");
    his.type_in(UP);
    his.type_in("s");
    his.sees("Type where to");
    let to = folder.path().join("came.txt");
    his.type_in(to.to_str().unwrap());
    his.type_in(ENTER);
    his.sees("Saved: ");
    assert_eq!(std::fs::read(&to).unwrap(), std::fs::read(&from).unwrap());

    // What cannot be cleaned has one choice, which says what it is; a program is named.
    hers.type_in(CTRL_T);
    hers.sees("Type the path of a file");
    hers.type_in(program.to_str().unwrap());
    hers.type_in(ENTER);
    hers.sees("Send it as it is all the same");
    hers.type_in(ENTER);
    hers.sees("[Picture] file-");
    his.sees("[Picture] file-");
    his.until("all of it", |shown| shown.matches("Here").count() > 1);
    his.type_in(DOWN);
    his.type_in("s");
    his.sees("Type where to");
    let out = folder.path().join("out.jpg");
    his.type_in(out.to_str().unwrap());
    his.type_in(ENTER);
    his.sees("Held back: a program for Linux or Android");
    assert!(!out.exists(), "nothing was written yet");
    his.type_in(ENTER);
    his.sees("Saved: ");
    assert_eq!(std::fs::read(&out).unwrap(), std::fs::read(&program).unwrap());
}
