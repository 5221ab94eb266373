//! `sogon doctor`: is everything well? It prints no secret.

use serde_json::{Value, json};
use sogon_carry::Ways;
use sogon_engine::view;
use sogon_vault::memory::account;

use crate::{
    console::Console,
    desk::{self, Desk},
    guard::{self, Memory},
    home, link, moment,
    nap::Nap,
    trouble::{Kind, Trouble},
    words::Words,
};

/// One thing looked at. `detail` is for programs and never changes with the language.
struct Check {
    name: &'static str,
    ok: bool,
    detail: String,
    /// What a person reads beside the name, if anything.
    words: String,
}

impl Check {
    fn object(&self) -> Value {
        json!({ "name": self.name, "ok": self.ok, "detail": self.detail })
    }

    fn line(&self, words: &Words) -> String {
        let mark = if self.ok { "✓" } else { "✗" };
        let name = words.say(&format!("check-{}", self.name), &[]);
        format!("{mark} {name}: {}", self.words)
    }
}

/// Everything, in an open home.
pub(super) async fn run(desk: &Desk) -> Result<(), Trouble> {
    let words = &desk.words;
    let well = words.say("well", &[]);
    let mut checks = vec![version()];
    let home_open = words.say("home-open", &[]);
    checks.push(Check { name: "home", ok: true, detail: "open".to_owned(), words: home_open });
    checks.push(permissions(desk));
    let vault = desk.hand.look(|vault| Ok(vault.check())).await?;
    checks.push(Check {
        name: "vault",
        ok: vault.is_ok(),
        detail: vault.map_or_else(|error| error.to_string(), |()| "whole".to_owned()),
        words: if vault.is_ok() { well } else { words.say("home-damaged", &[]) },
    });
    checks.extend(relays(desk).await?);
    checks.push(memory(words));
    checks.push(sleep(words).await);
    checks.push(clock(words));
    tell(&desk.console, words, &checks).await?;
    let bad = checks.iter().filter(|check| !check.ok).count();
    if bad == 0 {
        return Ok(());
    }
    Err(Trouble::of(Kind::Checks, &[("count", &bad.to_string())]))
}

/// What can be said when the home does not open.
///
/// # Errors
/// Always: why it does not.
pub(crate) async fn without_home(
    console: &Console,
    words: &Words,
    trouble: Trouble,
) -> Result<(), Trouble> {
    let detail = trouble.kind().id().trim_start_matches("error-").to_owned();
    let shut = Check { name: "home", ok: false, detail, words: trouble.sentence(words) };
    tell(console, words, &[version(), shut]).await?;
    Err(trouble)
}

async fn tell(console: &Console, words: &Words, checks: &[Check]) -> Result<(), Trouble> {
    let objects: Vec<Value> = checks.iter().map(Check::object).collect();
    let lines = || checks.iter().map(|check| check.line(words)).collect::<Vec<_>>().join("\n");
    console.result(json!({ "checks": objects }), lines).await
}

fn version() -> Check {
    let version = env!("CARGO_PKG_VERSION").to_owned();
    Check { name: "version", ok: true, detail: version.clone(), words: version }
}

fn permissions(desk: &Desk) -> Check {
    let ok = home::is_private(desk.home.folder()) && home::is_private(&desk.home.container());
    let (detail, said) = match ok {
        true => ("private", desk.words.say("home-private", &[])),
        false => ("others can read or change it", desk.words.say("home-not-private", &[])),
    };
    Check { name: "permissions", ok, detail: detail.to_owned(), words: said }
}

/// Not a fault of the home, and the person should know it.
fn memory(words: &Words) -> Check {
    let account = account();
    let (kib, peak) = (account.block_bytes / 1_024, account.peak_bytes.div_ceil(1_024));
    let args: &[_] = &[("kib", &*kib.to_string()), ("peak", &*peak.to_string())];
    let (detail, said) = match guard::memory() {
        Memory::Locked => ("locked", words.say("memory-locked", &[])),
        Memory::NoSwap => ("no swap", words.say("memory-no-swap", &[])),
        Memory::TextsLocked => ("texts locked", words.say("memory-texts-locked", args)),
        Memory::TextsOverflowed => ("texts overflowed", words.say("memory-texts-overflowed", args)),
        Memory::MayBeSwapped => ("may be swapped", words.say("memory-may-be-swapped", &[])),
    };
    let missed = account.missed;
    let detail =
        format!("{detail}; {kib} KiB for texts, {peak} used at most, {missed} found no room");
    Check { name: "memory", ok: true, detail, words: said }
}

/// As with memory: what the system does, and what can be done about it.
async fn sleep(words: &Words) -> Check {
    let (detail, said) = match Nap::is_foretold().await {
        true => ("locked before", words.say("sleep-foretold", &[])),
        false => ("locked on waking", words.say("sleep-not-foretold", &[])),
    };
    Check { name: "sleep", ok: true, detail: detail.to_owned(), words: said }
}

/// Nothing depends on it, and the person should know that it is not the reason.
fn clock(words: &Words) -> Check {
    let now = moment::now_s();
    let said = words.say("clock-not-trusted", &[("now", &moment::local(now))]);
    let detail = format!("{}; nothing depends on it", moment::utc(now));
    Check { name: "clock", ok: true, detail, words: said }
}

/// Each relay is asked on a connection of its own: a home that nobody writes with asks none.
async fn relays(desk: &Desk) -> Result<Vec<Check>, Trouble> {
    let owner = desk.hand.look(|vault| view::owner(vault)).await?;
    let mut checks = Vec::new();
    let ways = desk.hand.ways().await?;
    let silent = desk.hand.tally().await?.unreached;
    for relay in owner.map(|owner| owner.relays).unwrap_or_default() {
        let place = format!("{}:{}", relay.host(), relay.port());
        let answer = match &ways {
            // A connection beside the steady packets would be seen: they say it themselves.
            Ways::Steady(_) => silent.get(&relay).copied().map_or(Ok(()), Err),
            _ => link::probe(&relay, ways.clone()).await.map(|_| ()),
        };
        let (ok, detail, said) = match answer {
            Ok(()) => (true, "answers", desk.words.say("relay-answers", &[])),
            Err(why) => {
                let why = desk::loss(why);
                (false, why, desk.words.say(&format!("loss-{why}"), &[]))
            }
        };
        let (detail, words) = (format!("{place} {detail}"), format!("{place}, {said}"));
        checks.push(Check { name: "relay", ok, detail, words });
    }
    Ok(checks)
}
