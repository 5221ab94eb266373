//! Part 7: the vault beside plain SQLite with the same rows.

use std::{fs::File, io::Write, path::Path, time::Instant};

use rusqlite::{Connection, params};
use sogon_engine::{Batch, Change, Order, Shelf, Table};
use sogon_lab::Chance;
use sogon_vault::{Attack, Cost, Passphrase, SECTOR_BYTES, Size, Strength, Vault};

use super::table;

/// Messages stored with one commit while filling.
const BULK: usize = 200;
/// A word of two syllables in one message of so many.
const RARE: &str = "은행";
/// An English word in as many.
const ENGLISH_RARE: &str = "umbrella";
const RARE_ONCE_IN: u64 = 5_000;
const RARE_AT: u64 = 500;
const HITS_MAX: usize = 50;
/// What a question takes a real TPM: an assumption on the fast side. One in software takes 0.1.
const CHIP_MS: f64 = 20.0;
/// Pairs of commits, of searches, of openings.
const COMMITS: usize = 101;
const SEARCHES: usize = 21;
const OPENINGS: usize = 11;
/// Each takes about a second on purpose.
const UNLOCKS: usize = 3;
/// What a device secret adds for whoever does not have it.
const DEVICE_SECRET_BITS: f64 = 256.0;

pub(crate) fn run(quick: bool) {
    table::part(
        "7. The vault, without Argon2id but where it is named, beside plain SQLite (WAL, FULL) with the same rows",
        "medians of pairs, on the disk of the programs; ratio: less is better",
    );
    let folder = std::env::current_exe().unwrap();
    let folder = folder.parent().expect("a program lies in a folder");
    let sizes: &[u64] = if quick { &[1_000] } else { &[1_000, 100_000, 1_000_000] };
    for count in sizes {
        let place = tempfile::Builder::new().prefix("figures-").tempdir_in(folder).unwrap();
        compare(place.path(), *count);
    }
    attacks();
}

/// What a copy of a home costs to attack, as computed from the assumption beside it.
fn attacks() {
    let Attack { years, dollars, .. } = Strength::of_words(4).attack(Cost::STANDARD);
    let hour = dollars / (years * 365.25 * 24.0 * 1e3);
    println!(
        "  what a copy costs to attack, half of all guesses: 1,000 cards, {hour:.2} dollars an hour each"
    );
    for cost in [Cost::SMALL_DEVICE, Cost::STANDARD, Cost::STEPS[7]] {
        let begun = Instant::now();
        cost.try_out().unwrap();
        let took = begun.elapsed().as_millis();
        let mib = cost.memory_kib() / 1024;
        let rate = Strength::of_words(1).attack(cost).guesses_per_second;
        println!(
            "  Argon2id {mib} MiB: an unlock here {took} ms; a card of 1 TB/s {rate:.0} guesses a second"
        );
        let kinds = [
            ("6 digits", Strength::of_digits(6)),
            ("4 words", Strength::of_words(4)),
            ("6 words", Strength::of_words(6)),
        ];
        for (name, strength) in kinds {
            let attack = strength.attack(cost);
            let elsewhere = Strength { bits: strength.bits + DEVICE_SECRET_BITS }.attack(cost);
            println!(
                "    {name}: {:.2e} years with 1,000 cards, {:.2e} dollars; with a device secret that is elsewhere {:.2e} years, {:.2e} dollars",
                attack.years, attack.dollars, elsewhere.years, elsewhere.dollars
            );
        }
    }
    println!(
        "  with --device-secret tpm, and the chip taken too: a guess needs it, at {CHIP_MS} ms each"
    );
    for (name, strength) in [
        ("6 digits", Strength::of_digits(6)),
        ("4 words", Strength::of_words(4)),
        ("6 words", Strength::of_words(6)),
    ] {
        let years = 2_f64.powf(strength.bits - 1.0) * CHIP_MS / 1e3 / (365.25 * 86_400.0);
        println!("    {name}: {years:.2e} years with that one chip");
    }
}

