//! Planted disorder.

use super::*;
use crate::breach::Rule;

fn leaf(path: &str, text: impl Into<String>) -> Leaf {
    Leaf { path: PathBuf::from(path), text: text.into() }
}

fn found(leaves: &[Leaf]) -> Vec<(Rule, String)> {
    check(leaves).into_iter().map(|breach| (breach.rule, breach.place)).collect()
}

fn one(path: &str, text: &str) -> Vec<(Rule, String)> {
    found(&[leaf(path, text)])
}

fn breach(rule: Rule, place: &str) -> Vec<(Rule, String)> {
    vec![(rule, place.to_owned())]
}

#[test]
fn a_file_over_a_thousand_lines_is_seen_and_one_over_six_hundred_is_told() {
    let lines = |count: usize| leaf("crates/wire/src/lib.rs", "\n".repeat(count));
    assert_eq!(found(&[lines(1_001)]), breach(Rule::Length, "crates/wire/src/lib.rs"));
    assert_eq!(found(&[lines(1_000)]), []);
    assert_eq!(rust::long(&[lines(601)], LINES_LONG).len(), 1);
    assert_eq!(rust::long(&[lines(600)], LINES_LONG).len(), 0);
    assert_eq!(found(&[leaf("crates/wire/tests/all.rs", "\n".repeat(2_000))]), []);
}

#[test]
fn an_empty_name_is_seen() {
    for path in ["crates/wire/src/utils.rs", "crates/lab/src/helpers/a.rs", "xtask/src/manager.rs"]
    {
        assert_eq!(one(path, ""), breach(Rule::Name, path));
    }
    assert_eq!(
        one("crates/wire/src/lib.rs", "\nmod common {}"),
        breach(Rule::Name, "crates/wire/src/lib.rs:2")
    );
    assert_eq!(one("crates/wire/src/commons.rs", "mod manager_of_none {}"), []);
}

#[test]
fn a_getter_is_seen_unless_another_trait_names_it() {
    let path = "crates/seal/src/lib.rs";
    assert_eq!(one(path, "impl A {\n fn get_b() {}\n}"), breach(Rule::Name, &format!("{path}:2")));
    assert_eq!(
        one(path, "impl T for A { fn get_b() {} }\nfn get_c() {}"),
        breach(Rule::Name, &format!("{path}:2"))
    );
    assert_eq!(one(path, "fn a(b: impl Fn()) { for c in d {} }\nfn get() {}"), []);
    assert_eq!(one(path, "fn a() -> impl B { c }\nfn get_d() {}").len(), 1);
    assert_eq!(one(path, "fn a(b: impl for<'a> B<'a>) { c }\nfn get_d() {}").len(), 1);
}

#[test]
fn a_loose_end_is_seen_and_a_word_about_one_is_not() {
    for text in [
        "fn a() { todo!() }",
        "fn a() { unimplemented!(\"b\") }",
        "fn a() { dbg!(b); }",
        "#[test]\n#[ignore]\nfn a() {}",
        "#[ignore = \"slow\"]\nfn a() {}",
        "#[cfg_attr(windows, ignore)]\nfn a() {}",
    ] {
        let rules: Vec<Rule> =
            one("crates/wire/tests/a.rs", text).into_iter().map(|(rule, _)| rule).collect();
        assert_eq!(rules, [Rule::LooseEnd], "{text}");
    }
    assert_eq!(one("crates/wire/src/lib.rs", "/// ```\n/// todo!()\n/// ```\nfn a() {}"), []);
    assert_eq!(one("crates/wire/src/lib.rs", "#[derive(A)]\nfn ignore() {}"), []);
}

