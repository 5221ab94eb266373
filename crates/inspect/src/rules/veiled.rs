//! Our own rules inside our own program, veiled: a program that held the strings it looks for would
//! find itself. The files in `rules/` are the readable form.

/// Bytes turned over.
#[allow(clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "counted up to N")]
pub(super) const fn veil<const N: usize>(bytes: &[u8; N]) -> [u8; N] {
    let mut veiled = [0; N];
    let mut at = 0;
    while at < N {
        veiled[at] = !bytes[at];
        at += 1;
    }
    veiled
}

/// The rules in a veiled file: its first entry is a comment for readers, and is left out.
pub(super) fn lift<T: serde::de::DeserializeOwned>(veiled: &[u8]) -> Vec<T> {
    let bytes: Vec<u8> = veiled.iter().map(|byte| !byte).collect();
    let entries: Vec<serde_json::Value> = serde_json::from_slice(&bytes).unwrap_or_default();
    entries.into_iter().filter_map(|entry| serde_json::from_value(entry).ok()).collect()
}
