//! MP4, M4A and MOV (ISO/IEC 14496-12, 14496-14, QuickTime File Format): the index is written anew
//! in front, and of the media data only what a kept track's samples are made of is carried over.

mod entry;
mod fragments;
mod index;
mod samples;

use index::Track;
use samples::Layout;

use crate::clean::{Job, Kind, Plan, Refusal, View, What, boxes};

const TRACKS_MAX: usize = 64;
const BRANDS: &[&[u8; 4]] = &[
    b"isom", b"iso2", b"iso3", b"iso4", b"iso5", b"iso6", b"mp41", b"mp42", b"M4A ", b"M4V ",
    b"M4B ", b"qt  ", b"3gp4", b"3gp5", b"3gp6", b"3g2a", b"avc1", b"hvc1", b"av01", b"dby1",
];

pub(crate) fn clean(view: &mut View<'_>, job: &mut Job<'_>) -> Result<Plan, Refusal> {
    let (outer, end) = boxes::outer(view, Kind::Mp4)?;
    job.removed_some(What::Tail, view.len().saturating_sub(end));
    let mut brands = b"qt  ".to_vec();
    let mut moov = None;
    let mut media = 0_u64;
    for one in &outer {
        match &one.name {
            b"ftyp" => brands = view.bytes(one.body_at, one.body_len.min(4096))?,
            b"moov" if moov.is_none() => moov = Some(view.bytes(one.body_at, one.body_len)?),
            b"mdat" => media = media.saturating_add(one.body_len),
            // Indexes of fragments: one index takes their place.
            b"moof" | b"sidx" | b"styp" | b"mfra" => {}
            b"free" | b"skip" | b"wide" => job.removed_some(What::Padding, one.body_len),
            _ => job.removed(What::Private, one.body_len),
        }
    }
    let moov = moov.ok_or(Kind::Mp4.damaged("it has no index"))?;
    let (mut head, mut tracks, extends) = read(&moov, job)?;
    if outer.iter().any(|one| one.name == *b"moof") {
        let extends = extends.ok_or(Kind::Mp4.damaged("fragments that its index knows not of"))?;
        fragments::gather(view, &outer, &extends, &mut tracks, &mut head)?;
    }
    let layout = samples::lay_out(view, &tracks, job)?;
    let used = layout.old_bytes;
    job.removed_some(What::Private, media.saturating_sub(used));
    write(&brands, &head, &tracks, &layout)
}

/// The movie's head, the tracks that stay, and what it says of its fragments.
type Index = (Vec<u8>, Vec<Track>, Option<Vec<u8>>);

fn read(moov: &[u8], job: &mut Job<'_>) -> Result<Index, Refusal> {
    let found = boxes::all(moov, Kind::Mp4)?;
    let mut head = None;
    let mut extends = None;
    let mut tracks = Vec::new();
    for one in &found {
        match &one.name {
            b"mvhd" => head = Some(index::movie_head(one.body, job)?),
            b"trak" if tracks.len() < TRACKS_MAX => tracks.push(Track::read(one.body, job)?),
            b"trak" => return Err(Kind::Mp4.large("more tracks than are allowed")),
            b"mvex" => extends = Some(one.body.to_vec()),
            b"cmov" | b"rmra" => return Err(Kind::Mp4.odd("a packed index")),
            b"free" | b"skip" => job.removed_some(What::Padding, one.body.len()),
            b"udta" | b"meta" => job.removed(What::Tags, one.body.len()),
            _ => job.removed(What::Private, one.body.len()),
        }
    }
    // A track of chapters is named by the track it belongs to.
    let chapters: Vec<u32> = tracks.iter().flatten().flat_map(|t| t.chapters.clone()).collect();
    let all = tracks.len();
    let mut tracks: Vec<Track> = tracks.into_iter().flatten().collect();
    tracks.retain(|track| !chapters.contains(&track.id));
    for _ in tracks.len()..all {
        job.removed(What::Track, 0_u8);
    }
    if tracks.is_empty() {
        return Err(Kind::Mp4.damaged("it has neither picture nor sound"));
    }
    let sounds = tracks.iter().filter(|track| track.handler != *b"vide").count();
    for track in &mut tracks {
        track.languages(sounds > 1, job);
    }
    Ok((head.ok_or(Kind::Mp4.damaged("its index has no head"))?, tracks, extends))
}

fn write(brands: &[u8], head: &[u8], tracks: &[Track], layout: &Layout) -> Result<Plan, Refusal> {
    let ftyp = ftyp(brands);
    let total = layout.data.len();
    // A megabyte for each index is plenty: above that the places need 64 bits.
    let wide = total > 0xF000_0000;
    let moov = |base: u64| {
        let mut body = Vec::new();
        boxes::put(&mut body, b"mvhd", head);
        for (track, new) in tracks.iter().zip(&layout.tracks) {
            boxes::put(&mut body, b"trak", &track.write(new, base, wide));
        }
        boxes::made(b"moov", &body)
    };
    let before = (ftyp.len() as u64).saturating_add(moov(0).len() as u64);
    let mdat = match u32::try_from(total.saturating_add(8)) {
        Ok(size) => [&size.to_be_bytes()[..], b"mdat"].concat(),
        Err(_) => [&[0, 0, 0, 1][..], b"mdat", &total.saturating_add(16).to_be_bytes()].concat(),
    };
    let base = before.saturating_add(mdat.len() as u64);
    if !wide && base.saturating_add(total) > u64::from(u32::MAX) {
        return Err(Kind::Mp4.large("its index"));
    }
    let mut plan = Plan::of(ftyp);
    plan.put(&moov(base));
    plan.put(&mdat);
    plan.join(&layout.data, 0);
    Ok(plan)
}

fn ftyp(brands: &[u8]) -> Vec<u8> {
    let all = brands.as_chunks::<4>().0;
    let known = |brand: &&[u8; 4]| BRANDS.contains(brand);
    let major = all.first().filter(known).unwrap_or(b"isom");
    let mut body = major.to_vec();
    body.extend([0; 4]);
    body.extend(major);
    for brand in all.iter().skip(2).filter(known) {
        if brand != major && !body.as_chunks::<4>().0.iter().skip(2).any(|own| own == brand) {
            body.extend(brand);
        }
    }
    boxes::made(b"ftyp", &body)
}
