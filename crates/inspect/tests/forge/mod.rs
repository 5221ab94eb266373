#![allow(clippy::arithmetic_side_effects, clippy::cast_possible_truncation, reason = "a forge")]
#![allow(dead_code, unreachable_pub, reason = "every test uses another part of it")]
//! Marks as devices write them, made from the published facts with keys of our own. Only tests and
//! figures link this: nothing that is shipped can write a mark.

pub mod apps;
pub mod archives;
pub mod disks;
pub mod mach;
pub mod marks;
pub mod office;
pub mod packages;
pub mod seals;
pub mod seeds;
pub mod windows;

#[allow(unused_imports, reason = "every test uses others")]
pub use marks::{chain, gap_mark, profile, slot, tagged};

/// Chance out of a seed.
pub struct Dice(pub u64);

impl Dice {
    pub fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, end: u64) -> u64 {
        self.roll() % end
    }

    pub fn bytes(&mut self, count: usize) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(count + 8);
        while bytes.len() < count {
            bytes.extend_from_slice(&self.roll().to_le_bytes());
        }
        bytes.truncate(count);
        bytes
    }

    /// A disk id as the system makes it: 13 of 0-9 and A-Z without zeros.
    pub fn disk(&mut self) -> String {
        (0..13).map(|_| b"123456789ABCDEFZ"[self.below(16) as usize] as char).collect()
    }

    /// A file of a kind, of random content and about this size.
    pub fn file(&mut self, kind: &str, size: usize) -> Vec<u8> {
        let head: &[u8] = match kind {
            "jpg" => &[0xFF, 0xD8, 0xFF, 0xE0],
            "png" => b"\x89PNG\r\n\x1a\n",
            "gif" => b"GIF89a",
            "mp3" => b"ID3\x04\x00",
            "mp4" => b"\0\0\0\x18ftypisom",
            "pdf" => b"%PDF-1.4\n",
            "avi" => b"RIFF\0\0\0\0AVI ",
            "doc" => &[0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1],
            _ => b"",
        };
        let mut file = head.to_vec();
        file.extend(self.bytes(size.saturating_sub(head.len())));
        file
    }

    /// A text of this many words, as people write it: lines, empty lines, double blanks.
    pub fn text(&mut self, words: usize, ends: &str, html: bool) -> String {
        const WORDS: &[&str] =
            &["집", "학교에", "어머니", "rain", "the", "river", "오늘은", "책을", "and", "봄"];
        let mut text = String::new();
        if html {
            text.push_str("<html><body><p>");
        }
        for i in 0..words {
            text.push_str(WORDS[self.below(WORDS.len() as u64) as usize]);
            match self.below(24) {
                _ if i + 1 == words => {}
                0 => text.push_str(ends),
                1 => text.push_str(&format!("{ends}{ends}")),
                2 => text.push_str("  "),
                3 => text.push_str(&format!(" {ends}")),
                _ => text.push(' '),
            }
        }
        text
    }
}
