//! Opening what holds other files.

use std::io::{self, BufReader, Read};

use flate2::read::ZlibDecoder;

use super::{Content, Looker, kind::Kind};
use crate::{
    archive::{
        backup::{self, Kept},
        packed::{self, Packing},
        seven::{self, Archive},
        tar::{self, Ahead, BLOCK_BYTES, Header},
        zip::{self, Directory, Entry},
    },
    finding::{Confidence, Finding, Severity},
    image,
    source::{Part, Source, Stream},
    times::{Time, Times},
};

impl Looker<'_> {
    /// Looks at what is inside, when it holds anything.
    pub(super) fn open(
        &mut self,
        path: &str,
        depth: u32,
        source: &dyn Source,
        kind: Kind,
    ) -> io::Result<()> {
        if kind.is_opened() && depth >= self.limits.depth {
            self.note(path, "too-deep", &[("depth", &depth.to_string())]);
            return Ok(());
        }
        let below = depth.saturating_add(1);
        match kind {
            Kind::Zip => self.open_zip(path, below, source),
            Kind::Tar => self.open_tar(path, below, source),
            Kind::Packed(packing) => {
                let mut unpacked = packed::unpack(packing, Box::new(Stream::new(source)));
                // What is inside has the same name without the ending, and is no member of many.
                let inner = inner_name(path, packing);
                self.begin(&inner, below, Content::Flow(&mut *unpacked), Times::default());
                Ok(())
            }
            Kind::Seven => self.open_seven(path, below, source),
            Kind::AndroidBackup => self.open_backup(path, below, source),
            Kind::Unopened(name) => {
                self.note(path, "not-opened", &[("form", name)]);
                Ok(())
            }
            Kind::Sparse
            | Kind::Disk
            | Kind::Ext4
            | Kind::Fat
            | Kind::ExFat
            | Kind::Ntfs
            | Kind::Erofs
            | Kind::F2fs
            | Kind::Squash => self.open_image(path, below, source, kind),
            _ => Ok(()),
        }
    }

    pub(super) fn note(&mut self, path: &str, rule: &str, evidence: &[(&str, &str)]) {
        let finding = Finding::new(path, rule, Severity::Note, Confidence::Proven);
        let finding =
            evidence.iter().fold(finding, |finding, (name, value)| finding.with(name, value));
        self.found(finding);
    }

    fn open_zip(&mut self, path: &str, depth: u32, file: &dyn Source) -> io::Result<()> {
        let directory = Directory::read(file)?;
        if directory.cut {
            self.note(path, "cut", &[]);
        }
        let mut encrypted = 0_usize;
        for entry in &directory.entries {
            if entry.name.ends_with('/') {
                continue;
            }
            let inner = format!("{path}!{}", entry.name);
            if entry.is_foreign() {
                self.note(
                    &inner,
                    "not-opened",
                    &[("form", &format!("zip method {}", entry.method))],
                );
            } else if self.zip_entry(&inner, depth, file, entry).is_err() {
                encrypted = encrypted.saturating_add(usize::from(entry.encrypted));
                if !entry.encrypted {
                    self.note(
                        &inner,
                        "unreadable",
                        &[("why", "its place in the archive is wrong")],
                    );
                }
            }
        }
        if encrypted > 0 {
            self.note(path, "encrypted", &[("files", &encrypted.to_string())]);
        }
        Ok(())
    }

    fn zip_entry(
        &mut self,
        inner: &str,
        depth: u32,
        file: &dyn Source,
        entry: &Entry,
    ) -> io::Result<()> {
        let packed = entry.packed_at(file)?;
        self.times = Times::changed(entry.changed);
        // The flag lies in apps that hide from tools; what unpacks is not encrypted.
        if entry.encrypted && !unpacks(&packed, entry) {
            return Err(io::ErrorKind::PermissionDenied.into());
        }
        if entry.is_stored() {
            self.member(inner, depth, Content::At(&packed));
        } else {
            self.member(inner, depth, Content::Flow(&mut *entry.flow(&packed)?));
        }
        Ok(())
    }

    fn open_seven(&mut self, path: &str, depth: u32, file: &dyn Source) -> io::Result<()> {
        let archive = match Archive::read(file) {
            Ok(archive) => archive,
            Err(trouble) => {
                self.seven_trouble(path, trouble);
                return Ok(());
            }
        };
        let mut names = archive.names.iter();
        for folder in &archive.folders {
            let mut flow = match folder.unpack(file) {
                Ok(flow) => flow,
                Err(trouble) => {
                    self.seven_trouble(path, trouble);
                    names.by_ref().take(folder.files.len()).for_each(drop);
                    continue;
                }
            };
            for size in &folder.files {
                let inner = names.next().map_or("content", String::as_str);
                let mut content = (&mut flow).take(*size);
                self.member(&format!("{path}!{inner}"), depth, Content::Flow(&mut content));
                let left = content.limit();
                self.skip(path, &mut *flow, left)?;
            }
        }
        Ok(())
    }

    fn seven_trouble(&mut self, path: &str, trouble: seven::Trouble) {
        match trouble {
            seven::Trouble::Broken => self.note(path, "cut", &[]),
            seven::Trouble::Encrypted => self.note(path, "encrypted", &[("files", "all")]),
            seven::Trouble::Unknown => {
                self.note(path, "not-opened", &[("form", "7z with a packing that is not read")]);
            }
        }
    }

    fn open_tar(&mut self, path: &str, depth: u32, file: &dyn Source) -> io::Result<()> {
        let mut ahead = Ahead::default();
        let mut at = 0_u64;
        loop {
            let block = file.piece(at, BLOCK_BYTES)?;
            let Ok(block) = <[u8; BLOCK_BYTES]>::try_from(block) else { break };
            at = at.saturating_add(BLOCK_BYTES as u64);
            let size = match tar::header(&block, &mut ahead) {
                Header::End => break,
                Header::Broken => {
                    self.note(path, "cut", &[]);
                    break;
                }
                Header::About { size, pax } => {
                    ahead.take(&file.piece(at, usize::try_from(size).unwrap_or(0))?, pax);
                    size
                }
                Header::Other { size } => size,
                Header::File { path: inner, size, changed } => {
                    self.times = Times::changed(changed.map(Time::Utc));
                    let inner = format!("{path}!{inner}");
                    self.member(&inner, depth, Content::At(&Part::new(file, at, size)));
                    size
                }
            };
            at = at.saturating_add(size).saturating_add(tar::padding(size));
        }
        Ok(())
    }

    /// A tar that comes by once.
    pub(super) fn open_tar_flow(
        &mut self,
        path: &str,
        depth: u32,
        flow: &mut dyn Read,
    ) -> io::Result<()> {
        let below = depth.saturating_add(1);
        let mut ahead = Ahead::default();
        loop {
            let mut block = Vec::new();
            self.fill(path, flow, &mut block, BLOCK_BYTES)?;
            let Ok(block) = <[u8; BLOCK_BYTES]>::try_from(block) else { break };
            let size = match tar::header(&block, &mut ahead) {
                Header::End => break,
                Header::Broken => {
                    self.note(path, "cut", &[]);
                    break;
                }
                Header::About { size, pax } => {
                    let mut about = Vec::new();
                    flow.take(size).read_to_end(&mut about)?;
                    ahead.take(&about, pax);
                    tar::padding(size)
                }
                Header::Other { size } => size.saturating_add(tar::padding(size)),
                Header::File { path: inner, size, changed } => {
                    self.times = Times::changed(changed.map(Time::Utc));
                    let mut content = flow.take(size);
                    let inner = format!("{path}!{inner}");
                    self.member(&inner, below, Content::Flow(&mut content));
                    content.limit().saturating_add(tar::padding(size))
                }
            };
            self.skip(path, flow, size)?;
        }
        Ok(())
    }

    /// Reads over bytes, which count as unpacked like any.
    fn skip(&mut self, path: &str, flow: &mut dyn Read, mut bytes: u64) -> io::Result<()> {
        while bytes > 0 {
            let step = usize::try_from(bytes.min(1 << 20)).unwrap_or(1);
            let mut over = Vec::new();
            self.fill(path, flow, &mut over, step)?;
            if over.is_empty() {
                break;
            }
            bytes = bytes.saturating_sub(over.len() as u64);
        }
        Ok(())
    }

    fn open_backup(&mut self, path: &str, depth: u32, file: &dyn Source) -> io::Result<()> {
        let Some((kept, at)) = backup::head(&file.piece(0, 256)?) else {
            self.note(path, "cut", &[]);
            return Ok(());
        };
        let tar = Part::new(file, at as u64, u64::MAX);
        match kept {
            Kept::Encrypted => {
                self.note(path, "encrypted", &[("files", "all")]);
                Ok(())
            }
            Kept::Plain => self.open_tar(path, depth, &tar),
            Kept::Packed => {
                let mut unpacked = ZlibDecoder::new(BufReader::new(Stream::new(&tar)));
                self.open_tar_flow(path, depth.saturating_sub(1), &mut unpacked)
            }
        }
    }

    fn open_image(
        &mut self,
        path: &str,
        depth: u32,
        file: &dyn Source,
        kind: Kind,
    ) -> io::Result<()> {
        let said = image::walk(file, kind, &mut |inner, content| {
            let inner = format!("{path}!{inner}");
            match content {
                image::Held::File(content) => self.member(&inner, depth, Content::At(content)),
                image::Held::Trouble(why) => self.note(&inner, "unreadable", &[("why", why)]),
                image::Held::Unopened(form) => self.note(&inner, "not-opened", &[("form", form)]),
            }
        });
        said.map_err(|why| io::Error::new(io::ErrorKind::InvalidData, why))
    }
}

/// Whether the first bytes of an entry unpack.
fn unpacks(packed: &Part<'_>, entry: &Entry) -> bool {
    let mut one = [0; 64];
    !entry.is_stored() && zip::unpack(packed).read(&mut one).is_ok_and(|read| read > 0)
}

fn inner_name(path: &str, packing: Packing) -> String {
    let name = path.rsplit(['/', '!']).next().unwrap_or(path);
    let inner = packing.endings().iter().find_map(|ending| name.strip_suffix(ending));
    format!("{path}!{}", inner.unwrap_or("content"))
}
