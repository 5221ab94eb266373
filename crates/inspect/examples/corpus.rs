//! Writes the first corpora of the inspector's fuzz targets: `corpus [FOLDER]`, `fuzz/corpus`
//! without one. What a fuzzer found later lies beside them and is left alone.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    reason = "made by hand"
)]
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a tool of developers: it may stop"
)]

#[path = "../tests/forge/mod.rs"]
mod forge;

use std::{fs, path::Path};

use forge::seeds;

fn main() {
    let folder = std::env::args().nth(1).unwrap_or_else(|| "fuzz/corpus".to_owned());
    for (target, seeds) in seeds::all() {
        let folder = Path::new(&folder).join(target);
        fs::create_dir_all(&folder).unwrap();
        for (name, bytes) in seeds {
            fs::write(folder.join(name), bytes).unwrap();
        }
    }
    let sample = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/programs/signed.exe");
    fs::write(sample, seeds::sample()).unwrap();
}
