//! What of a home goes into a backup: everything people see, nothing that opens a box.

use sogon_seal::{
    Conversation, Sealer,
    shelf::{Batch, Change, Order, Shelf, Table},
};

use crate::{
    EngineError,
    file_rows::{CHOICES, FILES},
    message_row::{KindRow, MessageRow},
    rows::{
        ALERTS, ALL, BytesRow, CONTACTS, CONVERSATIONS, COUNTERS, ConversationRow, FADES, GROUPS,
        JOINS, MESSAGE_IDS, MESSAGES, ORDERS, OUTBOX, OutRow, SELF, SENT, State, USED, decode,
        encode, number_of,
    },
};

/// Tables that go as they are.
const WHOLE: [Table; 12] = [
    SELF,
    CONTACTS,
    GROUPS,
    MESSAGES,
    MESSAGE_IDS,
    ORDERS,
    ALERTS,
    JOINS,
    FADES,
    SENT,
    CHOICES,
    USED,
];

/// The rows, in the order they are to be stored.
pub(crate) fn rows(shelf: &dyn Shelf, sealer: Sealer<'_>) -> Result<Batch, EngineError> {
    let all = |table| shelf.scan(table, b"", None, ALL.saturating_mul(16), Order::Up);
    let mut batch = Batch::new();
    for table in WHOLE {
        for (key, value) in all(table)? {
            if table == MESSAGES {
                let message: MessageRow = decode(&value)?;
                if matches!(message.kind, KindRow::Text | KindRow::File) {
                    batch.push(Change::Index { id: number_of(&key), text: message.text });
                }
            }
            batch.push(Change::Put { table, key, value });
        }
    }
    for (key, value) in all(CONVERSATIONS)? {
        let row = without_keys(decode(&value)?, sealer)?;
        batch.push(Change::Put { table: CONVERSATIONS, key, value: encode(&row)? });
    }
    for (key, value) in all(FILES)? {
        // Their bytes may be more than everything else: the relay has them for a while yet.
        let row = crate::view_files::without_bytes(&value)?;
        batch.push(Change::Put { table: FILES, key, value: encode(&row)? });
    }
    for (key, value) in all(OUTBOX)? {
        // What was sealed is sealed again with keys to come. What is no message of people belongs to
        // keys this device has: it is said anew.
        let row = OutRow { posting: None, epoch: 0, hash: [0; 16], rides: None, ..decode(&value)? };
        if row.order.is_some() {
            batch.push(Change::Put { table: OUTBOX, key, value: encode(&row)? });
        }
    }
    for (key, value) in all(COUNTERS)? {
        // Key packages that were asked for come to this device.
        if !key.starts_with(b"asked ") {
            batch.push(Change::Put { table: COUNTERS, key, value });
        }
    }
    Ok(batch)
}

/// The conversation as a home knows it that has to be let in again.
fn without_keys(row: ConversationRow, sealer: Sealer<'_>) -> Result<ConversationRow, EngineError> {
    // One that is over stays so: nobody lets the owner in again.
    let restored = match (row.state, row.restored) {
        (State::Over, _) => None,
        (_, Some(restored)) => Some(restored),
        (_, None) => {
            let group = Conversation::load(sealer, row.group).map_err(|_| EngineError::Bug)?;
            let charter = group.charter().map_err(|_| EngineError::Bug)?;
            Some(BytesRow(encode(&charter)?))
        }
    };
    let state = if restored.is_some() { State::Doubt } else { State::Over };
    Ok(ConversationRow {
        state,
        restored,
        // There is no log of an epoch to be asked for; the rescue log is nobody's secret here.
        keys: row.rescue_keys.clone(),
        epoch: 0,
        cursor: 0,
        chain: [0; 32],
        chain_lost: true,
        chain_before: None,
        closings: Vec::new(),
        own: None,
        readmits: Vec::new(),
        sent: 0,
        acks: Vec::new(),
        owes_receipt: false,
        gaps: Vec::new(),
        gaps_before: Vec::new(),
        reread_to: 0,
        rescue_cursor: 0,
        rescue: None,
        gaps_earlier: None,
        said: None,
        strayed: None,
        // Another device is in another place: its owner chooses again.
        direct: None,
        ..row
    })
}
