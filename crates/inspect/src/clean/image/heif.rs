//! HEIC and AVIF (ISO/IEC 23008-12, AV1 image file format): the primary picture with what it is
//! made of and its transparency, laid out anew. Thumbnails, depth, gain maps and descriptions go.

use std::collections::BTreeMap;

use crate::clean::{
    Job, Kept, Kind, Plan, Refusal, View, What,
    av::nal::{self, Codec},
    boxes,
    image::icc,
    reader::Reader,
};

const ITEMS_MAX: usize = 4_096;
const BRANDS: &[&[u8; 4]] = &[
    b"heic", b"heix", b"heim", b"heis", b"mif1", b"mif2", b"miaf", b"avif", b"MA1B", b"MA1A",
    b"MiHB", b"MiHE", b"MiPr",
];
const ALPHA: [&[u8]; 2] =
    [b"urn:mpeg:mpegB:cicp:systems:auxiliary:alpha\0", b"urn:mpeg:hevc:2015:auxid:1\0"];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    File,
    Idat,
}

#[derive(Default)]
struct Item {
    kind: [u8; 4],
    extents: Vec<(u64, u64)>,
    place: Option<Place>,
    properties: Vec<(u16, bool)>,
}

/// A reference from one item to others.
struct Link {
    name: [u8; 4],
    from: u32,
    to: Vec<u32>,
}

#[derive(Default)]
struct Meta {
    primary: u32,
    items: BTreeMap<u32, Item>,
    links: Vec<Link>,
    properties: Vec<([u8; 4], Vec<u8>)>,
    idat: Vec<u8>,
}

pub(crate) fn clean(view: &mut View<'_>, job: &mut Job<'_>) -> Result<Plan, Refusal> {
    let (outer, end) = boxes::outer(view, Kind::Heif)?;
    job.removed_some(What::Tail, view.len().saturating_sub(end));
    let mut brands = Vec::new();
    let mut meta = None;
    for one in &outer {
        match &one.name {
            b"ftyp" => brands = view.bytes(one.body_at, one.body_len.min(4096))?,
            b"meta" if meta.is_none() => meta = Some(view.bytes(one.body_at, one.body_len)?),
            b"mdat" => {}
            b"moov" => return Err(Kind::Heif.odd("a film inside the picture")),
            _ => job.removed(What::Private, one.body_len),
        }
    }
    let bytes = meta.ok_or(Kind::Heif.damaged("it has no picture"))?;
    let meta = read(&bytes)?;
    let kept = kept(&meta)?;
    for (id, item) in &meta.items {
        if !kept.contains(id) {
            let size: u64 = item.extents.iter().map(|(_, len)| *len).sum();
            job.removed(what(&meta, *id, &item.kind), size);
        }
    }
    write(view, &brands, &meta, &kept, job)
}

fn what(meta: &Meta, id: u32, kind: &[u8; 4]) -> What {
    let from = |name: &[u8; 4]| meta.links.iter().any(|link| link.name == *name && link.from == id);
    match kind {
        b"Exif" => What::Exif,
        b"mime" | b"uri " => What::Xmp,
        _ if from(b"thmb") => What::Thumbnail,
        _ => What::Auxiliary,
    }
}

fn read(bytes: &[u8]) -> Result<Meta, Refusal> {
    let mut meta = Meta::default();
    let inner = bytes.get(4..).unwrap_or_default();
    let found = boxes::all(inner, Kind::Heif)?;
    for one in &found {
        let mut reader = Reader::new(one.body, Kind::Heif);
        match &one.name {
            b"pitm" => {
                let wide = version(&mut reader)? != 0;
                meta.primary = id(&mut reader, wide)?;
            }
            b"iinf" => items(&mut reader, &mut meta)?,
            b"iloc" => places(&mut reader, &mut meta)?,
            b"iref" => links(&mut reader, &mut meta)?,
            b"iprp" => properties(one.body, &mut meta)?,
            b"idat" => meta.idat = one.body.to_vec(),
            _ => {}
        }
    }
    Ok(meta)
}

