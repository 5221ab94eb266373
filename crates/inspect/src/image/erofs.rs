//! EROFS, which holds the system of newer Android phones, through `erofs-rs`: its form for images
//! that are asked for bytes, whose questions are answered at once.

use std::{
    io,
    task::{Context, Poll, Waker},
};

use erofs_rs::{Error, r#async::EroFS, backend::AsyncImage};

use super::{DEPTH_MAX, Each, FOLDERS_MAX, Held};
use crate::{
    source::{Owned, Source},
    times::{Time, Times},
};

struct Storage(Owned);

impl AsyncImage for Storage {
    async fn read_exact_at(&self, buffer: &mut [u8], offset: u64) -> Result<(), Error> {
        let mut filled = 0;
        while let Some(rest) = buffer.get_mut(filled..).filter(|rest| !rest.is_empty()) {
            let at = offset.saturating_add(filled as u64);
            match self.0.read_at(at, rest) {
                Ok(0) | Err(_) => return Err(Error::OutOfBounds("it breaks off".into())),
                Ok(read) => filled = filled.saturating_add(read),
            }
        }
        Ok(())
    }
}

/// What a question that is answered at once says.
fn now<T>(question: impl Future<Output = Result<T, Error>>) -> Result<T, String> {
    let mut question = std::pin::pin!(question);
    match question.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(answer) => answer.map_err(|error| error.to_string()),
        Poll::Pending => Err("it waits for something".to_owned()),
    }
}

/// A file in the image.
struct Inner<'a> {
    file: erofs_rs::r#async::File<'a, Storage>,
    changed: Option<u64>,
}

impl Source for Inner<'_> {
    fn size(&self) -> u64 {
        self.file.size()
    }

    fn times(&self) -> Times {
        Times::changed(self.changed.map(Time::Utc))
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        now(self.file.read_at(buffer, offset)).map_err(io::Error::other)
    }
}

pub(super) fn walk(image: &dyn Source, each: &mut Each<'_>) -> Result<(), String> {
    let storage = image.owned().ok_or("a file system inside a file system: extract it first")?;
    let system = now(EroFS::new(Storage(storage)))?;
    let mut waiting = vec![("/".to_owned(), 0_usize)];
    let mut folders = 0_usize;
    while let Some((path, depth)) = waiting.pop() {
        folders = folders.saturating_add(1);
        if depth > DEPTH_MAX || folders > FOLDERS_MAX {
            each(&path, Held::Trouble("folders in folders without end"));
            continue;
        }
        let mut entries = match now(system.read_dir(&path)) {
            Ok(entries) => entries,
            Err(why) => {
                each(&path, Held::Trouble(&why));
                continue;
            }
        };
        while let Some(entry) = now(async { Ok(entries.next_entry().await) })? {
            let entry = match entry {
                Ok(entry) => entry,
                Err(error) => {
                    each(&path, Held::Trouble(&error.to_string()));
                    break;
                }
            };
            if matches!(entry.dir_entry.file_name(), b"." | b"..") {
                continue;
            }
            let inner = entry.dir_entry.path().to_string_lossy().into_owned();
            if entry.inode.is_dir() {
                waiting.push((inner, depth.saturating_add(1)));
            } else if entry.inode.is_file() {
                let changed = u64::try_from(entry.inode.modified_unix().0).ok();
                match system.open_inode_file(entry.inode) {
                    Ok(file) => each(&inner, Held::File(&Inner { file, changed })),
                    Err(error) => each(&inner, Held::Trouble(&error.to_string())),
                }
            }
        }
    }
    Ok(())
}
