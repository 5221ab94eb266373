//! ZIP (PKWARE APPNOTE 6.3.3): members read by the directory at the end, each cleaned by itself,
//! written with neutral times, no owners, no comments and nothing between them.

use std::collections::BTreeSet;

use crate::clean::{
    Job, Kept, Kind, Plan, Refusal, View, What, one,
    pack::deflate::{self, Wrap},
    reader::Reader,
};

const NEUTRAL_DATE: u16 = 0x0021;
/// More than this is not unfolded into memory at once.
const MEMBER_MAX: u64 = 256 << 20;

/// A file in an archive.
#[derive(Clone, Debug)]
pub(crate) struct Member {
    pub(crate) name: Vec<u8>,
    /// The name is UTF-8.
    named_utf8: bool,
    folded: bool,
    sum: u32,
    packed_at: u64,
    packed_len: u64,
    len: u64,
}

impl Member {
    pub(crate) fn is_folder(&self) -> bool {
        self.name.ends_with(b"/")
    }

    /// Its name for people.
    pub(crate) fn path(&self) -> String {
        String::from_utf8_lossy(&self.name).into_owned()
    }
}

/// An archive's members, and how many bytes belong to none of them.
pub(crate) struct Archive {
    pub(crate) members: Vec<Member>,
    pub(crate) strange: u64,
    pub(crate) tail: u64,
}

/// What kind of archive it is.
pub(crate) fn flavour(view: &mut View<'_>) -> Option<Kind> {
    let archive = Archive::read(view, Kind::Zip).ok()?;
    let has = |name: &[u8]| archive.members.iter().find(|member| member.name == name);
    if has(b"[Content_Types].xml").is_some() {
        return Some(Kind::Ooxml);
    }
    let member = has(b"mimetype").filter(|member| !member.folded && member.len < 200)?;
    let kind = view.bytes(member.packed_at, member.packed_len).ok()?;
    if kind.starts_with(b"application/vnd.oasis.opendocument.") {
        return Some(Kind::Odf);
    }
    kind.starts_with(b"application/epub+zip").then_some(Kind::Epub)
}

impl Archive {
    pub(crate) fn read(view: &mut View<'_>, kind: Kind) -> Result<Self, Refusal> {
        let (end, directory, size, count, comment) = ending(view, kind)?;
        let bytes = view.bytes(directory, size)?;
        // The directory says where members lie in the archive, which may begin later in the file.
        let mut reader = Reader::new(&bytes, kind);
        let mut rows = Vec::new();
        for _ in 0..count {
            rows.push(row(&mut reader, kind)?);
        }
        let base = directory
            .checked_sub(ending_offset(view, end)?)
            .ok_or(kind.damaged("its directory"))?;
        let mut archive = Self { members: Vec::new(), strange: comment, tail: 0 };
        for (member, at) in rows {
            archive.members.push(placed(view, member, base.saturating_add(at), kind)?);
        }
        archive.strange = archive.strange.saturating_add(archive.gaps(kind, directory)?);
        archive.tail = view.len().saturating_sub(end.saturating_add(22).saturating_add(comment));
        let names: BTreeSet<&[u8]> = archive.members.iter().map(|m| m.name.as_slice()).collect();
        match names.len() == archive.members.len() {
            true => Ok(archive),
            false => Err(kind.damaged("two members of one name")),
        }
    }

    /// How many bytes before the directory belong to no member; members may not lie in each other.
    fn gaps(&self, kind: Kind, directory: u64) -> Result<u64, Refusal> {
        let mut spans: Vec<_> = self.members.iter().map(|m| (m.packed_at, m.packed_len)).collect();
        spans.sort_unstable();
        let mut end = 0_u64;
        let mut used = 0_u64;
        for (at, len) in spans {
            if at < end {
                return Err(kind.damaged("members that lie in each other"));
            }
            end = at.saturating_add(len);
            used = used.saturating_add(len);
        }
        let heads: u64 =
            self.members.iter().map(|m| 30_u64.saturating_add(m.name.len() as u64)).sum();
        Ok(directory.saturating_sub(used).saturating_sub(heads))
    }

