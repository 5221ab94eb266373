#![cfg(test)]
#![allow(clippy::arithmetic_side_effects, reason = "numbers of a test")]
//! Words lead to what was written.

mod world;

use std::collections::BTreeMap;

use sogon_engine::{Change, Shelf};
use world::{Dice, Ram, index};

#[test]
fn two_syllables_are_found_inside_a_longer_word() {
    let mut vault = Ram::with_home().open().unwrap();
    vault.commit(&[index(1, "새 비밀번호를 알려 줄게"), index(2, "우산을 가져와")]).unwrap();
    assert_eq!(vault.search("비밀", 9).unwrap(), [1]);
    assert_eq!(vault.search("비밀번호", 9).unwrap(), [1]);
    assert_eq!(vault.search("산", 9).unwrap(), [2]);
    assert!(vault.search("밀비", 9).unwrap().is_empty());
}

#[test]
fn all_words_must_occur_and_the_newest_comes_first() {
    let mut vault = Ram::with_home().open().unwrap();
    let texts = ["Tea at four", "tea and cake", "CAKE at noon", "nothing"];
    let batch: Vec<Change> = texts.iter().zip(1..).map(|(text, id)| index(id, text)).collect();
    vault.commit(&batch).unwrap();
    vault.commit(&[index(u64::MAX, "tea for ever"), index(1 << 63, "tea, half way")]).unwrap();
    assert_eq!(vault.search("TEA", 9).unwrap(), [u64::MAX, 1 << 63, 2, 1]);
    assert_eq!(vault.search("tea", 3).unwrap(), [u64::MAX, 1 << 63, 2]);
    assert_eq!(vault.search("cake tea", 9).unwrap(), [2]);
    assert_eq!(vault.search(" at  a ", 9).unwrap(), [3, 1]);
    assert!(vault.search("", 9).unwrap().is_empty());
    assert!(vault.search("   ", 9).unwrap().is_empty());
    assert!(vault.search("tea", 0).unwrap().is_empty());
}

#[test]
fn spelling_in_jamo_capitals_and_punctuation_do_not_matter_more_than_they_should() {
    let mut vault = Ram::with_home().open().unwrap();
    vault.commit(&[index(1, "비밀 \"Straße\" 100% a_b o'clock"), index(2, "100 x")]).unwrap();
    assert_eq!(vault.search("\u{1107}\u{1175}\u{1106}\u{1175}\u{11af}", 9).unwrap(), [1]);
    assert_eq!(vault.search("STRASSE", 9).unwrap(), [] as [u64; 0]);
    assert_eq!(vault.search("straße", 9).unwrap(), [1]);
    assert_eq!(vault.search("100%", 9).unwrap(), [1]);
    assert_eq!(vault.search("a_b", 9).unwrap(), [1]);
    assert_eq!(vault.search("a%b", 9).unwrap(), [] as [u64; 0]);
    assert_eq!(vault.search("\"", 9).unwrap(), [1]);
    assert_eq!(vault.search("o'clock NOT AND OR NEAR(", 9).unwrap(), [] as [u64; 0]);
}

#[test]
fn indexing_again_replaces_and_unindexing_forgets() {
    let mut vault = Ram::with_home().open().unwrap();
    vault.commit(&[index(7, "빨간 사과")]).unwrap();
    vault.commit(&[index(7, "파란 하늘")]).unwrap();
    assert!(vault.search("사과", 9).unwrap().is_empty());
    assert_eq!(vault.search("하늘", 9).unwrap(), [7]);
    vault.commit(&[Change::Unindex { id: 7 }, Change::Unindex { id: 8 }]).unwrap();
    assert!(vault.search("하늘", 9).unwrap().is_empty());
    vault.commit(&[index(7, "파란 하늘")]).unwrap();
    assert_eq!(vault.search("하늘", 9).unwrap(), [7]);
}

/// What was written, searched by reading all of it: the newest first.
fn read(texts: &BTreeMap<u64, String>, words: &str) -> Vec<u64> {
    let all: Vec<&str> = words.split_whitespace().collect();
    let holds = |text: &str| !all.is_empty() && all.iter().all(|word| text.contains(word));
    texts.iter().rev().filter(|(_, text)| holds(text)).map(|(id, _)| *id).collect()
}

#[test]
fn texts_that_come_with_an_edit_are_found() {
    let mut vault = Ram::with_home().open().unwrap();
    vault.commit(&[index(1, "비밀번호"), index(7, "비밀 편지")]).unwrap();
    vault.commit(&[index(1, "비밀 새것"), index(2, "비밀 둘"), index(3, "비밀 셋")]).unwrap();
    assert_eq!(vault.search("비밀", 9).unwrap(), [7, 3, 2, 1]);
    vault.commit(&[index(1, "비밀 헌것"), Change::Unindex { id: 7 }, index(9, "비밀")]).unwrap();
    assert_eq!(vault.search("비밀", 9).unwrap(), [9, 3, 2, 1]);
    assert!(vault.search("새것", 9).unwrap().is_empty());
}

#[test]
fn of_several_changes_of_a_text_in_one_batch_the_last_counts() {
    let mut vault = Ram::with_home().open().unwrap();
    let gone = || Change::Unindex { id: 1 };
    vault.commit(&[index(1, "빨간 사과"), gone(), index(1, "빨간 하늘")]).unwrap();
    assert_eq!(vault.search("빨간", 9).unwrap(), [1]);
    assert!(vault.search("사과", 9).unwrap().is_empty());
    vault.commit(&[gone(), index(1, "빨간 바다"), index(2, "빨간 산"), index(1, "산")]).unwrap();
    assert_eq!(vault.search("산", 9).unwrap(), [2, 1]);
    assert_eq!(vault.search("빨간", 9).unwrap(), [2]);
    vault.commit(&[index(1, "빨간 바다"), gone()]).unwrap();
    assert_eq!(vault.search("빨간", 9).unwrap(), [2]);
}

#[test]
fn the_index_agrees_with_reading_everything() {
    let mut vault = Ram::with_home().open().unwrap();
    let syllables = ["가", "나", "다", "ra", "라", " ", "마", "b", "바 "];
    let mut dice = Dice(5);
    let text = |dice: &mut Dice, length: u64| -> String {
        (0..length)
            .map(|_| syllables[usize::try_from(dice.roll(syllables.len() as u64)).unwrap()])
            .collect()
    };
    let mut texts = BTreeMap::new();
    for _ in 0..150 {
        // Several together, and now and then the same one again.
        let mut batch = Vec::new();
        for _ in 0..1 + dice.roll(6) {
            let id = dice.roll(80);
            if dice.roll(6) == 0 {
                texts.remove(&id);
                batch.push(Change::Unindex { id });
            } else {
                let text = text(&mut dice, 12);
                batch.push(index(id, &text));
                texts.insert(id, text);
            }
        }
        vault.commit(&batch).unwrap();
    }
    for _ in 0..200 {
        let words = text(&mut dice, 3);
        assert_eq!(vault.search(&words, usize::MAX).unwrap(), read(&texts, &words), "{words}");
    }
    vault.check().unwrap();
}
