//! Wrong passphrases and how long to wait after them, at a locked home and where the passphrase of an
//! open one is to be changed. This holds whoever types at a program that runs; whoever has a copy of
//! the home tries as fast as their machines do (see the README).

use std::time::{Duration, Instant};

use sogon_vault::{Passphrase, Refused, VaultError};

use crate::{
    home::{Home, Opened},
    trouble::{Kind, Trouble},
};

/// Minutes to wait after the fourth wrong try, the fifth, and so on.
const WAIT_MINUTES: [u64; 6] = [1, 5, 15, 60, 180, 480];
/// Wrong tries that wait for nothing.
const FREE: usize = 3;
/// After so many, this process takes no more.
const TRIES_MAX: usize = 10;

/// Wrong passphrases at a locked home, which the process that locked it tells by itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Met {
    /// The same one twice is one.
    pub(crate) wrong: usize,
    /// All that the container surely counted too, the same one as often as it was tried.
    pub(crate) counted: u32,
}

/// The tries at one home by one process.
#[derive(Debug, Default)]
pub(crate) struct Tries {
    met: Met,
    /// The last wrong one: typing the same again counts once.
    last: Option<Passphrase>,
    until: Option<Instant>,
}

impl Tries {
    /// Tries a passphrase, unless it is too early for that. Once one is right, waiting starts anew,
    /// and those before it are told with what it opened.
    ///
    /// # Errors
    /// [`Kind::WaitForTry`], [`Kind::NoMoreTries`], or what the vault says.
    pub(crate) fn open(
        &mut self,
        home: &Home,
        passphrase: Passphrase,
        now: Instant,
    ) -> Result<Opened, Trouble> {
        self.may_try(now)?;
        match home.open(&passphrase) {
            Err(Refused { why: VaultError::WrongPassphrase, counted }) => {
                self.met.counted = self.met.counted.saturating_add(u32::from(counted));
                self.was_wrong(passphrase, now);
                Err(Kind::WrongPassphrase.into())
            }
            Err(refused) => Err(refused.into()),
            Ok(opened) => Ok(Opened { met: std::mem::take(self).met, ..opened }),
        }
    }

    /// Asks whether a passphrase is the right one, unless it is too early for that.
    ///
    /// # Errors
    /// As [`Tries::open`].
    pub(crate) fn check(
        &mut self,
        passphrase: Passphrase,
        now: Instant,
        is_right: impl FnOnce(&Passphrase) -> Result<bool, VaultError>,
    ) -> Result<(), Trouble> {
        self.may_try(now)?;
        if is_right(&passphrase)? {
            *self = Self::default();
            return Ok(());
        }
        self.was_wrong(passphrase, now);
        Err(Kind::WrongPassphrase.into())
    }

    /// How many wrong ones there were until now.
    pub(crate) fn wrong(&self) -> usize {
        self.met.wrong
    }

    fn may_try(&self, now: Instant) -> Result<(), Trouble> {
        if self.met.wrong >= TRIES_MAX {
            return Err(Kind::NoMoreTries.into());
        }
        match self.until.and_then(|until| until.checked_duration_since(now)) {
            Some(left) if !left.is_zero() => {
                let minutes = left.as_secs().div_ceil(60).to_string();
                Err(Trouble::of(Kind::WaitForTry, &[("count", &minutes)]))
            }
            _ => Ok(()),
        }
    }

    fn was_wrong(&mut self, passphrase: Passphrase, now: Instant) {
        if self.last.as_ref().is_some_and(|last| last.is_same(&passphrase)) {
            return;
        }
        self.last = Some(passphrase);
        self.met.wrong = self.met.wrong.saturating_add(1);
        let step = self.met.wrong.checked_sub(FREE.saturating_add(1));
        let minutes = step.and_then(|step| WAIT_MINUTES.get(step).or(WAIT_MINUTES.last()));
        self.until =
            minutes.and_then(|m| now.checked_add(Duration::from_secs(m.saturating_mul(60))));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_with_wrong_tries_and_the_same_one_twice_counts_once() {
        let mut tries = Tries::default();
        let mut now = Instant::now();
        let mut waits = Vec::new();
        for n in 0..TRIES_MAX {
            assert!(tries.may_try(now).is_ok(), "try {n}");
            for _ in 0..2 {
                tries.was_wrong(Passphrase::new(&format!("wrong {n}")).unwrap(), now);
            }
            assert_eq!(tries.wrong(), n + 1);
            let wait = tries.until.map_or(Duration::ZERO, |until| until - now);
            waits.push(wait.as_secs() / 60);
            if !wait.is_zero() && n + 1 < TRIES_MAX {
                let error = tries.may_try(now + wait - Duration::from_secs(1)).unwrap_err();
                assert_eq!(error.kind(), Kind::WaitForTry);
            }
            now += wait;
        }
        assert_eq!(waits, [0, 0, 0, 1, 5, 15, 60, 180, 480, 480]);
        assert_eq!(tries.may_try(now).unwrap_err().kind(), Kind::NoMoreTries);
    }
}
