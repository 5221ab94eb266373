//! Our own rules for other tools and for readers: in the YARA language.

use std::fmt::Write;

use super::{Markers, PathRules};

/// The markers as YARA rules, one for each kind of program, and the paths as comments.
#[must_use]
pub fn printed() -> String {
    let mut text = String::new();
    // Writing into a string does not fail.
    let _ = write(&mut text);
    text
}

fn write(text: &mut String) -> std::fmt::Result {
    let markers = Markers::own();
    let mut kinds: Vec<&str> = markers.all().iter().map(|one| one.rule.as_str()).collect();
    kinds.sort_unstable();
    kinds.dedup();
    for kind in kinds {
        writeln!(text, "rule {} {{\n  strings:", kind.replace('-', "_"))?;
        let own = markers.all().iter().filter(|one| one.rule == kind);
        for (marker, number) in own.zip(1_u32..) {
            let quoted = marker.text.replace('\\', "\\\\").replace('"', "\\\"");
            writeln!(text, "    $s{number} = \"{quoted}\"")?;
        }
        writeln!(text, "  condition:\n    any of them\n}}\n")?;
    }
    writeln!(text, "// Paths, by their last components:")?;
    for rule in PathRules::own().all() {
        writeln!(text, "//   {}  ({}, {})", rule.path, rule.rule, rule.severity.name())?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::YaraRules;

    #[test]
    fn what_is_printed_compiles_and_finds_what_we_find() {
        let rules = YaraRules::compile(&[("own.yar".to_owned(), printed())]).unwrap();
        for marker in Markers::own().all() {
            let file = format!("…{}…", marker.text);
            let (hits, _) = rules.scan(file.as_bytes());
            let name = marker.rule.replace('-', "_");
            assert!(hits.iter().any(|hit| hit.rule == name), "{}", marker.text);
        }
        assert!(rules.scan("오늘은 봄이다".as_bytes()).0.is_empty());
        assert!(printed().contains("usr/lib/1025/*"));
    }
}
