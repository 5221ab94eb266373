//! Tracks: how they are coded and shown. Names and random numbers go.

use super::ebml::{self, number, put, put_number};
use crate::clean::{
    Job, Kept, Kind, Refusal, What,
    av::{
        coded::Coding,
        flac,
        nal::{self, Codec},
        ogg,
    },
};

/// Numbers that say how a track is played.
const NUMBERS: &[u32] = &[
    0xB9, 0x88, 0x55AA, 0x55AB, 0x55AC, 0x55AD, 0x55AE, 0x55AF, 0x9C, 0x6DE7, 0x6DF8, 0x23E383,
    0x234E7A, 0x55EE, 0x56AA, 0x56BB,
];

#[derive(Debug)]
pub(super) struct Track {
    pub(super) number: u64,
    /// 1 picture, 2 sound, 17 words.
    pub(super) kind: u64,
    pub(super) coding: Coding,
    /// It says nothing that belongs to the film and is left out.
    pub(super) left_out: bool,
    language: Option<Vec<u8>>,
    body: Vec<u8>,
}

pub(super) fn read(bytes: &[u8], job: &mut Job<'_>) -> Result<Vec<Track>, Refusal> {
    let mut tracks = Vec::new();
    for (id, body) in ebml::all(bytes)? {
        match id {
            0xAE => tracks.push(track(body, job)?),
            0xEC | 0xBF => job.removed(What::Padding, body.len()),
            _ => job.removed(What::Private, body.len()),
        }
    }
    for kind in [1, 2, 17] {
        let several = tracks.iter().filter(|track| track.kind == kind).count() > 1;
        for track in tracks.iter_mut().filter(|track| track.kind == kind) {
            match (&track.language, several) {
                (Some(_), true) => job.kept(Kept::Language),
                (Some(language), false) if language != b"und" => {
                    job.removed(What::Tags, language.len());
                    track.language = None;
                }
                _ => track.language = None,
            }
        }
    }
    match tracks.iter().any(|track| !track.left_out) {
        true => Ok(tracks),
        false => Err(Kind::Matroska.damaged("it has no tracks")),
    }
}

fn track(bytes: &[u8], job: &mut Job<'_>) -> Result<Track, Refusal> {
    let all = ebml::all(bytes)?;
    let find = |wanted| all.iter().find(|(id, _)| *id == wanted).map(|(_, body)| *body);
    let track_number = number(find(0xD7).ok_or(Kind::Matroska.damaged("a track"))?);
    let kind = number(find(0x83).unwrap_or_default());
    let codec = find(0x86).unwrap_or_default();
    let mut track = Track {
        number: track_number,
        kind,
        coding: coding(codec),
        left_out: !matches!(kind, 1 | 2 | 17),
        language: find(0x22B59C).map(<[u8]>::to_vec),
        body: Vec::new(),
    };
    if track.left_out {
        job.removed(What::Track, bytes.len());
        return Ok(track);
    }
    let mut out = Vec::new();
    for (id, body) in all {
        match id {
            0xD7 | 0x73C5 | 0x83 | 0x22B59C => {}
            id if NUMBERS.contains(&id) => put_number(&mut out, id, number(body)),
            0x23314F => put(&mut out, id, body),
            0x86 => put(&mut out, id, body),
            0x63A2 => {
                let private = private(codec, body, &mut track)?;
                job.removed_some(What::Encoder, body.len().saturating_sub(private.len()));
                put(&mut out, id, &private);
            }
            0xE0 | 0xE1 => put(&mut out, id, &shown(body, job)?),
            0x6D80 => {
                encodings(body)?;
                if !track.coding.plain() {
                    return Err(Kind::Matroska.odd("a packed track"));
                }
                put(&mut out, id, body);
            }
            0x536E | 0x258688 | 0x22B59D => job.removed(What::Tags, body.len()),
            0xEC | 0xBF => job.removed(What::Padding, body.len()),
            0xE2 => return Err(Kind::Matroska.odd("a track made of others")),
            _ => job.removed(What::Private, body.len()),
        }
    }
    track.body = out;
    Ok(track)
}

impl Track {
    pub(super) fn write(&self) -> Vec<u8> {
        if self.left_out {
            return Vec::new();
        }
        let mut out = Vec::new();
        put_number(&mut out, 0xD7, self.number);
        put_number(&mut out, 0x73C5, self.number);
        put_number(&mut out, 0x83, self.kind);
        // Nothing said would mean English.
        put(&mut out, 0x22B59C, self.language.as_deref().unwrap_or(b"und"));
        out.extend(&self.body);
        ebml::made(0xAE, &out)
    }
}

fn coding(codec: &[u8]) -> Coding {
    match codec {
        b"V_MPEG4/ISO/AVC" => Coding::Units(Codec::Avc, 4),
        b"V_MPEGH/ISO/HEVC" => Coding::Units(Codec::Hevc, 4),
        b"V_AV1" => Coding::Units(Codec::Av1, 0),
        b"V_MPEG4/ISO/ASP" | b"V_MPEG4/ISO/SP" | b"V_MPEG4/ISO/AP" => Coding::Mpeg4,
        b"V_MJPEG" => Coding::Jpeg,
        b"A_MPEG/L3" => Coding::Mp3,
        _ if codec.starts_with(b"A_AAC") => Coding::Aac,
        _ => Coding::Other,
    }
}