    /// A member's bytes, unfolded and checked.
    pub(crate) fn open(
        view: &mut View<'_>,
        member: &Member,
        kind: Kind,
        job: &mut Job<'_>,
    ) -> Result<Vec<u8>, Refusal> {
        if member.len > MEMBER_MAX.min(job.unfold_left()) {
            return Err(kind.large("it unfolds to more bytes than are allowed"));
        }
        let packed = view.bytes(member.packed_at, member.packed_len)?;
        let bytes = match member.folded {
            false => packed,
            true => {
                let mut out = Vec::new();
                let used =
                    deflate::unfold(&packed, Wrap::Raw, member.len, kind, |some| out.extend(some))?;
                job.removed_some(What::Tail, packed.len().saturating_sub(used));
                out
            }
        };
        job.unfolded(bytes.len() as u64, kind)?;
        match bytes.len() as u64 == member.len && crc32fast::hash(&bytes) == member.sum {
            true => Ok(bytes),
            false => Err(kind.damaged("a checksum that does not fit")),
        }
    }
}

/// The end of the archive: its place, the directory's place, size and count, and the comment's length.
fn ending(view: &mut View<'_>, kind: Kind) -> Result<(u64, u64, u64, u16, u64), Refusal> {
    let from = view.len().saturating_sub(22 + 65_535 + 4_096);
    let bytes = view.bytes(from, view.len().saturating_sub(from))?;
    for at in (0..bytes.len().saturating_sub(21)).rev() {
        let Some(found) = bytes.get(at..).filter(|rest| rest.starts_with(b"PK\x05\x06")) else {
            continue;
        };
        let mut reader = Reader::new(found, kind);
        reader.take(4)?;
        let (disk, first, here, count) =
            (reader.le16()?, reader.le16()?, reader.le16()?, reader.le16()?);
        let (size, offset, comment) = (reader.le32()?, reader.le32()?, reader.le16()?);
        if disk != 0 || first != 0 || here != count {
            return Err(kind.odd("an archive in several files"));
        }
        if offset == u32::MAX || size == u32::MAX || count == u16::MAX {
            return Err(kind.large("an archive of the 64-bit form"));
        }
        let place = from.saturating_add(at as u64);
        let directory = place.checked_sub(size.into());
        let fits = usize::from(comment) <= reader.left();
        let Some(directory) = directory.filter(|_| fits) else { continue };
        if count == 0 || view.starts(directory, b"PK\x01\x02") {
            return Ok((place, directory, size.into(), count, comment.into()));
        }
    }
    Err(kind.damaged("it has no directory"))
}

fn ending_offset(view: &mut View<'_>, end: u64) -> Result<u64, Refusal> {
    Ok(view.le32(end.saturating_add(16))?.into())
}

/// A row of the directory: the member, and where it says its head lies.
fn row(reader: &mut Reader<'_>, kind: Kind) -> Result<(Member, u64), Refusal> {
    if reader.take(4)? != b"PK\x01\x02" {
        return Err(kind.damaged("its directory"));
    }
    let (made, _needs) = (reader.le16()?, reader.le16()?);
    let (flags, method) = (reader.le16()?, reader.le16()?);
    reader.take(4)?;
    let (sum, packed, len) = (reader.le32()?, reader.le32()?, reader.le32()?);
    let (name, extra, comment) = (reader.le16()?, reader.le16()?, reader.le16()?);
    reader.take(4)?;
    let (mode, at) = (reader.le32()?, reader.le32()?);
    let name = reader.take(name.into())?.to_vec();
    reader.take(extra.into())?;
    reader.take(comment.into())?;
    if flags & 0x2041 != 0 {
        return Err(Refusal::Encrypted { kind });
    }
    let link = made >> 8 == 3 && mode >> 28 == 0xA;
    if link || packed == u32::MAX || len == u32::MAX || at == u32::MAX {
        return Err(kind.odd(if link { "a link" } else { "a member of the 64-bit form" }));
    }
    let folded = match method {
        0 if packed == len => false,
        8 => true,
        _ => return Err(kind.odd("a member packed in a strange way")),
    };
    let member = Member {
        name,
        named_utf8: flags & 0x800 != 0,
        folded,
        sum,
        packed_at: 0,
        packed_len: packed.into(),
        len: len.into(),
    };
    check_name(&member, kind)?;
    Ok((member, at.into()))
}

