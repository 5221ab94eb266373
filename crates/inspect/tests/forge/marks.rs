//! Red Star's marks.

use des::{
    Des,
    cipher::{BlockCipherEncrypt, KeyInit},
};

use super::Dice;

pub fn record(id: &str) -> [u8; 24] {
    let mut clear = [0_u8; 24];
    clear[..2].copy_from_slice(b"WM");
    clear[2..2 + id.len()].copy_from_slice(id.as_bytes());
    let cipher = Des::new(&[7, 6, 5, 4, 3, 2, 1, 0].into());
    for block in clear.chunks_exact_mut(8) {
        let block: &mut [u8; 8] = block.try_into().unwrap();
        cipher.encrypt_block(block.into());
    }
    clear
}

/// What a machine does: a first tag, or a further one behind those that are there.
pub fn tagged(file: &[u8], id: &str) -> Vec<u8> {
    let there = file
        .strip_suffix(b"EOF")
        .map(|rest| u32::from_le_bytes(rest[rest.len() - 4..].try_into().unwrap()));
    let there =
        there.filter(|bytes| bytes % 24 == 0 && *bytes > 0 && (*bytes as usize) < file.len());
    let mut out = file[..file.len() - there.map_or(0, |_| 7)].to_vec();
    out.extend(record(id));
    out.extend((there.unwrap_or(0) + 24).to_le_bytes());
    out.extend(b"EOF");
    out
}

pub fn chain(file: &[u8], ids: &[String]) -> Vec<u8> {
    let mut out = file.to_vec();
    for id in ids {
        out.extend(record(id));
    }
    out.extend((24 * ids.len() as u32).to_le_bytes());
    out.extend(b"EOF");
    out
}

/// An office document's first bytes, with room to grow or without, and rubbish behind.
pub fn ooxml(dice: &mut Dice, padded: bool, size: usize) -> Vec<u8> {
    let mut file = b"PK\x03\x04\x14\0\x06\0\x08\0\0\0!\0".to_vec();
    file.extend(dice.bytes(4));
    file.extend([0; 8]);
    file.extend(19_u16.to_le_bytes());
    file.extend(if padded { 520_u16 } else { 0 }.to_le_bytes());
    file.extend(b"[Content_Types].xml");
    if padded {
        file.extend(0xA220_u16.to_le_bytes());
        file.extend(516_u16.to_le_bytes());
        file.extend(0xA028_u16.to_le_bytes());
        file.extend(512_u16.to_le_bytes());
        file.extend([0; 512]);
    }
    file.extend(dice.bytes(size));
    file
}

pub fn slot(file: &[u8], id: &str) -> Vec<u8> {
    let mut out = file.to_vec();
    out[80..104].copy_from_slice(&record(id));
    out[104..108].copy_from_slice(&24_u32.to_le_bytes());
    out[108..111].copy_from_slice(b"EOF");
    out
}

pub fn profile(dice: &mut Dice, file: &[u8], office: bool) -> Vec<u8> {
    let mut out = file.to_vec();
    out.extend(dice.bytes(128));
    out.extend(128_u32.to_le_bytes());
    out.extend(if office { b"wwwwvwww" } else { b"wwwwwwww" });
    out
}

/// A text with a mark, and the text that stripping it must give: `None` when it has too few gaps.
pub fn gap_mark(text: &str, id: &str, extra: u32) -> Option<(String, String)> {
    let mut mark = b"WM".to_vec();
    mark.extend(id.as_bytes());
    mark.push(0);
    mark.extend(extra.to_le_bytes());
    let mut bits = (0..160).map(|i| mark[i / 8] >> (i % 8) & 1 == 1);
    let (mut marked, mut plain) = (String::new(), String::new());
    let unix = text.replace("\r\n", "\n");
    let mut words = unix.split_inclusive([' ', '\n']).peekable();
    while let Some(piece) = words.next() {
        let word = piece.trim_end_matches([' ', '\n']);
        marked.push_str(word);
        plain.push_str(word);
        let mut gap = piece.strip_prefix(word).unwrap().to_owned();
        while words.peek().is_some_and(|next| next.trim_matches([' ', '\n']).is_empty()) {
            gap.push_str(words.next().unwrap());
        }
        let ends = gap.matches('\n').count();
        let bit = !gap.is_empty() && bits.next().unwrap_or(false);
        if gap.is_empty() {
            continue;
        }
        let single = if ends == 0 { " ".to_owned() } else { "\r\n".repeat(ends) };
        if bit {
            marked.push(' ');
        }
        marked.push_str(&single);
        plain.push_str(&single);
    }
    bits.next().is_none().then_some((marked, plain))
}

pub fn utf16(text: &str) -> Vec<u8> {
    let mut bytes = vec![0xFF, 0xFE];
    bytes.extend(text.encode_utf16().flat_map(u16::to_le_bytes));
    bytes
}

/// Rubbish in the shape of CP949: pairs of a lead and a trail byte in the place of every syllable.
pub fn cp949(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    for c in text.chars() {
        match u8::try_from(u32::from(c)) {
            Ok(ascii) if ascii < 0x80 => bytes.push(ascii),
            _ => bytes.extend([0xB0 + (u32::from(c) % 25) as u8, 0xA1 + (u32::from(c) % 90) as u8]),
        }
    }
    bytes
}
