//! How rows of files become what people see.

use sogon_seal::shelf::{Order, Shelf, ShelfFault};

use crate::{
    ConversationId, EngineError, FileRule, MessageId,
    content::RULE_NO_SAVING,
    file_rows::{
        AUTO, AUTO_BYTES, CHOICES, FILES, FileRow, METERED, MOVING, PIECES, PREVIEWS, SWEEP,
        StageRow, file_key, file_of, piece_key,
    },
    rows::{ALL, decode, number_of, read},
    view::{File, Message, Stage},
    view_rows,
};

type View<T> = Result<T, ShelfFault>;

/// The file of a message, if it is one.
pub(crate) fn file(
    shelf: &dyn Shelf,
    conversation: ConversationId,
    message: MessageId,
) -> Result<Option<File>, EngineError> {
    let row = read::<FileRow>(shelf, FILES, &file_key(conversation, message))?;
    Ok(row.map(shown))
}

fn shown(row: FileRow) -> File {
    let (pieces, piece_bytes) = (row.offer.count(), row.offer.piece());
    let own = row.is_own();
    let done = u64::from(row.done).saturating_mul(piece_bytes).min(row.offer.bytes);
    File {
        name: row.offer.name.unwrap_or_default(),
        media: row.offer.media.unwrap_or_default(),
        bytes: row.offer.bytes,
        done_bytes: if row.done >= pieces { row.offer.bytes } else { done },
        pieces,
        piece_bytes,
        stage: match row.stage {
            StageRow::Offered => Stage::Offered,
            StageRow::Fetching => Stage::Fetching,
            StageRow::Paused => Stage::Paused,
            StageRow::Here => Stage::Here,
            StageRow::Broken => Stage::Broken,
            StageRow::Missing => Stage::Missing,
            StageRow::Sending => Stage::Sending,
            StageRow::Sent => Stage::Sent,
            StageRow::NoRoom => Stage::NoRoom,
            StageRow::Full => Stage::RelayFull,
            StageRow::Refused => Stage::Refused,
        },
        whole: row.held && (own || row.stage == StageRow::Here),
        hash: row.offer.hash,
        voice_ms: row.offer.voice_ms,
        no_saving: row.offer.rules.unwrap_or(0) & RULE_NO_SAVING != 0 && !own,
        program: row.program,
        signer: row.signer,
    }
}

pub(crate) fn files(shelf: &dyn Shelf) -> View<Vec<Message>> {
    let rows = shelf.scan(FILES, b"", None, ALL, Order::Up)?;
    let mut found = Vec::new();
    for (key, _) in rows {
        let Some((conversation, message)) = file_of(&key) else { continue };
        found.extend(view_rows::message(shelf, conversation, message)?);
    }
    found.sort_by_key(|message| message.order);
    Ok(found)
}

pub(crate) fn sweeps(shelf: &dyn Shelf) -> View<bool> {
    Ok(!shelf.scan(SWEEP, b"", None, 1, Order::Up)?.is_empty())
}

pub(crate) fn moving(shelf: &dyn Shelf) -> View<Vec<(ConversationId, MessageId)>> {
    let rows = shelf.scan(MOVING, b"", None, ALL, Order::Up)?;
    Ok(rows.iter().filter_map(|(key, _)| file_of(key)).collect())
}

pub(crate) fn piece(
    shelf: &dyn Shelf,
    conversation: ConversationId,
    message: MessageId,
    index: u32,
) -> View<Option<Vec<u8>>> {
    let row = read::<FileRow>(shelf, FILES, &file_key(conversation, message))?;
    let whole = row.is_some_and(|row| shown(row).whole);
    if !whole {
        return Ok(None);
    }
    shelf.row(PIECES, &piece_key(conversation, message, index))
}

pub(crate) fn preview(
    shelf: &dyn Shelf,
    conversation: ConversationId,
    message: MessageId,
) -> View<Option<Vec<u8>>> {
    shelf.row(PREVIEWS, &file_key(conversation, message))
}

pub(crate) fn metered(shelf: &dyn Shelf) -> View<bool> {
    Ok(shelf.row(CHOICES, METERED)?.is_some())
}

pub(crate) fn rule(shelf: &dyn Shelf, conversation: Option<ConversationId>) -> View<FileRule> {
    Ok(crate::step::rules::stored(shelf, conversation)?)
}

pub(crate) fn fetch_below(shelf: &dyn Shelf) -> View<u64> {
    Ok(shelf.row(CHOICES, AUTO)?.map_or(AUTO_BYTES, |bytes| number_of(&bytes)))
}

/// A row of a file as a home made from a backup has it: the offer, and no bytes.
pub(crate) fn without_bytes(value: &[u8]) -> Result<FileRow, EngineError> {
    let row: FileRow = decode(value)?;
    let stage = match (row.is_own(), row.stage) {
        (true, StageRow::Sent) => StageRow::Sent,
        (true, _) => StageRow::Missing,
        (false, StageRow::Broken) => StageRow::Broken,
        (false, StageRow::Refused) => StageRow::Refused,
        (false, _) => StageRow::Offered,
    };
    let done = if row.is_own() { row.done } else { 0 };
    let (cursor, ahead) = (0, Vec::new());
    Ok(FileRow {
        stage,
        done,
        cursor,
        ahead,
        lost: false,
        held: false,
        next: None,
        by_hand: None,
        passed: None,
        shifted: None,
        ..row
    })
}
