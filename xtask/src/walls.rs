//! `cargo xtask walls`: imports between rooms, crates beneath pure rooms, and what sources say,
//! against the table in `doors.rs`.

mod manifests;
mod reach;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use crate::breach::{Breach, Rule};
use crate::doors::{Air, EXCUSES, Room, room_of_package};
use crate::house::{Fault, House};
use crate::sources;
use manifests::Manifest;

/// Looks at the whole house and fails when a wall has a hole.
pub(crate) fn run(house: &House) -> Result<(), Fault> {
    for excuse in EXCUSES.iter().filter(|excuse| is_over(excuse.until)) {
        println!(
            "walls: look again: {} -> {} was borne until {}, because {}.",
            excuse.from, excuse.to, excuse.until, excuse.why
        );
    }
    let breaches = survey(house)?;
    for breach in &breaches {
        println!("{breach}");
    }
    if breaches.is_empty() {
        println!("walls: every door is in the table.");
        return Ok(());
    }
    Err(Fault::new(format!("walls: {} holes. The table is xtask/src/doors.rs.", breaches.len())))
}

/// Every breach in the house, sorted.
pub(crate) fn survey(house: &House) -> Result<Vec<Breach>, Fault> {
    let manifests = manifests::read(&house.metadata()?)?;
    let mut breaches = manifests::check(&manifests);
    for manifest in &manifests {
        let Some(room) = room_of_package(&manifest.package) else { continue };
        breaches.extend(guards(house, room, manifest)?);
        breaches.extend(what_sources_say(house, room, manifest)?);
        if room.air == Air::Pure {
            let words = [
                "tree",
                "--package",
                room.package,
                "--edges=normal,no-proc-macro",
                "--target=all",
                "--all-features",
                "--prefix=depth",
                "--format={p}",
            ];
            breaches.extend(reach::check(room, &house.cargo_says(&words)?));
        }
    }
    let (fuzzing, unreadable) = sources::read(texts(house, Path::new("fuzz/fuzz_targets"))?);
    breaches.extend(unreadable);
    breaches.extend(fuzzing.iter().flat_map(sources::unsafe_words));
    breaches.sort();
    breaches.dedup();
    Ok(breaches)
}

/// The lints of the workspace hold in every room, and its bans in every pure one.
fn guards(house: &House, room: &Room, manifest: &Manifest) -> Result<Vec<Breach>, Fault> {
    let folder = relative(house, &manifest.folder);
    let place = folder.join("Cargo.toml");
    let mut breaches = manifests::lints(room, &house.read(&place)?, &house.read("Cargo.toml")?);
    for name in ["clippy.toml", ".clippy.toml"] {
        let own = folder.join(name);
        if room.air == Air::Pure && house.at(&own).exists() {
            breaches.push(Breach::new(
                Rule::Guard,
                own.display().to_string(),
                "It replaces the root's bans, which are the walls of a pure room: remove it.",
            ));
        }
    }
    Ok(breaches)
}

fn what_sources_say(house: &House, room: &Room, manifest: &Manifest) -> Result<Vec<Breach>, Fault> {
    let folder = relative(house, &manifest.folder);
    let (shipped, mut breaches) = sources::read(texts(house, &folder.join("src"))?);
    breaches.extend(shipped.iter().flat_map(|source| sources::check(room, source)));
    for beside in ["tests", "benches", "examples"] {
        let (beside, unreadable) = sources::read(texts(house, &folder.join(beside))?);
        breaches.extend(unreadable);
        breaches.extend(beside.iter().flat_map(sources::unsafe_words));
    }
    Ok(breaches)
}

fn texts(house: &House, folder: &Path) -> Result<Vec<(PathBuf, String)>, Fault> {
    let files = house.rust_files(folder)?;
    files.into_iter().map(|path| house.read(&path).map(|text| (path, text))).collect()
}

fn relative(house: &House, folder: &Path) -> PathBuf {
    folder.strip_prefix(house.at("")).unwrap_or(folder).to_path_buf()
}

/// Whether the day (year-month-day) has passed.
fn is_over(day: &str) -> bool {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |past| past.as_secs());
    day_number(day).is_none_or(|day| now / 86_400 > day)
}

/// Days from 1970-01-01 to a date of the common calendar.
fn day_number(day: &str) -> Option<u64> {
    let parts: Vec<u64> = day.split('-').map_while(|part| part.parse().ok()).collect();
    let [year, month @ 1..=12, day @ 1..=31] = parts.as_slice() else { return None };
    // Years begin in March, so that the leap day is their last.
    let (year, month) = if *month > 2 {
        (*year, month.checked_sub(3)?)
    } else {
        (year.checked_sub(1)?, month.checked_add(9)?)
    };
    let before = year.checked_mul(365)?.checked_add(year / 4)?.checked_sub(year / 100)?;
    let before = before.checked_add(year / 400)?;
    let within = month.checked_mul(153)?.checked_add(2)?.checked_div(5)?;
    before.checked_add(within)?.checked_add(*day)?.checked_sub(719_469)
}
