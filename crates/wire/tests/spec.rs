//! `docs/SPEC.md` is law: its tables and the constants of this room say the same, or this fails.
#![cfg(test)]
#![allow(clippy::arithmetic_side_effects, reason = "sizes in a table, far from any edge")]

use std::{fs, path::PathBuf};

use sogon_wire::{
    About, Append, BOX_BYTES_MAX, ENTRIES_BYTES_MAX, FRAME_BODY_BYTES_MAX, FRAME_HEAD_BYTES, Frame,
    LogName, Pass, PublicWriteKey, Refusal, Reply, Request, SPEECH_BYTES_MAX, STEPS, SealedBox,
    WireError, WriteSignature,
};

fn spec() -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/SPEC.md");
    fs::read_to_string(path).unwrap()
}

fn cells(line: &str) -> Vec<String> {
    let line = line.trim().trim_matches('|');
    line.split('|').map(|cell| cell.trim().trim_matches('`').to_owned()).collect()
}

/// The rows of the tables below a heading, up to the next heading, without the names of columns.
fn rows(spec: &str, heading: &str) -> Vec<Vec<String>> {
    let after = spec.split_once(&format!("\n{heading}\n"));
    let (_, after) = after.unwrap_or_else(|| panic!("SPEC has no heading `{heading}`"));
    let section = after.lines().take_while(|line| !line.starts_with('#'));
    let rows = section.filter(|line| line.starts_with('|')).map(cells);
    rows.skip(1).filter(|row| !row[0].starts_with("---")).collect()
}

fn number(text: &str) -> u64 {
    let digits: String = text.chars().filter(|c| *c != ',').collect();
    match digits.strip_prefix("0x") {
        Some(digits) => u64::from_str_radix(digits, 16).unwrap(),
        None => digits.parse().unwrap_or_else(|_| panic!("`{text}` is no number")),
    }
}

fn boxed() -> SealedBox {
    SealedBox::parse(&[3; 352]).unwrap()
}

fn requests() -> Vec<(&'static str, Request)> {
    let (key, signature) = (PublicWriteKey([1; 32]), WriteSignature([2; 64]));
    let log = LogName([9; 16]);
    vec![
        ("Append", Request::Append(Append { key, signature, boxed: boxed() })),
        ("Read", Request::Read { log, after: 0, bytes_max: 0 }),
        ("Watch", Request::Watch { log, after: 0 }),
        ("Unwatch", Request::Unwatch { log }),
        ("About", Request::About),
        ("Enter", Request::Enter(Pass { key, signature })),
        ("Speak", Request::Speak(vec![4; 9])),
    ]
}

fn replies() -> Vec<(&'static str, Reply)> {
    let (log, boxes) = (LogName([9; 16]), vec![boxed()]);
    let about = About { version: 1, keep_s: 0, log_boxes_max: 0, watches_max: 0 };
    vec![
        ("Appended", Reply::Appended { seq: 1 }),
        ("Entries", Reply::Entries { log, from: 1, head: 1, boxes }),
        ("Refused", Reply::Refused { why: Refusal::Full, wait_s: 0 }),
        ("About", Reply::About(about)),
        ("Entered", Reply::Entered { others: 1, proof: 2 }),
        ("Heard", Reply::Heard(vec![4; 9])),
    ]
}

#[test]
fn the_steps_of_the_law_are_the_steps_of_the_code() {
    let rows = rows(&spec(), "### 2.1 Steps");
    let said: Vec<(u64, u64)> = rows.iter().map(|row| (number(&row[0]), number(&row[1]))).collect();
    let known: Vec<(u64, u64)> = (0..).zip(STEPS.map(|step| step as u64)).collect();
    assert_eq!(said, known);
}

#[test]
fn the_limits_of_the_law_are_the_limits_of_the_code() {
    let known = [
        ("FRAME_HEAD_BYTES", FRAME_HEAD_BYTES as u64),
        ("FRAME_BODY_BYTES_MAX", FRAME_BODY_BYTES_MAX as u64),
        ("ENTRIES_BYTES_MAX", u64::from(ENTRIES_BYTES_MAX)),
        ("BOX_BYTES_MAX", BOX_BYTES_MAX as u64),
        ("SPEECH_BYTES_MAX", SPEECH_BYTES_MAX as u64),
    ];
    let rows = rows(&spec(), "### 3.4 Limits");
    let said: Vec<(&str, u64)> = rows.iter().map(|row| (&*row[0], number(&row[1]))).collect();
    assert_eq!(said, known);
}

