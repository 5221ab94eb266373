//! The report for programs. Its fields are a contract (docs/CLI.md); its words are always English.

use serde_json::{Value, json};

use super::{sentences, tool};
use crate::{
    finding::{Event, Finding, Identities},
    scan::Survey,
    words::{Language, Words, is_command},
};

/// One JSON object on one line. What commands a terminal is escaped: output for a program may still
/// end on a screen.
#[must_use]
pub fn json(survey: &Survey, identities: Identities) -> String {
    let mut line = String::new();
    for c in object(survey, identities).to_string().chars() {
        if is_command(c) {
            let mut units = [0; 2];
            for unit in c.encode_utf16(&mut units) {
                line.push_str(&format!("\\u{unit:04x}"));
            }
        } else {
            line.push(c);
        }
    }
    line
}

fn object(survey: &Survey, identities: Identities) -> Value {
    let words = Words::new(Language::En);
    let findings = survey.findings.iter().map(|one| finding(one, &words, identities));
    let events = survey.events.iter().map(|one| event(one, identities));
    let inputs = survey
        .inputs
        .iter()
        .map(|input| json!({ "path": input.path, "bytes": input.bytes, "sha256": input.sha256 }));
    json!({
        "tool": tool(),
        "findings": findings.collect::<Vec<_>>(),
        "events": events.collect::<Vec<_>>(),
        "untold": survey.untold,
        "gravest": survey.gravest().name(),
        "scanned_files": survey.scanned_files,
        "scanned_bytes": survey.scanned_bytes,
        "passed_over": survey.passed_over,
        "inputs": inputs.collect::<Vec<_>>(),
        "walls": survey.walls,
    })
}

fn finding(finding: &Finding, words: &Words, identities: Identities) -> Value {
    let (what, whom, advice) = sentences(finding, words);
    let evidence = finding
        .evidence
        .iter()
        .map(|piece| json!({ "name": piece.name, "value": piece.shown(identities) }));
    json!({
        "path": finding.path,
        "offset": finding.offset,
        "rule": finding.rule,
        "severity": finding.severity.name(),
        "confidence": finding.confidence.name(),
        "what": what,
        "whom": whom,
        "evidence": evidence.collect::<Vec<_>>(),
        "advice": advice,
    })
}

fn event(event: &Event, identities: Identities) -> Value {
    let about: serde_json::Map<String, Value> = event
        .shown(identities)
        .into_iter()
        .map(|(name, value)| (name, Value::String(value)))
        .collect();
    json!({ "when": event.when, "path": event.path, "kind": event.kind, "about": about })
}
