//! bzip2, unpacked as it comes by. Format: Joe Tsai, "BZIP2: Format Specification" (2016).
//!
//! Checksums are not checked: a damaged file is evidence too. Streams one behind the other are one.

use std::io::{self, BufRead, Read};

use crate::numbers::index;

const BLOCK_MAGIC: u64 = 0x3141_5926_5359;
const END_MAGIC: u64 = 0x1772_4538_5090;

/// Symbols after which another table of codes may be used.
const GROUP_SYMBOLS: usize = 50;

/// The longest code.
const CODE_BITS_MAX: usize = 20;

/// Bits out of bytes, the highest first.
struct Bits<R> {
    from: R,
    held: u64,
    count: u32,
}

impl<R: BufRead> Bits<R> {
    fn byte(&mut self) -> io::Result<Option<u8>> {
        let Some(byte) = self.from.fill_buf()?.first().copied() else { return Ok(None) };
        self.from.consume(1);
        Ok(Some(byte))
    }

    /// At most 32 bits.
    fn take(&mut self, bits: u32) -> io::Result<u32> {
        while self.count < bits {
            let byte = self.byte()?.ok_or(io::ErrorKind::UnexpectedEof)?;
            self.held = (self.held << 8) | u64::from(byte);
            self.count = self.count.saturating_add(8);
        }
        self.count = self.count.saturating_sub(bits);
        let mask = 1_u64.checked_shl(bits).map_or(u64::MAX, |one| one.saturating_sub(1));
        let value = (self.held >> self.count) & mask;
        u32::try_from(value).map_err(|_| broken())
    }

    fn one(&mut self) -> io::Result<bool> {
        Ok(self.take(1)? == 1)
    }

    /// What is left of the byte that was begun is dropped.
    fn align(&mut self) {
        self.count = self.count.saturating_sub(self.count & 7);
    }
}

/// A table of codes: how many there are of each length, and the symbols in their order.
struct Codes {
    counts: [u32; CODE_BITS_MAX + 1],
    symbols: Vec<u16>,
}

impl Codes {
    fn new(lengths: &[u8]) -> Self {
        let mut counts = [0; CODE_BITS_MAX + 1];
        let mut symbols = Vec::with_capacity(lengths.len());
        for bits in 1..=CODE_BITS_MAX {
            let before = symbols.len();
            let these = (0_u16..).zip(lengths).filter(|(_, length)| usize::from(**length) == bits);
            symbols.extend(these.map(|(symbol, _)| symbol));
            if let Some(count) = counts.get_mut(bits) {
                *count = u32::try_from(symbols.len().saturating_sub(before)).unwrap_or(0);
            }
        }
        Self { counts, symbols }
    }

    fn read<R: BufRead>(&self, bits: &mut Bits<R>) -> io::Result<u16> {
        let (mut code, mut first, mut passed) = (0_u32, 0_u32, 0_u32);
        for count in self.counts.iter().skip(1) {
            code = (code << 1) | bits.take(1)?;
            first <<= 1;
            let into = code.checked_sub(first).ok_or_else(broken)?;
            if into < *count {
                let at = index(passed.saturating_add(into));
                return self.symbols.get(at).copied().ok_or_else(broken);
            }
            passed = passed.saturating_add(*count);
            first = first.saturating_add(*count);
        }
        Err(broken())
    }
}

/// A reader of what was packed.
pub(super) struct Bzip2<R> {
    bits: Bits<R>,
    /// The most a block of this stream has; 0 between streams.
    block_max: usize,
    /// For each place the byte before it in the lowest 8 bits, and where the next one is.
    chain: Vec<u32>,
    at: u32,
    left: usize,
    last: Option<u8>,
    run: u8,
    repeat: u8,
    any: bool,
}

impl<R: BufRead> Bzip2<R> {
    pub(super) fn new(from: R) -> Self {
        Self {
            bits: Bits { from, held: 0, count: 0 },
            block_max: 0,
            chain: Vec::new(),
            at: 0,
            left: 0,
            last: None,
            run: 0,
            repeat: 0,
            any: false,
        }
    }

