//! A safety number as words that two people read to each other: the same number, another alphabet.

use bip39::Language;
use unicode_normalization::UnicodeNormalization;

/// Words of a list of 2,048.
const WORD_BITS: u32 = 11;

/// The words of a safety number of decimal digits, in the language of a tag; none for none.
pub(crate) fn words(digits: &str, tag: &str) -> Vec<String> {
    let list = match tag.split('-').next() {
        Some("ko") => Language::Korean,
        Some("zh") => Language::SimplifiedChinese,
        _ => Language::English,
    };
    let list = list.word_list();
    places(digits)
        .into_iter()
        .filter_map(|at| list.get(at))
        .map(|word| word.nfc().collect())
        .collect()
}

/// The number in base 2,048, highest place first; as many places as the digits may need, so that
/// two numbers of one length have as many words.
fn places(digits: &str) -> Vec<usize> {
    let mut number: Vec<u32> = digits.chars().filter_map(|c| c.to_digit(10)).collect();
    // 10 is less than 2 to the power of 10/3 + 1/300: 3,322 bits are enough for 1,000 digits.
    let bits = number.len().saturating_mul(3_322).div_ceil(1_000);
    let count = bits.div_ceil(usize::try_from(WORD_BITS).unwrap_or(11));
    let mut places = Vec::with_capacity(count);
    for _ in 0..count {
        let mut rest = 0_u32;
        for digit in &mut number {
            let value = rest.saturating_mul(10).saturating_add(*digit);
            *digit = value >> WORD_BITS;
            rest = value & 0x7ff;
        }
        places.push(usize::try_from(rest).unwrap_or(0));
    }
    places.reverse();
    places
}

#[cfg(test)]
#[allow(clippy::cast_possible_truncation, reason = "small numbers of a test")]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_the_same_number_in_words() {
        assert_eq!(places("2048"), [1, 0]);
        assert_eq!(places("4195"), [2, 99]);
        assert_eq!(places("0001"), [0, 1]);
        let sixty = "123456789012345678901234567890123456789012345678901234567890";
        assert_eq!(places(sixty).len(), 19);
        assert_eq!(words(sixty, "en").len(), 19);
        assert_ne!(words(sixty, "ko"), words(sixty, "zh-Hans"));
        assert!(words("", "en").is_empty());
    }

    #[test]
    fn another_digit_is_another_word_and_the_words_give_the_digits_back() {
        let sixty = "987654321098765432109876543210987654321098765432109876543210";
        for at in 0..60 {
            let mut other = sixty.to_owned();
            let digit = (sixty.as_bytes()[at] - b'0' + 1) % 10;
            other.replace_range(at..=at, &digit.to_string());
            assert_ne!(places(&other), places(sixty), "digit {at}");
        }
        let mut digits = vec![0_u32; 60];
        for place in places(sixty) {
            let mut carry = place as u32;
            for digit in digits.iter_mut().rev() {
                let value = *digit * 2_048 + carry;
                (*digit, carry) = (value % 10, value / 10);
            }
            assert_eq!(carry, 0);
        }
        let back: String = digits.iter().map(u32::to_string).collect();
        assert_eq!(back, sixty);
    }
}
