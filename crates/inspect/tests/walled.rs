#![cfg(test)]
#![allow(
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    reason = "test numbers"
)]
//! Clean copies are made behind walls, and marks of devices come off before anything else.

#[allow(dead_code, reason = "samples only")]
mod dirt;
mod forge;

use std::{
    ffi::OsString,
    fs,
    path::Path,
    process::{Command, Output},
    time::Duration,
};

use dirt::{sample, samples};
use forge::{
    Dice,
    archives::zip,
    chain, gap_mark,
    marks::{cp949, ooxml, utf16},
    office, profile, slot, tagged,
};
use sogon_inspect::clean::{
    Kept, Kind, Options, Refusal, Scope, What, Workshop, clean_bytes, clean_file,
};

const ID: &str = "AC9A58CDZ364C";

const MARKS: Options = Options {
    scope: Scope::Marks,
    pictures: sogon_inspect::clean::Pictures::Exact,
    depth_max: 4,
    members_max: 100,
    unfolded_bytes_max: 1 << 20,
};

fn marked(dice: &mut Dice, file: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    let signed = office::unsigned(dice, file, ".xyz");
    vec![
        ("one machine", tagged(file, ID)),
        ("three machines", chain(file, &[ID.into(), dice.disk(), dice.disk()])),
        ("a profile", profile(dice, file, false)),
        ("an office file's profile", profile(dice, file, true)),
        ("the office", signed.clone()),
        ("the office, feature phone", office::feature_phone(dice, file, ".xyz")),
        ("all of them", tagged(&profile(dice, &signed, false), ID)),
    ]
}

fn mark_gone(report: &sogon_inspect::clean::Report) -> u64 {
    report.removed.iter().filter(|one| one.what == What::Mark).map(|one| one.bytes).sum()
}

#[test]
fn a_marked_file_has_the_clean_copy_of_the_unmarked_one() {
    let mut dice = Dice(11);
    for (name, bytes) in samples() {
        if bytes.len() < 320 {
            continue;
        }
        let (plain, _) = clean_bytes(&bytes, &Options::default()).unwrap();
        for (mark, marked) in marked(&mut dice, &bytes) {
            let (copy, cleaned) = clean_bytes(&marked, &Options::default())
                .unwrap_or_else(|why| panic!("{name} with {mark}: {why}"));
            assert!(copy == plain, "{name} with {mark}");
            let added = (marked.len() - bytes.len()) as u64;
            assert_eq!(mark_gone(&cleaned.report), added, "{name} with {mark}");
        }
    }
}

#[test]
fn marks_alone_come_off_files_of_any_kind_and_every_byte_comes_back() {
    let mut dice = Dice(12);
    for kind in ["doc", "jpg", "mp4", "nothing that is known"] {
        let file = dice.file(kind, 30_000);
        for (mark, marked) in marked(&mut dice, &file) {
            let (copy, cleaned) = clean_bytes(&marked, &MARKS).unwrap();
            assert!(copy == file, "{kind} with {mark}");
            assert_eq!(cleaned.kind, Kind::Any);
        }
        let (copy, cleaned) = clean_bytes(&file, &MARKS).unwrap();
        assert!(copy == file && cleaned.report.removed.is_empty());
    }
    let document = ooxml(&mut dice, true, 30_000);
    let (copy, cleaned) = clean_bytes(&slot(&document, ID), &MARKS).unwrap();
    assert!(copy == document && cleaned.report.kept.is_empty());
    let bare = ooxml(&mut dice, false, 30_000);
    let (copy, cleaned) = clean_bytes(&slot(&bare, ID), &MARKS).unwrap();
    assert_eq!(copy[80..111], [0; 31]);
    assert_eq!(cleaned.report.kept, [Kept::Overwritten], "it says that bytes are lost");
    let own = [dice.file("jpg", 900), b"SELFSIGN".to_vec()].concat();
    assert_eq!(clean_bytes(&own, &MARKS).unwrap_err().id(), "mark-without-beginning");
}

