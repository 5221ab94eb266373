//! Golden sessions of `sogon clean`: done, refused, in two languages.
#![cfg(test)]

mod cast;

use std::{fs, path::Path};

use cast::World;

fn sample(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../inspect/tests/samples");
    folder.join(name).display().to_string()
}

#[test]
fn a_clean_copy_is_written_and_says_what_went() {
    let world = World::new();
    let mina = world.stranger("Mina");
    let folder = tempfile::tempdir().unwrap();
    let out = |name: &str| folder.path().join(name).display().to_string();
    let said = mina.object(&["clean", &sample("still.jpg"), "-o", &out("a.jpg")]);
    assert_eq!(said["kind"], "JPEG");
    let removed = said["removed"].as_array().unwrap();
    assert!(removed.iter().any(|one| one["what"] == "exif" && one["bytes"].as_u64() > Some(100)));
    assert!(said["kept"].as_array().unwrap().iter().any(|one| one == "orientation"));
    assert_eq!(said["bytes"], fs::metadata(out("a.jpg")).unwrap().len());
    let words = mina.done(&["clean", &sample("lame.mp3"), "-o", &out("a.mp3"), "--lang", "ko"]);
    assert!(words.contains("깨끗한 사본") && words.contains("프로그램 이름"), "{words}");
    let anew = mina.done(&["clean", "--re-encode", &sample("still.jpg"), "-o", &out("b.jpg")]);
    assert!(anew.contains("the old encoding of the picture"), "{anew}");
}

#[test]
fn what_cannot_be_cleaned_is_refused_with_a_way_out_and_nothing_is_left() {
    let world = World::new();
    let mina = world.stranger("Mina");
    let folder = tempfile::tempdir().unwrap();
    let (old, out) = (folder.path().join("old.doc"), folder.path().join("out"));
    fs::write(&old, b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1 an old document").unwrap();
    let (old, out) = (old.display().to_string(), out.display().to_string());
    mina.run(&["clean", &old, "-o", &out]).failed(5, "DOCX or PDF");
    mina.run(&["clean", &old, "-o", &out, "--lang", "ko"]).failed(5, "아무것도 쓰지 않았습니다");
    mina.run(&["clean", &old, "-o", &out, "--lang", "zh"]).failed(5, "什么都没有写");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left behind");
    mina.run(&["clean", &sample("still.jpg"), "-o", &old]).failed(1, "must not be there yet");
    mina.run(&["clean", "/nowhere", "-o", &out]).failed(1, "could not be read");
    assert_eq!(mina.run(&["clean", &sample("still.jpg")]).code, 2, "where to must be said");
}
