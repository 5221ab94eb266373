#![cfg(test)]
//! The first corpora of the fuzz targets are what the forge writes, at every run the same.

mod forge;

#[test]
fn the_seeds_of_the_fuzz_targets_are_what_the_forge_writes() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fuzz/corpus");
    for (target, seeds) in forge::seeds::all() {
        for (name, bytes) in seeds {
            let kept = std::fs::read(format!("{folder}/{target}/{name}")).unwrap_or_default();
            let same = kept == bytes;
            let how = "write them anew: cargo run -p sogon-inspect --example corpus";
            assert!(same, "{target}/{name} is another; {how}");
        }
    }
}
