#![cfg(test)]
#![allow(clippy::arithmetic_side_effects, reason = "numbers of a test")]
//! Words lead to what was written.

mod world;

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

#[test]
fn the_index_agrees_with_reading_everything() {
    let mut vault = Ram::with_home().open().unwrap();
    let syllables = ["가", "나", "다", "ra", "라", " ", "마", "b", "바 "];
    let mut dice = Dice(5);
    let mut text = |length: u64| -> String {
        (0..length)
            .map(|_| syllables[usize::try_from(dice.roll(syllables.len() as u64)).unwrap()])
            .collect()
    };
    let mut texts = std::collections::BTreeMap::new();
    for round in 0..300_u64 {
        let id = round % 170;
        let change = if round % 7 == 6 {
            texts.remove(&id);
            Change::Unindex { id }
        } else {
            let text = text(12);
            texts.insert(id, text.clone());
            index(id, &text)
        };
        vault.commit(&[change]).unwrap();
    }
    for _ in 0..100 {
        let words = text(4);
        let all: Vec<&str> = words.split_whitespace().collect();
        let expected: Vec<u64> = texts
            .iter()
            .rev()
            .filter(|(_, text)| !all.is_empty() && all.iter().all(|word| text.contains(word)))
            .map(|(id, _)| *id)
            .collect();
        assert_eq!(vault.search(&words, usize::MAX).unwrap(), expected, "{words}");
    }
    vault.check().unwrap();
}
