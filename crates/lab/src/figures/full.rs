//! Part 9: a home with a million messages, as its owner meets it, beside one with a thousand.

use std::{path::Path, time::Instant};

use minicbor::Encode;
use sogon_engine::{Act, Batch, Change, ConversationId, Table, view};
use sogon_lab::home::Store;
use sogon_vault::{Cost, Passphrase, Size, Vault};

use super::{
    KOREAN,
    people::{Circle, Person},
    table,
};

/// The engine's tables and the fields of a message, whose numbers are part of the stored form.
const MESSAGES: Table = Table(14);
const MESSAGE_IDS: Table = Table(15);
const ORDERS: Table = Table(16);
const COUNTERS: Table = Table(22);

#[derive(Encode)]
#[cbor(map)]
struct MessageRow<'a> {
    #[cbor(n(0), with = "minicbor::bytes")]
    id: [u8; 8],
    #[cbor(n(1), with = "minicbor::bytes")]
    from: Option<[u8; 32]>,
    #[n(2)]
    at_s: u64,
    #[n(3)]
    kind: u8,
    #[n(4)]
    text: &'a str,
    #[n(7)]
    epoch: u64,
    #[n(8)]
    seq: u64,
    #[n(9)]
    unread: bool,
}

const FEW: u64 = 1_000;
const MANY: u64 = 1_000_000;
/// Messages stored with one commit.
const BULK: u64 = 200;
const TIMES: usize = 11;
const PAGE: usize = 50;

/// What an owner does, and its name.
type Thing = (&'static str, fn(&mut Full));

/// Home and partner, and what each thing took.
struct Full {
    person: Person,
    to: ConversationId,
    count: u64,
}

pub(crate) fn run(quick: bool) {
    table::part(
        "9. A full home, as its owner meets it: engine and vault, beside one with 1,000 messages",
        "medians of 11; without Argon2id; ratio: less is better",
    );
    let folder = std::env::current_exe().unwrap();
    let folder = folder.parent().expect("a program lies in a folder");
    let place = tempfile::Builder::new().prefix("figures-").tempdir_in(folder).unwrap();
    let mut few = Full::of(&place.path().join("few"), FEW);
    let mut many = Full::of(&place.path().join("many"), if quick { 10 * FEW } else { MANY });
    let count = many.count;
    let things: [Thing; 7] = [
        ("the engine opens (the store: part 7)", Full::open),
        ("list conversations", Full::list),
        ("the latest 50", Full::latest),
        ("the 50 before the middle", Full::middle),
        ("search two syllables, 50 found", |full| full.search("은행")),
        ("search an English word, 50 found", |full| full.search("umbrella")),
        ("send, stored and sealed", Full::send),
    ];
    for (name, does) in things {
        let mut pairs = Vec::new();
        for _ in 0..TIMES {
            let ours = timed(|| does(&mut many));
            pairs.push((ours, timed(|| does(&mut few))));
        }
        table::times(&format!("{count} messages: {name}"), &format!("{FEW} messages"), &pairs);
    }
}

fn timed(work: impl FnOnce()) -> f64 {
    let begun = Instant::now();
    work();
    begun.elapsed().as_secs_f64()
}

impl Full {
    /// Somebody with one conversation, and so many messages of the other one in it.
    fn of(path: &Path, count: u64) -> Self {
        let size = Size::slot_mib(if count > 100_000 { 900 } else { 32 });
        let passphrase = Passphrase::new("벚꽃 아래").unwrap();
        let number = std::cell::Cell::new(0);
        let circle = Circle::of(2, |rows| {
            number.set(number.get() + 1);
            if number.get() > 1 {
                return Store::Memory(rows);
            }
            let mut vault = Vault::create(path, &passphrase, size, Cost::NONE_FOR_TESTS).unwrap();
            for table in (0..=u8::MAX).map(Table) {
                let all = sogon_engine::Shelf::scan(
                    &rows,
                    table,
                    b"",
                    None,
                    usize::MAX,
                    sogon_engine::Order::Up,
                );
                let puts = all.unwrap().into_iter();
                let puts = puts.map(|(key, value)| Change::Put { table, key, value });
                vault.commit(&puts.collect::<Batch>()).unwrap();
            }
            Store::Vault(Box::new(vault))
        });
        let mut people = circle.people;
        people.truncate(1);
        let person = people.pop().expect("Mina");
        let to = person.conversation(false);
        let mut full = Self { person, to, count };
        full.fill();
        full
    }

    fn vault(&mut self) -> &mut Vault {
        match &mut self.person.store {
            Store::Vault(vault) => vault,
            Store::Memory(_) => unreachable!("she has a vault"),
        }
    }

    fn fill(&mut self) {
        let (to, count) = (self.to, self.count);
        let begun = Instant::now();
        let first = 100;
        let mut order = first;
        while order < first + count {
            let mut batch = Batch::new();
            for order in order..order + BULK {
                let rare = if order % (count / 100).max(2) == 1 { " 은행 umbrella" } else { "" };
                let text = format!("{KOREAN} {}{rare}", order % 977);
                let id = order.to_le_bytes();
                let row = MessageRow {
                    id,
                    from: Some([9; 32]),
                    at_s: 1_780_000_000 + order,
                    kind: 0,
                    text: &text,
                    epoch: 1,
                    seq: order,
                    unread: false,
                };
                let put = |table, key: Vec<u8>, value| Change::Put { table, key, value };
                let place = order.to_be_bytes();
                let value = minicbor::to_vec(&row).unwrap();
                batch.push(put(MESSAGES, [to.0, place].concat(), value));
                batch.push(put(MESSAGE_IDS, [to.0, id].concat(), place.to_vec()));
                batch.push(put(ORDERS, place.to_vec(), to.0.to_vec()));
                batch.push(Change::Index { id: order, text });
            }
            order += BULK;
            let key = b"messages".to_vec();
            let value = order.to_be_bytes().to_vec();
            batch.push(Change::Put { table: COUNTERS, key, value });
            self.vault().commit(&batch).unwrap();
        }
        self.vault().settle().unwrap();
        let bytes = self.vault().used_bytes().unwrap() / count;
        let took = begun.elapsed().as_secs_f64();
        println!(
            "  {count} messages stored in {took:.0} s, {bytes} bytes each with all their rows"
        );
    }

    /// A fresh engine on what is stored.
    fn open(&mut self) {
        let rows = sogon_lab::rows::MemoryRows::default();
        let store = std::mem::replace(&mut self.person.store, Store::Memory(rows));
        self.person = Person::on(store, 77);
    }

    fn list(&mut self) {
        let shelf = self.person.store.shelf();
        assert_eq!(view::conversations(shelf).unwrap().len(), 1);
        assert_eq!(view::contacts(shelf).unwrap().len(), 1);
    }

    fn latest(&mut self) {
        let page = view::latest(self.person.store.shelf(), self.to, PAGE).unwrap();
        assert_eq!(page.len(), PAGE);
    }

    fn middle(&mut self) {
        let page = view::messages(self.person.store.shelf(), self.to, 100 + self.count / 2, PAGE);
        assert_eq!(page.unwrap().len(), PAGE);
    }

    fn search(&mut self, words: &str) {
        let found = view::search(self.person.store.shelf(), words, PAGE).unwrap();
        assert_eq!(found.len(), PAGE);
        assert!(found[0].text.contains(words));
    }

    fn send(&mut self) {
        let act = Act::Send { to: self.to, text: KOREAN.to_owned(), reply_to: None };
        let done = self.person.step(sogon_engine::Input::Act(act));
        assert!(!done.batch.is_empty());
    }
}
