//! JPEG (ITU-T T.81): tables, frame and scans stay; of application segments only Adobe's word on
//! colour, a plain JFIF, the orientation and a colour space that many share.

use crate::clean::{
    Job, Kept, Kind, Plan, Refusal, View, What,
    image::{exif, icc},
    reader::Reader,
};

const DAMAGED: &str = "a segment of the wrong size";
const PROFILE: &[u8] = b"ICC_PROFILE\0";
/// A segment's length field has 16 bits; what stands before a part of a profile is 16 bytes.
const PROFILE_PART: usize = 65_519;

/// What the application segments say.
#[derive(Debug, Default)]
struct Said {
    turned: Option<exif::Turned>,
    profile: Vec<u8>,
    adobe: Option<u8>,
    jfif: Option<[u8; 5]>,
}

pub(crate) fn clean(view: &mut View<'_>, job: &mut Job<'_>) -> Result<Plan, Refusal> {
    let bytes = view.all()?;
    let mut said = Said::default();
    let mut body = Plan::default();
    let end = segments(&bytes, &mut said, &mut body, job)?;
    let tail = bytes.len().saturating_sub(end);
    job.removed_some(What::Tail, tail);
    let mut plan = Plan::default();
    plan.put(b"\xFF\xD8");
    head(&said, &mut plan, job);
    plan.join(&body, 0);
    Ok(plan)
}

fn head(said: &Said, plan: &mut Plan, job: &mut Job<'_>) {
    if let Some(density) = said.jfif {
        plan.put(b"\xFF\xE0\0\x10JFIF\0\x01\x01");
        plan.put(&density);
        plan.put(b"\0\0");
    }
    if let Some(turned) = said.turned {
        job.kept(Kept::Orientation);
        plan.put(b"\xFF\xE1\0\x22Exif\0\0");
        plan.put(&exif::tiff(turned));
    }
    if let icc::Verdict::Known(profile) = icc::judge(&said.profile) {
        job.kept(Kept::Profile);
        // A profile of ours is far below one part.
        if let Ok(len) = u16::try_from(profile.len().saturating_add(16)) {
            plan.put(b"\xFF\xE2");
            plan.put(&len.to_be_bytes());
            plan.put(PROFILE);
            plan.put(b"\x01\x01");
            plan.put(&profile);
        }
    }
    if let Some(transform) = said.adobe {
        plan.put(b"\xFF\xEE\0\x0EAdobe\0\x64\0\0\0\0");
        plan.put(&[transform]);
    }
}

/// Reads all segments up to the end of the image; gives that place.
fn segments(
    bytes: &[u8],
    said: &mut Said,
    body: &mut Plan,
    job: &mut Job<'_>,
) -> Result<usize, Refusal> {
    let mut reader = Reader::new(bytes, Kind::Jpeg);
    reader.take(2)?;
    let (mut frames, mut scans) = (0_u32, 0_u32);
    loop {
        if reader.u8()? != 0xFF {
            return Err(Kind::Jpeg.damaged("something else where a segment must begin"));
        }
        let mut marker = reader.u8()?;
        while marker == 0xFF {
            marker = reader.u8()?;
        }
        if marker == 0xD9 {
            body.put(b"\xFF\xD9");
            break;
        }
        let at = reader.at().saturating_sub(2) as u64;
        let len = reader.be16()?;
        let content =
            reader.take(usize::from(len.checked_sub(2).ok_or(Kind::Jpeg.damaged(DAMAGED))?))?;
        let whole = u64::from(len).saturating_add(2);
        match marker {
            0xC0..=0xC3 | 0xC5..=0xC7 | 0xC9..=0xCB | 0xCD..=0xCF => {
                frames = frames.saturating_add(1);
                expect(
                    content.len(),
                    content
                        .get(5)
                        .map(|n| 6_usize.saturating_add(usize::from(*n).saturating_mul(3))),
                )?;
                body.copy(at, whole);
            }
            0xC4 => {
                huffman(content)?;
                body.copy(at, whole);
            }
            0xDB => {
                quantisation(content)?;
                body.copy(at, whole);
            }
            0xCC => {
                expect(content.len() % 2, Some(0))?;
                body.copy(at, whole);
            }
            0xDD => {
                expect(content.len(), Some(2))?;
                body.copy(at, whole);
            }
            0xDA => {
                scans = scans.saturating_add(1);
                expect(
                    content.len(),
                    content
                        .first()
                        .map(|n| 4_usize.saturating_add(usize::from(*n).saturating_mul(2))),
                )?;
                let scan = entropy(reader.rest())?;
                body.copy(at, whole.saturating_add(scan as u64));
                reader.take(scan)?;
            }
            0xE0..=0xEF | 0xFE => application(marker, content, said, job)?,
            _ => return Err(Kind::Jpeg.odd(format!("a segment of the kind {marker:02X}"))),
        }
    }
    if frames != 1 || scans == 0 {
        return Err(Kind::Jpeg.odd("not one picture"));
    }
    Ok(reader.at())
}

fn expect(len: usize, wanted: Option<usize>) -> Result<(), Refusal> {
    match wanted {
        Some(wanted) if wanted == len => Ok(()),
        _ => Err(Kind::Jpeg.damaged(DAMAGED)),
    }
}

/// Huffman tables fill their segment: nothing rides behind them.
fn huffman(content: &[u8]) -> Result<(), Refusal> {
    let mut reader = Reader::new(content, Kind::Jpeg);
    while !reader.is_empty() {
        reader.u8()?;
        let counts: [u8; 16] = reader.array()?;
        reader.take(counts.iter().map(|n| usize::from(*n)).sum())?;
    }
    Ok(())
}

