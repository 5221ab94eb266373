//! What functions that are over left behind on the stack.

use std::hint::black_box;

use zeroize::Zeroize;

/// Deeper than any function here that has a key in its hands.
const BYTES: usize = 48 * 1024;

/// Overwrites the stack below the caller: ciphers and hashes move keys through it and do not look
/// back. Called where a key was used and the frames that used it are gone.
#[inline(never)]
pub(crate) fn overwrite() {
    let mut below = [0_u8; BYTES];
    below.zeroize();
    black_box(&below);
}
