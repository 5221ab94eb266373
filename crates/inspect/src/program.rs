//! Programs in disguise: what a file is by its bytes, and whether its name says something else.
//!
//! For whoever is about to hand a file that came from somebody to another program. Only its beginning,
//! a few known places and the list of an archive are read; nothing is unpacked.

use std::{fmt, io};

use crate::{
    Source,
    look::kind::Kind,
    numbers::{u16_le, u32_le},
};

macro_rules! programs {
    ($($(#[doc = $doc:literal])+ $name:ident = $id:literal;)+) => {
        /// Why a file is held back.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum Program {
            $($(#[doc = $doc])+ $name,)+
        }

        impl Program {
            /// All of them, for tables of words.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// A word for programs, which never changes.
            #[must_use]
            pub fn id(self) -> &'static str {
                match self {
                    $(Self::$name => $id,)+
                }
            }
        }
    };
}

programs! {
    /// A program or library for Linux or Android.
    Elf = "elf";
    /// A program or library for Windows or DOS.
    Windows = "windows";
    /// A program or library for macOS.
    Mach = "mach-o";
    /// An app for Android, or code of one.
    Android = "android";
    /// A program in Java.
    Java = "java";
    /// An app for iOS.
    Ios = "ios";
    /// An extension of a browser.
    Extension = "extension";
    /// A script, in whatever language.
    Script = "script";
    /// A document with macros, or one of the old kind that may hold them.
    Macros = "macros";
    /// A document that runs a script when it is opened.
    Active = "active";
    /// A shortcut: it opens or runs something else.
    Shortcut = "shortcut";
    /// An image of a disk: what is inside escapes the marks that files from elsewhere get.
    Disk = "disk-image";
    /// A package that installs programs.
    Package = "package";
    /// An archive with programs inside.
    Archive = "archive";
    /// An archive that cannot be looked into, because it is locked or of a kind not read here.
    Closed = "closed-archive";
    /// It is not of the kind its name says.
    Misnamed = "misnamed";
}

impl fmt::Display for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}

/// Bytes of the beginning that are looked at.
const HEAD_BYTES: usize = 65_536;
/// Classes of what Windows Installer takes: {000C1084-0000-0000-C000-000000000046}, a package; …1086,
/// a patch; …1082, a change of a package.
const INSTALLERS: [[u8; 16]; 3] = [installer(0x84), installer(0x86), installer(0x82)];

const fn installer(last: u8) -> [u8; 16] {
    [last, 0x10, 0x0C, 0, 0, 0, 0, 0, 0xC0, 0, 0, 0, 0, 0, 0, 0x46]
}

/// Bytes of an archive's list that are looked at.
const LIST_BYTES_MAX: usize = 4 << 20;

/// What a file is that had better not be opened without a thought; `None` for pictures, sound, film,
/// plain documents and text that are what their name says.
///
/// # Errors
/// What the storage says.
pub fn judge(name: &str, source: &dyn Source) -> io::Result<Option<Program>> {
    let head = source.piece(0, HEAD_BYTES)?;
    let by_bytes = of_bytes(&head, source)?;
    Ok(by_bytes.or_else(|| of_name(name, &head)))
}

fn of_bytes(head: &[u8], source: &dyn Source) -> io::Result<Option<Program>> {
    let is = |magic: &[u8]| head.starts_with(magic);
    let at = |place: usize, word: &[u8]| head.get(place..).is_some_and(|on| on.starts_with(word));
    let found = match Kind::of(head) {
        Kind::Elf => Some(Program::Elf),
        Kind::Dex => Some(Program::Android),
        Kind::AndroidBackup
        | Kind::Sparse
        | Kind::Disk
        | Kind::Ext4
        | Kind::Fat
        | Kind::ExFat
        | Kind::Ntfs
        | Kind::Erofs
        | Kind::F2fs
        | Kind::Squash => Some(Program::Disk),
        Kind::Zip => return zip(source),
        Kind::Seven | Kind::Packed(_) | Kind::Unopened(_) => Some(Program::Closed),
        _ => None,
    };
    if found.is_some() {
        return Ok(found);
    }
    if source.piece(0x8001, 5)? == b"CD001" || source.piece(0x8001, 5)? == b"BEA01" {
        return Ok(Some(Program::Disk));
    }
    let tail = source.tail(512)?;
    let fat_binary = is(b"\xCA\xFE\xBA\xBE");
    let binary = head.iter().take(64).any(|byte| *byte == 0);
    Ok(if binary && (is(b"MZ") || is(b"ZM")) {
        Some(Program::Windows)
    } else if [b"\xFE\xED\xFA\xCE", b"\xFE\xED\xFA\xCF", b"\xCE\xFA\xED\xFE", b"\xCF\xFA\xED\xFE"]
        .iter()
        .any(|magic| is(*magic))
    {
        Some(Program::Mach)
    } else if fat_binary {
        // A class of Java has its version here, of 45 and more; a binary for several machines their
        // number, which is small.
        Some(if head.get(7).is_some_and(|low| *low >= 45) { Program::Java } else { Program::Mach })
    } else if is(b"\xCA\xFE\xBA\xBF") {
        Some(Program::Mach)
    } else if is(b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1") {
        let class = crate::signer::class(source, head)?;
        let installs = class.is_some_and(|class| INSTALLERS.contains(&class));
        Some(if installs { Program::Package } else { Program::Macros })
    } else if is(b"L\0\0\0\x01\x14\x02\0") {
        Some(Program::Shortcut)
    } else if is(b"!<arch>\n") || is(b"\xED\xAB\xEE\xDB") || is(b"xar!") || is(b"MSCF") {
        Some(Program::Package)
    } else if is(b"Cr24") {
        Some(Program::Extension)
    } else if is(b"ITSF") {
        Some(Program::Active)
    } else if tail.starts_with(b"koly")
        || is(b"QFI\xFB")
        || is(b"KDMV")
        || is(b"vhdxfile")
        || is(b"conectix")
        || tail.starts_with(b"conectix")
        || at(0x40, b"\x7F\x10\xDA\xBE")
    {
        Some(Program::Disk)
    } else if is(b"%PDF-") {
        pdf(source)?
    } else {
        words(head)
    })
}

/// A PDF that runs something when it is opened. Streams are not unpacked: cleaning finds what hides
/// there.
fn pdf(source: &dyn Source) -> io::Result<Option<Program>> {
    const MARKS: [&[u8]; 5] = [b"/JavaScript", b"/JS", b"/Launch", b"/EmbeddedFile", b"/RichMedia"];
    let window = HEAD_BYTES.saturating_mul(4);
    let step = window.saturating_sub(64);
    let mut at = 0_u64;
    while at < source.size() {
        let piece = source.piece(at, window)?;
        if MARKS.iter().any(|mark| named(&piece, mark)) {
            return Ok(Some(Program::Active));
        }
        at = at.saturating_add(step as u64);
    }
    Ok(None)
}

/// A name of PDF, with nothing behind it that would make it another one.
fn named(bytes: &[u8], name: &[u8]) -> bool {
    let found = |at: &usize| {
        let behind = bytes.get(at.saturating_add(name.len()));
        behind.is_none_or(|byte| !byte.is_ascii_alphanumeric())
    };
    bytes
        .windows(name.len())
        .enumerate()
        .filter(|(_, some)| *some == name)
        .any(|(at, _)| found(&at))
}

/// Text that something runs.
fn words(head: &[u8]) -> Option<Program> {
    let text = plain(head);
    let text = text.trim_start_matches('\u{feff}').trim_start();
    let low: String = text.chars().take(4_096).collect::<String>().to_ascii_lowercase();
    let begins = |words: &[&str]| words.iter().any(|word| low.starts_with(word));
    if low.starts_with("#!") || begins(&["@echo", "<?php", "<job", "<package>", "<hta:"]) {
        return Some(Program::Script);
    }
    if begins(&["[desktop entry]", "[internetshortcut]", "[{000214a0"]) {
        return Some(Program::Shortcut);
    }
    if begins(&["windows registry editor", "regedit4", "[autorun]"]) {
        return Some(Program::Script);
    }
    let markup = low.starts_with('<');
    let runs = ["<script", "javascript:", " onload=", " onerror=", "<hta:", "<iframe", "<object"];
    if markup && runs.iter().any(|word| low.contains(word)) {
        return Some(Program::Active);
    }
    None
}

/// What a program that takes the bytes for text would read; empty for anything else.
fn plain(head: &[u8]) -> String {
    let wide = |order: fn([u8; 2]) -> u16| {
        let units = head.as_chunks::<2>().0.iter().map(|pair| order(*pair));
        char::decode_utf16(units).map(|c| c.unwrap_or('\u{fffd}')).collect()
    };
    match head.get(..2) {
        Some([0xFF, 0xFE]) => wide(u16::from_le_bytes),
        Some([0xFE, 0xFF]) => wide(u16::from_be_bytes),
        _ if head.iter().take(4_096).any(|byte| *byte == 0) => String::new(),
        _ => String::from_utf8_lossy(head).into_owned(),
    }
}

/// Endings of names that a system runs, whatever is in the file.
const RUN: [&str; 60] = [
    "exe", "com", "scr", "pif", "bat", "cmd", "msi", "msp", "mst", "cpl", "dll", "sys", "drv",
    "ocx", "vbs", "vbe", "vb", "js", "jse", "mjs", "ws", "wsf", "wsh", "hta", "ps1", "psm1",
    "psd1", "sh", "bash", "zsh", "csh", "fish", "command", "py", "pyw", "pl", "rb", "php", "lua",
    "jar", "apk", "apks", "xapk", "aab", "dex", "ipa", "app", "deb", "rpm", "run", "appimage",
    "reg", "inf", "scf", "lnk", "url", "desktop", "chm", "hlp", "jnlp",
];
/// And those of disks.
const DISKS: [&str; 9] = ["iso", "img", "dmg", "vhd", "vhdx", "vmdk", "qcow2", "udf", "toast"];
/// And those of documents with macros.
const MACROS: [&str; 14] = [
    "docm", "dotm", "xlsm", "xltm", "xlam", "xlsb", "pptm", "potm", "ppam", "ppsm", "sldm", "doc",
    "xls", "ppt",
];

fn ending(name: &str) -> String {
    let (_, ending) = name.rsplit_once('.').unwrap_or_default();
    // Windows leaves out blanks and dots at the end of a name.
    ending.trim_end_matches([' ', '.']).to_lowercase()
}

/// What an ending makes a system do.
fn of_ending(name: &str) -> Option<Program> {
    let name = name.trim_end_matches([' ', '.']);
    let ending = ending(name);
    let ending = ending.as_str();
    if ["lnk", "url", "desktop", "scf"].contains(&ending) {
        Some(Program::Shortcut)
    } else if RUN.contains(&ending) {
        Some(Program::Script)
    } else if DISKS.contains(&ending) {
        Some(Program::Disk)
    } else if MACROS.contains(&ending) {
        Some(Program::Macros)
    } else {
        None
    }
}

/// Kinds by their first bytes, and the endings their names may have.
const KINDS: [(&[u8], &[&str]); 22] = [
    (b"\xFF\xD8\xFF", &["jpg", "jpeg", "jpe", "jfif"]),
    (b"\x89PNG\r\n\x1A\n", &["png", "apng"]),
    (b"GIF8", &["gif"]),
    (b"BM", &["bmp", "dib"]),
    (b"II\x2A\0", &["tif", "tiff"]),
    (b"MM\0\x2A", &["tif", "tiff"]),
    (b"%PDF-", &["pdf"]),
    (b"ID3", &["mp3"]),
    (b"fLaC", &["flac"]),
    (b"OggS", &["ogg", "oga", "ogv", "opus", "spx"]),
    (b"\x1A\x45\xDF\xA3", &["mkv", "webm", "mka"]),
    (b"{\\rtf", &["rtf"]),
    (b"PK\x03\x04", &["zip", "docx", "xlsx", "pptx", "odt", "ods", "odp", "odg", "epub", "hwpx"]),
    (b"RIFF", &["wav", "avi", "webp"]),
    (b"\0\0\0\x0CjP  ", &["jp2", "jpx"]),
    (b"\xFF\xFB", &["mp3"]),
    (b"\xFF\xF3", &["mp3"]),
    (b"\xFF\xF2", &["mp3"]),
    (b"8BPS", &["psd"]),
    (b"wOFF", &["woff"]),
    (b"wOF2", &["woff2"]),
    (b"\xFF\x0A", &["jxl"]),
];
/// Endings of films and pictures that begin with a box of type `ftyp`.
const BOXES: [&str; 12] =
    ["mp4", "m4v", "m4a", "mov", "qt", "3gp", "3g2", "heic", "heif", "avif", "m4b", "hif"];

/// The name says one kind and the bytes another; or it makes a system run what is no program.
fn of_name(name: &str, head: &[u8]) -> Option<Program> {
    let run = of_ending(name);
    if run.is_some() {
        return run;
    }
    let ending = ending(name);
    let known = KINDS.iter().any(|(_, endings)| endings.contains(&ending.as_str()));
    if !known && !BOXES.contains(&ending.as_str()) {
        return None;
    }
    let fits = KINDS
        .iter()
        .any(|(magic, endings)| head.starts_with(magic) && endings.contains(&ending.as_str()));
    let boxed = matches!(head.get(4..8), Some(b"ftyp" | b"moov" | b"mdat" | b"wide" | b"free"));
    let fits = fits || boxed && BOXES.contains(&ending.as_str());
    (!fits).then_some(Program::Misnamed)
}

/// An archive of the kind ZIP, by the list at its end.
fn zip(source: &dyn Source) -> io::Result<Option<Program>> {
    // The record at the end has 22 bytes and a comment of at most 65,535 (APPNOTE 4.3.16).
    let tail = source.tail(65_557)?;
    let Some(end) = tail.windows(4).rposition(|some| some == b"PK\x05\x06") else {
        return Ok(Some(Program::Closed));
    };
    let record = tail.get(end..).unwrap_or_default();
    let (length, start) = (u32_le(record, 12).unwrap_or(0), u32_le(record, 16).unwrap_or(u32::MAX));
    let length = usize::try_from(length).unwrap_or(usize::MAX);
    if start == u32::MAX || length > LIST_BYTES_MAX {
        return Ok(Some(Program::Closed));
    }
    // Something before the archive moves its places: the list ends where its end begins.
    let end_at = source.size().saturating_sub((tail.len().saturating_sub(end)) as u64);
    let list = source.piece(end_at.saturating_sub(length as u64), length)?;
    let mut rest = list.as_slice();
    let mut worst = None;
    let (mut class, mut manifest) = (false, false);
    while rest.starts_with(b"PK\x01\x02") {
        let lengths = [28, 30, 32].map(|at| usize::from(u16_le(rest, at).unwrap_or(0)));
        let [name, extra, comment] = lengths;
        let name_end = 46_usize.saturating_add(name);
        let Some(bytes) = rest.get(46..name_end) else { return Ok(Some(Program::Closed)) };
        let said = String::from_utf8_lossy(bytes).to_lowercase();
        let locked = u16_le(rest, 8).unwrap_or(0) & 1 == 1;
        let found = match said.as_str() {
            "androidmanifest.xml" | "classes.dex" => return Ok(Some(Program::Android)),
            "appxmanifest.xml" | "appxmetadata/appxbundlemanifest.xml" => {
                return Ok(Some(Program::Package));
            }
            "meta-inf/manifest.mf" => {
                manifest = true;
                None
            }
            said if said.starts_with("payload/") && said.contains(".app/") => {
                return Ok(Some(Program::Ios));
            }
            said if said.ends_with("vbaproject.bin") || said.contains("/activex/") => {
                return Ok(Some(Program::Macros));
            }
            said if said.starts_with("basic/") && said.ends_with(".xml") => {
                return Ok(Some(Program::Macros));
            }
            said if said.ends_with(".class") => {
                class = true;
                None
            }
            said if of_ending(said).is_some() => Some(Program::Archive),
            _ if locked => Some(Program::Closed),
            _ => None,
        };
        worst = worst.max(found);
        let next = name_end.saturating_add(extra).saturating_add(comment);
        rest = rest.get(next..).unwrap_or_default();
    }
    if class && manifest {
        return Ok(Some(Program::Java));
    }
    Ok(if class { Some(Program::Archive) } else { worst })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(name: &str, bytes: &[u8]) -> Option<Program> {
        judge(name, &bytes.to_vec()).unwrap()
    }

    /// An archive's list with these names, and nothing in it.
    fn archive(names: &[&str], flags: u16) -> Vec<u8> {
        let mut list = Vec::new();
        for name in names {
            let mut entry = vec![0; 46];
            entry[..4].copy_from_slice(b"PK\x01\x02");
            entry[8..10].copy_from_slice(&flags.to_le_bytes());
            entry[28..30].copy_from_slice(&u16::try_from(name.len()).unwrap().to_le_bytes());
            list.extend(entry);
            list.extend(name.as_bytes());
        }
        let mut bytes = b"PK\x03\x04".to_vec();
        bytes.resize(100, 0);
        let (start, length) = (100_u32, u32::try_from(list.len()).unwrap());
        bytes.extend(&list);
        let mut end = vec![0; 22];
        end[..4].copy_from_slice(b"PK\x05\x06");
        end[12..16].copy_from_slice(&length.to_le_bytes());
        end[16..20].copy_from_slice(&start.to_le_bytes());
        bytes.extend(end);
        bytes
    }

    #[test]
    fn programs_are_known_whatever_they_are_called() {
        let cases: [(&[u8], Program); 15] = [
            (b"\x7fELF\x02\x01\x01", Program::Elf),
            (b"MZ\x90\0", Program::Windows),
            (b"\xCF\xFA\xED\xFE\x07", Program::Mach),
            (b"\xCA\xFE\xBA\xBE\0\0\0\x02", Program::Mach),
            (b"\xCA\xFE\xBA\xBF\0\0\0\x02", Program::Mach),
            (b"\xCA\xFE\xBA\xBE\0\0\0\x41", Program::Java),
            (b"dex\n035\0", Program::Android),
            (b"#!/bin/sh\nrm -rf ~\n", Program::Script),
            (b"@echo off\r\n", Program::Script),
            (b"L\0\0\0\x01\x14\x02\0", Program::Shortcut),
            (b"[Desktop Entry]\nExec=sh\n", Program::Shortcut),
            (b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1", Program::Macros),
            (b"<html><script>x()</script>", Program::Active),
            (b"!<arch>\ndebian-binary", Program::Package),
            (b"Rar!\x1a\x07\x01", Program::Closed),
        ];
        for (bytes, what) in cases {
            for name in ["holiday.jpg", "notes.txt", "x", ""] {
                assert_eq!(of(name, bytes), Some(what), "{name}");
            }
        }
    }

    #[test]
    fn what_is_what_its_name_says_passes() {
        let cases: [(&str, &[u8]); 9] = [
            ("a.jpg", b"\xFF\xD8\xFF\xE0"),
            ("a.png", b"\x89PNG\r\n\x1A\n"),
            ("a.txt", b"MY LETTER\nwith words in it"),
            ("a.pdf", b"%PDF-1.7\n1 0 obj <</Type /Catalog>> endobj"),
            ("a.mp4", b"\0\0\0\x18ftypisom"),
            ("a.webp", b"RIFF\0\0\0\0WEBPVP8 "),
            ("unknown.xyz", b"\x01\x02\x03\x04"),
            ("no ending", b"words"),
            ("empty.bin", b""),
        ];
        for (name, bytes) in cases {
            assert_eq!(of(name, bytes), None, "{name}");
        }
        assert_eq!(of("a.docx", &archive(&["word/document.xml"], 0)), None);
        assert_eq!(of("a.zip", &archive(&["a.jpg", "notes/b.txt"], 0)), None);
    }

    #[test]
    fn a_name_that_lies_is_told() {
        assert_eq!(of("a.jpg", b"\x89PNG\r\n\x1A\n"), Some(Program::Misnamed));
        assert_eq!(of("a.pdf", b"words and more words"), Some(Program::Misnamed));
        assert_eq!(of("photo.jpg.exe", b"\xFF\xD8\xFF\xE0"), Some(Program::Script));
        assert_eq!(of("photo.jpg.EXE ", b"words"), Some(Program::Script));
        assert_eq!(of("disk.img", b"words"), Some(Program::Disk));
    }

    #[test]
    fn an_archive_is_what_is_in_it() {
        for (names, what) in [
            (&["AndroidManifest.xml", "res/a.png"][..], Program::Android),
            (&["Payload/A.app/Info.plist"], Program::Ios),
            (&["a.exe", "AppxManifest.xml"], Program::Package),
            (&["a.msix", "AppxMetadata/AppxBundleManifest.xml"], Program::Package),
            (&["META-INF/MANIFEST.MF", "a/B.class"], Program::Java),
            (&["word/document.xml", "word/vbaProject.bin"], Program::Macros),
            (&["readme.txt", "setup.EXE"], Program::Archive),
            (&["readme.txt", "photo.lnk"], Program::Archive),
        ] {
            assert_eq!(of("a.zip", &archive(names, 0)), Some(what), "{names:?}");
        }
        assert_eq!(of("a.zip", &archive(&["a.txt"], 1)), Some(Program::Closed));
        assert_eq!(of("a.zip", b"PK\x03\x04 and no end"), Some(Program::Closed));
        let mut cut = archive(&["a.txt", "b.txt"], 0);
        let at = cut.len() - 22 + 12;
        cut[at..at + 4].copy_from_slice(&[0xff; 4]);
        assert_eq!(of("a.zip", &cut), Some(Program::Closed));
    }

    #[test]
    fn what_windows_installer_takes_is_a_package_and_other_files_like_it_may_hold_macros() {
        let mut file = b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1".to_vec();
        file.resize(2_048, 0);
        file[30] = 9;
        file[48] = 1;
        assert_eq!(of("a", &file), Some(Program::Macros));
        for last in [0x84, 0x86, 0x82] {
            file[1_104..1_120].copy_from_slice(&installer(last));
            assert_eq!(of("a.doc", &file), Some(Program::Package));
            assert_eq!(of("a.msi", &file[..1_110]), Some(Program::Macros), "cut");
        }
        file[48..52].copy_from_slice(&[0xFF; 4]);
        assert_eq!(of("a", &file), Some(Program::Macros));
    }

    #[test]
    fn a_document_that_runs_something_is_told() {
        let pdf = |word: &str| format!("%PDF-1.7\n1 0 obj <</S {word} >> endobj").into_bytes();
        for word in ["/JavaScript", "/JS (x)", "/Launch", "/EmbeddedFile"] {
            assert_eq!(of("a.pdf", &pdf(word)), Some(Program::Active), "{word}");
        }
        assert_eq!(of("a.pdf", &pdf("/JSomething")), None);
        // Behind the first window.
        let mut far = b"%PDF-1.7\n".to_vec();
        far.resize(600_000, b' ');
        far.extend(b"/Launch ");
        assert_eq!(of("a.pdf", &far), Some(Program::Active));
    }
}
