//! `sogon clean`: a copy of a file without what would betray its maker. It needs no home.

use serde_json::json;
use sogon_inspect::clean::{self, Cleaned, Options, Pictures, Refusal};

use crate::{
    cli::Clean,
    commands::size,
    console::Console,
    trouble::{Kind, Trouble},
    visit,
    words::Words,
};

/// Writes the clean copy and says what went.
///
/// # Errors
/// Why there is none; then nothing is left of it.
pub(crate) async fn run(options: &Clean, console: &Console, words: &Words) -> Result<(), Trouble> {
    let pictures = if options.re_encode { Pictures::Anew } else { Pictures::Exact };
    let how = Options { pictures, ..Options::default() };
    let (from, to) = (options.from.clone(), options.to.clone());
    let work = tokio::task::spawn_blocking(move || clean::clean_file(&from, &to, &how));
    let cleaned = tokio::select! {
        done = work => done.map_err(|_| Kind::Bug)?.map_err(|why| refused(options, &why))?,
        trouble = visit::interrupted() => {
            clean::sweep(&options.to);
            return Err(trouble);
        }
    };
    let removed = cleaned.report.removed.iter();
    let removed: Vec<_> = removed
        .map(|one| json!({ "what": one.what.id(), "inside": one.inside, "bytes": one.bytes }))
        .collect();
    let kept: Vec<_> = cleaned.report.kept.iter().map(|one| one.id()).collect();
    let object = json!({
        "kind": cleaned.kind.name(),
        "bytes": cleaned.bytes(),
        "removed": removed,
        "kept": kept,
    });
    console.result(object, || told(options, &cleaned, words)).await
}

fn told(options: &Clean, cleaned: &Cleaned, words: &Words) -> String {
    let (kind, size) = (cleaned.kind.name(), size(cleaned.bytes()));
    let to = options.to.display().to_string();
    let mut lines =
        vec![words.say("cleaned", &[("kind", kind), ("size", size.as_str()), ("to", to.as_str())])];
    let mut gone: Vec<_> = cleaned.report.removed.iter().map(|one| one.what).collect();
    gone.sort();
    gone.dedup();
    let gone: Vec<_> = gone.iter().map(|what| words.say(&format!("gone-{what}"), &[])).collect();
    lines.push(match gone.is_empty() {
        true => words.say("cleaned-nothing", &[]),
        false => words.say("cleaned-removed", &[("what", gone.join(", ").as_str())]),
    });
    let kept = cleaned.report.kept.iter();
    let kept: Vec<_> = kept.map(|what| words.say(&format!("left-{what}"), &[])).collect();
    if !kept.is_empty() {
        lines.push(words.say("cleaned-kept", &[("what", kept.join(", ").as_str())]));
    }
    lines.join("\n")
}

fn refused(options: &Clean, why: &Refusal) -> Trouble {
    let mut place = options.from.display().to_string();
    let mut why = why;
    while let Refusal::Inside { path, why: inner } = why {
        place = format!("{place} ({path})");
        why = inner;
    }
    let said = why.to_string();
    let place = ("place", place.as_str());
    let reason = ("why", said.as_str());
    match why {
        Refusal::Unsupported { name, instead } => {
            Trouble::of(Kind::CleanUnsupported, &[place, ("name", name), ("instead", instead)])
        }
        Refusal::Encrypted { .. } => Trouble::of(Kind::CleanEncrypted, &[place]),
        Refusal::Damaged { .. } => Trouble::of(Kind::CleanDamaged, &[place, reason]),
        Refusal::NotUnderstood { .. } => Trouble::of(Kind::CleanOdd, &[place, reason]),
        Refusal::TooLarge { .. } => Trouble::of(Kind::CleanTooLarge, &[place, reason]),
        Refusal::Unverified { .. } => Trouble::of(Kind::CleanUnverified, &[place, reason]),
        Refusal::Io(_) => Trouble::of(Kind::CleanIo, &[reason]),
        _ => Trouble::of(Kind::CleanUnknown, &[place]),
    }
}

#[cfg(test)]
mod tests {
    use sogon_inspect::clean::{Kept, What};

    use super::*;
    use crate::words::Language;

    #[test]
    fn everything_that_goes_and_stays_has_a_word_in_every_language() {
        for language in [Language::En, Language::Ko] {
            let words = Words::new(language);
            let gone = What::ALL.iter().map(|what| format!("gone-{what}"));
            for id in gone.chain(Kept::ALL.iter().map(|kept| format!("left-{kept}"))) {
                assert_ne!(words.say(&id, &[]), id, "{language:?}");
            }
        }
    }
}