fn version(reader: &mut Reader<'_>) -> Result<u8, Refusal> {
    let [version, ..] = reader.array::<4>()?;
    Ok(version)
}

fn id(reader: &mut Reader<'_>, wide: bool) -> Result<u32, Refusal> {
    if wide { reader.be32() } else { Ok(reader.be16()?.into()) }
}

fn items(reader: &mut Reader<'_>, meta: &mut Meta) -> Result<(), Refusal> {
    let wide = version(reader)? != 0;
    id(reader, wide)?;
    for one in boxes::all(reader.rest(), Kind::Heif)? {
        let mut reader = Reader::new(one.body, Kind::Heif);
        let version = version(&mut reader)?;
        if version < 2 || meta.items.len() >= ITEMS_MAX {
            return Err(Kind::Heif.odd("its list of parts"));
        }
        let item = id(&mut reader, version > 2)?;
        if reader.be16()? != 0 {
            return Err(Refusal::Encrypted { kind: Kind::Heif });
        }
        meta.items.entry(item).or_default().kind = reader.array()?;
    }
    Ok(())
}

fn sized(reader: &mut Reader<'_>, size: u8) -> Result<u64, Refusal> {
    match size {
        0 => Ok(0),
        4 => Ok(reader.be32()?.into()),
        8 => reader.be64(),
        _ => Err(Kind::Heif.damaged("its list of places")),
    }
}

fn places(reader: &mut Reader<'_>, meta: &mut Meta) -> Result<(), Refusal> {
    let version = version(reader)?;
    let [a, b] = reader.array::<2>()?;
    let (offset, length, base) = (a >> 4, a & 15, b >> 4);
    let index = if version > 0 { b & 15 } else { 0 };
    for _ in 0..id(reader, version > 1)? {
        let item = id(reader, version > 1)?;
        let method = if version > 0 { reader.be16()? & 15 } else { 0 };
        let place = match (method, reader.be16()?) {
            (0, 0) => Some(Place::File),
            (1, 0) => Some(Place::Idat),
            _ => None,
        };
        let base = sized(reader, base)?;
        let mut extents = Vec::new();
        for _ in 0..reader.be16()? {
            sized(reader, index)?;
            let at = base.saturating_add(sized(reader, offset)?);
            extents.push((at, sized(reader, length)?));
        }
        if let Some(known) = meta.items.get_mut(&item) {
            (known.place, known.extents) = (place, extents);
        } else if meta.items.len() < ITEMS_MAX {
            meta.items.insert(item, Item { place, extents, ..Item::default() });
        }
    }
    Ok(())
}

fn links(reader: &mut Reader<'_>, meta: &mut Meta) -> Result<(), Refusal> {
    let wide = version(reader)? != 0;
    for one in boxes::all(reader.rest(), Kind::Heif)? {
        let mut reader = Reader::new(one.body, Kind::Heif);
        let from = id(&mut reader, wide)?;
        let mut to = Vec::new();
        for _ in 0..reader.be16()? {
            to.push(id(&mut reader, wide)?);
        }
        meta.links.push(Link { name: one.name, from, to });
    }
    Ok(())
}

fn properties(bytes: &[u8], meta: &mut Meta) -> Result<(), Refusal> {
    for one in boxes::all(bytes, Kind::Heif)? {
        let mut reader = Reader::new(one.body, Kind::Heif);
        if one.name == *b"ipco" {
            for property in boxes::all(one.body, Kind::Heif)? {
                meta.properties.push((property.name, property.body.to_vec()));
            }
        } else if one.name == *b"ipma" {
            let [version, _, _, flags] = reader.array::<4>()?;
            for _ in 0..reader.be32()? {
                let item = id(&mut reader, version > 0)?;
                let mut own = Vec::new();
                for _ in 0..reader.u8()? {
                    own.push(match flags & 1 {
                        0 => {
                            let word = reader.u8()?;
                            (u16::from(word & 0x7F), word & 0x80 != 0)
                        }
                        _ => {
                            let word = reader.be16()?;
                            (word & 0x7FFF, word & 0x8000 != 0)
                        }
                    });
                }
                if let Some(item) = meta.items.get_mut(&item) {
                    item.properties = own;
                }
            }
        }
    }
    Ok(())
}

