//! Links that work once, and the secrets that sessions begin with.

use std::time::{Duration, Instant};

use data_encoding::HEXLOWER;
use zeroize::Zeroizing;

/// How long a link can be used.
pub(crate) const LINK_LIVES: Duration = Duration::from_secs(120);
/// Links that wait to be used; an older one dies first.
const LINKS_MAX: usize = 8;
/// Pages open at the same time; an older one ends first.
const SESSIONS_MAX: usize = 8;
/// Wrong tokens after which no link works any more until a new one is made.
const WRONG_MAX: u32 = 16;

/// The system gives no randomness.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NoRandomness;

/// So many random bytes in hex.
pub(crate) fn random_hex<const N: usize>() -> Result<Zeroizing<String>, NoRandomness> {
    let mut bytes = Zeroizing::new([0; N]);
    getrandom::fill(bytes.as_mut()).map_err(|_| NoRandomness)?;
    Ok(Zeroizing::new(HEXLOWER.encode(bytes.as_ref())))
}

struct Link {
    token: Zeroizing<String>,
    seat: usize,
    until: Instant,
}

struct Session {
    secret: Zeroizing<String>,
    seat: usize,
}

/// Whose page may speak for which seat.
#[derive(Default)]
pub(crate) struct Passes {
    links: Vec<Link>,
    sessions: Vec<Session>,
    wrong: u32,
}

impl Passes {
    /// A token for a link to this seat.
    ///
    /// # Errors
    /// [`NoRandomness`].
    pub(crate) fn issue(
        &mut self,
        seat: usize,
        now: Instant,
    ) -> Result<Zeroizing<String>, NoRandomness> {
        let token = random_hex::<16>()?;
        self.wrong = 0;
        if self.links.len() >= LINKS_MAX {
            self.links.remove(0);
        }
        let until = now.checked_add(LINK_LIVES).unwrap_or(now);
        self.links.push(Link { token: token.clone(), seat, until });
        Ok(token)
    }

    /// Takes a token, once, for the secret of a session.
    pub(crate) fn redeem(
        &mut self,
        token: &str,
        now: Instant,
    ) -> Option<(Zeroizing<String>, usize)> {
        self.links.retain(|link| link.until > now);
        let at = self.links.iter().position(|link| same(&link.token, token));
        let Some(at) = at.filter(|_| self.wrong < WRONG_MAX) else {
            self.wrong = self.wrong.saturating_add(1);
            return None;
        };
        let Link { seat, .. } = self.links.remove(at);
        let secret = random_hex::<32>().ok()?;
        if self.sessions.len() >= SESSIONS_MAX {
            self.sessions.remove(0);
        }
        self.sessions.push(Session { secret: secret.clone(), seat });
        Some((secret, seat))
    }

    /// The seat this secret speaks for.
    pub(crate) fn seat(&self, secret: &str) -> Option<usize> {
        self.sessions.iter().find(|session| same(&session.secret, secret)).map(|found| found.seat)
    }
}

/// Compares without telling by its time where two differ.
fn same(one: &str, other: &str) -> bool {
    let (one, other) = (one.as_bytes(), other.as_bytes());
    let different = one.iter().zip(other).fold(0, |all, (a, b)| all | (a ^ b));
    one.len() == other.len() && different == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_works_once_and_for_two_minutes() {
        let (mut passes, now) = (Passes::default(), Instant::now());
        let token = passes.issue(1, now).unwrap();
        let (secret, seat) = passes.redeem(&token, now).unwrap();
        assert_eq!((seat, passes.seat(&secret)), (1, Some(1)));
        assert!(passes.redeem(&token, now).is_none(), "a second use is refused");
        assert!(passes.seat(&secret).is_some(), "and harms nobody who is in");

        let late = passes.issue(0, now).unwrap();
        assert!(passes.redeem(&late, now + LINK_LIVES).is_none());
        let kept = passes.issue(0, now).unwrap();
        assert!(passes.redeem(&kept, now + LINK_LIVES - Duration::from_millis(1)).is_some());
    }

    #[test]
    fn secrets_are_not_tokens_and_nothing_short_passes() {
        let (mut passes, now) = (Passes::default(), Instant::now());
        let token = passes.issue(0, now).unwrap();
        assert_eq!(passes.seat(&token), None);
        let (secret, _) = passes.redeem(&token, now).unwrap();
        assert_eq!((token.len(), secret.len()), (32, 64));
        for wrong in ["", secret.get(..63).unwrap_or_default(), &format!("{}0", &*secret)] {
            assert_eq!(passes.seat(wrong), None);
        }
    }

    #[test]
    fn guessing_tokens_ends_all_links_until_the_next() {
        let (mut passes, now) = (Passes::default(), Instant::now());
        let token = passes.issue(0, now).unwrap();
        for guess in 0..WRONG_MAX {
            assert!(passes.redeem(&format!("{guess:032x}"), now).is_none());
        }
        assert!(passes.redeem(&token, now).is_none());
        let next = passes.issue(0, now).unwrap();
        assert!(passes.redeem(&next, now).is_some());
    }

    #[test]
    fn only_so_many_pages_are_open_and_the_newest_are() {
        let (mut passes, now) = (Passes::default(), Instant::now());
        let secrets: Vec<_> = (0..=SESSIONS_MAX)
            .map(|_| {
                let token = passes.issue(0, now).unwrap();
                passes.redeem(&token, now).unwrap().0
            })
            .collect();
        assert_eq!(passes.seat(&secrets[0]), None);
        assert!(secrets[1..].iter().all(|secret| passes.seat(secret).is_some()));
    }
}
