//! First corpora of the inspector's fuzz targets.

use super::{
    Dice, apps, archives, chain, disks, gap_mark, mach, marks, office, packages, profile, seals,
    slot, tagged, windows,
};

const ID: &str = "AC9A58CDZ364C";

/// Each target with its seeds.
pub fn all() -> Vec<(&'static str, Seeds)> {
    vec![
        ("inspect_tags", tags()),
        ("inspect_look", looks()),
        ("inspect_image", bends()),
        ("inspect_lists", lists()),
        ("inspect_program", programs()),
    ]
}

/// The program that stories of the command line use.
pub fn sample() -> Vec<u8> {
    let (program, key) = (windows::program(true), seals::Key::ec(256, 7));
    windows::signed(&program, &key, windows::Hash::Sha256, "Mina's Tools")
}

pub type Seeds = Vec<(&'static str, Vec<u8>)>;

fn tags() -> Seeds {
    let mut dice = Dice(1);
    let small = dice.file("gif", 400);
    let text = dice.text(260, "\n", false);
    let (marked, _) = gap_mark(&text, ID, 0).unwrap();
    let padded = marks::ooxml(&mut dice, true, 200);
    let bare = marks::ooxml(&mut dice, false, 200);
    let signed = office::unsigned(&mut dice, &small, ".gif");
    let mut lying = tagged(&small, ID);
    let at = lying.len() - 7;
    lying[at..at + 4].copy_from_slice(&u32::MAX.to_le_bytes());
    vec![
        ("nothing", Vec::new()),
        ("chain-of-one", tagged(&small, ID)),
        ("chain-of-five", chain(&small, &vec![ID.to_owned(); 5])),
        ("chain-that-lies", lying),
        ("chain-alone", chain(b"", &[ID.to_owned()])),
        ("order-delete", chain(&small, &["0000000000cba".to_owned()])),
        ("slot-in-padding", slot(&padded, ID)),
        ("slot-without-padding", slot(&bare, ID)),
        ("text", marked.clone().into_bytes()),
        ("text-wide", marks::utf16(&marked)),
        ("text-cp949", marks::cp949(&marked)),
        ("profile", profile(&mut dice, &small, true)),
        ("office", signed.clone()),
        ("office-feature-phone", office::feature_phone(&mut dice, &small, ".gif")),
        ("office-cut", signed[1..].to_vec()),
        ("own", [small.clone(), b"SELFSIGN".to_vec()].concat()),
        ("many", tagged(&profile(&mut dice, &signed, false), ID)),
    ]
}

/// The first byte chooses the name.
fn named(name: u8, bytes: &[u8]) -> Vec<u8> {
    [&[name], bytes].concat()
}

fn looks() -> Seeds {
    let mut dice = Dice(2);
    let photo = tagged(&dice.file("gif", 300), ID);
    let zip = archives::zip(&[("a.gif", &photo, false), ("b.gif", &photo, true)]);
    let tar = archives::tar(&[("a.gif", &photo), (&"long/".repeat(30), b"x")], true);
    let backup = [b"ANDROID BACKUP\n5\n1\nnone\n".as_slice(), &archives::zlibbed(&tar)].concat();
    let manifest = apps::manifest("com.example.peeper", true);
    let files: Vec<archives::Entry<'_>> = vec![("AndroidManifest.xml", &manifest, false)];
    let plain = archives::zip(&files);
    let key = apps::Key::ec(3);
    let fs = disks::exfat("dir", "a.gif", &photo);
    let mut log = vec![1, 0, 0, 0, 4, 10];
    log.extend(ID.encode_utf16().flat_map(u16::to_le_bytes));
    log.extend([3, 3, 2, 0, b'x', 0, 0, 0]);
    vec![
        ("nothing", named(0, b"")),
        ("zip", named(0, &zip)),
        ("zip-cut", named(0, &zip[..zip.len() - 30])),
        ("zip-in-zip", named(0, &archives::zip(&[("x.zip", &zip, true)]))),
        ("tar", named(0, &tar)),
        ("tar-gz", named(0, &archives::gzipped(&tar))),
        ("backup", named(0, &backup)),
        ("backup-encrypted", named(0, b"ANDROID BACKUP\n5\n1\nAES-256\n")),
        ("app-v2", named(7, &apps::signed(&plain, &key, "Mina", false))),
        ("app-v3", named(7, &apps::signed(&plain, &key, "Mina", true))),
        ("app-v1", named(7, &apps::jar_signed(&files, &key, "Mina"))),
        ("exfat", named(0, &fs[..fs.len().min(48_000)])),
        ("sparse", named(0, &disks::sparse(&disks::gpt(&[("x", &fs)])))),
        ("mbr", named(0, &disks::mbr(&[&photo.repeat(2)[..512], &photo.repeat(2)[..512]]))),
        ("alert-log", named(1, &log)),
        ("identity", named(2, &[0x3a; 16])),
        ("revocations", named(3, &[b'.'; 48])),
        ("packages", named(4, b"ABX\0\x12com.example.peeper\0")),
        ("bugreport", named(5, b"Enabled Device Admins:\n  com.x/.Admin:\n\npackage:com.x.y\n")),
        ("7z", named(0, include_bytes!("../archives/solid.7z"))),
        ("7z-of-code", named(0, include_bytes!("../archives/code.7z"))),
        ("7z-bzip2", named(0, include_bytes!("../archives/bzip2.7z"))),
        ("tar-xz", named(0, include_bytes!("../archives/folder.tar.xz"))),
        ("zstd", named(0, include_bytes!("../archives/notes.txt.zst"))),
        ("bzip2", named(0, include_bytes!("../archives/notes.txt.bz2"))),
        ("zip-lzma", named(0, include_bytes!("../archives/lzma.zip"))),
        ("certificate", named(6, &apps::certificate("Mina", &key.spki()))),
    ]
}

/// Images as they are, and with bytes changed in their first blocks.
fn bends() -> Seeds {
    let mut dice = Dice(3);
    let names = ["erofs", "squashfs", "f2fs", "ext4", "ntfs", "erofs-plain"];
    let bent = ["erofs-bent", "squashfs-bent", "f2fs-bent", "ext4-bent", "ntfs-bent", "plain-bent"];
    let whole = (0_u8..).zip(names).map(|(which, name)| (name, vec![which]));
    let bent = (0_u8..).zip(bent).map(|(which, name)| (name, named(which, &dice.bytes(120))));
    whole.chain(bent.collect::<Vec<_>>()).collect()
}

/// Programs that somebody signed; those nobody signed lie there already.
fn programs() -> Seeds {
    let key = seals::Key::ec(256, 7);
    let (wide, narrow) = (windows::program(true), windows::program(false));
    let good = sample();
    let rsa = windows::signed(&narrow, &seals::Key::rsa(7), windows::Hash::Sha1, "Mina");
    let bare = windows::Lies { bare: true, ..windows::Lies::default() };
    let bare = windows::lying(&wide, &key, windows::Hash::Sha256, "Mina", bare);
    let files: Vec<archives::Entry<'_>> = vec![("a/Main.class", b"class", false)];
    let jar = apps::jar_signed(&files, &apps::Key::ec(3), "Mina");
    let manifest = archives::zip(&[("AndroidManifest.xml", b"manifest", false)]);
    let package = packages::package(5_000);
    let package = packages::package_signed(&package, &key, windows::Hash::Sha256, "Mina", true);
    let packed = packages::Compound::write(&package, 512);
    let coded = packages::Coded::Utf16;
    let script = packages::script_signed("dir", coded, &key, windows::Hash::Sha256, "Mina");
    let cabinet = packages::cabinet_signed(b"files", &key, windows::Hash::Sha256, "Mina");
    let apple = mach::signed(mach::ARM, Some(&key), mach::APPLE);
    let plain = mach::signed(mach::INTEL, Some(&key), mach::PLAIN);
    let both = mach::several(&[(mach::INTEL, plain.clone()), (mach::ARM, apple.clone())]);
    vec![
        ("signed-mach", named(5, &apple)),
        ("signed-mach-plain", named(5, &plain)),
        ("signed-mach-both", named(5, &both)),
        ("signed-mach-nobody", named(5, &mach::signed(mach::ARM, None, mach::APPLE))),
        ("signed-disk", named(5, &mach::disk(Some(&key), mach::APPLE))),
        ("signed-package", named(5, &packed)),
        ("signed-package-4k", named(5, &packages::Compound::write(&package, 4_096))),
        ("signed-script", named(5, script.as_bytes())),
        ("signed-script-utf16", named(5, &coded.bytes(&script))),
        ("signed-cabinet", named(5, &cabinet)),
        ("signed-wide", named(5, &good)),
        ("signed-rsa-sha1", named(5, &rsa)),
        ("signed-bare", named(5, &bare)),
        ("signed-cut", named(5, &good[..good.len() - 100])),
        ("signed-nobody", named(5, &wide)),
        ("signed-jar", named(5, &jar)),
        ("signed-app", named(5, &apps::signed(&manifest, &apps::Key::ec(3), "Mina", false))),
    ]
}

fn lists() -> Seeds {
    let stix = |pattern: &str| {
        format!(r#"{{"objects":[{{"type":"indicator","pattern":"{pattern}"}}]}}"#).into_bytes()
    };
    let key = office::Office::new(1).public_pem();
    vec![
        ("nothing", Vec::new()),
        ("domain", stix("[domain-name:value='bad.example']")),
        ("app", stix("[app:id='com.example.peeper']")),
        ("hash", stix("[file:hashes.'SHA-256'='ab']")),
        ("or", stix("[url:value='https://x/?a=b'] OR [process:name='spyd']")),
        ("in", stix("[file:name IN ('a','b')]")),
        ("and", stix("[file:name='a' AND file:size=1]")),
        ("never-closed", stix("[file:name='a")),
        ("escaped", stix("[file:name='a\\\\'b']")),
        ("no-objects", b"{}".to_vec()),
        ("fingerprint", vec![7; 200]),
        ("fingerprint-hex", "0A".repeat(200).into_bytes()),
        ("fingerprint-odd", vec![7; 201]),
        ("key", key.into_bytes()),
        ("not-json", b"{\"objects\":[".to_vec()),
    ]
}
