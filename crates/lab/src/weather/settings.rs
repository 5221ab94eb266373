//! A weather changed by words: `delay=300ms`, `up.loss=10%`.

use std::time::Duration;

use super::{Loss, Outages, Way, Weather};

/// Words that change nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingFault(String);

impl std::fmt::Display for SettingFault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for SettingFault {}

/// What can be set, with an example of each.
pub(super) const EXAMPLES: [&str; 10] = [
    "rate=50k (or 2M, or none)",
    "delay=300ms",
    "jitter=50ms",
    "loss=5%",
    "bursts=1%/25%/0%/100% (turns bad, turns good, lost when good, lost when bad)",
    "doubled=1%",
    "held=2%/80ms (which share, and how long)",
    "outages=10s/20s/0s (there, gone, how far into that it begins; or none)",
    "queue=48k",
    "mtu=1400",
];

impl Weather {
    /// Changes one thing, both ways, or one way when it begins with `up.` or `down.`.
    ///
    /// # Errors
    /// [`SettingFault`], which says what could have been set.
    pub fn set(&mut self, words: &str) -> Result<(), SettingFault> {
        let fault = || {
            let known = EXAMPLES.join("\n  ");
            SettingFault(format!("{words} says nothing about a link; what can be said:\n  {known}"))
        };
        let (name, value) = words.split_once('=').ok_or_else(fault)?;
        let (ways, name): (Vec<&mut Way>, _) = match name.split_once('.') {
            Some(("up", name)) => (vec![&mut self.up], name),
            Some(("down", name)) => (vec![&mut self.down], name),
            Some(_) => return Err(fault()),
            None => (vec![&mut self.up, &mut self.down], name),
        };
        for way in ways {
            set(way, name, value).ok_or_else(fault)?;
        }
        Ok(())
    }
}

fn set(way: &mut Way, name: &str, value: &str) -> Option<()> {
    let parts: Vec<&str> = value.split('/').collect();
    match (name, parts.as_slice()) {
        ("rate", ["none"]) => way.rate_bps = None,
        ("rate", [rate]) => way.rate_bps = Some(number(rate, 1_000).filter(|rate| *rate > 0)?),
        ("delay", [delay]) => way.delay = span(delay)?,
        ("jitter", [jitter]) => way.jitter = span(jitter)?,
        ("loss", [loss]) => way.loss = Loss::Each(share(loss)?),
        ("bursts", [worse, better, in_good, in_bad]) => {
            let (worse, better) = (share(worse)?, share(better)?);
            let (in_good, in_bad) = (share(in_good)?, share(in_bad)?);
            way.loss = Loss::Bursts { worse, better, in_good, in_bad };
        }
        ("doubled", [doubled]) => way.doubled = share(doubled)?,
        ("held", [held, back]) => (way.held, way.held_back) = (share(held)?, span(back)?),
        ("outages", ["none"]) => way.outages = None,
        ("outages", [up, down, begin]) => {
            way.outages = Some(Outages { up: span(up)?, down: span(down)?, begin: span(begin)? });
        }
        ("queue", [queue]) => way.queue_bytes = usize::try_from(number(queue, 1_024)?).ok()?,
        ("mtu", [mtu]) => {
            let mtu = number(mtu, 1_000).filter(|mtu| (576..=9_000).contains(mtu))?;
            way.mtu = usize::try_from(mtu).ok()?;
        }
        _ => return None,
    }
    Some(())
}

fn number(text: &str, kilo: u64) -> Option<u64> {
    let (digits, factor) = match text.char_indices().last()? {
        (at, 'k') => (text.get(..at)?, kilo),
        (at, 'M') => (text.get(..at)?, kilo * kilo),
        _ => (text, 1),
    };
    digits.parse::<u64>().ok()?.checked_mul(factor)
}

/// At most a day.
fn span(text: &str) -> Option<Duration> {
    let ms = match text.strip_suffix("ms") {
        Some(ms) => ms.parse::<u64>().ok()?,
        None => text.strip_suffix('s')?.parse::<u64>().ok()?.checked_mul(1_000)?,
    };
    (ms <= 86_400_000).then(|| Duration::from_millis(ms))
}

fn share(text: &str) -> Option<f64> {
    let percent = text.strip_suffix('%')?.parse::<f64>().ok()?;
    (0.0..=100.0).contains(&percent).then_some(percent / 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_change_what_they_name_and_nothing_else() {
        let mut weather = Weather::edge();
        for words in ["up.loss=10%", "down.rate=2M", "mtu=600", "outages=1s/200ms/0s", "queue=2k"] {
            weather.set(words).unwrap();
        }
        let edge = Weather::edge().up;
        let second = Duration::from_secs(1);
        let outages = Outages { up: second, down: second / 5, begin: Duration::ZERO };
        let both = Way { mtu: 600, outages: Some(outages), queue_bytes: 2_048, ..edge };
        assert_eq!(weather.up, Way { loss: Loss::Each(0.1), ..both.clone() });
        assert_eq!(weather.down, Way { rate_bps: Some(2_000_000), ..both });
        weather.set("held=2.5%/80ms").unwrap();
        assert_eq!((weather.up.held, weather.down.held_back.as_millis()), (0.025, 80));
        weather.set("bursts=1%/25%/0%/100%").unwrap();
        let bursts = Loss::Bursts { worse: 0.01, better: 0.25, in_good: 0.0, in_bad: 1.0 };
        assert_eq!(weather.down.loss, bursts);
    }

    #[test]
    fn words_that_say_nothing_are_told_what_could_be_said() {
        let mut weather = Weather::good();
        for words in [
            "",
            "loss",
            "loss=5",
            "loss=101%",
            "loss=-1%",
            "loss=nan%",
            "delay=3",
            "rate=0",
            "sideways.loss=1%",
            "mtu=20",
            "queue=99999999999999999M",
            "held=2%",
            "outages=1s/2s",
        ] {
            let fault = weather.set(words).unwrap_err().to_string();
            assert!(fault.contains("delay=300ms"), "{words}: {fault}");
        }
        assert_eq!(weather.up, Weather::good().up);
    }
}