#[test]
fn a_handsets_own_mark_behind_words_is_no_part_of_them() {
    let words = "Words that somebody wrote.\n".repeat(40);
    let page = format!("<p>{words}");
    for text in [&words, &page] {
        let own = [text.as_bytes(), b"numbers SELFSIGN"].concat();
        let packed = zip(&[("a.txt", own.as_slice(), false)]);
        for file in [own, packed] {
            let why = clean_bytes(&file, &Options::default()).unwrap_err();
            assert_eq!(why.id(), "mark-without-beginning", "{why}");
        }
    }
    let whole = format!("{page}</html>");
    let own = [whole.as_bytes(), b"numbers SELFSIGN"].concat();
    let (copy, _) = clean_bytes(&own, &Options::default()).unwrap();
    assert_eq!(copy, format!("{whole}\n").as_bytes(), "of a page whose end is known it goes");
}

#[test]
fn a_handsets_own_mark_goes_with_all_that_is_behind_the_end() {
    let own = [sample("still.jpg"), Dice(1).bytes(300), b"SELFSIGN".to_vec()].concat();
    let (copy, cleaned) = clean_bytes(&own, &Options::default()).unwrap();
    assert!(copy == clean_bytes(&sample("still.jpg"), &Options::default()).unwrap().0);
    assert_eq!(mark_gone(&cleaned.report), 8);
}

#[test]
fn the_mark_between_words_goes_in_every_encoding_and_the_copy_says_what_stays() {
    let mut dice = Dice(13);
    let text = dice.text(400, "\r\n", false);
    let (marked, plain) = gap_mark(&text, ID, 7).unwrap();
    let forms: [fn(&str) -> Vec<u8>; 3] = [|t| t.as_bytes().to_vec(), utf16, cp949];
    for form in forms {
        for options in [Options::default(), MARKS] {
            let (copy, cleaned) = clean_bytes(&form(&marked), &options).unwrap();
            assert!(copy == form(&plain));
            assert_eq!(cleaned.report.kept, [Kept::Spacing]);
            assert!(mark_gone(&cleaned.report) > 20);
        }
        let behind = tagged(&form(&marked), ID);
        let (copy, _) = clean_bytes(&behind, &Options::default()).unwrap();
        assert!(copy == form(&plain), "with a chain behind the text");
    }
}

#[test]
fn a_document_with_a_mark_in_its_padding_is_the_document() {
    let document = sample("text.docx");
    // The sample has no room to grow, so it is given some: as the marked copy has it.
    let (plain, _) = clean_bytes(&document, &Options::default()).unwrap();
    let roomy = with_room(&document);
    let (copy, cleaned) = clean_bytes(&slot(&roomy, ID), &Options::default()).unwrap();
    assert!(copy == plain);
    assert_eq!(mark_gone(&cleaned.report), 31);
    // Without room the mark lies over the document itself.
    let why = clean_bytes(&slot(&document, ID), &Options::default()).unwrap_err();
    assert!(why.to_string().contains("wrote its mark over"), "{why}");
}

/// The same archive with 520 bytes of growth hint before the first file's content.
fn with_room(archive: &[u8]) -> Vec<u8> {
    let le = |at: usize, bytes: usize| {
        archive[at..at + bytes].iter().rev().fold(0_usize, |sum, byte| sum << 8 | *byte as usize)
    };
    let name = le(26, 2);
    let old = le(28, 2);
    let mut out = archive[..28].to_vec();
    out.extend(520_u16.to_le_bytes());
    out.extend(&archive[30..30 + name]);
    // A name shorter than 19 letters leaves the slot where it is: the hint is long enough.
    out.extend(0xA220_u16.to_le_bytes());
    out.extend(516_u16.to_le_bytes());
    out.extend(0xA028_u16.to_le_bytes());
    out.extend(512_u16.to_le_bytes());
    out.extend([0; 512]);
    out.extend(&archive[30 + name + old..]);
    let grown = 520 - old;
    let is_end = |at: &usize| out[*at..*at + 4] == *b"PK\x05\x06";
    let end = (0..=out.len() - 22).rev().find(is_end).unwrap();
    let mut at = le(end - grown + 16, 4) + grown;
    out[end + 16..end + 20].copy_from_slice(&(at as u32).to_le_bytes());
    while out[at..at + 4] == *b"PK\x01\x02" {
        let place = u32::from_le_bytes(out[at + 42..at + 46].try_into().unwrap());
        if place > 0 {
            let moved = place + grown as u32;
            out[at + 42..at + 46].copy_from_slice(&moved.to_le_bytes());
        }
        let lengths = [28, 30, 32]
            .map(|field| usize::from(u16::from_le_bytes([out[at + field], out[at + field + 1]])));
        at += 46 + lengths.iter().sum::<usize>();
    }
    out
}

