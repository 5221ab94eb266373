//! Matroska and WebM (RFC 9559): the segment written anew from its tracks and blocks, with an index
//! of its own. Tags, chapters, attachments, names and numbers go.

mod blocks;
mod ebml;
mod tracks;

use blocks::Cluster;
use ebml::{Element, number, put};
use tracks::Track;

use crate::clean::{
    Job, Kind, Plan, Refusal, View, What,
    av::{coded::Coding, mp3},
};

const CLUSTERS_MAX: usize = 1_000_000;

const CLUSTER: u32 = 0x1F43_B675;
const CUES: u32 = 0x1C53_BB6B;

pub(crate) fn clean(view: &mut View<'_>, job: &mut Job<'_>) -> Result<Plan, Refusal> {
    let head = ebml::element(view, 0, view.len())?;
    let head_bytes = view.bytes(head.body_at, head.body_len.min(4096))?;
    let front = front(&head_bytes)?;
    let segment = ebml::element(view, head.end(), view.len())?;
    if head.id != 0x1A45_DFA3 || segment.id != 0x1853_8067 {
        return Err(Kind::Matroska.damaged("it has no segment"));
    }
    let mut info = None;
    let mut all: Option<Vec<Track>> = None;
    let mut clusters = Vec::new();
    let mut at = segment.body_at;
    while at < segment.end() {
        let one = ebml::element(view, at, segment.end())?;
        match one.id {
            0x1549_A966 if info.is_none() => info = Some(view.bytes(one.body_at, one.body_len)?),
            0x1654_AE6B if all.is_none() => {
                all = Some(tracks::read(&view.bytes(one.body_at, one.body_len)?, job)?);
            }
            CLUSTER => {
                let tracks =
                    all.as_deref().ok_or(Kind::Matroska.odd("blocks before their tracks"))?;
                let (cluster, end) = Cluster::read(view, one, tracks, job)?;
                clusters.push(cluster);
                if clusters.len() > CLUSTERS_MAX {
                    return Err(Kind::Matroska.large("more clusters than are allowed"));
                }
                at = end;
                continue;
            }
            0xEC | 0xBF => job.removed(What::Padding, one.body_len),
            0x1254_C367 => job.removed(What::Tags, one.body_len),
            0x1043_A770 => job.removed(What::Tags, one.body_len),
            0x1941_A469 => job.removed(What::Attachment, one.body_len),
            // The list of what lies where, and the index, are made anew.
            0x114D_9B74 | CUES => {}
            _ if one.unknown => return Err(Kind::Matroska.damaged("a part without an end")),
            _ => job.removed(What::Private, one.body_len),
        }
        at = one.end();
    }
    job.removed_some(What::Tail, view.len().saturating_sub(at));
    let all = all.ok_or(Kind::Matroska.damaged("it has no tracks"))?;
    let info = information(&info.ok_or(Kind::Matroska.damaged("it has no head"))?, job)?;
    let mut plan = write(&front, &info, &all, &clusters);
    for track in all.iter().filter(|track| track.coding == Coding::Mp3) {
        let sound = clusters.iter().flat_map(|cluster| &cluster.sound);
        let sound = sound.filter(|(number, ..)| *number == track.number);
        let pieces: Vec<_> = sound.map(|(_, at, len)| (*at, *len)).collect();
        let signed = mp3::signatures(view, &pieces, Kind::Matroska)?;
        job.removed_some(What::Encoder, signed.len());
        plan = plan.patched(&signed);
    }
    Ok(plan)
}

/// The file's own head: what it is and which version.
fn front(bytes: &[u8]) -> Result<Vec<u8>, Refusal> {
    let mut kind: &[u8] = b"matroska";
    let (mut version, mut reads) = (4_u64, 2_u64);
    for (id, body) in ebml::all(bytes)? {
        match id {
            0x4282 if body == b"webm" => kind = b"webm",
            0x4282 if body != b"matroska" => return Err(Kind::Matroska.odd("another kind of EBML")),
            0x4287 => version = number(body),
            0x4285 => reads = number(body),
            _ => {}
        }
    }
    let mut out = Vec::new();
    for (id, value) in [(0x4286, 1), (0x42F7, 1), (0x42F2, 4), (0x42F3, 8)] {
        ebml::put_number(&mut out, id, value);
    }
    put(&mut out, 0x4282, kind);
    ebml::put_number(&mut out, 0x4287, version);
    ebml::put_number(&mut out, 0x4285, reads);
    Ok(ebml::made(0x1A45_DFA3, &out))
}

/// How long it is and in which units; who wrote it must be there, and is nobody.
fn information(bytes: &[u8], job: &mut Job<'_>) -> Result<Vec<u8>, Refusal> {
    let mut out = Vec::new();
    for (id, body) in ebml::all(bytes)? {
        match id {
            0x2AD7B1 => ebml::put_number(&mut out, id, number(body)),
            0x4489 if matches!(body.len(), 4 | 8) => put(&mut out, id, body),
            0x4D80 | 0x5741 => job.removed_some(What::Encoder, body.len()),
            0x7BA9 => job.removed_some(What::Tags, body.len()),
            0x4461 => job.removed(What::Times, body.len()),
            0x73A4 | 0x3CB923 | 0x3EB923 | 0x4444 => job.removed(What::Ids, body.len()),
            0x7384 | 0x3C83AB | 0x3E83BB => job.removed(What::Paths, body.len()),
            0xEC | 0xBF => job.removed(What::Padding, body.len()),
            _ => job.removed(What::Private, body.len()),
        }
    }
    put(&mut out, 0x4D80, b"");
    put(&mut out, 0x5741, b"");
    Ok(ebml::made(0x1549_A966, &out))
}

fn write(front: &[u8], info: &[u8], tracks: &[Track], clusters: &[Cluster]) -> Plan {
    let all: Vec<u8> = tracks.iter().flat_map(Track::write).collect();
    let all = ebml::made(0x1654_AE6B, &all);
    let seek = |cues: u64| {
        let mut one = Vec::new();
        put(&mut one, 0x53AB, &CUES.to_be_bytes());
        put(&mut one, 0x53AC, &cues.to_be_bytes());
        ebml::made(0x114D_9B74, &ebml::made(0x4DBB, &one))
    };
    let mut body = Plan::default();
    let start =
        (seek(0).len() as u64).saturating_add(info.len() as u64).saturating_add(all.len() as u64);
    let lead =
        tracks.iter().find(|track| track.kind == 1).or(tracks.first()).map_or(1, |t| t.number);
    let mut cues = Vec::new();
    for cluster in clusters {
        let place = start.saturating_add(body.len());
        if let Some(time) = cluster.key_time(lead) {
            let mut position = Vec::new();
            ebml::put_number(&mut position, 0xF7, lead);
            ebml::put_number(&mut position, 0xF1, place);
            let mut point = Vec::new();
            ebml::put_number(&mut point, 0xB3, time);
            put(&mut point, 0xB7, &position);
            put(&mut cues, 0xBB, &point);
        }
        cluster.write(&mut body);
    }
    let cues_at = start.saturating_add(body.len());
    let cues = if cues.is_empty() { cues } else { ebml::made(CUES, &cues) };
    let mut plan = Plan::of(front.to_vec());
    let whole = cues_at.saturating_add(cues.len() as u64);
    plan.put(&ebml::head(0x1853_8067, whole));
    // Without an index the list would point nowhere; its place is filled all the same.
    plan.put(&seek(if cues.is_empty() { 0 } else { cues_at }));
    plan.put(info);
    plan.put(&all);
    plan.join(&body, 0);
    plan.put(&cues);
    plan
}
