//! The self-synchronising scrambler of ITU-T V.22: taps 14 and 17, and a guard that turns a bit
//! over after 64 ones. The mark's header goes through it, least bit first.

/// The byte the scrambler is primed with; what it gives for it is dropped.
const PRIME: u8 = 0xEA;

#[derive(Default)]
struct Register {
    bits: u32,
    ones: u32,
}

impl Register {
    /// What is mixed into the next bit.
    fn mix(&mut self) -> bool {
        let guard = self.ones >= 64;
        if guard {
            self.ones = 0;
        }
        (((self.bits >> 13) ^ (self.bits >> 16)) & 1 == 1) ^ guard
    }

    /// Takes a bit of the line.
    fn take(&mut self, line: bool) {
        self.bits = (self.bits << 1) | u32::from(line);
        self.ones = if line { self.ones.saturating_add(1) } else { 0 };
    }

    fn scramble(&mut self, byte: u8) -> u8 {
        (0..8).fold(0, |out, bit| {
            let line = ((byte >> bit) & 1 == 1) ^ self.mix();
            self.take(line);
            out | (u8::from(line) << bit)
        })
    }

    fn descramble(&mut self, byte: u8) -> u8 {
        (0..8).fold(0, |out, bit| {
            let line = (byte >> bit) & 1 == 1;
            let clear = line ^ self.mix();
            self.take(line);
            out | (u8::from(clear) << bit)
        })
    }
}

fn primed() -> Register {
    let mut register = Register::default();
    register.scramble(PRIME);
    register
}

/// The bytes as the mark holds them.
#[must_use]
pub fn scramble(clear: &[u8]) -> Vec<u8> {
    let mut register = primed();
    clear.iter().map(|byte| register.scramble(*byte)).collect()
}

/// The bytes in clear.
#[must_use]
pub fn descramble(scrambled: &[u8]) -> Vec<u8> {
    let mut register = primed();
    scrambled.iter().map(|byte| register.descramble(*byte)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    const ZEROS: &str = "80eea1a6eba4ed20e049b8811ea3faee4b2605054bcb44a49861571b7bf0e8dc\
                         eb4e6dce41ef5325f3831aa7f3a71ba6";
    const FILM: &str = "80eea1a6eba4ed20e049b8811ea3faee4b2605054bcb44a49861571b7bf0e8dc\
                        c5a30adbd7409a1112e56f33046a898e";

    #[test]
    fn it_writes_what_was_measured() {
        let mut header = [0; 48];
        assert_eq!(hex(&scramble(&header)), ZEROS);
        header[32..36].copy_from_slice(b".mp4");
        header[40..48].copy_from_slice(&1_000_000_u64.to_le_bytes());
        assert_eq!(hex(&scramble(&header)), FILM);
        assert_eq!(descramble(&scramble(&header)), header);
    }

    #[test]
    fn the_guard_turns_a_bit_over_and_back() {
        // What is ones on the line is ones in clear (1 ^ 1 ^ 1), but for the bits the guard turned.
        let ones = descramble(&[0xFF; 64]);
        assert_eq!(scramble(&ones), [0xFF; 64]);
        assert!(ones[4..7].iter().all(|byte| *byte == 0xFF), "no guard yet");
        assert!(ones[7..].iter().any(|byte| *byte != 0xFF), "the guard showed");
    }
}
