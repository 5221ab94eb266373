//! What is still to be taken out of the index: pairs of texts that are gone or were changed.
//!
//! Each pair lies in a page of its own in a large index, so a long text can change more pages than
//! the log takes. Such a text is forgotten at once, and its pairs are noted here, in the order of the
//! alphabet. They are taken out in steps that fit. The table is there only while there are any.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::{Connection, OptionalExtension, params};

use crate::fault::Fault;

/// So many pairs are noted together and taken out together: even where each changes a page, the log
/// of the smallest home takes them.
const TOGETHER: usize = 8;

const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS remains (
        id INTEGER NOT NULL, pairs TEXT NOT NULL, PRIMARY KEY (id, pairs)
    ) STRICT, WITHOUT ROWID;";

/// Whether anything is still to be taken out.
pub(crate) fn are_left(db: &Connection) -> Result<bool, Fault> {
    let table = "SELECT 1 FROM sqlite_schema WHERE name = 'remains'";
    Ok(db.prepare_cached(table)?.exists([])?)
}

/// What is still to be taken out of one row.
pub(crate) fn of(db: &Connection, row: i64) -> Result<BTreeSet<String>, Fault> {
    let mut pairs = BTreeSet::new();
    if are_left(db)? {
        let mut statement = db.prepare_cached("SELECT pairs FROM remains WHERE id = ?1")?;
        let mut rows = statement.query([row])?;
        while let Some(row) = rows.next()? {
            let together = row.get_ref(0)?.as_str().map_err(|_| Fault::Damaged)?;
            pairs.extend(together.split(' ').map(str::to_owned));
        }
    }
    Ok(pairs)
}

/// Notes all that is to be taken out of one row, instead of what was noted before.
pub(crate) fn note(db: &Connection, row: i64, pairs: &BTreeSet<String>) -> Result<(), Fault> {
    if are_left(db)? {
        db.prepare_cached("DELETE FROM remains WHERE id = ?1")?.execute([row])?;
    }
    if !pairs.is_empty() {
        db.execute_batch(SCHEMA)?;
    }
    let pairs: Vec<&str> = pairs.iter().map(String::as_str).collect();
    for together in pairs.chunks(TOGETHER) {
        db.prepare_cached("INSERT INTO remains (id, pairs) VALUES (?1, ?2)")?
            .execute(params![row, together.join(" ")])?;
    }
    end(db)
}

/// Strikes the first notes off: pairs of rows, so many times as many as are noted together.
pub(crate) fn strike(db: &Connection, notes: u32) -> Result<BTreeMap<i64, String>, Fault> {
    let mut struck: BTreeMap<i64, String> = BTreeMap::new();
    if !are_left(db)? {
        return Ok(struck);
    }
    for _ in 0..notes {
        let first = db
            .prepare_cached("SELECT id, pairs FROM remains ORDER BY id, pairs LIMIT 1")?
            .query_row([], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?)))
            .optional()?;
        let Some((row, together)) = first else { break };
        db.prepare_cached("DELETE FROM remains WHERE id = ?1 AND pairs = ?2")?
            .execute(params![row, together])?;
        let pairs = struck.entry(row).or_default();
        pairs.push(' ');
        pairs.push_str(&together);
    }
    end(db)?;
    Ok(struck)
}

/// The table goes with its last note.
fn end(db: &Connection) -> Result<(), Fault> {
    if are_left(db)? && !db.prepare_cached("SELECT 1 FROM remains LIMIT 1")?.exists([])? {
        db.execute_batch("DROP TABLE remains")?;
    }
    Ok(())
}
