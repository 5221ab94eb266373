//! The report for a person: short, the gravest first, the same things told once.

use std::fmt::Write;

use super::{evidence_line, label, sentences, size};
use crate::{
    finding::{Event, Finding, Identities, Severity},
    scan::Survey,
    words::{Words, plain},
    worker::Walls,
};

/// Whether a terminal shows colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Colour {
    /// It does.
    On,
    /// It does not, or nobody sits before it.
    Off,
}

/// As many findings of one rule are told; an investigator's report has all.
const OF_A_RULE_MAX: usize = 12;

/// As many events are told.
const EVENTS_MAX: usize = 40;

/// The report.
#[must_use]
pub fn person(survey: &Survey, words: &Words, identities: Identities, colour: Colour) -> String {
    let mut text = String::new();
    // Writing into a string does not fail.
    let _ = write(&mut text, survey, words, identities, colour);
    text
}

fn write(
    text: &mut String,
    survey: &Survey,
    words: &Words,
    identities: Identities,
    colour: Colour,
) -> std::fmt::Result {
    writeln!(text, "{}\n", words.say("first-line", &[]))?;
    if !survey.found() {
        writeln!(text, "{}", painted(&words.say("nothing", &[]), Severity::Clean, colour))?;
    }
    let mut rest = survey.findings.as_slice();
    while let Some(first) = rest.first() {
        // Findings are ordered by gravity and path; here they stand by rule within a gravity.
        let same = rest.iter().take_while(|one| one.severity == first.severity).count();
        let (block, next) = rest.split_at_checked(same).unwrap_or((rest, &[]));
        rules(text, block, words, identities, colour)?;
        rest = next;
    }
    if !survey.events.is_empty() {
        writeln!(text, "{}", words.say("timeline", &[]))?;
        let (lines, hidden) = timeline(&survey.events);
        for line in lines {
            if let Some(first) = line.first() {
                writeln!(text, "  {}  {}", plain(&first.when), together(&line, identities, words))?;
            }
        }
        more(text, hidden, words)?;
        writeln!(text)?;
    }
    if survey.untold > 0 {
        writeln!(text, "{}", words.say("untold", &[("count", &survey.untold.to_string())]))?;
    }
    if survey.passed_over > 0 {
        let count = survey.passed_over.to_string();
        writeln!(text, "{}", words.say("passed-over", &[("count", &count)]))?;
    }
    if let Some(line) = weak_walls(survey.walls, words) {
        writeln!(text, "{line}")?;
    }
    let masked = survey.findings.iter().flat_map(|one| &one.evidence).any(|piece| piece.identity);
    if masked && identities == Identities::Masked {
        writeln!(text, "{}", words.say("masked", &[]))?;
    }
    let numbers = [
        ("files", survey.scanned_files.to_string()),
        ("bytes", size(survey.scanned_bytes)),
        ("seconds", format!("{:.1}", survey.seconds)),
    ];
    let numbers: Vec<(&str, &str)> =
        numbers.iter().map(|(name, value)| (*name, value.as_str())).collect();
    writeln!(text, "{}", words.say("summary", &numbers))
}

/// The events that are told, those of one file at one time in one line; and how many lines are not.
/// What was recorded about somebody has room before the times of files.
fn timeline(events: &[Event]) -> (Vec<Vec<&Event>>, usize) {
    let of_file = |event: &Event| event.kind == "event-file";
    let mut lines: Vec<Vec<&Event>> = Vec::new();
    for event in events {
        let same = |line: &&mut Vec<&Event>| {
            line.first().is_some_and(|first| {
                of_file(event)
                    && of_file(first)
                    && first.when == event.when
                    && first.path == event.path
            })
        };
        match lines.last_mut().filter(same) {
            Some(line) => line.push(event),
            None => lines.push(vec![event]),
        }
    }
    let recorded = lines.iter().filter(|line| line.iter().any(|one| !of_file(one))).count();
    let mut room_recorded = EVENTS_MAX;
    let mut room_files = EVENTS_MAX.saturating_sub(recorded);
    let all = lines.len();
    lines.retain(|line| {
        let room = match line.iter().all(|one| of_file(one)) {
            true => &mut room_files,
            false => &mut room_recorded,
        };
        let told = *room > 0;
        *room = room.saturating_sub(1);
        told
    });
    let hidden = all.saturating_sub(lines.len());
    (lines, hidden)
}

/// Events in one line: of a file all that happened to it at that time.
fn together(line: &[&Event], identities: Identities, words: &Words) -> String {
    let Some((last, before)) = line.split_last() else { return String::new() };
    let names = before.iter().flat_map(|event| &event.about).map(|piece| label(&piece.name, words));
    let names: Vec<String> = names.collect();
    match names.is_empty() {
        true => about(last, identities, words),
        false => format!("{}, {}", names.join(", "), about(last, identities, words)),
    }
}

