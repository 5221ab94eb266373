#![cfg(test)]
//! Every committed corpus, through the same function its fuzz target calls: no panic on stable.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use sogon_lab::prey::TARGETS;

fn fuzz() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz")
}

/// The names in a folder of `fuzz`, sorted.
fn names(folder: &str) -> BTreeSet<String> {
    let entries = fs::read_dir(fuzz().join(folder)).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

/// The files of a folder at which the body of `target` panics.
fn broken(folder: &str, target: &str) -> Vec<String> {
    let (_, hunt) = TARGETS.iter().find(|(name, _)| *name == target).unwrap();
    let breaks = |file: &String| {
        let bytes = fs::read(fuzz().join(folder).join(file)).unwrap();
        std::panic::catch_unwind(|| hunt(&bytes)).is_err()
    };
    names(folder).into_iter().filter(breaks).collect()
}

fn replay(target: &str) {
    let folder = format!("corpus/{target}");
    assert!(names(&folder).len() >= 12, "{target} has a corpus worth replaying");
    let broken = broken(&folder, target);
    assert!(broken.is_empty(), "{target}: {broken:?}");
}

macro_rules! corpora {
    ($($target:ident)*) => {
        $(#[test]
        fn $target() {
            replay(stringify!($target));
        })*

        const REPLAYED: &[&str] = &[$(stringify!($target)),*];
    };
}

corpora! {
    wire_request wire_reply wire_stream wire_packet wire_invite wire_relay_addr seal_posting seal_keys
    seal_package seal_welcome seal_open seal_rescue seal_piece engine_arrivals engine_content
    engine_carried engine_files vault_container
    inspect_program inspect_tags inspect_look inspect_image inspect_lists inspect_clean
    call_wav call_note call_packet
}

#[test]
fn every_target_has_a_body_a_corpus_and_a_replay() {
    let bodies: BTreeSet<String> = TARGETS.iter().map(|(name, _)| (*name).to_owned()).collect();
    let replayed: BTreeSet<String> = REPLAYED.iter().map(|name| (*name).to_owned()).collect();
    let files = names("fuzz_targets");
    let targets: BTreeSet<String> =
        files.iter().filter_map(|name| name.strip_suffix(".rs")).map(str::to_owned).collect();
    assert_eq!(bodies, targets);
    assert_eq!(bodies, names("corpus"));
    assert_eq!(bodies, replayed);
    let manifest = fs::read_to_string(fuzz().join("Cargo.toml")).unwrap();
    for target in &bodies {
        assert!(manifest.contains(&format!("name = \"{target}\"")), "{target} is built");
        let text = fs::read_to_string(fuzz().join(format!("fuzz_targets/{target}.rs"))).unwrap();
        assert!(text.contains(&format!("prey::{target}(bytes)")), "{target} calls its own body");
    }
}

#[test]
fn the_corpora_stay_small() {
    let bytes: u64 = names("corpus")
        .iter()
        .flat_map(|target| {
            let folder = fuzz().join("corpus").join(target);
            fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().metadata().unwrap().len())
        })
        .sum();
    assert!(bytes < 1_500_000, "{bytes} bytes");
}
