//! Where texts and keys of conversations lie, for a program that may lock little: a block that is
//! locked once, and the stacks they pass over. Keys of the vault have pages of their own besides
//! (`locked.rs`).

use std::hint::black_box;
use std::ops::Range;

pub use sogon_vault_door::{Account, Arena, account};

/// As large as the pages of most systems; a system with larger ones locks more than it must.
const PAGE_BYTES: usize = 4096;
/// A piece larger than this part of the block would leave too little for what is small.
const PIECE_PART: usize = 8;
/// The part of the block that pages of the database may take, each in one of two places.
const KEPT_PART: usize = 4;
/// What is locked above the first frame at most: the words the program was started with among it.
const ABOVE_BYTES_MAX: usize = 64 * 1024;

/// Locks a block of so many bytes, out of which [`Arena`] serves from now on. Called once, by a
/// program whose allocator that is, before it has anything to hide. Whether it is locked.
pub fn furnish(bytes: usize) -> bool {
    let block = Box::leak(Box::<[u8]>::new_uninit_slice(bytes));
    // It stays locked for as long as the program lives.
    let locked = sogon_vault_door::lock_when_used(block)
        || region::lock(block.as_ptr(), bytes).map(std::mem::forget).is_ok();
    if locked {
        sogon_vault_door::furnish(block, bytes / PIECE_PART);
    }
    locked
}

/// What may be kept of what could be read again: as much as `bytes`, and less where all must fit into
/// the block.
pub(crate) fn room(bytes: usize) -> usize {
    match account().block_bytes {
        0 => bytes,
        block => bytes.min(block / KEPT_PART),
    }
}

/// Locks the stack of the calling thread, `BYTES` below the caller and a little above. What goes
/// deeper is not locked. Whether it is.
#[inline(never)]
pub fn lock_stack<const BYTES: usize>() -> bool {
    // The stack of a program's first thread grows as it is used; only what is there can be locked.
    let below = [0_u8; BYTES];
    let below = black_box(&below).as_ptr_range();
    let Some(stack) = mapping_of(below.start.addr()) else { return false };
    // Where the lowest page is not locked, the system lets the stack grow as if nothing were.
    let Some(bytes) = stack
        .end
        .min(below.end.addr().saturating_add(ABOVE_BYTES_MAX))
        .checked_sub(below.start.addr().saturating_add(PAGE_BYTES))
    else {
        return false;
    };
    let Ok(guard) = region::lock(below.start.wrapping_add(PAGE_BYTES), bytes) else { return false };
    std::mem::forget(guard);
    true
}

/// The memory around an address, as the system lists it.
fn mapping_of(address: usize) -> Option<Range<usize>> {
    let maps = std::fs::read_to_string("/proc/self/maps").ok()?;
    let hex = |text| usize::from_str_radix(text, 16).ok();
    maps.lines()
        .filter_map(|line| line.split_whitespace().next()?.split_once('-'))
        .filter_map(|(from, to)| Some(hex(from)?..hex(to)?))
        .find(|range| range.contains(&address))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(target_os = "linux")]
    #[test]
    fn the_stack_of_a_thread_is_locked_as_deep_as_asked() {
        const BYTES: usize = 40_960;
        #[inline(never)]
        fn deep() -> usize {
            let frame = [0_u8; BYTES / 2];
            black_box(&frame).as_ptr().addr()
        }
        std::thread::spawn(|| {
            assert!(lock_stack::<BYTES>());
            assert!(crate::locked::tests::is_locked(deep()));
        })
        .join()
        .unwrap();
    }
}
