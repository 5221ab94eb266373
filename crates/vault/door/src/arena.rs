//! The program's memory: a block that the caller locked, as far as it reaches, and the system's.
//!
//! Texts and keys of conversations are in rows, boxes, strings and the state of a library, all over
//! the heap. A program that may lock little cannot lock a heap that grows; so what is of ordinary
//! size comes out of one block that was locked at the start. What is larger, and what finds no room,
//! is memory of the system, and is counted.

use std::alloc::{GlobalAlloc, Layout, System};
use std::mem::MaybeUninit;
use std::ptr::NonNull;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use rlsf::Tlsf;

use crate::locked;

/// Sizes in 24 powers of two with 32 steps each: blocks up to half a gibibyte, of which a
/// thirty-second is lost at most.
type Pool = Tlsf<'static, u32, u32, 24, 32>;

/// What the block was asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Account {
    /// The bytes of the block; 0 where there is none.
    pub block_bytes: usize,
    /// The bytes in use.
    pub used_bytes: usize,
    /// The most that were in use at one time.
    pub peak_bytes: usize,
    /// The pieces of ordinary size that found no room, since the start.
    pub missed: u64,
}

struct State {
    pool: Pool,
    account: Account,
}

static STATE: Mutex<State> = Mutex::new(State {
    pool: Pool::new(),
    account: Account { block_bytes: 0, used_bytes: 0, peak_bytes: 0, missed: 0 },
});
/// Where the block is, and the largest piece that comes out of it; zeros until there is one. They
/// are written once, while no piece of the block is in anybody's hands.
static FROM: AtomicUsize = AtomicUsize::new(0);
static TO: AtomicUsize = AtomicUsize::new(0);
static PIECE_BYTES_MAX: AtomicUsize = AtomicUsize::new(0);

/// The program's allocator. Until [`furnish`] it is the system's.
#[derive(Clone, Copy, Debug)]
pub struct Arena;

/// Locks the pages of a block, each when it is first used: all of them at once would take longer than
/// many a command does. Whether they are locked; systems that lock all at once only do not know this.
#[cfg(any(target_os = "linux", target_os = "android"))]
#[allow(unsafe_code, reason = "the system takes a place and a length")]
pub fn lock_when_used(block: &mut [MaybeUninit<u8>]) -> bool {
    use rustix::mm::{MlockFlags, mlock_with};
    let place = block.as_mut_ptr().cast();
    // SAFETY: the place and its length are those of the block, and a lock changes nothing in it.
    unsafe { mlock_with(place, block.len(), MlockFlags::ONFAULT) }.is_ok()
}

/// Locks the pages of a block, each when it is first used: not on this system.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub fn lock_when_used(_block: &mut [MaybeUninit<u8>]) -> bool {
    false
}

/// Hands over the block out of which pieces of up to `piece_bytes_max` come from now on. A second one
/// is not taken.
pub fn furnish(block: &'static mut [MaybeUninit<u8>], piece_bytes_max: usize) {
    let (from, bytes) = (block.as_ptr().addr(), block.len());
    let mut state = locked(&STATE);
    if state.account.block_bytes > 0 {
        return;
    }
    let _never_taken_back = state.pool.insert_free_block(block);
    state.account.block_bytes = bytes;
    FROM.store(from, Ordering::Relaxed);
    TO.store(from.saturating_add(bytes), Ordering::Relaxed);
    PIECE_BYTES_MAX.store(piece_bytes_max, Ordering::Relaxed);
}

/// What the block was asked for until now.
#[must_use]
pub fn account() -> Account {
    locked(&STATE).account
}

/// A piece of the block; `None` where the system is to be asked.
fn take(layout: Layout) -> Option<NonNull<u8>> {
    if layout.size() > PIECE_BYTES_MAX.load(Ordering::Relaxed) {
        return None;
    }
    let mut state = locked(&STATE);
    let piece = state.pool.allocate(layout);
    let account = &mut state.account;
    match piece {
        Some(_) => {
            account.used_bytes = account.used_bytes.saturating_add(layout.size());
            account.peak_bytes = account.peak_bytes.max(account.used_bytes);
        }
        None => account.missed = account.missed.saturating_add(1),
    }
    piece
}

