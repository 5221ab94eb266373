//! A file on its way out of its owner's hands: cleaned behind walls, under a name that tells nothing.

use std::{
    fs::File,
    io::{self, Read, Seek},
    path::Path,
};

use sogon_inspect::{
    clean::{self, Kind, Options, Pictures, Refusal, Workshop},
    command,
    words::{Language, Words},
};

use crate::{
    inspection,
    trouble::{Kind as Situation, Trouble},
};

/// So much is in memory wherever this program runs.
const SMALL_BYTES_MAX: u64 = 8 << 20;

/// A picture below this is not worth drawing anew.
const FITTED_BYTES_MIN: u64 = 65_536;

/// What leaves.
#[derive(Debug)]
pub(crate) struct Outgoing {
    file: File,
    /// How many bytes it has.
    pub(crate) bytes: u64,
    /// What kind it is, where that was looked at.
    kind: Option<Kind>,
    /// What was taken off, in words for programs.
    pub(crate) removed: Vec<clean::Removed>,
    /// What was left on purpose, likewise.
    pub(crate) kept: Vec<clean::Kept>,
}

impl Outgoing {
    /// The file as it is.
    ///
    /// # Errors
    /// [`Situation::FileIo`].
    pub(crate) fn as_it_is(path: &Path) -> Result<Self, Trouble> {
        let file = open(path)?;
        let bytes = file.metadata().map_err(|_| unreadable(path))?.len();
        Ok(Self { file, bytes, kind: None, removed: Vec::new(), kept: Vec::new() })
    }

    /// A clean copy of it, in memory. Only where the machine has not that much, it lies beside the
    /// file, on the same disk, without a name.
    ///
    /// # Errors
    /// [`Situation::NotClean`] when it cannot be cleaned, with the way out; [`Situation::FileIo`].
    pub(crate) fn cleaned(path: &Path, language: Language) -> Result<Self, Trouble> {
        let source = open(path)?;
        let size = source.metadata().map_err(|_| unreadable(path))?.len();
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let beside = Some(folder.unwrap_or(Path::new(".")));
        let copy = nameless(size, beside).map_err(|_| unwritable(path))?;
        let workshop = Workshop::new(inspection::worker()?);
        let cleaned = Self::copied(&source, copy, &workshop);
        cleaned.map_err(|why| refused(path, &why, language))
    }

    /// A clean copy of an open file, in another one that is empty.
    ///
    /// # Errors
    /// Why it cannot be cleaned.
    pub(crate) fn copied(
        source: &File,
        mut copy: File,
        workshop: &Workshop,
    ) -> Result<Self, Refusal> {
        let copied = clean::clean_open(source, &copy, &Options::default(), workshop)?;
        copy.rewind()?;
        let clean::Copied { kind, bytes, report, .. } = copied;
        Ok(Self { file: copy, bytes, kind: Some(kind), removed: report.removed, kept: report.kept })
    }

    /// A picture no longer than `side`, where that makes it smaller; everything else stays as it is.
    ///
    /// # Errors
    /// What is wrong with this system.
    pub(crate) fn fitted(self, side: u32) -> Result<Self, Trouble> {
        Ok(self.smaller(side)?.unwrap_or(self))
    }

    /// A second copy of a picture, no longer than `side`; none where it would not be smaller.
    ///
    /// # Errors
    /// What is wrong with this system.
    pub(crate) fn smaller(&self, side: u32) -> Result<Option<Self>, Trouble> {
        let picture = matches!(self.kind, Some(Kind::Jpeg | Kind::Png | Kind::WebP | Kind::Bmp));
        if !picture
            || self.bytes < FITTED_BYTES_MIN
            || self.bytes > SMALL_BYTES_MAX.saturating_mul(4)
        {
            return Ok(None);
        }
        let mut copy = in_memory().map_err(|_| Situation::System)?;
        let workshop = Workshop::new(inspection::worker()?);
        let options = Options { pictures: Pictures::Fitted { side }, ..Options::default() };
        let copied = clean::clean_open(&self.file, &copy, &options, &workshop);
        let smaller = |its: &clean::Copied| its.bytes < self.bytes && Some(its.kind) == self.kind;
        (&self.file).rewind().map_err(|_| Situation::System)?;
        let Some(copied) = copied.ok().filter(smaller) else { return Ok(None) };
        copy.rewind().map_err(|_| Situation::System)?;
        let mut removed = self.removed.clone();
        removed.extend(copied.report.removed);
        let (bytes, kept) = (copied.bytes, self.kept.clone());
        Ok(Some(Self { file: copy, bytes, kind: self.kind, removed, kept }))
    }