/// What a decoder is told, without who coded it.
fn private(codec: &[u8], body: &[u8], track: &mut Track) -> Result<Vec<u8>, Refusal> {
    let units = |(made, size): (Vec<u8>, u8), codec| (made, Coding::Units(codec, size));
    match codec {
        b"V_MPEG4/ISO/AVC" => {
            let (made, coding) = units(nal::avcc(body, Kind::Matroska)?, Codec::Avc);
            track.coding = coding;
            Ok(made)
        }
        b"V_MPEGH/ISO/HEVC" => {
            let (made, coding) = units(nal::hvcc(body, Kind::Matroska)?, Codec::Hevc);
            track.coding = coding;
            Ok(made)
        }
        b"V_AV1" => nal::av1c(body, Kind::Matroska),
        b"A_VORBIS" => vorbis(body),
        b"A_FLAC" => Ok([b"fLaC", flac::private(body)?.as_slice()].concat()),
        b"A_OPUS" => Ok(body.get(..opus_len(body)).unwrap_or(body).to_vec()),
        b"S_TEXT/ASS" | b"S_TEXT/SSA" => script(body),
        b"V_VP8" | b"V_VP9" | b"V_MPEG1" | b"V_MPEG2" | b"V_FFV1" | b"A_MPEG/L3" | b"A_AC3"
        | b"A_EAC3" | b"A_DTS" | b"A_TRUEHD" | b"A_ALAC" | b"A_PCM/INT/LIT" | b"S_TEXT/UTF8"
        | b"S_HDMV/PGS" => Ok(body.to_vec()),
        _ if codec.starts_with(b"A_AAC") => Ok(body.to_vec()),
        _ if !track.coding.plain() => Ok(track.coding.header(body)),
        _ => {
            let name = String::from_utf8_lossy(codec).into_owned();
            Err(Kind::Matroska.odd(format!("a track coded as {name}")))
        }
    }
}

fn opus_len(body: &[u8]) -> usize {
    match body.get(18) {
        Some(0) => 19,
        _ => usize::from(body.get(9).copied().unwrap_or(0)).saturating_add(21),
    }
}

/// Vorbis' three packets, laced; the comments become empty.
fn vorbis(body: &[u8]) -> Result<Vec<u8>, Refusal> {
    let bad = || Kind::Matroska.damaged("the beginning of Vorbis");
    let (count, mut rest) = body.split_first().ok_or_else(bad)?;
    let mut lens = [0_usize; 2];
    for len in &mut lens {
        loop {
            let (byte, later) = rest.split_first().ok_or_else(bad)?;
            *len = len.saturating_add(usize::from(*byte));
            rest = later;
            if *byte < 255 {
                break;
            }
        }
    }
    let [first, second] = lens;
    let (head, rest) = rest.split_at_checked(first).ok_or_else(bad)?;
    let (tags, setup) = rest.split_at_checked(second).ok_or_else(bad)?;
    if *count != 2 || !tags.starts_with(b"\x03vorbis") || first >= 255 {
        return Err(bad());
    }
    let size = |part: &[u8]| u8::try_from(part.len()).unwrap_or(0);
    Ok([&[2, size(head), size(ogg::VORBIS_TAGS)][..], head, ogg::VORBIS_TAGS, setup].concat())
}

/// Words with their look: the script's head keeps what places them.
fn script(body: &[u8]) -> Result<Vec<u8>, Refusal> {
    const KEPT: [&str; 9] = [
        "ScriptType",
        "PlayResX",
        "PlayResY",
        "WrapStyle",
        "ScaledBorderAndShadow",
        "Collisions",
        "Timer",
        "YCbCr Matrix",
        "LayoutResX",
    ];
    let text =
        std::str::from_utf8(body).map_err(|_| Kind::Matroska.odd("words that are not UTF-8"))?;
    let mut out = String::new();
    let mut head = false;
    for line in text.trim_start_matches('\u{feff}').lines() {
        if line.starts_with('[') {
            head = line.starts_with("[Script Info");
            let known = head || line.starts_with("[V4") || line.starts_with("[Events");
            if !known {
                break;
            }
        }
        let said = line.split_once(':').map_or("", |(name, _)| name);
        if !line.starts_with(';') && (!head || line.starts_with('[') || KEPT.contains(&said)) {
            out.push_str(line);
            out.push_str("\r\n");
        }
    }
    Ok(out.into_bytes())
}

/// How a track is shown or heard: numbers, and colours as numbers.
fn shown(bytes: &[u8], job: &mut Job<'_>) -> Result<Vec<u8>, Refusal> {
    let mut out = Vec::new();
    for (id, body) in ebml::all(bytes)? {
        match id {
            0x55B0 | 0x7670 | 0x55D0 => {
                let inner = shown(body, job)?;
                put(&mut out, id, &inner);
            }
            0xEC | 0xBF => job.removed(What::Padding, body.len()),
            0x2EB524 if body.len() <= 4 => put(&mut out, id, body),
            _ if body.len() <= 8 => put(&mut out, id, body),
            // A projection's own data: a map of a sphere.
            0x7672 if body.len() <= 64 => put(&mut out, id, body),
            _ => job.removed(What::Private, body.len()),
        }
    }
    Ok(out)
}

fn encodings(bytes: &[u8]) -> Result<(), Refusal> {
    for (_, one) in ebml::all(bytes)? {
        if ebml::all(one)?.iter().any(|(id, _)| *id == 0x5035) {
            return Err(Refusal::Encrypted { kind: Kind::Matroska });
        }
    }
    Ok(())
}
