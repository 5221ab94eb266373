//! Disks by hand: partition tables, a sparse image, exFAT; FAT with the crate that reads it.

use std::io::{Cursor, Write};

pub const SECTOR: usize = 512;

/// An MBR with these partitions, the last one inside an extended one.
pub fn mbr(parts: &[&[u8]]) -> Vec<u8> {
    let mut disk = vec![0; SECTOR];
    let sectors = |bytes: usize| (bytes / SECTOR) as u32;
    let entry = |kind: u8, start: usize, size: usize| {
        let mut entry = [0; 16];
        entry[4] = kind;
        entry[8..12].copy_from_slice(&sectors(start).to_le_bytes());
        entry[12..].copy_from_slice(&sectors(size).to_le_bytes());
        entry
    };
    let (last, first) = parts.split_last().unwrap();
    for (i, part) in first.iter().enumerate() {
        let at = 446 + 16 * i;
        let start = disk.len();
        disk[at..at + 16].copy_from_slice(&entry(0x83, start, part.len()));
        disk.extend(*part);
    }
    let extended = disk.len();
    let at = 446 + 16 * first.len();
    disk[at..at + 16].copy_from_slice(&entry(5, extended, last.len() + SECTOR));
    let mut table = vec![0; SECTOR];
    table[446..462].copy_from_slice(&entry(0x83, SECTOR, last.len()));
    table[510..].copy_from_slice(&[0x55, 0xAA]);
    disk.extend(table);
    disk.extend(*last);
    disk[510..512].copy_from_slice(&[0x55, 0xAA]);
    disk
}

/// A GPT with these named partitions.
pub fn gpt(parts: &[(&str, &[u8])]) -> Vec<u8> {
    let mut disk = vec![0; SECTOR * 34];
    disk[450] = 0xEE;
    disk[458..462].copy_from_slice(&u32::MAX.to_le_bytes());
    disk[510..512].copy_from_slice(&[0x55, 0xAA]);
    disk[512..520].copy_from_slice(b"EFI PART");
    disk[512 + 72..512 + 80].copy_from_slice(&2_u64.to_le_bytes());
    disk[512 + 80..512 + 84].copy_from_slice(&128_u32.to_le_bytes());
    disk[512 + 84..512 + 88].copy_from_slice(&128_u32.to_le_bytes());
    for (i, (name, part)) in parts.iter().enumerate() {
        let (first, count) = (disk.len() / SECTOR, part.len() / SECTOR);
        let entry = 1024 + 128 * i;
        disk[entry..entry + 16].fill(7);
        disk[entry + 32..entry + 40].copy_from_slice(&(first as u64).to_le_bytes());
        disk[entry + 40..entry + 48].copy_from_slice(&((first + count - 1) as u64).to_le_bytes());
        for (j, unit) in name.encode_utf16().enumerate() {
            let at = entry + 56 + 2 * j;
            disk[at..at + 2].copy_from_slice(&unit.to_le_bytes());
        }
        disk.extend(*part);
    }
    disk
}

/// A sparse image of `raw`: raw chunks, and what is one repeated byte as a fill or a hole.
pub fn sparse(raw: &[u8]) -> Vec<u8> {
    let block = 4_096;
    let mut chunks = Vec::new();
    for piece in raw.chunks(block) {
        let one = piece.iter().all(|byte| *byte == piece[0]);
        let (kind, data) = match (one, piece[0]) {
            (true, 0) => (0xCAC3_u16, Vec::new()),
            (true, byte) => (0xCAC2, vec![byte; 4]),
            _ => (0xCAC1, piece.to_vec()),
        };
        let mut chunk = kind.to_le_bytes().to_vec();
        chunk.extend([0, 0]);
        chunk.extend(1_u32.to_le_bytes());
        chunk.extend((12 + data.len() as u32).to_le_bytes());
        chunk.extend(data);
        chunks.push(chunk);
    }
    let mut out = 0xED26_FF3A_u32.to_le_bytes().to_vec();
    out.extend([1, 0, 0, 0, 28, 0, 12, 0]);
    out.extend((block as u32).to_le_bytes());
    out.extend((chunks.len() as u32).to_le_bytes());
    out.extend((chunks.len() as u32).to_le_bytes());
    out.extend([0; 4]);
    out.extend(chunks.concat());
    out
}

