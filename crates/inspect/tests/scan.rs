#![cfg(test)]
#![allow(
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    reason = "test numbers"
)]
//! The whole way: folders and archives through real workers behind their walls.

mod forge;

use std::{fs, path::Path, time::Duration};

use forge::{
    Dice,
    archives::{gzipped, tar, zip, zlibbed},
    chain, office, tagged,
};
use sogon_inspect::{
    finding::{Confidence, Severity},
    look::{Limits, Lists},
    scan::{Progress, Request, Survey, scan},
    worker::Setup,
};
use tempfile::TempDir;

const ID: &str = "AC9A58CDZ364C";

fn request(path: &Path) -> Request {
    Request {
        paths: vec![path.to_owned()],
        worker: vec![env!("CARGO_BIN_EXE_sogon-inspect").into(), "--worker".into()],
        setup: Setup {
            lists: Lists::default(),
            limits: Limits::default(),
            memory_bytes_max: 1 << 30,
        },
        workers: 2,
        patience: Duration::from_secs(120),
        hashes: false,
    }
}

fn look(path: &Path) -> Survey {
    scan(&request(path), &mut |_| {}).unwrap()
}

fn paths<'a>(survey: &'a Survey, rule: &str, root: &Path) -> Vec<&'a str> {
    let root = format!("{}/", root.display());
    let of = survey.findings.iter().filter(|finding| finding.rule == rule);
    of.map(|finding| finding.path.strip_prefix(&root).unwrap()).collect()
}

fn tagged_photo(seed: u64) -> Vec<u8> {
    tagged(&Dice(seed).file("jpg", 21_000), ID)
}

#[test]
fn the_walls_around_workers_stand() {
    let folder = TempDir::new().unwrap();
    let walls = look(folder.path()).walls;
    assert!(walls.no_files && walls.no_network && walls.memory, "{walls:?}");
    assert!(cfg!(not(target_os = "linux")) || walls.seccomp, "{walls:?}");
}

#[test]
fn a_mark_is_found_however_deep_it_lies() {
    let folder = TempDir::new().unwrap();
    let photo = tagged_photo(1);
    let long = format!("{}/photo.jpg", "deep/".repeat(30));
    let inner = zip(&[("photo.jpg", &photo, false), ("stored.jpg", &photo, true)]);
    let write = |name: &str, bytes: &[u8]| fs::write(folder.path().join(name), bytes).unwrap();
    write("plain.jpg", &photo);
    write("a.zip", &inner);
    write("b.tar", &tar(&[("x.zip", &inner), (&long, &photo)], true));
    write("c.tar.gz", &gzipped(&tar(&[("x.zip", &inner), (&long, &photo)], false)));
    let backup =
        [b"ANDROID BACKUP\n5\n1\nnone\n".as_slice(), &zlibbed(&tar(&[("p.jpg", &photo)], true))];
    write("d.ab", &backup.concat());
    write("e.ab", b"ANDROID BACKUP\n5\n1\nAES-256\n0000");
    let survey = look(folder.path());
    let expected = [
        "a.zip!photo.jpg".to_owned(),
        "a.zip!stored.jpg".to_owned(),
        format!("b.tar!{long}"),
        "b.tar!x.zip!photo.jpg".to_owned(),
        "b.tar!x.zip!stored.jpg".to_owned(),
        format!("c.tar.gz!c.tar!{long}"),
        "c.tar.gz!c.tar!x.zip!photo.jpg".to_owned(),
        "c.tar.gz!c.tar!x.zip!stored.jpg".to_owned(),
        "d.ab!p.jpg".to_owned(),
        "plain.jpg".to_owned(),
    ];
    assert_eq!(paths(&survey, "redstar-chain", folder.path()), expected);
    assert_eq!(paths(&survey, "encrypted", folder.path()), ["e.ab"]);
    let all = survey.findings.iter().filter(|finding| finding.rule == "redstar-chain");
    for finding in all {
        assert_eq!(finding.severity, Severity::Surveillance);
        assert_eq!(finding.confidence, Confidence::Proven);
        assert_eq!(finding.offset, Some(21_000));
    }
}

