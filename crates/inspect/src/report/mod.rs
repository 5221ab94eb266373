//! Reports for three readers: a person, a program, an investigator.

mod html;
mod json;
mod person;
mod sizes;

pub use html::html;
pub use json::json;
pub(crate) use person::weak_walls;
pub use person::{Colour, person};
pub use sizes::size;

use crate::{
    finding::{Evidence, Finding, Identities},
    words::{Words, plain},
};

/// The tool's name and version, as reports give it.
#[must_use]
pub fn tool() -> String {
    format!("sogon-inspect {}", env!("CARGO_PKG_VERSION"))
}

/// The evidence of a finding in one line.
fn evidence_line(evidence: &[Evidence], identities: Identities, words: &Words) -> String {
    let mut line = String::new();
    let mut last = "";
    for piece in evidence {
        if piece.name == last {
            // A chain is a list of the same kind of thing in order.
            line.push_str(" → ");
        } else {
            if !line.is_empty() {
                line.push_str(", ");
            }
            line.push_str(&label(&piece.name, words));
            line.push(' ');
        }
        line.push_str(&plain(&piece.shown(identities)));
        last = &piece.name;
    }
    line
}

/// What a piece of evidence is called; programs read its name as it is.
fn label(name: &str, words: &Words) -> String {
    words.known(&format!("piece-{name}")).unwrap_or_else(|| name.to_owned())
}

/// What a finding is, whom it points to and what to do, in words.
fn sentences(finding: &Finding, words: &Words) -> (String, Option<String>, Option<String>) {
    let rule = finding.rule.as_str();
    (words.say(rule, &[]), words.more(rule, "whom", &[]), words.more(rule, "advice", &[]))
}
