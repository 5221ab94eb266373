#![cfg(test)]
//! What every store promises, tried on each of them.

use std::{collections::BTreeSet, sync::Arc, thread};

use sogon_relay::{
    Appending, EmbeddedStore, Expired, Holdings, Keep, MemoryStore, Placed, Store, StoreFault,
};
use sogon_wire::{LogName, STEPS, SealedBox};

const ALL: u32 = u32::MAX;
const HOUR_S: u64 = 3_600;
#[expect(clippy::cast_possible_truncation, reason = "the smallest box is small")]
const SMALL: u32 = STEPS[0] as u32;

/// A store of each kind, empty. The directory goes when the guard does.
fn stores(keep: Keep) -> Vec<(&'static str, Box<dyn Store>, Option<tempfile::TempDir>)> {
    let directory = tempfile::tempdir().unwrap();
    let embedded = EmbeddedStore::open(directory.path(), keep).unwrap();
    vec![
        ("memory", Box::new(MemoryStore::new(keep)), None),
        ("embedded", Box::new(embedded), Some(directory)),
    ]
}

fn keep_an_hour() -> Keep {
    Keep { boxes_s: HOUR_S, ..Keep::default() }
}

fn log(number: u8) -> LogName {
    LogName([number; 16])
}

fn new(log: LogName, fill: u32) -> Appending {
    let mut bytes = [0; STEPS[0]];
    bytes[..4].copy_from_slice(&fill.to_be_bytes());
    Appending { log, boxed: SealedBox::parse(&bytes).unwrap() }
}

fn fills(store: &dyn Store, log: LogName, after: u64) -> Vec<u32> {
    let page = store.read_after(log, after, ALL).unwrap();
    let fill = |boxed: &SealedBox| u32::from_be_bytes(*boxed.as_bytes().first_chunk().unwrap());
    page.boxes.iter().map(fill).collect()
}

#[test]
fn boxes_stand_in_the_order_they_came_and_are_read_from_any_place() {
    for (name, store, _guard) in stores(Keep::default()) {
        assert_eq!(store.heads(&[log(1)]), Ok(vec![0]), "{name}");
        let group: Vec<_> = (0..5).map(|fill| new(log(1), fill)).chain([new(log(2), 9)]).collect();
        let placed = store.append(0, &group).unwrap();
        let expected: Vec<_> = (1..=5).chain([1]).map(Placed::New).collect();
        assert_eq!(placed, expected, "{name}");
        assert_eq!(store.append(1, &[new(log(1), 5)]), Ok(vec![Placed::New(6)]));
        for after in 0..=6 {
            let page = store.read_after(log(1), after, ALL).unwrap();
            assert_eq!((page.from, page.head), (after + 1, 6), "{name}");
            let rest: Vec<_> = (u32::try_from(after).unwrap()..6).collect();
            assert_eq!(fills(&*store, log(1), after), rest, "{name}");
        }
        assert_eq!(fills(&*store, log(1), 77), [0; 0], "{name}: from beyond the end");
        assert_eq!(store.heads(&[log(2), log(3), log(1)]), Ok(vec![1, 0, 6]), "{name}");
        let page = store.read_after(log(3), 0, ALL).unwrap();
        assert_eq!((page.from, page.head, page.boxes.len()), (1, 0, 0), "{name}: never written");
    }
}

#[test]
fn the_same_bytes_keep_their_place() {
    for (name, store, _guard) in stores(Keep::default()) {
        let first = store.append(0, &[new(log(1), 1), new(log(1), 2), new(log(1), 1)]).unwrap();
        assert_eq!(first, [Placed::New(1), Placed::New(2), Placed::Known(1)], "{name}");
        let again =
            store.append(90_000, &[new(log(1), 2), new(log(2), 2), new(log(1), 3)]).unwrap();
        assert_eq!(again, [Placed::Known(2), Placed::New(1), Placed::New(3)], "{name}");
        assert_eq!(fills(&*store, log(1), 0), [1, 2, 3], "{name}");
    }
}