#[test]
fn what_is_looked_at_stays_as_it_is() {
    use std::os::unix::fs::MetadataExt;

    let folder = TempDir::new().unwrap();
    let mut before = Vec::new();
    for n in 0..20 {
        let path = folder.path().join(format!("{n}.jpg"));
        fs::write(&path, tagged_photo(n)).unwrap();
        let about = fs::metadata(&path).unwrap();
        before.push((path, fs::read(folder.path().join(format!("{n}.jpg"))).unwrap(), about));
    }
    assert_eq!(look(folder.path()).findings.len(), 20);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 20);
    for (path, bytes, about) in before {
        let now = fs::metadata(&path).unwrap();
        assert_eq!((now.mtime_nsec(), now.ctime_nsec()), (about.mtime_nsec(), about.ctime_nsec()));
        assert_eq!(fs::read(&path).unwrap(), bytes);
    }
}

#[test]
fn every_member_of_a_large_archive_is_looked_at_once() {
    let folder = TempDir::new().unwrap();
    let mut dice = Dice(3);
    let mut files = Vec::new();
    for n in 0..70_u64 {
        let plain = dice.file("mp4", 1 << 20);
        files.push((format!("{n}.mp4"), if n % 2 == 0 { tagged(&plain, ID) } else { plain }));
    }
    let files: Vec<(&str, &[u8])> = files.iter().map(|(n, b)| (n.as_str(), b.as_slice())).collect();
    fs::write(folder.path().join("phone.tar"), tar(&files, true)).unwrap();
    let mut told = Vec::new();
    let survey = scan(&request(folder.path()), &mut |now| told.push(now)).unwrap();
    assert_eq!(survey.scanned_files, 71);
    assert_eq!(paths(&survey, "redstar-chain", folder.path()).len(), 35);
    // What is looked at inside counts towards the file outside, and never for more than it is.
    let rest = |now: &Progress| now.outer_bytes_all.map(|all| all.checked_sub(now.outer_bytes));
    assert!(told.iter().all(|now| rest(now) != Some(None)), "{told:?}");
    let last = rest(told.last().unwrap()).flatten().unwrap();
    assert!(last < 2, "all but what two shares leave of an odd size: {last}");
}

#[test]
fn bombs_loops_and_lies_are_told_and_the_rest_is_looked_at() {
    let folder = TempDir::new().unwrap();
    let write = |name: &str, bytes: &[u8]| fs::write(folder.path().join(name), bytes).unwrap();
    let photo = tagged_photo(4);
    write("bomb.zip", &zip(&[("zeros", &vec![0; 400 << 20], false)]));
    let mut nested = zip(&[("photo.jpg", &photo, false)]);
    for _ in 0..12 {
        nested = zip(&[("more.zip", &nested, false)]);
    }
    write("nested.zip", &nested);
    let whole = zip(&[("photo.jpg", &photo, false), ("other.jpg", &photo, false)]);
    let mut lying = whole.clone();
    let at = lying.windows(4).rposition(|four| four == b"PK\x01\x02").unwrap();
    lying[at + 42..at + 46].copy_from_slice(&u32::MAX.to_le_bytes()[..4]);
    write("lying.zip", &lying);
    write("cut.zip", &whole[..whole.len() / 2]);
    write("after.jpg", &photo);
    std::os::unix::fs::symlink(folder.path(), folder.path().join("loop")).unwrap();
    let survey = look(folder.path());
    assert_eq!(paths(&survey, "bomb", folder.path()), ["bomb.zip!zeros"]);
    assert_eq!(paths(&survey, "too-deep", folder.path()).len(), 1);
    assert_eq!(
        paths(&survey, "redstar-chain", folder.path()),
        ["after.jpg", "lying.zip!photo.jpg"]
    );
    assert!(paths(&survey, "unreadable", folder.path()).contains(&"cut.zip"));
    assert_eq!(survey.passed_over, 1);
}

#[test]
fn what_is_no_file_is_told_when_it_is_named_and_costs_no_worker() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("socket");
    let _open = std::os::unix::net::UnixListener::bind(&path).unwrap();
    for path in [path.as_path(), Path::new("/dev/zero")] {
        let survey = look(path);
        let rules: Vec<&str> = survey.findings.iter().map(|one| one.rule.as_str()).collect();
        assert_eq!(rules, ["unreadable"], "{}", path.display());
        assert_eq!(survey.scanned_files, 0);
    }
}

