//! TIFF 6.0: each page's strips or tiles are carried into a new file with the tags that are needed
//! to show them.

use crate::clean::{Job, Kept, Kind, Plan, Refusal, View, What, image::icc, image::jpeg};

const PAGES_MAX: u32 = 10_000;
const VALUES_MAX: u64 = 32 << 20;

/// Tags without which the points cannot be shown: shape, coding and colour.
const NEEDED: &[u16] = &[
    254, 256, 257, 258, 259, 262, 263, 266, 274, 277, 278, 284, 290, 291, 292, 293, 317, 318, 319,
    320, 322, 323, 332, 334, 338, 339, 347, 529, 530, 531, 532,
];
const STRIPS: (u16, u16) = (273, 279);
const TILES: (u16, u16) = (324, 325);
const PROFILE: u16 = 34675;

#[derive(Clone, Copy)]
struct Order {
    big: bool,
}

impl Order {
    fn n16(self, bytes: [u8; 2]) -> u16 {
        if self.big { u16::from_be_bytes(bytes) } else { u16::from_le_bytes(bytes) }
    }

    fn n32(self, bytes: [u8; 4]) -> u32 {
        if self.big { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) }
    }

    fn b16(self, n: u16) -> [u8; 2] {
        if self.big { n.to_be_bytes() } else { n.to_le_bytes() }
    }

    fn b32(self, n: u32) -> [u8; 4] {
        if self.big { n.to_be_bytes() } else { n.to_le_bytes() }
    }
}

/// An entry of a directory: tag, type, count, and its values as they stand.
struct Entry {
    tag: u16,
    kind: u16,
    count: u32,
    value: Vec<u8>,
}

struct Page {
    entries: Vec<Entry>,
    parts: Vec<(u32, u32)>,
    tags: (u16, u16),
}

pub(crate) fn clean(view: &mut View<'_>, job: &mut Job<'_>) -> Result<Plan, Refusal> {
    let order = Order { big: view.starts(0, b"MM") };
    if view.starts(8, b"CR\x02\0") {
        return Err(raw());
    }
    let mut pages = Vec::new();
    let mut next = order.n32(view.array(4)?);
    let mut seen = 0_u64;
    let mut used = 8_u64;
    while next != 0 {
        if pages.len() >= usize::try_from(PAGES_MAX).unwrap_or(0) || seen > VALUES_MAX {
            return Err(Kind::Tiff.large("more pages than are allowed"));
        }
        let (page, after) = page(view, order, next, &mut seen, &mut used, job)?;
        pages.push(page);
        next = after;
    }
    if pages.is_empty() {
        return Err(Kind::Tiff.damaged("it has no page"));
    }
    job.removed_some(What::Tail, view.len().saturating_sub(used));
    write(view, order, &pages, job)
}

fn raw() -> Refusal {
    Refusal::Unsupported { name: "a camera's RAW picture".into(), instead: "JPEG".into() }
}