fn compare(place: &Path, count: u64) {
    let (name, passphrase) = (format!("{count} messages"), Passphrase::new("벚꽃 아래").unwrap());
    let (container, file) = (place.join("home"), place.join("plain"));
    let size = Size::slot_mib(match count {
        0..=10_000 => 8,
        10_001..=200_000 => 96,
        _ => 900,
    });
    let mut vault = Vault::create(&container, &passphrase, size, Cost::NONE_FOR_TESTS).unwrap();
    let mut plain = Plain::open(&file);
    let mut people = Messages::new();

    let mut filling = Vec::new();
    for _ in 0..count / BULK as u64 {
        let batch: Batch = (0..BULK).flat_map(|_| people.next()).collect();
        let ours = timed(|| vault.commit(&batch).unwrap());
        filling.push((ours / BULK as f64, timed(|| plain.commit(&batch)) / BULK as f64));
    }
    table::times(
        &format!("{name}: one of {BULK} in a commit"),
        "SQLite, same rows and index",
        &filling,
    );

    let bytes = vault.used_bytes().unwrap() / count;
    let size = |ending: &str| {
        let path = place.join(format!("plain{ending}"));
        std::fs::metadata(path).map_or(0, |about| about.len())
    };
    let theirs = (size("") + size("-wal")) / count;
    println!("  {name}: {bytes} bytes each in the home, with its index; SQLite {theirs}");

    let (mut commits, mut floors) = (Vec::new(), Vec::new());
    let mut floor = File::create(place.join("floor")).unwrap();
    for _ in 0..COMMITS {
        let batch: Batch = people.next().into_iter().collect();
        let ours = timed(|| vault.commit(&batch).unwrap());
        commits.push((ours, timed(|| plain.commit(&batch))));
        let sector = || {
            floor.write_all(&[7; SECTOR_BYTES]).unwrap();
            floor.sync_data().unwrap();
        };
        floors.push((ours, timed(sector)));
    }
    table::times(&format!("{name}: commit of one"), "SQLite, same rows and index", &commits);

    table::times(&format!("{name}: commit of one"), "a sector written and fdatasync", &floors);

    let found = vault.search(RARE, HITS_MAX).unwrap();
    assert_eq!(found, plain.search(RARE), "they agree");
    assert_eq!(found, plain.scan(RARE), "they agree");
    let (mut index, mut scan) = (Vec::new(), Vec::new());
    for _ in 0..SEARCHES {
        let ours = timed(|| drop(vault.search(RARE, HITS_MAX).unwrap()));
        index.push((ours, timed(|| drop(plain.search(RARE)))));
        scan.push((ours, timed(|| drop(plain.scan(RARE)))));
    }
    let what = format!("{name}: search of two syllables, found {}", found.len());
    table::times(&what, "SQLite, same index", &index);
    table::times(&what, "SQLite, LIKE over all", &scan);

    let english = vault.search(ENGLISH_RARE, HITS_MAX).unwrap();
    assert_eq!(english, plain.search_word(ENGLISH_RARE), "they agree");
    let mut index = Vec::new();
    for _ in 0..SEARCHES {
        let ours = timed(|| drop(vault.search(ENGLISH_RARE, HITS_MAX).unwrap()));
        index.push((ours, timed(|| drop(plain.search_word(ENGLISH_RARE)))));
    }
    let what = format!("{name}: search of an English word, found {}", english.len());
    table::times(&what, "SQLite, same index", &index);
    let mut latest = Vec::new();
    for _ in 0..SEARCHES {
        let ours = timed(|| {
            let rows = vault.scan(MESSAGES, b"", None, HITS_MAX, Order::Down).unwrap();
            assert_eq!(rows.len(), HITS_MAX);
        });
        latest.push((ours, timed(|| assert_eq!(plain.latest(), HITS_MAX))));
    }
    table::times(&format!("{name}: the latest {HITS_MAX}"), "SQLite", &latest);

    vault.close().unwrap();
    drop(plain);
    let mut openings = Vec::new();
    for _ in 0..OPENINGS {
        let last = people.count - 1;
        let ours = timed(|| {
            let vault = Vault::open(&container, &passphrase, Cost::NONE_FOR_TESTS).unwrap();
            assert!(vault.row(MESSAGES, &last.to_be_bytes()).unwrap().is_some());
        });
        let theirs = timed(|| assert!(Plain::open(&file).has(last)));
        openings.push((ours, theirs));
    }
    table::times(&format!("{name}: open, read one, close"), "SQLite", &openings);
    let mut vault = Vault::open(&container, &passphrase, Cost::NONE_FOR_TESTS).unwrap();
    vault.change_passphrase(&passphrase, Cost::STANDARD).unwrap();
    drop(vault);
    let mut unlocks = Vec::new();
    for _ in 0..UNLOCKS {
        let last = people.count - 1;
        let ours = timed(|| {
            let vault = Vault::open(&container, &passphrase, Cost::STANDARD).unwrap();
            assert!(vault.row(MESSAGES, &last.to_be_bytes()).unwrap().is_some());
        });
        unlocks.push((ours, timed(|| assert!(Plain::open(&file).has(last)))));
    }
    let mib = Cost::STANDARD.memory_kib() / 1024;
    table::times(&format!("{name}: unlock, Argon2id of {mib} MiB"), "SQLite, opened", &unlocks);
    let mut vault = Vault::open(&container, &passphrase, Cost::STANDARD).unwrap();
    let key = timed(|| vault.wipe_key().unwrap());
    let all = timed(|| vault.wipe().unwrap());
    println!("  {name}: wiped by its key in {:.1} ms, all of it in {:.0} ms", key * 1e3, all * 1e3);
}

