//! Streams of a document: pictures cleaned as files of their own, nothing behind the end of what is
//! compressed, colour profiles without their makers.

use lopdf::{Document, Object, Stream};

use crate::clean::{
    Job, Kind, Refusal, What, boxes, nested,
    pack::deflate::{self, Wrap},
    reader::Reader,
};

const PROFILE_MAX: u64 = 16 << 20;

pub(super) fn clean(old: &Document, own: &Stream, job: &mut Job<'_>) -> Result<Stream, Refusal> {
    let mut made = own.clone();
    // Its length is written anew, and may have been an object of its own.
    made.dict.remove(b"Length");
    if own.dict.has(b"F") {
        return Err(Kind::Pdf.odd("a stream in another file"));
    }
    let filters = filters(old, own);
    match filters.iter().map(Vec::as_slice).collect::<Vec<_>>().as_slice() {
        [b"DCTDecode" | b"DCT"] => {
            let (kind, clean) = nested(own.content.clone(), "picture", job)?;
            if kind != Kind::Jpeg {
                return Err(Kind::Pdf.damaged("a picture"));
            }
            made.content = clean;
        }
        [b"JPXDecode"] => made.content = jpeg2000(&own.content, job)?,
        [.., b"Crypt"] => return Err(Refusal::Encrypted { kind: Kind::Pdf }),
        [b"FlateDecode" | b"Fl", rest @ ..] => {
            let limit = job.unfold_left();
            let mut size = 0_u64;
            let end = deflate::unfold(&own.content, Wrap::Zlib, limit, Kind::Pdf, |some| {
                size = size.saturating_add(some.len() as u64);
            });
            job.unfolded(size, Kind::Pdf)?;
            match end {
                Ok(end) => {
                    let spare = own.content.len().saturating_sub(end);
                    // A line end before `endstream` is not counted by everybody.
                    job.removed_some(What::Tail, if spare <= 2 { 0 } else { spare });
                    made.content.truncate(end);
                }
                Err(why @ Refusal::TooLarge { .. }) => return Err(why),
                // Viewers show what they can of a broken stream, so it stays as it is.
                Err(_) => {}
            }
            if rest.is_empty()
                && own.dict.has(b"N")
                && !own.dict.has(b"First")
                && !own.dict.has(b"DecodeParms")
            {
                profile(&mut made, job)?;
            }
        }
        _ => {}
    }
    Ok(made)
}

fn filters(old: &Document, own: &Stream) -> Vec<Vec<u8>> {
    let look = |object: &Object| match object {
        Object::Reference(id) => old.get_object(*id).ok().cloned(),
        object => Some(object.clone()),
    };
    let name = |object: &Object| look(object).and_then(|o| o.as_name().ok().map(<[u8]>::to_vec));
    match own.dict.get(b"Filter").ok().and_then(look) {
        Some(Object::Array(all)) => all.iter().filter_map(name).collect(),
        Some(one) => name(&one).into_iter().collect(),
        None => Vec::new(),
    }
}

/// A colour profile: its maker, model, times and numbers become zero; its colours stay.
fn profile(made: &mut Stream, job: &mut Job<'_>) -> Result<(), Refusal> {
    let mut body = Vec::new();
    deflate::unfold(&made.content, Wrap::Zlib, PROFILE_MAX, Kind::Pdf, |some| body.extend(some))?;
    if body.get(36..40) != Some(b"acsp") {
        return Ok(());
    }
    let before = body.clone();
    for range in [4..8, 24..36, 40..44, 48..56, 80..84, 84..100] {
        body.get_mut(range).unwrap_or_default().fill(0);
    }
    if body != before {
        job.removed(What::Profile, 52_u8);
        made.content = deflate::fold(&body, Wrap::Zlib);
    }
    Ok(())
}

/// JPEG 2000 (ISO/IEC 15444-1): the boxes that are the picture, its codes without comments.
fn jpeg2000(bytes: &[u8], job: &mut Job<'_>) -> Result<Vec<u8>, Refusal> {
    if bytes.starts_with(b"\xFF\x4F") {
        return codes(bytes, job);
    }
    let mut out = Vec::new();
    for one in boxes::all(bytes, Kind::Pdf)? {
        match &one.name {
            b"jP  " | b"ftyp" | b"jp2h" => boxes::put(&mut out, &one.name, one.body),
            b"jp2c" => boxes::put(&mut out, &one.name, &codes(one.body, job)?),
            _ => job.removed(What::Xmp, one.body.len()),
        }
    }
    Ok(out)
}

fn codes(bytes: &[u8], job: &mut Job<'_>) -> Result<Vec<u8>, Refusal> {
    let mut reader = Reader::new(bytes, Kind::Pdf);
    let mut out = reader.take(2)?.to_vec();
    loop {
        let rest = reader.rest();
        let marker = reader.be16()?;
        // The first tile begins: no more of the main head.
        if marker == 0xFF90 {
            out.extend(rest);
            return Ok(out);
        }
        let len = reader.be16()?;
        let body = reader.take(usize::from(len.saturating_sub(2)))?;
        if marker == 0xFF64 {
            job.removed(What::Comment, body.len());
        } else {
            out.extend(marker.to_be_bytes());
            out.extend(len.to_be_bytes());
            out.extend(body);
        }
    }
}
