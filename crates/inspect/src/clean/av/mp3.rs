//! MP3 (ISO/IEC 11172-3, 13818-3, layer III): the frames. Tags before and behind go, and so do
//! bits between the frames' data, where coders sign; the first frame's table for seeking stays
//! without its coder's name.
//!
//! Facts on the first frame: the Xing and LAME tag descriptions (gabriel.mp3-tech.org/mp3infotag).

use std::collections::VecDeque;

use crate::clean::{Job, Kept, Kind, Plan, Refusal, View, What};

/// The reservoir: how far back a frame's data can begin, with room for a whole frame.
const BACK_MAX: usize = 16;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Head {
    /// MPEG 1; otherwise 2 or 2.5, with half as many granules.
    full: bool,
    mono: bool,
    checked: bool,
    len: u64,
    /// Version and rate, which stay the same from frame to frame.
    class: (u8, u8),
}

const RATES_FULL: [u64; 15] = [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320];
const RATES_HALF: [u64; 15] = [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160];

fn head([a, b, c, d]: [u8; 4]) -> Option<Head> {
    if a != 0xFF || b & 0xE6 != 0xE2 {
        return None;
    }
    let version = b >> 3 & 3;
    let rate = match c >> 2 & 3 {
        0 => 44_100_u64,
        1 => 48_000,
        2 => 32_000,
        _ => return None,
    };
    let (full, rate) = match version {
        3 => (true, rate),
        2 => (false, rate / 2),
        0 => (false, rate / 4),
        _ => return None,
    };
    let table = if full { RATES_FULL } else { RATES_HALF };
    let kilobits = table.get(usize::from(c >> 4)).copied().filter(|rate| *rate > 0)?;
    let units: u64 = if full { 144_000 } else { 72_000 };
    let len =
        units.saturating_mul(kilobits).checked_div(rate)?.saturating_add(u64::from(c >> 1 & 1));
    Some(Head { full, mono: d >> 6 == 3, checked: b & 1 == 0, len, class: (version, c >> 2 & 3) })
}

impl Head {
    /// Where the data of a frame begins.
    fn data_at(self) -> usize {
        let side = match (self.full, self.mono) {
            (true, false) => 32,
            (true, true) | (false, false) => 17,
            (false, true) => 9,
        };
        let front = if self.checked { 6_usize } else { 4 };
        front.saturating_add(side)
    }
}

/// The data bytes of a frame, and their place in the stream of all data.
struct Area {
    stream_at: u64,
    file_at: u64,
    bytes: Vec<u8>,
}

pub(crate) fn clean(view: &mut View<'_>, job: &mut Job<'_>) -> Result<Plan, Refusal> {
    let start = start(view, job)?;
    let mut at = start;
    let mut class = None;
    let mut tag = None;
    let mut frames = 0_u32;
    let mut ancillary = Ancillary::default();
    while view.len().saturating_sub(at) >= 4 {
        let Some(head) = head(view.array(at)?) else { break };
        if class.is_some_and(|class| class != head.class)
            || head.len > view.len().saturating_sub(at)
        {
            break;
        }
        class = Some(head.class);
        let bytes = view.bytes(at, head.len)?;
        if frames == 0 && tag.is_none() && is_tag(&bytes, head) {
            tag = Some((head, bytes));
        } else {
            ancillary.frame(at, &bytes, head)?;
            frames = frames.saturating_add(1);
        }
        at = at.saturating_add(head.len);
    }
    if frames == 0 {
        return Err(Kind::Mp3.damaged("it has no sound"));
    }
    ancillary.finish();
    tail(view, at, class, job)?;
    let mut plan = Plan::default();
    let mut from = start;
    if let Some((head, bytes)) = tag {
        let size = at.saturating_sub(start);
        let fresh = rewritten(&bytes, head, frames, size, job);
        if fresh != bytes {
            job.removed(What::Encoder, 9);
        }
        plan.put(&fresh);
        from = start.saturating_add(head.len);
    }
    job.removed_some(What::Encoder, ancillary.patches.len());
    plan.copy(from, at.saturating_sub(from));
    Ok(plan.patched(&ancillary.patches))
}

