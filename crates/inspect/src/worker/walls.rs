//! The walls around a worker: limits of memory and files everywhere; where the kernel has them,
//! Landlock (no file can be opened) and seccomp (no call but those that reading needs).

use rustix::process::{Resource, Rlimit, setrlimit};
use serde::{Deserialize, Serialize};

/// Which walls stand, found by trying.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Walls {
    /// Landlock took our rules.
    pub landlock: bool,
    /// The kernel took our list of calls.
    pub seccomp: bool,
    /// A file was tried and did not open.
    pub no_files: bool,
    /// A socket was tried and was not made.
    pub no_network: bool,
    /// Memory is limited.
    pub memory: bool,
}

impl Walls {
    /// What was tried did not work, and memory is limited.
    #[must_use]
    pub fn stand(self) -> bool {
        self.no_files && self.no_network && self.memory
    }
}

/// Raises what can be raised, and tries whether it holds. No file grows beyond `file_bytes_max`: a
/// worker that looks writes none, one that cleans has its copy open.
pub(super) fn raise(memory_bytes_max: u64, file_bytes_max: u64) -> Walls {
    let limit = |resource, most| {
        setrlimit(resource, Rlimit { current: Some(most), maximum: Some(most) }).is_ok()
    };
    // A picture of memory on the disk would hold what was looked at.
    limit(Resource::Core, 0);
    let memory = limit(Resource::As, memory_bytes_max);
    limit(Resource::Fsize, file_bytes_max);
    #[cfg(target_os = "linux")]
    let _ = rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::KILL));
    let (landlock, seccomp) = kernel_walls();
    let no_files = std::fs::File::open("/").is_err();
    let no_network = rustix::net::socket(
        rustix::net::AddressFamily::INET,
        rustix::net::SocketType::STREAM,
        None,
    )
    .is_err();
    Walls { landlock, seccomp, no_files, no_network, memory }
}

#[cfg(target_os = "linux")]
fn kernel_walls() -> (bool, bool) {
    (landlock_wall().unwrap_or(false), seccomp_wall().is_some())
}

#[cfg(not(target_os = "linux"))]
fn kernel_walls() -> (bool, bool) {
    (false, false)
}

/// Nothing may be opened, and from Landlock 4 on nothing connected.
#[cfg(target_os = "linux")]
fn landlock_wall() -> Option<bool> {
    use landlock::{
        ABI, Access, AccessFs, AccessNet, CompatLevel, Compatible, Ruleset, RulesetAttr,
        RulesetStatus,
    };

    let rules = Ruleset::default()
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(AccessFs::from_all(ABI::V5))
        .ok()?
        .handle_access(AccessNet::from_all(ABI::V5))
        .ok()?;
    let status = rules.create().ok()?.restrict_self().ok()?;
    Some(status.ruleset != RulesetStatus::NotEnforced)
}

/// The calls a worker needs; any other one fails as not permitted.
#[cfg(target_os = "linux")]
const CALLS: &[libc::c_long] = &[
    libc::SYS_read,
    libc::SYS_readv,
    libc::SYS_pread64,
    libc::SYS_write,
    libc::SYS_writev,
    libc::SYS_recvmsg,
    libc::SYS_recvfrom,
    libc::SYS_sendmsg,
    libc::SYS_sendto,
    libc::SYS_close,
    libc::SYS_fstat,
    libc::SYS_statx,
    libc::SYS_lseek,
    libc::SYS_mmap,
    libc::SYS_munmap,
    libc::SYS_mremap,
    libc::SYS_mprotect,
    libc::SYS_madvise,
    libc::SYS_brk,
    libc::SYS_futex,
    libc::SYS_getrandom,
    libc::SYS_clock_gettime,
    libc::SYS_sched_yield,
    libc::SYS_sched_getaffinity,
    libc::SYS_gettid,
    libc::SYS_getpid,
    libc::SYS_tgkill,
    libc::SYS_rt_sigaction,
    libc::SYS_rt_sigprocmask,
    libc::SYS_rt_sigreturn,
    libc::SYS_sigaltstack,
    libc::SYS_restart_syscall,
    libc::SYS_exit,
    libc::SYS_exit_group,
];

#[cfg(target_os = "linux")]
fn seccomp_wall() -> Option<()> {
    use seccompiler::{BpfProgram, SeccompAction, SeccompFilter, apply_filter};

    let refused = u32::try_from(libc::EPERM).ok()?;
    let filter = SeccompFilter::new(
        CALLS.iter().map(|call| (*call, Vec::new())).collect(),
        SeccompAction::Errno(refused),
        SeccompAction::Allow,
        std::env::consts::ARCH.try_into().ok()?,
    );
    let program: BpfProgram = filter.ok()?.try_into().ok()?;
    apply_filter(&program).ok()
}
