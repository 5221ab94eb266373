//! Backups: an encrypted copy under a passphrase of its own, of which a fifth may be damaged.
//!
//! | sector | what |
//! | --- | --- |
//! | 0, 16, 64, 256 and so on, as far as there are so many | the salt, veiled by its place so that no bytes stand twice; then noise |
//! | the others, in order | shard 0 of every group, then shard 1 of every group, … |
//!
//! A group is 64 shards of data and 16 of Reed-Solomon parity over them; any 64 of the 80 bring it
//! back. Each shard is sealed like a sector of the container, bound to its number, so a damaged one
//! is known to be damaged. Shards of a group lie as far from each other as the file allows: a scratch
//! takes one of each.

mod layout;
mod stream;

use std::fmt;
use std::io::{Read, Seek, SeekFrom, Write};

use sogon_engine::Batch;
use zeroize::Zeroizing;

use crate::error::VaultError;
use crate::keys::{Cost, Salt, backup_key};
use crate::passphrase::Passphrase;
use crate::sector::{SECTOR_BYTES, Sealer, TEXT_BYTES, Text, noise};
use layout::{DATA, Layout, PARITY, SHARDS};

const SECTOR: u64 = SECTOR_BYTES as u64;
/// What each shard begins with: the number of groups.
const COUNT_BYTES: usize = 4;
/// Reed-Solomon works on what follows.
const PIECE_BYTES: usize = TEXT_BYTES - COUNT_BYTES;
/// More groups than 64 GiB have.
const GROUPS_MAX: u32 = 1 << 18;
/// Shards that are tried before a salt is given up.
const TRIED_MAX: u64 = 160;

/// What was found in a backup.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Condition {
    /// Sectors of the file that hold something.
    pub sectors: u64,
    /// Of those, the ones that were damaged or missing and could be done without.
    pub repaired: u64,
}

/// A backup, read whole.
pub struct Backup {
    /// What is to be stored.
    pub batch: Batch,
    /// How the file was.
    pub condition: Condition,
}

impl fmt::Debug for Backup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Backup").field("condition", &self.condition).finish_non_exhaustive()
    }
}

impl Backup {
    /// Writes a backup; the caller makes the file durable.
    ///
    /// # Errors
    /// [`VaultError::DiskFull`] or [`VaultError::Io`]; [`VaultError::TooLong`] for more than fits.
    pub fn write(
        out: &mut (impl Write + Seek),
        batch: &Batch,
        passphrase: &Passphrase,
        cost: Cost,
    ) -> Result<Condition, VaultError> {
        let bytes = stream::write(batch)?;
        let layout = Layout::for_bytes(bytes.len(), PIECE_BYTES).ok_or(VaultError::TooLong)?;
        let salt = cost.salt()?;
        let key = backup_key(passphrase, &salt, cost)?;
        let sealer = Sealer::new(&key);
        for header in layout.headers() {
            let mut sector = noise(1)?;
            for (to, from) in sector.iter_mut().zip(veiled(&salt, header)) {
                *to = from;
            }
            put(out, header, &sector)?;
        }
        let mut pieces = bytes.chunks(PIECE_BYTES);
        for group in 0..layout.groups {
            let mut data = Vec::with_capacity(DATA);
            for _ in 0..DATA {
                let mut piece = Zeroizing::new(vec![0; PIECE_BYTES]);
                let bytes = pieces.next().unwrap_or(&[]);
                piece.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
                data.push(piece);
            }
            let parity = reed_solomon_simd::encode(DATA, PARITY, data.iter().map(|d| d.as_slice()));
            let parity = parity.map_err(|_| VaultError::Bug)?.into_iter().map(Zeroizing::new);
            for (piece, shard) in data.into_iter().chain(parity).zip(0..) {
                let number = layout.number(group, shard);
                let sealed = sealer.seal(&text_of(layout.groups, &piece)?, &place(number))?;
                put(out, layout.sector(number), sealed.as_slice())?;
            }
        }
        out.flush()?;
        Ok(Condition { sectors: layout.sectors(), repaired: 0 })
    }

    /// Reads a backup, and makes good what can be.
    ///
    /// # Errors
    /// [`VaultError::WrongPassphrase`] when nothing in it opens: the passphrase is wrong, or it is no
    /// backup; [`VaultError::Damaged`] when more is lost than can be made good.
    pub fn read(
        from: &mut (impl Read + Seek),
        passphrase: &Passphrase,
    ) -> Result<Self, VaultError> {
        let length = from.seek(SeekFrom::End(0))?;
        let there = length / SECTOR;
        for salt in salts(from, there)? {
            let key = backup_key(passphrase, &salt, Cost::of_salt(&salt))?;
            let sealer = Sealer::new(&key);
            let Some(layout) = find_layout(from, there, &sealer)? else { continue };
            // A file may be short of what it says, never longer in what is taken from it.
            let most = usize::try_from(length).unwrap_or(usize::MAX);
            return Self::read_with(from, layout, &sealer, most);
        }
        Err(VaultError::WrongPassphrase)
    }