fn quantisation(content: &[u8]) -> Result<(), Refusal> {
    let mut reader = Reader::new(content, Kind::Jpeg);
    while !reader.is_empty() {
        let long = reader.u8()? >> 4 != 0;
        reader.take(if long { 128 } else { 64 })?;
    }
    Ok(())
}

/// How many bytes of coded picture follow: up to a marker that is no restart.
fn entropy(bytes: &[u8]) -> Result<usize, Refusal> {
    let mut at = 0_usize;
    loop {
        let rest = bytes.get(at..).unwrap_or_default();
        let short = Kind::Jpeg.damaged("the picture ends too early");
        let next = rest.iter().position(|byte| *byte == 0xFF).ok_or(short)?;
        at = at.saturating_add(next);
        match bytes.get(at.saturating_add(1)) {
            Some(0 | 0xD0..=0xD7) => at = at.saturating_add(2),
            Some(0xFF) => at = at.saturating_add(1),
            Some(_) => return Ok(at),
            None => return Err(Kind::Jpeg.damaged("the picture ends too early")),
        }
    }
}

fn application(
    marker: u8,
    content: &[u8],
    said: &mut Said,
    job: &mut Job<'_>,
) -> Result<(), Refusal> {
    let after = |word: &[u8]| content.strip_prefix(word);
    match marker {
        0xE0 if after(b"JFIF\0").is_some() => {
            let shape = content.get(7..12).and_then(|some| some.first_chunk::<5>());
            if let Some([_, a, b, c, d]) = shape.copied() {
                // How many points an inch has is the scanner's affair; how wide a point is beside
                // its height is the picture's.
                let square = (a, b) == (c, d);
                said.jfif = Some(if square { [0, 0, 1, 0, 1] } else { [0, a, b, c, d] });
            }
            job.removed_some(What::Thumbnail, content.len().saturating_sub(14));
        }
        0xE0 => job.removed(What::Thumbnail, content.len()),
        0xE1 => match after(b"Exif\0\0").or_else(|| after(b"Exif\0\xFF")) {
            Some(tiff) => {
                said.turned = said.turned.or_else(|| exif::turned(tiff));
                let ours = said.turned.is_some_and(|turned| exif::tiff(turned) == tiff);
                job.removed_some(What::Exif, if ours { 0 } else { content.len() });
            }
            None => job.removed(What::Xmp, content.len()),
        },
        0xE2 if after(PROFILE).is_some() => {
            let part = content.get(14..).unwrap_or_default();
            if part.len() > PROFILE_PART || said.profile.len() > 8 << 20 {
                return Err(Kind::Jpeg.large("its colour profile"));
            }
            said.profile.extend(part);
            let ours = icc::judge(&said.profile) == icc::Verdict::Known(said.profile.clone());
            job.removed_some(What::Profile, if ours { 0 } else { part.len() });
        }
        0xE2 => job.removed(What::Auxiliary, content.len()),
        0xED => job.removed(What::Photoshop, content.len()),
        0xEE if content.len() >= 12 && content.starts_with(b"Adobe") => {
            said.adobe = content.get(11).copied();
        }
        0xFE => job.removed(What::Comment, content.len()),
        _ => job.removed(What::Private, content.len()),
    }
    Ok(())
}

/// Tables of a TIFF file's strips: an abbreviated stream of tables and nothing else.
pub(crate) fn tables(bytes: &[u8]) -> Result<Vec<u8>, Refusal> {
    let mut reader = Reader::new(bytes, Kind::Tiff);
    let mut out = reader.take(2)?.to_vec();
    loop {
        let marker = reader.array::<2>()?;
        if marker == [0xFF, 0xD9] {
            out.extend(marker);
            return Ok(out);
        }
        let len = reader.be16()?;
        let content = reader.take(usize::from(len.saturating_sub(2)))?;
        match marker {
            [0xFF, 0xC4] => huffman(content)?,
            [0xFF, 0xDB] => quantisation(content)?,
            [0xFF, 0xDD] => expect(content.len(), Some(2))?,
            _ => continue,
        }
        out.extend(marker);
        out.extend(len.to_be_bytes());
        out.extend(content);
    }
}

/// A picture that must bring nothing but itself: no application segments, nothing behind its end.
pub(crate) fn bare(bytes: &[u8]) -> Result<(), Refusal> {
    let mut said = Said::default();
    let mut body = Plan::default();
    let options = crate::clean::Options::default();
    let mut job = Job::new(&options);
    let end = segments(bytes, &mut said, &mut body, &mut job)?;
    let plain = job.report().removed.is_empty() && said.turned.is_none() && said.jfif.is_none();
    match plain && bytes.get(end..).unwrap_or_default().iter().all(|byte| *byte == 0) {
        true => Ok(()),
        false => Err(Kind::Tiff.odd("a strip with a description of its own")),
    }
}

/// A single picture of a film: what its decoder needs, padding behind it gone.
pub(crate) fn frame(bytes: &[u8]) -> Result<Vec<u8>, Refusal> {
    let mut said = Said::default();
    let mut body = Plan::default();
    let options = crate::clean::Options::default();
    let mut job = Job::new(&options);
    segments(bytes, &mut said, &mut body, &mut job)?;
    let mut plan = Plan::default();
    plan.put(b"\xFF\xD8");
    // Fields of an interlaced film are told apart by this one.
    if let Some(field) = bytes.get(2..20).filter(|b| b.starts_with(b"\xFF\xE0\0\x10AVI1")) {
        plan.put(field);
    }
    head(&said, &mut plan, &mut job);
    plan.join(&body, 0);
    Ok(plan.bytes(bytes)?)
}