#[test]
fn marks_inside_archives_come_off_too() {
    let photo = tagged(&sample("still.jpg"), ID);
    let (copy, cleaned) =
        clean_bytes(&zip(&[("a/b.jpg", &photo, true)]), &Options::default()).unwrap();
    let (plain, _) =
        clean_bytes(&zip(&[("a/b.jpg", &sample("still.jpg"), true)]), &Options::default()).unwrap();
    assert!(copy == plain);
    let gone = cleaned.report.removed.iter().find(|one| one.what == What::Mark).unwrap();
    assert_eq!((gone.inside.as_str(), gone.bytes), ("a/b.jpg", 31));
}

fn real() -> Workshop {
    Workshop::new(vec![env!("CARGO_BIN_EXE_sogon-clean").into(), "--worker".into()])
}

#[test]
#[cfg(target_os = "linux")]
fn a_copy_is_made_behind_walls() {
    let folder = tempfile::tempdir().unwrap();
    let (from, to) = (folder.path().join("a.jpg"), folder.path().join("b.jpg"));
    fs::write(&from, tagged(&sample("still.jpg"), ID)).unwrap();
    let copied = clean_file(&from, &to, &Options::default(), &real()).unwrap();
    assert!(copied.walls.no_files && copied.walls.no_network && copied.walls.memory);
    assert!(copied.walls.seccomp);
    let (plain, _) = clean_bytes(&sample("still.jpg"), &Options::default()).unwrap();
    assert!(fs::read(&to).unwrap() == plain);
    assert_eq!(copied.bytes, plain.len() as u64);
    assert_eq!(mark_gone(&copied.report), 31);
}

