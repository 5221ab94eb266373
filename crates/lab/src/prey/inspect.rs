//! The inspector: what it reads is always somebody else's.

use std::{collections::BTreeMap, io, io::Read, sync::Arc, sync::OnceLock};

use sogon_inspect::{
    Source,
    archive::packed::{Packing, unpack},
    finding::{Event, Finding},
    look::{Knowledge, Limits, Listener, Lists, Looker, Share},
    program,
    rules::stix::Indicators,
    signer::{NAME_CHARS_MAX, Signing, signing},
    source::Owned,
    tags::{self, fingerprint::Watchlist, natisign::OfficeKey},
};

/// Names that make the inspector look for something.
const NAMES: [&str; 8] = [
    "photo.jpg",
    "usr/lib/1025/20130405.log",
    "data/local/tmp/legalref.dat",
    "data/local/tmp/pattern.dat",
    "packages.xml",
    "bugreport.txt",
    "data/misc/user/0/cacerts-added/1.0",
    "notes.apk",
];

/// More than a file of this size can honestly say.
const FINDINGS_MAX: usize = 200_000;

#[derive(Default)]
struct Ears(usize);

impl Listener for Ears {
    fn enter(&mut self, _: &str, _: u64) {}
    fn progress(&mut self, _: u64) {}
    fn found(&mut self, finding: Finding) {
        let evidence = finding.evidence.iter().map(|piece| piece.value.chars().count());
        assert!(evidence.max().unwrap_or(0) <= 400, "evidence is short");
        self.0 = self.0.saturating_add(1);
        assert!(self.0 < FINDINGS_MAX, "findings are few");
    }
    fn happened(&mut self, _: Event) {}
}

/// Programs in disguise, and who signed them: the first byte chooses a name. Whatever it is, it is the same when asked
/// twice, and bytes that are held back under one name are not let through as a program's own.
pub fn inspect_program(bytes: &[u8]) {
    let (first, file) = bytes.split_first().unwrap_or((&0, &[]));
    let names = ["photo.jpg", "notes.txt", "a.pdf", "a.zip", "a.docx", "setup.exe", "", "x.iso"];
    let name = names[usize::from(*first) % names.len()];
    let file = file.to_vec();
    let judged = program::judge(name, &file).expect("memory can be read");
    assert_eq!(program::judge(name, &file).expect("memory can be read"), judged);
    if let Some(what) = judged
        && let Some(Signing::Holds(by)) = signing(what, &file).expect("memory can be read")
    {
        assert!(by.name.chars().count() <= NAME_CHARS_MAX, "a name is short");
        assert!(!by.name.chars().any(char::is_control), "and commands nothing");
        assert_eq!(by.certificate.len(), 64, "a certificate has a hash");
    }
    if ["setup.exe", "x.iso"].contains(&name) {
        assert!(judged.is_some(), "a system would run it by its name alone");
    }
    if file.starts_with(b"\x7fELF") {
        assert!(judged.is_some(), "a program under whatever name");
    }
}

/// Marks: whatever is taken off was there, and what is left is a part of what was given.
pub fn inspect_tags(bytes: &[u8]) {
    let file = bytes.to_vec();
    let stripped = tags::strip(bytes);
    assert!(stripped.bytes.len() <= bytes.len(), "stripping adds nothing");
    let found = tags::read(&file as &dyn Source).unwrap_or_default();
    assert_eq!(found.len(), stripped.removed.len().saturating_add(stripped.left.len()));
    for tag in found {
        let end = tag.offset.checked_add(tag.bytes);
        assert!(end.is_some_and(|end| end <= bytes.len() as u64), "a mark lies in the file");
    }
    // A second time nothing of the same kind is there but what a smaller file newly spells.
    let again = tags::strip(&stripped.bytes);
    assert!(again.bytes.len() <= stripped.bytes.len());
}

/// Everything the inspector opens: archives, apps, images, logs, lists. The first byte chooses the
/// name under which the rest is looked at.
pub fn inspect_look(bytes: &[u8]) {
    let Some((first, file)) = bytes.split_first() else { return };
    let Ok(know) = Knowledge::new(&Lists::default()) else { return };
    let name = NAMES.get(usize::from(first % 8)).copied().unwrap_or("photo.jpg");
    let limits = Limits { depth: 4, whole_bytes_max: 4 << 20, ratio_max: 50, members_max: 2_000 };
    let (share, mut ears) = (Share::default(), Ears::default());
    Looker::new(&know, limits, &share, &mut ears).file(name, &file.to_vec());
}

