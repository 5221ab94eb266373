//! Rows in the database: small values in their row, larger ones in chunks beside it.
//!
//! A chunk fills one page. When a large value is put again, only the chunks that differ from what is
//! stored are written.

use rusqlite::{Connection, OptionalExtension, params};
use sogon_engine::{Order, Row, Table};

use crate::fault::Fault;

/// Larger values are kept in chunks.
const INLINE_BYTES_MAX: usize = 700;
/// One chunk and its record header fill the usable part of a page.
const CHUNK_BYTES: usize = 4000;
/// Chunk `n` of large value `v` is row `v << 13 | n`: room for 32 MB in one value.
const CHUNK_BITS: u32 = 13;
const KEY_BYTES_MAX: usize = 255;
const VALUE_BYTES_MAX: usize = 16 * 1024 * 1024;

pub(crate) const SCHEMA: &str = "
    CREATE TABLE row (
        t INTEGER NOT NULL, k BLOB NOT NULL, v BLOB, large INTEGER,
        PRIMARY KEY (t, k)
    ) WITHOUT ROWID, STRICT;
    CREATE TABLE chunk (id INTEGER PRIMARY KEY, bytes BLOB NOT NULL) STRICT;";

/// Where the value of a row is.
enum Value {
    Inline(Vec<u8>),
    Large(i64),
}

pub(crate) fn put(db: &Connection, table: Table, key: &[u8], value: &[u8]) -> Result<(), Fault> {
    if key.len() > KEY_BYTES_MAX || value.len() > VALUE_BYTES_MAX {
        return Err(Fault::TooLong);
    }
    let before = find(db, table, key)?;
    if value.len() <= INLINE_BYTES_MAX {
        if let Some(Value::Large(large)) = before {
            delete_chunks(db, large, 0)?;
        }
        return upsert(db, table, key, Some(value), None);
    }
    if let Some(Value::Large(large)) = before {
        return put_chunks(db, large, value);
    }
    let large = db
        .prepare_cached("SELECT (COALESCE(MAX(id), 0) >> 13) + 1 FROM chunk")?
        .query_row([], |row| row.get(0))?;
    put_chunks(db, large, value)?;
    upsert(db, table, key, None, Some(large))
}

pub(crate) fn delete(db: &Connection, table: Table, key: &[u8]) -> Result<(), Fault> {
    if let Some(Value::Large(large)) = find(db, table, key)? {
        delete_chunks(db, large, 0)?;
    }
    db.prepare_cached("DELETE FROM row WHERE t = ?1 AND k = ?2")?.execute(params![table.0, key])?;
    Ok(())
}

pub(crate) fn get(db: &Connection, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, Fault> {
    find(db, table, key)?.map(|value| whole(db, value)).transpose()
}

pub(crate) fn scan(
    db: &Connection,
    table: Table,
    prefix: &[u8],
    after: Option<&[u8]>,
    limit: usize,
    order: Order,
) -> Result<Vec<Row>, Fault> {
    let mut from = prefix.to_vec();
    let mut to = end_of(prefix);
    match (order, after) {
        (_, None) => {}
        (Order::Up, Some(after)) => from = from.max(successor(after)),
        (Order::Down, Some(after)) => {
            to = Some(to.map_or(after.to_vec(), |to| to.min(after.to_vec())));
        }
    }
    let sql = match (order, &to) {
        (Order::Up, Some(_)) => {
            "SELECT k, v, large FROM row WHERE t = ?1 AND k >= ?2 AND k < ?4 ORDER BY k LIMIT ?3"
        }
        (Order::Up, None) => {
            "SELECT k, v, large FROM row WHERE t = ?1 AND k >= ?2 ORDER BY k LIMIT ?3"
        }
        (Order::Down, Some(_)) => {
            "SELECT k, v, large FROM row WHERE t = ?1 AND k >= ?2 AND k < ?4 \
             ORDER BY k DESC LIMIT ?3"
        }
        (Order::Down, None) => {
            "SELECT k, v, large FROM row WHERE t = ?1 AND k >= ?2 ORDER BY k DESC LIMIT ?3"
        }
    };
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let mut statement = db.prepare_cached(sql)?;
    let mut rows = match &to {
        Some(to) => statement.query(params![table.0, from, limit, to])?,
        None => statement.query(params![table.0, from, limit])?,
    };
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let value = whole(db, value_of(row.get(1)?, row.get(2)?)?)?;
        found.push((row.get(0)?, value));
    }
    Ok(found)
}

