//! How much is too much in a given time.

use std::time::{Duration, Instant};

/// A bucket that fills by so many drops a second.
#[derive(Debug)]
pub(crate) struct Bucket {
    per_s: u32,
    size: f64,
    drops: f64,
    filled: Instant,
}

impl Bucket {
    pub(crate) fn new(per_s: u32, burst: u32, now: Instant) -> Self {
        let size = f64::from(burst.max(1));
        Self { per_s: per_s.max(1), size, drops: size, filled: now }
    }

    /// Takes a drop, or says how long there will be none.
    pub(crate) fn take(&mut self, now: Instant) -> Result<(), Duration> {
        let since = now.saturating_duration_since(self.filled).as_secs_f64();
        self.drops = since.mul_add(f64::from(self.per_s), self.drops).min(self.size);
        self.filled = now;
        if self.drops < 1.0 {
            return Err(Duration::from_secs_f64((1.0 - self.drops) / f64::from(self.per_s)));
        }
        self.drops -= 1.0;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_is_allowed_and_then_so_many_a_second() {
        let start = Instant::now();
        let mut bucket = Bucket::new(10, 5, start);
        for _ in 0..5 {
            assert_eq!(bucket.take(start), Ok(()));
        }
        let wait = bucket.take(start).unwrap_err();
        assert!(wait <= Duration::from_millis(100));
        assert_eq!(bucket.take(start + wait), Ok(()));
        let later = start + Duration::from_secs(60);
        assert_eq!((0..9).filter(|_| bucket.take(later).is_ok()).count(), 5);
    }
}
