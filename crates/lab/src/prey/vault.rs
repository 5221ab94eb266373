//! A container somebody changed while its owner was away.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, OnceLock},
};

use sogon_engine::{Change, Order, Row, Shelf, Table};
use sogon_vault::{Cost, Disk, Passphrase, SECTOR_BYTES, Size, Vault, VaultError};

use super::Tape;

/// A disk in memory: an image that is never written to, and what was written over it.
#[derive(Clone)]
struct Sheet {
    image: Arc<Vec<u8>>,
    size: usize,
    over: Arc<std::sync::Mutex<BTreeMap<usize, Vec<u8>>>>,
}

impl Sheet {
    fn of(image: Arc<Vec<u8>>) -> Self {
        Self { size: image.len(), image, over: Arc::default() }
    }

    fn sector(&self, number: usize) -> Vec<u8> {
        if let Some(over) = self.over.lock().expect("one thread").get(&number) {
            return over.clone();
        }
        let from = (number * SECTOR_BYTES).min(self.image.len());
        let mut sector = self.image[from..(from + SECTOR_BYTES).min(self.image.len())].to_vec();
        sector.resize(SECTOR_BYTES, 0);
        sector
    }

    fn put(&self, number: usize, sector: Vec<u8>) {
        self.over.lock().expect("one thread").insert(number, sector);
    }

    fn open(&self) -> Result<Vault, VaultError> {
        Vault::open_on(Box::new(self.clone()), &passphrase(), Cost::NONE_FOR_TESTS)
    }

    /// The whole of it.
    fn flat(&self) -> Vec<u8> {
        let sectors = (0..self.size.div_ceil(SECTOR_BYTES)).flat_map(|number| self.sector(number));
        sectors.take(self.size).collect()
    }
}

impl Disk for Sheet {
    fn size(&mut self) -> Result<u64, VaultError> {
        Ok(self.size as u64)
    }

    fn read(&mut self, offset: u64, buf: &mut [u8]) -> Result<(), VaultError> {
        let mut at = usize::try_from(offset).map_err(|_| VaultError::Damaged)?;
        if at.checked_add(buf.len()).is_none_or(|end| end > self.size) {
            return Err(VaultError::Damaged);
        }
        for byte_run in buf.chunks_mut(SECTOR_BYTES) {
            // The vault reads whole sectors, or the salt at the head of the first.
            let inside = at % SECTOR_BYTES;
            let sector = self.sector(at / SECTOR_BYTES);
            byte_run.copy_from_slice(&sector[inside..inside + byte_run.len()]);
            at += byte_run.len();
        }
        Ok(())
    }

    fn write(&mut self, offset: u64, bytes: &[u8]) -> Result<(), VaultError> {
        let first = usize::try_from(offset).map_err(|_| VaultError::Damaged)? / SECTOR_BYTES;
        for (number, sector) in (first..).zip(bytes.chunks(SECTOR_BYTES)) {
            let mut whole = self.sector(number);
            whole[..sector.len()].copy_from_slice(sector);
            self.put(number, whole);
        }
        self.size = self.size.max(usize::try_from(offset).unwrap_or(0) + bytes.len());
        Ok(())
    }

    fn sync(&mut self) -> Result<(), VaultError> {
        Ok(())
    }
}

fn passphrase() -> Passphrase {
    Passphrase::new("a rabbit on the moon").expect("a passphrase")
}

fn rows(vault: &Vault) -> Option<Vec<Vec<Row>>> {
    vault.search("moon", 99).ok()?;
    (0..4).map(|t| vault.scan(Table(t), b"", None, usize::MAX, Order::Up).ok()).collect()
}

/// A home after a session.
struct After {
    image: Arc<Vec<u8>>,
    /// The image in the middle of the session.
    older: Arc<Vec<u8>>,
    /// Sectors the session wrote, and those before the slots.
    used: Vec<usize>,
    /// Every state there was.
    history: Vec<Vec<Vec<Row>>>,
}