    /// It is a picture, as far as that was looked at.
    pub(crate) fn is_picture(&self) -> bool {
        let drawn = [Kind::Jpeg, Kind::Png, Kind::WebP, Kind::Gif, Kind::Bmp, Kind::Tiff].map(Some);
        drawn.contains(&self.kind)
    }

    /// A second handle on it, for whoever draws its preview.
    ///
    /// # Errors
    /// What the system says.
    pub(crate) fn handle(&self) -> io::Result<File> {
        self.file.try_clone()
    }

    /// A file that is open, as it is, from its first byte.
    ///
    /// # Errors
    /// What the disk says.
    pub(crate) fn opened(mut file: File) -> io::Result<Self> {
        let bytes = file.metadata()?.len();
        file.rewind()?;
        Ok(Self { file, bytes, kind: None, removed: Vec::new(), kept: Vec::new() })
    }

    /// The next bytes, as many as there are up to so many.
    ///
    /// # Errors
    /// What the disk says.
    pub(crate) fn next(&mut self, most: usize) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::with_capacity(most.min(1 << 20));
        let most = u64::try_from(most).unwrap_or(u64::MAX);
        (&mut self.file).take(most).read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    /// A name that says what kind of file it is and nothing else.
    pub(crate) fn neutral_name(&self, path: &Path, letters: &str) -> String {
        let Some(kind) = self.kind else { return Self::plain_name(path, letters) };
        let (own, usual) = (ending(path), endings(kind));
        let its = usual.iter().find(|ending| **ending == own).or(usual.first());
        joined(letters, its.copied().unwrap_or_default())
    }

    /// The same for a file whose kind nobody looked at.
    pub(crate) fn plain_name(path: &Path, letters: &str) -> String {
        let own = ending(path);
        let plain = own.len() <= 5 && own.chars().all(|c| c.is_ascii_alphanumeric());
        joined(letters, if plain { &own } else { "" })
    }
}

fn ending(path: &Path) -> String {
    path.extension().and_then(|own| own.to_str()).unwrap_or_default().to_ascii_lowercase()
}

fn joined(letters: &str, ending: &str) -> String {
    match ending {
        "" => format!("file-{letters}"),
        ending => format!("file-{letters}.{ending}"),
    }
}

/// A file to be read.
///
/// # Errors
/// [`Situation::FileUnreadable`], for folders and pipes too.
pub(crate) fn open(path: &Path) -> Result<File, Trouble> {
    let file = File::open(path).map_err(|_| unreadable(path))?;
    let about = file.metadata().map_err(|_| unreadable(path))?;
    if about.is_file() { Ok(file) } else { Err(unreadable(path)) }
}

/// An empty file for so many bytes that has no place on any disk. Where memory is short it is one
/// without a name in `beside`, the folder in which its owner has the same bytes in clear already.
///
/// # Errors
/// `OutOfMemory` where memory is short and there is no such folder; what the system says.
pub(crate) fn nameless(bytes: u64, beside: Option<&Path>) -> io::Result<File> {
    match (fits(bytes, free_bytes()), beside) {
        (true, _) => in_memory(),
        (false, Some(folder)) => tempfile::tempfile_in(folder),
        (false, None) => Err(io::ErrorKind::OutOfMemory.into()),
    }
}