impl Meta {
    fn property(&self, index: u16) -> Option<&([u8; 4], Vec<u8>)> {
        self.properties.get(usize::from(index).checked_sub(1)?)
    }

    fn is_alpha(&self, item: u32) -> bool {
        let Some(item) = self.items.get(&item) else { return false };
        item.properties.iter().filter_map(|(index, _)| self.property(*index)).any(|(name, body)| {
            name == b"auxC"
                && body.get(4..).is_some_and(|urn| ALPHA.iter().any(|alpha| urn.starts_with(alpha)))
        })
    }
}

/// The primary picture, what it is made of, and the transparency of either, in that order.
fn kept(meta: &Meta) -> Result<Vec<u32>, Refusal> {
    let mut kept = vec![meta.primary];
    let mut at = 0_usize;
    while let Some(item) = kept.get(at).copied() {
        at = at.saturating_add(1);
        for link in &meta.links {
            let more: &[u32] = match &link.name {
                b"dimg" if link.from == item => &link.to,
                b"auxl" if link.to.contains(&item) && meta.is_alpha(link.from) => &[link.from],
                _ => continue,
            };
            for item in more {
                if !kept.contains(item) && kept.len() < ITEMS_MAX {
                    kept.push(*item);
                }
            }
        }
    }
    Ok(kept)
}