#[test]
fn a_sleeping_test_is_seen() {
    let text = "#[cfg(test)]\nmod tests {\n fn a() { std::thread::sleep(b); }\n}";
    assert_eq!(one("crates/relay/src/a.rs", text), breach(Rule::Sleep, "crates/relay/src/a.rs:3"));
    let text = "async fn a() { tokio::time::sleep(b).await; }";
    for path in ["crates/relay/tests/a.rs", "crates/lab/src/a.rs"] {
        assert_eq!(one(path, text), breach(Rule::Sleep, &format!("{path}:1")));
    }
    assert_eq!(one("crates/relay/src/a.rs", text), []);
    assert_eq!(one("crates/lab/src/a.rs", "fn sleep(a: u8) {}"), []);
}

#[test]
fn a_vector_without_its_reason_is_seen() {
    let path = "vectors/box-too-long.txt";
    assert_eq!(one(path, "expect: refused\ncomment: a length that lies\n00"), []);
    assert_eq!(one(path, "expect: refused\n00"), breach(Rule::Vector, path));
    assert_eq!(one(path, "expect:\ncomment: a\n"), breach(Rule::Vector, path));
    assert_eq!(one("vectors/README.md", "a"), []);
}

#[test]
fn a_fuzz_target_without_a_corpus_is_seen() {
    let target = leaf("fuzz/fuzz_targets/frame.rs", "");
    let near = leaf("fuzz/corpus/frames/1", "");
    let corpus = leaf("fuzz/corpus/frame/1", "");
    assert_eq!(found(&[target.clone(), near]), breach(Rule::Corpus, "fuzz/fuzz_targets/frame.rs"));
    assert_eq!(found(&[target, corpus]), []);
}

#[test]
fn a_decision_without_its_number_is_seen() {
    let decision = |name: &str| leaf(&format!("docs/decisions/{name}"), "");
    assert_eq!(found(&[decision("0001-one-loop.md"), decision("0002-two.md")]), []);
    for name in ["one-loop.md", "001-a.md", "0001_a.md", "0001-A.md", "0001-a.txt", "0001-.md"] {
        assert_eq!(
            found(&[decision(name)]),
            breach(Rule::Decision, &format!("docs/decisions/{name}")),
            "{name}"
        );
    }
    assert_eq!(
        found(&[decision("0001-a.md"), decision("0001-b.md")]),
        breach(Rule::Decision, "docs/decisions/0001-b.md")
    );
}

#[test]
fn a_path_of_one_machine_is_seen() {
    for folder in ["root", "work"] {
        let text = format!("see\n`/{folder}/main` for more");
        assert_eq!(one("README.md", &text), breach(Rule::Path, "README.md:2"));
        let text = format!("docs/{folder}/a and https://a.example/{folder}/b and $HOME/{folder}/");
        let rules = one("README.md", &text.replace("$HOME", "~"));
        assert_eq!(rules, []);
    }
}

#[test]
fn a_crate_without_its_need_is_seen() {
    let path = "crates/vault/Cargo.toml";
    let at = |line: usize| (Rule::Need, format!("{path}:{line}"));
    let sound = "[package]\nname = \"a\"\n\n[dependencies]\nsogon-engine = { path = \"..\" }\n\
                 # -- the sealed container\n# It is slow on purpose.\nargon2 = \"1\"\n\
                 hkdf = { version = \"1\", features = [\n  \"a\",\n] }\nsha2 = \"1\"\n";
    assert_eq!(one(path, sound), []);
    assert_eq!(one(path, &format!("{sound}\nb = \"1\"\n")), [at(14)]);
    assert_eq!(one(path, &format!("{sound}[dev-dependencies]\nb = \"1\"\n")), [at(14)]);
    assert_eq!(one(path, "[dependencies]\n# a note\nb.workspace = true\n"), [at(3)]);
    assert_eq!(one(path, "[target.'cfg(unix)'.dependencies]\nb = \"1\"\n"), [at(2)]);
    assert_eq!(one(path, "[dependencies.b]\nversion = \"1\"\n"), [at(1)]);
    assert_eq!(one(path, "[features]\nb = []\n"), []);
}