/// File systems of phones and disks, small ones of our own content, packed.
const IMAGES: [&[u8]; 6] = [
    include_bytes!("../../../inspect/tests/images/lz4.erofs.gz"),
    include_bytes!("../../../inspect/tests/images/zstd.squash.gz"),
    include_bytes!("../../../inspect/tests/images/extra.f2fs.gz"),
    include_bytes!("../../../inspect/tests/images/ext4.img.gz"),
    include_bytes!("../../../inspect/tests/images/ntfs.img.gz"),
    include_bytes!("../../../inspect/tests/images/plain.erofs.gz"),
];

const BLOCK_BYTES: usize = 4_096;

/// An image, and which of its blocks hold anything.
#[derive(Debug)]
struct Image {
    bytes: Vec<u8>,
    filled: Vec<usize>,
}

impl Image {
    fn unpacked(packed: &[u8]) -> Self {
        let mut bytes = Vec::new();
        // Our own files unpack.
        let _ = unpack(Packing::Gzip, Box::new(packed)).read_to_end(&mut bytes);
        let blocks = bytes.chunks(BLOCK_BYTES).enumerate();
        let filled = blocks.filter(|(_, block)| block.iter().any(|byte| *byte != 0));
        let filled = filled.map(|(at, _)| at).collect();
        Self { bytes, filled }
    }
}

/// An image with single bytes changed.
#[derive(Clone)]
struct Bent {
    image: Arc<Image>,
    bends: Arc<BTreeMap<u64, u8>>,
}

impl Source for Bent {
    fn size(&self) -> u64 {
        self.image.bytes.size()
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.image.bytes.read_at(offset, buffer)?;
        for (at, byte) in self.bends.range(offset..offset.saturating_add(read as u64)) {
            let place = usize::try_from(at.saturating_sub(offset)).unwrap_or(usize::MAX);
            if let Some(place) = buffer.get_mut(place) {
                *place = *byte;
            }
        }
        Ok(read)
    }

    fn owned(&self) -> Option<Owned> {
        Some(Box::new(self.clone()))
    }
}

/// File systems, bent: the first byte chooses one, then each four bytes say which of its filled
/// blocks, where in it, and what stands there now.
pub fn inspect_image(bytes: &[u8]) {
    static UNPACKED: [OnceLock<Arc<Image>>; IMAGES.len()] =
        [const { OnceLock::new() }; IMAGES.len()];
    let Some((first, script)) = bytes.split_first() else { return };
    let which = usize::from(*first).checked_rem(IMAGES.len()).unwrap_or(0);
    let (Some(cell), Some(packed)) = (UNPACKED.get(which), IMAGES.get(which)) else { return };
    let image = cell.get_or_init(|| Arc::new(Image::unpacked(packed)));
    let mut bends = BTreeMap::new();
    for bend in script.as_chunks::<4>().0 {
        let [block, high, low, value] = *bend;
        let far = usize::from(high >> 4) << 8 | usize::from(block);
        let block = far.checked_rem(image.filled.len()).and_then(|at| image.filled.get(at));
        let within = usize::from(high & 15) << 8 | usize::from(low);
        let at = block.and_then(|at| at.checked_mul(BLOCK_BYTES)?.checked_add(within));
        if let Some(at) = at {
            bends.insert(at as u64, value);
        }
    }
    let Ok(know) = Knowledge::new(&Lists::default()) else { return };
    let limits = Limits { depth: 3, whole_bytes_max: 4 << 20, ratio_max: 4, members_max: 2_000 };
    let (share, mut ears) = (Share::default(), Ears::default());
    let bent = Bent { image: Arc::clone(image), bends: Arc::new(bends) };
    Looker::new(&know, limits, &share, &mut ears).file("image", &bent);
}

/// Lists of the user: indicators, fingerprints, keys.
pub fn inspect_lists(bytes: &[u8]) {
    let mut indicators = Indicators::default();
    if let Ok(added) = indicators.add(bytes) {
        assert!(indicators.count() <= added.count, "as many are kept as were read");
    }
    if let Some(list) = Watchlist::read(bytes) {
        assert!(list.entries() > 0, "a list without entries is none");
    }
    let _ = OfficeKey::read(bytes);
}
