//! The command that writes a clean copy: `sogon clean` and `sogon-clean`.

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
    time::Duration,
};

use clap::Args;
use serde_json::json;

use super::{Form, Outcome, Trouble, trouble};
use crate::{
    clean::{self, Copied, Pictures, Refusal, Scope, What, Workshop},
    report::size,
    words::{Language, Words},
};

/// Write a clean copy of a file: without what tells where, when, by whom and with what it was made.
///
/// The copy has the same picture, sound or text and nothing else: no metadata, no comments, no names
/// of programs inside streams, no marks of watched devices, nothing behind its end. What cannot be
/// cleaned whole is refused, and nothing is written. Pictures, sound and film of the usual formats,
/// PDF, office files and archives.
#[derive(Args, Clone, Debug)]
pub struct CleanOptions {
    /// The file; it is only read
    #[arg(value_name = "IN")]
    pub from: PathBuf,
    /// The clean copy; no file of this name may be there
    #[arg(short = 'o', long = "output", value_name = "OUT")]
    pub to: PathBuf,
    /// Decode and encode pictures anew, against weak invisible marks; a JPEG loses a little
    #[arg(long, conflicts_with = "marks_only")]
    pub re_encode: bool,
    /// Take off the marks of watched devices and nothing else, from a file of any kind: what was
    /// there before them comes back byte for byte where that is possible
    #[arg(long)]
    pub marks_only: bool,
    /// Seconds a small file may take; a large one gets a second more for each MiB
    #[arg(long, value_name = "SECONDS", default_value_t = 300)]
    pub patience: u64,
    /// Memory the program that reads it may take, in MiB
    #[arg(long, value_name = "MIB", default_value_t = 4_096)]
    pub memory: u64,
}

/// The exit code of a refusal (docs/CLI.md).
const REFUSED: u8 = 5;

/// Writes the copy. `worker` is the command that calls [`crate::worker::serve`].
///
/// # Errors
/// Why there is no copy; then nothing is left of it.
pub fn run(
    options: &CleanOptions,
    form: Form,
    language: Language,
    worker: Vec<OsString>,
) -> Result<Outcome, Trouble> {
    let words = Words::new(language);
    let workshop = Workshop {
        memory_bytes_max: options.memory.max(128).saturating_mul(1 << 20),
        patience: Duration::from_secs(options.patience.max(1)),
        ..Workshop::new(worker)
    };
    let how = clean::Options {
        scope: if options.marks_only { Scope::Marks } else { Scope::Everything },
        pictures: if options.re_encode { Pictures::Anew } else { Pictures::Exact },
        ..clean::Options::default()
    };
    let copied = clean::clean_file(&options.from, &options.to, &how, &workshop)
        .map_err(|why| refused(options, &why, &words))?;
    let text = match form {
        Form::Json => format!("{}\n", object(&copied)),
        Form::People(_) => told(options, &copied, &words),
    };
    Ok(Outcome { text, code: 0 })
}

fn object(copied: &Copied) -> serde_json::Value {
    let removed = copied.report.removed.iter();
    let removed: Vec<_> = removed
        .map(|one| json!({ "what": one.what.id(), "inside": one.inside, "bytes": one.bytes }))
        .collect();
    let kept: Vec<_> = copied.report.kept.iter().map(|one| one.id()).collect();
    json!({
        "kind": copied.kind.name(),
        "bytes": copied.bytes,
        "removed": removed,
        "kept": kept,
        "walls": copied.walls.stand(),
    })
}

fn told(options: &CleanOptions, copied: &Copied, words: &Words) -> String {
    let (kind, size) = (copied.kind.name(), size(copied.bytes));
    let to = options.to.display().to_string();
    let first = if options.marks_only { "cleaned-marks" } else { "cleaned" };
    let args = [("kind", kind), ("size", size.as_str()), ("to", to.as_str())];
    let mut lines = vec![words.say(first, &args)];
    let mut gone: Vec<_> = copied.report.removed.iter().map(|one| one.what).collect();
    gone.sort();
    gone.dedup();
    let marked = gone.contains(&What::Mark);
    let gone: Vec<_> = gone.iter().map(|what| words.say(&format!("gone-{what}"), &[])).collect();
    lines.push(match gone.is_empty() {
        true => words.say("cleaned-nothing", &[]),
        false => words.say("cleaned-removed", &[("what", gone.join(", ").as_str())]),
    });
    let kept = copied.report.kept.iter();
    let kept: Vec<_> = kept.map(|what| words.say(&format!("left-{what}"), &[])).collect();
    if !kept.is_empty() {
        lines.push(words.say("cleaned-kept", &[("what", kept.join(", ").as_str())]));
    }
    lines.extend(marked.then(|| words.say("cleaned-unmarked", &[])));
    lines.extend(options.marks_only.then(|| words.say("cleaned-marks-next", &[])));
    lines.extend(crate::report::weak_walls(copied.walls, words));
    lines.push(String::new());
    lines.join("\n")
}

fn refused(options: &CleanOptions, why: &Refusal, words: &Words) -> Trouble {
    explain(&options.from, why, words)
}

/// What a person is told of a file that was not cleaned.
#[must_use]
pub fn explain(from: &Path, why: &Refusal, words: &Words) -> Trouble {
    let mut place = from.display().to_string();
    let mut why = why;
    while let Refusal::Inside { path, why: inner } = why {
        place = format!("{place} ({path})");
        why = inner;
    }
    let said = why.to_string();
    let mut args = vec![("place", place.as_str()), ("why", said.as_str())];
    if let Refusal::Unsupported { name, instead } = why {
        args.extend([("name", name.as_ref()), ("instead", instead.as_ref())]);
    }
    let code = if matches!(why, Refusal::Io(_)) { 1 } else { REFUSED };
    let id = match why {
        Refusal::NotUnderstood { .. } => "error-clean-odd".to_owned(),
        why => format!("error-clean-{}", why.id()),
    };
    Trouble { code, ..trouble(words, &id, &args) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clean::Kept;

    #[test]
    fn everything_that_goes_and_stays_has_a_word() {
        let words = Words::new(Language::En);
        let gone = What::ALL.iter().map(|what| format!("gone-{what}"));
        for id in gone.chain(Kept::ALL.iter().map(|kept| format!("left-{kept}"))) {
            assert_ne!(words.say(&id, &[]), id);
        }
    }

    #[test]
    fn every_refusal_says_what_and_what_next() {
        let words = Words::new(Language::En);
        for id in [
            "unknown",
            "unsupported",
            "encrypted",
            "damaged",
            "odd",
            "too-large",
            "mark-without-beginning",
        ] {
            let id = format!("error-clean-{id}");
            assert_ne!(words.say(&id, &[]), id);
            assert!(words.more(&id, "next", &[]).is_some(), "{id}");
        }
        for why in [Refusal::Fell { what: "crashed".into() }, Refusal::Io("no".to_owned())] {
            let id = format!("error-clean-{}", why.id());
            assert_ne!(words.say(&id, &[]), id);
        }
    }
}