#[test]
fn components_logs_and_identities_are_told() {
    let folder = TempDir::new().unwrap();
    let put = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    };
    put("usr/bin/scnprc", b"\x7fELF rubbish /usr/lib/Warnning.wav rubbish");
    put("usr/lib/1025/20130405.log", &alert_log(&["/media/usb/film.avi", "/media/노래.mp3"]));
    let imei = [0x3a, 0x65, 0x39, 0x08, 0x53, 0x46, 0x83, 0x90];
    put("data/local/tmp/legalref.dat", &[imei, imei].concat());
    put("notes.txt", "누가 쓴 글: libmedianatsign.so".as_bytes());
    let survey = look(folder.path());
    let rules: Vec<&str> = survey.findings.iter().map(|finding| finding.rule.as_str()).collect();
    let expected = [
        "redstar-component",
        "redstar-program",
        "redstar-store",
        "redstar-alert-log",
        "redstar-alert",
        "handset-identity",
        "natisign-component",
        "natisign-program",
    ];
    for rule in expected {
        assert!(rules.contains(&rule), "{rule}: {rules:?}");
    }
    let text = survey.findings.iter().find(|finding| finding.path.ends_with("notes.txt")).unwrap();
    assert_eq!(text.severity, Severity::Note);
    let (files, alerts): (Vec<_>, Vec<_>) =
        survey.events.iter().partition(|event| event.kind == "event-file");
    assert_eq!(alerts.len(), 2);
    assert!(alerts.iter().all(|event| event.when == "2013-04-05"));
    // Of files with findings alone it is told when they were made here, and in UTC.
    assert!(files.iter().any(|event| event.path.ends_with("legalref.dat")));
    assert!(files.iter().all(|event| event.when.ends_with('Z')));
    assert!(files.iter().all(|event| !event.path.ends_with("notes.txt")), "a note is none");
}

fn alert_log(paths: &[&str]) -> Vec<u8> {
    let mut records = Vec::new();
    let mut sum = 0_u16;
    for path in paths {
        let units: Vec<u16> = path.encode_utf16().chain([0]).collect();
        for number in [0x0303, units.len() as u16].into_iter().chain(units) {
            records.extend(number.to_le_bytes());
            sum = sum.wrapping_add(number);
        }
    }
    let mut log = (paths.len() as u32).to_le_bytes().to_vec();
    log.extend(sum.to_le_bytes());
    log.extend(ID.encode_utf16().flat_map(u16::to_le_bytes));
    log.extend(records);
    log
}

#[test]
fn lists_of_the_user_are_looked_for() {
    let folder = TempDir::new().unwrap();
    let mut dice = Dice(8);
    let office = office::Office::new(5);
    let film = dice.file("avi", 50_000);
    fs::write(folder.path().join("film.avi"), tagged(&film, ID)).unwrap();
    fs::write(folder.path().join("spy.bin"), b"....spyware-body....").unwrap();
    fs::write(folder.path().join("page.html"), b"see http://WWW.bad.example/ or notbad.example")
        .unwrap();
    fs::write(folder.path().join("page2.html"), b"see notbad.example or bad.example.org").unwrap();
    fs::write(folder.path().join("signed.mp4"), office.sign(&mut dice, &film, ".mp4")).unwrap();
    let print = sogon_inspect::tags::fingerprint::Fingerprint::of(&film).unwrap().unwrap();
    let yara = "rule Spy { strings: $a = \"spyware-body\" condition: $a }";
    let stix = r#"{"objects":[{"type":"indicator","pattern":"[domain-name:value='bad.example']"},
        {"type":"indicator","pattern":"[file:name='signed.mp4']"},
        {"type":"malware","id":"malware--1","name":"Peeper"}]}"#;
    let mut called_back = vec![0; 48];
    for (at, words) in [(0, [5_u32, 6]), (24, [77, 88])] {
        called_back[at + 8..at + 12].copy_from_slice(b".mp4");
        called_back[at + 16..at + 20].copy_from_slice(&words[0].to_le_bytes());
        called_back[at + 20..at + 24].copy_from_slice(&words[1].to_le_bytes());
    }
    let mut request = request(folder.path());
    request.setup.lists = Lists {
        yara: vec![("own.yar".to_owned(), yara.into())],
        indicators: vec![("peeper.stix2".to_owned(), stix.into())],
        watchlists: vec![("list".to_owned(), print.bytes())],
        references: Vec::new(),
        collect: false,
        revocations: vec![("pattern.dat".to_owned(), called_back)],
        office_keys: vec![("office".to_owned(), office.public_pem().into())],
    };
    let survey = scan(&request, &mut |_| {}).unwrap();
    assert_eq!(paths(&survey, "yara", folder.path()), ["spy.bin"]);
    assert_eq!(paths(&survey, "indicator", folder.path()), ["page.html", "signed.mp4"]);
    assert_eq!(paths(&survey, "would-match", folder.path()), ["film.avi"]);
    let signed = survey.findings.iter().find(|finding| finding.rule == "natisign").unwrap();
    let check = signed.evidence.iter().find(|piece| piece.name == "check").unwrap();
    assert_eq!(check.value, "office: holds for 50000 of 50000 bytes");
    let called = signed.evidence.iter().find(|piece| piece.name == "called-back").unwrap();
    assert_eq!(called.value, "pattern.dat, entry 1");
    request.setup.lists.yara[0].1 = b"rule Broken {".to_vec();
    let said = scan(&request, &mut |_| {}).unwrap_err().to_string();
    assert!(said.contains("own.yar"), "{said}");
}

