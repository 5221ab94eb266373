//! AVI (RIFF): heads of streams, their pieces in order, and an index made anew.

use std::collections::BTreeMap;

use crate::clean::{
    Job, Kind, Plan, Refusal, View, What,
    av::{coded::Coding, mp3, nal::Codec},
    reader::Reader,
};

const STREAMS_MAX: usize = 64;
const PIECES_MAX: usize = 10_000_000;

struct Stream {
    head: Vec<u8>,
    format: Vec<u8>,
    coding: Coding,
    picture: bool,
}

struct Movie {
    head: Vec<u8>,
    streams: Vec<Stream>,
}

struct Piece {
    name: [u8; 4],
    at: u64,
    len: u64,
}

pub(crate) fn clean(view: &mut View<'_>, job: &mut Job<'_>) -> Result<Plan, Refusal> {
    let whole = u64::from(view.le32(4)?).saturating_add(8);
    if whole > view.len().saturating_add(1) {
        return Err(Kind::Avi.damaged("it ends too early"));
    }
    let whole = whole.min(view.len());
    let mut movie = None;
    let mut pieces = None;
    let mut old = Vec::new();
    let mut at = 12_u64;
    while whole.saturating_sub(at) >= 8 {
        let (name, body, len) = chunk(view, at)?;
        let list: [u8; 4] = if name == *b"LIST" { view.array(body)? } else { [0; 4] };
        match (&name, &list) {
            (b"LIST", b"hdrl") if movie.is_none() => {
                movie =
                    Some(heads(&view.bytes(body.saturating_add(4), len.saturating_sub(4))?, job)?);
            }
            (b"LIST", b"movi") if pieces.is_none() => {
                let mut found = Vec::new();
                inside(view, body.saturating_add(4), len.saturating_sub(4), 0, &mut found, job)?;
                pieces = Some((found, body));
            }
            (b"idx1", _) => old = view.bytes(body, len)?,
            (b"JUNK", _) => job.removed(What::Padding, len),
            (b"LIST", b"INFO") => job.removed(What::Tags, len),
            _ => job.removed(What::Private, len),
        }
        at = body.saturating_add(len).saturating_add(len % 2);
    }
    if view.starts(at, b"RIFF") && view.starts(at.saturating_add(8), b"AVIX") {
        return Err(Refusal::Unsupported {
            name: "an AVI larger than a gigabyte".into(),
            instead: "MP4".into(),
        });
    }
    job.removed_some(What::Tail, view.len().saturating_sub(at.min(view.len())));
    let movie = movie.ok_or(Kind::Avi.damaged("it has no head"))?;
    let (pieces, movi) = pieces.ok_or(Kind::Avi.damaged("it has no pictures"))?;
    write(view, &movie, &pieces, &flags(&old, movi), job)
}

fn chunk(view: &mut View<'_>, at: u64) -> Result<([u8; 4], u64, u64), Refusal> {
    let len = u64::from(view.le32(at.saturating_add(4))?);
    let body = at.saturating_add(8);
    if body.saturating_add(len) > view.len() {
        return Err(Kind::Avi.damaged("it ends too early"));
    }
    Ok((view.array(at)?, body, len))
}

/// Which pieces stand alone, by their place: the old index counts from `movi` or from the file.
fn flags(old: &[u8], movi: u64) -> BTreeMap<u64, u32> {
    let entries = old.as_chunks::<16>().0.iter();
    let entries = entries.map(|e| {
        let flags = u32::from_le_bytes([e[4], e[5], e[6], e[7]]);
        (u64::from(u32::from_le_bytes([e[8], e[9], e[10], e[11]])), flags & 0x10)
    });
    let absolute = entries.clone().next().is_some_and(|(at, _)| at >= movi);
    entries
        .map(|(at, flags)| (if absolute { at } else { at.saturating_add(movi) }, flags))
        .collect()
}

fn inside(
    view: &mut View<'_>,
    from: u64,
    len: u64,
    depth: u8,
    found: &mut Vec<Piece>,
    job: &mut Job<'_>,
) -> Result<(), Refusal> {
    let end = from.saturating_add(len);
    let mut at = from;
    while end.saturating_sub(at) >= 8 {
        let (name, body, len) = chunk(view, at)?;
        if body.saturating_add(len) > end || found.len() >= PIECES_MAX {
            return Err(Kind::Avi.damaged("its pieces"));
        }
        match &name {
            b"LIST" if depth == 0 && len >= 4 => {
                inside(view, body.saturating_add(4), len.saturating_sub(4), 1, found, job)?;
            }
            [a, b, b'd', b'b' | b'c'] | [a, b, b'w', b'b'] | [a, b, b'p', b'c']
                if a.is_ascii_digit() && b.is_ascii_digit() =>
            {
                found.push(Piece { name, at, len });
            }
            b"JUNK" => job.removed(What::Padding, len),
            _ => job.removed(What::Private, len),
        }
        at = body.saturating_add(len).saturating_add(len % 2);
    }
    Ok(())
}

