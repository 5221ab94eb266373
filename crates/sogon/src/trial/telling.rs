//! What the trial shows.

use serde_json::json;
use sogon_app::Link;

use super::{
    show::Show,
    stage::{Spoken, Stage, Verdict, Who},
    watcher::{Sighting, Way},
};
use crate::{
    commands::size,
    console::{Console, Form},
    people, plain,
    trouble::Trouble,
    words::Words,
};

/// Who is there, and how they know that nobody stands between them.
pub(super) async fn introduction(
    stage: &Stage,
    console: &Console,
    words: &Words,
) -> Result<(), Trouble> {
    let groups = people::groups_of_five(&stage.safety_number);
    let number = groups.chunks(6).map(|line| format!("    {}", line.join(" ")));
    let args: &[_] = &[("first", stage.name(Who::First)), ("second", stage.name(Who::Second))];
    let said = words.say("try-people", args);
    let lines = [String::new(), said].into_iter().chain(number);
    console.people(&lines.collect::<Vec<_>>().join("\n")).await
}

/// A text on both sides, and under it what passed the watcher.
pub(super) async fn spoken(
    stage: &Stage,
    spoken: &Spoken,
    console: &Console,
    words: &Words,
) -> Result<(), Trouble> {
    let (by, to) = match spoken.by {
        Who::First => (stage.name(Who::First), stage.name(Who::Second)),
        Who::Second => (stage.name(Who::Second), stage.name(Who::First)),
    };
    let text = plain::lines(&spoken.text, "    ");
    let took = milliseconds(spoken.took.as_micros());
    let arrived = words.say("try-arrived", &[("name", to), ("took", &took)]);
    let mut lines =
        vec![String::new(), format!("  {by} → {to}   {text}"), format!("    {arrived}")];
    let head = words.say("try-watcher-saw", &[]);
    if spoken.seen.is_empty() {
        lines.push(format!("    {head} {}", words.say("try-watcher-nothing", &[])));
    } else {
        lines.push(format!("    {head}"));
    }
    for sighting in &spoken.seen {
        let since = sighting.at.saturating_sub(spoken.began);
        lines.push(format!("      {}", seen(stage, sighting, since.as_micros(), words)));
    }
    console.people(&lines.join("\n")).await
}

/// One record: when, which way, how large.
fn seen(stage: &Stage, sighting: &Sighting, since_us: u128, words: &Words) -> String {
    let relay = words.say("try-relay", &[]);
    let somebody = stage.owner(sighting.connection);
    let somebody = somebody.map_or_else(|| words.say("try-somebody", &[]), str::to_owned);
    let way = match sighting.way {
        Way::Up => format!("{somebody} → {relay}"),
        Way::Down => format!("{relay} → {somebody}"),
    };
    let bytes = words.say("try-bytes", &[("bytes", &sighting.bytes.to_string())]);
    format!("{:>10}   {way}   {bytes}", format!("+{}", milliseconds(since_us)))
}

fn milliseconds(us: u128) -> String {
    let tenths = us.saturating_add(50).div_euclid(100);
    format!("{}.{} ms", tenths.div_euclid(10), tenths.rem_euclid(10))
}

/// What the watcher has to show for it, and what it learned all the same.
pub(super) async fn verdict(
    stage: &Stage,
    console: &Console,
    words: &Words,
) -> Result<(), Trouble> {
    let Verdict { texts, bytes_up, bytes_down, records, words: looked, found } = stage.verdict();
    let sizes: Vec<String> = stage.sizes.iter().map(usize::to_string).collect();
    let (shortest, longest) = stage.letters();
    let args: Vec<(&str, String)> = vec![
        ("count", sizes.len().to_string()),
        ("sizes", sizes.join(", ")),
        ("shortest", shortest.to_string()),
        ("longest", longest.to_string()),
        ("texts", texts.to_string()),
        ("bytes", size(u64::try_from(bytes_up.saturating_add(bytes_down)).unwrap_or(u64::MAX))),
        ("records", records.to_string()),
        ("words", looked.to_string()),
        ("found", found.to_string()),
    ];
    let args: Vec<_> = args.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let verdict = if found == 0 {
        words.say("try-nothing-found", &args)
    } else {
        words.say("try-found", &args)
    };
    let (captured, sizes) = (words.say("try-captured", &args), words.say("try-sizes", &args));
    let lines = [String::new(), captured, sizes, verdict];
    console.people(&lines.join("\n")).await?;
    console.people(&words.say("try-leaks", &[])).await
}

/// The object of docs/CLI.md.
pub(super) async fn object(stage: &Stage, show: &Show, console: &Console) -> Result<(), Trouble> {
    if console.form() == Form::People {
        return Ok(());
    }
    let [first, second, watcher] = show.links()?;
    let person = |who, link: Link| json!({ "name": stage.name(who), "url": link.url, "url_plain": link.plain });
    let verdict = stage.verdict();
    let object = json!({
        "relay": stage.address.to_string(),
        "people": [person(Who::First, first), person(Who::Second, second)],
        "watcher_url": watcher.url,
        "watcher_url_plain": watcher.plain,
        "summary": {
            "texts": verdict.texts,
            "arrived": verdict.texts,
            "bytes_up": verdict.bytes_up,
            "bytes_down": verdict.bytes_down,
            "records": verdict.records,
            "words_looked_for": verdict.words,
            "words_found": verdict.found,
        },
    });
    console.result(object, String::new).await
}
