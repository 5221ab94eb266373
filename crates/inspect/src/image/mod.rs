//! Images of disks and file systems, read where they lie and never mounted.

use std::io;

use crate::{look::kind::Kind, source::Source};

/// What an image holds at a path.
#[allow(dead_code, reason = "filled in next")]
pub(crate) enum Held<'a> {
    /// A file.
    File(&'a dyn Source),
    /// Something that cannot be read, and why.
    Trouble(&'a str),
    /// A file system that is not opened here.
    Unopened(&'a str),
}

/// Tells `each` every file of an image.
///
/// # Errors
/// Why nothing of it can be read.
pub(crate) fn walk(
    image: &dyn Source,
    kind: Kind,
    each: &mut dyn FnMut(&str, Held<'_>),
) -> Result<(), String> {
    let _ = (image, kind, each);
    Err(io::Error::from(io::ErrorKind::Unsupported).to_string())
}
