//! What keeps this process's memory from reaching a disk, or another program.

use rustix::process::{Resource, Rlimit, setrlimit};

/// What became of the memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Memory {
    /// No page of it is ever written to swap.
    Locked,
    /// The system has no swap it could be written to.
    NoSwap,
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
    lock();
}

/// All of it, and all that will be: keys are not in one place only, they are in rows and ciphers
/// too. Where the system allows less than what Argon2 alone takes, locking what is to come would
/// end the program in the middle of something.
#[cfg(any(target_os = "linux", target_os = "android"))]
fn lock() -> bool {
    use rustix::{mm, process::getrlimit};
    // The largest Argon2id, and as much again for all else. An eighth of 16 GiB is more than this.
    const ENOUGH_BYTES: u64 = 1_792 << 20;
    let Rlimit { maximum, .. } = getrlimit(Resource::Memlock);
    // As far as this user may go; where that is refused, what was allowed before is what there is.
    let _ = setrlimit(Resource::Memlock, Rlimit { current: maximum, maximum });
    let allowed = getrlimit(Resource::Memlock).current.unwrap_or(u64::MAX);
    let flags = mm::MlockAllFlags::CURRENT | mm::MlockAllFlags::FUTURE | mm::MlockAllFlags::ONFAULT;
    allowed >= ENOUGH_BYTES && mm::mlockall(flags).is_ok()
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn lock() -> bool {
    false
}

/// Where this process's memory may go.
pub(crate) fn memory() -> Memory {
    let swaps = std::fs::read_to_string("/proc/swaps").unwrap_or_else(|_| "?\n?".to_owned());
    match (lock(), swaps.lines().count()) {
        (true, _) => Memory::Locked,
        (false, 0 | 1) => Memory::NoSwap,
        (false, _) => Memory::MayBeSwapped,
    }
}