/// A stream of MP3 in pieces of another file, each a place and a length: the bytes in which its coder
/// signed, and what they become. A piece that is not made of whole frames is left as it is.
pub(crate) fn signatures(
    view: &mut View<'_>,
    pieces: &[(u64, u64)],
    kind: Kind,
) -> Result<Vec<(u64, u8)>, Refusal> {
    let mut ancillary = Ancillary::default();
    for (at, len) in pieces {
        let bytes = view.bytes(*at, *len)?;
        let mut rest = bytes.as_slice();
        while !rest.is_empty() {
            let own = rest.first_chunk().and_then(|first| head(*first));
            let frame = own.and_then(|own| {
                let len = usize::try_from(own.len).ok()?;
                Some((own, rest.split_at_checked(len)?))
            });
            let Some((own, (frame, later))) = frame else {
                ancillary.end_bits = None;
                ancillary.areas.clear();
                break;
            };
            let here = at.saturating_add(bytes.len().saturating_sub(rest.len()) as u64);
            ancillary.frame(here, frame, own).map_err(|_| kind.damaged("its sound"))?;
            rest = later;
        }
    }
    ancillary.finish();
    Ok(ancillary.patches)
}

/// Where the first frame is: behind ID3v2 tags and padding.
fn start(view: &mut View<'_>, job: &mut Job<'_>) -> Result<u64, Refusal> {
    let mut at = 0_u64;
    while view.starts(at, b"ID3") {
        let [flags, a, b, c, d] = view.array::<5>(at.saturating_add(5))?;
        let size = [a, b, c, d].iter().fold(0_u64, |all, byte| all << 7 | u64::from(byte & 0x7F));
        let foot = if flags & 0x10 != 0 { 10 } else { 0 };
        let len = size.saturating_add(10).saturating_add(foot);
        job.removed(What::Tags, len);
        at = at.saturating_add(len);
    }
    let from = at;
    // Padding and the rest of a broken tag, up to two frames that fit together.
    while at.saturating_sub(from) < 1 << 20 {
        if run(view, at, 2, None)? {
            job.removed_some(What::Padding, at.saturating_sub(from));
            return Ok(at);
        }
        at = at.saturating_add(1);
    }
    Err(Kind::Mp3.damaged("it has no sound"))
}

/// Whether so many frames follow each other from `at`; the file may end after one.
fn run(view: &mut View<'_>, at: u64, count: u32, class: Option<(u8, u8)>) -> Result<bool, Refusal> {
    let (mut at, mut class) = (at, class);
    for n in 0..count {
        if view.len().saturating_sub(at) < 4 {
            return if n == 0 {
                Err(Kind::Mp3.damaged("it has no sound"))
            } else {
                Ok(at == view.len())
            };
        }
        let Some(head) = head(view.array(at)?) else { return Ok(n > 0 && view.starts(at, b"TAG")) };
        if class.is_some_and(|class| class != head.class) {
            return Ok(false);
        }
        class = Some(head.class);
        at = at.saturating_add(head.len);
    }
    Ok(true)
}

/// What lies behind the last frame goes, unless more frames follow it: then sound would be lost.
fn tail(
    view: &mut View<'_>,
    at: u64,
    class: Option<(u8, u8)>,
    job: &mut Job<'_>,
) -> Result<(), Refusal> {
    let len = view.len().saturating_sub(at);
    let tags =
        view.starts(at, b"TAG") || view.starts(at, b"APETAGEX") || view.starts(at, b"LYRICSBEGIN");
    let last = view.len().saturating_sub(4);
    let mut look = at;
    while !tags && look < last && look.saturating_sub(at) < 1 << 20 {
        if view.window(look)?.first() == Some(&0xFF) && run(view, look, 4, class).unwrap_or(false) {
            return Err(Kind::Mp3.damaged("a hole in the sound"));
        }
        look = look.saturating_add(1);
    }
    job.removed_some(if tags { What::Tags } else { What::Tail }, len);
    Ok(())
}

fn is_tag(bytes: &[u8], head: Head) -> bool {
    let body = bytes.get(head.data_at()..).unwrap_or_default();
    body.starts_with(b"Xing") || body.starts_with(b"Info")
}

/// The first frame's tag: how many frames and bytes, the table for seeking, silence to skip.
fn rewritten(bytes: &[u8], head: Head, frames: u32, size: u64, job: &mut Job<'_>) -> Vec<u8> {
    let at = head.data_at();
    let mut out = bytes.get(..4).unwrap_or_default().to_vec();
    out.resize(at, 0);
    let body = bytes.get(at..).unwrap_or_default();
    let flags = body.get(4..8).and_then(|n| n.first_chunk()).map_or(0, |n| u32::from_be_bytes(*n));
    out.extend(body.get(..4).unwrap_or_default());
    out.extend((flags & 7).to_be_bytes());
    let mut read = 8_usize;
    if flags & 1 != 0 {
        out.extend(frames.to_be_bytes());
        read = read.saturating_add(4);
    }
    if flags & 2 != 0 {
        out.extend(u32::try_from(size).unwrap_or(0).to_be_bytes());
        read = read.saturating_add(4);
    }
    if flags & 4 != 0 {
        out.extend(body.get(read..read.saturating_add(100)).unwrap_or_default());
        read = read.saturating_add(100);
    }
    if flags & 8 != 0 {
        read = read.saturating_add(4);
    }
    let extension = body.get(read..read.saturating_add(36)).unwrap_or_default();
    let known = [b"LAME", b"Lavf", b"Lavc", b"L3.9", b"GOGO"];
    let delays = extension.get(21..24).filter(|delays| delays.iter().any(|byte| *byte != 0));
    if let (Some(delays), true) = (delays, known.iter().any(|name| extension.starts_with(*name))) {
        job.kept(Kept::Gapless);
        // Players look for this word before they believe the silence; it is the same whoever coded.
        out.extend(b"LAME");
        out.extend([0; 17]);
        out.extend(delays);
        out.extend([0; 10]);
        let sum = out.iter().fold(0_u16, |sum, byte| arc(sum, *byte));
        out.extend(sum.to_be_bytes());
    }
    out.resize(bytes.len(), 0);
    out
}

