//! `sogon words`: passphrases by chance, and what passphrases are worth on a copy.

use serde_json::{Value, json};
use sogon_vault::{Attack, Cost, Strength, WordList};

use crate::{
    cli,
    console::Console,
    home,
    passphrase::Source,
    trouble::Trouble,
    words::{Language, Words},
};

/// What stands beside it for comparison: kind, and what it is worth.
fn others() -> [(&'static str, Strength); 3] {
    [
        ("digits-6", Strength::of_digits(6)),
        ("words-4", Strength::of_words(4)),
        ("words-6", Strength::of_words(6)),
    ]
}

/// Draws one, or judges one, and says what guessing costs at what a guess costs on this device.
///
/// # Errors
/// What is wrong with the file, or with this system.
pub(crate) async fn run(
    options: &cli::Words,
    console: &Console,
    words: &Words,
) -> Result<(), Trouble> {
    let cost = home::tuned()?;
    let (passphrase, strength) = match &options.judge {
        Some(path) => {
            let typed = Source::File(path.clone()).typed(words)?;
            (Value::Null, Strength::of_chosen(&typed))
        }
        None => {
            let list = match words.language() {
                Language::Ko => WordList::Korean,
                // The lists are of Korean and English words; Chinese ones need an input method that remembers.
                Language::En | Language::Zh => WordList::English,
            };
            let drawn = list.draw(options.count)?;
            (Value::from(drawn.as_str()), Strength::of_words(options.count))
        }
    };
    let compared: Vec<Value> = others()
        .into_iter()
        .map(|(kind, strength)| {
            let Attack { years, dollars, .. } = strength.attack(cost);
            json!({ "kind": kind, "bits": strength.bits, "years": years, "dollars": dollars })
        })
        .collect();
    let Attack { years, dollars, guesses_per_second } = strength.attack(cost);
    let object = json!({
        "passphrase": passphrase,
        "bits": strength.bits,
        "years": years,
        "dollars": dollars,
        "guess": {
            "memory_kib": cost.memory_kib(),
            "passes": cost.passes(),
            "card_per_second": guesses_per_second,
        },
        "compare": compared,
    });
    let lines = || {
        let mut lines: Vec<String> = passphrase.as_str().map(str::to_owned).into_iter().collect();
        lines.push(line(words, &words.say("words-this", &[]), strength, cost));
        for (kind, strength) in others() {
            let name = match kind {
                "digits-6" => words.say("words-digits", &[]),
                "words-4" => words.say("words-four", &[]),
                _ => words.say("words-six", &[]),
            };
            lines.push(line(words, &name, strength, cost));
        }
        lines.push(words.say("words-copy", &[]));
        lines.join("\n")
    };
    console.result(object, lines).await
}

fn line(words: &Words, name: &str, strength: Strength, cost: Cost) -> String {
    let Attack { years, dollars, .. } = strength.attack(cost);
    let (bits, years, dollars) =
        (format!("{:.0}", strength.bits), rounded(years), rounded(dollars));
    let args = &[
        ("name", name),
        ("bits", bits.as_str()),
        ("years", years.as_str()),
        ("dollars", dollars.as_str()),
    ];
    words.say("words-worth", args)
}

/// Two digits that count: nobody knows more.
fn rounded(number: f64) -> String {
    match number {
        number if number < 0.01 => "0.01".to_owned(),
        number if number < 10.0 => format!("{number:.2}"),
        number if number < 10_000.0 => format!("{number:.0}"),
        number => format!("10^{:.0}", number.log10()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_numbers_are_said_as_powers() {
        let said = [0.000_1, 1.234, 512.3, 2.0e9].map(rounded);
        assert_eq!(said, ["0.01", "1.23", "512", "10^9"]);
    }
}
