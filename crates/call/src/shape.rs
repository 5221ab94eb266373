//! What the packets of a call look like from outside: how large, how often. Chosen from the link and
//! from nothing else.

use sogon_call_opus::Span;

/// Bits a second of speech.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rate {
    /// 8 kbit/s.
    Kbit8,
    /// 16 kbit/s.
    Kbit16,
    /// 24 kbit/s.
    Kbit24,
}

impl Rate {
    const fn bytes_per_ms(self) -> usize {
        match self {
            Self::Kbit8 => 1,
            Self::Kbit16 => 2,
            Self::Kbit24 => 3,
        }
    }
}

/// How speech is cut and how much room it gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// How much room.
    pub rate: Rate,
    /// How often a packet leaves.
    pub span: Span,
}

/// What is known of a link.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Line {
    /// There and back, in milliseconds; 0 for not known.
    pub round_trip_ms: u32,
    /// The slower direction, in bits a second; 0 for not known.
    pub bits_per_s: u32,
}

/// On a line that is further away packets are large: the delay is there anyway.
const PATIENT_MS: u32 = 300;

/// What a packet needs beside its speech, from the head inside to the headers of UDP and IPv4.
pub(crate) const AROUND_BYTES: usize = crate::media::AROUND_BYTES + HOP_BYTES;

/// The seal of a datagram, its head and item (SPEC 10.2, 10.3, 12.3), UDP and IPv4.
const HOP_BYTES: usize = 37 + 6 + 5 + 28;

impl Shape {
    /// Bytes of speech in one packet.
    #[must_use]
    pub const fn speech_bytes(self) -> usize {
        let ms = match self.span {
            Span::Ms20 => 20,
            Span::Ms40 => 40,
            Span::Ms60 => 60,
        };
        self.rate.bytes_per_ms().saturating_mul(ms)
    }

    /// What all of it takes on the wire, one way, in bits a second.
    #[must_use]
    pub fn wire_bits_per_s(self) -> u32 {
        let bytes = self.speech_bytes().saturating_add(AROUND_BYTES);
        let bits = u32::try_from(bytes).unwrap_or(u32::MAX).saturating_mul(8_000);
        bits.checked_div(self.span.ms()).unwrap_or(u32::MAX)
    }

    /// From the best to the least that is still a call.
    const LADDER: [Self; 6] = [
        Self { rate: Rate::Kbit24, span: Span::Ms20 },
        Self { rate: Rate::Kbit24, span: Span::Ms40 },
        Self { rate: Rate::Kbit24, span: Span::Ms60 },
        Self { rate: Rate::Kbit16, span: Span::Ms40 },
        Self { rate: Rate::Kbit16, span: Span::Ms60 },
        Self { rate: Rate::Kbit8, span: Span::Ms60 },
    ];

    /// One step down; [`None`] at the foot.
    #[must_use]
    pub(crate) fn less(self) -> Option<Self> {
        let mut below = Self::LADDER.iter().skip_while(|shape| **shape != self).skip(1);
        // Larger packets where they are large already: many small ones are no way down.
        below.find(|shape| shape.span >= self.span).copied()
    }

    /// One step up, as far as this line allows; [`None`] at the top.
    #[must_use]
    pub(crate) fn better(self, line: Line) -> Option<Self> {
        let above = Self::LADDER.iter().rev().skip_while(|shape| **shape != self).skip(1);
        let patient = line.round_trip_ms > PATIENT_MS;
        let mut above = above.filter(|shape| !patient || shape.span == Span::Ms60);
        above.next().copied()
    }

    /// The best that takes no more than three quarters of the line, so that no queue is built; on a
    /// line that is far away packets are larger, since the delay is there anyway.
    #[must_use]
    pub fn of(line: Line) -> Self {
        let room = match line.bits_per_s {
            0 if line.round_trip_ms > PATIENT_MS => 32_000,
            0 => 48_000,
            bits => bits.saturating_div(4).saturating_mul(3),
        };
        let patient = line.round_trip_ms > PATIENT_MS;
        let fits = |shape: &&Self| {
            shape.wire_bits_per_s() <= room && (!patient || shape.span == Span::Ms60)
        };
        let least = Self { rate: Rate::Kbit8, span: Span::Ms60 };
        Self::LADDER.iter().find(fits).copied().unwrap_or(least)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_takes_no_more_than_three_quarters_of_its_line() {
        let mut before = 0;
        for kbit in 30..200 {
            let line = Line { round_trip_ms: 100, bits_per_s: kbit * 1_000 };
            let shape = Shape::of(line);
            if kbit >= 32 {
                assert!(shape.wire_bits_per_s() * 4 <= line.bits_per_s * 3, "{kbit}: {shape:?}");
            }
            let bytes_per_s = shape.wire_bits_per_s();
            assert!(bytes_per_s >= before, "more room is never used for less");
            before = bytes_per_s;
        }
    }

    #[test]
    fn edge_gets_sixteen_kbit_in_large_packets_and_a_good_line_small_ones() {
        let edge = Shape::of(Line { round_trip_ms: 600, bits_per_s: 50_000 });
        assert_eq!(edge, Shape { rate: Rate::Kbit16, span: Span::Ms60 });
        let good = Shape::of(Line { round_trip_ms: 40, bits_per_s: 5_000_000 });
        assert_eq!(good, Shape { rate: Rate::Kbit24, span: Span::Ms20 });
        let bad = Shape::of(Line { round_trip_ms: 900, bits_per_s: 9_600 });
        assert_eq!(bad.rate, Rate::Kbit8);
    }
}
