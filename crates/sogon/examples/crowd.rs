//! A crowded home, for the figures of the app: `crowd FOLDER PASSPHRASE CONVERSATIONS MESSAGES`.
//!
//! The first conversation of the home gets so many messages, copies of its first one, and beside it
//! stand so many conversations that are over, copies of its row. The rows are stored as the program
//! stores them; nothing else of the home is touched.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    reason = "a tool of this repository, on rows it knows"
)]

use std::{error::Error, path::Path};

use minicbor::{Decoder, Encoder};
use sogon_engine::{Change, Order, Shelf, Table};
use sogon_vault::{Passphrase, Vault};

const CONVERSATIONS: Table = Table(12);
const MESSAGES: Table = Table(14);
const MESSAGE_IDS: Table = Table(15);
const ORDERS: Table = Table(16);
/// Rows stored together: the log of a home is bounded.
const TOGETHER: usize = 100;
const PIECES: &[&str] = &[
    "안녕, 오늘은 어때?",
    "비가 와서 집에 있어. 너는?",
    "저녁에 시장 뒤에서 보자. 늦으면 먼저 들어가 있을게.",
    "응",
    "그 책은 다 읽었어. 마지막 장이 제일 좋았는데, 너도 읽어 보면 무슨 말인지 알 거야. 내일 가져갈게.",
];

fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [folder, passphrase, conversations, messages] = words.as_slice() else {
        return Err("crowd FOLDER PASSPHRASE CONVERSATIONS MESSAGES".into());
    };
    let (conversations, messages): (u64, u64) = (conversations.parse()?, messages.parse()?);
    let container = Path::new(folder).join("data");
    let passphrase = Passphrase::new(passphrase)?;
    let opened = Vault::costs(&container)?
        .into_iter()
        .find_map(|cost| Vault::open(&container, &passphrase, cost).ok());
    let mut vault = opened.ok_or("wrong passphrase")?;
    let mib = (conversations + messages).div_ceil(600).max(16);
    vault.grow(u32::try_from(mib)?)?;

    let scan = |vault: &Vault, table| {
        vault.scan(table, b"", None, 1, Order::Up).map_err(|_| "the home cannot be read")
    };
    let rows = scan(&vault, CONVERSATIONS)?;
    let (id, conversation) = rows.first().ok_or("no conversation to copy")?.clone();
    let rows = scan(&vault, MESSAGES)?;
    let (_, message) = rows.first().ok_or("no message to copy")?.clone();

    let mut batch = Vec::new();
    let put = |batch: &mut Vec<Change>, table, key: Vec<u8>, value: Vec<u8>| {
        batch.push(Change::Put { table, key, value });
    };
    let first = 1_000_000_u64;
    for nth in 0..messages {
        let order = first + nth;
        let text = format!("{} ({nth})", PIECES[usize::try_from(nth)? % PIECES.len()]);
        let its_id = order.to_be_bytes();
        let at_s = 1_700_000_000 + nth * 600;
        let row = with(
            &message,
            &[
                (0, &|to| drop(to.bytes(&its_id))),
                (2, &|to| drop(to.u64(at_s))),
                (4, &|to| drop(to.str(&text))),
            ],
        )?;
        put(&mut batch, MESSAGES, [&id[..], &order.to_be_bytes()].concat(), row);
        put(&mut batch, MESSAGE_IDS, [&id[..], &its_id].concat(), order.to_be_bytes().to_vec());
        put(&mut batch, ORDERS, order.to_be_bytes().to_vec(), id.clone());
        batch.push(Change::Index { id: order, text });
        store(&mut vault, &mut batch, TOGETHER)?;
    }
    let last = first + messages;
    for nth in 1..conversations {
        let title = format!("모임 {nth}");
        let order = nth;
        let row = with(
            &conversation,
            &[
                (1, &|to| drop(to.bool(true))),
                (2, &|to| drop(to.str(&title))),
                (5, &|to| drop(to.u8(2))),
                (24, &|to| drop(to.u64(order))),
            ],
        )?;
        put(&mut batch, CONVERSATIONS, (nth << 16).to_be_bytes().to_vec(), row);
        store(&mut vault, &mut batch, TOGETHER)?;
    }
    let row = with(&conversation, &[(24, &|to| drop(to.u64(last)))])?;
    put(&mut batch, CONVERSATIONS, id, row);
    store(&mut vault, &mut batch, 1)?;
    vault.close()?;
    Ok(())
}

fn store(vault: &mut Vault, batch: &mut Vec<Change>, at: usize) -> Result<(), Box<dyn Error>> {
    if batch.len() >= at {
        vault.commit(batch)?;
        batch.clear();
    }
    Ok(())
}

/// What writes another value.
type Write<'a> = &'a dyn Fn(&mut Encoder<&mut Vec<u8>>);

/// A map with integer keys in which some values are others.
fn with(row: &[u8], changed: &[(u32, Write<'_>)]) -> Result<Vec<u8>, Box<dyn Error>> {
    let mut from = Decoder::new(row);
    let count = from.map()?.ok_or("a map without a length")?;
    let mut values = std::collections::BTreeMap::new();
    for _ in 0..count {
        let key = from.u32()?;
        let begin = from.position();
        from.skip()?;
        values.insert(key, row[begin..from.position()].to_vec());
    }
    for (key, write) in changed {
        let mut value = Vec::new();
        write(&mut Encoder::new(&mut value));
        values.insert(*key, value);
    }
    let mut made = Vec::new();
    let mut to = Encoder::new(&mut made);
    to.map(u64::try_from(values.len())?)?;
    for (key, value) in values {
        to.u32(key)?;
        to.writer_mut().extend(value);
    }
    Ok(made)
}
