//! What crossed one direction of a link, counted.

use std::time::Duration;

/// Counts of one direction. Bytes are those of whole IP packets, as they stand on the wire.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Packets that were to be sent.
    pub offered_packets: u64,
    /// And their bytes.
    pub offered_bytes: u64,
    /// Packets that took their time on the air, the lost ones among them.
    pub sent_packets: u64,
    /// And their bytes.
    pub sent_bytes: u64,
    /// Packets that arrived; a doubled one is two.
    pub arrived_packets: u64,
    /// And their bytes.
    pub arrived_bytes: u64,
    /// Sent, and lost by chance.
    pub lost_packets: u64,
    /// Sent while the link was gone.
    pub cut_packets: u64,
    /// Not sent, because too much was waiting.
    pub overflowed_packets: u64,
    /// Not sent, because they are larger than the link takes.
    pub oversize_packets: u64,
    /// Arrived twice.
    pub doubled_packets: u64,
    /// Held back, so that others may overtake them.
    pub held_packets: u64,
    /// How long the sender was sending.
    pub busy: Duration,
}

impl Tally {
    /// What came to these counts since `earlier` ones.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Self {
        Self {
            offered_packets: self.offered_packets - earlier.offered_packets,
            offered_bytes: self.offered_bytes - earlier.offered_bytes,
            sent_packets: self.sent_packets - earlier.sent_packets,
            sent_bytes: self.sent_bytes - earlier.sent_bytes,
            arrived_packets: self.arrived_packets - earlier.arrived_packets,
            arrived_bytes: self.arrived_bytes - earlier.arrived_bytes,
            lost_packets: self.lost_packets - earlier.lost_packets,
            cut_packets: self.cut_packets - earlier.cut_packets,
            overflowed_packets: self.overflowed_packets - earlier.overflowed_packets,
            oversize_packets: self.oversize_packets - earlier.oversize_packets,
            doubled_packets: self.doubled_packets - earlier.doubled_packets,
            held_packets: self.held_packets - earlier.held_packets,
            busy: self.busy - earlier.busy,
        }
    }
}
