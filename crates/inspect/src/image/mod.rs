//! Images of disks and file systems, read where they lie and never mounted.

mod erofs;
mod exfat;
mod ext4;
mod f2fs;
mod fat;
mod ntfs;
mod partitions;
mod sparse;
mod squash;

use crate::{
    look::kind::{HEAD_BYTES, Kind},
    source::{Part, Source},
};

/// What an image holds at a path.
pub(crate) enum Held<'a> {
    /// A file.
    File(&'a dyn Source),
    /// Something that cannot be read, and why.
    Trouble(&'a str),
    /// A file system that is not opened here.
    Unopened(&'a str),
}

/// Who is told of what an image holds.
type Each<'e> = dyn FnMut(&str, Held<'_>) + 'e;

/// Folders in folders of a file system.
const DEPTH_MAX: usize = 256;

/// As many folders are read of one file system: a loop of folders ends here.
const FOLDERS_MAX: usize = 2_000_000;

/// Tells `each` every file of an image.
///
/// # Errors
/// Why nothing of it can be read.
pub(crate) fn walk(image: &dyn Source, kind: Kind, each: &mut Each<'_>) -> Result<(), String> {
    match kind {
        Kind::Ext4 => ext4::walk(image, each),
        Kind::Fat => fat::walk(image, each),
        Kind::ExFat => exfat::walk(image, each),
        Kind::Ntfs => ntfs::walk(image, each),
        Kind::Erofs => erofs::walk(image, each),
        Kind::F2fs => f2fs::walk(image, each),
        Kind::Squash => squash::walk(image, each),
        Kind::Sparse => {
            let raw = sparse::Raw::read(image).ok_or("the sparse image breaks off")?;
            let kind = Kind::of(&raw.piece(0, HEAD_BYTES).map_err(|error| error.to_string())?);
            // A sparse image of a sparse image is nothing that exists.
            if kind == Kind::Sparse { Ok(()) } else { walk(&raw, kind, each) }
        }
        Kind::Disk => disk(image, each),
        Kind::Unopened(form) => {
            each("image", Held::Unopened(form));
            Ok(())
        }
        _ => Ok(()),
    }
}

/// Every partition, with its number and name before the paths in it.
fn disk(image: &dyn Source, each: &mut Each<'_>) -> Result<(), String> {
    for part in partitions::read(image) {
        let content = Part::new(image, part.start, part.bytes);
        let head = content.piece(0, HEAD_BYTES).map_err(|error| error.to_string())?;
        match Kind::of(&head) {
            // A partition with a table inside would be a loop.
            Kind::Disk | Kind::Other | Kind::Text => {}
            kind => {
                let before = part.name.clone();
                let mut inner =
                    |path: &str, held: Held<'_>| each(&format!("{before}!{path}"), held);
                if let Err(why) = walk(&content, kind, &mut inner) {
                    each(&part.name, Held::Trouble(&why));
                }
            }
        }
    }
    Ok(())
}
