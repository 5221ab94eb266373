//! Words for people, from the Fluent files. JSON never comes from here.

use std::fmt;

use fluent_bundle::{FluentArgs, FluentBundle, FluentResource};

use crate::plain;

/// A language there are words in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Language {
    /// English.
    En,
    /// Korean, as written in the south.
    Ko,
    /// Chinese, in simplified characters.
    Zh,
}

impl Language {
    /// The language of a tag such as `ko`, `ko_KR.UTF-8`, `ko-KP` or `zh_CN`; English for any other.
    pub(crate) fn of(tag: &str) -> Self {
        match tag.split(['_', '-', '.', '@']).next() {
            Some("ko") => Self::Ko,
            Some("zh") => Self::Zh,
            _ => Self::En,
        }
    }

    /// `--lang`, or what the environment says: LC_ALL, LC_MESSAGES, LANG, the first that is set.
    pub(crate) fn choose(flag: Option<&str>) -> Self {
        let set = |name: &&str| std::env::var(name).ok().filter(|value| !value.is_empty());
        let spoken = || ["LC_ALL", "LC_MESSAGES", "LANG"].iter().find_map(set);
        flag.map(str::to_owned).or_else(spoken).map_or(Self::En, |tag| Self::of(&tag))
    }

    /// The same for the inspector.
    pub(crate) fn inspector(self) -> sogon_inspect::words::Language {
        sogon_inspect::words::Language::of(self.tag())
    }

    /// The tag by which it is chosen.
    pub(crate) fn tag(self) -> &'static str {
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
pub(crate) struct Words {
    bundle: FluentBundle<FluentResource>,
    language: Language,
}

impl Words {
    pub(crate) fn new(language: Language) -> Self {
        // A line that does not parse is dropped here and fails the test below.
        let resource = FluentResource::try_new(language.text().to_owned())
            .unwrap_or_else(|(resource, _)| resource);
        let mut bundle = FluentBundle::new(language.tag().parse().into_iter().collect());
        // Marks of direction around what is put in would be one more thing on a terminal.
        bundle.set_use_isolating(false);
        bundle.add_resource_overriding(resource);
        Self { bundle, language }
    }

    pub(crate) fn language(&self) -> Language {
        self.language
    }

    /// The message `id`, or the attribute after a dot, with `args` put in; what commands a
    /// terminal is taken out of them first. A message that is missing gives its id.
    pub(crate) fn say(&self, id: &str, args: &[(&str, &str)]) -> String {
        let (name, attribute) =
            id.split_once('.').map_or((id, None), |(name, rest)| (name, Some(rest)));
        let pattern = self.bundle.get_message(name).and_then(|message| match attribute {
            Some(attribute) => message.get_attribute(attribute).map(|found| found.value()),
            None => message.value(),
        });
        let Some(pattern) = pattern else { return id.to_owned() };
        let mut values = FluentArgs::new();
        for (key, value) in args {
            match value.parse::<u32>() {
                // Only a count chooses between one and many; somebody may be called 007.
                Ok(number) if *key == "count" => values.set(*key, number),
                _ => values.set(*key, plain::line(value)),
            }
        }
        self.bundle.format_pattern(pattern, Some(&values), &mut Vec::new()).into_owned()
    }
}

impl fmt::Debug for Words {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Words({:?})", self.language)
    }
}

#[cfg(test)]
mod tests {
    use std::{
        collections::{BTreeMap, BTreeSet},
        fs,
        path::Path,
    };

    use super::*;
    use crate::trouble::Kind;

    const ALL: [Language; 3] = [Language::En, Language::Ko, Language::Zh];

    fn lines(language: Language) -> Vec<String> {
        let mut ids = Vec::new();
        for line in language.text().lines() {
            let starts = line.starts_with(|c: char| c.is_ascii_lowercase());
            if let (true, Some((id, _))) = (starts, line.split_once(" =")) {
                ids.push(id.to_owned());
            }
        }
        ids
    }

