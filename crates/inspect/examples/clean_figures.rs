//! The figures of cleaning: `cargo run --release -p sogon-inspect --example clean_figures`.
//!
//! Cleans the samples, with mat2 beside it when that is installed, and prints for each: whether it
//! was cleaned, what `exiftool` still sees that was planted, what a search through everything
//! deflated in the file still finds, and whether `ffmpeg` decodes the same from it. Then the speed
//! on large files beside plain copying. Says so when a tool is not there.
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    clippy::disallowed_types,
    dead_code,
    reason = "a tool for developers, with numbers of its own"
)]

#[path = "../tests/dirt/mod.rs"]
mod dirt;

use std::{
    fs,
    io::{BufWriter, Write},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Instant,
};

use sogon_inspect::{
    clean::{Options, Workshop, clean, clean_file},
    worker,
};

/// What was planted in the samples, or signs its coder.
const TELLING: [&[u8]; 9] = [
    b"CANARY",
    b"Lavc5",
    b"Lavf5",
    b"x264 - core",
    b"x265 (build",
    b"LAME3",
    b"libopus",
    b"2026-01",
    b"2026:01",
];

/// What says in a tag that a coder was here.
const CODERS: [&[u8]; 3] = [b": LAME", b"Lavf", b"Lavc"];

/// This program is its own worker.
fn workshop() -> Workshop {
    let own = std::env::current_exe().unwrap().into_os_string();
    Workshop::new(vec![own, "--worker".into()])
}

