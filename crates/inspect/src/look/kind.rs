//! What a file is, by its first bytes: never by its name.

use crate::{
    archive::packed::Packing,
    numbers::{u16_le, u32_le},
};

/// A kind of file that matters here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// ZIP: also APK, DOCX, EPUB.
    Zip,
    /// One packed stream.
    Packed(Packing),
    /// 7z.
    Seven,
    /// tar.
    Tar,
    /// A backup made by `adb backup`.
    AndroidBackup,
    /// An Android sparse image.
    Sparse,
    /// A disk with a partition table.
    Disk,
    /// A file system of the ext family.
    Ext4,
    /// FAT 12, 16 or 32.
    Fat,
    /// exFAT.
    ExFat,
    /// NTFS.
    Ntfs,
    /// EROFS.
    Erofs,
    /// F2FS.
    F2fs,
    /// squashfs.
    Squash,
    /// A file system or archive that is not opened here; its name.
    Unopened(&'static str),
    /// A program or library for Linux and Android.
    Elf,
    /// Code of an Android app.
    Dex,
    /// Android's binary XML of settings.
    Abx,
    /// A certificate: DER or PEM.
    Certificate,
    /// Text.
    Text,
    /// Anything else.
    Other,
}

/// Bytes of a file's head that are enough.
pub const HEAD_BYTES: usize = 4_096;

const MAGICS: &[(usize, &[u8], Kind)] = &[
    (0, b"PK\x03\x04", Kind::Zip),
    (0, b"PK\x05\x06", Kind::Zip),
    (0, &[0x1F, 0x8B, 8], Kind::Packed(Packing::Gzip)),
    (0, b"ANDROID BACKUP\n", Kind::AndroidBackup),
    (0, &[0x3A, 0xFF, 0x26, 0xED], Kind::Sparse),
    (0, b"\x7fELF", Kind::Elf),
    (0, b"dex\n", Kind::Dex),
    (0, b"ABX\0", Kind::Abx),
    (257, b"ustar", Kind::Tar),
    (512, b"EFI PART", Kind::Disk),
    (3, b"NTFS    ", Kind::Ntfs),
    (3, b"EXFAT   ", Kind::ExFat),
    (0, b"-----BEGIN CERT", Kind::Certificate),
    (0, b"Rar!\x1a\x07", Kind::Unopened("RAR")),
    (0, &[0x37, 0x7A, 0xBC, 0xAF, 0x27, 0x1C], Kind::Seven),
    (0, &[0xFD, 0x37, 0x7A, 0x58, 0x5A, 0], Kind::Packed(Packing::Xz)),
    (0, &[0x28, 0xB5, 0x2F, 0xFD], Kind::Packed(Packing::Zstd)),
    (0, &[0x04, 0x22, 0x4D, 0x18], Kind::Packed(Packing::Lz4)),
    (0, b"LUKS\xba\xbe", Kind::Unopened("LUKS")),
    (0, b"hsqs", Kind::Squash),
    (1024, &[0x10, 0x20, 0xF5, 0xF2], Kind::F2fs),
    (1024, &[0xE2, 0xE1, 0xF5, 0xE0], Kind::Erofs),
];

impl Kind {
    /// It holds files, and they are looked at one by one.
    #[must_use]
    pub fn is_opened(self) -> bool {
        !matches!(
            self,
            Self::Elf
                | Self::Dex
                | Self::Abx
                | Self::Certificate
                | Self::Text
                | Self::Other
                | Self::Unopened(_)
        )
    }

    /// The kind of a file with these first [`HEAD_BYTES`].
    #[must_use]
    pub fn of(head: &[u8]) -> Self {
        let known = MAGICS
            .iter()
            .find(|(at, magic, _)| head.get(*at..).is_some_and(|from| from.starts_with(magic)));
        if let Some((_, _, kind)) = known {
            return *kind;
        }
        if u16_le(head, 1_080) == Some(0xEF53) && u32_le(head, 1_048).is_some_and(|log| log < 7) {
            return Self::Ext4;
        }
        if head.get(510..512) == Some(&[0x55, 0xAA]) {
            return if is_fat(head) { Self::Fat } else { Self::Disk };
        }
        // bzip2, by its first block or its end.
        let block = head.get(4..10);
        let begins = [&[0x31, 0x41, 0x59, 0x26, 0x53, 0x59], &[0x17, 0x72, 0x45, 0x38, 0x50, 0x90]];
        if head.starts_with(b"BZh") && begins.iter().any(|begin| block == Some(begin.as_slice())) {
            return Self::Packed(Packing::Bzip2);
        }
        // A certificate in DER: a sequence that begins with another one.
        let inner = match head.get(..2) {
            Some([0x30, 0x81]) => head.get(3),
            Some([0x30, 0x82]) => head.get(4),
            _ => None,
        };
        if inner == Some(&0x30) {
            return Self::Certificate;
        }
        let wide = head.starts_with(&[0xFF, 0xFE]);
        if !head.is_empty() && (wide || !head.contains(&0)) { Self::Text } else { Self::Other }
    }
}

/// A boot sector of FAT: a jump, a sector size, clusters, one or two tables.
fn is_fat(head: &[u8]) -> bool {
    let jump = matches!(head.first(), Some(0xEB | 0xE9));
    let sector = matches!(u16_le(head, 11), Some(512 | 1_024 | 2_048 | 4_096));
    let cluster = head.get(13).is_some_and(|count| count.is_power_of_two());
    let tables = matches!(head.get(16), Some(1 | 2));
    jump && sector && cluster && tables
}
