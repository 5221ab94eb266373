//! A write of which only a part reached the disk.

use std::{fs, path::Path};

const SECTOR_BYTES: usize = 4_096;

/// Where the last write that was made went, and how long it was, by what strace wrote down.
pub(crate) fn last_write(trace: &str) -> Option<(usize, usize)> {
    let mut at = None;
    let mut last = None;
    for line in trace.lines() {
        let Some((call, result)) = line.rsplit_once(" = ") else { continue };
        let Ok(result) = result.split_whitespace().next().unwrap_or("").parse::<usize>() else {
            continue;
        };
        if call.contains("lseek(") {
            at = Some(result);
        } else if call.contains("write(") {
            last = at.map(|at| (at, result));
        }
    }
    last
}

/// The end of that write is as it was before the command: half of its last sector, in the pieces of
/// 512 bytes that disks write.
pub(crate) fn tear(home: &Path, before: &[u8], (at, length): (usize, usize)) {
    let mut bytes = fs::read(home).unwrap();
    let end = at + length;
    let from = end - length.min(SECTOR_BYTES) / 2 / 512 * 512;
    for (place, byte) in bytes.iter_mut().enumerate().take(end).skip(from) {
        // What was beyond the end before was nothing.
        *byte = before.get(place).copied().unwrap_or(0);
    }
    fs::write(home, bytes).unwrap();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_write_is_where_the_last_seek_led() {
        let trace = "\
7 lseek(5, 4096, SEEK_SET) = 4096\n7 write(5, \"x\", 4096) = 4096\n\
7 lseek(5, 8192, SEEK_SET) = 8192\n7 write(5, \"y\", 8192) = 8192\n\
7 lseek(5, 0, SEEK_SET) = 0\n7 write(5, \"z\" <unfinished ...>) = ?\n7 +++ killed by SIGKILL +++\n";
        assert_eq!(last_write(trace), Some((8_192, 8_192)));
        assert_eq!(last_write(""), None);
    }
}