fn find(db: &Connection, table: Table, key: &[u8]) -> Result<Option<Value>, Fault> {
    let row: Option<(Option<Vec<u8>>, Option<i64>)> = db
        .prepare_cached("SELECT v, large FROM row WHERE t = ?1 AND k = ?2")?
        .query_row(params![table.0, key], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    row.map(|(inline, large)| value_of(inline, large)).transpose()
}

fn value_of(inline: Option<Vec<u8>>, large: Option<i64>) -> Result<Value, Fault> {
    match (inline, large) {
        (Some(bytes), None) => Ok(Value::Inline(bytes)),
        (None, Some(large)) => Ok(Value::Large(large)),
        _ => Err(Fault::Damaged),
    }
}

fn whole(db: &Connection, value: Value) -> Result<Vec<u8>, Fault> {
    let large = match value {
        Value::Inline(bytes) => return Ok(bytes),
        Value::Large(large) => large,
    };
    let mut statement =
        db.prepare_cached("SELECT bytes FROM chunk WHERE id >= ?1 AND id < ?2 ORDER BY id")?;
    let mut rows = statement.query([chunk(large, 0)?, chunk(next(large)?, 0)?])?;
    let mut bytes = Vec::new();
    while let Some(row) = rows.next()? {
        bytes.extend_from_slice(row.get_ref(0)?.as_blob().map_err(|_| Fault::Damaged)?);
    }
    Ok(bytes)
}

fn upsert(
    db: &Connection,
    table: Table,
    key: &[u8],
    inline: Option<&[u8]>,
    large: Option<i64>,
) -> Result<(), Fault> {
    db.prepare_cached(
        "INSERT INTO row (t, k, v, large) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT DO UPDATE SET v = excluded.v, large = excluded.large",
    )?
    .execute(params![table.0, key, inline, large])?;
    Ok(())
}

fn put_chunks(db: &Connection, large: i64, value: &[u8]) -> Result<(), Fault> {
    let mut stored = db.prepare_cached("SELECT bytes = ?2 FROM chunk WHERE id = ?1")?;
    let mut insert = db.prepare_cached(
        "INSERT INTO chunk (id, bytes) VALUES (?1, ?2)
         ON CONFLICT DO UPDATE SET bytes = excluded.bytes",
    )?;
    let mut count = 0;
    for (bytes, number) in value.chunks(CHUNK_BYTES).zip(0_i64..) {
        let id = chunk(large, number)?;
        let same = stored.query_row(params![id, bytes], |row| row.get(0)).optional()?;
        if same != Some(true) {
            insert.execute(params![id, bytes])?;
        }
        count = number.saturating_add(1);
    }
    delete_chunks(db, large, count)
}

fn delete_chunks(db: &Connection, large: i64, from: i64) -> Result<(), Fault> {
    db.prepare_cached("DELETE FROM chunk WHERE id >= ?1 AND id < ?2")?
        .execute([chunk(large, from)?, chunk(next(large)?, 0)?])?;
    Ok(())
}

fn chunk(large: i64, number: i64) -> Result<i64, Fault> {
    let fits = (0..1 << (62 - CHUNK_BITS)).contains(&large) && number < 1 << CHUNK_BITS;
    if fits { Ok(large << CHUNK_BITS | number) } else { Err(Fault::Damaged) }
}

fn next(large: i64) -> Result<i64, Fault> {
    large.checked_add(1).ok_or(Fault::Damaged)
}

/// The smallest key after all that begin with `prefix`, if there is one.
fn end_of(prefix: &[u8]) -> Option<Vec<u8>> {
    let mut end = prefix.to_vec();
    while let Some(last) = end.pop() {
        if let Some(more) = last.checked_add(1) {
            end.push(more);
            return Some(end);
        }
    }
    None
}

/// The smallest key larger than `key`.
fn successor(key: &[u8]) -> Vec<u8> {
    let mut next = key.to_vec();
    next.push(0);
    next
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_ends_before_the_next_one() {
        assert_eq!(end_of(b"a"), Some(b"b".to_vec()));
        assert_eq!(end_of(b"a\xff\xff"), Some(b"b".to_vec()));
        assert_eq!(end_of(b"\xff"), None);
        assert_eq!(end_of(b""), None);
    }
}