    /// The head of a stream; `false` when there is none any more.
    fn stream(&mut self) -> io::Result<bool> {
        self.bits.align();
        if self.bits.count == 0 && self.bits.from.fill_buf()?.is_empty() {
            return if self.any { Ok(false) } else { Err(io::ErrorKind::UnexpectedEof.into()) };
        }
        let head = self.bits.take(32)?;
        let level = head.checked_sub(u32::from_be_bytes(*b"BZh0"));
        match level.filter(|level| (1..=9).contains(level)) {
            Some(level) => {
                self.block_max = index(level).saturating_mul(100_000);
                self.any = true;
                Ok(true)
            }
            // What is not bzip2 any more is no part of it.
            None if self.any => Ok(false),
            None => Err(broken()),
        }
    }

    /// The next block; `false` at the end.
    fn block(&mut self) -> io::Result<bool> {
        loop {
            if self.block_max == 0 && !self.stream()? {
                return Ok(false);
            }
            let magic = u64::from(self.bits.take(24)?) << 24 | u64::from(self.bits.take(24)?);
            self.bits.take(32)?;
            match magic {
                BLOCK_MAGIC => break,
                END_MAGIC => self.block_max = 0,
                _ => return Err(broken()),
            }
        }
        if self.bits.one()? {
            return Err(broken());
        }
        let origin = index(self.bits.take(24)?);
        let used = self.used()?;
        let alphabet = used.len().saturating_add(2);
        let tables = index(self.bits.take(3)?);
        let selectors = index(self.bits.take(15)?);
        if used.is_empty() || !(2..=6).contains(&tables) || selectors == 0 {
            return Err(broken());
        }
        let order = self.selectors(tables, selectors)?;
        let codes = (0..tables).map(|_| self.codes(alphabet)).collect::<io::Result<Vec<_>>>()?;
        self.symbols(&order, &codes, used)?;
        self.unwind(origin)?;
        (self.last, self.run, self.repeat) = (None, 0, 0);
        Ok(true)
    }

    /// The bytes that occur.
    fn used(&mut self) -> io::Result<Vec<u8>> {
        let rows = self.bits.take(16)?;
        let mut used = Vec::new();
        for row in 0..16_u8 {
            if rows >> (15_u8.saturating_sub(row)) & 1 == 0 {
                continue;
            }
            let columns = self.bits.take(16)?;
            let set =
                (0..16_u8).filter(|column| columns >> (15_u8.saturating_sub(*column)) & 1 == 1);
            used.extend(set.map(|column| row << 4 | column));
        }
        Ok(used)
    }

    /// Which table each group of symbols uses, out of a list in which what was used moves to the front.
    fn selectors(&mut self, tables: usize, selectors: usize) -> io::Result<Vec<usize>> {
        let mut front: Vec<usize> = (0..tables).collect();
        let mut order = Vec::with_capacity(selectors);
        for _ in 0..selectors {
            let mut at = 0_usize;
            while self.bits.one()? {
                at = at.saturating_add(1);
                if at >= tables {
                    return Err(broken());
                }
            }
            let table = front.remove(at);
            front.insert(0, table);
            order.push(table);
        }
        Ok(order)
    }

    fn codes(&mut self, alphabet: usize) -> io::Result<Codes> {
        let mut length = i64::from(self.bits.take(5)?);
        let mut lengths = Vec::with_capacity(alphabet);
        for _ in 0..alphabet {
            loop {
                let bits = u8::try_from(length).ok().filter(|bits| (1..=20).contains(bits));
                let bits = bits.ok_or_else(broken)?;
                if !self.bits.one()? {
                    lengths.push(bits);
                    break;
                }
                length = length.saturating_add(if self.bits.one()? { -1 } else { 1 });
            }
        }
        Ok(Codes::new(&lengths))
    }

