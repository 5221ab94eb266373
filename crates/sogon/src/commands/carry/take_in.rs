//! `sogon carry in`: cards, words and codes, read where they lie. What is on a card is looked at block by
//! block and put together parcel by parcel: a card of any size costs little memory.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::File,
    io::{BufReader, Read, Seek, SeekFrom},
    path::{Path, PathBuf},
};

use serde_json::json;
use sogon_engine::{Act, Answer, ConversationId, MessageId, ShelfFault, Sorter, view};
use sogon_wire::{
    SealedBox,
    bundle::{self, BLOCK_BYTES, CARD_BYTES_MAX, ParcelName, SECTOR_BYTES},
};

use crate::{
    cli::CarryIn,
    commands::{
        file::{Known, save::named},
        size,
    },
    desk::Desk,
    people::Directory,
    plain,
    trouble::{Kind, Trouble},
};

/// Files of one folder that are looked at.
const FILES_MAX: usize = 1_024;
/// What is taken in may bring keys that open more of the same card: so often it is looked at again.
const LOOKS_MAX: usize = 20;
/// As much of files as is put together: damaged copies in it mend each other.
const HEAP_BYTES_MAX: u64 = 268_435_456;
/// As much of a file as is taken for text.
const TEXT_BYTES_MAX: u64 = 1_048_576;

/// What became of what was brought.
#[derive(Clone, Debug, Default)]
struct Count {
    bytes: u64,
    boxes: u64,
    accepted: u64,
    duplicates: u64,
    unknown: u64,
    missing: u64,
    files: BTreeSet<(ConversationId, MessageId)>,
    /// Groups whose keys turned, which a card does not bring.
    behind: BTreeSet<ConversationId>,
    /// Whose authors do not know yet that the keys turned.
    late: BTreeSet<ConversationId>,
}

pub(super) async fn run(desk: &Desk, options: &CarryIn) -> Result<(), Trouble> {
    let mut count = Count::default();
    let mut heap = Heap::default();
    for path in &options.files {
        if path.as_os_str() == "-" {
            heap.words.extend(bundle::boxes_in(desk.input.as_deref().unwrap_or_default()));
            continue;
        }
        for path in files(&desk.place(path))? {
            if !heap.add(&path)? {
                take(desk, std::mem::take(&mut heap), &mut count).await?;
                heap.add(&path)?;
            }
        }
    }
    take(desk, heap, &mut count).await?;
    let mut here = Vec::new();
    for (conversation, id) in &count.files {
        let (conversation, id) = (*conversation, *id);
        let look = move |vault: &sogon_vault::Vault| view::message(vault, conversation, id);
        here.extend(desk.hand.look(look).await?.and_then(Known::of));
    }
    let files: Vec<_> = here
        .iter()
        .map(|its| {
            json!({
                "id": its.message.id.to_string(),
                "bytes": its.file.bytes,
                "done": its.file.done_bytes,
                "state": its.file.stage.name(),
            })
        })
        .collect();
    let object = json!({
        "boxes": count.boxes,
        "bytes": count.bytes,
        "accepted": count.accepted,
        "duplicates": count.duplicates,
        "unknown": count.unknown,
        "missing": count.missing,
        "files": files,
        "behind": ids(&count.behind),
        "late": ids(&count.late),
    });
    let directory = Directory::look(&desk.hand).await?;
    let words = || {
        let args: [(&str, String); 4] = [
            ("accepted", count.accepted.to_string()),
            ("duplicates", count.duplicates.to_string()),
            ("unknown", count.unknown.to_string()),
            ("missing", count.missing.to_string()),
        ];
        let args: Vec<_> = args.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let which = if count.missing > 0 { "carried-in-part" } else { "carried-in" };
        let mut lines = vec![desk.words.say(which, &args)];
        for its in &here {
            let (id, name) = (its.message.id.to_string(), plain::line(&named(&its.message)));
            let (done, bytes) = (size(its.file.done_bytes), size(its.file.bytes));
            let args = [("id", &*id), ("name", &name), ("done", &done), ("size", &bytes)];
            lines.push(desk.words.say("carried-file-here", &args));
        }
        for (which, some) in [("carried-behind", &count.behind), ("carried-late", &count.late)] {
            for conversation in some {
                let title = directory.title(*conversation);
                lines.push(desk.words.say(which, &[("title", &title)]));
            }
        }
        lines.join("\n")
    };
    desk.console.result(object, words).await?;
    if count.boxes == 0 {
        return Err(if count.missing > 0 { Kind::CardDamaged } else { Kind::NotForUs }.into());
    }
    Ok(())
}