fn write(
    view: &mut View<'_>,
    brands: &[u8],
    meta: &Meta,
    kept: &[u32],
    job: &mut Job<'_>,
) -> Result<Plan, Refusal> {
    let number = |old: u32| {
        let place = kept.iter().position(|item| *item == old)?;
        u16::try_from(place.saturating_add(1)).ok()
    };
    let mut data = Plan::default();
    let mut lens = Vec::new();
    let mut props: Vec<([u8; 4], Vec<u8>)> = Vec::new();
    let mut uses = Vec::new();
    let mut infos = Vec::new();
    for (n, id) in kept.iter().enumerate() {
        let item = meta.items.get(id).ok_or(Kind::Heif.damaged("a part that is not there"))?;
        let (own, size, codec) = own_properties(meta, item, &mut props, job)?;
        let before = data.len();
        payload(view, meta, item, codec, size, &mut data, job)?;
        lens.push(data.len().saturating_sub(before));
        uses.push(own);
        let mut info = vec![2, 0, 0, u8::from(n > 0)];
        info.extend(number(*id).unwrap_or(0).to_be_bytes());
        info.extend([0, 0]);
        info.extend(item.kind);
        info.push(0);
        boxes::put(&mut infos, b"infe", &info);
    }
    let count = u16::try_from(kept.len()).map_err(|_| Kind::Heif.large("its list of parts"))?;
    let mut iinf = vec![0, 0, 0, 0];
    iinf.extend(count.to_be_bytes());
    iinf.extend(infos);
    let mut refs = vec![0; 4];
    for link in &meta.links {
        let to: Vec<u16> = link.to.iter().filter_map(|to| number(*to)).collect();
        let known = matches!(&link.name, b"dimg" | b"auxl" | b"prem");
        if let (true, Some(from), false) = (known, number(link.from), to.is_empty()) {
            let mut body = from.to_be_bytes().to_vec();
            body.extend(u16::try_from(to.len()).unwrap_or(0).to_be_bytes());
            body.extend(to.iter().flat_map(|to| to.to_be_bytes()));
            boxes::put(&mut refs, &link.name, &body);
        }
    }
    let mut iprp = Vec::new();
    let mut ipco = Vec::new();
    props.iter().for_each(|(name, body)| boxes::put(&mut ipco, name, body));
    boxes::put(&mut iprp, b"ipco", &ipco);
    let mut ipma = vec![0, 0, 0, 1];
    ipma.extend(u32::from(count).to_be_bytes());
    for (n, own) in uses.iter().enumerate() {
        ipma.extend(u16::try_from(n.saturating_add(1)).unwrap_or(0).to_be_bytes());
        ipma.push(u8::try_from(own.len()).map_err(|_| Kind::Heif.large("its properties"))?);
        for (index, essential) in own {
            ipma.extend((index | if *essential { 0x8000 } else { 0 }).to_be_bytes());
        }
    }
    boxes::put(&mut iprp, b"ipma", &ipma);
    let ftyp = ftyp(brands);
    let meta_of = |start: u64| -> Result<Vec<u8>, Refusal> {
        let mut body = vec![0; 4];
        boxes::put(&mut body, b"hdlr", b"\0\0\0\0\0\0\0\0pict\0\0\0\0\0\0\0\0\0\0\0\0\0");
        boxes::put(&mut body, b"pitm", &[0, 0, 0, 0, 0, 1]);
        let mut iloc = vec![0, 0, 0, 0, 0x44, 0];
        iloc.extend(count.to_be_bytes());
        let mut at = start;
        for (n, len) in lens.iter().enumerate() {
            let large = |_| Kind::Heif.large("it");
            iloc.extend(u16::try_from(n.saturating_add(1)).unwrap_or(0).to_be_bytes());
            iloc.extend([0, 0, 0, 1]);
            iloc.extend(u32::try_from(at).map_err(large)?.to_be_bytes());
            iloc.extend(u32::try_from(*len).map_err(large)?.to_be_bytes());
            at = at.saturating_add(*len);
        }
        boxes::put(&mut body, b"iloc", &iloc);
        boxes::put(&mut body, b"iinf", &iinf);
        if refs.len() > 4 {
            boxes::put(&mut body, b"iref", &refs);
        }
        boxes::put(&mut body, b"iprp", &iprp);
        Ok(boxes::made(b"meta", &body))
    };
    let front = (ftyp.len() as u64).saturating_add(meta_of(0)?.len() as u64).saturating_add(8);
    let size = u32::try_from(data.len().saturating_add(8)).map_err(|_| Kind::Heif.large("it"))?;
    let mut plan = Plan::of(ftyp);
    plan.put(&meta_of(front)?);
    plan.put(&size.to_be_bytes());
    plan.put(b"mdat");
    plan.join(&data, 0);
    Ok(plan)
}

/// The kinds of file it is, of those that say how the picture is coded.
fn ftyp(brands: &[u8]) -> Vec<u8> {
    let all = brands.as_chunks::<4>().0;
    let known = |brand: &&[u8; 4]| BRANDS.contains(brand);
    let major = all.first().filter(known).unwrap_or(b"mif1");
    let mut body = major.to_vec();
    body.extend([0; 4]);
    all.iter().skip(2).filter(known).for_each(|brand| body.extend(brand));
    boxes::made(b"ftyp", &body)
}

type Own = (Vec<(u16, bool)>, u8, Codec);

