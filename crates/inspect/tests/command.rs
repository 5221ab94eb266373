#![cfg(test)]
#![allow(
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    reason = "test numbers"
)]
//! The program as people, programs and investigators meet it.

mod forge;

use std::{
    fs,
    path::Path,
    process::{Command, Output},
};

use forge::{
    Dice,
    apps::{Key, manifest, signed},
    archives::zip,
    chain, disks, tagged,
};
use tempfile::TempDir;

fn run(args: &[&str], paths: &[&Path]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_sogon-inspect"))
        .args(args)
        .args(paths)
        .env_clear()
        .output()
        .unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn tagged_folder() -> TempDir {
    let folder = TempDir::new().unwrap();
    let file = Dice(1).file("jpg", 25_000);
    fs::write(
        folder.path().join("photo.jpg"),
        chain(&file, &["AC9A58CDZ364C".into(), "3BCH496784712".into()]),
    )
    .unwrap();
    folder
}

#[test]
fn clean_folders_end_with_zero_and_found_things_with_six() {
    let clean = TempDir::new().unwrap();
    fs::write(clean.path().join("photo.jpg"), Dice(1).file("jpg", 25_000)).unwrap();
    let done = run(&[], &[clean.path()]);
    assert_eq!(done.status.code(), Some(0), "{}", text(&done.stderr));
    assert!(text(&done.stdout).contains("Nothing was found"));
    let folder = tagged_folder();
    assert_eq!(run(&[], &[folder.path()]).status.code(), Some(6));
    let gone = run(&[], &[&folder.path().join("not-there")]);
    assert_eq!(gone.status.code(), Some(1));
    assert_eq!(text(&gone.stderr).lines().count(), 1);
    assert_eq!(run(&["--no-such-flag"], &[folder.path()]).status.code(), Some(2));
}

#[test]
fn the_first_line_says_what_cannot_be_seen_in_every_language() {
    let folder = tagged_folder();
    for (lang, first, marked, piece) in [
        ("en", "What this cannot see:", "Red Star", "machines 2, disk "),
        ("ko", "이 검사가 볼 수 없는 것:", "붉은별", "기계 수 2, 디스크 "),
        ("zh", "本检查看不到的：", "红星", "机器数 2, 硬盘 "),
    ] {
        let said = text(&run(&["--lang", lang], &[folder.path()]).stdout);
        assert!(said.starts_with(first), "{said}");
        assert!(said.contains(marked) && said.contains("photo.jpg"), "{said}");
        assert!(said.contains(piece), "{said}");
        let english = lang == "en";
        assert_eq!(said.contains("changed") || said.contains("opened"), english, "{said}");
    }
}

#[test]
fn identities_are_masked_unless_asked() {
    let folder = tagged_folder();
    for json in [&[][..], &["--json"]] {
        let masked = text(&run(json, &[folder.path()]).stdout);
        assert!(!masked.contains("AC9A58CDZ364C") && masked.contains("AC9********4C"), "{masked}");
        let shown = [json, &["--show-identities"]].concat();
        assert!(text(&run(&shown, &[folder.path()]).stdout).contains("AC9A58CDZ364C"));
    }
}

#[test]
fn programs_get_the_same_fields_in_any_language() {
    let folder = tagged_folder();
    let said = run(&["--json", "--lang", "ko"], &[folder.path()]).stdout;
    assert_eq!(said, run(&["--json", "--lang", "en"], &[folder.path()]).stdout);
    let said: serde_json::Value = serde_json::from_slice(&said).unwrap();
    let finding = &said["findings"][0];
    assert_eq!(finding["rule"], "redstar-chain");
    assert_eq!(finding["offset"], 25_000);
    assert_eq!(finding["severity"], "surveillance");
    assert_eq!(finding["confidence"], "proven");
    assert_eq!(finding["path"], folder.path().join("photo.jpg").to_str().unwrap());
    for field in ["what", "whom", "advice"] {
        assert!(finding[field].is_string(), "{field}");
    }
    assert_eq!(finding["evidence"][0]["value"], "2");
    assert_eq!(
        (&said["scanned_files"], &said["scanned_bytes"]),
        (&1.into(), &(25_000 + 55).into())
    );
    assert_eq!(said["gravest"], "surveillance");
}

#[test]
fn the_page_of_an_investigator_needs_nothing_and_obeys_no_file_name() {
    let folder = TempDir::new().unwrap();
    let name = "<script>alert(1)<%2fscript>\u{202e}\u{1b}[2J\" onload='x'.jpg";
    fs::write(folder.path().join(name), tagged(&Dice(2).file("jpg", 22_000), "AC9A58CDZ364C"))
        .unwrap();
    let out = TempDir::new().unwrap();
    let page = out.path().join("report.html");
    let flag = format!("--report={}", page.display());
    assert_eq!(run(&[&flag], &[folder.path()]).status.code(), Some(6));
    let html = fs::read_to_string(&page).unwrap();
    assert!(!html.contains("<script") && !html.contains('\u{202e}') && !html.contains('\u{1b}'));
    assert!(!html.contains("http://") && !html.contains("https://") && !html.contains("src="));
    assert!(html.contains("&lt;script&gt;") && html.contains("default-src 'none'"));
    assert!(html.contains(concat!("sogon-inspect ", env!("CARGO_PKG_VERSION"))));
    let digest = |cell: &str| {
        let digits = cell.split("</td>").next().unwrap();
        digits.len() == 64 && digits.bytes().all(|digit| digit.is_ascii_hexdigit())
    };
    assert!(html.split("<td>").any(digest), "the hash of the file is there");
    use std::os::unix::fs::PermissionsExt;
    assert_eq!(fs::metadata(&page).unwrap().permissions().mode() & 0o777, 0o600);
    // A report is never overwritten, and never written into what is looked at.
    assert_eq!(run(&[&flag], &[folder.path()]).status.code(), Some(1));
    let inside = format!("--report={}", folder.path().join("report.html").display());
    assert_eq!(run(&[&inside], &[folder.path()]).status.code(), Some(1));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn a_terminal_is_not_commanded_by_a_file_name() {
    let folder = TempDir::new().unwrap();
    let name = "\u{1b}[2Jphoto\u{202e}gpj.jpg";
    fs::write(folder.path().join(name), tagged(&Dice(2).file("jpg", 22_000), "AC9A58CDZ364C"))
        .unwrap();
    for form in [&[][..], &["--json"]] {
        let said = text(&run(form, &[folder.path()]).stdout);
        assert!(!said.contains('\u{1b}') && !said.contains('\u{202e}'), "{said:?}");
    }
    let said: serde_json::Value =
        serde_json::from_slice(&run(&["--json"], &[folder.path()]).stdout).unwrap();
    assert!(said["findings"][0]["path"].as_str().unwrap().ends_with(name));
}

#[test]
fn the_program_does_not_find_itself() {
    let done = run(&["--json"], &[Path::new(env!("CARGO_BIN_EXE_sogon-inspect"))]);
    let said: serde_json::Value = serde_json::from_slice(&done.stdout).unwrap();
    assert_eq!(said["findings"], serde_json::json!([]));
    assert_eq!(said["scanned_files"], 1);
}

fn app(package: &str, watches: bool, code: &[u8], key: &Key) -> Vec<u8> {
    let manifest = manifest(package, watches);
    let files = [("AndroidManifest.xml", manifest.as_slice(), false), ("code", code, true)];
    signed(&zip(&files), key, "Mina", true)
}

#[test]
fn apps_are_compared_with_those_of_a_folder_or_an_image() {
    let (reference, phone) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let (maker, other) = (Key::ec(7), Key::ec(8));
    for name in ["same", "newer", "bolder", "forged", "gone"] {
        let file = reference.path().join(name).with_extension("apk");
        fs::write(file, app(&format!("org.{name}"), false, b"one", &maker)).unwrap();
    }
    let on_phone = [
        ("same", app("org.same", false, b"one", &maker)),
        ("newer", app("org.newer", false, b"two", &maker)),
        ("bolder", app("org.bolder", true, b"one", &maker)),
        ("forged", app("org.forged", false, b"one", &other)),
        ("fresh", app("org.fresh", false, b"one", &maker)),
    ];
    for (name, app) in &on_phone {
        fs::write(phone.path().join(name).with_extension("apk"), app).unwrap();
    }
    let image = disks::fat("app", "same.apk", &on_phone[0].1);
    let image_file = reference.path().with_extension("img");
    fs::write(&image_file, image).unwrap();
    let object = |reference: &Path| {
        let done = run(&["--json", "--reference", &reference.to_string_lossy()], &[phone.path()]);
        assert!(done.status.code().is_some_and(|code| code != 1), "{}", text(&done.stderr));
        serde_json::from_slice::<serde_json::Value>(&done.stdout).unwrap()
    };
    let said = object(reference.path());
    let told = |rule: &str, app: &str| {
        let findings = said["findings"].as_array().unwrap();
        let about = |one: &&serde_json::Value| {
            let evidence = one["evidence"].as_array().unwrap();
            one["rule"] == rule && evidence.iter().any(|piece| piece["value"] == app)
        };
        findings.iter().find(about).cloned()
    };
    let all = said["findings"].as_array().unwrap();
    assert!(all.iter().all(|one| !one["path"].as_str().unwrap().ends_with("same.apk")), "{said}");
    let newer = told("app-differs", "org.newer").unwrap();
    assert_eq!(newer["severity"], "note");
    let changed = newer["evidence"].as_array().unwrap().iter().find(|one| one["name"] == "changed");
    assert_eq!(changed.unwrap()["value"], "code");
    assert_eq!(told("app-differs", "org.bolder").unwrap()["severity"], "suspicious");
    assert_eq!(told("app-other-signer", "org.forged").unwrap()["severity"], "suspicious");
    assert!(told("not-in-reference", "org.fresh").is_some());
    assert!(told("app-missing", "org.gone").is_some());
    assert!(told("app-missing", "org.same").is_none());
    let said = object(&image_file);
    let fresh = said["findings"].as_array().unwrap().iter();
    let fresh = fresh.filter(|one| one["rule"] == "not-in-reference").count();
    assert_eq!(fresh, 4, "all but the one in the image");
    fs::remove_file(image_file).unwrap();
    let nothing = TempDir::new().unwrap();
    let done = run(&["--reference", &nothing.path().to_string_lossy()], &[phone.path()]);
    assert_eq!(done.status.code(), Some(1));
    assert!(text(&done.stderr).contains("Nothing to compare with"));
}