#[test]
fn a_read_gives_as_much_as_fits() {
    for (name, store, _guard) in stores(Keep::default()) {
        store.append(0, &(0..10).map(|fill| new(log(1), fill)).collect::<Vec<_>>()).unwrap();
        for (room, fitting) in
            [(0, 0), (SMALL - 1, 0), (SMALL, 1), (3 * SMALL, 3), (4 * SMALL - 1, 3), (ALL, 10)]
        {
            let page = store.read_after(log(1), 0, room).unwrap();
            assert_eq!((page.boxes.len(), page.head), (fitting, 10), "{name}: {room}");
        }
    }
}

#[test]
fn boxes_expire_and_places_go_on_from_where_they_were() {
    for (name, store, _guard) in stores(keep_an_hour()) {
        store.append(1_000, &[new(log(1), 1), new(log(1), 2)]).unwrap();
        store.append(1_000 + 2_000, &[new(log(1), 3)]).unwrap();
        assert_eq!(store.expire(1_000 + HOUR_S - 200), Ok(Expired::default()), "{name}");
        let expired = store.expire(1_000 + HOUR_S + 200).unwrap();
        assert_eq!(expired, Expired { boxes: 2, bytes: 2 * u64::from(SMALL) }, "{name}");
        let page = store.read_after(log(1), 0, ALL).unwrap();
        assert_eq!((page.from, page.head, page.boxes.len()), (3, 3, 1), "{name}: a visible gap");

        store.expire(1_000 + 2 * HOUR_S + 2_000).unwrap();
        let page = store.read_after(log(1), 0, ALL).unwrap();
        assert_eq!((page.from, page.head, page.boxes.len()), (4, 3, 0), "{name}");
        assert_eq!(store.holdings(), Holdings { boxes: 0, logs: 1, bytes: 0 }, "{name}");
        let later = 1_000 + 3 * HOUR_S;
        assert_eq!(store.append(later, &[new(log(1), 1)]), Ok(vec![Placed::New(4)]), "{name}");
        assert_eq!(fills(&*store, log(1), 0), [1], "{name}");
    }
}

#[test]
fn a_logs_last_place_is_remembered_long_and_then_forgotten() {
    let keep = Keep { heads_s: 40 * HOUR_S, ..keep_an_hour() };
    for (name, store, _guard) in stores(keep) {
        store.append(0, &[new(log(1), 1), new(log(2), 1)]).unwrap();
        store.append(20 * HOUR_S, &[new(log(2), 2)]).unwrap();
        store.expire(39 * HOUR_S).unwrap();
        assert_eq!(store.heads(&[log(1), log(2)]), Ok(vec![1, 2]), "{name}");
        store.expire(51 * HOUR_S).unwrap();
        assert_eq!(store.heads(&[log(1), log(2)]), Ok(vec![0, 2]), "{name}");
        store.expire(71 * HOUR_S).unwrap();
        assert_eq!(store.heads(&[log(1), log(2)]), Ok(vec![0, 0]), "{name}");
    }
}

#[test]
fn a_clock_set_back_neither_loses_nor_reorders() {
    for (name, store, _guard) in stores(keep_an_hour()) {
        store.append(100 * HOUR_S, &[new(log(1), 1)]).unwrap();
        store.append(3, &[new(log(1), 2), new(log(2), 1)]).unwrap();
        store.append(100 * HOUR_S + 300, &[new(log(1), 3)]).unwrap();
        assert_eq!(fills(&*store, log(1), 0), [1, 2, 3], "{name}");
    }
}

#[test]
fn what_is_full_takes_no_more_and_loses_nothing() {
    let keep =
        Keep { log_boxes_max: 3, bytes_max: 5 * u64::from(SMALL), logs_max: 2, ..keep_an_hour() };
    for (name, store, _guard) in stores(keep) {
        let group: Vec<_> = (0..5).map(|fill| new(log(1), fill)).collect();
        let placed = store.append(0, &group).unwrap();
        assert_eq!(placed[2..], [Placed::New(3), Placed::Full, Placed::Full], "{name}");
        let group: Vec<_> = (0..3).map(|fill| new(log(2), fill)).collect();
        let placed = store.append(0, &group).unwrap();
        assert_eq!(placed, [Placed::New(1), Placed::New(2), Placed::Full], "{name}");
        assert_eq!(store.append(0, &[new(log(3), 0)]), Ok(vec![Placed::Full]), "{name}");
        assert_eq!(store.append(0, &[new(log(1), 0)]), Ok(vec![Placed::Known(1)]), "{name}");
        let held = Holdings { boxes: 5, logs: 2, bytes: 5 * u64::from(SMALL) };
        assert_eq!(store.holdings(), held, "{name}");
        store.expire(3 * HOUR_S).unwrap();
        let placed = store.append(3 * HOUR_S, &[new(log(1), 9)]);
        assert_eq!(placed, Ok(vec![Placed::New(4)]), "{name}: room again");
    }
}