/// A FAT volume with a file in a folder.
pub fn fat(folder: &str, name: &str, bytes: &[u8]) -> Vec<u8> {
    let mut disk = Cursor::new(vec![0_u8; 4 << 20]);
    fatfs::format_volume(&mut disk, fatfs::FormatVolumeOptions::new()).unwrap();
    {
        let system = fatfs::FileSystem::new(&mut disk, fatfs::FsOptions::new()).unwrap();
        let dir = system.root_dir().create_dir(folder).unwrap();
        let mut file = dir.create_file(name).unwrap();
        file.write_all(bytes).unwrap();
        let date = fatfs::Date { year: 2013, month: 4, day: 5 };
        let moment =
            |min| fatfs::DateTime { date, time: fatfs::Time { hour: 6, min, sec: 8, millis: 0 } };
        // It has no other way to say a time but a clock of its own.
        #[allow(deprecated, reason = "what it says to use instead gives one time to all")]
        {
            file.set_created(moment(7));
            file.set_modified(moment(9));
            file.set_accessed(date);
        }
    }
    disk.into_inner()
}

/// An exFAT volume with a folder and a file in it, whose clusters lie apart.
pub fn exfat(folder: &str, name: &str, bytes: &[u8]) -> Vec<u8> {
    let (cluster, table, heap) = (4_096_usize, 1_usize, 64_usize);
    let count = bytes.len().div_ceil(cluster);
    let clusters = 4 + 2 * count;
    let mut disk = vec![0; heap * SECTOR + clusters * cluster];
    disk[..11].copy_from_slice(b"\xEB\x76\x90EXFAT   ");
    disk[80..84].copy_from_slice(&(table as u32).to_le_bytes());
    disk[88..92].copy_from_slice(&(heap as u32).to_le_bytes());
    disk[92..96].copy_from_slice(&(clusters as u32).to_le_bytes());
    disk[96..100].copy_from_slice(&2_u32.to_le_bytes());
    disk[108] = 9;
    disk[109] = 3;
    disk[510..512].copy_from_slice(&[0x55, 0xAA]);
    let mut next = |from: usize, to: u32| {
        let at = table * SECTOR + 4 * from;
        disk[at..at + 4].copy_from_slice(&to.to_le_bytes());
    };
    next(2, u32::MAX);
    next(3, u32::MAX);
    // Every second cluster from 4 on.
    for i in 0..count {
        next(4 + 2 * i, if i + 1 == count { u32::MAX } else { (4 + 2 * (i + 1)) as u32 });
    }
    let place = |number: usize| heap * SECTOR + (number - 2) * cluster;
    let root = entry_set(folder, true, 3, cluster as u64);
    disk[place(2)..place(2) + root.len()].copy_from_slice(&root);
    let set = entry_set(name, false, 4, bytes.len() as u64);
    disk[place(3)..place(3) + set.len()].copy_from_slice(&set);
    for (i, piece) in bytes.chunks(cluster).enumerate() {
        disk[place(4 + 2 * i)..place(4 + 2 * i) + piece.len()].copy_from_slice(piece);
    }
    disk
}

fn entry_set(name: &str, folder: bool, first: u32, size: u64) -> Vec<u8> {
    let units: Vec<u16> = name.encode_utf16().collect();
    let mut file = [0; 32];
    file[0] = 0x85;
    file[1] = 1 + units.len().div_ceil(15) as u8;
    file[4] = if folder { 0x10 } else { 0x20 };
    // 2013-04-05 06:07:08: made nine hours east of UTC, changed nobody knows where, opened a
    // quarter of an hour west of UTC.
    let packed = (33_u32 << 25 | 4 << 21 | 5 << 16 | 6 << 11 | 7 << 5 | 4).to_le_bytes();
    for at in [8, 12, 16] {
        file[at..at + 4].copy_from_slice(&packed);
    }
    file[22..25].copy_from_slice(&[0x80 | 36, 0, 0xFF]);
    let mut stream = [0; 32];
    stream[0] = 0xC0;
    stream[1] = if folder { 3 } else { 1 };
    stream[3] = units.len() as u8;
    stream[20..24].copy_from_slice(&first.to_le_bytes());
    stream[24..].copy_from_slice(&size.to_le_bytes());
    let mut set = [file, stream].concat();
    for part in units.chunks(15) {
        let mut names = [0; 32];
        names[0] = 0xC1;
        for (i, unit) in part.iter().enumerate() {
            names[2 + 2 * i..4 + 2 * i].copy_from_slice(&unit.to_le_bytes());
        }
        set.extend(names);
    }
    set
}
