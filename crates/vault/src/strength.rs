//! What a passphrase is worth against somebody who guesses, and what guessing costs them.

use crate::dubeolsik;
use crate::keys::Cost;
use bip39::Language;
use unicode_normalization::UnicodeNormalization;

/// Korean anybody tries first.
const COMMON: [&str; 24] = [
    "비밀번호",
    "비밀",
    "암호",
    "사랑",
    "사랑해",
    "사랑해요",
    "안녕",
    "안녕하세요",
    "대한민국",
    "한국",
    "조선",
    "조국",
    "통일",
    "평양",
    "서울",
    "우리",
    "가족",
    "엄마",
    "아빠",
    "행복",
    "감사",
    "친구",
    "하나님",
    "바보",
];
/// The surnames of most Koreans.
const SURNAMES: &str = "김이박최정강조윤장임한오서신권황안송류유홍전고문양손배백허남";
/// Bits of a word anybody tries first, of a syllable by itself, of one that was there before, and
/// of a name of three.
const COMMON_BITS: f64 = 5.0;
const SYLLABLE_BITS: f64 = 6.0;
const AGAIN_BITS: f64 = 1.0;
const NAME_BITS: f64 = 14.0;
/// Letters without a break in which Korean is looked for at any place; in longer runs all or nothing.
const LETTERS_MAX: usize = 32;
/// Fewer syllables in the middle of other letters are there by accident.
const HIDDEN_SYLLABLES_MIN: usize = 2;

/// Bytes per second that the memory of one graphics card moves, and what an hour of one costs, in
/// dollars: a large card of 2025, rented.
const CARD_BYTES_PER_SECOND: f64 = 1.0e12;
const CARD_DOLLARS_PER_HOUR: f64 = 0.5;
/// Cards of somebody who means it.
const CARDS: f64 = 1_000.0;

/// How many guesses a passphrase withstands.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct Strength {
    /// Base-two logarithm of the guesses.
    pub bits: f64,
}

/// What it takes to try half of all guesses on a copy.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Attack {
    /// Years with a thousand large graphics cards of 2025.
    pub years: f64,
    /// Dollars for renting them so long.
    pub dollars: f64,
    /// Guesses one card makes in a second.
    pub guesses_per_second: f64,
}

impl Strength {
    /// So many words by chance out of 2,048.
    #[must_use]
    pub fn of_words(count: u32) -> Self {
        Self { bits: 11.0 * f64::from(count) }
    }

    /// So many digits by chance.
    #[must_use]
    pub fn of_digits(count: u32) -> Self {
        Self { bits: 10_f64.log2() * f64::from(count) }
    }

    /// A passphrase that somebody chose: the worst of what it is as typed, and of what a Korean
    /// keyboard makes of it. An estimate from above; words by chance are worth what they are.
    #[must_use]
    pub fn of_chosen(typed: &str) -> Self {
        let typed: String = typed.nfc().collect();
        Self { bits: bits_of(&typed).min(bits_of(&read_as_korean(&typed))) }
    }

    /// What guessing it costs, at what a guess costs.
    #[must_use]
    pub fn attack(self, cost: Cost) -> Attack {
        // Each pass writes and reads all of the memory; that, and not arithmetic, is the limit.
        let moved = f64::from(cost.memory_kib()) * 1_024.0 * f64::from(cost.passes()) * 2.0;
        let guesses_per_second = CARD_BYTES_PER_SECOND / moved;
        let seconds = 2_f64.powf(self.bits - 1.0) / guesses_per_second;
        Attack {
            years: seconds / CARDS / (365.25 * 86_400.0),
            dollars: seconds / 3_600.0 * CARD_DOLLARS_PER_HOUR,
            guesses_per_second,
        }
    }
}

fn bits_of(text: &str) -> f64 {
    let is_hangul = |letter: char| ('가'..='힣').contains(&letter);
    let korean = text.split(|letter| !is_hangul(letter)).filter(|run| !run.is_empty());
    let rest: String = text.chars().filter(|letter| !is_hangul(*letter)).collect();
    let rest = rest.split_whitespace().collect::<Vec<_>>().join(" ");
    korean.map(run_bits).sum::<f64>() + latin_bits(&rest)
}

fn latin_bits(text: &str) -> f64 {
    match text {
        "" => 0.0,
        text => zxcvbn::zxcvbn(text, &[]).guesses_log10() * 10_f64.log2(),
    }
}

/// What was typed, with the Korean that its letters stand for on a Korean keyboard, wherever that is
/// easier to guess than the letters.
fn read_as_korean(typed: &str) -> String {
    let mut read = String::new();
    let mut letters = String::new();
    for letter in typed.chars() {
        if letter.is_ascii_alphabetic() {
            letters.push(letter);
        } else {
            read.push_str(&run_as_korean(&std::mem::take(&mut letters)));
            read.push(letter);
        }
    }
    read.push_str(&run_as_korean(&letters));
    read
}

