//! `sogon carry`: sealed messages taken by hand, on a card, as codes, as words.

use std::{
    io::{Read, Write},
    path::{Path, PathBuf},
    time::Duration,
};

use qrcode::{EcLevel, QrCode, render::unicode::Dense1x2};
use serde_json::json;
use sogon_engine::{Act, Answer, Form, Opened, ShelfFault, open_card, open_words};
use sogon_wire::{
    SealedBox,
    bundle::{self, BLOCK_BYTES, CARD_BYTES_MAX},
};

use super::{file::save::begin, size};
use crate::{
    cli::{Carry, CarryIn, CarryOut, CarryQr},
    desk::Desk,
    people::Directory,
    trouble::{Kind, Trouble},
};

/// Files of one folder that are looked at.
const FILES_MAX: usize = 1_024;
/// What is taken in may bring keys that open more of the same card: so often it is looked at again.
const LOOKS_MAX: usize = 4;

pub(super) async fn run(desk: &Desk, carry: &Carry) -> Result<(), Trouble> {
    match carry {
        Carry::Out(out) => self::out(desk, out).await,
        Carry::In(options) => self::take_in(desk, options).await,
        Carry::Qr(options) => codes(desk, options).await,
        Carry::Text(text) => {
            let (blocks, boxes) = packed(desk, &text.to, Form::Words).await?;
            let words: Vec<String> = blocks.iter().map(bundle::word).collect();
            let bytes = words.iter().fold(0_usize, |sum, word| sum.saturating_add(word.len()));
            let object = json!({ "boxes": boxes, "bytes": bytes, "words": words });
            desk.console.result(object, || words.join("\n\n")).await
        }
    }
}

/// What is to be carried, sealed; nothing that waits is an error that says so.
async fn packed(desk: &Desk, to: &[String], form: Form) -> Result<(Vec<SealedBox>, u64), Trouble> {
    let directory = Directory::look(&desk.hand).await?;
    let to = to.iter().map(|name| directory.conversation(name)).collect::<Result<_, _>>()?;
    let Answer::CarriedOut { blocks, boxes } = desk.hand.act(Act::CarryOut { to, form }).await?
    else {
        return Err(Kind::Bug.into());
    };
    if blocks.is_empty() { Err(Kind::NothingToCarry.into()) } else { Ok((blocks, boxes)) }
}

async fn out(desk: &Desk, options: &CarryOut) -> Result<(), Trouble> {
    let to = desk.place(&options.file);
    let (mut file, unfinished) = begin(&to)?;
    let (blocks, boxes) = packed(desk, &options.to, Form::Card).await?;
    let failed = || Trouble::of(Kind::FileIo, &[("path", &to.display().to_string())]);
    let mut bytes = 0_u64;
    for block in &blocks {
        file.write_all(block.as_bytes()).map_err(|_| failed())?;
        bytes = bytes.saturating_add(block.as_bytes().len() as u64);
    }
    unfinished.finish(&file)?;
    let object = json!({ "boxes": boxes, "bytes": bytes, "path": to.display().to_string() });
    let words = || {
        let (path, boxes) = (to.display().to_string(), boxes.to_string());
        desk.words.say("carried-out", &[("path", &path), ("count", &boxes), ("size", &size(bytes))])
    };
    desk.console.result(object, words).await
}

/// What became of what was brought.
#[derive(Clone, Copy, Debug, Default)]
struct Count {
    bytes: u64,
    boxes: u64,
    accepted: u64,
    duplicates: u64,
    unknown: u64,
    missing: u64,
}

async fn take_in(desk: &Desk, options: &CarryIn) -> Result<(), Trouble> {
    let mut count = Count::default();
    let mut heap = Heap::default();
    for path in &options.files {
        if path.as_os_str() == "-" {
            heap.add(desk.input.clone().unwrap_or_default().into_bytes());
            continue;
        }
        for path in files(&desk.place(path))? {
            let bytes = read(&path)?;
            if heap.is_above(&bytes) {
                take(desk, std::mem::take(&mut heap), &mut count).await?;
            }
            heap.add(bytes);
        }
    }
    take(desk, heap, &mut count).await?;
    let object = json!({
        "boxes": count.boxes,
        "bytes": count.bytes,
        "accepted": count.accepted,
        "duplicates": count.duplicates,
        "unknown": count.unknown,
        "missing": count.missing,
    });
    let words = || {
        let args: [(&str, String); 4] = [
            ("accepted", count.accepted.to_string()),
            ("duplicates", count.duplicates.to_string()),
            ("unknown", count.unknown.to_string()),
            ("missing", count.missing.to_string()),
        ];
        let args: Vec<_> = args.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let which = if count.missing > 0 { "carried-in-part" } else { "carried-in" };
        desk.words.say(which, &args)
    };
    desk.console.result(object, words).await?;
    if count.boxes == 0 {
        return Err(if count.missing > 0 { Kind::CardDamaged } else { Kind::NotForUs }.into());
    }
    Ok(())
}

/// A file, or those of a folder in the order of their names.
fn files(path: &Path) -> Result<Vec<PathBuf>, Trouble> {
    let wrong = || Trouble::of(Kind::FileUnreadable, &[("path", &path.display().to_string())]);
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let entries = std::fs::read_dir(path).map_err(|_| wrong())?;
    let mut all: Vec<PathBuf> = entries
        .take(FILES_MAX)
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter(|path| path.is_file())
        .collect();
    all.sort();
    Ok(all)
}