/// Workers of this test's own: they answer once, and then die, hang, lie, or talk without end.
#[test]
fn a_cleaner_with_a_weak_heart() {
    use std::{
        io::{Read, Write},
        os::{fd::AsFd, unix::net::UnixStream},
    };

    let args: Vec<String> = std::env::args().collect();
    let Some(end) = args.last().filter(|_| args.iter().any(|a| a == "a_cleaner_with_a_weak_heart"))
    else {
        return;
    };
    if !["dies", "hangs", "lies", "talks"].contains(&end.as_str()) {
        return;
    }
    let mut socket = UnixStream::from(std::io::stdin().as_fd().try_clone_to_owned().unwrap());
    let mut other = UnixStream::from(std::io::stdin().as_fd().try_clone_to_owned().unwrap());
    let mut read = || {
        let mut head = [0; 4];
        other.read_exact(&mut head).unwrap();
        let mut body = vec![0; u32::from_le_bytes(head) as usize];
        other.read_exact(&mut body).unwrap();
    };
    read();
    let mut say = |text: &str| {
        socket.write_all(&(text.len() as u32).to_le_bytes()).unwrap();
        socket.write_all(text.as_bytes()).unwrap();
    };
    say(
        r#"{"walls":{"landlock":false,"seccomp":false,"no_files":false,"no_network":false,"memory":false},"trouble":null}"#,
    );
    // The two files come with this.
    read();
    match end.as_str() {
        "hangs" => std::thread::park(),
        "lies" => say(r#"{"Ok":{"kind":"Jpeg","bytes":9,"report":{"removed":[],"kept":[]}}}"#),
        "talks" => {
            let _ = socket.write_all(&u32::MAX.to_le_bytes());
            std::thread::park();
        }
        _ => {}
    }
    std::process::abort();
}

#[test]
fn a_worker_that_dies_hangs_or_lies_is_a_refusal_and_nothing_is_left() {
    let folder = tempfile::tempdir().unwrap();
    let (from, to) = (folder.path().join("a.jpg"), folder.path().join("b.jpg"));
    fs::write(&from, sample("still.jpg")).unwrap();
    let own = std::env::current_exe().unwrap().into_os_string();
    for (end, says) in [
        ("dies", "crashed"),
        ("hangs", "took too long"),
        ("lies", "did not pass inspection"),
        ("talks", "crashed"),
    ] {
        let args = ["--exact", "a_cleaner_with_a_weak_heart", "--nocapture", end];
        let args = args.iter().map(OsString::from);
        let workshop = Workshop {
            patience: Duration::from_secs(4),
            ..Workshop::new([own.clone()].into_iter().chain(args).collect())
        };
        let why = clean_file(&from, &to, &Options::default(), &workshop).unwrap_err();
        assert!(why.to_string().contains(says), "{end}: {why}");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "{end}: nothing is left");
    }
    let gone = Workshop::new(vec!["/no/such/program".into()]);
    let why = clean_file(&from, &to, &Options::default(), &gone).unwrap_err();
    assert!(matches!(why, Refusal::Io(_)));
}

#[test]
fn a_file_that_needs_too_much_memory_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (from, to) = (folder.path().join("a.txt"), folder.path().join("b.txt"));
    fs::write(&from, "blank ".repeat(9 << 20)).unwrap();
    let workshop = Workshop { memory_bytes_max: 64 << 20, ..real() };
    let why = clean_file(&from, &to, &Options::default(), &workshop).unwrap_err();
    assert_eq!(why.to_string(), "the program that reads it needed too much memory");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

fn run(args: &[&str], from: &Path, to: &Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_sogon-clean"))
        .args(args)
        .args([from, Path::new("-o"), to])
        .env_clear()
        .output()
        .unwrap()
}

#[test]
fn the_program_speaks_three_languages_and_ends_as_it_should() {
    let folder = tempfile::tempdir().unwrap();
    let place = |name: &str| folder.path().join(name);
    fs::write(place("a.jpg"), tagged(&sample("still.jpg"), ID)).unwrap();
    fs::write(place("old.doc"), tagged(&Dice(1).file("doc", 30_000), ID)).unwrap();
    for (lang, said, refused) in [
        ("en", "marks of a watched device", "nothing was written"),
        ("ko", "감시 기기의 표식", "아무것도 쓰지 않았습니다"),
        ("zh", "监视设备的标记", "什么都没有写"),
    ] {
        let done = run(&["--lang", lang], &place("a.jpg"), &place(&format!("{lang}.jpg")));
        assert_eq!(done.status.code(), Some(0), "{done:?}");
        assert!(String::from_utf8(done.stdout).unwrap().contains(said), "{lang}");
        let no = run(&["--lang", lang], &place("old.doc"), &place("x"));
        assert_eq!(no.status.code(), Some(5));
        assert!(String::from_utf8(no.stderr).unwrap().contains(refused), "{lang}");
    }
    let done = run(&["--json", "--marks-only"], &place("old.doc"), &place("new.doc"));
    let object: serde_json::Value = serde_json::from_slice(&done.stdout).unwrap();
    assert_eq!(object["removed"][0]["what"], "mark");
    assert_eq!(fs::read(place("new.doc")).unwrap(), Dice(1).file("doc", 30_000));
    assert_eq!(run(&[], &place("a.jpg"), &place("new.doc")).status.code(), Some(1), "it exists");
    assert_eq!(run(&["--what"], &place("a.jpg"), &place("y")).status.code(), Some(2));
}
