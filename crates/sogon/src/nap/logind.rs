//! What logind says to all on the system's bus before the machine sleeps; it waits for those who asked
//! it to.

use std::{future::poll_fn, num::NonZeroUsize, pin::Pin, time::Duration};

use zbus::{
    Connection, MatchRule, MessageStream, OwnedFd, connection::Builder,
    export::futures_core::Stream, message::Type,
};

/// As org.freedesktop.login1(5) has them.
const LOGIND: &str = "org.freedesktop.login1";
const PLACE: &str = "/org/freedesktop/login1";
const MANAGER: &str = "org.freedesktop.login1.Manager";
const SIGN: &str = "PrepareForSleep";
/// A bus that is there answers at once.
const PATIENCE: Duration = Duration::from_secs(5);
/// Signs that may wait to be heard; one is enough.
const SIGNS_MAX: Option<NonZeroUsize> = NonZeroUsize::new(4);

/// What lets the machine wait with its sleep, for as long as this is held (at most what logind
/// allows, usually five seconds).
#[derive(Debug, Default)]
pub(crate) struct Nap(Option<OwnedFd>);

impl Nap {
    /// Returns when the machine is about to sleep. It sleeps once this [`Nap`] is dropped.
    pub(crate) async fn comes(&mut self) {
        if self.listen().await.is_none() {
            std::future::pending().await
        }
    }

    /// Whether the system says before it sleeps.
    pub(crate) async fn is_foretold() -> bool {
        let asked = async { Some(Self::take(&bus().await?).await.is_some()) };
        asked.await.unwrap_or(false)
    }

    async fn listen(&mut self) -> Option<()> {
        let bus = bus().await?;
        let sign = MatchRule::builder()
            .msg_type(Type::Signal)
            .sender(LOGIND)
            .path(PLACE)
            .interface(MANAGER)
            .member(SIGN)
            .build()
            .ok()?;
        // Before it is asked to wait: between the two nothing goes by unheard.
        let mut signs = MessageStream::for_match_rule(sign, &bus, SIGNS_MAX).await.ok()?;
        self.0 = Self::take(&bus).await;
        loop {
            let sign = poll_fn(|context| Pin::new(&mut signs).poll_next(context)).await?;
            // False: it woke up.
            if sign.is_ok_and(|sign| sign.body().deserialize::<bool>().unwrap_or(false)) {
                return Some(());
            }
        }
    }

    /// Asks the system to wait a moment before it sleeps. It may refuse, and still says when it does.
    async fn take(bus: &Connection) -> Option<OwnedFd> {
        let words = ("sleep", "Sogon", "closes what is open", "delay");
        let answer = bus.call_method(Some(LOGIND), PLACE, Some(MANAGER), "Inhibit", &words).await;
        answer.ok()?.body().deserialize().ok()
    }
}

/// The system's bus, where it is said to be, or where it usually is.
async fn bus() -> Option<Connection> {
    let begun = Builder::system().method_timeout(PATIENCE).build();
    tokio::time::timeout(PATIENCE, begun).await.ok()?.ok()
}