    /// The ids that stand between quotes where something is said in this crate's sources.
    fn used(folder: &Path, found: &mut BTreeSet<String>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                used(&path, found);
                continue;
            }
            let source = fs::read_to_string(&path).unwrap();
            for rest in source.split(concat!("say", "(")).skip(1) {
                let quoted = rest.trim_start().strip_prefix('"');
                if let Some(id) = quoted.and_then(|rest| rest.split('"').next()) {
                    found.insert(id.to_owned());
                }
            }
        }
    }

    #[test]
    fn every_line_parses_and_stands_once() {
        for language in ALL {
            assert!(FluentResource::try_new(language.text().to_owned()).is_ok(), "{language:?}");
            let ids = lines(language);
            assert_eq!(ids.len(), ids.iter().collect::<BTreeSet<_>>().len(), "{language:?}");
        }
    }

    #[test]
    fn every_language_has_the_same_messages() {
        let sets = ALL.map(|language| lines(language).into_iter().collect::<BTreeSet<_>>());
        assert_eq!(sets[0], sets[1]);
        assert_eq!(sets[0], sets[2]);
    }

    /// Names of what is put into each message.
    fn holes(language: Language) -> BTreeMap<String, BTreeSet<String>> {
        let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        let mut id = String::new();
        for line in language.text().lines() {
            let starts = line.starts_with(|c: char| c.is_ascii_lowercase());
            if let (true, Some((its, _))) = (starts, line.split_once(" =")) {
                id = its.to_owned();
            }
            for rest in line.split("{ $").skip(1) {
                let name: String = rest.chars().take_while(|c| c.is_ascii_lowercase()).collect();
                found.entry(id.clone()).or_default().insert(name);
            }
        }
        found
    }

    #[test]
    fn every_language_puts_the_same_things_into_its_messages() {
        let english = holes(Language::En);
        assert!(english.len() > 30);
        for language in ALL {
            let its = holes(language);
            for (id, names) in &english {
                assert_eq!(its.get(id), Some(names), "{language:?} {id}");
            }
            assert_eq!(its.len(), english.len(), "{language:?}");
        }
    }

    #[test]
    fn every_message_used_is_there_and_every_message_there_is_used() {
        let mut wanted = BTreeSet::new();
        used(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut wanted);
        let there: BTreeSet<String> = lines(Language::En).into_iter().collect();
        let missing: Vec<_> = wanted.difference(&there).collect();
        assert!(missing.is_empty(), "not in the words: {missing:?}");
        let families = [
            "error-",
            "alert-",
            "state-",
            "loss-",
            "check-",
            "kind-",
            "home-",
            "backup-",
            "gone-",
            "left-",
            "mode-",
            "usage-",
            "waits-",
            "call-",
            "file-",
            "program-",
            "carried-",
            "metered-",
            "direct-",
            "membership-",
        ];
        let idle: Vec<_> = there
            .difference(&wanted)
            .filter(|id| !families.iter().any(|family| id.starts_with(family)))
            .collect();
        assert!(idle.is_empty(), "nobody says: {idle:?}");
    }

    #[test]
    fn every_kind_of_trouble_says_what_and_next_in_every_language() {
        for language in ALL {
            let words = Words::new(language);
            for kind in Kind::ALL {
                for id in [kind.id().to_owned(), format!("{}.next", kind.id())] {
                    let said = words.say(&id, &[]);
                    assert_ne!(said, id, "{language:?} has no {id}");
                    assert!(!said.contains('\n'), "{id} is more than one line");
                }
            }
        }
    }

    #[test]
    fn a_name_cannot_command_the_terminal() {
        let words = Words::new(Language::En);
        let said = words.say("error-unknown-name", &[("name", "\u{1b}[2JMina")]);
        assert!(!said.contains('\u{1b}'), "{said:?}");
        assert!(said.contains("Mina"));
    }

    #[test]
    fn the_language_is_the_first_part_of_the_tag() {
        for tag in ["ko", "ko_KR.UTF-8", "ko-KP"] {
            assert_eq!(Language::of(tag), Language::Ko);
        }
        for tag in ["zh", "zh_CN.UTF-8", "zh-Hans", "zh-Hans-CN"] {
            assert_eq!(Language::of(tag), Language::Zh);
        }
        for tag in ["C", "", "korean"] {
            assert_eq!(Language::of(tag), Language::En);
        }
    }
}
