//! Where the shards of a backup lie.

/// Shards of data in a group.
pub(super) const DATA: usize = 64;
/// Shards of parity in a group.
pub(super) const PARITY: usize = 16;
/// Both.
pub(super) const SHARDS: usize = DATA + PARITY;
/// Sectors that hold the salt: wherever a scratch of a sixth lies, one of them is not in it.
pub(super) const HEADERS: [u64; 10] =
    [0, 16, 64, 256, 1_024, 4_096, 16_384, 65_536, 262_144, 1_048_576];

/// How a backup is laid out: all of it follows from the number of groups.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Layout {
    pub(super) groups: u32,
}

impl Layout {
    /// Groups for so many bytes, in steps of an eighth or less, so that the size of the file says
    /// little about what is in it.
    pub(super) fn for_bytes(bytes: usize, piece: usize) -> Option<Self> {
        let groups = bytes.div_ceil(piece.checked_mul(DATA)?).max(1);
        let groups = u32::try_from(groups).ok()?;
        let step = groups.checked_next_power_of_two()?.checked_div(16)?.max(1);
        let groups = groups.checked_next_multiple_of(step)?;
        (groups <= super::GROUPS_MAX).then_some(Self { groups })
    }

    /// The bytes that fit.
    pub(super) fn bytes(self, piece: usize) -> usize {
        let groups = usize::try_from(self.groups).unwrap_or(usize::MAX);
        groups.saturating_mul(DATA).saturating_mul(piece)
    }

    fn shards(self) -> u64 {
        u64::from(self.groups).saturating_mul(SHARDS as u64)
    }

    /// The number of a shard among all.
    pub(super) fn number(self, group: u32, shard: u64) -> u64 {
        shard.saturating_mul(self.groups.into()).saturating_add(group.into())
    }

    /// The sector of the shard with this number.
    pub(super) fn sector(self, number: u64) -> u64 {
        sector_of(number)
    }

    /// Sectors of the whole file.
    pub(super) fn sectors(self) -> u64 {
        sector_of(self.shards().saturating_sub(1)).saturating_add(1)
    }

    /// The sectors with the salt.
    pub(super) fn headers(self) -> impl Iterator<Item = u64> {
        let end = self.sectors();
        HEADERS.into_iter().filter(move |header| *header < end)
    }
}

fn sector_of(number: u64) -> u64 {
    HEADERS
        .into_iter()
        .fold(number, |at, header| if at >= header { at.saturating_add(1) } else { at })
}

/// The number of the shard in a sector; `None` for one with the salt.
pub(super) fn number_at(sector: u64) -> Option<u64> {
    if HEADERS.contains(&sector) {
        return None;
    }
    let before = HEADERS.into_iter().filter(|header| *header < sector).count();
    sector.checked_sub(u64::try_from(before).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shard_has_a_sector_of_its_own_and_none_has_a_header() {
        let layout = Layout { groups: 300 };
        let mut last = 0;
        for number in 0..layout.shards() {
            let sector = layout.sector(number);
            assert!(sector > last && !HEADERS.contains(&sector));
            assert_eq!(number_at(sector), Some(number));
            last = sector;
        }
        assert_eq!(layout.sectors(), last + 1);
        assert_eq!(layout.sectors(), 300 * 80 + layout.headers().count() as u64);
        assert_eq!(Layout { groups: 1 }.headers().count(), 3);
    }

    #[test]
    fn sizes_come_in_steps() {
        let groups = |bytes| Layout::for_bytes(bytes, 4_000).unwrap().groups;
        assert_eq!([0, 1, 256_000, 256_001].map(groups), [1, 1, 1, 2]);
        assert_eq!(groups(256_000 * 33), 36);
        assert!(Layout::for_bytes(usize::MAX, 4_000).is_none());
    }
}