    fn read_with(
        from: &mut (impl Read + Seek),
        layout: Layout,
        sealer: &Sealer,
        most: usize,
    ) -> Result<Self, VaultError> {
        let room = layout.bytes(PIECE_BYTES).min(most.saturating_mul(2));
        let mut bytes = Zeroizing::new(Vec::with_capacity(room));
        let mut repaired = 0_u64;
        for group in 0..layout.groups {
            let mut shards: Vec<Option<Text>> = Vec::with_capacity(SHARDS);
            for shard in (0..).take(SHARDS) {
                let number = layout.number(group, shard);
                shards.push(shard_at(from, layout.sector(number), number, sealer)?);
            }
            let lost = shards.iter().filter(|shard| shard.is_none()).count();
            repaired = repaired.saturating_add(u64::try_from(lost).unwrap_or(0));
            let data = shards.get(..DATA).unwrap_or(&[]);
            let parity = shards.get(DATA..).unwrap_or(&[]);
            let restored = match data.iter().any(Option::is_none) {
                true => reed_solomon_simd::decode(DATA, PARITY, known(data), known(parity))
                    .map_err(|_| VaultError::Damaged)?,
                false => Default::default(),
            };
            for (shard, index) in data.iter().zip(0_usize..) {
                match (shard, restored.get(&index)) {
                    (Some(text), _) => bytes.extend_from_slice(piece_of(text)),
                    (None, Some(piece)) => bytes.extend_from_slice(piece),
                    (None, None) => return Err(VaultError::Damaged),
                }
            }
        }
        let batch = stream::read(&bytes).ok_or(VaultError::Damaged)?;
        Ok(Self { batch, condition: Condition { sectors: layout.sectors(), repaired } })
    }
}

fn known(shards: &[Option<Text>]) -> impl Iterator<Item = (usize, &[u8])> {
    shards.iter().enumerate().filter_map(|(index, shard)| Some((index, piece_of(shard.as_ref()?))))
}

fn piece_of(text: &Text) -> &[u8] {
    text.bytes().get(COUNT_BYTES..).unwrap_or(&[])
}

fn text_of(groups: u32, piece: &[u8]) -> Result<Text, VaultError> {
    let mut text = Text::zeros();
    let (count, body) = text.bytes_mut().split_at_mut(COUNT_BYTES);
    count.copy_from_slice(&groups.to_le_bytes());
    if piece.len() != body.len() {
        return Err(VaultError::Bug);
    }
    body.copy_from_slice(piece);
    Ok(text)
}

fn place(number: u64) -> [u8; 9] {
    let [a, b, c, d, e, f, g, h] = number.to_le_bytes();
    [b'b', a, b, c, d, e, f, g, h]
}

/// A salt as it stands at a header: never the same bytes twice.
fn veiled(salt: &Salt, header: u64) -> Salt {
    use sha2::{Digest, Sha256};
    let veil = Sha256::new()
        .chain_update(b"sogon backup 1 header")
        .chain_update(header.to_le_bytes())
        .finalize();
    let mut out = *salt;
    out.iter_mut().zip(veil).for_each(|(byte, veil)| *byte ^= veil);
    out
}

/// The salts that the headers say, the one most of them say first.
fn salts(from: &mut (impl Read + Seek), there: u64) -> Result<Vec<Salt>, VaultError> {
    let mut said: Vec<(Salt, usize)> = Vec::new();
    for header in layout::HEADERS.into_iter().filter(|header| *header < there) {
        let Some(sector) = sector_at(from, header)? else { continue };
        let salt = veiled(sector.first_chunk().ok_or(VaultError::Bug)?, header);
        match said.iter_mut().find(|(known, _)| *known == salt) {
            Some((_, count)) => *count = count.saturating_add(1),
            None => said.push((salt, 1)),
        }
    }
    said.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    Ok(said.into_iter().map(|(salt, _)| salt).collect())
}

/// Any shard that opens says how many groups there are.
fn find_layout(
    from: &mut (impl Read + Seek),
    there: u64,
    sealer: &Sealer,
) -> Result<Option<Layout>, VaultError> {
    // Spread over the file: a scratch must not hide all of them.
    let step = (there / TRIED_MAX).max(1);
    for nth in 0..TRIED_MAX {
        let sector = nth.saturating_mul(step);
        let Some(number) = layout::number_at(sector).filter(|_| sector < there) else { continue };
        if let Some(text) = shard_at(from, sector, number, sealer)? {
            let count = text.bytes().first_chunk().map_or(0, |count| u32::from_le_bytes(*count));
            return Ok((1..=GROUPS_MAX).contains(&count).then_some(Layout { groups: count }));
        }
    }
    Ok(None)
}

fn shard_at(
    from: &mut (impl Read + Seek),
    sector: u64,
    number: u64,
    sealer: &Sealer,
) -> Result<Option<Text>, VaultError> {
    let Some(bytes) = sector_at(from, sector)? else { return Ok(None) };
    Ok(sealer.open(&bytes, &place(number)))
}

/// A sector; `None` when the card does not give it back.
fn sector_at(
    from: &mut (impl Read + Seek),
    sector: u64,
) -> Result<Option<Box<[u8; SECTOR_BYTES]>>, VaultError> {
    let mut bytes = Box::new([0; SECTOR_BYTES]);
    from.seek(SeekFrom::Start(sector.saturating_mul(SECTOR)))?;
    // A card that cannot read one place may well read the next.
    Ok(from.read_exact(bytes.as_mut_slice()).is_ok().then_some(bytes))
}

fn put(out: &mut (impl Write + Seek), sector: u64, bytes: &[u8]) -> Result<(), VaultError> {
    out.seek(SeekFrom::Start(sector.saturating_mul(SECTOR)))?;
    Ok(out.write_all(bytes)?)
}

#[cfg(test)]
mod tests;