/// A chunk in memory: its name and what it holds.
type Chunk<'b> = ([u8; 4], &'b [u8]);

fn list(bytes: &[u8]) -> Result<Vec<Chunk<'_>>, Refusal> {
    let mut reader = Reader::new(bytes, Kind::Avi);
    let mut found = Vec::new();
    while reader.left() >= 8 {
        let name = reader.array()?;
        let len = reader.le32()?;
        found.push((name, reader.take32(len)?));
        if len % 2 == 1 && !reader.is_empty() {
            reader.u8()?;
        }
    }
    Ok(found)
}

fn heads(bytes: &[u8], job: &mut Job<'_>) -> Result<Movie, Refusal> {
    let mut head = None;
    let mut streams = Vec::new();
    for (name, body) in list(bytes)? {
        match (&name, body.split_first_chunk::<4>()) {
            (b"avih", _) => head = body.get(..56).map(<[u8]>::to_vec),
            (b"LIST", Some((b"strl", inner))) if streams.len() < STREAMS_MAX => {
                streams.push(stream(inner, job)?);
            }
            (b"LIST", Some((b"odml", _))) | (b"JUNK", _) => job.removed(What::Padding, body.len()),
            _ => job.removed(What::Private, body.len()),
        }
    }
    let mut head = head.ok_or(Kind::Avi.damaged("it has no head"))?;
    // Reserved words; the first two numbers of a stream's rate stay.
    head.iter_mut().skip(40).for_each(|byte| *byte = 0);
    if streams.is_empty() {
        return Err(Kind::Avi.damaged("it has no streams"));
    }
    Ok(Movie { head, streams })
}

fn stream(bytes: &[u8], job: &mut Job<'_>) -> Result<Stream, Refusal> {
    let bad = || Kind::Avi.damaged("the head of a stream");
    let (mut head, mut format) = (None, None);
    for (name, body) in list(bytes)? {
        match &name {
            b"strh" => head = body.get(..48).map(<[u8]>::to_vec).or(Some(body.to_vec())),
            b"strf" => format = Some(body),
            b"JUNK" => job.removed(What::Padding, body.len()),
            b"strn" | b"strd" => job.removed(What::Tags, body.len()),
            b"indx" => job.removed(What::Padding, body.len()),
            _ => job.removed(What::Private, body.len()),
        }
    }
    let mut head = head.ok_or_else(bad)?;
    let format = format.ok_or_else(bad)?;
    head.resize(56, 0);
    let picture = head.starts_with(b"vids");
    if !picture && !head.starts_with(b"auds") {
        return Err(Kind::Avi.odd("a stream that is neither picture nor sound"));
    }
    let (format, coding) =
        if picture { picture_format(format, job)? } else { sound_format(format)? };
    Ok(Stream { head, format, coding, picture })
}

fn picture_format(format: &[u8], job: &mut Job<'_>) -> Result<(Vec<u8>, Coding), Refusal> {
    let (fixed, rest) =
        format.split_at_checked(40).ok_or(Kind::Avi.damaged("the head of a stream"))?;
    let word: [u8; 4] =
        fixed.get(16..20).and_then(|w| w.first_chunk()).copied().unwrap_or_default();
    let coding = match &word.map(|c| c.to_ascii_uppercase()) {
        b"H264" | b"X264" | b"AVC1" => Coding::Starts(Codec::Avc),
        b"HEVC" | b"H265" => Coding::Starts(Codec::Hevc),
        b"XVID" | b"DIVX" | b"DX50" | b"FMP4" | b"MP4V" => Coding::Mpeg4,
        b"MJPG" => Coding::Jpeg,
        b"DIB " | b"\0\0\0\0" | b"FFV1" | b"HFYU" | b"MPG4" | b"MP42" | b"MP43" | b"DIV3"
        | b"H263" | b"I420" | b"YUY2" | b"UYVY" | b"YV12" | b"VP80" | b"VP90" | b"CVID"
        | b"MSVC" => Coding::Other,
        _ => {
            let name = String::from_utf8_lossy(&word).into_owned();
            return Err(Kind::Avi.odd(format!("pictures coded as {name}")));
        }
    };
    let extra = coding.header(rest);
    job.removed_some(What::Encoder, rest.len().saturating_sub(extra.len()));
    let mut made = fixed.to_vec();
    let size = u32::try_from(extra.len().saturating_add(40)).unwrap_or(40);
    let palette = matches!(coding, Coding::Other) && fixed.get(14).is_some_and(|bits| *bits <= 8);
    // The head says how much of what follows belongs to it; a palette does not.
    let size = if palette { 40 } else { size };
    made.iter_mut().zip(size.to_le_bytes()).for_each(|(byte, new)| *byte = new);
    // Points for each metre.
    made.iter_mut().skip(24).take(8).for_each(|byte| *byte = 0);
    made.extend(extra);
    Ok((made, coding))
}

