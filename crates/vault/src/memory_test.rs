//! What is left in the memory of a process that had a home open.
#![cfg(target_os = "linux")]
#![allow(clippy::arithmetic_side_effects, reason = "numbers of a test")]

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};

use sogon_engine::{Change, Shelf, Table};

use crate::container::Container;
use crate::disk::FileDisk;
use crate::keys::SlotKeys;
use crate::locked::tests::is_locked;
use crate::{Cost, Passphrase, Size, Vault};

/// As the program has it.
#[global_allocator]
static MEMORY: zeroizing_alloc::ZeroAlloc<crate::memory::Arena> =
    zeroizing_alloc::ZeroAlloc(crate::memory::Arena);

/// What is looked for, kept in a form in which it is not found.
struct Needle(Vec<u8>);

impl Needle {
    fn of(bytes: &[u8]) -> Self {
        Self(bytes.iter().map(|byte| byte ^ 0x5a).collect())
    }

    fn is_at(&self, window: &[u8]) -> bool {
        window.iter().zip(&self.0).all(|(byte, masked)| byte ^ 0x5a == *masked)
    }
}

/// How often each stands in this process's memory.
fn count(needles: &[Needle]) -> Vec<usize> {
    places(needles).iter().map(Vec::len).collect()
}

/// Where each stands in this process's memory.
fn places(needles: &[Needle]) -> Vec<Vec<usize>> {
    let mut maps = String::new();
    File::open("/proc/self/maps").unwrap().read_to_string(&mut maps).unwrap();
    let mut memory = File::open("/proc/self/mem").unwrap();
    let mut places = vec![Vec::new(); needles.len()];
    let mut page = vec![0; 65_536];
    for line in maps.lines().filter(|line| line.contains(" rw")) {
        let (from, to) = line.split_whitespace().next().unwrap().split_once('-').unwrap();
        let [mut at, to] = [from, to].map(|end| u64::from_str_radix(end, 16).unwrap());
        while at < to {
            let wanted = usize::try_from(to - at).unwrap().min(page.len());
            memory.seek(SeekFrom::Start(at)).unwrap();
            let Ok(read) = memory.read(&mut page[..wanted]) else { break };
            for (needle, places) in needles.iter().zip(&mut places) {
                let windows = page[..read].windows(needle.0.len()).enumerate();
                let here = windows.filter(|(_, window)| needle.is_at(window));
                places.extend(here.map(|(offset, _)| usize::try_from(at).unwrap() + offset));
            }
            // What lies across two reads is seen in the second.
            at += u64::try_from(if read > 64 { read - 64 } else { read }).unwrap();
            if read <= 64 {
                break;
            }
        }
    }
    // The page of the last read is in memory too, and it is ours.
    page.fill(0);
    places
}

#[test]
fn a_closed_home_leaves_neither_its_keys_nor_its_words_in_memory() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("home");
    let words = Needle::of("뷁뛟 뒷문으로 오세요".as_bytes());
    let plain = |needle: &Needle| -> String {
        String::from_utf8(needle.0.iter().map(|byte| byte ^ 0x5a).collect()).unwrap()
    };
    let typed = Needle::of("샛별이 뜨면 강가에서".as_bytes());
    // In a thread of its own: what a stack held goes when the stack is used again or given back.
    let (data_key, block_key) = std::thread::scope(|scope| {
        let session = || {
            let passphrase = Passphrase::new(&plain(&typed)).unwrap();
            let cost = Cost::NONE_FOR_TESTS;
            drop(Vault::create(&path, &passphrase, Size::SMALLEST, cost).unwrap());
            let mut container = Container::open(Box::new(FileDisk::open(&path).unwrap())).unwrap();
            let keys = SlotKeys::derive(&passphrase, &container.salt().unwrap(), cost).unwrap();
            let place = container.find(&keys).unwrap().unwrap().place;
            let block_key = Needle::of(keys.of(place).unwrap().bytes());
            drop((container, keys));
            // This test had keys in its hands, as nobody outside the vault has.
            crate::stack::overwrite();
            let mut vault = Vault::open(&path, &passphrase, cost).unwrap();
            for n in 0..50_u8 {
                let text = format!("{} {n}", plain(&words));
                let value = text.clone().into_bytes();
                let put = Change::Put { table: Table(1), key: vec![n], value };
                vault.commit(&[put, Change::Index { id: n.into(), text }]).unwrap();
            }
            assert_eq!(vault.search("뒷문으로", 99).unwrap().len(), 50);
            let key = Needle::of(vault.pages().slot().parts().1.block.key.bytes());
            assert!(count(std::slice::from_ref(&words))[0] > 0, "the search finds what is there");
            let places = places(std::slice::from_ref(&key)).remove(0);
            assert!(!places.is_empty(), "the search finds the key");
            assert!(places.into_iter().all(is_locked), "where it is never written to swap");
            vault.close().unwrap();
            (key, block_key)
        };
        scope.spawn(session).join().unwrap()
    });
    let found = count(&[data_key, block_key, typed, words]);
    assert_eq!(found, [0, 0, 0, 0], "data key, key of its block, passphrase, words");
}
