//! The index of words: documents by the pairs of letters in them.
//!
//! Korean's commonest words have two syllables, where an index of three letters finds nothing. So
//! every pair of neighbouring letters is a term; a document that has all pairs of a word is a
//! candidate, and the text itself decides. Words of one letter go through all texts.

use std::collections::BTreeSet;

use rusqlite::{Connection, OptionalExtension, params};
use unicode_normalization::UnicodeNormalization;

use crate::fault::Fault;
use crate::remains;

/// More pairs than this narrow a search no further.
const PAIRS_MAX: usize = 48;

/// `detail=none`: which document holds a pair is enough, where it stands there is not needed.
pub(crate) const SCHEMA: &str = "
    CREATE TABLE document (id INTEGER PRIMARY KEY, text TEXT NOT NULL) STRICT;
    CREATE VIRTUAL TABLE pairs USING fts5 (
        pair, content = '', columnsize = 0, detail = none, tokenize = 'ascii'
    );
    INSERT INTO pairs (pairs, rank) VALUES ('secure-delete', 1);";

/// From so many segments of its youngest level on, the index merges all of them with the next text,
/// whatever it was told. This program merges long before. It is for older ones, which have nothing
/// else once the index was told to merge nothing by itself (docs/decisions/0156).
pub(crate) const CRISIS: u32 = 16;

/// Sees to it that nothing is merged but by [`merge`]; before anything is indexed in a transaction.
///
/// The index is a pile of segments that are merged as it grows. Left to itself it merges hundreds of
/// pages in one transaction, more than the log of a small home takes; from then on it would refuse
/// every text. So it merges nothing by itself.
pub(crate) fn merge_by_hand(db: &Connection) -> Result<(), Fault> {
    for (name, value) in [("automerge", 0), ("crisismerge", CRISIS)] {
        let is_set = db
            .prepare_cached("SELECT v = ?2 FROM pairs_config WHERE k = ?1")?
            .query_row(params![name, value], |row| row.get(0))
            .optional()?;
        if is_set != Some(true) {
            db.prepare_cached("INSERT INTO pairs (pairs, rank) VALUES (?1, ?2)")?
                .execute(params![name, value])?;
        }
    }
    Ok(())
}

/// Writes what waits to be written to the index, then merges segments of it, about so many pages of
/// them; false when there is nothing to merge.
pub(crate) fn merge(db: &Connection, pages: u32) -> Result<bool, Fault> {
    let before = db.total_changes();
    db.prepare_cached("INSERT INTO pairs (pairs, rank) VALUES ('merge', ?1)")?.execute([pages])?;
    // The command itself counts as one.
    Ok(db.total_changes().saturating_sub(before) >= 2)
}

/// When what is gone leaves the index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Leaving {
    /// With the text.
    Now,
    /// In steps of its own ([`take_out_remains`]), where it would be too much for one.
    Later,
}

/// Makes the words of `text` lead to `id`, and none that was there before; without a text, none does.
///
/// Only what differs is taken out and put in. Of a pair that one transaction takes from a row and
/// gives back to it, SQLite (3.50) drops what the transaction says of it and the rows that follow.
/// So no id may be changed twice in one transaction either.
pub(crate) fn change(
    db: &Connection,
    id: u64,
    text: Option<&str>,
    leaving: Leaving,
) -> Result<(), Fault> {
    let text = text.map(folded);
    let before = stored(db, id)?;
    if before == text {
        return Ok(());
    }
    let waiting = remains::of(db, row_id(id))?;
    let [old, new] = [&before, &text].map(|text| text.as_deref().map(pairs_of).unwrap_or_default());
    let held: BTreeSet<String> = old.union(&waiting).cloned().collect();
    let gone: BTreeSet<String> = held.difference(&new).cloned().collect();
    let (now, later) = match leaving {
        Leaving::Now => (gone, BTreeSet::new()),
        Leaving::Later => (BTreeSet::new(), gone),
    };
    // Both even where nothing differs: the index counts its rows by them.
    if before.is_some() || !waiting.is_empty() {
        take_out(db, row_id(id), &joined(&now))?;
    }
    if text.is_some() || !later.is_empty() {
        put_in(db, row_id(id), &joined(new.difference(&held)))?;
    }
    if later != waiting {
        remains::note(db, row_id(id), &later)?;
    }
    db.prepare_cached("DELETE FROM document WHERE id = ?1")?.execute([row_id(id)])?;
    if let Some(text) = text {
        db.prepare_cached("INSERT INTO document (id, text) VALUES (?1, ?2)")?
            .execute(params![row_id(id), text])?;
    }
    Ok(())
}

