//! `sogon carry`: sealed messages taken by hand, on a card, as codes, as words.

mod take_in;

use std::{
    collections::BTreeMap,
    io::{Seek, SeekFrom, Write},
    time::Duration,
};

use qrcode::{EcLevel, QrCode, render::unicode::Dense1x2};
use serde_json::json;
use sogon_engine::{Act, Answer, Form, MessageId, Portion, view};
use sogon_wire::{
    SealedBox,
    bundle::{self, BLOCK_BYTES},
};

use super::{
    file::{
        Known,
        save::{begin, named},
    },
    size,
};
use crate::{
    cli::{Carry, CarryOut, CarryQr},
    desk::Desk,
    people::Directory,
    plain,
    trouble::{Kind, Trouble},
};

pub(super) async fn run(desk: &Desk, carry: &Carry) -> Result<(), Trouble> {
    match carry {
        Carry::Out(out) => self::out(desk, out).await,
        Carry::In(options) => take_in::run(desk, options).await,
        Carry::Qr(options) => codes(desk, options).await,
        Carry::Text(text) => {
            let Packed { blocks, boxes, .. } =
                packed(desk, &text.to, Form::Words, u64::MAX).await?;
            let words: Vec<String> = blocks.iter().map(bundle::word).collect();
            let bytes = words.iter().fold(0_usize, |sum, word| sum.saturating_add(word.len()));
            let object = json!({ "boxes": boxes, "bytes": bytes, "words": words });
            desk.console.result(object, || words.join("\n\n")).await
        }
    }
}

/// What is to be carried: words, sealed, and pieces of files, to be sealed one portion after the other.
struct Packed {
    blocks: Vec<SealedBox>,
    boxes: u64,
    portions: Vec<Portion>,
    /// Where each block stands.
    order: Vec<u32>,
}

impl Packed {
    /// How many boxes, those of files among them.
    fn all(&self) -> u64 {
        self.portions.iter().fold(self.boxes, |sum, its| sum.saturating_add(its.pieces()))
    }

    /// Everything, where it stands: a few codes, and no film.
    async fn spread(self, desk: &Desk) -> Result<(Vec<SealedBox>, u64), Trouble> {
        let all = self.all();
        let mut placed = BTreeMap::new();
        let mut order = self.order.iter();
        placed.extend(order.by_ref().zip(self.blocks));
        for portion in &self.portions {
            placed.extend(order.by_ref().zip(sealed(desk, portion).await?));
        }
        Ok((placed.into_values().collect(), all))
    }
}

/// What is to be carried; nothing that waits is an error that says so.
async fn packed(desk: &Desk, to: &[String], form: Form, room: u64) -> Result<Packed, Trouble> {
    let directory = Directory::look(&desk.hand).await?;
    let to = to.iter().map(|name| directory.conversation(name)).collect::<Result<_, _>>()?;
    let room = u32::try_from(room).unwrap_or(u32::MAX);
    let out = desk.hand.act(Act::CarryOut { to, form, room }).await;
    let out = out.map_err(|trouble| match trouble.kind() {
        Kind::TooLarge => Kind::CardTooSmall.into(),
        _ => trouble,
    })?;
    let Answer::CarriedOut { blocks, boxes, portions, order } = out else {
        return Err(Kind::Bug.into());
    };
    match blocks.is_empty() && portions.is_empty() {
        true => Err(Kind::NothingToCarry.into()),
        false => Ok(Packed { blocks, boxes, portions, order }),
    }
}

/// The blocks of pieces of a file.
async fn sealed(desk: &Desk, portion: &Portion) -> Result<Vec<SealedBox>, Trouble> {
    let act = Act::CarryPieces { portion: portion.clone() };
    let Answer::Pieces { blocks } = desk.hand.act(act).await? else {
        return Err(Kind::Bug.into());
    };
    Ok(blocks)
}

async fn out(desk: &Desk, options: &CarryOut) -> Result<(), Trouble> {
    let to = desk.place(&options.file);
    let (mut file, unfinished) = begin(&to)?;
    let room = options.room.checked_div(BLOCK_BYTES as u64).unwrap_or_default();
    let packed = packed(desk, &options.to, Form::Card, room).await?;
    let failed = |_| Trouble::of(Kind::FileIo, &[("path", &to.display().to_string())]);
    // Each block goes to its place at once: a film is never in memory.
    let mut order = packed.order.iter();
    let mut write = |blocks: &[SealedBox]| -> Result<(), Trouble> {
        for (block, place) in blocks.iter().zip(order.by_ref()) {
            let at = u64::from(*place).saturating_mul(BLOCK_BYTES as u64);
            file.seek(SeekFrom::Start(at)).map_err(failed)?;
            file.write_all(block.as_bytes()).map_err(failed)?;
        }
        Ok(())
    };
    write(&packed.blocks)?;
    for portion in &packed.portions {
        write(&sealed(desk, portion).await?)?;
    }
    unfinished.finish(&file)?;
    let boxes = packed.all();
    let bytes = (packed.order.len() as u64).saturating_mul(BLOCK_BYTES as u64);
    let loaded = loaded(desk, &packed.portions).await?;
    if !packed.portions.is_empty() {
        // Only now: the next card goes on behind what is on one that is whole.
        desk.hand.act(Act::CarriedOff { portions: packed.portions }).await?;
    }
    let files: Vec<_> = loaded
        .iter()
        .map(|its| json!({ "id": its.id.to_string(), "pieces": its.pieces, "of": its.of }))
        .collect();
    let path = to.display().to_string();
    let object = json!({ "boxes": boxes, "bytes": bytes, "path": path, "files": files });
    let words = || {
        let count = boxes.to_string();
        let args = [("path", path.as_str()), ("count", &count), ("size", &size(bytes))];
        let mut lines = vec![desk.words.say("carried-out", &args)];
        for its in &loaded {
            let (pieces, of) = (its.pieces.to_string(), its.of.to_string());
            let args = [("name", its.name.as_str()), ("count", &pieces), ("of", &of)];
            let which = if its.pieces < its.of { "carried-file-part" } else { "carried-file" };
            lines.push(desk.words.say(which, &args));
        }
        lines.join("\n")
    };
    desk.console.result(object, words).await
}

/// A file of which pieces are on a card.
struct Loaded {
    id: MessageId,
    name: String,
    pieces: u64,
    of: u64,
}

async fn loaded(desk: &Desk, portions: &[Portion]) -> Result<Vec<Loaded>, Trouble> {
    let mut counts = BTreeMap::new();
    for portion in portions {
        let count: &mut u64 = counts.entry((portion.conversation, portion.message)).or_default();
        *count = count.saturating_add(portion.pieces());
    }
    let mut all = Vec::new();
    for ((conversation, id), pieces) in counts {
        let look = move |vault: &sogon_vault::Vault| view::message(vault, conversation, id);
        let message = desk.hand.look(look).await?;
        let Some(found) = message.and_then(Known::of) else { continue };
        let name = plain::line(&named(&found.message));
        all.push(Loaded { id, name, pieces, of: found.file.pieces.into() });
    }
    Ok(all)
}

async fn codes(desk: &Desk, options: &CarryQr) -> Result<(), Trouble> {
    let packed = packed(desk, &options.to, Form::Frames, u64::MAX).await?;
    let (blocks, boxes) = packed.spread(desk).await?;
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
