//! Writes the first corpus of every fuzz target into `fuzz/corpus`: `corpus [TARGET …]`.
//!
//! Each seed is a real object, or a script that bends one (`sogon_lab::prey`), and has a name that
//! says what is strange about it. What a fuzzer found later lies beside them and is left alone; a
//! seed that lies in `fuzz/finds`, because it breaks a promise still, is written there.
//!
//! What is sealed is another each time. So seeds that are there stay as they are, but for those of
//! targets that are named: these are written again.
#![allow(
    clippy::print_stdout,
    clippy::expect_used,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::indexing_slicing,
    reason = "a tool for developers, with small numbers"
)]

mod call;
mod engine;
mod inspect;
mod seal;
mod vault;
mod wire;

use std::{collections::BTreeMap, fs, path::Path};

use sogon_wire::SealedBox;

fn main() {
    let named: Vec<String> = std::env::args().skip(1).collect();
    let fuzz = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz");
    let seeds = Seeds::all();
    for target in &named {
        assert!(seeds.0.contains_key(target.as_str()), "{target} is no target with seeds");
    }
    for (target, files) in &seeds.0 {
        let (corpus, finds) = (fuzz.join("corpus").join(target), fuzz.join("finds").join(target));
        fs::create_dir_all(&corpus).expect("a folder");
        let again = named.iter().any(|name| name == target);
        let mut written: usize = 0;
        for (name, bytes) in files {
            let path = if finds.join(name).exists() { finds.join(name) } else { corpus.join(name) };
            if again || !path.exists() {
                fs::write(path, bytes).expect("a file");
                written += 1;
            }
        }
        println!("{target}: {} seeds, {written} written", files.len());
    }
}

/// Seeds by target and name.
#[derive(Default)]
struct Seeds(BTreeMap<&'static str, BTreeMap<String, Vec<u8>>>);

impl Seeds {
    fn all() -> Self {
        let mut seeds = Self::default();
        seeds.frames();
        seeds.streams();
        seeds.packets();
        seeds.texts();
        seeds.postings();
        seeds.packages();
        seeds.welcomes();
        seeds.boxes();
        seeds.rescues();
        seeds.arrivals();
        seeds.contents();
        seeds.containers();
        seeds.files();
        seeds.cards();
        seeds.answers();
        seeds.voices();
        seeds
    }

    fn add(&mut self, target: &'static str, name: impl Into<String>, bytes: impl Into<Vec<u8>>) {
        self.0.entry(target).or_default().insert(name.into(), bytes.into());
    }

    /// An object, and it cut, lengthened and changed.
    fn around(&mut self, target: &'static str, name: &str, bytes: &[u8]) {
        self.add(target, name, bytes);
        self.add(target, format!("{name}-with-one-more"), [bytes, &[0]].concat());
        for (what, cut) in [("half", bytes.len() / 2), ("last", bytes.len().saturating_sub(1))] {
            self.add(target, format!("{name}-cut-{what}"), &bytes[..cut]);
        }
        for (what, at) in [("first", 0), ("middle", bytes.len() / 2), ("last", bytes.len() - 1)] {
            let mut bent = bytes.to_vec();
            bent[at] ^= 1;
            self.add(target, format!("{name}-flipped-{what}"), bent);
        }
    }
}

fn boxed(fill: u8) -> SealedBox {
    SealedBox::parse(&[fill; 352]).expect("a step")
}

/// Scripts that change an object of about this length, once in every way.
fn bends(length: usize) -> Vec<(String, Vec<u8>)> {
    let mut scripts = Vec::new();
    for (place, at) in [("first", 0), ("middle", length / 2), ("last", length.saturating_sub(1))] {
        let [high, low] = (at as u16).to_be_bytes();
        for (name, act, rest) in [
            ("flip", 0, vec![3]),
            ("set", 1, vec![0xff]),
            ("cut", 2, vec![]),
            ("insert", 3, vec![0, 3, 0xbf, 0xff, 0xff]),
            ("remove", 4, vec![2]),
            ("repeat", 5, vec![4]),
            ("ones", 6, vec![0xff, 4]),
        ] {
            scripts
                .push((format!("{name}-{place}"), [&[act, high, low], rest.as_slice()].concat()));
        }
    }
    scripts.push(("longer".to_owned(), vec![7, 0, 0, 0, 2, 1, 2]));
    scripts
}

/// Some of [`bends`].
fn few_bends(length: usize) -> Vec<(String, Vec<u8>)> {
    let few = ["flip-first", "cut-first", "cut-last", "insert-middle", "ones-first", "longer"];
    bends(length).into_iter().filter(|(name, _)| few.contains(&name.as_str())).collect()
}