fn main() {
    if std::env::args().nth(1).is_some_and(|first| first == "--worker") {
        worker::serve().unwrap();
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let tools = Tools {
        exiftool: there("exiftool", "-ver"),
        mat2: there("mat2", "--version"),
        ffmpeg: there("ffmpeg", "-version"),
    };
    println!("exiftool: {}, mat2: {}, ffmpeg: {}", tools.exiftool, tools.mat2, tools.ffmpeg);
    println!("(\"no\" above: the columns that need it show ?)\n");
    println!(
        "| sample | cleaned: ours, mat2 | exiftool still sees: before, ours, mat2 | found inside: before, ours, mat2 | decodes the same: ours, mat2 |"
    );
    println!("| --- | --- | --- | --- | --- |");
    let mut sums = [0_u32; 8];
    for (name, bytes) in dirt::samples() {
        tools.row(folder.path(), &name, &bytes, &mut sums);
    }
    let [all, ours, mat2, seen_ours, seen_mat2, found_ours, found_mat2, same] = sums;
    println!(
        "\n{all} samples: cleaned {ours} by us, {mat2} by mat2; in those, exiftool still sees planted things {seen_ours} times after us and \
         {seen_mat2} after mat2; a search inside finds {found_ours} after us and {found_mat2} after mat2; {same} decode to the same after us.\n"
    );
    speed(folder.path(), &tools);
}

struct Tools {
    exiftool: bool,
    mat2: bool,
    ffmpeg: bool,
}

fn there(name: &str, ask: &str) -> bool {
    let asked = Command::new(name).arg(ask).stdout(Stdio::null()).stderr(Stdio::null()).status();
    asked.is_ok_and(|status| status.success())
}

fn shown(number: Option<u32>) -> String {
    number.map_or("?".into(), |n| n.to_string())
}

impl Tools {
    fn row(&self, folder: &Path, name: &str, bytes: &[u8], sums: &mut [u32; 8]) {
        let from = folder.join(name);
        let ours = folder.join(format!("ours.{name}"));
        fs::write(&from, bytes).unwrap();
        let done = clean_file(&from, &ours, &Options::default(), &workshop()).is_ok();
        let theirs = self.mat2(&from);
        let word = |done: bool| if done { "yes" } else { "refused" };
        let mat2 = if self.mat2 { word(theirs.is_some()) } else { "?" };
        let seen = [Some(from.as_path()), done.then_some(ours.as_path()), theirs.as_deref()]
            .map(|path| path.and_then(|path| self.seen(path)));
        let found = [Some(from.as_path()), done.then_some(ours.as_path()), theirs.as_deref()]
            .map(|path| path.map(|path| found(&fs::read(path).unwrap())));
        let same = |copy: Option<&Path>| {
            let before = self.decoded(&from)?;
            Some(self.decoded(copy?)? == before)
        };
        let (same_ours, same_mat2) = (same(done.then_some(&ours)), same(theirs.as_deref()));
        let told = |same: Option<bool>| same.map_or("-", |same| if same { "yes" } else { "NO" });
        println!(
            "| {name} | {}, {mat2} | {}, {}, {} | {}, {}, {} | {}, {} |",
            word(done),
            shown(seen[0]),
            shown(seen[1]),
            shown(seen[2]),
            shown(found[0]),
            shown(found[1]),
            shown(found[2]),
            told(same_ours),
            told(same_mat2),
        );
        let add = [
            1,
            u32::from(done),
            u32::from(theirs.is_some()),
            seen[1].unwrap_or(0),
            seen[2].unwrap_or(0),
            found[1].unwrap_or(0),
            found[2].unwrap_or(0),
            u32::from(same_ours == Some(true)),
        ];
        sums.iter_mut().zip(add).for_each(|(sum, more)| *sum += more);
    }

    fn mat2(&self, from: &Path) -> Option<PathBuf> {
        let name = from.file_name()?.to_str()?;
        let (stem, end) = name.rsplit_once('.')?;
        let to = from.with_file_name(format!("{stem}.cleaned.{end}"));
        let ran =
            Command::new("mat2").arg(from).stdout(Stdio::null()).stderr(Stdio::null()).status();
        (self.mat2 && ran.is_ok_and(|status| status.success()) && to.exists()).then_some(to)
    }

    /// How many tags that tell something `exiftool` shows.
    fn seen(&self, path: &Path) -> Option<u32> {
        if !self.exiftool {
            return None;
        }
        let tags = Command::new("exiftool")
            .args(["-a", "-u", "-g1", "-ee", "-s"])
            .arg(path)
            .output()
            .ok()?;
        let text = String::from_utf8_lossy(&tags.stdout).into_owned();
        let mut group = String::new();
        let mut count = 0;
        for line in text.lines() {
            if line.starts_with("----") {
                group = line.to_owned();
            }
            let own = group.contains("System") || group.contains("ExifTool");
            let hit = TELLING
                .iter()
                .chain(&CODERS)
                .any(|word| line.as_bytes().windows(word.len()).any(|w| w == *word));
            count += u32::from(!own && hit);
        }
        Some(count)
    }

    /// A sum over everything that is decoded from a file.
    fn decoded(&self, path: &Path) -> Option<Vec<u8>> {
        let known = [
            "jpg", "png", "gif", "webp", "bmp", "tiff", "avif", "mp3", "flac", "ogg", "wav", "m4a",
            "mp4", "mov", "avi", "mkv", "webm",
        ];
        let end = path.extension()?.to_str()?;
        if !self.ffmpeg || !known.contains(&end) {
            return None;
        }
        let run = Command::new("ffmpeg")
            .args(["-v", "quiet", "-i"])
            .arg(path)
            .args([
                "-map",
                "0:v?",
                "-map",
                "0:a?",
                "-c:v",
                "rawvideo",
                "-c:a",
                "pcm_s16le",
                "-f",
                "md5",
                "-",
            ])
            .output()
            .ok()?;
        Some(run.stdout).filter(|sum| !sum.is_empty())
    }
}

/// How many of the telling words stand in a file, looking into everything deflated.
fn found(bytes: &[u8]) -> u32 {
    TELLING.iter().map(|word| u32::from(dirt::says(bytes, word))).sum()
}

fn speed(folder: &Path, tools: &Tools) {
    println!(
        "| large file | MB | rewritten, GB/s | rewritten and inspected, GB/s | copied, GB/s |"
    );
    println!("| --- | --- | --- | --- | --- |");
    for path in large(folder, tools) {
        let size = fs::metadata(&path).unwrap().len();
        let rate = |work: &dyn Fn(&Path)| {
            let mut best = f64::MAX;
            for _ in 0..3 {
                let to = folder.join("out");
                let _ = fs::remove_file(&to);
                let start = Instant::now();
                work(&to);
                best = best.min(start.elapsed().as_secs_f64());
            }
            size as f64 / best / 1e9
        };
        let cleaned =
            rate(&|to| drop(clean_file(&path, to, &Options::default(), &workshop()).unwrap()));
        let rewritten = rate(&|to| {
            let mut source = fs::File::open(&path).unwrap();
            let cleaned = clean(&mut source, &Options::default()).unwrap();
            let mut out = fs::File::create(to).unwrap();
            cleaned.write(&mut source, &mut out).unwrap();
            out.sync_all().unwrap();
        });
        let copied = rate(&|to| {
            fs::copy(&path, to).unwrap();
            fs::File::open(to).unwrap().sync_all().unwrap();
        });
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        println!(
            "| {name} | {:.1} | {rewritten:.2} | {cleaned:.2} | {copied:.2} |",
            size as f64 / 1e6
        );
    }
    println!("\nmost memory at any time: {} MB", peak_mb());
}

fn peak_mb() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM")).unwrap_or_default();
    let digits: String = line.chars().filter(char::is_ascii_digit).collect();
    digits.parse::<u64>().unwrap_or(0) / 1000
}