fn timed(work: impl FnOnce()) -> f64 {
    let begun = Instant::now();
    work();
    begun.elapsed().as_secs_f64()
}

const MESSAGES: Table = Table(1);

/// Messages with what an engine stores beside them: a cursor, and keys that move on.
struct Messages {
    chance: Chance,
    words: Vec<String>,
    keys: Vec<u8>,
    count: u64,
}

impl Messages {
    fn new() -> Self {
        let chance = Chance::new(7);
        let syllable = || {
            // Without a last consonant, so that no word holds the rare one.
            let code =
                0xac00 + u32::try_from(chance.below(19) * 21 + chance.below(21)).unwrap() * 28;
            char::from_u32(code).expect("a syllable")
        };
        let words = (0..3_000).map(|_| (0..2 + chance.below(2)).map(|_| syllable()).collect());
        let words = words.collect();
        let keys = (0..2_000).map(|_| chance.below(256) as u8).collect();
        Self { chance, words, keys, count: 0 }
    }

    fn next(&mut self) -> [Change; 4] {
        let number = self.count;
        self.count += 1;
        let mut words: Vec<&str> = (0..8).map(|_| self.chance.pick(&self.words).as_str()).collect();
        if number % RARE_ONCE_IN == RARE_AT {
            words.push(RARE);
            words.push(ENGLISH_RARE);
        }
        let text = words.join(" ");
        // A secret that moves on leaves nothing of its old value.
        let place = (number % 50) as usize * 40;
        for byte in &mut self.keys[place..place + 40] {
            *byte = self.chance.below(256) as u8;
        }
        let put =
            |table, key: &[u8], value: Vec<u8>| Change::Put { table, key: key.to_vec(), value };
        let head: Vec<u8> = (0..60).map(|_| self.chance.below(256) as u8).collect();
        [
            put(MESSAGES, &number.to_be_bytes(), [head.as_slice(), text.as_bytes()].concat()),
            put(Table(2), b"cursor", number.to_be_bytes().to_vec()),
            put(Table(3), b"keys", self.keys.clone()),
            Change::Index { id: number, text },
        ]
    }
}

/// The same rows and the same index of pairs of letters, in a file anybody can read.
struct Plain(Connection);

impl Plain {
    fn open(path: &Path) -> Self {
        let db = Connection::open(path).unwrap();
        db.execute_batch(
            "PRAGMA journal_mode = WAL;
             PRAGMA synchronous = FULL;
             CREATE TABLE IF NOT EXISTS row (
                 t INTEGER NOT NULL, k BLOB NOT NULL, v BLOB, PRIMARY KEY (t, k)
             ) WITHOUT ROWID;
             CREATE TABLE IF NOT EXISTS document (id INTEGER PRIMARY KEY, text TEXT NOT NULL);
             CREATE VIRTUAL TABLE IF NOT EXISTS pairs USING fts5 (
                 pair, content = '', columnsize = 0, detail = none, tokenize = 'ascii'
             );",
        )
        .unwrap();
        Self(db)
    }