/// Half of what is free may be taken: the rest is for whoever cleans it, and for all else.
fn fits(bytes: u64, free_bytes: u64) -> bool {
    bytes <= SMALL_BYTES_MAX || bytes <= free_bytes / 2
}

/// Memory this system can give without writing any of it to a disk; zero where it does not say.
fn free_bytes() -> u64 {
    let said = std::fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let free = said.lines().find_map(|line| line.strip_prefix("MemAvailable:"));
    let kib = free.and_then(|free| free.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok());
    kib.unwrap_or_default().saturating_mul(1_024)
}

/// An empty file that has no place on any disk.
///
/// # Errors
/// What the system says.
pub(crate) fn in_memory() -> io::Result<File> {
    let flags = rustix::fs::MemfdFlags::CLOEXEC;
    Ok(File::from(rustix::fs::memfd_create("", flags)?))
}

fn unreadable(path: &Path) -> Trouble {
    Trouble::of(Situation::FileUnreadable, &[("path", &path.display().to_string())])
}

fn unwritable(path: &Path) -> Trouble {
    Trouble::of(Situation::NoRoomToClean, &[("path", &path.display().to_string())])
}

fn refused(path: &Path, why: &Refusal, language: Language) -> Trouble {
    let said = command::explain(path, why, &Words::new(language));
    Trouble::of(Situation::NotClean, &[("what", &said.what), ("next", &said.next)])
}

/// The endings of a kind; the first when the file's own is none of them.
fn endings(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::Jpeg => &["jpg", "jpeg"],
        Kind::Png => &["png", "apng"],
        Kind::WebP => &["webp"],
        Kind::Gif => &["gif"],
        Kind::Heif => &["heic", "heif", "avif"],
        Kind::Tiff => &["tiff", "tif"],
        Kind::Bmp => &["bmp"],
        Kind::Svg => &["svg"],
        Kind::Mp3 => &["mp3"],
        Kind::Flac => &["flac"],
        Kind::Ogg => &["ogg", "oga", "opus"],
        Kind::Wav => &["wav"],
        Kind::Mp4 => &["mp4", "mov", "m4a", "m4v", "3gp"],
        Kind::Avi => &["avi"],
        Kind::Matroska => &["mkv", "webm", "mka"],
        Kind::Pdf => &["pdf"],
        Kind::Ooxml => &["docx", "xlsx", "pptx"],
        Kind::Odf => &["odt", "ods", "odp", "odg"],
        Kind::Epub => &["epub"],
        Kind::Zip => &["zip", "hwpx"],
        Kind::Tar => &["tar"],
        Kind::Html => &["html", "htm", "xhtml"],
        Kind::Text => &["txt", "md", "csv", "srt"],
        _ => &[],
    }
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use std::os::fd::AsRawFd;

    use super::*;

    fn place(file: &File) -> String {
        let link = format!("/proc/self/fd/{}", file.as_raw_fd());
        std::fs::read_link(link).unwrap().display().to_string()
    }

    #[test]
    fn what_is_cleaned_lies_on_no_disk_while_there_is_memory_for_it() {
        let folder = tempfile::tempdir().unwrap();
        for bytes in [0, 1 << 20, 9 << 20] {
            let file = nameless(bytes, Some(folder.path())).unwrap();
            assert!(place(&file).starts_with("/memfd:"), "{bytes}: {}", place(&file));
        }
        // More than there is: beside the owner's own file, or nowhere.
        let file = nameless(u64::MAX, Some(folder.path())).unwrap();
        let beside = std::fs::canonicalize(folder.path()).unwrap();
        assert!(place(&file).starts_with(beside.to_str().unwrap()), "{}", place(&file));
        let kind = nameless(u64::MAX, None).unwrap_err().kind();
        assert_eq!(kind, io::ErrorKind::OutOfMemory);
        assert!(fits(8 << 20, 0) && !fits(9 << 20, 17 << 20) && fits(9 << 20, 18 << 20));
        assert!(free_bytes() > 0, "this system says how much is free");
    }
}