/// The properties of an item that show it right, each put once into `props`.
fn own_properties(
    meta: &Meta,
    item: &Item,
    props: &mut Vec<([u8; 4], Vec<u8>)>,
    job: &mut Job<'_>,
) -> Result<Own, Refusal> {
    let (mut own, mut size, mut codec) = (Vec::new(), 4, Codec::Other);
    for (index, essential) in &item.properties {
        let Some((name, body)) = meta.property(*index) else {
            return Err(Kind::Heif.damaged("a property that is not there"));
        };
        let fresh = match name {
            b"hvcC" => {
                let (fresh, len) = nal::hvcc(body, Kind::Heif)?;
                (codec, size) = (Codec::Hevc, len);
                fresh
            }
            b"avcC" => {
                let (fresh, len) = nal::avcc(body, Kind::Heif)?;
                (codec, size) = (Codec::Avc, len);
                fresh
            }
            b"av1C" => {
                codec = Codec::Av1;
                nal::av1c(body, Kind::Heif)?
            }
            b"irot" | b"imir" => {
                job.kept(Kept::Orientation);
                body.clone()
            }
            b"ispe" | b"pixi" | b"clap" | b"pasp" | b"a1op" | b"lsel" | b"a1lx" | b"clli"
            | b"mdcv" => body.clone(),
            b"auxC" => {
                let urn = body.get(4..).unwrap_or_default();
                let alpha = ALPHA.iter().find(|alpha| urn.starts_with(alpha));
                [&[0; 4][..], alpha.ok_or(Kind::Heif.odd("a second picture"))?].concat()
            }
            b"colr" if body.starts_with(b"nclx") => body.get(..11).unwrap_or(body).to_vec(),
            b"colr" => match icc::judge(body.get(4..).unwrap_or_default()) {
                icc::Verdict::Known(known) => {
                    job.kept(Kept::Profile);
                    [b"prof", known.as_slice()].concat()
                }
                icc::Verdict::Drop => {
                    job.removed(What::Profile, body.len());
                    continue;
                }
            },
            _ if *essential => {
                let name = String::from_utf8_lossy(name).into_owned();
                return Err(Kind::Heif.odd(format!("a property named {name}")));
            }
            _ => {
                job.removed(What::Private, body.len());
                continue;
            }
        };
        if fresh.len() < body.len() {
            job.removed(What::Encoder, body.len().saturating_sub(fresh.len()));
        }
        let known = props.iter().position(|(n, b)| n == name && *b == fresh);
        let place = known.unwrap_or(props.len());
        if known.is_none() {
            props.push((*name, fresh));
        }
        let index = u16::try_from(place.saturating_add(1)).unwrap_or(u16::MAX);
        own.push((index, *essential));
    }
    Ok((own, size, codec))
}

fn payload(
    view: &mut View<'_>,
    meta: &Meta,
    item: &Item,
    codec: Codec,
    size: u8,
    data: &mut Plan,
    job: &mut Job<'_>,
) -> Result<(), Refusal> {
    let known = match &item.kind {
        b"hvc1" => codec == Codec::Hevc,
        b"av01" => codec == Codec::Av1,
        b"avc1" => codec == Codec::Avc,
        b"grid" | b"iovl" | b"iden" => true,
        _ => false,
    };
    if !known {
        let name = String::from_utf8_lossy(&item.kind).into_owned();
        return Err(Kind::Heif.odd(format!("a picture coded as {name}")));
    }
    let total: u64 = item.extents.iter().fold(0, |sum, (_, len)| sum.saturating_add(*len));
    if total > view.len() {
        return Err(Kind::Heif.damaged("a part in many places"));
    }
    let mut bytes = Vec::new();
    for (at, len) in &item.extents {
        match item.place {
            Some(Place::File) => bytes.extend(view.bytes(*at, *len)?),
            Some(Place::Idat) => {
                let mut reader = Reader::new(&meta.idat, Kind::Heif);
                reader.take(usize::try_from(*at).unwrap_or(usize::MAX))?;
                bytes.extend(reader.take(usize::try_from(*len).unwrap_or(usize::MAX))?);
            }
            None => return Err(Kind::Heif.odd("where a part lies")),
        }
    }
    match (nal::sample(&bytes, codec, size, Kind::Heif)?, item.extents.as_slice(), item.place) {
        (Some(fresh), _, _) => {
            job.removed(What::Encoder, bytes.len().saturating_sub(fresh.len()));
            data.put(&fresh);
        }
        (None, [(at, len)], Some(Place::File)) => data.copy(*at, *len),
        _ => data.put(&bytes),
    }
    Ok(())
}
