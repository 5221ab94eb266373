//! NTFS, through `ntfs`. Only a file's unnamed stream is looked at, and named ones by their names.

use std::{cell::RefCell, io, io::SeekFrom};

use ntfs::{Ntfs, NtfsFile, NtfsReadSeek, NtfsTime};

use super::{DEPTH_MAX, Each, FOLDERS_MAX, Held};
use crate::{
    source::{Source, Stream},
    times::{Time, Times},
};

/// Records of the system itself are numbered below this.
const OWN_RECORDS: u64 = 24;

/// A volume is never smaller.
const VOLUME_BYTES_MIN: u64 = 1 << 16;

struct Inner<'a, V> {
    value: RefCell<V>,
    storage: RefCell<Stream<'a>>,
    size: u64,
    times: Times,
}

impl<V: NtfsReadSeek> Source for Inner<'_, V> {
    fn size(&self) -> u64 {
        self.size
    }

    fn times(&self) -> Times {
        self.times
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let (mut value, mut storage) = (self.value.borrow_mut(), self.storage.borrow_mut());
        value.seek(&mut *storage, SeekFrom::Start(offset)).map_err(other)?;
        value.read(&mut *storage, buffer).map_err(other)
    }
}

fn other(error: ntfs::NtfsError) -> io::Error {
    io::Error::other(error.to_string())
}

pub(super) fn walk(image: &dyn Source, each: &mut Each<'_>) -> Result<(), String> {
    // The crate takes a boot sector that ends too early for a fault of its own, and stops.
    if image.size() < VOLUME_BYTES_MIN {
        return Err("it breaks off".to_owned());
    }
    let mut storage = Stream::new(image);
    let system = Ntfs::new(&mut storage).map_err(|error| error.to_string())?;
    let root = system.root_directory(&mut storage).map_err(|error| error.to_string())?;
    let mut waiting = vec![(root.file_record_number(), String::new(), 0_usize)];
    let mut folders = 0_usize;
    while let Some((record, path, depth)) = waiting.pop() {
        folders = folders.saturating_add(1);
        if depth > DEPTH_MAX || folders > FOLDERS_MAX {
            each(&path, Held::Trouble("folders in folders without end"));
            continue;
        }
        match entries(&system, &mut storage, record) {
            Err(why) => each(&path, Held::Trouble(&why)),
            Ok(entries) => {
                for (record, name) in entries {
                    let inner = format!("{path}/{name}");
                    match system.file(&mut storage, record) {
                        Err(error) => each(&inner, Held::Trouble(&error.to_string())),
                        Ok(file) if file.is_directory() => {
                            waiting.push((record, inner, depth.saturating_add(1)));
                        }
                        Ok(file) => {
                            if let Err(why) = content(image, &mut storage, &file, &inner, each) {
                                each(&inner, Held::Trouble(&why));
                            }
                        }
                    }
                }
            }
        }
    }
    Ok(())
}

/// Record and name of each entry of a folder; short names of files with long ones are left out.
fn entries(
    system: &Ntfs,
    storage: &mut Stream<'_>,
    record: u64,
) -> Result<Vec<(u64, String)>, String> {
    let said = |error: ntfs::NtfsError| error.to_string();
    let folder = system.file(storage, record).map_err(said)?;
    let index = folder.directory_index(storage).map_err(said)?;
    let mut iter = index.entries();
    let mut found = Vec::new();
    while let Some(entry) = iter.next(storage) {
        let entry = entry.map_err(said)?;
        let Some(Ok(name)) = entry.key() else { continue };
        let inner = entry.file_reference().file_record_number();
        let short = name.namespace() == ntfs::structured_values::NtfsFileNamespace::Dos;
        if inner >= OWN_RECORDS && !short && found.len() < FOLDERS_MAX {
            found.push((inner, name.name().to_string_lossy()));
        }
    }
    Ok(found)
}

fn content(
    image: &dyn Source,
    storage: &mut Stream<'_>,
    file: &NtfsFile<'_>,
    path: &str,
    each: &mut Each<'_>,
) -> Result<(), String> {
    let said = |error: ntfs::NtfsError| error.to_string();
    let Some(data) = file.data(storage, "") else { return Ok(()) };
    let data = data.map_err(said)?;
    let attribute = data.to_attribute().map_err(said)?;
    let value = attribute.value(storage).map_err(said)?;
    let size = value.len();
    let storage = RefCell::new(Stream::new(image));
    let times = times(file);
    each(path, Held::File(&Inner { value: RefCell::new(value), storage, size, times }));
    Ok(())
}

fn times(file: &NtfsFile<'_>) -> Times {
    let Ok(about) = file.info() else { return Times::default() };
    let at = |time: NtfsTime| Time::windows(time.nt_timestamp());
    Times {
        made: at(about.creation_time()),
        changed: at(about.modification_time()),
        opened: at(about.access_time()),
        record: at(about.mft_record_modification_time()),
    }
}
