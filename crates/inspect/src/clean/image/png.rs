//! PNG and APNG (W3C PNG, third edition): the chunks that make the picture, checked and with
//! nothing behind the end of their compressed streams.

use crate::clean::{
    Job, Kept, Kind, Plan, Refusal, View, What,
    image::{exif, icc},
    pack::deflate::{self, Wrap},
    reader::Reader,
};

/// The largest picture: 1 gigapixel of 8 bytes.
const UNFOLDED_MAX: u64 = 8 << 30;

struct Chunk<'b> {
    name: [u8; 4],
    content: &'b [u8],
}

pub(crate) fn clean(view: &mut View<'_>, job: &mut Job<'_>) -> Result<Plan, Refusal> {
    let bytes = view.all()?;
    let (chunks, end) = read(&bytes)?;
    job.removed_some(What::Tail, bytes.len().saturating_sub(end));
    let mut plan = Plan::default();
    plan.put(b"\x89PNG\r\n\x1A\n");
    let srgb = chunks.iter().any(|chunk| chunk.name == *b"sRGB");
    let mut pieces = chunks.iter().peekable();
    let (mut head, mut ended) = (false, false);
    while let Some(chunk) = pieces.next() {
        let content = chunk.content;
        match &chunk.name {
            b"IHDR" if !head && content.len() == 13 => {
                head = true;
                put(&mut plan, b"IHDR", content);
            }
            _ if !head => return Err(Kind::Png.damaged("it does not begin with its head")),
            b"IEND" => {
                ended = true;
                job.removed_some(What::Tail, content.len());
                put(&mut plan, b"IEND", b"");
            }
            name @ (b"IDAT" | b"fdAT") => {
                let skip = if name == b"fdAT" { 4 } else { 0 };
                let mut run = vec![content];
                while pieces.peek().is_some_and(|next| next.name == *name) {
                    run.extend(pieces.next().map(|next| next.content));
                }
                stream(&mut plan, name, skip, &run, job)?;
            }
            b"PLTE" if content.len() <= 768 && content.len() % 3 == 0 => {
                put(&mut plan, b"PLTE", content);
            }
            b"tRNS" if content.len() <= 256 => put(&mut plan, b"tRNS", content),
            b"sBIT" if content.len() <= 4 => put(&mut plan, b"sBIT", content),
            b"acTL" if content.len() == 8 => put(&mut plan, b"acTL", content),
            b"fcTL" if content.len() == 26 => put(&mut plan, b"fcTL", content),
            b"cICP" if content.len() == 4 => put(&mut plan, b"cICP", content),
            b"sRGB" if content.len() == 1 => put(&mut plan, b"sRGB", content),
            // The word sRGB says it all; a power that is not near a usual one is a device's own.
            b"gAMA" if !srgb && usual_gamma(content) => put(&mut plan, b"gAMA", content),
            b"iCCP" => profile(&mut plan, content, job)?,
            b"pHYs" => shape(&mut plan, content, job),
            b"eXIf" => match exif::turned(content) {
                Some(turned) => {
                    let ours = exif::tiff(turned);
                    job.kept(Kept::Orientation);
                    job.removed_some(What::Exif, if ours == content { 0 } else { content.len() });
                    put(&mut plan, b"eXIf", &ours);
                }
                None => job.removed(What::Exif, content.len()),
            },
            b"tEXt" | b"zTXt" | b"iTXt" => job.removed(What::Comment, content.len()),
            b"tIME" => job.removed(What::Times, content.len()),
            b"gAMA" | b"cHRM" | b"mDCV" | b"cLLI" | b"mDCv" | b"cLLi" => {
                job.removed(What::Profile, content.len());
            }
            [first, ..] if first & 0x20 == 0 => {
                let name = String::from_utf8_lossy(&chunk.name).into_owned();
                return Err(Kind::Png.odd(format!("a part named {name}")));
            }
            _ => job.removed(What::Private, content.len()),
        }
    }
    match ended {
        true => Ok(plan),
        false => Err(Kind::Png.damaged("it has no end")),
    }
}

