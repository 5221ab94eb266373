//! What keeps this process's memory from reaching a disk, or another program.

use std::sync::{
    OnceLock,
    atomic::{AtomicUsize, Ordering},
};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use sogon_vault::memory::{self, Account};

/// The largest Argon2id, and as much again for all else. An eighth of 16 GiB is more than this.
const ENOUGH_BYTES: usize = 1_792 << 20;
/// Four times what a home of 100,000 messages needs.
const BLOCK_BYTES_MAX: usize = 16 << 20;
/// Below this, keys of the vault alone are locked: they need a dozen pages.
const BLOCK_BYTES_MIN: usize = 1 << 20;
/// As deep as the commands go, twice.
const STACK_BYTES: usize = 512 << 10;
/// Threads beside the first one do a single thing each.
const THREAD_STACK_BYTES: usize = 128 << 10;
const THREADS_MAX: usize = 4;
/// What is locked beside the block: stacks, with what stands above them, and pages of the vault.
const BESIDE_BYTES: usize = 1_600 << 10;

/// Whether all of the memory is locked: found out once.
static ALL: OnceLock<bool> = OnceLock::new();
static THREADS: AtomicUsize = AtomicUsize::new(0);

/// What became of the memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Memory {
    /// No page of it is ever written to swap.
    Locked,
    /// The system has no swap it could be written to.
    NoSwap,
    /// Texts and keys are in memory that is never written to swap.
    TextsLocked,
    /// That memory was full at some time, and what found no room in it may be written to swap.
    TextsOverflowed,
    /// It may be written to swap: the system lets this program lock too little.
    MayBeSwapped,
}

/// No core dump, and no look inside for other programs of the same user.
pub(crate) fn begin() {
    // A crash must not leave an image of memory on the disk: it would hold open messages and keys.
    let _ = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) });
    #[cfg(any(target_os = "linux", target_os = "android"))]
    {
        use rustix::process::{DumpableBehavior, set_dumpable_behavior};
        let _ = set_dumpable_behavior(DumpableBehavior::NotDumpable);
    }
    let allowed = allowed();
    if !*ALL.get_or_init(|| lock_all(allowed)) {
        lock_some(allowed);
    }
}

/// How much this program may lock, raised as far as this user may go.
#[cfg(any(target_os = "linux", target_os = "android"))]
fn allowed() -> usize {
    let Rlimit { maximum, .. } = getrlimit(Resource::Memlock);
    // Where that is refused, what was allowed before is what there is.
    let _ = setrlimit(Resource::Memlock, Rlimit { current: maximum, maximum });
    let current = getrlimit(Resource::Memlock).current;
    current.map_or(usize::MAX, |bytes| usize::try_from(bytes).unwrap_or(usize::MAX))
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn allowed() -> usize {
    0
}

/// All of it, and all that will be: keys are not in one place only, they are in rows and ciphers
/// too. Where the system allows less than what Argon2 alone takes, locking what is to come would
/// end the program in the middle of something.
#[cfg(any(target_os = "linux", target_os = "android"))]
fn lock_all(allowed: usize) -> bool {
    use rustix::mm::{MlockAllFlags, mlockall};
    let flags = MlockAllFlags::CURRENT | MlockAllFlags::FUTURE | MlockAllFlags::ONFAULT;
    allowed >= ENOUGH_BYTES && mlockall(flags).is_ok()
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn lock_all(_allowed: usize) -> bool {
    false
}

/// The memory that texts and keys of conversations are in, and the stack they pass over.
fn lock_some(allowed: usize) {
    let bytes = allowed.saturating_sub(BESIDE_BYTES).min(BLOCK_BYTES_MAX);
    if bytes >= BLOCK_BYTES_MIN && memory::furnish(bytes) {
        memory::lock_stack::<STACK_BYTES>();
    }
}

/// In a thread that begins: texts pass over its stack, too.
pub(crate) fn thread_begins() {
    let others = THREADS.fetch_add(1, Ordering::Relaxed);
    if others < THREADS_MAX && memory::account().block_bytes > 0 {
        memory::lock_stack::<THREAD_STACK_BYTES>();
    }
}

/// In a thread that ends.
pub(crate) fn thread_ends() {
    THREADS.fetch_sub(1, Ordering::Relaxed);
}

/// Where this process's memory may go.
pub(crate) fn memory() -> Memory {
    let swaps = std::fs::read_to_string("/proc/swaps").unwrap_or_else(|_| "?\n?".to_owned());
    let all = ALL.get().is_some_and(|all| *all);
    judge(all, swaps.lines().count() > 1, memory::account())
}

fn judge(all: bool, swap: bool, account: Account) -> Memory {
    match account {
        _ if all => Memory::Locked,
        _ if !swap => Memory::NoSwap,
        Account { block_bytes: 0, .. } => Memory::MayBeSwapped,
        Account { missed: 0, .. } => Memory::TextsLocked,
        _ => Memory::TextsOverflowed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_swapped_is_judged_by_what_is_locked_and_whether_it_was_enough() {
        let none = Account::default();
        let block = Account { block_bytes: 1, ..none };
        let full = Account { missed: 1, ..block };
        assert_eq!(judge(true, true, none), Memory::Locked);
        assert_eq!(judge(false, false, none), Memory::NoSwap);
        assert_eq!(judge(false, true, none), Memory::MayBeSwapped);
        assert_eq!(judge(false, true, block), Memory::TextsLocked);
        assert_eq!(judge(false, true, full), Memory::TextsOverflowed);
    }

    #[test]
    fn what_is_locked_beside_the_block_has_room_beside_it() {
        const ABOVE: usize = 64 << 10;
        const PAGES_OF_THE_VAULT: usize = 64 << 12;
        let stacks = STACK_BYTES + ABOVE + THREADS_MAX * (THREAD_STACK_BYTES + ABOVE);
        assert!(stacks + PAGES_OF_THE_VAULT <= BESIDE_BYTES);
    }
}
