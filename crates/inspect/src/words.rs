//! Words for people in three languages, from the Fluent files. JSON always has the English ones.

use std::fmt;

use fluent_bundle::{FluentArgs, FluentBundle, FluentResource};

/// A language there are words in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// English.
    En,
    /// Korean.
    Ko,
    /// Chinese.
    Zh,
}

impl Language {
    /// The language of a tag such as `ko` or `zh_CN.UTF-8`; English for any other.
    #[must_use]
    pub fn of(tag: &str) -> Self {
        match tag.split(['_', '-', '.', '@']).next() {
            Some("ko") => Self::Ko,
            Some("zh") => Self::Zh,
            _ => Self::En,
        }
    }

    /// The tag by which it is chosen.
    #[must_use]
    pub fn tag(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Ko => "ko",
            Self::Zh => "zh",
        }
    }

    fn text(self) -> &'static str {
        match self {
            Self::En => include_str!("../words/en.ftl"),
            Self::Ko => include_str!("../words/ko.ftl"),
            Self::Zh => include_str!("../words/zh.ftl"),
        }
    }
}

/// The words of one language.
pub struct Words {
    bundle: FluentBundle<FluentResource>,
    language: Language,
}

impl fmt::Debug for Words {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Words({:?})", self.language)
    }
}

impl Words {
    /// The words of a language.
    #[must_use]
    pub fn new(language: Language) -> Self {
        // A line that does not parse is dropped here and fails the test below.
        let resource = FluentResource::try_new(language.text().to_owned())
            .unwrap_or_else(|(resource, _)| resource);
        let mut bundle = FluentBundle::new(language.tag().parse().into_iter().collect());
        bundle.set_use_isolating(false);
        bundle.add_resource_overriding(resource);
        Self { bundle, language }
    }

    /// Which language it is.
    #[must_use]
    pub fn language(&self) -> Language {
        self.language
    }

    /// The message `id` with `args` put in; what is not there gives its id.
    #[must_use]
    pub fn say(&self, id: &str, args: &[(&str, &str)]) -> String {
        self.find(id, None, args).unwrap_or_else(|| id.to_owned())
    }

    /// A message without arguments, where there is one.
    #[must_use]
    pub fn known(&self, id: &str) -> Option<String> {
        self.find(id, None, &[])
    }

    /// An attribute of a message, where it has one.
    #[must_use]
    pub fn more(&self, id: &str, attribute: &str, args: &[(&str, &str)]) -> Option<String> {
        self.find(id, Some(attribute), args)
    }

    fn find(&self, id: &str, attribute: Option<&str>, args: &[(&str, &str)]) -> Option<String> {
        let message = self.bundle.get_message(id)?;
        let pattern = match attribute {
            None => message.value()?,
            Some(attribute) => message.get_attribute(attribute)?.value(),
        };
        let mut values = FluentArgs::new();
        for (key, value) in args {
            values.set(*key, plain(value));
        }
        Some(self.bundle.format_pattern(pattern, Some(&values), &mut Vec::new()).into_owned())
    }
}

/// A value from a file, on one line and without anything that commands a terminal or turns text
/// around.
#[must_use]
pub fn plain(text: &str) -> String {
    text.chars().map(|c| if is_command(c) { '\u{FFFD}' } else { c }).collect()
}

/// It commands a terminal, hides, or turns text around.
pub(crate) fn is_command(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{061C}'
                | '\u{200B}'..='\u{200F}'
                | '\u{2028}'..='\u{202E}'
                | '\u{2066}'..='\u{2069}'
                | '\u{FEFF}'
        )
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    const ALL: [Language; 3] = [Language::En, Language::Ko, Language::Zh];

    /// Ids with their attributes, and the variables in them.
    fn entries(language: Language) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        let mut id = String::new();
        for line in language.text().lines() {
            let own = line.split_once(" = ").filter(|_| line.starts_with(char::is_lowercase));
            if let Some((name, _)) = own {
                id = name.to_owned();
                assert!(found.insert(id.clone()), "{id} twice in {language:?}");
            } else if let Some((name, _)) = line.trim().split_once(" = ") {
                found.insert(format!("{id}{name}"));
            }
        }
        found
    }

    #[test]
    fn every_language_says_the_same_things() {
        for language in ALL {
            assert!(FluentResource::try_new(language.text().to_owned()).is_ok(), "{language:?}");
            assert_eq!(entries(language), entries(Language::En), "{language:?}");
        }
    }

    #[test]
    fn a_file_name_cannot_command_the_terminal() {
        let said = Words::new(Language::En)
            .say("error-path", &[("path", "\u{1b}[2J\u{202e}gpj.exe"), ("why", "no")]);
        assert!(!said.contains('\u{1b}') && !said.contains('\u{202e}'), "{said:?}");
    }

    /// Every rule that the sources make or the rule files name has words.
    #[test]
    fn every_rule_has_words_and_advice() {
        let words = Words::new(Language::En);
        let mut rules: BTreeSet<String> = BTreeSet::new();
        let mut folders = vec![std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                    continue;
                }
                let source = std::fs::read_to_string(path).unwrap();
                let spaced = source.split_whitespace().collect::<Vec<_>>().join(" ");
                let makers = [
                    "Finding::new(path, \"",
                    "Finding::new(&path, \"",
                    "Finding::new(self.path, \"",
                    "self.note(path, \"",
                    "self.note(&inner, \"",
                ];
                for maker in makers {
                    for rest in spaced.split(maker).skip(1) {
                        rules.insert(rest.split('"').next().unwrap().to_owned());
                    }
                }
            }
        }
        for file in [include_str!("../rules/paths.json"), include_str!("../rules/markers.json")] {
            for rest in file.split("\"rule\": \"").skip(1) {
                rules.insert(rest.split('"').next().unwrap().to_owned());
            }
        }
        assert!(rules.len() > 20, "{rules:?}");
        for rule in rules {
            assert_ne!(words.say(&rule, &[]), rule, "no words for {rule}");
            assert!(words.more(&rule, "advice", &[]).is_some(), "no advice for {rule}");
        }
    }
}
