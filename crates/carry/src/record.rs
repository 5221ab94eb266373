//! The bytes left in a [`Memory`](crate::Memory) for one relay.
//!
//! `version u8 = 2 | round trip u32, ms, 0 for unknown | deviation u32, ms | loss u16, permille |
//! rate up u32, B/s | rate down u32, B/s | datagrams failed u8 | steps ahead u8 | chain 32 B, zeros
//! for none | tickets: (length u16 | ticket)*`

use sogon_packet::{CHAIN_BYTES, Chain};
use zeroize::Zeroizing;

use crate::datagram::Timing;

const VERSION: u8 = 2;
/// The most tickets kept for one relay. Each serves once and lives for a day.
pub(crate) const TICKETS_MAX: usize = 4;

/// A session that can be resumed once, as the TLS library writes it.
pub(crate) type Ticket = Zeroizing<Vec<u8>>;

/// The keys of visits to come.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Steps {
    /// The step the next visit uses.
    pub(crate) chain: Chain,
    /// How many visits in a row were not answered.
    pub(crate) ahead: u8,
}

/// What is remembered of a relay.
#[derive(Clone, Default, PartialEq, Eq)]
pub(crate) struct Record {
    pub(crate) timing: Timing,
    /// The last time nobody answered datagrams, and a connection was answered.
    pub(crate) datagrams_failed: bool,
    pub(crate) steps: Option<Steps>,
    /// Oldest first.
    pub(crate) tickets: Vec<Ticket>,
}

impl Record {
    /// Reads what was left. Bytes of another version, or damaged ones, are nothing.
    pub(crate) fn parse(bytes: &[u8]) -> Self {
        Self::try_parse(bytes).unwrap_or_default()
    }

    fn try_parse(bytes: &[u8]) -> Option<Self> {
        let (&VERSION, rest) = bytes.split_first()? else { return None };
        let mut rest = rest;
        let timing = Timing {
            round_trip_ms: u32::from_be_bytes(take(&mut rest)?),
            deviation_ms: u32::from_be_bytes(take(&mut rest)?),
            loss_permille: u16::from_be_bytes(take(&mut rest)?),
            rate_up: u32::from_be_bytes(take(&mut rest)?),
            rate_down: u32::from_be_bytes(take(&mut rest)?),
        };
        let [failed, ahead] = take(&mut rest)?;
        let chain: [u8; CHAIN_BYTES] = take(&mut rest)?;
        let steps = (chain != [0; CHAIN_BYTES]).then(|| Steps { chain: Chain::new(chain), ahead });
        let mut tickets = Vec::new();
        while !rest.is_empty() {
            let length = usize::from(u16::from_be_bytes(take(&mut rest)?));
            let (ticket, after) = rest.split_at_checked(length)?;
            tickets.push(Zeroizing::new(ticket.to_vec()));
            rest = after;
        }
        let record = Self { timing, datagrams_failed: failed != 0, steps, tickets };
        (record.tickets.len() <= TICKETS_MAX).then_some(record)
    }

    pub(crate) fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        let mut bytes = Zeroizing::new(vec![VERSION]);
        let Timing { round_trip_ms, deviation_ms, loss_permille, rate_up, rate_down } = self.timing;
        bytes.extend(round_trip_ms.to_be_bytes());
        bytes.extend(deviation_ms.to_be_bytes());
        bytes.extend(loss_permille.to_be_bytes());
        bytes.extend(rate_up.to_be_bytes());
        bytes.extend(rate_down.to_be_bytes());
        bytes.push(self.datagrams_failed.into());
        bytes.push(self.steps.as_ref().map_or(0, |steps| steps.ahead));
        let none = [0; CHAIN_BYTES];
        bytes.extend(self.steps.as_ref().map_or(&none, |steps| steps.chain.as_bytes()));
        for ticket in &self.tickets {
            if let Ok(length) = u16::try_from(ticket.len()) {
                bytes.extend(length.to_be_bytes());
                bytes.extend_from_slice(ticket);
            }
        }
        bytes
    }
}

fn take<const N: usize>(bytes: &mut &[u8]) -> Option<[u8; N]> {
    let (taken, rest) = bytes.split_first_chunk::<N>()?;
    *bytes = rest;
    Some(*taken)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_comes_back_whole_and_damaged_bytes_are_nothing() {
        let ticket = |fill: u8, length| Zeroizing::new(vec![fill; length]);
        let record = Record {
            timing: Timing {
                round_trip_ms: 640,
                deviation_ms: 40,
                loss_permille: 51,
                rate_up: 6_000,
                rate_down: 5_900,
            },
            datagrams_failed: true,
            steps: Some(Steps { chain: Chain::new([9; 32]), ahead: 3 }),
            tickets: vec![ticket(1, 400), ticket(2, 0)],
        };
        let bytes = record.to_bytes();
        assert!(Record::parse(&bytes) == record);
        let whole = [bytes.len() - 404, bytes.len() - 2];
        for cut in (0..bytes.len()).filter(|cut| !whole.contains(cut)) {
            assert!(Record::parse(&bytes[..cut]) == Record::default(), "cut at {cut}");
        }
        let many = Record { tickets: vec![ticket(1, 1); TICKETS_MAX + 1], ..Record::default() };
        assert!(Record::parse(&many.to_bytes()) == Record::default());
    }
}