#[test]
fn readers_beside_a_writer_see_every_log_whole_from_the_start() {
    for (name, store, _guard) in stores(Keep::default()) {
        let store: Arc<dyn Store> = store.into();
        let writer = {
            let store = Arc::clone(&store);
            thread::spawn(move || {
                for fill in 0..200 {
                    store.append(u64::from(fill) * 20_000, &[new(log(1), fill)]).unwrap();
                }
            })
        };
        while !writer.is_finished() {
            let seen = fills(&*store, log(1), 0);
            let whole: Vec<_> = (0..u32::try_from(seen.len()).unwrap()).collect();
            assert_eq!(seen, whole, "{name}");
        }
        writer.join().unwrap();
        assert_eq!(fills(&*store, log(1), 0).len(), 200, "{name}");
    }
}

#[test]
fn the_embedded_store_is_as_it_was_when_it_is_opened_again() {
    let directory = tempfile::tempdir().unwrap();
    let open = || EmbeddedStore::open(directory.path(), keep_an_hour()).unwrap();
    for round in 0..4u32 {
        let store = open();
        let now = u64::from(round) * 130;
        let group: Vec<_> = (0..50).map(|n| new(log(1), round * 50 + n)).collect();
        store.append(now, &group).unwrap();
        assert_eq!(store.holdings().boxes, u64::from(round + 1) * 50);
    }
    let store = open();
    assert_eq!(fills(&store, log(1), 0), (0..200).collect::<Vec<_>>());
    assert_eq!(store.append(600, &[new(log(1), 7)]), Ok(vec![Placed::Known(8)]));
    assert_eq!(store.holdings(), Holdings { boxes: 200, logs: 1, bytes: 200 * u64::from(SMALL) });
}

#[test]
fn one_store_is_open_in_one_place() {
    let directory = tempfile::tempdir().unwrap();
    let _first = EmbeddedStore::open(directory.path(), Keep::default()).unwrap();
    let second = EmbeddedStore::open(directory.path(), Keep::default());
    assert_eq!(second.unwrap_err(), StoreFault::Locked);
}

#[test]
fn expiry_gives_the_disk_its_space_back() {
    let directory = tempfile::tempdir().unwrap();
    let store = EmbeddedStore::open(directory.path(), keep_an_hour()).unwrap();
    let big = |fill: u32| {
        let bytes: Vec<u8> = (0..16_384u32)
            .flat_map(|n| (n ^ fill).wrapping_mul(0x9e37_79b9).to_be_bytes())
            .collect();
        Appending { log: log(1), boxed: SealedBox::parse(&bytes).unwrap() }
    };
    let mut grown = BTreeSet::new();
    for step in 0..8u32 {
        let group: Vec<_> = (0..200).map(|n| big(step * 1_000 + n)).collect();
        store.append(u64::from(step) * 600, &group).unwrap();
        grown.insert(disk_bytes(directory.path()));
    }
    let full = *grown.last().unwrap();
    assert!(full > 8 * 200 * 65_536, "written: {full}");
    store.expire(100 * HOUR_S).unwrap();
    // What is left is the journal, whose size is bounded and does not grow with what is kept.
    store.append(100 * HOUR_S, &[new(log(2), 1)]).unwrap();
    let left = disk_bytes(directory.path());
    assert!(left < full / 2 + (64 << 20), "left {left} of {full}");
}

fn disk_bytes(path: &std::path::Path) -> u64 {
    std::fs::read_dir(path)
        .into_iter()
        .flatten()
        .filter_map(Result::ok)
        .map(|entry| match entry.metadata() {
            Ok(about) if about.is_dir() => disk_bytes(&entry.path()),
            Ok(about) => about.len(),
            Err(_) => 0,
        })
        .sum()
}