/// As much of a file as a card may have.
fn read(path: &Path) -> Result<Vec<u8>, Trouble> {
    let wrong = || Trouble::of(Kind::FileUnreadable, &[("path", &path.display().to_string())]);
    let file = std::fs::File::open(path).map_err(|_| wrong())?;
    if !file.metadata().is_ok_and(|about| about.is_file()) {
        return Err(wrong());
    }
    let mut bytes = Vec::new();
    file.take(CARD_BYTES_MAX).read_to_end(&mut bytes).map_err(|_| wrong())?;
    Ok(bytes)
}

/// What was brought, put together: two damaged copies of a card mend each other.
#[derive(Clone, Debug, Default)]
struct Heap {
    bytes: u64,
    card: Vec<u8>,
    words: Vec<SealedBox>,
}

impl Heap {
    /// There is no room for these bytes beside what is here.
    fn is_above(&self, bytes: &[u8]) -> bool {
        let all = self.bytes.saturating_add(bytes.len() as u64);
        self.bytes > 0 && all > CARD_BYTES_MAX
    }

    fn add(&mut self, mut bytes: Vec<u8>) {
        self.bytes = self.bytes.saturating_add(bytes.len() as u64);
        // Words are letters; noise of any length has bytes that are none.
        let words = std::str::from_utf8(&bytes).map(bundle::boxes_in).unwrap_or_default();
        if words.is_empty() {
            bytes.resize(bytes.len().next_multiple_of(BLOCK_BYTES), 0);
            self.card.extend(bytes);
        } else {
            self.words.extend(words);
        }
    }
}

async fn take(desk: &Desk, heap: Heap, count: &mut Count) -> Result<(), Trouble> {
    count.bytes = count.bytes.saturating_add(heap.bytes);
    let mut missing = 0;
    for look in 0..LOOKS_MAX {
        let opened = opened(desk, &heap).await?;
        if look == 0 {
            count.unknown = count.unknown.saturating_add(opened.unknown);
        }
        missing = opened.missing;
        let mut news = false;
        for brought in opened.brought {
            let Answer::CarriedIn { accepted, duplicates, unknown } =
                desk.hand.act(Act::CarryIn { brought }).await?
            else {
                return Err(Kind::Bug.into());
            };
            news |= accepted > 0;
            count.accepted = count.accepted.saturating_add(accepted);
            if look == 0 {
                count.duplicates = count.duplicates.saturating_add(duplicates);
                count.unknown = count.unknown.saturating_add(unknown);
                let all = accepted.saturating_add(duplicates).saturating_add(unknown);
                count.boxes = count.boxes.saturating_add(all);
            }
        }
        if !news {
            break;
        }
    }
    count.missing = count.missing.saturating_add(missing);
    Ok(())
}

async fn opened(desk: &Desk, heap: &Heap) -> Result<Opened, Trouble> {
    let heap = heap.clone();
    let look = move |vault: &sogon_vault::Vault| {
        let mut opened = open_card(vault, &heap.card).map_err(|_| ShelfFault)?;
        let words = open_words(vault, &heap.words).map_err(|_| ShelfFault)?;
        opened.brought.extend(words.brought);
        opened.unknown = opened.unknown.saturating_add(words.unknown);
        opened.missing = opened.missing.saturating_add(words.missing);
        Ok(opened)
    };
    desk.hand.look(look).await
}

async fn codes(desk: &Desk, options: &CarryQr) -> Result<(), Trouble> {
    let (blocks, boxes) = packed(desk, &options.to, Form::Frames).await?;
    let codes: Vec<String> = blocks.iter().map(bundle::code).collect();
    let bytes = codes.iter().fold(0_usize, |sum, code| sum.saturating_add(code.len()));
    let object = json!({ "boxes": boxes, "bytes": bytes, "codes": codes });
    if desk.console.form() == crate::console::Form::Json {
        return desk.console.result(object, String::new).await;
    }
    let pause =
        Duration::from_millis(1_000_u64.checked_div(u64::from(options.rate)).unwrap_or(250));
    let mut pace = tokio::time::interval(pause);
    let mut ending = desk.ending.clone();
    loop {
        for code in &codes {
            tokio::select! {
                _ = pace.tick() => {}
                _ = ending.wait_for(|ending| *ending) => return Err(Kind::HostEnded.into()),
            }
            // Home, and the code over the one before it.
            desk.console.people(&format!("\u{1b}[H\u{1b}[2J{}", drawn(code))).await?;
        }
        if options.once {
            return Ok(());
        }
    }
}

/// A code of 564 letters and digits: 69 squares and their border, on any terminal of 77 columns.
fn drawn(text: &str) -> String {
    QrCode::with_error_correction_level(text, EcLevel::L).map_or_else(
        |_| String::new(),
        |code| {
            let mut drawing = code.render::<Dense1x2>();
            drawing.dark_color(Dense1x2::Dark).light_color(Dense1x2::Light).build()
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_fits_a_terminal_of_eighty_columns() {
        let code = drawn(&bundle::code(&SealedBox::parse(&[7; 352]).unwrap()));
        let widest = code.lines().map(|line| line.chars().count()).max().unwrap();
        assert!((60..=80).contains(&widest), "{widest}");
    }
}
