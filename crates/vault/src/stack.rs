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

/// Twice as deep as a whole step of the program goes, polls of its tasks included: 448 KiB were used
/// in a debug build, by parsing the command of a guest.
const TASK_BYTES: usize = 1024 * 1024;

/// Overwrites the stack below the caller as deep as any task of the program reaches. For a task of
/// its own, after a home was closed: rows that were shown passed through the frames of other tasks
/// (docs/decisions/0103).
#[inline(never)]
pub fn overwrite_deeply() {
    let mut below = [0_u8; TASK_BYTES];
    below.zeroize();
    black_box(&below);
}
