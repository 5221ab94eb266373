//! Backups as files, and homes made from them.

use std::{
    fs::{self, File, OpenOptions},
    path::Path,
};

use serde_json::json;
use sogon_engine::view::AlertKind;
use sogon_engine::{Act, Batch, Change, Engine, Input, Now, Output, Table, Tick, WallClock};
use sogon_vault::{Condition, Cost, Passphrase, Size, Vault, VaultError};

use crate::{
    cli::{self, Restore},
    console::Console,
    entropy::System,
    home::{self, Home},
    moment,
    passphrase::Source,
    trouble::{Kind, Trouble},
    words::Words,
};

/// Tables of the engine whose rows are counted for people.
const CONVERSATIONS: Table = Table(12);
const MESSAGES: Table = Table(14);
/// The option for the passphrase of a backup.
pub(crate) const OPTION: &str = "--backup-passphrase-file";
/// Rows stored with one commit.
const PIECE_ROWS: usize = 200;
/// Rows above this size are stored alone, so that a piece fits one step of the store.
const PIECE_BYTES: usize = 256 * 1_024;

/// How much there is in a backup.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Counts {
    conversations: usize,
    messages: usize,
}

impl Counts {
    pub(crate) fn of(batch: &Batch) -> Self {
        let count = |wanted: Table| {
            let is =
                |change: &&Change| matches!(change, Change::Put { table, .. } if *table == wanted);
            batch.iter().filter(is).count()
        };
        Self { conversations: count(CONVERSATIONS), messages: count(MESSAGES) }
    }

    /// The object of docs/CLI.md, or words for it.
    pub(crate) async fn tell(
        self,
        what: &str,
        condition: Condition,
        console: &Console,
        words: &Words,
    ) -> Result<(), Trouble> {
        let object = json!({
            "conversations": self.conversations,
            "messages": self.messages,
            "sectors": condition.sectors,
            "repaired": condition.repaired,
        });
        let (conversations, messages, repaired) = (
            self.conversations.to_string(),
            self.messages.to_string(),
            condition.repaired.to_string(),
        );
        let args: &[_] = &[
            ("conversations", conversations.as_str()),
            ("messages", messages.as_str()),
            ("repaired", repaired.as_str()),
        ];
        console.result(object, || words.say(&format!("backup-{what}"), args)).await
    }
}

/// Writes a backup to a file that was not there.
///
/// # Errors
/// [`Kind::BackupFile`], [`Kind::DiskFull`]; then there is no file.
pub(crate) fn write(
    path: &Path,
    batch: &Batch,
    passphrase: &Passphrase,
    light: bool,
) -> Result<Condition, Trouble> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path).map_err(|_| unreadable(path))?;
    let cost = if light { Cost::NONE_FOR_TESTS } else { home::tuned()? };
    let written = sogon_vault::Backup::write(&mut file, batch, passphrase, cost)
        .and_then(|condition| file.sync_all().map(|()| condition).map_err(VaultError::from));
    written.map_err(|error| {
        // It is no backup, and must not be taken for one.
        let _ = fs::remove_file(path);
        error.into()
    })
}

fn unreadable(path: &Path) -> Trouble {
    Trouble::of(Kind::BackupFile, &[("path", &path.display().to_string())])
}

fn read(path: &Path, passphrase: &Passphrase) -> Result<sogon_vault::Backup, Trouble> {
    let mut file = File::open(path).map_err(|_| unreadable(path))?;
    sogon_vault::Backup::read(&mut file, passphrase).map_err(|error| match error {
        VaultError::Damaged => Kind::BackupDamaged.into(),
        error => error.into(),
    })
}

/// Looks at a backup and touches no home.
///
/// # Errors
/// As [`restore`].
pub(crate) async fn check(
    backup: &cli::Backup,
    console: &Console,
    words: &Words,
) -> Result<(), Trouble> {
    let source = Source::of(backup.backup_passphrase_file.as_deref(), OPTION);
    let passphrase = Passphrase::new(&source.typed_as(&words.say("ask-backup-passphrase", &[]))?)?;
    let found = read(&backup.file, &passphrase)?;
    Counts::of(&found.batch).tell("whole", found.condition, console, words).await
}

/// Makes a home from a backup, complete or not at all.
///
/// # Errors
/// [`Kind::BackupFile`], [`Kind::BackupDamaged`], [`Kind::WrongPassphrase`], or what the disk says.
pub(crate) async fn restore(
    restore: &Restore,
    home: &Home,
    source: &Source,
    console: &Console,
    words: &Words,
) -> Result<(), Trouble> {
    home.prepare()?;
    let from = Source::of(restore.backup_passphrase_file.as_deref(), OPTION);
    let from = Passphrase::new(&from.typed_as(&words.say("ask-backup-passphrase", &[]))?)?;
    let found = read(&restore.file, &from)?;
    let passphrase = source.fresh(home, words)?;
    let counts = Counts::of(&found.batch);
    home.create(&passphrase, measure(&found.batch, restore.light)?, |vault| {
        fill(vault, &found.batch)
    })?;
    counts.tell("restored", found.condition, console, words).await?;
    console.remark(&words.say("restore-advice", &[])).await;
    Ok(())
}

/// The size and the cost of a home that these rows go into.
fn measure(batch: &Batch, light: bool) -> Result<(Size, Cost), VaultError> {
    let bytes: usize = batch.iter().map(bytes_of).sum();
    // Rows take about half as much again in the database, and a home wants room to go on.
    let mib = u32::try_from(bytes / (1 << 20)).unwrap_or(u32::MAX).saturating_mul(3);
    match light {
        true => Ok((Size::slot_mib(mib.max(1)), Cost::NONE_FOR_TESTS)),
        false => Ok((Size::slot_mib(mib.max(32)), home::tuned()?)),
    }
}

fn fill(vault: &mut Vault, batch: &Batch) -> Result<(), Trouble> {
    let mut piece = Batch::new();
    let mut held = 0_usize;
    for change in batch {
        let bytes = bytes_of(change);
        if piece.len() >= PIECE_ROWS || held.saturating_add(bytes) > PIECE_BYTES {
            vault.commit(&std::mem::take(&mut piece))?;
            held = 0;
        }
        held = held.saturating_add(bytes);
        piece.push(change.clone());
    }
    vault.commit(&piece)?;
    let mut engine = Engine::open(vault, Box::new(System::new()?))?;
    let now = Now { tick: Tick(0), wall: WallClock(moment::now_s()) };
    let note = Act::Note { kind: AlertKind::Restored, detail: String::new() };
    for output in engine.handle(now, Input::Act(note), vault)?.outputs {
        if let Output::Save(batch) = output {
            vault.commit(&batch)?;
        }
    }
    Ok(())
}

fn bytes_of(change: &Change) -> usize {
    match change {
        Change::Put { key, value, .. } => key.len().saturating_add(value.len()),
        Change::Index { text, .. } => text.len(),
        Change::Delete { .. } | Change::Unindex { .. } => 0,
    }
}
