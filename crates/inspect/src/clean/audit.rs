//! Looking at a clean copy, beside the file it was made from, before anybody gets it.
//!
//! Three looks, each of which can fail where the rewriter was wrong: a walk that knows what may be
//! in a clean file and nothing else; the content itself, decoded where there is a decoder and told
//! apart from its wrapping where there is none; and a second cleaning, which must change nothing.

mod points;
mod walk;

use crate::clean::{
    Job, Kind, Options, Pictures, Refusal, Scope, Source, View, marks, marks::Bare,
};

pub(crate) fn copy(
    kind: Kind,
    source: &mut dyn Source,
    copy: &mut dyn Source,
    options: &Options,
) -> Result<(), Refusal> {
    let fails = |what: String| Refusal::Unverified { kind, what };
    let mut clean = View::whole(copy)?;
    if !marks::found(&mut clean)?.is_empty() {
        return Err(fails("a mark of a device is in it".to_owned()));
    }
    if options.scope == Scope::Marks {
        return Ok(());
    }
    clean.of(kind);
    walk::strict(kind, &mut clean).map_err(|why| fails(format!("a stranger in it: {why}")))?;
    if options.pictures == Pictures::Exact {
        let mut old = View::whole(source)?;
        let mut unsaid = Job::new(options);
        match marks::take_off(&mut old, &mut unsaid)?.bare {
            Bare::Beginning(end) => {
                let mut old = old.part(0, end)?;
                old.of(kind);
                points::same(kind, &mut old, &mut clean).map_err(fails)?;
            }
            // Of a text whose blanks changed the words are the content.
            Bare::Bytes(_) if kind == Kind::Text => {
                let (old, new) = (old.all()?, clean.all()?);
                let mut old = words(&old);
                // Behind the words of the copy there may only be marks of the source.
                if !words(&new).all(|byte| old.next() == Some(byte)) {
                    return Err(fails("its words changed".to_owned()));
                }
            }
            Bare::Bytes(_) => {}
        }
    }
    let again = Options { pictures: Pictures::Exact, ..*options };
    let mut job = Job::new(&again);
    let (_, plan) = crate::clean::one(&mut clean, &mut job)?;
    match plan.same(&mut clean)? {
        true => Ok(()),
        false => Err(fails("cleaning it again changes it".to_owned())),
    }
}

/// A text without its blanks, in whichever of the two widths.
fn words(text: &[u8]) -> impl Iterator<Item = u8> {
    text.iter().copied().filter(|byte| !matches!(byte, b' ' | 0))
}

#[cfg(test)]
#[allow(
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    reason = "small numbers of the tests' own"
)]
mod tests {
    use std::{fs, io::Cursor, path::Path};

    use super::*;
    use crate::clean::{clean, kind::detect};

    fn samples() -> Vec<(String, Vec<u8>)> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/samples");
        let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        let files =
            files.filter(|path| !path.extension().is_some_and(|end| end == "sh" || end == "py"));
        files.map(|path| (path.display().to_string(), fs::read(path).unwrap())).collect()
    }

    #[test]
    fn a_file_that_was_not_cleaned_is_objected_to() {
        for (name, bytes) in samples() {
            let mut source = Cursor::new(&bytes);
            let mut view = View::whole(&mut source).unwrap();
            let kind = detect(&mut view).unwrap();
            let quiet = name.contains("moving.") || name.ends_with("still.bmp");
            assert!(quiet || walk::strict(kind, &mut view).is_err(), "{name}");
        }
    }

    #[test]
    fn a_copy_with_another_content_is_thrown_away() {
        let options = Options::default();
        for (name, bytes) in samples() {
            let cleaned = clean(&mut Cursor::new(&bytes), &options).unwrap();
            let mut copy = cleaned.plan.bytes(&bytes).unwrap();
            let content = match name.rsplit_once('.').unwrap().1 {
                // Of MP3 in a film only heads are compared.
                "mp4" if name.ends_with("mp3in.mp4") => continue,
                "bmp" | "wav" | "flac" | "mp4" | "m4a" | "gif" => copy.len() - 40,
                // Before the index at the end, inside the last block.
                "mkv" | "webm" => copy.len() - 60,
                "ogg" | "mp3" => copy.len() / 2,
                "tiff" => 100,
                _ => continue,
            };
            copy[content] ^= 0x55;
            let why = super::copy(
                cleaned.kind,
                &mut Cursor::new(&bytes),
                &mut Cursor::new(&copy),
                &options,
            );
            assert!(why.is_err(), "{name}: a changed byte was not seen");
        }
    }
}