fn ids(some: &BTreeSet<ConversationId>) -> Vec<String> {
    some.iter().map(ToString::to_string).collect()
}

fn unreadable(path: &Path) -> Trouble {
    Trouble::of(Kind::FileUnreadable, &[("path", &path.display().to_string())])
}

/// A file, or those of a folder in the order of their names.
fn files(path: &Path) -> Result<Vec<PathBuf>, Trouble> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let entries = std::fs::read_dir(path).map_err(|_| unreadable(path))?;
    let mut all: Vec<PathBuf> = entries
        .take(FILES_MAX)
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter(|path| path.is_file())
        .collect();
    all.sort();
    Ok(all)
}

/// What was brought, put together: two damaged copies of a card mend each other.
#[derive(Clone, Debug, Default)]
struct Heap {
    bytes: u64,
    /// Bytes of files in it.
    read: u64,
    /// Cards, by where each begins when they stand behind each other.
    cards: BTreeMap<u64, PathBuf>,
    words: Vec<SealedBox>,
    /// Sectors of cards that are parts of blocks nobody knew in any look: keys come, and go.
    strange: BTreeMap<u64, Vec<bool>>,
    /// Words that were of no use in the last look.
    strange_words: u64,
}

impl Heap {
    /// How many blocks and words are damaged or for somebody else.
    fn unknown(&self) -> u64 {
        let sectors = self.strange.values().flatten().filter(|strange| **strange).count() as u64;
        let in_block = (BLOCK_BYTES as u64).checked_div(SECTOR_BYTES as u64).unwrap_or(1);
        sectors.div_ceil(in_block).saturating_add(self.strange_words)
    }

    /// Takes a file in; false when there is no room for it beside what is here.
    fn add(&mut self, path: &Path) -> Result<bool, Trouble> {
        let wrong = |_| unreadable(path);
        let file = File::open(path).map_err(wrong)?;
        let about = file.metadata().map_err(wrong)?;
        if !about.is_file() {
            return Err(unreadable(path));
        }
        // A block more, so that none reaches into the next card.
        let length = about.len().min(CARD_BYTES_MAX);
        let bytes = length.saturating_add(BLOCK_BYTES as u64);
        if self.bytes > 0 && self.bytes.saturating_add(bytes) > HEAP_BYTES_MAX {
            return Ok(false);
        }
        let mut start = Vec::new();
        file.take(TEXT_BYTES_MAX).read_to_end(&mut start).map_err(wrong)?;
        // Words are letters; noise of any length has bytes that are none.
        let text = match std::str::from_utf8(&start) {
            Ok(text) => text,
            Err(error) if error.error_len().is_none() => {
                let sound = start.get(..error.valid_up_to()).unwrap_or_default();
                std::str::from_utf8(sound).unwrap_or_default()
            }
            Err(_) => "",
        };
        let words = bundle::boxes_in(text);
        if words.is_empty() {
            self.cards.insert(self.bytes, path.to_owned());
        }
        self.words.extend(words);
        self.bytes = self.bytes.saturating_add(bytes);
        self.read = self.read.saturating_add(length);
        Ok(true)
    }

    /// Looks at every block.
    fn sort(mut self, mut sorter: Sorter) -> Result<(Self, Sorter), Trouble> {
        for (base, path) in &self.cards {
            let mut card = Medium::open(path)?;
            let (mut at, mut sector) = (0_u64, 0_usize);
            let strange = self.strange.entry(*base).or_default();
            while let Some(block) = card.block(at) {
                let ours = sorter.look(base.saturating_add(at), &block);
                let step = if ours { BLOCK_BYTES } else { SECTOR_BYTES };
                let end = sector.saturating_add(step.checked_div(SECTOR_BYTES).unwrap_or(1));
                strange.resize(strange.len().max(end), true);
                if ours {
                    strange.iter_mut().take(end).skip(sector).for_each(|its| *its = false);
                }
                (at, sector) = (at.saturating_add(step as u64), end);
            }
        }
        let before = sorter.unknown;
        for (at, word) in (u64::from(u32::MAX)..).zip(&self.words) {
            sorter.look_at_word(at, word);
        }
        self.strange_words = sorter.unknown.saturating_sub(before);
        Ok((self, sorter))
    }

