//! BMP: head, palette and points; gaps, padding of rows, colour profiles and tails go.

use crate::clean::{Job, Kind, Plan, Refusal, View, What, reader::Reader};

/// Far above any picture that fits below the limit of memory.
const SIDE_MAX: u32 = 1 << 20;

struct Head {
    width: u32,
    height: u32,
    bits: u16,
    coding: u32,
    size: u32,
    colours: u32,
}

pub(crate) fn clean(view: &mut View<'_>, job: &mut Job<'_>) -> Result<Plan, Refusal> {
    let bytes = view.all()?;
    let mut reader = Reader::new(&bytes, Kind::Bmp);
    reader.take(10)?;
    let start = reader.le32()?;
    let whole = reader.rest();
    let len = reader.le32()?;
    let mut dib =
        whole.get(..usize::try_from(len).unwrap_or(usize::MAX)).unwrap_or_default().to_vec();
    let head = head(&dib, len)?;
    neutral(&mut dib, len, job)?;
    let mut after = Reader::new(whole, Kind::Bmp);
    after.take32(len)?;
    let masks: &[u8] = match (len, head.coding) {
        (40, 3) => after.take(12)?,
        (40, 6) => after.take(16)?,
        _ => &[],
    };
    let entry = if len == 12 { 3_usize } else { 4 };
    let count = match (head.bits, head.colours) {
        (1..=8, 0) => 1_usize << head.bits,
        (_, n) => usize::try_from(n).unwrap_or(usize::MAX),
    };
    let palette = after.take(count.saturating_mul(entry))?;
    let mut palette = palette.to_vec();
    if entry == 4 {
        // The fourth byte of an entry is said to be zero and can hold anything.
        palette.iter_mut().skip(3).step_by(4).for_each(|byte| *byte = 0);
    }
    let mut points = Reader::new(&bytes, Kind::Bmp);
    points.take32(start)?;
    let (points, tail) = points_of(&head, points)?;
    let front = 14_usize
        .saturating_add(dib.len())
        .saturating_add(masks.len())
        .saturating_add(palette.len());
    let total = front.saturating_add(points.len());
    let number =
        |n: usize| u32::try_from(n).map_err(|_| Kind::Bmp.large("it")).map(u32::to_le_bytes);
    if let (Some(size), true) = (dib.get_mut(20..24), head.coding == 1 || head.coding == 2) {
        size.copy_from_slice(&number(points.len())?);
    }
    let gap = usize::try_from(start).unwrap_or(0).saturating_sub(front);
    job.removed_some(What::Padding, gap);
    job.removed_some(What::Tail, tail);
    let mut plan = Plan::default();
    plan.put(b"BM");
    plan.put(&number(total)?);
    plan.put(&[0; 4]);
    plan.put(&number(front)?);
    plan.put(&dib);
    plan.put(masks);
    plan.put(&palette);
    plan.put(&points);
    Ok(plan)
}

fn head(dib: &[u8], len: u32) -> Result<Head, Refusal> {
    let mut reader = Reader::new(dib, Kind::Bmp);
    reader.le32()?;
    let head = if len == 12 {
        let (width, height) = (reader.le16()?, reader.le16()?);
        reader.le16()?;
        let bits = reader.le16()?;
        Head { width: width.into(), height: height.into(), bits, coding: 0, size: 0, colours: 0 }
    } else {
        let (width, height) = (reader.le32()?, reader.le32()?);
        reader.le16()?;
        let (bits, coding, size) = (reader.le16()?, reader.le32()?, reader.le32()?);
        reader.take(8)?;
        let colours = reader.le32()?;
        Head { width, height: height.cast_signed().unsigned_abs(), bits, coding, size, colours }
    };
    let known = matches!(len, 12 | 40 | 52 | 56 | 108 | 124)
        && matches!(head.bits, 1 | 4 | 8 | 16 | 24 | 32)
        && matches!(head.coding, 0..=3 | 6)
        && head.colours <= 256;
    if !known {
        return Err(Kind::Bmp.odd("this form of head"));
    }
    match head.width <= SIDE_MAX && head.height <= SIDE_MAX {
        true => Ok(head),
        false => Err(Kind::Bmp.large("a side of it")),
    }
}

/// Resolution and colour space as if nobody had said anything.
fn neutral(dib: &mut [u8], len: u32, job: &mut Job<'_>) -> Result<(), Refusal> {
    let mut blank = |range: std::ops::Range<usize>, with: &[u8], what| {
        if let Some(part) = dib.get_mut(range) {
            if part.iter().any(|byte| *byte != 0) && part != with {
                job.removed(what, part.len());
            }
            part.fill(0);
            part.iter_mut().zip(with).for_each(|(byte, new)| *byte = *new);
        }
    };
    if len >= 40 {
        blank(24..32, &[], What::Settings);
    }
    if len >= 108 {
        blank(56..108, b"BGRs", What::Profile);
    }
    if len == 124 {
        blank(108..124, &[], What::Profile);
    }
    Ok(())
}

/// The points with their padding blank, and how many bytes lie behind them.
fn points_of(head: &Head, mut reader: Reader<'_>) -> Result<(Vec<u8>, usize), Refusal> {
    if head.coding == 1 || head.coding == 2 {
        let all = reader.rest();
        let some = usize::try_from(head.size).ok().filter(|n| *n > 0).unwrap_or(all.len());
        let end = runs(all.get(..some).unwrap_or(all), head.coding == 2)?;
        return Ok((reader.take(end)?.to_vec(), reader.left()));
    }
    let bits = u64::from(head.width).saturating_mul(u64::from(head.bits));
    let stride = usize::try_from(bits.div_ceil(32).saturating_mul(4)).unwrap_or(usize::MAX);
    let height = usize::try_from(head.height).unwrap_or(usize::MAX);
    let mut points = reader.take(stride.saturating_mul(height))?.to_vec();
    let used = usize::try_from(bits / 8).unwrap_or(usize::MAX);
    let odd = u32::try_from(bits % 8).unwrap_or(0);
    for row in points.chunks_mut(stride.max(1)) {
        let padding = row.get_mut(used..).unwrap_or_default();
        let mut padding = padding.iter_mut();
        if odd > 0 {
            padding.next().into_iter().for_each(|byte| *byte &= !(0xFF_u8 >> odd));
        }
        padding.for_each(|byte| *byte = 0);
    }
    Ok((points, reader.left()))
}

/// Follows run lengths to the end of the bitmap.
fn runs(coded: &[u8], nibbles: bool) -> Result<usize, Refusal> {
    let mut reader = Reader::new(coded, Kind::Bmp);
    loop {
        match (reader.u8()?, reader.u8()?) {
            (0, 1) => return Ok(reader.at()),
            (0, 2) => {
                reader.take(2)?;
            }
            (0, n @ 3..) => {
                let bytes = if nibbles { usize::from(n).div_ceil(2) } else { usize::from(n) };
                reader.take(bytes.next_multiple_of(2))?;
            }
            _ => {}
        }
    }
}
