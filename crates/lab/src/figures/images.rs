//! Part 10: what several images of one disk, taken over time, tell whoever takes them.

use std::collections::BTreeSet;

use sogon_engine::{Change, Shelf, Table};
use sogon_vault::{Cost, Passphrase, SECTOR_BYTES, SLOTS, Size, Vault};

use super::{KOREAN, disk::Ram};

const COST: Cost = Cost::NONE_FOR_TESTS;
/// Homes of each kind that are looked at.
const HOMES: usize = 300;
/// Unlocks with an image before, between and after them.
const UNLOCKS: [usize; 5] = [1, 2, 3, 5, 10];

fn words(which: &str) -> Passphrase {
    Passphrase::new(which).unwrap()
}

/// Whose passphrase is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Who {
    Real,
    Decoy,
    Duress,
}

impl Who {
    fn passphrase(self) -> Passphrase {
        words(match self {
            Self::Real => "벚꽃 아래에서",
            Self::Decoy => "여름 휴가 사진",
            Self::Duress => "겨울 휴가 사진",
        })
    }
}

/// A home that is alone, or one with a decoy and a duress passphrase.
fn home(alone: bool) -> Ram {
    let ram = Ram::default();
    let disk = || Box::new(ram.clone());
    drop(Vault::create_on(disk(), &Who::Real.passphrase(), Size::SMALLEST, COST).unwrap());
    if !alone {
        let [real, decoy, duress] = [Who::Real, Who::Decoy, Who::Duress].map(Who::passphrase);
        drop(Vault::add_on(disk(), &[&real], &decoy, Some(&duress), COST).unwrap());
    }
    ram
}

/// One session: so many texts with their words, then closed, or resealed as `lock` does.
fn session(ram: &Ram, who: Who, texts: u64, reseal: bool) {
    let mut vault = Vault::open_on(Box::new(ram.clone()), &who.passphrase(), COST).unwrap();
    let first = vault.scan(Table(2), b"", None, usize::MAX, sogon_engine::Order::Up).unwrap().len();
    for n in 0..texts {
        let id = first as u64 + n;
        let key = id.to_be_bytes().to_vec();
        let row = Change::Put { table: Table(2), key, value: vec![7; 400] };
        vault.commit(&[row, Change::Index { id, text: KOREAN.to_owned() }]).unwrap();
    }
    if reseal {
        vault.reseal().unwrap();
    }
    vault.close().unwrap();
}

/// What differs between two images.
#[derive(Debug, Default, PartialEq, Eq)]
struct Seen {
    /// Key blocks, of four places: how many places have another content in both copies.
    places: usize,
    /// Sectors of each slot, the most changed first.
    slots: Vec<usize>,
    /// Which slots.
    which: BTreeSet<usize>,
}

fn seen(before: &[u8], after: &[u8]) -> Seen {
    let mut places = BTreeSet::new();
    let mut slots = vec![0; usize::from(SLOTS)];
    let pairs = before.chunks(SECTOR_BYTES).zip(after.chunks(SECTOR_BYTES)).enumerate();
    for (at, _) in pairs.filter(|(_, (before, after))| before != after) {
        match at.checked_sub(9) {
            None => drop(places.insert(at.saturating_sub(1) / 2)),
            // Footprints: every unlock writes them.
            Some(at) if at >= usize::from(SLOTS) * 256 => {}
            Some(at) => slots[(at / 64) % usize::from(SLOTS)] += 1,
        }
    }
    let which = slots.iter().enumerate().filter(|(_, count)| **count > 0);
    let which = which.map(|(slot, _)| slot).collect();
    slots.sort_unstable_by(|one, other| other.cmp(one));
    Seen { places: places.len(), slots, which }
}

pub(crate) fn run() {
    println!("\n10. What images of one disk tell, taken before and after sessions (1 MiB slots)");
    sessions();
    blocks();
    slots();
}