    /// The block at a place, once more.
    fn block(&self, open: &mut Option<(u64, Medium)>, at: u64) -> Option<SealedBox> {
        if let Some(word) = at.checked_sub(u32::MAX.into()) {
            return self.words.get(usize::try_from(word).ok()?).cloned();
        }
        let (base, path) = self.cards.range(..=at).next_back()?;
        if open.as_ref().is_none_or(|(its, _)| its != base) {
            *open = Some((*base, Medium::open(path).ok()?));
        }
        let (_, card) = open.as_mut()?;
        card.block(at.checked_sub(*base)?)
    }
}

/// A file with blocks in it.
struct Medium {
    file: BufReader<File>,
    at: u64,
}

impl Medium {
    fn open(path: &Path) -> Result<Self, Trouble> {
        let file = File::open(path).map_err(|_| unreadable(path))?;
        Ok(Self { file: BufReader::with_capacity(65_536, file), at: 0 })
    }

    /// What may be a block at this place.
    fn block(&mut self, at: u64) -> Option<SealedBox> {
        if at.checked_add(BLOCK_BYTES as u64)? > CARD_BYTES_MAX {
            return None;
        }
        let way = i64::try_from(at).ok()?.checked_sub(i64::try_from(self.at).ok()?)?;
        let mut bytes = vec![0; BLOCK_BYTES];
        // What follows the read is not known where it fails: begin from the start then.
        let read = self.file.seek_relative(way).and_then(|()| self.file.read_exact(&mut bytes));
        match read {
            Ok(()) => self.at = at.saturating_add(BLOCK_BYTES as u64),
            Err(_) => {
                self.at = self.file.seek(SeekFrom::Start(0)).ok()?;
                return None;
            }
        }
        SealedBox::parse(&bytes).ok()
    }
}

async fn take(desk: &Desk, mut heap: Heap, count: &mut Count) -> Result<(), Trouble> {
    count.bytes = count.bytes.saturating_add(heap.read);
    let mut done: BTreeMap<Option<ParcelName>, [u64; 3]> = BTreeMap::new();
    let mut missing = 0_u64;
    for _ in 0..LOOKS_MAX {
        let sorter = desk.hand.look(|vault| Sorter::new(vault).map_err(|_| ShelfFault)).await?;
        let sorted = tokio::task::spawn_blocking(move || heap.sort(sorter)).await;
        let mut sorter;
        (heap, sorter) = sorted.map_err(|_| Kind::Bug)??;
        missing = 0;
        let mut news = false;
        let words = sorter.words();
        let mut parts = vec![(None, words)];
        parts.extend(sorter.parcels().into_iter().map(|found| (Some(found), Vec::new())));
        let mut open = None;
        for (found, mut brought) in parts {
            let name = found.map(|found| found.name());
            let before = done.get(&name).copied();
            // What was taken in to the last box is not looked at again.
            if before.is_some_and(|[_, _, unknown]| unknown == 0) {
                continue;
            }
            if let Some(found) = found {
                match sorter.gather(found, &mut |at| heap.block(&mut open, at)) {
                    Ok(its) => brought = its,
                    Err(more) => {
                        missing = missing.saturating_add(more);
                        continue;
                    }
                }
            }
            let mut now = [0_u64; 3];
            for brought in brought {
                let file = brought.file().map(|file| (brought.conversation, file));
                count.files.extend(file);
                let conversation = brought.conversation;
                if brought.is_late() {
                    count.late.insert(conversation);
                }
                let Answer::CarriedIn { accepted, duplicates, unknown, behind } =
                    desk.hand.act(Act::CarryIn { brought }).await?
                else {
                    return Err(Kind::Bug.into());
                };
                if behind {
                    count.behind.insert(conversation);
                }
                for (sum, more) in now.iter_mut().zip([accepted, duplicates, unknown]) {
                    *sum = sum.saturating_add(more);
                }
            }
            let [accepted, duplicates, unknown] = now;
            news |= accepted > 0;
            let [before, twice] = before.map_or([0, duplicates], |[one, two, _]| [one, two]);
            done.insert(name, [before.saturating_add(accepted), twice, unknown]);
        }
        if !news {
            break;
        }
    }
    let mut unknown = heap.unknown();
    for [accepted, duplicates, lost] in done.into_values() {
        count.accepted = count.accepted.saturating_add(accepted);
        count.duplicates = count.duplicates.saturating_add(duplicates);
        unknown = unknown.saturating_add(lost);
        let all = accepted.saturating_add(duplicates).saturating_add(lost);
        count.boxes = count.boxes.saturating_add(all);
    }
    count.unknown = count.unknown.saturating_add(unknown);
    count.missing = count.missing.saturating_add(missing);
    Ok(())
}
