//! The memory of a process, as the system shows it to root.
#![allow(dead_code, reason = "not every test asks for all of it")]
#![allow(clippy::arithmetic_side_effects, reason = "numbers of a test")]

use std::{
    fs,
    io::{Read, Seek, SeekFrom},
};

/// Memory that the process can write to and that lies together.
pub(crate) struct Mapping {
    /// It is never written to swap.
    pub(crate) locked: bool,
    /// The first line of what the system says about it.
    pub(crate) title: String,
    pub(crate) bytes: Vec<u8>,
}

impl Mapping {
    /// How often the text stands in it.
    pub(crate) fn count(&self, text: &str) -> usize {
        self.bytes.windows(text.len()).filter(|window| *window == text.as_bytes()).count()
    }
}

/// All of it; `None` when the system shows it to nobody but the process itself.
pub(crate) fn mappings(pid: u32) -> Option<Vec<Mapping>> {
    let said = fs::read_to_string(format!("/proc/{pid}/smaps")).ok()?;
    let mut memory = fs::File::open(format!("/proc/{pid}/mem")).ok()?;
    let mut mappings = Vec::new();
    let mut title = "";
    for line in said.lines() {
        let Some(flags) = line.strip_prefix("VmFlags:") else {
            // Lines with numbers begin with a capital letter, titles with a place.
            title = if line.starts_with(|c: char| c.is_ascii_uppercase()) { title } else { line };
            continue;
        };
        let (from, to) = title.split_whitespace().next()?.split_once('-')?;
        let [from, to] = [from, to].map(|end| u64::from_str_radix(end, 16));
        let (from, to) = (from.ok()?, to.ok()?);
        let mut bytes = vec![0; usize::try_from(to - from).ok()?];
        memory.seek(SeekFrom::Start(from)).ok()?;
        if title.contains(" rw") && memory.read_exact(&mut bytes).is_ok() {
            let locked = flags.split_whitespace().any(|flag| flag == "lo");
            mappings.push(Mapping { locked, title: title.to_owned(), bytes });
        }
    }
    Some(mappings)
}