    /// All symbols of a block: runs of zeros in a number system of their own, places in a list in
    /// which what was used moves to the front.
    fn symbols(&mut self, order: &[usize], codes: &[Codes], mut front: Vec<u8>) -> io::Result<()> {
        self.chain.clear();
        let end = u16::try_from(front.len().saturating_add(1)).unwrap_or(u16::MAX);
        let (mut run, mut weight) = (0_usize, 1_usize);
        for table in order {
            let codes = codes.get(*table).ok_or_else(broken)?;
            for _ in 0..GROUP_SYMBOLS {
                let symbol = codes.read(&mut self.bits)?;
                if symbol < 2 {
                    let times = usize::from(symbol).saturating_add(1);
                    run = run.saturating_add(weight.saturating_mul(times));
                    weight = weight.saturating_mul(2);
                    if run > self.block_max {
                        return Err(broken());
                    }
                    continue;
                }
                let first = front.first().copied().unwrap_or(0);
                let filled = self.chain.len().saturating_add(run);
                if filled > self.block_max {
                    return Err(broken());
                }
                self.chain.resize(filled, u32::from(first));
                (run, weight) = (0, 1);
                if symbol == end {
                    return Ok(());
                }
                let at = usize::from(symbol).saturating_sub(1);
                if at >= front.len() || self.chain.len() >= self.block_max {
                    return Err(broken());
                }
                let byte = front.remove(at);
                front.insert(0, byte);
                self.chain.push(u32::from(byte));
            }
        }
        Err(broken())
    }

    /// Turns the sorted bytes into a chain through the text (Burrows and Wheeler, 1994).
    fn unwind(&mut self, origin: usize) -> io::Result<()> {
        let mut starts = [0_u32; 256];
        for byte in &self.chain {
            if let Some(count) = starts.get_mut(index(byte & 0xFF)) {
                *count = count.saturating_add(1);
            }
        }
        let mut sum = 0_u32;
        for start in &mut starts {
            let count = std::mem::replace(start, sum);
            sum = sum.saturating_add(count);
        }
        for place in 0..self.chain.len() {
            let byte = self.chain.get(place).copied().unwrap_or(0) & 0xFF;
            let Some(start) = starts.get_mut(index(byte)) else { return Err(broken()) };
            let here = u32::try_from(place).unwrap_or(0) << 8;
            if let Some(slot) = self.chain.get_mut(index(*start)) {
                *slot |= here;
            }
            *start = start.saturating_add(1);
        }
        self.left = self.chain.len();
        self.at = self.chain.get(origin).copied().ok_or_else(broken)? >> 8;
        Ok(())
    }

    /// The next byte of the block.
    fn next(&mut self) -> u8 {
        let link = self.chain.get(index(self.at)).copied().unwrap_or(0);
        self.at = link >> 8;
        self.left = self.left.saturating_sub(1);
        u8::try_from(link & 0xFF).unwrap_or(0)
    }
}

impl<R: BufRead> Read for Bzip2<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut filled = 0;
        for place in buffer.iter_mut() {
            let byte = loop {
                if let (Some(last), Some(left)) = (self.last, self.repeat.checked_sub(1)) {
                    self.repeat = left;
                    break last;
                }
                if self.left == 0 {
                    // What is there is given out before the next block may turn out to be broken.
                    if filled > 0 || !self.block()? {
                        return Ok(filled);
                    }
                    continue;
                }
                let byte = self.next();
                if self.run == 4 {
                    // Behind four equal bytes stands how many more there are.
                    self.repeat = byte;
                    self.run = 0;
                    continue;
                }
                self.run = if self.last == Some(byte) { self.run.saturating_add(1) } else { 1 };
                self.last = Some(byte);
                break byte;
            };
            *place = byte;
            filled = filled.saturating_add(1);
        }
        Ok(filled)
    }
}

fn broken() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "no bzip2")
}