#[test]
fn the_kinds_of_the_law_are_the_kinds_of_the_code_and_there_are_no_others() {
    let rows = rows(&spec(), "### 3.3 Kinds");
    let said: Vec<(u64, &str, &str)> =
        rows.iter().map(|row| (number(&row[0]), &*row[1], &*row[2])).collect();
    let asked =
        requests().into_iter().map(|(name, its)| (u64::from(its.parts().0), "request", name));
    let told = replies().into_iter().map(|(name, its)| (u64::from(its.parts().0), "reply", name));
    assert_eq!(said, asked.chain(told).collect::<Vec<_>>());
    for kind in 0..=u8::MAX {
        let named = |way: &str| said.iter().any(|row| row.0 == u64::from(kind) && row.1 == way);
        let asked = Request::parse(kind, &[]) != Err(WireError::Kind);
        let told = Reply::parse(kind, &[]) != Err(WireError::Kind);
        assert_eq!((asked, told), (named("request"), named("reply")), "kind {kind:#04x}");
    }
}

#[test]
fn the_refusals_of_the_law_are_the_refusals_of_the_code() {
    let all = [
        ("Signature", Refusal::Signature),
        ("Full", Refusal::Full),
        ("Busy", Refusal::Busy),
        ("Stopping", Refusal::Stopping),
        ("Fault", Refusal::Fault),
    ];
    let code = |why| u64::from(Reply::Refused { why, wait_s: 0 }.parts().1[0]);
    let known = all.map(|(name, why)| (code(why), name));
    let rows = rows(&spec(), "### 3.5 Why a relay refuses");
    let said: Vec<(u64, &str)> = rows.iter().map(|row| (number(&row[0]), &*row[1])).collect();
    assert_eq!(said, known);
}

/// Where the part of known length of a table `offset, size, field, meaning` ends. Every offset must
/// be the end of the field before it.
fn end(spec: &str, heading: &str) -> u64 {
    let mut at = 0;
    for row in rows(spec, heading) {
        assert_eq!(number(&row[0]), at, "{heading}: {}", row[2]);
        let Ok(size) = row[1].parse::<u64>() else { return at };
        at += size;
    }
    at
}

#[test]
fn every_body_is_as_long_as_its_table() {
    let spec = spec();
    assert_eq!(end(&spec, "## 3. Frames"), FRAME_HEAD_BYTES as u64);
    let boxed = boxed().as_bytes().len() as u64;
    let requests = requests().into_iter().map(|(name, its)| (name, its.parts()));
    let replies = replies().into_iter().map(|(name, its)| (name, its.parts()));
    for (name, (kind, body)) in requests.chain(replies).filter(|(_, (_, body))| !body.is_empty()) {
        let open = match name {
            "Append" => boxed,
            "Entries" => boxed + 1,
            "Speak" | "Heard" => 9,
            _ => 0,
        };
        let heading = format!("#### {name}, {kind:#04x}");
        assert_eq!(end(&spec, &heading) + open, body.len() as u64, "{heading}");
    }
}

#[test]
fn the_law_names_what_is_signed_and_what_names_a_log() {
    let signed = Append::signed_bytes(&boxed());
    let label = signed.strip_suffix(boxed().as_bytes()).unwrap();
    let label = std::str::from_utf8(label).unwrap();
    let spec = spec();
    assert!(spec.contains(&format!("`\"{label}\" || box`")), "{label}");
    let signed = Pass::signed_bytes(&PublicWriteKey([1; 32]));
    let label = std::str::from_utf8(signed.strip_suffix(&[1; 32]).unwrap()).unwrap();
    assert!(spec.contains(&format!("`\"{label}\" || key`")), "{label}");
    // The worked example of a log's name.
    let name: String = PublicWriteKey([1; 32]).log().0.map(|byte| format!("{byte:02x}")).concat();
    assert!(spec.contains(&name), "{name}");
}

#[test]
fn what_is_carried_by_hand_has_the_sizes_of_the_law() {
    use sogon_wire::bundle::{
        BLOCK_BYTES, CARD_BYTES_MAX, FRAME_BYTES, PARCEL_BYTES_MAX, SYMBOL_BYTES,
    };
    let rows = rows(&spec(), "### 13.2 Symbols");
    let said = |name: &str| {
        let row = rows.iter().find(|row| row[0] == name).unwrap_or_else(|| panic!("{name}"));
        number(&row[1])
    };
    assert_eq!(said("BLOCK_BYTES"), BLOCK_BYTES as u64);
    assert_eq!(said("FRAME_BYTES"), FRAME_BYTES as u64);
    assert_eq!(said("PARCEL_BYTES_MAX"), u64::from(PARCEL_BYTES_MAX));
    assert_eq!(said("CARD_BYTES_MAX"), CARD_BYTES_MAX);
    assert_eq!(
        [said("symbol of a block"), said("symbol of a frame")],
        SYMBOL_BYTES.map(|n| n as u64)
    );
}