/// Reads the directory at `at`; gives the place of the next one.
fn page(
    view: &mut View<'_>,
    order: Order,
    at: u32,
    seen: &mut u64,
    used: &mut u64,
    job: &mut Job<'_>,
) -> Result<(Page, u32), Refusal> {
    let at = u64::from(at);
    let count = order.n16(view.array(at)?);
    let mut entries = Vec::new();
    let mut places = [None, None, None, None];
    let mut small = false;
    for n in 0..u64::from(count) {
        let place = at.saturating_add(2).saturating_add(n.saturating_mul(12));
        let [a, b, c, d, e, f, g, h, ..] = view.array::<12>(place)?;
        let (tag, kind) = (order.n16([a, b]), order.n16([c, d]));
        let count = order.n32([e, f, g, h]);
        let unit: u64 = match kind {
            1 | 2 | 6 | 7 => 1,
            3 | 8 => 2,
            4 | 9 | 11 | 13 => 4,
            5 | 10 | 12 => 8,
            _ => return Err(Kind::Tiff.odd(format!("values of the type {kind}"))),
        };
        let len = unit.saturating_mul(u64::from(count));
        *seen = seen.saturating_add(len);
        if *seen > VALUES_MAX {
            return Err(Kind::Tiff.large("its directory"));
        }
        let value_at = match len {
            ..=4 => place.saturating_add(8),
            _ => u64::from(order.n32(view.array(place.saturating_add(8))?)),
        };
        let mut value = view.bytes(value_at, len)?;
        *used = (*used).max(value_at.saturating_add(len));
        match tag {
            50706 | 37399 | 33421 => return Err(raw()),
            254 => small = value.iter().any(|byte| byte & 1 == 1),
            330 if small => return Err(raw()),
            _ => {}
        }
        let slot = [STRIPS.0, STRIPS.1, TILES.0, TILES.1].iter().position(|own| *own == tag);
        if let Some(slot) = slot.and_then(|slot| places.get_mut(slot)) {
            *slot = Some(numbers(order, kind, &value)?);
        } else if NEEDED.contains(&tag) {
            if tag == 347 {
                value = jpeg::tables(&value)?;
            }
            if tag == 274 && value.iter().any(|byte| *byte > 1) {
                job.kept(Kept::Orientation);
            }
            let count = if tag == 347 { u32::try_from(value.len()).unwrap_or(0) } else { count };
            entries.push(Entry { tag, kind, count, value });
        } else if tag == PROFILE {
            match icc::judge(&value) {
                icc::Verdict::Known(known) => {
                    job.kept(Kept::Profile);
                    job.removed_some(What::Profile, if known == value { 0 } else { value.len() });
                    let count = u32::try_from(known.len()).unwrap_or(0);
                    entries.push(Entry { tag, kind: 7, count, value: known });
                }
                icc::Verdict::Drop => job.removed(What::Profile, value.len()),
            }
        } else {
            job.removed(what(tag), value.len());
        }
    }
    let after = at.saturating_add(2).saturating_add(u64::from(count).saturating_mul(12));
    let next = order.n32(view.array(after)?);
    *used = (*used).max(after.saturating_add(4));
    let (tags, at, len) = match places {
        [Some(at), Some(len), None, None] => (STRIPS, at, len),
        [None, None, Some(at), Some(len)] => (TILES, at, len),
        _ => return Err(Kind::Tiff.odd("neither strips nor tiles")),
    };
    if at.len() != len.len() {
        return Err(Kind::Tiff.damaged("strips without a length"));
    }
    let parts: Vec<_> = at.into_iter().zip(len).collect();
    let ends = parts.iter().map(|(at, len)| u64::from(*at).saturating_add(u64::from(*len)));
    *used = (*used).max(ends.max().unwrap_or(0));
    Ok((Page { entries, parts, tags }, next))
}

fn what(tag: u16) -> What {
    match tag {
        700 => What::Xmp,
        33723 | 34377 => What::Photoshop,
        34665 | 34853 | 271 | 272 => What::Exif,
        305 | 316 => What::Encoder,
        306 => What::Times,
        315 => What::People,
        269 | 270 | 285 | 337 => What::Comment,
        282 | 283 | 296 => What::Settings,
        330 => What::Thumbnail,
        _ => What::Private,
    }
}

fn numbers(order: Order, kind: u16, value: &[u8]) -> Result<Vec<u32>, Refusal> {
    match kind {
        3 => Ok(value.as_chunks::<2>().0.iter().map(|n| u32::from(order.n16(*n))).collect()),
        4 => Ok(value.as_chunks::<4>().0.iter().map(|n| order.n32(*n)).collect()),
        _ => Err(Kind::Tiff.odd("places of a strange type")),
    }
}

