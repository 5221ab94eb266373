//! FLAC (RFC 9639): stream information, the table for seeking, and every frame followed bit by bit
//! to its end.

use crate::clean::{Job, Kind, Plan, Refusal, View, What};

pub(crate) fn clean(view: &mut View<'_>, job: &mut Job<'_>) -> Result<Plan, Refusal> {
    let mut at = 4_u64;
    let mut blocks = Vec::new();
    let mut last = false;
    while !last {
        let [head, a, b, c] = view.array::<4>(at)?;
        last = head & 0x80 != 0;
        let len = u64::from(u32::from_be_bytes([0, a, b, c]));
        let body = at.saturating_add(4);
        at = body.saturating_add(len);
        match head & 0x7F {
            0 if blocks.is_empty() && len == 34 => blocks.push((0, view.bytes(body, len)?)),
            0 => return Err(Kind::Flac.damaged("its stream information")),
            1 => job.removed(What::Padding, len),
            3 if len % 18 == 0 => blocks.push((3, view.bytes(body, len)?)),
            4 => job.removed(What::Tags, len),
            6 => job.removed(What::Thumbnail, len),
            127 => return Err(Kind::Flac.damaged("a block that cannot be")),
            _ => job.removed(What::Private, len),
        }
    }
    let info = match blocks.first() {
        Some((_, info)) => info.clone(),
        None => return Err(Kind::Flac.damaged("its stream information")),
    };
    let end = frames(view, at, &info)?;
    job.removed_some(What::Tail, view.len().saturating_sub(end));
    let mut plan = Plan::default();
    plan.put(b"fLaC");
    for (n, (kind, body)) in blocks.iter().enumerate() {
        let last = n.saturating_add(1) == blocks.len();
        let [_, a, b, c] = u32::try_from(body.len()).unwrap_or(0).to_be_bytes();
        plan.put(&[kind | if last { 0x80 } else { 0 }, a, b, c]);
        plan.put(body);
    }
    plan.copy(at, end.saturating_sub(at));
    Ok(plan)
}

/// FLAC's blocks as Matroska and MP4 keep them: only the stream information.
pub(crate) fn private(body: &[u8]) -> Result<Vec<u8>, Refusal> {
    let body = body.strip_prefix(b"fLaC").unwrap_or(body);
    match body.get(..38) {
        Some([head, 0, 0, 34, info @ ..]) if head & 0x7F == 0 => {
            Ok([&[0x80, 0, 0, 34], info].concat())
        }
        _ => Err(Kind::Flac.damaged("its stream information")),
    }
}

/// Follows the frames from `at` to the last sample; gives where that ends.
fn frames(view: &mut View<'_>, at: u64, info: &[u8]) -> Result<u64, Refusal> {
    let word = info.get(10..18).and_then(|bytes| bytes.first_chunk());
    let word = u64::from_be_bytes(*word.ok_or(Kind::Flac.damaged("its stream information"))?);
    let total = word & 0xF_FFFF_FFFF;
    let deep = u32::try_from(word >> 36 & 31).unwrap_or(0).saturating_add(1);
    let mut bits = Bits { view, at, held: 0, count: 0 };
    let mut samples = 0_u64;
    let mut end = at;
    while total == 0 || samples < total {
        if bits.view.len().saturating_sub(end) < 9 {
            break;
        }
        let [a, b] = bits.view.array::<2>(end)?;
        if a != 0xFF || b & 0xFE != 0xF8 {
            break;
        }
        samples = samples.saturating_add(bits.frame(deep)?);
        end = bits.at;
    }
    match total == 0 || samples == total {
        true => Ok(end),
        false => Err(Kind::Flac.damaged("a frame is missing")),
    }
}

/// A reader of bits.
struct Bits<'v, 's> {
    view: &'v mut View<'s>,
    at: u64,
    held: u64,
    count: u32,
}

impl Bits<'_, '_> {
    /// Fills up to at least `wanted` bits (at most 56).
    fn fill(&mut self, wanted: u32) -> Result<(), Refusal> {
        while self.count < wanted {
            let room = usize::try_from(64_u32.saturating_sub(self.count) / 8).unwrap_or(1);
            let window = self.view.window(self.at)?;
            let some = window.get(..room.min(window.len())).unwrap_or_default();
            for byte in some {
                let shift = 56_u32.saturating_sub(self.count);
                self.held |= u64::from(*byte) << shift;
                self.count = self.count.saturating_add(8);
            }
            self.at = self.at.saturating_add(some.len() as u64);
        }
        Ok(())
    }

    fn take(&mut self, n: u32) -> Result<u64, Refusal> {
        if n == 0 {
            return Ok(0);
        }
        self.fill(n)?;
        let value = self.held >> 64_u32.saturating_sub(n);
        // All 64 bits may go at once.
        self.held = self.held.checked_shl(n).unwrap_or(0);
        self.count = self.count.saturating_sub(n);
        Ok(value)
    }

    fn number(&mut self, n: u32) -> Result<u32, Refusal> {
        Ok(u32::try_from(self.take(n)?).unwrap_or(u32::MAX))
    }

    fn skip(&mut self, bits: u64) -> Result<(), Refusal> {
        let mut left = bits;
        while left > 0 {
            let now = u32::try_from(left.min(32)).unwrap_or(32);
            self.take(now)?;
            left = left.saturating_sub(now.into());
        }
        Ok(())
    }

