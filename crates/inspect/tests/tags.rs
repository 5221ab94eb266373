#![cfg(test)]
#![allow(
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    reason = "test numbers"
)]
//! Every mark of the published facts: found, read, taken off; and none where there is none.

mod forge;

use forge::{Dice, chain, gap_mark, marks, office, profile, slot, tagged};
use sogon_inspect::{
    Source,
    tags::{self, Mark, Restored, fingerprint, handset, machine, natisign::Checked, strip},
};

fn only(file: &[u8]) -> tags::Tag {
    let mut tags = tags::read(&file.to_vec() as &dyn Source).unwrap();
    assert_eq!(tags.len(), 1, "{tags:?}");
    tags.remove(0)
}

#[test]
fn the_measured_sizes_and_the_strong_end_come_out() {
    let file = Dice(1).file("jpg", 28_616);
    let once = tagged(&file, "AC9A58CDZ364C");
    let twice = tagged(&once, machine::FALLBACK_ID);
    assert_eq!((once.len(), twice.len()), (28_647, 28_671));
    assert_eq!(once[28_616 + 16..28_616 + 24], machine::RECORD_END);
    let Mark::Chain(chain) = only(&twice).mark else { panic!() };
    assert_eq!(chain.disks().collect::<Vec<_>>(), ["AC9A58CDZ364C", machine::FALLBACK_ID]);
    assert!(chain.certain());
    assert_eq!(strip(&twice).bytes, file);
}

#[test]
fn chains_of_any_length_come_off_exactly() {
    let mut dice = Dice(2);
    for kind in ["jpg", "png", "gif", "mp3", "mp4", "pdf", "avi", "doc", "dat"] {
        for _ in 0..40 {
            let size = 200 + dice.below(40_000) as usize;
            let file = dice.file(kind, size);
            let ids: Vec<String> = (0..=dice.below(30)).map(|_| dice.disk()).collect();
            let marked = chain(&file, &ids);
            let tag = only(&marked);
            assert_eq!(tag.offset, file.len() as u64);
            let Mark::Chain(found) = tag.mark else { panic!() };
            assert_eq!(found.disks().collect::<Vec<_>>(), ids);
            let stripped = strip(&marked);
            assert_eq!(stripped.bytes, file);
            assert_eq!(stripped.removed[0].restored, Restored::Exactly);
        }
    }
}

#[test]
fn the_longest_chain_is_read_and_a_longer_one_is_not() {
    let ids = vec!["AC9A58CDZ364C".to_owned(); 20_001];
    let Mark::Chain(found) = only(&chain(b"x", &ids[1..])).mark else { panic!() };
    assert_eq!(found.machines.len(), 20_000);
    assert_eq!(tags::read(&chain(b"x", &ids) as &dyn Source).unwrap(), []);
}

#[test]
fn a_length_that_lies_is_no_trailer() {
    let file = chain(b"content", &["AC9A58CDZ364C".to_owned()]);
    for length in [0_u32, 1, 23, 48, 24 * 20_001, u32::MAX, u32::MAX - 15] {
        let mut lying = file.clone();
        let at = lying.len() - 7;
        lying[at..at + 4].copy_from_slice(&length.to_le_bytes());
        assert_eq!(tags::read(&lying as &dyn Source).unwrap(), [], "{length}");
        assert_eq!(strip(&lying).bytes, lying);
    }
}

#[test]
fn a_length_that_lies_takes_nothing_of_the_content_with_it() {
    let mut dice = Dice(21);
    let content = dice.file("jpg", 60_000);
    let ids: Vec<String> = (0..3).map(|_| dice.disk()).collect();
    for (named, kept) in [(3_u32, true), (4, false), (2_000, false), (2_503, false)] {
        let mut marked = chain(&content, &ids);
        let at = marked.len() - 7;
        marked[at..at + 4].copy_from_slice(&(24 * named).to_le_bytes());
        let tag = only(&marked);
        assert_eq!((tag.offset, tag.bytes), (60_000, 3 * 24 + 7), "{named}");
        let Mark::Chain(found) = tag.mark else { panic!() };
        assert_eq!(found.disks().collect::<Vec<_>>(), ids);
        assert_eq!((found.said, found.certain()), (named as usize, kept));
        let stripped = strip(&marked);
        assert_eq!(stripped.bytes, content);
        let said = if kept { Restored::Exactly } else { Restored::LessThanNamed };
        assert_eq!(stripped.removed[0].restored, said);
    }
}

#[test]
fn control_marks_are_named() {
    let order = |id: &str| {
        let Mark::Chain(found) = only(&chain(b"x", &[id.to_owned()])).mark else { panic!() };
        found.order()
    };
    assert_eq!(order("0000000000cba"), Some(machine::Order::Delete));
    assert_eq!(order("abc0000000000"), Some(machine::Order::Approved));
    assert_eq!(order("AC9A58CDZ364C"), None);
}