    fn commit(&mut self, batch: &[Change]) {
        let transaction = self.0.transaction().unwrap();
        let does = |sql: &str, values: &dyn Fn(&mut rusqlite::CachedStatement<'_>)| {
            values(&mut transaction.prepare_cached(sql).unwrap());
        };
        for change in batch {
            match change {
                Change::Put { table, key, value } => {
                    does("INSERT OR REPLACE INTO row VALUES (?1, ?2, ?3)", &|sql| {
                        sql.execute(params![table.0, key, value]).unwrap();
                    });
                }
                Change::Index { id, text } => {
                    does("INSERT INTO document VALUES (?1, ?2)", &|sql| {
                        sql.execute(params![*id as i64, text]).unwrap();
                    });
                    does("INSERT INTO pairs (rowid, pair) VALUES (?1, ?2)", &|sql| {
                        sql.execute(params![*id as i64, pairs(text)]).unwrap();
                    });
                }
                Change::Delete { .. } | Change::Unindex { .. } => unreachable!("not made here"),
            }
        }
        transaction.commit().unwrap();
    }

    fn search(&self, word: &str) -> Vec<u64> {
        self.ids(
            "SELECT document.id FROM pairs JOIN document ON document.id = pairs.rowid
             WHERE pairs MATCH ?1 AND instr(text, ?1) ORDER BY pairs.rowid DESC LIMIT ?2",
            word,
        )
    }

    /// By all pairs of its letters, as the vault does.
    fn search_word(&self, word: &str) -> Vec<u64> {
        let sql = "SELECT document.id FROM pairs JOIN document ON document.id = pairs.rowid
             WHERE pairs MATCH ?1 AND instr(text, ?3) ORDER BY pairs.rowid DESC LIMIT ?2";
        let pairs: Vec<String> = pairs(word).split(' ').map(|pair| format!("\"{pair}\"")).collect();
        let mut statement = self.0.prepare_cached(sql).unwrap();
        let id = |row: &rusqlite::Row<'_>| row.get::<_, i64>(0);
        let values = params![pairs.join(" AND "), HITS_MAX as i64, word];
        let ids = statement.query_map(values, id).unwrap();
        ids.map(|id| id.unwrap() as u64).collect()
    }

    fn latest(&self) -> usize {
        let sql = "SELECT k, v FROM row WHERE t = ?1 ORDER BY k DESC LIMIT ?2";
        let mut statement = self.0.prepare_cached(sql).unwrap();
        let values = params![MESSAGES.0, HITS_MAX as i64];
        let rows = statement
            .query_map(values, |row| Ok((row.get::<_, Vec<u8>>(0)?, row.get::<_, Vec<u8>>(1)?)));
        rows.unwrap().map(Result::unwrap).count()
    }

    fn scan(&self, word: &str) -> Vec<u64> {
        let sql = "SELECT id FROM document WHERE text LIKE ?1 ORDER BY id DESC LIMIT ?2";
        self.ids(sql, &format!("%{word}%"))
    }

    fn ids(&self, sql: &str, word: &str) -> Vec<u64> {
        let mut statement = self.0.prepare_cached(sql).unwrap();
        let id = |row: &rusqlite::Row<'_>| row.get::<_, i64>(0);
        let ids = statement.query_map(params![word, HITS_MAX as i64], id).unwrap();
        ids.map(|id| id.unwrap() as u64).collect()
    }

    fn has(&self, number: u64) -> bool {
        let sql = "SELECT 1 FROM row WHERE t = ?1 AND k = ?2";
        let mut statement = self.0.prepare(sql).unwrap();
        statement.exists(params![MESSAGES.0, number.to_be_bytes()]).unwrap()
    }
}

/// All pairs of neighbouring letters within words, once each.
fn pairs(text: &str) -> String {
    let letters: Vec<char> = text.chars().collect();
    let pairs =
        letters.windows(2).filter(|pair| pair.iter().all(|letter| letter.is_alphanumeric()));
    let pairs: std::collections::BTreeSet<String> =
        pairs.map(|pair| pair.iter().collect()).collect();
    pairs.into_iter().collect::<Vec<_>>().join(" ")
}