/// The piece, when it is one of the block.
fn of_the_block(piece: *mut u8) -> Option<NonNull<u8>> {
    let block = FROM.load(Ordering::Relaxed)..TO.load(Ordering::Relaxed);
    NonNull::new(piece).filter(|_| block.contains(&piece.addr()))
}

// SAFETY: pieces come from the pool or from the system's allocator, which both keep this promise, and
// go back to the one they came from: the block belongs to the pool for ever, so no piece of the
// system's lies in it. The lock neither allocates nor unwinds on the systems that have a block.
#[allow(unsafe_code, reason = "an allocator is a promise that cannot be checked")]
unsafe impl GlobalAlloc for Arena {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promises about the layout are those the system asks for.
        take(layout).map_or_else(|| unsafe { System.alloc(layout) }, NonNull::as_ptr)
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        let Some(piece) = take(layout) else {
            // SAFETY: as above.
            return unsafe { System.alloc_zeroed(layout) };
        };
        // SAFETY: the piece is at least so large, and nobody else has it.
        unsafe { piece.write_bytes(0, layout.size()) };
        piece.as_ptr()
    }

    unsafe fn dealloc(&self, piece: *mut u8, layout: Layout) {
        let Some(piece) = of_the_block(piece) else {
            // SAFETY: it is none of the block, so it came from the system, with this layout.
            return unsafe { System.dealloc(piece, layout) };
        };
        let mut state = locked(&STATE);
        // SAFETY: it came from the pool, with this layout, and is given back once.
        unsafe { state.pool.deallocate(piece, layout.align()) };
        state.account.used_bytes = state.account.used_bytes.saturating_sub(layout.size());
    }
}

#[cfg(test)]
mod tests {
    use std::hint::black_box;

    use super::*;

    #[global_allocator]
    static MEMORY: Arena = Arena;

    const BLOCK_BYTES: usize = 4 << 20;
    const PIECE_BYTES: usize = 64 << 10;

    fn is_inside(bytes: &[u8]) -> bool {
        of_the_block(bytes.as_ptr().cast_mut()).is_some()
    }

    /// A piece that nobody looks at is left out by the compiler.
    fn piece(bytes: usize) -> Vec<u8> {
        black_box(vec![7; bytes])
    }

    /// Pieces of all sizes, taken and given back by several threads, each with its own mark in it.
    fn crowd() {
        std::thread::scope(|scope| {
            for mark in 0..4_u8 {
                scope.spawn(move || {
                    let mut kept = std::collections::VecDeque::new();
                    for n in 0..20_000_usize {
                        let bytes = n.wrapping_mul(7_919).wrapping_rem(3_000);
                        kept.push_back(black_box(vec![mark; bytes]));
                        if kept.len() > 50 {
                            let oldest = kept.pop_front().unwrap();
                            assert!(oldest.iter().all(|byte| *byte == mark));
                        }
                    }
                });
            }
        });
    }

    #[test]
    fn pieces_of_ordinary_size_come_out_of_the_block_until_it_is_full() {
        let before = piece(10);
        assert!(!is_inside(&before));
        furnish(Box::leak(Box::new_uninit_slice(BLOCK_BYTES)), PIECE_BYTES);
        furnish(Box::leak(Box::new_uninit_slice(BLOCK_BYTES)), PIECE_BYTES);
        assert_eq!(account().block_bytes, BLOCK_BYTES, "the second one is not taken");
        drop(before);

        assert!(is_inside(&piece(10)) && is_inside(&piece(PIECE_BYTES)));
        assert!(!is_inside(&piece(PIECE_BYTES + 1)));
        drop(piece(PIECE_BYTES));
        assert!(black_box(vec![0_u8; PIECE_BYTES]).iter().all(|byte| *byte == 0), "what lay there");
        crowd();
        assert_eq!(account().missed, 0);

        let many: Vec<_> = (0..2 * BLOCK_BYTES / PIECE_BYTES).map(|_| piece(PIECE_BYTES)).collect();
        let inside = many.iter().filter(|piece| is_inside(piece)).count();
        assert!(inside > BLOCK_BYTES / PIECE_BYTES / 2 && inside < many.len());
        let full = account();
        assert!(full.missed > 0 && full.peak_bytes > BLOCK_BYTES / 2, "{full:?}");
        drop(many);
        assert!(account().used_bytes < BLOCK_BYTES / 8, "{:?}", account());
        assert!(is_inside(&piece(PIECE_BYTES)), "there is room again");
    }
}