#[test]
fn a_disk_id_can_be_compared_with_a_disk() {
    assert_eq!(machine::disk_id(""), machine::FALLBACK_ID);
    assert_eq!(machine::disk_id("  wd-wx-1234 "), machine::disk_id("1234"));
    // 1234 in base 36 is 49,360, C0D0h, and zeros are written as Z.
    assert_eq!(machine::disk_id("1234"), "ZZZZZZZZZCZDZ");
    assert_eq!(machine::disk_id("1-2-3-4"), machine::disk_id("1234"));
    assert_eq!(machine::disk_id("12/4").len(), 13);
}

#[test]
fn a_slot_comes_out_of_padding_exactly_and_says_so_where_it_cannot() {
    let mut dice = Dice(3);
    for padded in [true, false] {
        let file = marks::ooxml(&mut dice, padded, 30_000);
        let marked = slot(&file, "AC9A58CDZ364C");
        let Mark::Slot(found) = only(&marked).mark else { panic!() };
        assert_eq!((found.machine.disk.as_str(), found.in_padding), ("AC9A58CDZ364C", padded));
        let stripped = strip(&marked);
        assert_eq!(stripped.bytes == file, padded);
        let said = stripped.removed[0].restored;
        assert_eq!(said == Restored::Exactly, padded);
        assert_eq!(tags::read(&stripped.bytes as &dyn Source).unwrap(), []);
    }
}

#[test]
fn marks_behind_each_other_all_come_off() {
    let mut dice = Dice(4);
    let file = dice.file("mp4", 9_000);
    let signed = office::unsigned(&mut dice, &file, ".mp4");
    let marked = tagged(&profile(&mut dice, &signed, false), "AC9A58CDZ364C");
    let stripped = strip(&marked);
    assert_eq!(stripped.bytes, file);
    assert_eq!(stripped.removed.len(), 3);
}

#[test]
fn a_profile_is_known_and_eight_letters_alone_are_none() {
    let mut dice = Dice(5);
    for is_office in [false, true] {
        let file = dice.file("doc", 3_000);
        let marked = profile(&mut dice, &file, is_office);
        assert!(matches!(only(&marked).mark, Mark::Profile(found) if found.office == is_office));
        assert_eq!(strip(&marked).bytes, file);
    }
    let text = [dice.bytes(300), b"wwwwwwwwwwwwwwwwwwww".to_vec()].concat();
    assert_eq!(tags::read(&text as &dyn Source).unwrap(), []);
}

#[test]
fn text_marks_are_read_in_every_encoding_and_the_words_come_back() {
    let mut dice = Dice(6);
    for (ends, html) in [("\n", false), ("\r\n", false), ("\n", true)] {
        for _ in 0..30 {
            let words = 200 + dice.below(400) as usize;
            let text = dice.text(words, ends, html);
            let id = dice.disk();
            let (marked, plain) = gap_mark(&text, &id, 0).unwrap();
            let encodings: [fn(&str) -> Vec<u8>; 3] =
                [|text| text.as_bytes().to_vec(), marks::cp949, marks::utf16];
            for encode in encodings {
                let Mark::Gaps(found) = only(&encode(&marked)).mark else { panic!() };
                assert_eq!(found.disk, id);
                let stripped = strip(&encode(&marked));
                assert_eq!(stripped.bytes, encode(&plain));
                assert_eq!(stripped.removed[0].restored, Restored::Words);
            }
        }
    }
}

#[test]
fn double_blanks_alone_are_no_mark() {
    let mut dice = Dice(7);
    for _ in 0..3_000 {
        let text = dice.text(300, "\n", false);
        assert_eq!(tags::read(&text.into_bytes() as &dyn Source).unwrap(), []);
    }
}

#[test]
fn the_offices_mark_is_read_checked_and_taken_off() {
    let mut dice = Dice(8);
    let (office, other) = (office::Office::new(1), office::Office::new(2));
    let key = tags::natisign::OfficeKey::read(office.public_pem().as_bytes()).unwrap();
    let wrong = tags::natisign::OfficeKey::read(other.public_pem().as_bytes()).unwrap();
    for size in [400, 131_024, 131_025, 700_000, 3_000_001] {
        let file = dice.file("mp4", size);
        let signed = office.sign(&mut dice, &file, ".mp4");
        let Mark::Natisign(found) = only(&signed).mark else { panic!() };
        assert!(found.certain && !found.feature_phone && found.key == 3);
        assert_eq!((found.ending.as_str(), found.revocation), (".mp4", (77, 88)));
        let covered_bytes = if size <= 131_024 { size as u64 } else { 131_072 - 48 };
        let holds = found.check(&signed, &key).unwrap();
        assert_eq!(holds, Checked::Holds { covered_bytes });
        assert_eq!(found.check(&signed, &wrong).unwrap(), Checked::OtherKey);
        let mut altered = signed.clone();
        altered[100] ^= 1;
        assert_eq!(found.check(&altered, &key).unwrap(), Checked::Altered);
        assert_eq!(strip(&signed).bytes, file);
    }
}