fn write(
    view: &mut View<'_>,
    order: Order,
    pages: &[Page],
    job: &mut Job<'_>,
) -> Result<Plan, Refusal> {
    let place = |plan: &Plan| u32::try_from(plan.len()).map_err(|_| Kind::Tiff.large("it"));
    let mut body = Plan::default();
    body.put(if order.big { b"MM" } else { b"II" });
    body.put(&order.b16(42));
    // Where the first directory will stand is known only when the points are laid out.
    let mut directories = Vec::new();
    let mut data = Plan::default();
    let start = 8_u32;
    let coding = |page: &Page| {
        let entry = page.entries.iter().find(|entry| entry.tag == 259)?;
        entry.value.first_chunk().map(|n| order.n16(*n))
    };
    for page in pages {
        let mut at = Vec::new();
        let mut len = Vec::new();
        let coding = coding(page).unwrap_or(1);
        if !matches!(coding, 1..=5 | 7 | 8 | 32946 | 32773 | 34712 | 50000 | 50001 | 34925)
            || coding == 34712
            || coding == 34925
        {
            return Err(Kind::Tiff.odd(format!("the coding {coding}")));
        }
        let limit = if coding == 1 { plain_limit(order, page) } else { u32::MAX };
        for (from, long) in &page.parts {
            let long = (*long).min(limit);
            let bytes = view.bytes((*from).into(), long.into())?;
            if coding == 7 {
                jpeg::bare(&bytes)?;
            }
            at.push(place(&data)?.saturating_add(start));
            len.push(long);
            data.copy((*from).into(), long.into());
            if data.len() % 2 == 1 {
                data.put(b"\0");
            }
        }
        job.removed_some(
            What::Padding,
            page.parts.iter().map(|(_, long)| u64::from(long.saturating_sub(limit))).sum::<u64>(),
        );
        directories.push((at, len));
    }
    body.put(&order.b32(place(&data)?.saturating_add(start)));
    body.join(&data, 0);
    for (n, (page, (at, len))) in pages.iter().zip(&directories).enumerate() {
        let last = n.saturating_add(1) == pages.len();
        directory(&mut body, order, page, at, len, last)?;
    }
    Ok(body)
}

/// How many bytes the largest strip or tile of uncoded points can have.
fn plain_limit(order: Order, page: &Page) -> u32 {
    let number = |tag: u16| {
        let entry = page.entries.iter().find(|entry| entry.tag == tag)?;
        let numbers = numbers(order, entry.kind, &entry.value).ok()?;
        Some(numbers)
    };
    let first = |tag, other: u32| number(tag).and_then(|n| n.first().copied()).unwrap_or(other);
    let bits = number(258).unwrap_or_else(|| vec![1]);
    let samples = first(277, 1);
    let deep: u64 = match bits.len() {
        1 => u64::from(first(258, 1)).saturating_mul(samples.into()),
        _ => bits.iter().map(|n| u64::from(*n)).sum(),
    };
    let (wide, high) = match page.tags {
        TILES => (first(322, 0), first(323, 0)),
        _ => (first(256, 0), first(278, u32::MAX).min(first(257, 0))),
    };
    // YCbCr with fewer colour samples takes less than this, never more than twice.
    let row = u64::from(wide).saturating_mul(deep).div_ceil(8);
    u32::try_from(row.saturating_mul(high.into())).unwrap_or(u32::MAX)
}

fn directory(
    body: &mut Plan,
    order: Order,
    page: &Page,
    at: &[u32],
    len: &[u32],
    last: bool,
) -> Result<(), Refusal> {
    let long = |tag, numbers: &[u32]| Entry {
        tag,
        kind: 4,
        count: u32::try_from(numbers.len()).unwrap_or(u32::MAX),
        value: numbers.iter().flat_map(|n| order.b32(*n)).collect(),
    };
    let ours = [long(page.tags.0, at), long(page.tags.1, len)];
    let mut entries: Vec<&Entry> = page.entries.iter().chain(&ours).collect();
    entries.sort_by_key(|entry| entry.tag);
    entries.dedup_by_key(|entry| entry.tag);
    let count = u16::try_from(entries.len()).map_err(|_| Kind::Tiff.large("its directory"))?;
    let here = u32::try_from(body.len()).map_err(|_| Kind::Tiff.large("it"))?;
    let mut after = here.saturating_add(u32::from(count).saturating_mul(12)).saturating_add(6);
    let mut values = Vec::new();
    body.put(&order.b16(count));
    for entry in entries {
        body.put(&order.b16(entry.tag));
        body.put(&order.b16(entry.kind));
        body.put(&order.b32(entry.count));
        let mut value = entry.value.clone();
        if value.len() <= 4 {
            value.resize(4, 0);
            body.put(&value);
        } else {
            body.put(&order.b32(after));
            if value.len() % 2 == 1 {
                value.push(0);
            }
            after = after.saturating_add(u32::try_from(value.len()).unwrap_or(u32::MAX));
            values.extend(value);
        }
    }
    body.put(&order.b32(if last { 0 } else { after }));
    body.put(&values);
    Ok(())
}