/// Large files: sound written here, the rest by ffmpeg when it is there.
fn large(folder: &Path, tools: &Tools) -> Vec<PathBuf> {
    let wav = folder.join("noise.wav");
    let mut state = 1_u32;
    let len = 200_u32 << 20;
    let mut head = b"RIFF".to_vec();
    head.extend((len + 36).to_le_bytes());
    head.extend(b"WAVEfmt \x10\0\0\0\x01\0\x02\0\x44\xAC\0\0\x10\xB1\x02\0\x04\0\x10\0data");
    head.extend(len.to_le_bytes());
    let mut out = BufWriter::new(fs::File::create(&wav).unwrap());
    out.write_all(&head).unwrap();
    for _ in 0..len / 4 {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        out.write_all(&state.to_le_bytes()).unwrap();
    }
    drop(out);
    let mut found = vec![wav.clone()];
    if !tools.ffmpeg {
        println!("| (films, pictures: ffmpeg is not installed) | - | - | - | - |");
        return found;
    }
    let picture: &[&str] =
        &["-f", "lavfi", "-i", "testsrc2=s=4000x3000:d=1:r=1,noise=alls=20", "-frames:v", "1"];
    let film: &[&str] = &[
        "-f",
        "lavfi",
        "-i",
        "testsrc2=s=1280x720:d=20:r=30,noise=alls=40:allf=t",
        "-f",
        "lavfi",
        "-i",
        "sine=440:d=20",
    ];
    let sound: &[&str] = &["-t", "600", "-f", "s16le", "-ar", "44100", "-ac", "2", "-i"];
    let wav = wav.display().to_string();
    let jobs: [(&str, &[&str], &[&str]); 8] = [
        ("photo.jpg", picture, &["-q:v", "2"]),
        ("photo.png", picture, &[]),
        (
            "film.mp4",
            film,
            &["-c:v", "libx264", "-preset", "ultrafast", "-b:v", "60M", "-c:a", "aac"],
        ),
        (
            "film.mkv",
            film,
            &["-c:v", "libx264", "-preset", "ultrafast", "-b:v", "60M", "-c:a", "aac"],
        ),
        ("film.avi", film, &["-c:v", "mpeg4", "-q:v", "2", "-c:a", "libmp3lame"]),
        ("song.mp3", sound, &["-b:a", "320k"]),
        ("song.flac", sound, &[]),
        ("song.opus", sound, &["-b:a", "256k"]),
    ];
    for (name, input, output) in jobs {
        let to = folder.join(name);
        let mut run = Command::new("ffmpeg");
        run.args(["-v", "quiet", "-y"]).args(input);
        if input == sound {
            run.arg(&wav);
        }
        let done = run.args(output).arg(&to).status().is_ok_and(|status| status.success());
        if done {
            found.push(to);
        }
    }
    found
}