#[test]
fn the_offices_mark_says_nothing_about_most_of_a_large_file() {
    let mut dice = Dice(18);
    let office = office::Office::new(1);
    let key = tags::natisign::OfficeKey::read(office.public_pem().as_bytes()).unwrap();
    let mut signed = office.sign(&mut dice, &vec![0; 40_000_000], ".mp4");
    let Mark::Natisign(found) = only(&signed).mark else { panic!() };
    // Ten samples of 128 KiB: nine in ten of the places below are not among them.
    let unseen = (1..40)
        .filter(|i| {
            signed[i * 1_000_000] ^= 1;
            let holds = matches!(found.check(&signed, &key).unwrap(), Checked::Holds { .. });
            signed[i * 1_000_000] ^= 1;
            holds
        })
        .count();
    assert!(unseen > 25, "{unseen} of 39");
}

#[test]
fn the_form_of_feature_phones_comes_off_too() {
    let mut dice = Dice(9);
    for _ in 0..200 {
        let size = 320 + dice.below(9_000) as usize;
        let file = dice.file("mp3", size);
        let marked = office::feature_phone(&mut dice, &file, ".mp3");
        let Mark::Natisign(found) = only(&marked).mark else { panic!() };
        assert!(found.feature_phone && found.certain);
        assert_eq!(strip(&marked).bytes, file);
    }
}

#[test]
fn a_handsets_own_mark_is_known_and_left() {
    let mut file = Dice(10).file("jpg", 4_000);
    file.extend(b"SELFSIGN");
    assert_eq!(only(&file).mark, Mark::Selfsign);
    let stripped = strip(&file);
    assert_eq!((stripped.bytes, stripped.left.len()), (file, 1));
}

#[test]
fn a_handset_is_named_by_its_file() {
    let bytes = [0x3a, 0x65, 0x39, 0x08, 0x53, 0x46, 0x83, 0x90];
    let imsi = [0x49, 0x67, 0x50, 0x21, 0x43, 0x65, 0x87, 0x09];
    let found = handset::Identity::read(&[bytes, imsi].concat()).unwrap();
    assert_eq!((found.imei.as_str(), found.luhn), ("356938035643809", true));
    assert_eq!(found.imsi, "476051234567890");
    assert_eq!(handset::Identity::read(&[0; 16]), None);
    assert_eq!(handset::Identity::read(&[0x3a; 15]), None);
}

#[test]
fn revocations_are_read() {
    let mut list = Vec::new();
    for n in 0..3_u32 {
        list.extend([0; 4]);
        list.extend(n.to_le_bytes());
        list.extend(b".mp4\0\0\0\0");
        list.extend((n + 7).to_le_bytes());
        list.extend((n + 9).to_le_bytes());
    }
    let read = handset::revocations(&list).unwrap();
    assert_eq!((read.len(), read[2].words, read[2].ending.as_str()), (3, (9, 11), ".mp4"));
    assert_eq!(handset::revocations(&list[1..]), None);
}

#[test]
fn a_file_on_a_list_is_recognised_tagged_or_not() {
    let mut dice = Dice(11);
    let files: Vec<Vec<u8>> =
        (0..50).map(|i| dice.file("avi", [200, 3_000, 50_000, 999][i % 4] + i)).collect();
    let of = |file: &Vec<u8>| fingerprint::Fingerprint::of(file).unwrap().unwrap();
    let list: Vec<u8> = files.iter().flat_map(|file| of(file).bytes()).collect();
    let list = fingerprint::Watchlist::read(&list).unwrap();
    for (i, file) in files.iter().enumerate() {
        assert_eq!(list.nearest(&of(file)), Some((i, 10)));
        assert_eq!(list.nearest(&of(&tagged(file, "AC9A58CDZ364C"))), Some((i, 10)));
        let mut other = file.clone();
        other[0] ^= 1;
        assert_eq!(list.nearest(&of(&other)), Some((i, 9)));
    }
    assert_eq!(list.nearest(&of(&dice.file("avi", 4_000))), None);
    assert_eq!(fingerprint::Fingerprint::of(&vec![1_u8; 199]).unwrap(), None);
    let hex: String = of(&files[0]).bytes().iter().map(|byte| format!("{byte:02X}")).collect();
    let text = format!("# from a machine\n{hex} film.avi\n");
    let list = fingerprint::Watchlist::read(text.as_bytes()).unwrap();
    assert_eq!(list.nearest(&of(&files[0])), Some((0, 10)));
    assert!(fingerprint::Watchlist::read(b"nothing of the kind").is_none());
}

#[test]
fn files_without_marks_have_none() {
    let mut dice = Dice(12);
    for kind in ["jpg", "png", "gif", "mp3", "mp4", "pdf", "avi", "doc", "dat"] {
        for _ in 0..300 {
            let size = dice.below(5_000) as usize;
            let mut file = dice.file(kind, size);
            if dice.below(3) == 0 {
                file.extend(b"\x18\0\0\0EOF");
            }
            assert_eq!(tags::read(&file as &dyn Source).unwrap(), []);
            assert_eq!(strip(&file).bytes, file);
        }
    }
}