fn rules(
    text: &mut String,
    block: &[Finding],
    words: &Words,
    identities: Identities,
    colour: Colour,
) -> std::fmt::Result {
    let mut told: Vec<&str> = Vec::new();
    for first in block {
        if told.contains(&first.rule.as_str()) {
            continue;
        }
        told.push(&first.rule);
        let (what, whom, advice) = sentences(first, words);
        let severity = words.say(&format!("severity-{}", first.severity.name()), &[]);
        writeln!(text, "{} {what}", painted(&format!("[{severity}]"), first.severity, colour))?;
        let mut shown = 0_usize;
        let mut hidden = 0_usize;
        for one in block.iter().filter(|one| one.rule == first.rule) {
            if shown >= OF_A_RULE_MAX {
                hidden = hidden.saturating_add(1);
                continue;
            }
            shown = shown.saturating_add(1);
            let at = one.offset.map_or(String::new(), |offset| format!(" @{offset}"));
            let sure = words.say(&format!("confidence-{}", one.confidence.name()), &[]);
            writeln!(text, "  {}{at}  ({sure})", plain(&one.path))?;
            let evidence = evidence_line(&one.evidence, identities, words);
            if !evidence.is_empty() {
                writeln!(text, "    {evidence}")?;
            }
        }
        more(text, hidden, words)?;
        if let Some(whom) = whom {
            writeln!(text, "  {}: {whom}", words.say("column-whom", &[]))?;
        }
        if let Some(advice) = advice {
            writeln!(text, "  {}: {advice}", words.say("column-advice", &[]))?;
        }
        writeln!(text)?;
    }
    Ok(())
}

fn more(text: &mut String, count: usize, words: &Words) -> std::fmt::Result {
    if count == 0 {
        return Ok(());
    }
    writeln!(text, "  {}", words.say("more", &[("count", &count.to_string())]))
}

/// What an event was about, in one line.
pub(super) fn about(event: &Event, identities: Identities, words: &Words) -> String {
    let shown = event.shown(identities);
    let parts: Vec<String> = shown
        .iter()
        .map(|(name, value)| format!("{} {}", label(name, words), plain(value)))
        .collect();
    parts.join(", ")
}

/// The walls that do not stand, in words.
pub(crate) fn weak_walls(walls: Walls, words: &Words) -> Option<String> {
    let walls = [
        (walls.no_files, "wall-files"),
        (walls.no_network, "wall-network"),
        (walls.memory, "wall-memory"),
    ];
    let missing = walls.iter().filter(|(stands, _)| !stands).map(|(_, id)| words.say(id, &[]));
    let missing: Vec<String> = missing.collect();
    let missing = missing.join(", ");
    (!missing.is_empty()).then(|| words.say("walls-weak", &[("missing", &missing)]))
}

fn painted(text: &str, severity: Severity, colour: Colour) -> String {
    if colour == Colour::Off {
        return text.to_owned();
    }
    let code = match severity {
        Severity::Clean => "32",
        Severity::Note => "36",
        Severity::Suspicious => "33",
        Severity::Surveillance => "31",
        Severity::KnownBad => "1;31",
    };
    format!("\u{1b}[{code}m{text}\u{1b}[0m")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::Evidence;

    fn event(when: &str, kind: &str, name: &str) -> Event {
        let about = vec![Evidence::new(name, "a.jpg", false)];
        Event { when: when.into(), path: "a.jpg".into(), kind: kind.into(), about }
    }

    #[test]
    fn what_was_recorded_is_told_before_times_of_files() {
        let mut events = Vec::new();
        for day in 0..50 {
            let when = format!("2013-01-{day:02}");
            for name in ["changed", "made", "opened"] {
                events.push(event(&when, "event-file", name));
            }
        }
        events.push(event("2024-01-01", "event-recognised", "file"));
        let (lines, hidden) = timeline(&events);
        assert_eq!((lines.len(), hidden), (40, 11));
        assert_eq!(lines.last().unwrap()[0].kind, "event-recognised");
        let words = Words::new(crate::words::Language::En);
        let line = together(&lines[0], Identities::Shown, &words);
        assert_eq!(line, "changed, made, opened a.jpg");
        let survey = Survey { events, ..Survey::default() };
        let text = person(&survey, &words, Identities::Shown, Colour::Off);
        assert!(text.contains("2024-01-01  file a.jpg") && text.contains("11 more"), "{text}");
    }
}