/// All chunks up to the end, with their checksums right; and where that is.
fn read(bytes: &[u8]) -> Result<(Vec<Chunk<'_>>, usize), Refusal> {
    let mut reader = Reader::new(bytes, Kind::Png);
    reader.take(8)?;
    let mut chunks = Vec::new();
    loop {
        let len = reader.be32()?;
        let checked = reader.rest();
        let name: [u8; 4] = reader.array()?;
        let content = reader.take32(len)?;
        let checked = checked.get(..content.len().saturating_add(4)).unwrap_or_default();
        if crc32fast::hash(checked) != reader.be32()? {
            return Err(Kind::Png.damaged("a checksum that does not fit"));
        }
        chunks.push(Chunk { name, content });
        if name == *b"IEND" {
            return Ok((chunks, reader.at()));
        }
    }
}

fn put(plan: &mut Plan, name: &[u8; 4], content: &[u8]) {
    let mut hash = crc32fast::Hasher::new();
    hash.update(name);
    hash.update(content);
    // A chunk's length was read from 32 bits.
    plan.put(&u32::try_from(content.len()).unwrap_or(u32::MAX).to_be_bytes());
    plan.put(name);
    plan.put(content);
    plan.put(&hash.finalize().to_be_bytes());
}

/// A compressed stream in a run of chunks: what stands behind its end goes.
fn stream(
    plan: &mut Plan,
    name: &[u8; 4],
    skip: usize,
    run: &[&[u8]],
    job: &mut Job<'_>,
) -> Result<(), Refusal> {
    let short = || Kind::Png.damaged("a part ends too early");
    let mut joined = Vec::new();
    for content in run {
        joined.extend(content.get(skip..).ok_or_else(short)?);
    }
    let end = deflate::unfold(&joined, Wrap::Zlib, UNFOLDED_MAX, Kind::Png, |_| ())?;
    job.removed_some(What::Tail, joined.len().saturating_sub(end));
    let mut left = end;
    for content in run {
        let data = content.get(skip..).ok_or_else(short)?;
        let now = data.len().min(left);
        if now == 0 {
            continue;
        }
        left = left.saturating_sub(now);
        put(plan, name, content.get(..skip.saturating_add(now)).ok_or_else(short)?);
    }
    Ok(())
}

fn usual_gamma(content: &[u8]) -> bool {
    // 1/2.2, 1/1.8, 1 and the values Adobe RGB and old Macs round to.
    let usual = [45_455_u32, 45_454, 55_556, 55_555, 100_000, 45_470];
    content.first_chunk().is_some_and(|value| usual.contains(&u32::from_be_bytes(*value)))
        && content.len() == 4
}

fn profile(plan: &mut Plan, content: &[u8], job: &mut Job<'_>) -> Result<(), Refusal> {
    let name = content.iter().position(|byte| *byte == 0).unwrap_or(content.len());
    let packed = content.get(name.saturating_add(2)..).unwrap_or_default();
    let mut own = Vec::new();
    // A profile that does not unfold is nobody's.
    let _ = deflate::unfold(packed, Wrap::Zlib, 8 << 20, Kind::Png, |some| own.extend(some));
    match icc::judge(&own) {
        icc::Verdict::Known(known) => {
            let mut ours = b"icc\0\0".to_vec();
            ours.extend(deflate::fold(&known, Wrap::Zlib));
            job.kept(Kept::Profile);
            job.removed_some(What::Profile, if ours == content { 0 } else { content.len() });
            put(plan, b"iCCP", &ours);
        }
        icc::Verdict::Drop => job.removed(What::Profile, content.len()),
    }
    Ok(())
}

/// Points wider than high are the picture's affair; how many go into a metre is not.
fn shape(plan: &mut Plan, content: &[u8], job: &mut Job<'_>) {
    match content {
        [a, b, c, d, e, f, g, h, unit] if [a, b, c, d] != [e, f, g, h] => {
            job.removed_some(What::Settings, u8::from(*unit != 0));
            put(plan, b"pHYs", &[*a, *b, *c, *d, *e, *f, *g, *h, 0]);
        }
        _ => job.removed(What::Settings, content.len()),
    }
}