#[test]
fn a_file_too_large_for_the_memory_of_a_worker_is_told_and_others_are_looked_at() {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("a.bin"), vec![1; 30 << 20]).unwrap();
    fs::write(folder.path().join("b.jpg"), tagged_photo(6)).unwrap();
    let mut request = request(folder.path());
    request.setup.memory_bytes_max = 40 << 20;
    request.workers = 1;
    let survey = scan(&request, &mut |_| {}).unwrap();
    assert_eq!(paths(&survey, "redstar-chain", folder.path()), ["b.jpg"]);
    assert_eq!(paths(&survey, "over-memory", folder.path()), ["a.bin"]);
}

/// Not a test by itself: the next one starts it as a worker that dies or hangs over some files.
#[test]
fn a_worker_with_a_weak_heart() {
    use std::{
        io::{Read, Write},
        os::{fd::AsFd, unix::net::UnixStream},
    };

    if std::env::args().all(|arg| arg != "a_worker_with_a_weak_heart") {
        return;
    }
    let mut socket = UnixStream::from(std::io::stdin().as_fd().try_clone_to_owned().unwrap());
    let mut read = || {
        let mut head = [0; 4];
        if socket.read_exact(&mut head).is_err() {
            std::process::exit(0);
        }
        let mut body = vec![0; u32::from_le_bytes(head) as usize];
        socket.read_exact(&mut body).unwrap();
        String::from_utf8(body).unwrap()
    };
    let mut other = UnixStream::from(std::io::stdin().as_fd().try_clone_to_owned().unwrap());
    let mut say = |text: &str| {
        other.write_all(&(text.len() as u32).to_le_bytes()).unwrap();
        other.write_all(text.as_bytes()).unwrap();
    };
    read();
    say(
        r#"{"walls":{"landlock":false,"seccomp":false,"no_files":false,"no_network":false,"memory":false},"trouble":null}"#,
    );
    loop {
        let job = read();
        if job.contains("evil") {
            std::io::stderr().write_all(b"it broke my heart").unwrap();
            std::process::abort();
        }
        if job.contains("slow") {
            std::thread::park();
        }
        if job.contains("nested") && !job.contains("[7]") {
            say(r#"[{"Enter":{"path":"nested!seven","ordinal":7}}]"#);
            std::process::abort();
        }
        if job.contains("hydra") {
            let from = job.split("\"from\":").nth(1).unwrap();
            let from: u64 = from.split(',').next().unwrap().parse().unwrap();
            say(&format!(r#"[{{"Enter":{{"path":"hydra!{from}","ordinal":{}}}}}]"#, from + 1));
            std::process::abort();
        }
        say(r#"[{"Done":1}]"#);
    }
}

#[test]
fn a_worker_that_dies_or_hangs_costs_one_file() {
    let folder = TempDir::new().unwrap();
    for name in ["a", "evil", "b", "slow", "c", "nested", "d", "hydra", "e"] {
        fs::write(folder.path().join(name), b"x").unwrap();
    }
    let mut request = request(folder.path());
    let own = std::env::current_exe().unwrap().into_os_string();
    request.worker =
        vec![own, "--exact".into(), "a_worker_with_a_weak_heart".into(), "--nocapture".into()];
    request.patience = Duration::from_secs(8);
    let survey = scan(&request, &mut |_| {}).unwrap();
    // Five that are nothing, and the nested one at its second try.
    assert_eq!(survey.scanned_files, 6);
    let crashed: Vec<_> =
        survey.findings.iter().filter(|finding| finding.rule == "crashed").collect();
    assert!(crashed.iter().any(|one| one.path.ends_with("/evil")));
    assert!(crashed.iter().any(|one| one.evidence[0].value.contains("it broke my heart")));
    assert!(crashed.iter().any(|one| one.path == "nested!seven"));
    assert_eq!(crashed.iter().filter(|one| one.path.starts_with("hydra!")).count(), 16);
    assert_eq!(paths_ending(&survey, "given-up"), ["hydra"]);
    assert_eq!(paths_ending(&survey, "timed-out"), ["slow"]);
}

fn paths_ending<'a>(survey: &'a Survey, rule: &str) -> Vec<&'a str> {
    let of = survey.findings.iter().filter(|finding| finding.rule == rule);
    of.map(|finding| finding.path.rsplit('/').next().unwrap()).collect()
}

#[test]
fn chains_of_many_machines_stay_in_bounds() {
    let folder = TempDir::new().unwrap();
    let ids: Vec<String> = (0..5_000).map(|_| ID.to_owned()).collect();
    fs::write(folder.path().join("far.mp4"), chain(b"travelled", &ids)).unwrap();
    let survey = look(folder.path());
    let machines = survey.findings[0].evidence.iter().find(|piece| piece.name == "machines");
    assert_eq!(machines.unwrap().value, "5000");
    assert!(survey.findings[0].evidence.len() < 40);
}

#[test]
fn a_hidden_folder_that_fills_like_clockwork_is_told_and_a_holiday_is_not() {
    use std::time::{Duration as Span, UNIX_EPOCH};

    let folder = TempDir::new().unwrap();
    let mut dice = Dice(6);
    let mut fill = |name: &str, next: &mut dyn FnMut(&mut Dice, u64) -> u64| {
        let folder = folder.path().join(name);
        fs::create_dir_all(&folder).unwrap();
        let mut at = 1_700_000_000;
        for n in 0..60 {
            at = next(&mut dice, at);
            let file = fs::File::create(folder.join(format!("{n}.png"))).unwrap();
            file.set_modified(UNIX_EPOCH + Span::from_secs(at)).unwrap();
        }
    };
    fill("data/.trace", &mut |dice, at| at + 300 + dice.below(5));
    fill("DCIM/holiday", &mut |dice, at| at + 5 + dice.below(4_000));
    fill("copied", &mut |_, at| at);
    let survey = look(folder.path());
    assert_eq!(paths(&survey, "picture-rhythm", folder.path()), ["data/.trace"]);
    let found = survey.findings.iter().find(|one| one.rule == "picture-rhythm").unwrap();
    assert_eq!(found.severity, Severity::Suspicious);
}

#[test]
fn the_last_of_very_many_files_in_an_image_is_told_like_the_first() {
    let folder = TempDir::new().unwrap();
    let photo = tagged(&Dice(3).file("jpg", 300), ID);
    let names: Vec<String> = (0..55_000).map(|n| format!("{n}")).collect();
    let mut files: Vec<(&str, &[u8])> =
        names.iter().map(|name| (name.as_str(), b"".as_slice())).collect();
    files.push(("last.jpg", &photo));
    fs::write(folder.path().join("phone.tar"), tar(&files, false)).unwrap();
    let survey = look(folder.path());
    assert_eq!(paths(&survey, "redstar-chain", folder.path()), ["phone.tar!last.jpg"]);
    assert_eq!((survey.untold, survey.scanned_files), (0, 55_002));
}