fn after(killed: bool) -> After {
    let empty = vec![0; 0];
    let sheet = Sheet::of(Arc::new(empty));
    Vault::create_on(Box::new(sheet.clone()), &passphrase(), Size::SMALLEST, Cost::NONE_FOR_TESTS)
        .and_then(Vault::close)
        .expect("a container");
    let size = sheet.over.lock().expect("one thread").len() * SECTOR_BYTES;
    let fresh = Arc::new(Sheet { size, ..sheet }.flat());
    let sheet = Sheet::of(Arc::clone(&fresh));
    let mut vault = sheet.open().expect("it opens");
    let mut history = vec![rows(&vault).expect("it reads")];
    let mut older = Arc::clone(&fresh);
    for n in 0..8_u8 {
        let value = vec![n; 100 + usize::from(n) * 1_500];
        let batch = [
            Change::Put { table: Table(n % 3), key: vec![n], value },
            Change::Index { id: u64::from(n), text: "moon and rice".to_owned() },
        ];
        vault.commit(&batch).expect("there is room");
        history.push(rows(&vault).expect("it reads"));
        if n == 3 {
            vault.settle().expect("it settles");
            older = Arc::new(sheet.flat());
        }
    }
    let killed_image = sheet.flat();
    vault.close().expect("it closes");
    let image = Arc::new(if killed { killed_image } else { sheet.flat() });
    let sectors = 0..image.len() / SECTOR_BYTES;
    let differs = |n: &usize| {
        let span = n * SECTOR_BYTES..(n + 1) * SECTOR_BYTES;
        *n < 9 || image[span.clone()] != fresh[span]
    };
    let used: BTreeSet<usize> = sectors.filter(differs).collect();
    After { used: used.into_iter().collect(), image, older, history }
}

/// Bits flipped, sectors cut, swapped, zeroed, or put back from an older image: a state there was,
/// or a home that says it is damaged; and a passphrase that opens nothing is never a panic.
///
/// # Panics
/// When the promise is broken.
pub fn vault_container(bytes: &[u8]) {
    static ENDS: OnceLock<[After; 2]> = OnceLock::new();
    let [closed, killed] = ENDS.get_or_init(|| [after(false), after(true)]);
    let mut tape = Tape::new(bytes);
    let after = if tape.byte().is_multiple_of(2) { closed } else { killed };
    let mut sheet = Sheet::of(Arc::clone(&after.image));
    for _ in 0..16 {
        if tape.is_over() {
            break;
        }
        harm(&mut sheet, after, &mut tape);
    }
    let mut vault = match sheet.open() {
        Ok(vault) => vault,
        Err(VaultError::Damaged | VaultError::WrongPassphrase) => return,
        Err(error) => panic!("not a clean answer: {error:?}"),
    };
    match rows(&vault) {
        None => assert_eq!(vault.check(), Err(VaultError::Damaged)),
        Some(rows) => assert!(after.history.contains(&rows), "a state that never was"),
    }
    // A commit may meet the damage; it must not panic over it.
    let put = Change::Put { table: Table(3), key: b"more".to_vec(), value: vec![1; 5_000] };
    let _ = vault.commit(&[put]);
    let _ = rows(&vault);
    let _ = vault.close();
    let _ = sheet.open().map(|vault| rows(&vault));
}

fn harm(sheet: &mut Sheet, after: &After, tape: &mut Tape<'_>) {
    let (act, number) = (tape.byte(), after.used[tape.place(after.used.len())]);
    let mut sector = sheet.sector(number);
    match act % 8 {
        0 | 1 => sector[tape.place(SECTOR_BYTES)] ^= 1 << (tape.byte() % 8),
        2 => sector.fill(tape.byte()),
        3 => {
            let at = tape.place(SECTOR_BYTES);
            sector[at..].fill(0);
        }
        4 => {
            let other = after.used[tape.place(after.used.len())];
            sector = sheet.sector(other);
            sheet.put(other, sheet.sector(number));
        }
        5 => {
            let at = number * SECTOR_BYTES;
            sector.copy_from_slice(&after.older[at..at + SECTOR_BYTES]);
        }
        6 => {
            let cut = tape.place(usize::MAX) * 64;
            sheet.size = sheet.size.min(cut);
        }
        _ => {
            let from = tape.place(SECTOR_BYTES);
            let piece = tape.piece();
            let count = piece.len().min(SECTOR_BYTES - from);
            sector[from..from + count].copy_from_slice(&piece[..count]);
        }
    }
    sheet.put(number, sector);
}
