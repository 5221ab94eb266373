//! ext2, ext3 and ext4, through `ext4-view`.

use std::{cell::RefCell, io};

use ext4_view::{Ext4, Ext4Error, Ext4Read, File, PathBuf};

use super::{DEPTH_MAX, Each, FOLDERS_MAX, Held};
use crate::source::{Owned, Source};

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
}

impl Source for Inner {
    fn size(&self) -> u64 {
        self.size
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
    let mut waiting = vec![(PathBuf::new("/"), 0_usize)];
    let mut folders = 0_usize;
    while let Some((folder, depth)) = waiting.pop() {
        folders = folders.saturating_add(1);
        let shown = folder.display().to_string();
        if depth > DEPTH_MAX || folders > FOLDERS_MAX {
            each(&shown, Held::Trouble("folders in folders without end"));
            continue;
        }
        let entries = match ext4.read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) => {
                each(&shown, Held::Trouble(&error.to_string()));
                continue;
            }
        };
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
            match entry.file_type() {
                Ok(kind) if kind.is_dir() => waiting.push((path, depth.saturating_add(1))),
                Ok(kind) if kind.is_regular_file() => file(&ext4, &path, each),
                Ok(_) => {}
                Err(error) => each(&path.display().to_string(), Held::Trouble(&error.to_string())),
            }
        }
    }
    Ok(())
}

fn file(ext4: &Ext4, path: &PathBuf, each: &mut Each<'_>) {
    let shown = path.display().to_string();
    match ext4.open(path) {
        Ok(file) => {
            let size = file.metadata().len();
            each(&shown, Held::File(&Inner { file: RefCell::new(file), size }));
        }
        Err(error) => each(&shown, Held::Trouble(&error.to_string())),
    }
}