fn sound_format(format: &[u8]) -> Result<(Vec<u8>, Coding), Refusal> {
    let coding = format.first_chunk().map(|n| u16::from_le_bytes(*n));
    let extra = format.get(16..18).and_then(|n| n.first_chunk()).map(|n| u16::from_le_bytes(*n));
    let len = match (coding, extra) {
        (Some(1), _) | (_, None) => 16,
        (_, Some(extra)) => usize::from(extra).saturating_add(18),
    };
    let made = format.get(..len).ok_or(Kind::Avi.damaged("the head of a stream"))?;
    Ok((
        made.to_vec(),
        match coding {
            Some(0xFF) => Coding::Aac,
            Some(0x55) => Coding::Mp3,
            _ => Coding::Other,
        },
    ))
}

fn put(out: &mut Vec<u8>, name: &[u8; 4], body: &[u8]) {
    out.extend(name);
    out.extend(u32::try_from(body.len()).unwrap_or(u32::MAX).to_le_bytes());
    out.extend(body);
    if body.len() % 2 == 1 {
        out.push(0);
    }
}

fn write(
    view: &mut View<'_>,
    movie: &Movie,
    pieces: &[Piece],
    flags: &BTreeMap<u64, u32>,
    job: &mut Job<'_>,
) -> Result<Plan, Refusal> {
    let mut data = Plan::default();
    let mut index = Vec::new();
    let mut sound: BTreeMap<usize, Vec<(u64, u64)>> = BTreeMap::new();
    for piece in pieces {
        let [a, b, ..] = piece.name;
        let number = usize::from(a & 15).saturating_mul(10).saturating_add(usize::from(b & 15));
        let stream = movie.streams.get(number).ok_or(Kind::Avi.damaged("a piece of no stream"))?;
        let body = piece.at.saturating_add(8);
        if stream.coding == Coding::Mp3 {
            sound.entry(number).or_default().push((body, piece.len));
        }
        let fresh = match stream.coding.plain() || piece.len == 0 {
            true => None,
            false => stream.coding.sample(&view.bytes(body, piece.len)?, Kind::Avi)?,
        };
        let len = fresh.as_ref().map_or(piece.len, |fresh| fresh.len() as u64);
        let len32 = u32::try_from(len).map_err(|_| Kind::Avi.large("it"))?.to_le_bytes();
        let key = flags.get(&piece.at).copied().unwrap_or(if stream.picture { 0 } else { 0x10 });
        let place =
            u32::try_from(data.len().saturating_add(4)).map_err(|_| Kind::Avi.large("it"))?;
        index.extend(piece.name);
        index.extend(key.to_le_bytes());
        index.extend(place.to_le_bytes());
        index.extend(len32);
        data.put(&piece.name);
        data.put(&len32);
        match fresh {
            None => data.copy(body, len),
            Some(fresh) => {
                job.removed(What::Encoder, piece.len.saturating_sub(len));
                data.put(&fresh);
            }
        }
        if len % 2 == 1 {
            data.put(b"\0");
        }
    }
    for pieces in sound.values() {
        let signed = mp3::signatures(view, pieces, Kind::Avi)?;
        job.removed_some(What::Encoder, signed.len());
        data = data.patched(&signed);
    }
    let mut hdrl = b"hdrl".to_vec();
    put(&mut hdrl, b"avih", &movie.head);
    for stream in &movie.streams {
        let mut strl = b"strl".to_vec();
        put(&mut strl, b"strh", &stream.head);
        put(&mut strl, b"strf", &stream.format);
        put(&mut hdrl, b"LIST", &strl);
    }
    let mut front = b"AVI ".to_vec();
    put(&mut front, b"LIST", &hdrl);
    let movi = u32::try_from(data.len().saturating_add(4)).map_err(|_| Kind::Avi.large("it"))?;
    let mut back = Vec::new();
    put(&mut back, b"idx1", &index);
    let total = (front.len() as u64)
        .saturating_add(12)
        .saturating_add(data.len())
        .saturating_add(back.len() as u64);
    let mut plan = Plan::default();
    plan.put(b"RIFF");
    plan.put(&u32::try_from(total).map_err(|_| Kind::Avi.large("it"))?.to_le_bytes());
    plan.put(&front);
    plan.put(b"LIST");
    plan.put(&movi.to_le_bytes());
    plan.put(b"movi");
    plan.join(&data, 0);
    plan.put(&back);
    Ok(plan)
}
