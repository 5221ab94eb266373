//! WebP (RFC 9649): the chunks that make the picture, with their flags set right.

use crate::clean::{
    Job, Kept, Kind, Plan, Refusal, View, What,
    image::{exif, icc},
    reader::Reader,
};

const PROFILE: u8 = 0x20;
const EXIF: u8 = 0x08;
const XMP: u8 = 0x04;

pub(crate) fn clean(view: &mut View<'_>, job: &mut Job<'_>) -> Result<Plan, Refusal> {
    let bytes = view.all()?;
    let mut reader = Reader::new(&bytes, Kind::WebP);
    reader.take(4)?;
    let size = reader.le32()?;
    let body = reader.take32(size)?;
    job.removed_some(What::Tail, reader.left().saturating_sub(usize::from(size % 2 == 1)));
    let mut out = Vec::new();
    let (mut turned, mut flags, mut pictures) = (None, None, 0_u32);
    let mut chunks = Reader::new(body.get(4..).unwrap_or_default(), Kind::WebP);
    while !chunks.is_empty() {
        let (name, content) = chunk(&mut chunks)?;
        match &name {
            b"VP8X" => {
                let head: [u8; 10] =
                    *content.first_chunk().ok_or(Kind::WebP.damaged("its head"))?;
                let [own, _, _, _, a, b, c, d, e, f] = head;
                let kept = own & !(PROFILE | EXIF | XMP) & 0x3E;
                flags = Some(out.len().saturating_add(8));
                put(&mut out, b"VP8X", &[kept, 0, 0, 0, a, b, c, d, e, f]);
            }
            b"VP8 " | b"VP8L" | b"ALPH" | b"ANIM" => {
                pictures = pictures.saturating_add(u32::from(name[0] == b'V'));
                if name == *b"ANIM" && content.len() != 6 {
                    return Err(Kind::WebP.damaged("its animation"));
                }
                put(&mut out, &name, content);
            }
            b"ANMF" => {
                pictures = pictures.saturating_add(1);
                let frame = frame(content, job)?;
                put(&mut out, b"ANMF", &frame);
            }
            b"ICCP" => match (icc::judge(content), flags) {
                (icc::Verdict::Known(known), Some(at)) => {
                    job.kept(Kept::Profile);
                    job.removed_some(
                        What::Profile,
                        if known == content { 0 } else { content.len() },
                    );
                    set(&mut out, at, PROFILE);
                    put(&mut out, b"ICCP", &known);
                }
                _ => job.removed(What::Profile, content.len()),
            },
            b"EXIF" => {
                let tiff = content.strip_prefix(b"Exif\0\0").unwrap_or(content);
                turned = exif::turned(tiff);
                let ours = turned.is_some_and(|turned| exif::tiff(turned) == content);
                job.removed_some(What::Exif, if ours { 0 } else { content.len() });
            }
            b"XMP " => job.removed(What::Xmp, content.len()),
            _ => job.removed(What::Private, content.len()),
        }
    }
    if pictures == 0 {
        return Err(Kind::WebP.damaged("it has no picture"));
    }
    if let (Some(turned), Some(at)) = (turned, flags) {
        job.kept(Kept::Orientation);
        set(&mut out, at, EXIF);
        put(&mut out, b"EXIF", &exif::tiff(turned));
    }
    let size = u32::try_from(out.len().saturating_add(4));
    let mut plan = Plan::default();
    plan.put(b"RIFF");
    plan.put(&size.map_err(|_| Kind::WebP.large("it"))?.to_le_bytes());
    plan.put(b"WEBP");
    plan.put(&out);
    Ok(plan)
}

fn set(out: &mut [u8], at: usize, flag: u8) {
    if let Some(flags) = out.get_mut(at) {
        *flags |= flag;
    }
}

fn chunk<'b>(reader: &mut Reader<'b>) -> Result<([u8; 4], &'b [u8]), Refusal> {
    let name = reader.array()?;
    let len = reader.le32()?;
    let content = reader.take32(len)?;
    if len % 2 == 1 && !reader.is_empty() {
        reader.u8()?;
    }
    Ok((name, content))
}

fn put(out: &mut Vec<u8>, name: &[u8; 4], content: &[u8]) {
    out.extend(name);
    // The content's length was read from 32 bits, or is shorter.
    out.extend(u32::try_from(content.len()).unwrap_or(u32::MAX).to_le_bytes());
    out.extend(content);
    if content.len() % 2 == 1 {
        out.push(0);
    }
}

fn frame(content: &[u8], job: &mut Job<'_>) -> Result<Vec<u8>, Refusal> {
    let mut reader = Reader::new(content, Kind::WebP);
    let mut out = reader.take(16)?.to_vec();
    while !reader.is_empty() {
        let (name, content) = chunk(&mut reader)?;
        match &name {
            b"VP8 " | b"VP8L" | b"ALPH" => put(&mut out, &name, content),
            _ => job.removed(What::Private, content.len()),
        }
    }
    Ok(out)
}
