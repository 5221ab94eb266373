//! Korean typed on a Latin keyboard, read as the Korean it is (the layout KS X 5002).

/// The keys of first consonants, in the order of Unicode's syllables.
const FIRST: &str = "rRseEfaqQtTdwWczxvg";
/// The keys of vowels.
const VOWEL: [&str; 21] = [
    "k", "o", "i", "O", "j", "p", "u", "P", "h", "hk", "ho", "hl", "y", "n", "nj", "np", "nl", "b",
    "m", "ml", "l",
];
/// The keys of last consonants; none is the first.
const LAST: [&str; 28] = [
    "", "r", "R", "rt", "s", "sw", "sg", "e", "f", "fr", "fa", "fq", "ft", "fx", "fv", "fg", "a",
    "q", "qt", "t", "T", "d", "w", "c", "z", "x", "v", "g",
];
const SYLLABLES_FROM: u32 = 0xac00;

/// What the keys would have written; `None` when some of them write no whole syllable.
pub(crate) fn read(typed: &str) -> Option<String> {
    let keys: Vec<char> = typed.chars().collect();
    let mut rest = keys.as_slice();
    let mut out = String::new();
    let mut syllables = false;
    while let Some((first, tail)) = rest.split_first() {
        if first.is_ascii_alphabetic() {
            let (syllable, tail) = syllable(rest)?;
            out.push(syllable);
            syllables = true;
            rest = tail;
        } else {
            out.push(*first);
            rest = tail;
        }
    }
    syllables.then_some(out)
}

fn syllable(keys: &[char]) -> Option<(char, &[char])> {
    let (first, rest) = keys.split_first()?;
    let first = FIRST.chars().position(|key| key == plain(*first, FIRST))?;
    let (vowel, rest) = longest(&VOWEL, rest)?;
    // A consonant before a vowel begins the next syllable.
    let lasts = |rest: &[char]| !rest.first().is_some_and(|key| is_vowel(*key));
    let mut best = (0, rest);
    for (index, word) in LAST.iter().enumerate().skip(1) {
        if let Some(tail) = strip(rest, word).filter(|tail| lasts(tail))
            && tail.len() < best.1.len()
        {
            best = (index, tail);
        }
    }
    let (last, rest) = best;
    let place = first.checked_mul(21)?.checked_add(vowel)?.checked_mul(28)?.checked_add(last)?;
    let code = SYLLABLES_FROM.checked_add(u32::try_from(place).ok()?)?;
    Some((char::from_u32(code)?, rest))
}

fn is_vowel(key: char) -> bool {
    VOWEL.iter().any(|word| word.starts_with(plain(key, "OP")))
}

/// Keys whose shift means nothing write what they write without.
fn plain(key: char, shifted: &str) -> char {
    if shifted.contains(key) { key } else { key.to_ascii_lowercase() }
}

fn strip<'a>(keys: &'a [char], word: &str) -> Option<&'a [char]> {
    let mut rest = keys;
    for wanted in word.chars() {
        let (key, tail) = rest.split_first()?;
        if plain(*key, "RETQWOP") != wanted {
            return None;
        }
        rest = tail;
    }
    Some(rest)
}

fn longest<'a>(words: &[&str], keys: &'a [char]) -> Option<(usize, &'a [char])> {
    let found = words.iter().enumerate().filter_map(|(at, word)| Some((at, strip(keys, word)?)));
    found.min_by_key(|(_, rest)| rest.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_write_the_syllables_they_stand_for() {
        for (typed, written) in [
            ("qlalfqjsgh", "비밀번호"),
            ("dkssudgktpdy", "안녕하세요"),
            ("ekfrdmf", "닭을"),
            ("rkqtdl", "값이"),
            ("dhodi", "왜야"),
            ("Qkfrkd 900101!", "빨강 900101!"),
            ("gksrnr", "한국"),
        ] {
            assert_eq!(read(typed).as_deref(), Some(written), "{typed}");
        }
        for other in ["password", "hello", "12345", "", "qwerty", "rk f"] {
            assert_eq!(read(other), None, "{other}");
        }
    }
}
