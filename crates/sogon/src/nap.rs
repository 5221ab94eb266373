//! The machine is about to sleep. Where the system does not say so, or there is no bus to say it on,
//! a home locks on waking (`sleep.rs`).

#[cfg(target_os = "linux")]
mod logind;

#[cfg(target_os = "linux")]
pub(crate) use logind::Nap;

/// Nothing that could let the machine wait.
#[cfg(not(target_os = "linux"))]
#[derive(Debug, Default)]
pub(crate) struct Nap;

#[cfg(not(target_os = "linux"))]
impl Nap {
    /// Never returns.
    pub(crate) async fn comes(&mut self) {
        std::future::pending().await
    }

    /// Whether the system says before it sleeps.
    pub(crate) async fn is_foretold() -> bool {
        false
    }
}
