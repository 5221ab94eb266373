//! What the home answers, as far as it is shown. It was washed on its way in.

use serde_json::Value;

use super::files::File;

pub(super) fn text(value: &Value, name: &str) -> String {
    value.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
}

pub(super) fn number(value: &Value, name: &str) -> usize {
    let number = value.get(name).and_then(Value::as_u64).unwrap_or_default();
    usize::try_from(number).unwrap_or(usize::MAX)
}

pub(super) fn yes(value: &Value, name: &str) -> bool {
    value.get(name).and_then(Value::as_bool).unwrap_or_default()
}

pub(super) fn all<T>(value: &Value, name: &str, of: impl Fn(&Value) -> Option<T>) -> Vec<T> {
    let all = value.get(name).and_then(Value::as_array);
    all.into_iter().flatten().filter_map(of).collect()
}

fn perhaps(value: &Value, name: &str) -> Option<String> {
    value.get(name).and_then(Value::as_str).map(str::to_owned)
}

fn count(value: &Value, name: &str) -> u64 {
    value.get(name).and_then(Value::as_u64).unwrap_or_default()
}

/// A line of the list.
#[derive(Clone, Debug, Default)]
pub(crate) struct Line {
    pub(crate) id: String,
    pub(crate) title: String,
    pub(crate) group: bool,
    pub(crate) unread: u64,
    pub(crate) draft: String,
    pub(crate) last: Option<Last>,
}

/// The last words of a conversation.
#[derive(Clone, Debug, Default)]
pub(crate) struct Last {
    pub(crate) text: String,
    pub(crate) from: Option<String>,
    pub(crate) at: u64,
    pub(crate) kind: String,
    /// A voice note.
    pub(crate) voice: bool,
    pub(crate) membership: Option<Membership>,
}

/// Who came or went: the sentence that says it, and what is put into it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Membership {
    pub(crate) words: String,
    pub(crate) who: String,
    pub(crate) by: String,
}

impl Membership {
    fn of(value: &Value) -> Option<Self> {
        let its = value.get("membership").filter(|its| its.is_object())?;
        let who = all(its, "who", |one| one.as_str().map(str::to_owned));
        Some(Self { words: text(its, "words"), who: who.join(", "), by: text(its, "by") })
    }
}

impl Line {
    pub(super) fn of(value: &Value) -> Option<Self> {
        let last = value.get("last").filter(|last| last.is_object()).map(|last| Last {
            text: text(last, "text"),
            from: perhaps(last, "from"),
            at: count(last, "at"),
            kind: text(last, "kind"),
            voice: text(last, "what") == "voice",
            membership: Membership::of(last),
        });
        Some(Self {
            id: perhaps(value, "id")?,
            title: text(value, "title"),
            group: yes(value, "group"),
            unread: count(value, "unread"),
            draft: text(value, "draft"),
            last,
        })
    }
}

/// One entry of a conversation.
#[derive(Clone, Debug, Default)]
pub(crate) struct Message {
    pub(crate) id: String,
    pub(crate) order: u64,
    pub(crate) from: Option<String>,
    pub(crate) at: u64,
    pub(crate) kind: String,
    pub(crate) text: String,
    pub(crate) state: Option<String>,
    /// Who is answered, and what; the words are gone where nobody is named.
    pub(crate) reply: Option<Option<(Option<String>, String)>>,
    pub(crate) fades: Option<u64>,
    pub(crate) unread: bool,
    pub(crate) edited: bool,
    pub(crate) file: Option<File>,
    pub(crate) membership: Option<Membership>,
    pub(crate) reactions: Vec<(Option<String>, String)>,
}

impl Message {
    pub(super) fn of(value: &Value) -> Option<Self> {
        let reply = value.get("reply").filter(|reply| reply.is_object());
        let reply = reply.map(|reply| {
            (!yes(reply, "gone")).then(|| (perhaps(reply, "from"), text(reply, "text")))
        });
        Some(Self {
            id: perhaps(value, "id")?,
            order: value.get("order")?.as_u64()?,
            from: perhaps(value, "from"),
            at: count(value, "at"),
            kind: text(value, "kind"),
            text: text(value, "text"),
            state: perhaps(value, "state"),
            reply,
            fades: value.get("fades").and_then(Value::as_u64),
            unread: yes(value, "unread"),
            edited: yes(value, "edited"),
            file: File::of(value),
            membership: Membership::of(value),
            reactions: all(value, "reactions", |one| {
                Some((perhaps(one, "from"), text(one, "face")))
            }),
        })
    }
}

/// What stands above a conversation.
#[derive(Clone, Debug, Default)]
pub(crate) struct Head {
    pub(crate) known: bool,
    pub(crate) title: String,
    pub(crate) group: bool,
    pub(crate) open: bool,
    pub(crate) unread: u64,
    pub(crate) count: usize,
    /// The other one of a pair: who, what they are called, whether numbers were compared.
    pub(crate) contact: Option<(String, String, bool)>,
    /// The others of a group: names, and who of them is a contact.
    pub(crate) members: Vec<(String, Option<String>)>,
    pub(crate) draft: String,
    pub(crate) timer_s: Option<u64>,
}

impl Head {
    pub(super) fn of(value: &Value) -> Self {
        let contact = value.get("contact").filter(|one| one.is_object());
        Self {
            known: true,
            title: text(value, "title"),
            group: yes(value, "group"),
            open: yes(value, "open"),
            unread: count(value, "unread"),
            count: number(value, "count"),
            contact: contact.map(|one| (text(one, "id"), text(one, "name"), yes(one, "verified"))),
            members: all(value, "members", |one| {
                Some((text(one, "name"), perhaps(one, "contact")))
            }),
            draft: text(value, "draft"),
            timer_s: value.get("timer_s").and_then(Value::as_u64),
        }
    }
}

/// What went over the air.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Sums {
    pub(crate) up: u64,
    pub(crate) down: u64,
    pub(crate) air_ms: u64,
}

impl Sums {
    /// Those of one burst, where it answers for one.
    pub(super) fn of_burst(value: &Value) -> Option<Self> {
        value.get("burst").map(Self::of)
    }

    fn of(value: &Value) -> Self {
        let [up, down, air_ms] = ["up", "down", "air_ms"].map(|name| count(value, name));
        Self { up, down, air_ms }
    }
}

/// What was sent since the home was opened, and who does not answer.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tally {
    pub(crate) sums: Sums,
    pub(crate) waiting: u64,
    pub(crate) pace: String,
    pub(crate) silent: Vec<String>,
}

impl Tally {
    pub(super) fn of(value: &Value) -> Self {
        Self {
            sums: Sums::of(value.get("figures").unwrap_or(&Value::Null)),
            waiting: count(value, "waiting"),
            pace: text(value, "pace"),
            silent: all(value, "unreached", |one| perhaps(one, "host")),
        }
    }
}
