//! The bytes left in a [`Memory`](crate::Memory) for one relay.
//!
//! `version u8 = 1 | round trip u32, ms, 0 for unknown | tickets: (length u16 | ticket)*`

use zeroize::Zeroizing;

const VERSION: u8 = 1;
/// The most tickets kept for one relay. Each serves once and lives for a day.
pub(crate) const TICKETS_MAX: usize = 4;

/// A session that can be resumed once, as the TLS library writes it.
pub(crate) type Ticket = Zeroizing<Vec<u8>>;

/// What is remembered of a relay.
#[derive(Clone, Default, PartialEq, Eq)]
pub(crate) struct Record {
    pub(crate) round_trip_ms: u32,
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
        let (round_trip, mut rest) = rest.split_first_chunk::<4>()?;
        let mut tickets = Vec::new();
        while !rest.is_empty() {
            let (length, after) = rest.split_first_chunk::<2>()?;
            let length = usize::from(u16::from_be_bytes(*length));
            let (ticket, after) = after.split_at_checked(length)?;
            tickets.push(Zeroizing::new(ticket.to_vec()));
            rest = after;
        }
        let round_trip_ms = u32::from_be_bytes(*round_trip);
        (tickets.len() <= TICKETS_MAX).then_some(Self { round_trip_ms, tickets })
    }

    pub(crate) fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        let mut bytes = Zeroizing::new(vec![VERSION]);
        bytes.extend(self.round_trip_ms.to_be_bytes());
        for ticket in &self.tickets {
            if let Ok(length) = u16::try_from(ticket.len()) {
                bytes.extend(length.to_be_bytes());
                bytes.extend_from_slice(ticket);
            }
        }
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_comes_back_whole_and_damaged_bytes_are_nothing() {
        let ticket = |fill: u8, length| Zeroizing::new(vec![fill; length]);
        let record = Record { round_trip_ms: 640, tickets: vec![ticket(1, 400), ticket(2, 0)] };
        let bytes = record.to_bytes();
        assert!(Record::parse(&bytes) == record);
        for cut in (0..bytes.len()).filter(|cut| ![5, 407].contains(cut)) {
            assert!(Record::parse(&bytes[..cut]) == Record::default(), "cut at {cut}");
        }
        let many = Record { round_trip_ms: 0, tickets: vec![ticket(1, 1); TICKETS_MAX + 1] };
        assert!(Record::parse(&many.to_bytes()) == Record::default());
    }
}