    /// Zeros up to a one.
    fn unary(&mut self) -> Result<u32, Refusal> {
        let mut zeros = 0_u32;
        loop {
            self.fill(8)?;
            let here = self.held.leading_zeros().min(self.count);
            zeros = zeros.saturating_add(here);
            if here < self.count {
                self.take(here.saturating_add(1))?;
                return Ok(zeros);
            }
            (self.held, self.count) = (0, 0);
        }
    }

    /// One frame; gives how many samples it has.
    fn frame(&mut self, deep: u32) -> Result<u64, Refusal> {
        let bad = || Kind::Flac.damaged("a frame");
        self.rewind();
        let start = self.at;
        self.take(16)?;
        let (size, rate) = (self.number(4)?, self.number(4)?);
        let (channels, depth) = (self.number(4)?, self.number(3)?);
        self.take(1)?;
        let first = self.number(8)?;
        let more = (first << 24).leading_ones();
        self.skip(u64::from(more.saturating_sub(1)).saturating_mul(8))?;
        let samples = match size {
            1 => 192,
            2..=5 => 576 << size.saturating_sub(2),
            6 => self.number(8)?.saturating_add(1),
            7 => self.number(16)?.saturating_add(1),
            8..=15 => 256 << size.saturating_sub(8),
            _ => return Err(bad()),
        };
        match rate {
            12 => self.skip(8)?,
            13 | 14 => self.skip(16)?,
            _ => {}
        }
        self.skip(8)?;
        let deep = match depth {
            0 => deep,
            1 => 8,
            2 => 12,
            4 => 16,
            5 => 20,
            6 => 24,
            7 => 32,
            _ => return Err(bad()),
        };
        let (count, side) = match channels {
            0..=7 => (channels.saturating_add(1), None),
            8 => (2, Some(1)),
            9 => (2, Some(0)),
            10 => (2, Some(1)),
            _ => return Err(bad()),
        };
        for channel in 0..count {
            let wide = u32::from(side == Some(channel));
            self.channel(deep.saturating_add(wide), samples)?;
        }
        let odd = self.count % 8;
        self.take(odd)?;
        self.rewind();
        let end = self.at;
        let wanted = u16::from_be_bytes(self.view.array(end)?);
        self.check(start, end.saturating_sub(start), wanted)?;
        self.at = end.saturating_add(2);
        Ok(samples.into())
    }

    /// Gives whole bytes that were read ahead back.
    fn rewind(&mut self) {
        self.at = self.at.saturating_sub(u64::from(self.count / 8));
        (self.held, self.count) = (0, 0);
    }

    fn check(&mut self, start: u64, len: u64, wanted: u16) -> Result<(), Refusal> {
        let mut sum = 0_u16;
        self.view.each(start, len, |some| {
            for byte in some {
                let index = usize::from(sum >> 8 ^ u16::from(*byte));
                sum = sum << 8 ^ TABLE.get(index).copied().unwrap_or(0);
            }
        })?;
        match sum == wanted {
            true => Ok(()),
            false => Err(Kind::Flac.damaged("a checksum that does not fit")),
        }
    }

    fn channel(&mut self, deep: u32, samples: u32) -> Result<(), Refusal> {
        let bad = || Kind::Flac.damaged("a frame");
        self.take(1)?;
        let form = self.number(6)?;
        let wasted = match self.take(1)? {
            0 => 0,
            _ => self.unary()?.saturating_add(1),
        };
        let deep = deep.checked_sub(wasted).ok_or_else(bad)?;
        match form {
            0 => self.skip(deep.into()),
            1 => self.skip(u64::from(deep).saturating_mul(samples.into())),
            8..=12 => {
                let order = form.saturating_sub(8);
                self.skip(u64::from(deep).saturating_mul(order.into()))?;
                self.residual(order, samples)
            }
            32..=63 => {
                let order = form.saturating_sub(31);
                self.skip(u64::from(deep).saturating_mul(order.into()))?;
                let precision = self.number(4)?.saturating_add(1);
                self.skip(u64::from(precision.saturating_mul(order)).saturating_add(5))?;
                self.residual(order, samples)
            }
            _ => Err(bad()),
        }
    }

    fn residual(&mut self, order: u32, samples: u32) -> Result<(), Refusal> {
        let bad = || Kind::Flac.damaged("a frame");
        let wide = match self.take(2)? {
            0 => 4,
            1 => 5,
            _ => return Err(bad()),
        };
        let parts = self.number(4)?;
        let size = samples >> parts;
        for part in 0..1_u32 << parts {
            let count = match part {
                0 => size.checked_sub(order).ok_or_else(bad)?,
                _ => size,
            };
            let rice = self.number(wide)?;
            if rice == (1_u32 << wide).saturating_sub(1) {
                let raw = self.take(5)?;
                self.skip(raw.saturating_mul(count.into()))?;
                continue;
            }
            for _ in 0..count {
                self.unary()?;
                self.take(rice)?;
            }
        }
        Ok(())
    }
}

/// CRC-16 with the polynomial 0x8005.
const TABLE: [u16; 256] = {
    let mut table = [0; 256];
    let mut n = 0_u16;
    #[allow(
        clippy::indexing_slicing,
        clippy::arithmetic_side_effects,
        reason = "counted at build time"
    )]
    while n < 256 {
        let mut sum = n << 8;
        let mut bit = 0;
        while bit < 8 {
            sum = if sum & 0x8000 != 0 { sum << 1 ^ 0x8005 } else { sum << 1 };
            bit += 1;
        }
        table[n as usize] = sum;
        n += 1;
    }
    table
};
