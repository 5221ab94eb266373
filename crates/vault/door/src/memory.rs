//! SQLite's memory: taken from Rust's allocator, and overwritten before it is given back.
//!
//! SQLite keeps pages, rows and words in memory it frees without looking back; after a home was
//! locked all of that would still lie in the process. From the same allocator as all else, it is memory
//! that is not swapped where the program has such (`arena.rs`).

use std::alloc::{Layout, alloc, dealloc};
use std::ffi::{c_int, c_void};
use std::ptr;

use libsqlite3_sys as ffi;
use zeroize::Zeroize;

/// What stands before each piece: its size. SQLite wants pieces aligned to eight bytes.
const HEAD_BYTES: usize = 16;

/// Hands SQLite this memory. Too late when SQLite was used in this process before: then it keeps
/// the one it has.
#[allow(unsafe_code, reason = "SQLite takes its allocator as a table of callbacks")]
pub(crate) fn lend() {
    let methods = ffi::sqlite3_mem_methods {
        xMalloc: Some(take),
        xFree: Some(give_back),
        xRealloc: Some(resize),
        xSize: Some(size),
        xRoundup: Some(round_up),
        xInit: Some(begin),
        xShutdown: Some(end),
        pAppData: ptr::null_mut(),
    };
    // SAFETY: the option takes one pointer to such a table, which SQLite copies before it returns.
    let _late = unsafe { ffi::sqlite3_config(ffi::SQLITE_CONFIG_MALLOC, &raw const methods) };
}

fn layout(bytes: usize) -> Option<Layout> {
    Layout::from_size_align(bytes.checked_add(HEAD_BYTES)?, HEAD_BYTES).ok()
}

#[allow(unsafe_code, reason = "a piece begins with its size")]
extern "C" fn take(bytes: c_int) -> *mut c_void {
    let bytes = usize::try_from(bytes).unwrap_or(0);
    let Some(layout) = layout(bytes).filter(|_| bytes > 0) else { return ptr::null_mut() };
    // SAFETY: the layout is never empty. The head fits and is aligned for a number, and what is
    // handed out lies within the piece.
    unsafe {
        let start = alloc(layout);
        if start.is_null() {
            return ptr::null_mut();
        }
        start.cast::<usize>().write(bytes);
        start.add(HEAD_BYTES).cast()
    }
}

#[allow(unsafe_code, reason = "what SQLite gives back was handed out by `take`")]
extern "C" fn give_back(piece: *mut c_void) {
    let bytes = usize::try_from(size(piece)).unwrap_or(0);
    let Some(layout) = layout(bytes).filter(|_| !piece.is_null()) else { return };
    // SAFETY: SQLite gives back each piece once and uses it no more; it came from `take` with this
    // layout, and all of it was SQLite's to write.
    unsafe {
        std::slice::from_raw_parts_mut(piece.cast::<u8>(), bytes).zeroize();
        dealloc(piece.cast::<u8>().sub(HEAD_BYTES), layout);
    }
}

#[allow(unsafe_code, reason = "two pieces that do not overlap")]
extern "C" fn resize(piece: *mut c_void, bytes: c_int) -> *mut c_void {
    let larger = take(bytes);
    if larger.is_null() || piece.is_null() {
        return larger;
    }
    let kept = usize::try_from(size(piece).min(bytes)).unwrap_or(0);
    // SAFETY: both pieces have at least so many bytes, and `take` never hands out what is in use.
    unsafe { ptr::copy_nonoverlapping(piece.cast::<u8>(), larger.cast::<u8>(), kept) };
    give_back(piece);
    larger
}

#[allow(unsafe_code, reason = "the size stands before the piece")]
extern "C" fn size(piece: *mut c_void) -> c_int {
    if piece.is_null() {
        return 0;
    }
    // SAFETY: SQLite asks only about pieces from `take`, which wrote the size here.
    let bytes = unsafe { piece.cast::<u8>().sub(HEAD_BYTES).cast::<usize>().read() };
    c_int::try_from(bytes).unwrap_or(0)
}

extern "C" fn round_up(bytes: c_int) -> c_int {
    bytes.checked_add(7).map_or(bytes, |more| more & !7)
}

extern "C" fn begin(_: *mut c_void) -> c_int {
    ffi::SQLITE_OK
}

extern "C" fn end(_: *mut c_void) {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_piece_keeps_its_size_and_its_bytes_when_it_grows() {
        assert!(take(0).is_null() && take(-1).is_null());
        assert_eq!(size(ptr::null_mut()), 0);
        give_back(ptr::null_mut());
        let piece = take(10);
        assert_eq!((size(piece), piece as usize % 8), (10, 0));
        let piece = resize(piece, 5_000);
        assert_eq!(size(piece), 5_000);
        let piece = resize(piece, 3);
        assert_eq!(size(piece), 3);
        give_back(piece);
        assert_eq!((round_up(1), round_up(8), round_up(c_int::MAX)), (8, 8, c_int::MAX));
    }
}
