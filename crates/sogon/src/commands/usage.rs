//! `sogon usage`: the data meter.

use jiff::civil::Date;
use serde_json::{Value, json};

use super::sync::{seconds, size};
use crate::{
    cli::Usage,
    desk::Desk,
    link::Figures,
    moment,
    trouble::Trouble,
    usage::{self, Day},
};

pub(super) async fn run(desk: &Desk, options: &Usage) -> Result<(), Trouble> {
    // What is under way is counted too.
    let days = desk.hand.usage().await?;
    let today = usage::day_of(moment::now_s());
    let monday = usage::monday(today);
    let month = |day: Date| (day.year(), day.month()) == (today.year(), today.month());
    let spans = [
        ("today", usage::sum(&days, |day| day == today)),
        ("week", usage::sum(&days, |day| (monday..=today).contains(&day))),
        ("month", usage::sum(&days, month)),
    ];
    let shown: Vec<&Day> = days.iter().take(options.days).collect();
    let mut object: serde_json::Map<String, Value> =
        spans.iter().map(|(name, cost)| ((*name).to_owned(), numbers(*cost))).collect();
    let listed = shown.iter().map(|day| {
        let mut its = numbers(day.cost);
        if let Some(its) = its.as_object_mut() {
            its.insert("day".to_owned(), day.date.to_string().into());
        }
        its
    });
    object.insert("days".to_owned(), listed.collect());
    let words = || {
        let spans = spans.iter().map(|(name, cost)| {
            let name = desk.words.say(&format!("usage-{name}"), &[]);
            line(desk, &name, *cost)
        });
        let days = shown.iter().map(|day| line(desk, &day.date.to_string(), day.cost));
        spans.chain(days).collect::<Vec<_>>().join("\n")
    };
    desk.console.result(object.into(), words).await
}

fn numbers(cost: Figures) -> Value {
    let Figures { bytes_up, bytes_down, air_ms, round_trips } = cost;
    json!({
        "bytes_up": bytes_up,
        "bytes_down": bytes_down,
        "air_ms": air_ms,
        "round_trips": round_trips,
    })
}

fn line(desk: &Desk, span: &str, cost: Figures) -> String {
    let (up, down, air) = (size(cost.bytes_up), size(cost.bytes_down), seconds(cost.air_ms));
    desk.words.say("usage", &[("span", span), ("up", &up), ("down", &down), ("air", &air)])
}
