//! Words for the page: Fluent files, parsed here into patterns that the page puts together with the
//! browser's own plural rules. So the page needs no library, and a file that does not parse fails a
//! test and not a person.

use fluent_syntax::ast::{
    Entry, Expression, InlineExpression, Pattern, PatternElement, VariantKey,
};
use serde_json::{Map, Value, json};

/// A language, its words, and whose words stand in where it has none of its own.
struct Source {
    tag: &'static str,
    text: &'static str,
    instead: Option<&'static str>,
}

const SOURCES: &[Source] = &[
    Source { tag: "en", text: include_str!("../words/en.ftl"), instead: None },
    Source { tag: "ko", text: include_str!("../words/ko.ftl"), instead: None },
    Source { tag: "ko-KP", text: include_str!("../words/ko-KP.ftl"), instead: Some("ko") },
    Source { tag: "zh-Hans", text: include_str!("../words/zh-Hans.ftl"), instead: None },
];

/// All messages of a language as JSON: a name and its pattern, which is a list of texts,
/// `{"v": name}` for what is put in, and `{"s": name, "c": {category: pattern}, "d": category}` for
/// a choice by number. `None` for a language there is none of.
pub(crate) fn table(tag: &str) -> Option<String> {
    let source = SOURCES.iter().find(|source| source.tag == tag)?;
    let mut messages = Map::new();
    let instead = SOURCES.iter().find(|other| Some(other.tag) == source.instead);
    for text in instead.map(|other| other.text).into_iter().chain([source.text]) {
        messages.extend(parse(text));
    }
    Some(Value::Object(messages).to_string())
}

/// The Fluent files of a language, each to be laid over those before it; `None` for a language
/// there is none of.
pub fn fluent(tag: &str) -> Option<Vec<&'static str>> {
    let source = SOURCES.iter().find(|source| source.tag == tag)?;
    let instead = SOURCES.iter().find(|other| Some(other.tag) == source.instead);
    Some(instead.map(|other| other.text).into_iter().chain([source.text]).collect())
}

fn parse(text: &str) -> Map<String, Value> {
    // What does not parse is missing, and a test misses it.
    let resource = fluent_syntax::parser::parse(text).unwrap_or_else(|(resource, _)| resource);
    let messages = resource.body.into_iter().filter_map(|entry| match entry {
        Entry::Message(message) => Some((message.id.name.to_owned(), pattern(&message.value?))),
        _ => None,
    });
    messages.collect()
}

fn pattern(pattern: &Pattern<&str>) -> Value {
    pattern.elements.iter().map(element).collect()
}

fn element(element: &PatternElement<&str>) -> Value {
    match element {
        PatternElement::TextElement { value } => (*value).into(),
        PatternElement::Placeable { expression: Expression::Inline(inline) } => match inline {
            InlineExpression::VariableReference { id } => json!({ "v": id.name }),
            InlineExpression::StringLiteral { value } => (*value).into(),
            _ => Value::Null,
        },
        PatternElement::Placeable { expression: Expression::Select { selector, variants } } => {
            let InlineExpression::VariableReference { id } = selector else { return Value::Null };
            let (mut choices, mut otherwise) = (Map::new(), "other");
            for variant in variants {
                let (VariantKey::Identifier { name } | VariantKey::NumberLiteral { value: name }) =
                    &variant.key;
                choices.insert((*name).to_owned(), self::pattern(&variant.value));
                if variant.default {
                    otherwise = name;
                }
            }
            json!({ "s": id.name, "c": choices, "d": otherwise })
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, fs, path::Path};

    use super::*;
    use crate::home::Refusal;

    fn ids(tag: &str) -> BTreeSet<String> {
        let table: Map<String, Value> = serde_json::from_str(&table(tag).unwrap()).unwrap();
        table.into_iter().map(|(id, _)| id).collect()
    }

    /// Names of what is put into a message.
    fn holes(value: &Value, found: &mut BTreeSet<String>) {
        match value {
            Value::Array(all) => all.iter().for_each(|one| holes(one, found)),
            Value::Object(map) => {
                for name in ["v", "s"] {
                    found.extend(map.get(name).and_then(Value::as_str).map(str::to_owned));
                }
                if let Some(choices) = map.get("c").and_then(Value::as_object) {
                    choices.values().for_each(|choice| holes(choice, found));
                }
            }
            Value::Null => panic!("a placeable the page does not know"),
            _ => {}
        }
    }

    #[test]
    fn every_file_parses() {
        for source in SOURCES {
            let parsed = fluent_syntax::parser::parse(source.text);
            assert!(parsed.is_ok(), "{}: {:?}", source.tag, parsed.err().map(|(_, errors)| errors));
        }
    }

    #[test]
    fn every_language_has_the_same_messages_with_the_same_holes() {
        let of = |tag: &str| -> Map<String, Value> {
            serde_json::from_str(&table(tag).unwrap()).unwrap()
        };
        let english = of("en");
        for source in SOURCES {
            let its = of(source.tag);
            let missing: Vec<_> = english.keys().filter(|id| !its.contains_key(*id)).collect();
            assert!(missing.is_empty(), "{} lacks {missing:?}", source.tag);
            let more: Vec<_> = its.keys().filter(|id| !english.contains_key(*id)).collect();
            assert!(more.is_empty(), "only {} has {more:?}", source.tag);
            for (id, value) in &its {
                let (mut here, mut there) = (BTreeSet::new(), BTreeSet::new());
                holes(value, &mut here);
                holes(&english[id], &mut there);
                assert_eq!(here, there, "{} {id}", source.tag);
            }
        }
    }

    #[test]
    fn every_word_the_page_says_is_there_and_every_word_there_is_said() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("page");
        let (mut said, mut quoted) = (BTreeSet::new(), BTreeSet::new());
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_none_or(|ending| ending != "js") {
                continue;
            }
            let source = fs::read_to_string(&path).unwrap();
            for piece in source.split("say(\"").skip(1) {
                said.insert(piece.split('"').next().unwrap().to_owned());
            }
            quoted.extend(source.split('"').map(str::to_owned));
        }
        let there = ids("en");
        let missing: Vec<_> = said.difference(&there).collect();
        assert!(missing.is_empty(), "not in the words: {missing:?}");
        let families = [
            "refused-",
            "state-",
            "alert-",
            "kind-",
            "pace-",
            "stage-",
            "end-",
            "called-",
            "file-",
            "program-",
            "unclean-",
            "membership-",
            "way-",
        ];
        let idle: Vec<_> = there
            .difference(&quoted)
            .filter(|id| !families.iter().any(|family| id.starts_with(family)))
            .collect();
        assert!(idle.is_empty(), "nobody says: {idle:?}");
    }

    #[test]
    fn every_refusal_has_words() {
        let there = ids("ko");
        for refusal in Refusal::ALL {
            assert!(there.contains(&format!("refused-{}", refusal.name())), "{refusal:?}");
        }
    }
}