/// One session between two images.
fn sessions() {
    println!("  sectors that changed, by slot (of 256 each), between two images");
    let kinds = [
        ("alone", true, Who::Real),
        ("home beside a decoy", false, Who::Real),
        ("decoy", false, Who::Decoy),
        ("duress", false, Who::Duress),
    ];
    for (name, alone, who) in kinds {
        for (texts, reseal) in [(0, false), (1, false), (30, false), (0, true), (30, true)] {
            let ram = home(alone);
            let before = ram.image();
            session(&ram, who, texts, reseal);
            let seen = seen(&before, &ram.image());
            let how = if reseal { "resealed, as `lock` does" } else { "closed" };
            println!("    {name:<20} {texts:>2} texts, {how:<25} slots {:?}", seen.slots);
        }
    }
}

/// How many of the series of images show the other key blocks never, always or sometimes changed.
fn blocks() {
    println!("  the other three key blocks, over so many unlocks with an image between each:");
    println!(
        "    unlocks   homes alone: never / sometimes / always   weight of `never`   of `always`"
    );
    let series: Vec<Vec<bool>> = (0..HOMES)
        .map(|_| {
            let ram = home(true);
            let most = UNLOCKS[UNLOCKS.len() - 1];
            let changed = (0..most).map(|_| {
                let before = ram.image();
                session(&ram, Who::Real, 0, false);
                seen(&before, &ram.image()).places > 1
            });
            changed.collect()
        })
        .collect();
    for count in UNLOCKS {
        let share = |wanted: fn(&[bool]) -> bool| {
            series.iter().filter(|one| wanted(&one[..count])).count() as f64 / HOMES as f64
        };
        let never = share(|one| one.iter().all(|changed| !changed));
        let always = share(|one| one.iter().all(|changed| *changed));
        let some = 1.0 - never - always;
        println!(
            "    {count:>7}   {:>12.0} % / {:>3.0} % / {:>3.0} %        {:>14.1} to 1   {:>7.1} to 1",
            never * 100.0,
            some * 100.0,
            always * 100.0,
            1.0 / never,
            1.0 / always
        );
    }
    for (who, name) in [(Who::Real, "home beside a decoy"), (Who::Decoy, "decoy")] {
        let ram = home(false);
        let kept = (0..10).all(|_| {
            let before = ram.image();
            session(&ram, who, 0, false);
            seen(&before, &ram.image()).places == 1
        });
        assert!(kept, "{name}: never");
    }
    let ram = home(false);
    let cleared = (0..10).all(|_| {
        let before = ram.image();
        session(&ram, Who::Duress, 0, false);
        seen(&before, &ram.image()).places == 4
    });
    assert!(cleared, "duress: always");
    println!("    a home beside a decoy, and the decoy: never, ten times of ten; duress: always");
}

/// How many slots are seen to live when sessions are resealed.
fn slots() {
    println!("  slots that ever changed, over ten resealed sessions with an image between each:");
    let uses: [(&str, bool, [Who; 2]); 4] = [
        ("alone", true, [Who::Real, Who::Real]),
        ("beside a decoy, the home only", false, [Who::Real, Who::Real]),
        ("beside a decoy, the decoy only", false, [Who::Decoy, Who::Decoy]),
        ("both, in turns", false, [Who::Real, Who::Decoy]),
    ];
    for (name, alone, who) in uses {
        let mut counts = vec![0_usize; usize::from(SLOTS) + 1];
        for _ in 0..20 {
            let ram = home(alone);
            let mut ever = BTreeSet::new();
            for n in 0..10 {
                let before = ram.image();
                session(&ram, who[n % 2], n as u64, true);
                ever.extend(seen(&before, &ram.image()).which);
            }
            counts[ever.len()] += 1;
        }
        println!(
            "    {name:<32} of 20: two slots {}, three {}, four {}",
            counts[2], counts[3], counts[4]
        );
    }
}
