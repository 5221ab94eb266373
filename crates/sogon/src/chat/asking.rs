//! What the terminal asks of the home and hears from it: numbered questions one way, answers and
//! changes the other. The home is in another process, or in this one behind the same line.

use std::{collections::BTreeMap, io};

use serde_json::{Value, json};
use sogon_app::Refusal;
use tokio::{
    io::{AsyncRead, AsyncWrite, WriteHalf},
    sync::mpsc,
};

use super::{letters::wash, state::Tag};
use crate::door::frame;

/// Room for a screen of the longest messages, every letter escaped.
pub(super) const BYTES_MAX: usize = 64 << 20;
/// What the home said and nobody looked at yet.
const HEARD_MAX: usize = 64;

/// What the terminal says.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Question {
    pub(super) number: u64,
    pub(super) name: String,
    pub(super) with: Value,
}

/// What the home says.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Heard {
    /// Somebody is there.
    Open,
    /// An answer to the question with this number.
    Answer(u64, Result<Value, Refused>),
    /// Something changed.
    Told(Value),
    /// The process that has the home says why it ends, and with which code.
    End(Option<String>, u8),
}

/// Why something was not done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refused {
    /// Its name in the words.
    pub(crate) name: String,
    /// Minutes to wait.
    pub(crate) count: u64,
}

impl From<Refusal> for Refused {
    fn from(refusal: Refusal) -> Self {
        let count = match refusal {
            Refusal::Wait(minutes) => minutes,
            _ => 0,
        };
        Self { name: refusal.name().to_owned(), count }
    }
}

impl Question {
    fn to_json(&self) -> Value {
        json!({ "number": self.number, "ask": self.name, "with": self.with })
    }

    pub(super) fn of(value: &mut Value) -> Option<Self> {
        let number = value.get("number")?.as_u64()?;
        let name = value.get("ask")?.as_str()?.to_owned();
        Some(Self { number, name, with: value.get_mut("with")?.take() })
    }
}

impl Heard {
    pub(super) fn to_json(&self) -> Value {
        match self {
            Self::Open => json!({ "open": true }),
            Self::Answer(number, Ok(done)) => json!({ "number": number, "done": done }),
            Self::Answer(number, Err(refused)) => {
                json!({ "number": number, "refused": refused.name, "count": refused.count })
            }
            Self::Told(told) => json!({ "told": told }),
            Self::End(why, code) => json!({ "exit": code, "why": why }),
        }
    }

    pub(super) fn of(value: &mut Value) -> Option<Self> {
        if value.get("open").is_some() {
            return Some(Self::Open);
        }
        if let Some(told) = value.get_mut("told") {
            return Some(Self::Told(told.take()));
        }
        if let Some(code) = value.get("exit").and_then(Value::as_u64) {
            let why = value.get("why").and_then(Value::as_str).map(str::to_owned);
            return Some(Self::End(why, u8::try_from(code).ok()?));
        }
        let number = value.get("number")?.as_u64()?;
        if let Some(name) = value.get("refused").and_then(Value::as_str) {
            let count = value.get("count").and_then(Value::as_u64).unwrap_or_default();
            return Some(Self::Answer(number, Err(Refused { name: name.to_owned(), count })));
        }
        Some(Self::Answer(number, Ok(value.get_mut("done")?.take())))
    }
}

/// The terminal's end of the line.
#[derive(Debug)]
pub(super) struct Asking<S> {
    to: WriteHalf<S>,
    heard: mpsc::Receiver<Heard>,
    open: BTreeMap<u64, Tag>,
    next: u64,
}

impl<S: AsyncRead + AsyncWrite + 'static> Asking<S> {
    /// Must be called inside a `LocalSet`.
    pub(super) fn over(stream: S) -> Self {
        let (mut from, to) = tokio::io::split(stream);
        let (said, heard) = mpsc::channel(HEARD_MAX);
        tokio::task::spawn_local(async move {
            loop {
                let Ok(value) = frame::read_up_to(&mut from, BYTES_MAX).await else { break };
                let Some(heard) = Heard::of(&mut wash(value)) else { break };
                if said.send(heard).await.is_err() {
                    break;
                }
            }
        });
        Self { to, heard, open: BTreeMap::new(), next: 0 }
    }

    /// Asks; the answer comes back with `tag`.
    ///
    /// # Errors
    /// When nobody is there any more.
    pub(super) async fn ask(&mut self, tag: Tag, name: &str, with: Value) -> io::Result<()> {
        self.next = self.next.wrapping_add(1);
        let question = Question { number: self.next, name: name.to_owned(), with };
        self.open.insert(self.next, tag);
        frame::write(&mut self.to, &question.to_json()).await
    }

    /// Waits until nothing is open that was asked with this tag.
    pub(super) async fn settle(&mut self, tag: &Tag) {
        while self.open.values().any(|open| open == tag) {
            match self.hear().await {
                Some(Heard::Answer(number, _)) => drop(self.tag(number)),
                Some(Heard::End(..)) | None => return,
                Some(_) => {}
            }
        }
    }

    /// Has the home locked, and waits until it is.
    pub(super) async fn lock(&mut self) {
        if self.ask(Tag::Kept, "lock", json!({})).await.is_ok() {
            self.settle(&Tag::Kept).await;
        }
    }

    /// What is said next; `None` when nobody is there any more. Nothing is lost when it is dropped
    /// before that.
    pub(super) async fn hear(&mut self) -> Option<Heard> {
        self.heard.recv().await
    }

    /// What was said already.
    pub(super) fn heard(&mut self) -> Option<Heard> {
        self.heard.try_recv().ok()
    }

    /// What the question with this number was for.
    pub(super) fn tag(&mut self, number: u64) -> Option<Tag> {
        self.open.remove(&number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_comes_back_as_it_was() {
        let refused = Refused::from(Refusal::Wait(3));
        let all = [
            Heard::Open,
            Heard::Answer(1, Ok(json!({ "a": [1] }))),
            Heard::Answer(2, Err(refused)),
            Heard::Told(json!({ "is": "missed" })),
            Heard::End(None, 0),
            Heard::End(Some("why".to_owned()), 3),
        ];
        for heard in all {
            assert_eq!(Heard::of(&mut heard.to_json()), Some(heard));
        }
        let question = Question { number: 9, name: "list".to_owned(), with: json!({ "from": 0 }) };
        assert_eq!(Question::of(&mut question.to_json()), Some(question));
        assert_eq!(Heard::of(&mut json!({ "number": 1 })), None);
        assert_eq!(Heard::of(&mut json!({ "exit": 256 })), None);
    }
}