/// Takes some of what remains of texts that are gone out of the index.
pub(crate) fn take_out_remains(db: &Connection, notes: u32) -> Result<(), Fault> {
    for (row, pairs) in remains::strike(db, notes)? {
        take_out(db, row, &pairs)?;
        let is_text = db.prepare_cached("SELECT 1 FROM document WHERE id = ?1")?.exists([row])?;
        if is_text || !remains::of(db, row)?.is_empty() {
            // The index holds more of this row: it counts.
            put_in(db, row, "")?;
        }
    }
    Ok(())
}

fn put_in(db: &Connection, row: i64, pairs: &str) -> Result<(), Fault> {
    db.prepare_cached("INSERT INTO pairs (rowid, pair) VALUES (?1, ?2)")?
        .execute(params![row, pairs])?;
    Ok(())
}

fn take_out(db: &Connection, row: i64, pairs: &str) -> Result<(), Fault> {
    db.prepare_cached("INSERT INTO pairs (pairs, rowid, pair) VALUES ('delete', ?1, ?2)")?
        .execute(params![row, pairs])?;
    Ok(())
}

pub(crate) fn search(db: &Connection, words: &str, limit: usize) -> Result<Vec<u64>, Fault> {
    let words = folded(words);
    let words: BTreeSet<&str> = words.split_whitespace().collect();
    let mut found = Vec::new();
    if words.is_empty() {
        return Ok(found);
    }
    let pairs: BTreeSet<String> = words.iter().flat_map(|word| pairs(word)).collect();
    let query: Vec<String> =
        pairs.into_iter().take(PAIRS_MAX).map(|pair| format!("\"{pair}\"")).collect();
    // Ids beyond the signed range are negative row numbers; they are the largest and come first.
    for range in ["< 0", ">= 0"] {
        collect(db, &query.join(" AND "), range, &words, limit, &mut found)?;
    }
    Ok(found)
}

fn collect(
    db: &Connection,
    query: &str,
    range: &str,
    words: &BTreeSet<&str>,
    limit: usize,
    found: &mut Vec<u64>,
) -> Result<(), Fault> {
    let sql = if query.is_empty() {
        format!("SELECT id, text FROM document WHERE id {range} ORDER BY id DESC")
    } else {
        format!(
            "SELECT document.id, document.text FROM pairs
             JOIN document ON document.id = pairs.rowid
             WHERE pairs MATCH ?1 AND pairs.rowid {range} ORDER BY pairs.rowid DESC"
        )
    };
    let mut statement = db.prepare_cached(&sql)?;
    let mut rows =
        if query.is_empty() { statement.query([])? } else { statement.query([query])? };
    while found.len() < limit {
        let Some(row) = rows.next()? else { break };
        let text = row.get_ref(1)?.as_str().map_err(|_| Fault::Damaged)?;
        if words.iter().all(|word| text.contains(word)) {
            found.push(document_id(row.get(0)?));
        }
    }
    Ok(())
}

fn stored(db: &Connection, id: u64) -> Result<Option<String>, Fault> {
    Ok(db
        .prepare_cached("SELECT text FROM document WHERE id = ?1")?
        .query_row([row_id(id)], |row| row.get(0))
        .optional()?)
}

/// Composed and in lower case: what a search compares.
fn folded(text: &str) -> String {
    text.nfc().flat_map(char::to_lowercase).nfc().collect()
}

/// All pairs of neighbouring letters, once each.
fn pairs_of(text: &str) -> BTreeSet<String> {
    pairs(text).collect()
}

fn joined<'a>(pairs: impl IntoIterator<Item = &'a String>) -> String {
    pairs.into_iter().map(String::as_str).collect::<Vec<_>>().join(" ")
}

fn pairs(text: &str) -> impl Iterator<Item = String> {
    let letter = |letter: &char| letter.is_alphanumeric();
    text.chars()
        .zip(text.chars().skip(1))
        .filter(move |(a, b)| letter(a) && letter(b))
        .map(|(a, b)| [a, b].into_iter().collect())
}

fn row_id(id: u64) -> i64 {
    i64::from_le_bytes(id.to_le_bytes())
}

fn document_id(row: i64) -> u64 {
    u64::from_le_bytes(row.to_le_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_stay_within_words() {
        assert_eq!(joined(&pairs_of("비밀번호, ok!")), "ok 밀번 번호 비밀");
        assert!(pairs_of("a b 1").is_empty());
    }

    #[test]
    fn folding_joins_what_looks_the_same() {
        assert_eq!(folded("ＡÉ"), folded("ａe\u{301}"));
        assert_eq!(folded("\u{1107}\u{1175}\u{1106}\u{1175}\u{11af}"), "비밀");
    }
}
