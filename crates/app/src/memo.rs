//! What only this home remembers about a conversation (a draft, how long words stay), and how its
//! owner wants the app to be. Rows of the home like any other: sealed, and gone with it.

use serde_json::{Map, Value, json};
use sogon_engine::{Batch, Change, ConversationId, Shelf, ShelfFault, Table};

use crate::home::Refusal;

/// Drafts and timers, by conversation.
pub const MEMOS: Table = Table(210);
/// How the app is to be.
pub const SETTINGS: Table = Table(211);
/// Speech that was recorded and not sent yet, by conversation.
pub const SPEECH: Table = Table(212);
/// All tables the app may write.
pub const APP_TABLES: &[Table] = &[MEMOS, SETTINGS, SPEECH];

/// The longest draft, in bytes.
const DRAFT_BYTES_MAX: usize = 32_768;
/// Longer timers are no timers: a year.
const TIMER_S_MAX: u64 = 366 * 86_400;

/// What is remembered of one conversation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Memo {
    /// Words that were begun.
    pub(crate) draft: String,
    /// What is written here is gone so many seconds after it was seen; 0 for once.
    pub(crate) timer_s: Option<u64>,
}

impl Memo {
    pub(crate) fn load(shelf: &dyn Shelf, id: ConversationId) -> Result<Self, ShelfFault> {
        let value = json_row(shelf, MEMOS, &id.0)?;
        Ok(Self {
            draft: value.get("draft").and_then(Value::as_str).unwrap_or_default().to_owned(),
            timer_s: value.get("timer_s").and_then(Value::as_u64),
        })
    }

    /// The rows that remember it.
    ///
    /// # Errors
    /// [`Refusal::TooLarge`].
    pub(crate) fn rows(&self, id: ConversationId) -> Result<Batch, Refusal> {
        let long = self.timer_s.is_some_and(|timer_s| timer_s > TIMER_S_MAX);
        if self.draft.len() > DRAFT_BYTES_MAX || long {
            return Err(Refusal::TooLarge);
        }
        let key = id.0.to_vec();
        if *self == Self::default() {
            return Ok(vec![Change::Delete { table: MEMOS, key }]);
        }
        let value = json!({ "draft": self.draft, "timer_s": self.timer_s });
        Ok(vec![Change::Put { table: MEMOS, key, value: value.to_string().into() }])
    }
}

/// The settings, and what each may be.
const CHOICES: &[(&str, &[&str])] = &[
    ("language", &["", "ko", "ko-KP", "zh-Hans", "en"]),
    ("look", &["", "light", "dark"]),
    ("letters", &["", "large", "larger"]),
    ("notify", &["", "bare", "name"]),
    ("call-minutes", &["", "1", "3", "5", "15", "60"]),
    ("call-mib", &["", "1", "5", "20", "100"]),
];

/// The settings as they are stored, with nothing in them that is no setting.
pub(crate) fn settings(shelf: &dyn Shelf) -> Result<Value, ShelfFault> {
    let stored = json_row(shelf, SETTINGS, b"app")?;
    let mut settings = Map::new();
    for (name, choices) in CHOICES {
        let chosen = stored.get(*name).and_then(Value::as_str);
        let chosen = chosen.filter(|chosen| choices.contains(chosen)).unwrap_or_default();
        settings.insert((*name).to_owned(), chosen.into());
    }
    Ok(Value::Object(settings))
}

/// The rows after one setting was changed.
///
/// # Errors
/// [`Refusal::BadInput`] for what cannot be chosen.
pub(crate) fn changed(mut settings: Value, name: &str, chosen: &str) -> Result<Batch, Refusal> {
    let choices = CHOICES.iter().find(|(its, _)| *its == name).ok_or(Refusal::BadInput)?.1;
    let place = settings.get_mut(name).filter(|_| choices.contains(&chosen));
    *place.ok_or(Refusal::BadInput)? = chosen.into();
    let value = settings.to_string().into();
    Ok(vec![Change::Put { table: SETTINGS, key: b"app".to_vec(), value }])
}

fn json_row(shelf: &dyn Shelf, table: Table, key: &[u8]) -> Result<Value, ShelfFault> {
    let row = shelf.row(table, key)?;
    Ok(row.and_then(|row| serde_json::from_slice(&row).ok()).unwrap_or_default())
}
