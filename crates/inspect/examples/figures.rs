//! The inspector's figures: `cargo run --release -p sogon-inspect --example figures [--long]`.
//!
//! Recall and false alarms on generated files (200 of each kind; 10,000 with `--long`), and speed on
//! a mixed tree beside plain reading, `clamscan` (with one signature of our own), YARA-X (`yr`, or
//! `pip install yara-x`) and `yara` where they are installed. On a busy machine wall times are upper
//! bounds: processor time says what the work costs, and how many cores were had.
#![allow(clippy::arithmetic_side_effects, clippy::cast_possible_truncation, reason = "figures")]
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a tool of developers: it may stop"
)]
#![allow(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "it prints, in a folder of its own"
)]

#[path = "../tests/forge/mod.rs"]
mod forge;

use std::{
    fs,
    io::Read,
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

use forge::{Dice, archives, chain, gap_mark, marks, office, profile, slot};
use sogon_inspect::{
    Source,
    look::{Limits, Lists},
    scan::{Request, scan},
    tags::{self, Mark, Restored},
    worker::Setup,
};

fn main() {
    if std::env::args().any(|arg| arg == "--worker") {
        sogon_inspect::worker::serve().unwrap();
        return;
    }
    let args: Vec<String> = std::env::args().collect();
    if let [_, first, tree, workers] = args.as_slice()
        && first == "--scan"
    {
        let request = request(Path::new(tree), Lists::default(), workers.parse().unwrap());
        scan(&request, &mut |_| {}).unwrap();
        return;
    }
    let long = std::env::args().any(|arg| arg == "--long");
    recall(if long { 10_000 } else { 200 });
    speed(if long { 2_048 } else { 256 });
}

/// A file before and after it was marked, and what must be said of it.
struct Pair {
    plain: Vec<u8>,
    marked: Vec<u8>,
    restored: Vec<u8>,
    said: Box<dyn Fn(&Mark) -> bool>,
}

fn pair(kind: &str, dice: &mut Dice) -> Pair {
    let size = 400 + dice.below(30_000) as usize;
    let ids: Vec<String> = (0..=dice.below(12)).map(|_| dice.disk()).collect();
    let id = ids[0].clone();
    let make = |plain: Vec<u8>, marked, said| Pair { restored: plain.clone(), plain, marked, said };
    match kind {
        "text" | "html" | "text UTF-16" | "text CP949" => {
            let words = 220 + dice.below(400) as usize;
            let text = dice.text(words, "\r\n", kind == "html");
            let (marked, restored) = gap_mark(&text, &id, 0).unwrap();
            let encode = |text: &str| match kind {
                "text UTF-16" => marks::utf16(text),
                "text CP949" => marks::cp949(text),
                _ => text.as_bytes().to_vec(),
            };
            Pair {
                plain: encode(&text),
                marked: encode(&marked),
                restored: encode(&restored),
                said: Box::new(move |mark| matches!(mark, Mark::Gaps(gaps) if gaps.disk == id)),
            }
        }
        "docx" => {
            let plain = marks::ooxml(dice, true, size);
            let marked = slot(&plain, &id);
            let said =
                move |mark: &Mark| matches!(mark, Mark::Slot(slot) if slot.machine.disk == id);
            make(plain, marked, Box::new(said))
        }
        "profile" => {
            let plain = dice.file("doc", size);
            let marked = profile(dice, &plain, false);
            make(plain, marked, Box::new(|mark| matches!(mark, Mark::Profile(_))))
        }
        "NATISIGN" => {
            let plain = dice.file("mp4", size);
            let marked = office::unsigned(dice, &plain, ".mp4");
            make(
                plain,
                marked,
                Box::new(|mark| matches!(mark, Mark::Natisign(sign) if sign.certain)),
            )
        }
        "NATISIGN feature phone" => {
            let plain = dice.file("mp3", size);
            let marked = office::feature_phone(dice, &plain, ".mp3");
            let said = |mark: &Mark| matches!(mark, Mark::Natisign(sign) if sign.feature_phone);
            make(plain, marked, Box::new(said))
        }
        kind => {
            let plain = dice.file(kind, size);
            let marked = chain(&plain, &ids);
            let said = move |mark: &Mark| matches!(mark, Mark::Chain(chain) if chain.disks().eq(ids.iter().map(String::as_str)));
            make(plain, marked, Box::new(said))
        }
    }
}

fn recall(count: usize) {
    println!("| kind | tagged: found and read right | untagged: false alarms | stripped exactly |");
    println!("| --- | --- | --- | --- |");
    let kinds = [
        "jpg",
        "png",
        "gif",
        "mp3",
        "mp4",
        "pdf",
        "avi",
        "doc",
        "docx",
        "text",
        "html",
        "text UTF-16",
        "text CP949",
        "profile",
        "NATISIGN",
        "NATISIGN feature phone",
    ];
    for kind in kinds {
        let mut dice = Dice(kind.bytes().fold(7, |seed, byte| seed * 31 + u64::from(byte)));
        let (mut found, mut false_alarms, mut exact) = (0, 0, 0);
        for _ in 0..count {
            let pair = pair(kind, &mut dice);
            let tags = tags::read(&pair.marked as &dyn Source).unwrap();
            found += usize::from(tags.len() == 1 && (pair.said)(&tags[0].mark));
            false_alarms +=
                usize::from(!tags::read(&pair.plain as &dyn Source).unwrap().is_empty());
            let stripped = tags::strip(&pair.marked);
            let words = stripped.removed.first().map(|removed| removed.restored);
            let right = stripped.bytes == pair.restored && words.is_some();
            exact += usize::from(right && words != Some(Restored::NotWhatWasOverwritten));
        }
        println!(
            "| {kind} | {found} of {count} | {false_alarms} of {count} | {exact} of {count} |"
        );
    }
    println!("(of texts \"exactly\" means every word; blanks that marking made single stay so)\n");
}

fn speed(mib: usize) {
    let folder = tempfile::tempdir().unwrap();
    let bytes = mixed_tree(folder.path(), mib);
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    println!("Mixed tree of {:.2} GB, in the page cache, {cores} cores:", giga(bytes));
    println!("| what | s | GB/s | processor s | GB/s a core | cores had |");
    println!("| --- | --- | --- | --- | --- | --- |");
    let row = |what: &str, work: &dyn Fn()| {
        let (begun, before) = (Instant::now(), processor_seconds());
        work();
        let (seconds, busy) = (begun.elapsed().as_secs_f64(), processor_seconds() - before);
        let (rate, core) = (giga(bytes) / seconds, giga(bytes) / busy);
        println!(
            "| {what} | {seconds:.2} | {rate:.2} | {busy:.2} | {core:.2} | {:.2} |",
            busy / seconds
        );
    };
    read_all(folder.path());
    row("plain reading", &|| read_all(folder.path()));
    let rule =
        "rule Spy { strings: $a = \"spyware-body\" $b = /imei=[0-9]{15}/ condition: any of them }";
    let yara = Lists { yara: vec![("x.yar".into(), rule.into())], ..Lists::default() };
    for (what, lists, workers) in [
        ("sogon-inspect, one worker", Lists::default(), 1),
        ("sogon-inspect, two workers", Lists::default(), 2),
        ("sogon-inspect, a worker for each core", Lists::default(), cores),
        ("sogon-inspect with a YARA rule, one worker", yara.clone(), 1),
        ("sogon-inspect with a YARA rule, a worker for each core", yara, cores),
    ] {
        let request = request(folder.path(), lists, workers);
        row(what, &|| {
            let survey = scan(&request, &mut |_| {}).unwrap();
            let chains = survey.findings.iter().filter(|one| one.rule == "redstar-chain");
            assert_eq!(chains.count(), 8);
        });
    }
    let tree = folder.path().to_str().unwrap();
    // Bound to so many cores, with as many workers: what another core brings.
    let own = std::env::current_exe().unwrap();
    let own = own.to_str().unwrap();
    for bound in 1..=cores {
        let (places, workers) = (format!("0-{}", bound - 1), bound.to_string());
        let what = format!("sogon-inspect, bound to {bound} of {cores} cores (taskset)");
        others(&what, &["taskset", "-c", &places, own, "--scan", tree, &workers], &row);
    }
    let rules = folder.path().with_extension("yar");
    fs::write(&rules, rule).unwrap();
    // One signature in ClamAV's own form: the string of the rule above.
    let hex: String = b"spyware-body".iter().map(|byte| format!("{byte:02x}")).collect();
    let signatures = folder.path().with_extension("ndb");
    fs::write(&signatures, format!("Spy:0:*:{hex}\n")).unwrap();
    let database = format!("--database={}", signatures.display());
    others(
        "clamscan, one signature with the same string",
        &[
            "clamscan",
            "-r",
            "--quiet",
            &database,
            "--max-filesize=2000M",
            "--max-scansize=2000M",
            tree,
        ],
        &row,
    );
    let _ = fs::remove_file(signatures);
    let rules_file = rules.to_str().unwrap();
    others("yr (YARA-X), the same rule", &["yr", "scan", "--recursive", rules_file, tree], &row);
    // The same engine, built by its makers, where their program is not: one thread.
    others(
        "YARA-X through its Python package, the same rule",
        &["python3", "-c", YARA_X, rules_file, tree],
        &row,
    );
    others("yara, the same rule", &["yara", "-r", rules_file, tree], &row);
    let _ = fs::remove_file(rules);
    flat(folder.path());
}

/// Every file of a folder through one scanner of YARA-X.
const YARA_X: &str = "import os, sys, yara_x
scanner = yara_x.Scanner(yara_x.compile(open(sys.argv[1]).read()))
found = 0
for folder, _, names in os.walk(sys.argv[2]):
    for name in names:
        found += len(scanner.scan_file(os.path.join(folder, name)).matching_rules)
assert found, 'it found nothing'";

/// The memory of a worker over four times as many files, from /proc.
fn flat(tree: &Path) {
    for (times, label) in [(1, "once"), (4, "four times")] {
        let mut request = request(tree, Lists::default(), 1);
        request.paths = vec![tree.to_owned(); times];
        let mut most = 0;
        scan(&request, &mut |_| most = most.max(children_resident_kib())).unwrap();
        println!("worker's resident memory over the tree {label}: {} MB at most", most / 1_024);
    }
}

fn children_resident_kib() -> u64 {
    let own = std::process::id();
    let children =
        fs::read_to_string(format!("/proc/self/task/{own}/children")).unwrap_or_default();
    let resident = |pid: &str| {
        let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
        let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
        line.split_whitespace().nth(1)?.parse::<u64>().ok()
    };
    children.split_whitespace().filter_map(resident).max().unwrap_or(0)
}

fn request(tree: &Path, lists: Lists, workers: usize) -> Request {
    let own = std::env::current_exe().unwrap().into_os_string();
    let limits = Limits::default();
    Request {
        paths: vec![tree.to_owned()],
        worker: vec![own, "--worker".into()],
        setup: Setup { lists, limits, memory_bytes_max: 1 << 30 },
        workers,
        patience: Duration::from_secs(60),
        hashes: false,
    }
}

/// Another program over the same tree; told plainly when it is not there, or says that it failed.
fn others(what: &str, command: &[&str], row: &dyn Fn(&str, &dyn Fn())) {
    if Command::new(command[0]).arg("--version").output().is_err() {
        println!("| {what} | {} is not installed | | | | |", command[0]);
        return;
    }
    row(what, &|| {
        let done = Command::new(command[0]).args(&command[1..]).output().unwrap();
        // clamscan ends with 1 when it found something.
        if !matches!(done.status.code(), Some(0 | 1)) {
            println!("| {what} failed: {} | | | | | |", String::from_utf8_lossy(&done.stderr));
        }
    });
}

/// Processor time of this process and of its children that have ended, from /proc.
fn processor_seconds() -> f64 {
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
    // utime, stime, cutime, cstime, in hundredths of a second.
    fields.skip(11).take(4).filter_map(|field| field.parse::<f64>().ok()).sum::<f64>() / 100.0
}

/// A phone's worth in small: films, photographs, texts, archives, code; eight of them tagged.
fn mixed_tree(folder: &Path, mib: usize) -> u64 {
    let mut dice = Dice(99);
    let mut number = 0_usize;
    let mut bytes = 0_u64;
    let mut put = |ending: &str, content: &[u8]| {
        number += 1;
        bytes += content.len() as u64;
        let folder = folder.join(format!("{:02}", number % 50));
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join(format!("{number}.{ending}")), content).unwrap();
    };
    for _ in 0..mib / 16 {
        put("mp4", &dice.file("mp4", 8 << 20));
        for _ in 0..3 {
            put("jpg", &dice.file("jpg", 1 << 20));
        }
        let text = dice.text(40_000, "\n", false);
        put("txt", text.as_bytes());
        let photo = dice.file("jpg", 700_000);
        put("zip", &archives::zip(&[("a.txt", text.as_bytes(), false), ("b.jpg", &photo, true)]));
        let code = [b"\x7fELF".to_vec(), dice.bytes(2 << 20)].concat();
        put("so", &code);
        for _ in 0..40 {
            let size = 200 + dice.below(20_000) as usize;
            put("dat", &dice.bytes(size));
        }
    }
    for _ in 0..8 {
        let photo = dice.file("jpg", 50_000);
        put("jpg", &chain(&photo, &[dice.disk()]));
    }
    bytes
}

fn read_all(folder: &Path) {
    let mut buffer = vec![0; 1 << 20];
    let mut waiting: Vec<PathBuf> = vec![folder.to_owned()];
    while let Some(path) = waiting.pop() {
        if path.is_dir() {
            waiting.extend(fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()));
            continue;
        }
        let mut file = fs::File::open(path).unwrap();
        while file.read(&mut buffer).unwrap() > 0 {}
    }
}

fn giga(bytes: u64) -> f64 {
    bytes as f64 / 1e9
}
