//! GIF (GIF89a specification): screens, colour tables, frames and the loop; each frame's codes are
//! followed to their end, and what lies behind it goes.

use crate::clean::{Job, Kind, Plan, Refusal, View, What, reader::Reader};

pub(crate) fn clean(view: &mut View<'_>, job: &mut Job<'_>) -> Result<Plan, Refusal> {
    let bytes = view.all()?;
    let mut reader = Reader::new(&bytes, Kind::Gif);
    let mut plan = Plan::default();
    plan.put(reader.take(6)?);
    let screen: [u8; 7] = reader.array()?;
    plan.put(&screen);
    plan.put(table(&mut reader, screen[4])?);
    let mut looped = false;
    loop {
        match reader.u8()? {
            0x3B => break,
            0x2C => frame(&mut reader, &mut plan, job)?,
            0x21 => extension(&mut reader, &mut plan, &mut looped, job)?,
            // Some writers put a zero between blocks.
            0 => job.removed(What::Padding, 1),
            _ => return Err(Kind::Gif.damaged("something else where a block must begin")),
        }
    }
    plan.put(b"\x3B");
    job.removed_some(What::Tail, reader.left());
    Ok(plan)
}

fn table<'b>(reader: &mut Reader<'b>, flags: u8) -> Result<&'b [u8], Refusal> {
    match flags & 0x80 {
        0 => Ok(&[]),
        _ => reader.take(3_usize << (u32::from(flags & 7).saturating_add(1))),
    }
}

fn blocks<'b>(reader: &mut Reader<'b>) -> Result<Vec<&'b [u8]>, Refusal> {
    let mut found = Vec::new();
    loop {
        let len = reader.u8()?;
        if len == 0 {
            return Ok(found);
        }
        found.push(reader.take(usize::from(len))?);
    }
}

fn extension(
    reader: &mut Reader<'_>,
    plan: &mut Plan,
    looped: &mut bool,
    job: &mut Job<'_>,
) -> Result<(), Refusal> {
    let label = reader.u8()?;
    let blocks = blocks(reader)?;
    let size = blocks.iter().map(|block| block.len()).sum::<usize>();
    match (label, blocks.as_slice()) {
        (0xF9, [[flags, a, b, index, ..]]) => {
            plan.put(&[0x21, 0xF9, 4, flags & 0x1F, *a, *b, *index, 0]);
            job.removed_some(What::Private, size.saturating_sub(4));
        }
        (0xFF, [app, [1, low, high, more @ ..], rest @ ..])
            if !*looped && (*app == b"NETSCAPE2.0" || *app == b"ANIMEXTS1.0") =>
        {
            *looped = true;
            plan.put(b"\x21\xFF\x0BNETSCAPE2.0\x03\x01");
            plan.put(&[*low, *high, 0]);
            let rest = rest.iter().map(|block| block.len()).sum::<usize>();
            job.removed_some(What::Private, rest.saturating_add(more.len()));
        }
        (0xFE, _) => job.removed(What::Comment, size),
        (0xFF, [app, ..]) if app.starts_with(b"XMP Data") => job.removed(What::Xmp, size),
        (0xFF, [app, ..]) if app.starts_with(b"ICCRGBG1") => job.removed(What::Profile, size),
        _ => job.removed(What::Private, size),
    }
    Ok(())
}

fn frame(reader: &mut Reader<'_>, plan: &mut Plan, job: &mut Job<'_>) -> Result<(), Refusal> {
    let place: [u8; 9] = reader.array()?;
    plan.put(b"\x2C");
    plan.put(&place);
    plan.put(table(reader, place[8])?);
    let bits = reader.u8()?;
    if !(1..=11).contains(&bits) {
        return Err(Kind::Gif.damaged("a code size that cannot be"));
    }
    let codes = blocks(reader)?.concat();
    let end = end(&codes, bits)?;
    job.removed_some(What::Tail, codes.len().saturating_sub(end));
    plan.put(&[bits]);
    for block in codes.get(..end).unwrap_or_default().chunks(255) {
        plan.put(&[u8::try_from(block.len()).unwrap_or(255)]);
        plan.put(block);
    }
    plan.put(b"\0");
    Ok(())
}

/// Follows LZW codes to the end code; gives how many bytes they take. Only how many codes are
/// known matters for that, not what they stand for.
fn end(codes: &[u8], bits: u8) -> Result<usize, Refusal> {
    let clear = 1_u32 << bits;
    let start = u32::from(bits).saturating_add(1);
    let (mut width, mut known, mut fresh) = (start, clear.saturating_add(2), true);
    let (mut held, mut count) = (0_u32, 0_u32);
    for (at, byte) in codes.iter().enumerate() {
        held |= u32::from(*byte) << count;
        count = count.saturating_add(8);
        while count >= width {
            let code = held & (1_u32 << width).saturating_sub(1);
            held >>= width;
            count = count.saturating_sub(width);
            if code == clear {
                (width, known, fresh) = (start, clear.saturating_add(2), true);
            } else if code == clear.saturating_add(1) {
                return Ok(at.saturating_add(1));
            } else if code > known {
                return Err(Kind::Gif.damaged("a code that stands for nothing"));
            } else if fresh {
                fresh = false;
            } else if known < 4096 {
                known = known.saturating_add(1);
                if known == 1_u32 << width && width < 12 {
                    width = width.saturating_add(1);
                }
            }
        }
    }
    // Some writers leave the end code out.
    Ok(codes.len())
}