/// CRC-16/ARC, one byte on.
fn arc(sum: u16, byte: u8) -> u16 {
    (0..8).fold(sum ^ u16::from(byte), |sum, _| sum >> 1 ^ if sum & 1 == 1 { 0xA001 } else { 0 })
}

/// Finds bits between the data of one frame and that of the next.
#[derive(Default)]
struct Ancillary {
    areas: VecDeque<Area>,
    stream: u64,
    /// Where the data of the frame before ended, in bits of the stream.
    end_bits: Option<u64>,
    patches: Vec<(u64, u8)>,
}

impl Ancillary {
    fn frame(&mut self, file_at: u64, bytes: &[u8], head: Head) -> Result<(), Refusal> {
        let at = head.data_at();
        let short = Kind::Mp3.damaged("a frame too short");
        let (front, data) = bytes.split_at_checked(at).ok_or(short)?;
        let side = front.get(if head.checked { 6 } else { 4 }..).unwrap_or_default();
        let channels: usize = if head.mono { 1 } else { 2 };
        let (begin, mut bit, parts, step) = match head.full {
            true => (
                bits(side, 0, 9),
                if head.mono { 18_usize } else { 20 },
                channels.saturating_mul(2),
                59_usize,
            ),
            false => (bits(side, 0, 8), if head.mono { 9 } else { 10 }, channels, 63),
        };
        let mut length = 0_u64;
        for _ in 0..parts {
            length = length.saturating_add(bits(side, bit, 12));
            bit = bit.saturating_add(step);
        }
        let here = self.stream;
        self.areas.push_back(Area {
            stream_at: here,
            file_at: file_at.saturating_add(at as u64),
            bytes: data.to_vec(),
        });
        self.stream = here.saturating_add(data.len() as u64);
        // The data of a frame that begins before what is known cannot be decoded: it touches nothing.
        match here.checked_sub(begin) {
            Some(from) => {
                let from = from.saturating_mul(8);
                self.blank(from);
                let end = from.saturating_add(length);
                let whole = end <= self.stream.saturating_mul(8);
                self.end_bits = whole.then_some(end);
            }
            None => self.end_bits = None,
        }
        while self.areas.len() > BACK_MAX {
            self.areas.pop_front();
        }
        Ok(())
    }

    /// Blanks from the end of the last data to `to`, in bits of the stream.
    fn blank(&mut self, to: u64) {
        let Some(from) = self.end_bits else { return };
        for area in &self.areas {
            let end = area.stream_at.saturating_add(area.bytes.len() as u64).saturating_mul(8);
            if end <= from || area.stream_at.saturating_mul(8) >= to {
                continue;
            }
            for (n, byte) in area.bytes.iter().enumerate() {
                let first = area.stream_at.saturating_add(n as u64).saturating_mul(8);
                if *byte == 0 || first >= to || first.saturating_add(8) <= from {
                    continue;
                }
                let keep = u32::try_from(from.saturating_sub(first)).unwrap_or(8).min(8);
                let fresh = byte & !(0xFF_u32 >> keep).to_be_bytes()[3];
                if fresh != *byte {
                    self.patches.push((area.file_at.saturating_add(n as u64), fresh));
                }
            }
        }
    }

    fn finish(&mut self) {
        self.blank(u64::MAX);
        self.patches.sort_unstable();
        self.patches.dedup_by_key(|(at, _)| *at);
    }
}

fn bits(bytes: &[u8], at: usize, count: usize) -> u64 {
    (at..at.saturating_add(count)).fold(0, |all, bit| {
        let byte = bytes.get(bit / 8).copied().unwrap_or(0);
        all << 1 | u64::from(byte >> (7_usize.saturating_sub(bit % 8)) & 1)
    })
}