/// A name that could write elsewhere than where it is unpacked is an attack.
fn check_name(member: &Member, kind: Kind) -> Result<(), Refusal> {
    let path = member.path();
    let climbs = path.split(['/', '\\']).any(|part| part == "..");
    match climbs || path.starts_with(['/', '\\']) || path.is_empty() || path.contains('\0') {
        true => Err(kind.damaged("a name that leads out of the archive")),
        false => Ok(()),
    }
}

/// The member with its place, its own head agreeing with the directory.
fn placed(view: &mut View<'_>, mut member: Member, at: u64, kind: Kind) -> Result<Member, Refusal> {
    let head = view.array::<30>(at)?;
    let word = |n: usize| {
        let bytes = head.get(n..).and_then(|rest| rest.first_chunk());
        bytes.map_or(0, |word| u16::from_le_bytes(*word))
    };
    let (name, extra) = (u64::from(word(26)), u64::from(word(28)));
    let own = view.bytes(at.saturating_add(30), name)?;
    let same =
        head.starts_with(b"PK\x03\x04") && own == member.name && (word(8) == 8) == member.folded;
    if !same {
        return Err(kind.damaged("a member that contradicts the directory"));
    }
    member.packed_at = at.saturating_add(30).saturating_add(name).saturating_add(extra);
    match member.packed_at.saturating_add(member.packed_len) <= view.len() {
        true => Ok(member),
        false => Err(kind.damaged("it ends too early")),
    }
}

/// An archive being written.
#[derive(Default)]
pub(crate) struct Writer {
    plan: Plan,
    directory: Vec<u8>,
    count: u16,
}

impl Writer {
    fn head(&mut self, member: &Member, packed: u64) -> Result<(), Refusal> {
        let large = || Kind::Zip.large("an archive of the 64-bit form");
        let number = |n: u64| u32::try_from(n).ok().filter(|n| *n < u32::MAX).ok_or_else(large);
        let at = number(self.plan.len())?;
        let (packed, len) = (number(packed)?, number(member.len)?);
        let mut both = Vec::new();
        let flags: u16 = if member.named_utf8 { 0x800 } else { 0 };
        both.extend(20_u16.to_le_bytes());
        both.extend(flags.to_le_bytes());
        both.extend((if member.folded { 8_u16 } else { 0 }).to_le_bytes());
        both.extend(0_u16.to_le_bytes());
        both.extend(NEUTRAL_DATE.to_le_bytes());
        both.extend(member.sum.to_le_bytes());
        both.extend(packed.to_le_bytes());
        both.extend(len.to_le_bytes());
        both.extend(u16::try_from(member.name.len()).map_err(|_| large())?.to_le_bytes());
        both.extend(0_u16.to_le_bytes());
        self.plan.put(b"PK\x03\x04");
        self.plan.put(&both);
        self.plan.put(&member.name);
        self.directory.extend(b"PK\x01\x02\x14\0");
        self.directory.extend(both);
        self.directory.extend([0; 6]);
        self.directory.extend((if member.is_folder() { 0x10_u32 } else { 0 }).to_le_bytes());
        self.directory.extend(at.to_le_bytes());
        self.directory.extend(&member.name);
        self.count = self.count.checked_add(1).ok_or_else(large)?;
        Ok(())
    }

    /// A member as it lies in the source.
    pub(crate) fn keep(&mut self, member: &Member, used: u64) -> Result<(), Refusal> {
        self.head(member, used)?;
        self.plan.copy(member.packed_at, used);
        Ok(())
    }

