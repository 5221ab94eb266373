//! Files that somebody sends, of any format and of none.

use sogon_inspect::clean::{Options, clean_bytes};

/// So much may unfold from a file of the fuzzer's: enough for its tricks, quick enough for millions.
const UNFOLDED_BYTES_MAX: u64 = 4 << 20;

/// A file is refused, or its clean copy is one that cleaning leaves as it is.
pub fn inspect_clean(bytes: &[u8]) {
    let options = Options { unfolded_bytes_max: UNFOLDED_BYTES_MAX, ..Options::default() };
    if let Ok((copy, _)) = clean_bytes(bytes, &options) {
        let again = clean_bytes(&copy, &options).map(|(again, _)| again);
        assert_eq!(again.ok(), Some(copy), "a clean copy is clean");
    }
}
