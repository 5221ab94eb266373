//! WAV (RIFF WAVE): how the sound is coded, how long it is, the sound.

use crate::clean::{Job, Kind, Plan, Refusal, View, What};

/// A format block: 16 bytes, and an extension that says how long it is.
const FORMAT_MAX: u64 = 80;

pub(crate) fn clean(view: &mut View<'_>, job: &mut Job<'_>) -> Result<Plan, Refusal> {
    let size = u64::from(view.le32(4)?);
    let end = size.saturating_add(8).min(view.len());
    if size.saturating_add(8) > view.len().saturating_add(1) {
        return Err(Kind::Wav.damaged("it ends too early"));
    }
    let mut format = None;
    let mut fact = None;
    let mut data = None;
    let mut at = 12_u64;
    while end.saturating_sub(at) >= 8 {
        let name: [u8; 4] = view.array(at)?;
        let len = u64::from(view.le32(at.saturating_add(4))?);
        let body = at.saturating_add(8);
        if len > view.len().saturating_sub(body) {
            return Err(Kind::Wav.damaged("it ends too early"));
        }
        match &name {
            b"fmt " if format.is_none() && (16..=FORMAT_MAX).contains(&len) => {
                format = Some(form(&view.bytes(body, len)?)?);
            }
            b"fact" if len >= 4 && fact.is_none() => {
                fact = Some(view.bytes(body, 4)?);
                job.removed_some(What::Private, len.saturating_sub(4));
            }
            b"data" if data.is_none() => data = Some((body, len)),
            b"data" | b"wavl" | b"fmt " => return Err(Kind::Wav.odd("sound in several pieces")),
            b"JUNK" | b"PAD " | b"FLLR" | b"junk" => job.removed(What::Padding, len),
            b"LIST" | b"id3 " | b"ID3 " | b"iXML" | b"bext" | b"_PMX" => {
                job.removed(What::Tags, len)
            }
            _ => job.removed(What::Private, len),
        }
        at = body.saturating_add(len).saturating_add(len % 2);
    }
    job.removed_some(What::Tail, view.len().saturating_sub(at.min(view.len())));
    let format = format.ok_or(Kind::Wav.damaged("no word on how it is coded"))?;
    let (from, len) = data.ok_or(Kind::Wav.damaged("it has no sound"))?;
    let mut head = Vec::new();
    put(&mut head, b"fmt ", &format);
    if let Some(fact) = fact {
        put(&mut head, b"fact", &fact);
    }
    let large = |_| Kind::Wav.large("it");
    let whole = (head.len() as u64).saturating_add(12).saturating_add(len).saturating_add(len % 2);
    let mut plan = Plan::default();
    plan.put(b"RIFF");
    plan.put(&u32::try_from(whole).map_err(large)?.to_le_bytes());
    plan.put(b"WAVE");
    plan.put(&head);
    plan.put(b"data");
    plan.put(&u32::try_from(len).map_err(large)?.to_le_bytes());
    plan.copy(from, len);
    if len % 2 == 1 {
        plan.put(b"\0");
    }
    Ok(plan)
}

fn put(out: &mut Vec<u8>, name: &[u8; 4], body: &[u8]) {
    out.extend(name);
    out.extend(u32::try_from(body.len()).unwrap_or(u32::MAX).to_le_bytes());
    out.extend(body);
    if body.len() % 2 == 1 {
        out.push(0);
    }
}

/// The format block without anything behind what its extension says it has.
fn form(body: &[u8]) -> Result<Vec<u8>, Refusal> {
    let coding = body.first_chunk().map(|n| u16::from_le_bytes(*n));
    let extra = body.get(16..18).and_then(|n| n.first_chunk()).map(|n| u16::from_le_bytes(*n));
    let len = match (coding, extra) {
        (Some(1), _) | (_, None) => 16,
        (_, Some(extra)) => usize::from(extra).saturating_add(18),
    };
    body.get(..len).map(<[u8]>::to_vec).ok_or(Kind::Wav.damaged("its format"))
}
