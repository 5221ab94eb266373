//! ext2, ext3 and ext4, through `ext4-view`.

use std::{cell::RefCell, io};

use ext4_view::{Ext4, Ext4Error, Ext4Read, File, PathBuf};

use super::{DEPTH_MAX, Each, FOLDERS_MAX, Held};
use crate::{
    source::{Owned, Source},
    times::{Time, Times},
};
use records::{Node, ROOT, Records};

mod records;

struct Storage(Owned);

impl Ext4Read for Storage {
    fn read(
        &mut self,
        start: u64,
        into: &mut [u8],
    ) -> Result<(), Box<dyn std::error::Error + Send + Sync + 'static>> {
        let piece = self.0.piece(start, into.len())?;
        if piece.len() != into.len() {
            return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
        }
        into.copy_from_slice(&piece);
        Ok(())
    }
}

/// A file in the image.
struct Inner {
    file: RefCell<File>,
    size: u64,
    times: Times,
}

impl Source for Inner {
    fn size(&self) -> u64 {
        self.size
    }

    fn times(&self) -> Times {
        self.times
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let mut file = self.file.borrow_mut();
        file.seek_to(offset).map_err(other)?;
        file.read_bytes(buffer).map_err(other)
    }
}

fn other(error: Ext4Error) -> io::Error {
    io::Error::other(error.to_string())
}

pub(super) fn walk(image: &dyn Source, each: &mut Each<'_>) -> Result<(), String> {
    let storage = image.owned().ok_or("a file system inside a file system: extract it first")?;
    let ext4 = Ext4::load(Box::new(Storage(storage))).map_err(|error| error.to_string())?;
    let records = Records::of(image);
    let mut waiting = vec![(PathBuf::new("/"), 0_usize, Some(ROOT))];
    let mut folders = 0_usize;
    while let Some((folder, depth, record)) = waiting.pop() {
        folders = folders.saturating_add(1);
        let shown = folder.display().to_string();
        if depth > DEPTH_MAX || folders > FOLDERS_MAX {
            each(&shown, Held::Trouble("folders in folders without end"));
            continue;
        }
        let entries = match ext4.read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) => {
                if let Some(read) = by_record(records.as_ref(), record, &folder, each) {
                    let deeper = depth.saturating_add(1);
                    waiting.extend(read.into_iter().map(|(at, number)| (at, deeper, Some(number))));
                } else {
                    each(&shown, Held::Trouble(&error.to_string()));
                }
                continue;
            }
        };
        let numbers = record.and_then(|record| records.as_ref()?.entries(record));
        for entry in entries {
            let entry = match entry {
                Ok(entry) => entry,
                Err(error) => {
                    each(&shown, Held::Trouble(&error.to_string()));
                    break;
                }
            };
            if matches!(entry.file_name().as_ref(), b"." | b"..") {
                continue;
            }
            let path = entry.path();
            let number = numbers.as_ref().and_then(|all| all.get(entry.file_name().as_ref()));
            match entry.file_type() {
                Ok(kind) if kind.is_dir() => {
                    waiting.push((path, depth.saturating_add(1), number.copied()));
                }
                Ok(kind) if kind.is_regular_file() => {
                    file(&ext4, &path, number.copied(), records.as_ref(), each);
                }
                Ok(_) => {}
                Err(error) => each(&path.display().to_string(), Held::Trouble(&error.to_string())),
            }
        }
    }
    Ok(())
}

/// A folder with a time that `ext4-view` takes for damage: its files are told, its folders given.
fn by_record(
    records: Option<&Records<'_>>,
    number: Option<u32>,
    folder: &PathBuf,
    each: &mut Each<'_>,
) -> Option<Vec<(PathBuf, u32)>> {
    let (records, number) = (records?, number?);
    let mut folders = Vec::new();
    for (name, number) in records.entries(number)? {
        if matches!(name.as_slice(), b"." | b"..") {
            continue;
        }
        let Ok(name) = PathBuf::try_from(name) else { continue };
        let path = folder.join(name);
        match records.kind(number) {
            Some(Node::Folder) => folders.push((path, number)),
            Some(Node::File) => match records.file(number) {
                Some(content) => each(&path.display().to_string(), Held::File(&content)),
                None => each(&path.display().to_string(), Held::Trouble("it is not in extents")),
            },
            None => {}
        }
    }
    Some(folders)
}

fn file(
    ext4: &Ext4,
    path: &PathBuf,
    number: Option<u32>,
    records: Option<&Records<'_>>,
    each: &mut Each<'_>,
) {
    let shown = path.display().to_string();
    match ext4.open(path) {
        Ok(file) => {
            let size = file.metadata().len();
            let times = number.and_then(|number| records?.times(number));
            let times = times.unwrap_or_else(|| less(&file));
            each(&shown, Held::File(&Inner { file: RefCell::new(file), size, times }));
        }
        Err(error) => {
            let odd = number.filter(|number| records.is_some_and(|all| all.has_odd_time(*number)));
            match odd.and_then(|number| records?.file(number)) {
                Some(content) => each(&shown, Held::File(&content)),
                None => each(&shown, Held::Trouble(&error.to_string())),
            }
        }
    }
}

/// Without its record: three of the four times.
fn less(file: &File) -> Times {
    let about = file.metadata();
    let at = |time: ext4_view::Timestamp| u64::try_from(time.seconds()).ok().map(Time::Utc);
    Times {
        made: about.created().and_then(at),
        changed: at(about.modified()),
        opened: at(about.accessed()),
        record: None,
    }
}
