//! The database over the pages of a slot: its settings, its form and its changes.

use std::collections::BTreeMap;

use rusqlite::{Connection, OpenFlags};
use sogon_engine::Change;
use sogon_vault_door::VFS;

use crate::fault::Fault;
use crate::search::Leaving;
use crate::{memory, rows, search};

/// The form of the rows, kept in the database's own header. A later form is reached from each earlier
/// one inside the transaction that also sets the number, so a home has one form or the other; there
/// is no way back.
const FORM: i64 = 1;
/// Pages that SQLite keeps in memory; fewer where that is scarce.
const CACHE_BYTES: usize = 8 << 20;

/// Makes the changes of a batch, inside its transaction. Of several changes of one text the last
/// counts.
pub(crate) fn apply(db: &Connection, batch: &[Change], leaving: Leaving) -> Result<(), Fault> {
    let mut texts = BTreeMap::new();
    for change in batch {
        match change {
            Change::Put { table, key, value } => rows::put(db, *table, key, value)?,
            Change::Delete { table, key } => rows::delete(db, *table, key)?,
            Change::Index { id, text } => {
                texts.insert(*id, Some(text.as_str()));
            }
            Change::Unindex { id } => {
                texts.insert(*id, None);
            }
        }
    }
    texts.into_iter().try_for_each(|(id, text)| search::change(db, id, text, leaving))
}

/// A connection that leaves durability and atomicity to the pages below it: its rollback journal is
/// in memory, and its one sync for each transaction is all or nothing.
pub(crate) fn open(name: &str, count_max: u32) -> Result<Connection, Fault> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let db = Connection::open_with_flags_and_vfs(name, flags, VFS)?;
    db.execute_batch(
        "PRAGMA locking_mode = EXCLUSIVE;
         PRAGMA journal_mode = MEMORY;
         PRAGMA synchronous = FULL;
         PRAGMA temp_store = MEMORY;
         PRAGMA secure_delete = ON;
         PRAGMA trusted_schema = OFF;
         PRAGMA cell_size_check = ON;",
    )?;
    let kept_kib = memory::room(CACHE_BYTES) / 1024;
    db.execute_batch(&format!("PRAGMA cache_size = -{kept_kib}"))?;
    db.set_prepared_statement_cache_capacity(32);
    set_page_limit(&db, count_max)?;
    let form: i64 = db.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    match form {
        0 => {
            let transaction = db.unchecked_transaction()?;
            transaction.execute_batch(rows::SCHEMA)?;
            transaction.execute_batch(search::SCHEMA)?;
            transaction.pragma_update(None, "user_version", FORM)?;
            transaction.commit()?;
        }
        FORM => {}
        newer if newer > FORM => return Err(Fault::Newer),
        _ => return Err(Fault::Damaged),
    }
    Ok(db)
}

/// Beyond so many pages SQLite says that it is full, before it writes anything.
pub(crate) fn set_page_limit(db: &Connection, count_max: u32) -> Result<(), Fault> {
    Ok(db.query_row(&format!("PRAGMA max_page_count = {count_max}"), [], |_| Ok(()))?)
}

/// Pages that hold something, as the transaction under way leaves them.
pub(crate) fn pages_in_use(db: &Connection) -> Result<u32, Fault> {
    let number = |pragma| db.prepare_cached(pragma)?.query_row([], |row| row.get::<_, u32>(0));
    Ok(number("PRAGMA page_count")?.saturating_sub(number("PRAGMA freelist_count")?))
}