/// Letters without a break: those in their middle that are syllables, as syllables. Who adds `zz` to
/// a word, or a word of English, hides nothing.
fn run_as_korean(letters: &str) -> String {
    let mut best = (latin_bits(letters), letters.to_owned());
    if let Some(korean) = reading(letters).filter(|korean| run_bits(korean) < best.0) {
        best = (run_bits(&korean), korean);
    }
    let count = letters.len();
    if count > LETTERS_MAX {
        return best.1;
    }
    let part = |from: usize, to: usize| letters.get(from..to).unwrap_or_default();
    let ends: Vec<f64> = (0..=count).map(|from| latin_bits(part(from, count))).collect();
    for from in 0..count {
        let before = latin_bits(part(0, from));
        for (to, after) in ends.iter().enumerate().skip(from) {
            let Some(korean) = reading(part(from, to)) else { continue };
            let bits = before + run_bits(&korean) + after;
            if bits < best.0 && korean.chars().count() >= HIDDEN_SYLLABLES_MIN {
                best = (bits, [part(0, from), &korean, part(to, count)].concat());
            }
        }
    }
    best.1
}

/// Letters as syllables, whichever case they were typed in, if they are nothing else.
fn reading(letters: &str) -> Option<String> {
    let shifted = dubeolsik::read(letters);
    let plain = dubeolsik::read(&letters.to_ascii_lowercase());
    let readings = [shifted, plain].into_iter().flatten();
    readings.min_by(|one, other| run_bits(one).total_cmp(&run_bits(other)))
}

/// Syllables without a break between them.
fn run_bits(run: &str) -> f64 {
    if COMMON.contains(&run) {
        return COMMON_BITS;
    }
    let syllables: Vec<char> = run.chars().collect();
    let alone = syllables.iter().enumerate().map(|(at, syllable)| {
        let before = syllables.iter().take(at).any(|earlier| earlier == syllable);
        if before { AGAIN_BITS } else { SYLLABLE_BITS }
    });
    let alone: f64 = alone.sum();
    let name = syllables.len() == 3 && run.starts_with(|first| SURNAMES.contains(first));
    let listed = Language::Korean.word_list().iter().any(|word| word.nfc().eq(run.chars()));
    let known = match (name, listed) {
        (true, _) => NAME_BITS,
        (false, true) => 11.0,
        (false, false) => f64::INFINITY,
    };
    alone.min(known)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bits(typed: &str) -> f64 {
        Strength::of_chosen(typed).bits
    }

    #[test]
    fn korean_on_a_latin_keyboard_is_worth_what_the_korean_is() {
        // Meters made for English give the first three of these 3 or 4 points of 4.
        for (typed, meant) in
            [("qlalfqjsgh", "비밀번호"), ("rlaalstn900101", "김민수900101"), ("tkfkdgo", "사랑해")]
        {
            assert!(bits(typed) < 32.0, "{typed}: {}", bits(typed));
            assert!((bits(typed) - bits(meant)).abs() < 0.01, "{typed}");
        }
    }

    #[test]
    fn letters_and_words_beside_it_hide_no_korean_on_a_latin_keyboard() {
        for typed in [
            "qlalfqjsghzz",
            "qlalfqjsgh a",
            "qlalfqjsgh hello",
            "helloqlalfqjsgh",
            "a1qlalfqjsgh1a",
            "rlaalstn900101A",
            "qlalfqjsgh.com",
            "QLALFQJSGH",
            "iloveyoutkfkdgo",
        ] {
            assert!(bits(typed) < 34.0, "{typed}: {}", bits(typed));
        }
        // What is no Korean loses nothing by being looked at.
        for (typed, at_least) in [("vortex mudguard illness", 35.0), ("xkqzvbnwmjqpcrt", 45.0)] {
            assert!(bits(typed) > at_least, "{typed}: {}", bits(typed));
        }
        let long = "qlalfqjsgh".repeat(90);
        assert!(bits(&long).is_finite());
    }

    #[test]
    fn the_more_there_is_the_more_it_is_worth() {
        let order = [
            "",
            "123456",
            "비밀번호",
            "가가가가가가",
            "김민수",
            "김민수900101",
            "물안개 걷힌 둑길에서 만나",
        ];
        for pair in order.windows(2) {
            assert!(
                bits(pair[0]) <= bits(pair[1]),
                "{pair:?}: {} {}",
                bits(pair[0]),
                bits(pair[1])
            );
        }
        assert!(bits("물안개 걷힌 둑길에서 만나") > 55.0);
        assert!(bits("password") < 12.0 && bits("123456") < 12.0);
        assert!(bits("correct horse battery staple") > 35.0);
        let composed = bits("비밀");
        assert!((bits("\u{1107}\u{1175}\u{1106}\u{1175}\u{11af}") - composed).abs() < 0.01);
    }

    #[test]
    fn an_attack_on_a_copy_is_cheap_or_hopeless() {
        let cost = Cost::STANDARD;
        let digits = Strength::of_digits(6).attack(cost);
        assert!(digits.dollars < 1.0 && digits.guesses_per_second > 100.0);
        let four = Strength::of_words(4).attack(cost);
        let six = Strength::of_words(6).attack(cost);
        assert!(four.dollars > 1e5 && six.years > 1e5, "{four:?} {six:?}");
        let cheap = Strength::of_words(4).attack(Cost::SMALL_DEVICE);
        assert!((four.dollars / cheap.dollars - 4.0).abs() < 0.01, "memory is what is paid for");
    }
}
