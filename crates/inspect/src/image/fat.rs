//! FAT 12, 16 and 32, through `fatfs`, which never gets to write.

use std::{
    cell::RefCell,
    io::{self, Read, Seek, SeekFrom, Write},
};

use fatfs::{Date, DateTime, Dir, File, FileSystem, FsOptions};

use super::{DEPTH_MAX, Each, FOLDERS_MAX, Held};
use crate::{
    source::{Source, Stream},
    times::{Time, Times},
    trace::rhythm::seconds,
};

/// Storage that refuses to be written.
struct ReadOnly<'a>(Stream<'a>);

impl Read for ReadOnly<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer)
    }
}

impl Seek for ReadOnly<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.0.seek(to)
    }
}

impl Write for ReadOnly<'_> {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(io::ErrorKind::PermissionDenied.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

struct Inner<'f, 's> {
    file: RefCell<File<'f, ReadOnly<'s>>>,
    size: u64,
    times: Times,
}

impl Source for Inner<'_, '_> {
    fn size(&self) -> u64 {
        self.size
    }

    fn times(&self) -> Times {
        self.times
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let mut file = self.file.borrow_mut();
        file.seek(SeekFrom::Start(offset))?;
        file.read(buffer)
    }
}

pub(super) fn walk(image: &dyn Source, each: &mut Each<'_>) -> Result<(), String> {
    let storage = ReadOnly(Stream::new(image));
    let system = FileSystem::new(storage, FsOptions::new()).map_err(|error| error.to_string())?;
    let mut folders = 0;
    folder(&system.root_dir(), "", 0, &mut folders, each);
    Ok(())
}

fn folder(
    dir: &Dir<'_, ReadOnly<'_>>,
    path: &str,
    depth: usize,
    folders: &mut usize,
    each: &mut Each<'_>,
) {
    *folders = folders.saturating_add(1);
    // Each level is a call: fewer than elsewhere, and more than any stick has.
    if depth > DEPTH_MAX.min(64) || *folders > FOLDERS_MAX {
        each(path, Held::Trouble("folders in folders without end"));
        return;
    }
    for entry in dir.iter() {
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) => {
                each(path, Held::Trouble(&error.to_string()));
                return;
            }
        };
        let name = entry.file_name();
        if name == "." || name == ".." {
            continue;
        }
        let inner = format!("{path}/{name}");
        if entry.is_dir() {
            folder(&entry.to_dir(), &inner, depth.saturating_add(1), folders, each);
        } else {
            let times = times(entry.created(), entry.modified(), entry.accessed());
            let file = Inner { file: RefCell::new(entry.to_file()), size: entry.len(), times };
            each(&inner, Held::File(&file));
        }
    }
}

/// By the clock of whoever wrote it; of the last opening there is the day alone.
fn times(made: DateTime, changed: DateTime, opened: Date) -> Times {
    let moment = |at: DateTime| {
        let (date, time) = (at.date, at.time);
        let (hour, minute) = (time.hour.into(), time.min.into());
        let (month, day) = (date.month.into(), date.day.into());
        seconds(date.year.into(), month, day, hour, minute, time.sec.into()).map(Time::Local)
    };
    let day = seconds(opened.year.into(), opened.month.into(), opened.day.into(), 0, 0, 0);
    Times { made: moment(made), changed: moment(changed), opened: day.map(Time::Day), record: None }
}