    /// New bytes for a member; folded when the member was.
    pub(crate) fn put(&mut self, member: &Member, bytes: &[u8]) -> Result<(), Refusal> {
        let mut member = member.clone();
        member.sum = crc32fast::hash(bytes);
        member.len = bytes.len() as u64;
        let packed = if member.folded { deflate::fold(bytes, Wrap::Raw) } else { bytes.to_vec() };
        self.head(&member, packed.len() as u64)?;
        self.plan.put(&packed);
        Ok(())
    }

    fn join(&mut self, member: &Member, plan: &Plan, sum: u32) -> Result<(), Refusal> {
        let member = Member { sum, len: plan.len(), ..member.clone() };
        self.head(&member, plan.len())?;
        self.plan.join(plan, member.packed_at);
        Ok(())
    }

    pub(crate) fn finish(mut self) -> Result<Plan, Refusal> {
        let large = |_| Kind::Zip.large("an archive of the 64-bit form");
        let at = u32::try_from(self.plan.len()).map_err(large)?;
        let size = u32::try_from(self.directory.len()).map_err(large)?;
        self.plan.put(&self.directory);
        self.plan.put(b"PK\x05\x06\0\0\0\0");
        self.plan.put(&self.count.to_le_bytes());
        self.plan.put(&self.count.to_le_bytes());
        self.plan.put(&size.to_le_bytes());
        self.plan.put(&at.to_le_bytes());
        self.plan.put(&[0, 0]);
        Ok(self.plan)
    }
}

pub(crate) fn clean(view: &mut View<'_>, job: &mut Job<'_>) -> Result<Plan, Refusal> {
    let archive = Archive::read(view, Kind::Zip)?;
    said(&archive, job);
    job.kept(Kept::Names);
    let mut out = Writer::default();
    for member in &archive.members {
        job.member(Kind::Zip)?;
        if member.is_folder() {
            out.put(&Member { folded: false, ..member.clone() }, b"")?;
        } else if member.folded {
            folded(view, member, &mut out, job)?;
        } else {
            stored(view, member, &mut out, job)?;
        }
    }
    out.finish()
}

/// What goes with the archive's own form.
pub(crate) fn said(archive: &Archive, job: &mut Job<'_>) {
    job.removed_some(What::Owner, archive.strange);
    job.removed_some(What::Tail, archive.tail);
}

/// A member that lies open is cleaned where it lies, however large.
fn stored(
    view: &mut View<'_>,
    member: &Member,
    out: &mut Writer,
    job: &mut Job<'_>,
) -> Result<(), Refusal> {
    let mut part = view.part(member.packed_at, member.packed_len)?;
    let mut sum = crc32fast::Hasher::new();
    part.each(0, member.packed_len, |some| sum.update(some))?;
    if sum.finalize() != member.sum {
        return Err(Kind::Zip.damaged("a checksum that does not fit"));
    }
    if member.len == 0 {
        return out.put(member, b"");
    }
    let (_, plan) = job.inside(&member.path(), |job| one(&mut part, job))?;
    let mut sum = crc32fast::Hasher::new();
    plan.each(&mut part, |some| sum.update(some))?;
    out.join(member, &plan, sum.finalize())
}

fn folded(
    view: &mut View<'_>,
    member: &Member,
    out: &mut Writer,
    job: &mut Job<'_>,
) -> Result<(), Refusal> {
    let bytes = Archive::open(view, member, Kind::Zip, job)?;
    if bytes.is_empty() {
        return out.put(&Member { folded: false, ..member.clone() }, b"");
    }
    let (_, clean) = crate::clean::nested(bytes.clone(), &member.path(), job)?;
    match clean == bytes {
        true => same(view, member, out),
        false => out.put(member, &clean),
    }
}

/// A folded member whose content stays: the same folded bytes, to their end.
pub(crate) fn same(view: &mut View<'_>, member: &Member, out: &mut Writer) -> Result<(), Refusal> {
    let used = match member.folded {
        false => member.packed_len,
        true => {
            let packed = view.bytes(member.packed_at, member.packed_len)?;
            deflate::unfold(&packed, Wrap::Raw, member.len, Kind::Zip, |_| ())? as u64
        }
    };
    out.keep(member, used)
}
