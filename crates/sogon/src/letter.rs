//! Messages as they are shown: an object for programs, a line for people.

use std::{
    cmp::Reverse,
    collections::{BinaryHeap, VecDeque},
};

use serde_json::{Value, json};
use sogon_engine::{
    ConversationId, Shelf, ShelfFault,
    view::{self, Delivery, Kind, Membership, Message, Person},
};

use crate::{desk::Desk, moment, people::Directory, plain, trouble::Trouble, words::Words};

/// Messages asked of the store at once.
const PAGE: usize = 64;

/// The object of docs/CLI.md.
pub(crate) fn object(message: &Message) -> Value {
    json!({
        "id": message.id.to_string(),
        "conversation": message.conversation.to_string(),
        "from": message.from,
        "at": moment::utc(message.at_s),
        "kind": message.kind.name(),
        "text": message.text,
        "membership": match &message.kind {
            Kind::Membership(its) => membership(its),
            _ => Value::Null,
        },
        "state": message.delivery.map(Delivery::name),
        "reply_to": message.reply_to.map(|id| id.to_string()),
        "expires_s": message.fades_s,
        "edited": message.edited,
        "bytes": message.file.as_ref().map(|file| file.bytes),
        "reactions": message.reactions.iter().map(|reaction| {
            json!({ "from": reaction.from, "face": reaction.face })
        }).collect::<Vec<_>>(),
    })
}

/// Who came or went. The owner is null; where nobody wrote down by whom, that is left out.
fn membership(its: &Membership) -> Value {
    let who: Vec<_> = its.who.iter().map(Person::name).collect();
    let mut value = json!({ "deed": its.deed.name(), "who": who });
    if let (Some(by), Some(fields)) = (&its.by, value.as_object_mut()) {
        fields.insert("by".to_owned(), json!(by.name()));
    }
    value
}

/// The sentence that says who came or went.
fn comings(its: &Membership, words: &Words) -> String {
    let who = its.names().map(plain::line).collect::<Vec<_>>().join(", ");
    let by = its.by.as_ref().and_then(Person::name).map(plain::line).unwrap_or_default();
    format!("· {}", words.say(&its.words(), &[("who", &who), ("by", &by)]))
}

/// A line for people; two or more when the text has more.
pub(crate) fn lines(message: &Message, directory: &Directory, words: &Words) -> String {
    let title = directory.title(message.conversation);
    let group = directory.conversations.iter().any(|c| c.id == message.conversation && c.group);
    let nobodys = matches!(message.kind, Kind::Membership(_) | Kind::Gap);
    let who = match &message.from {
        None if nobodys => title,
        None => format!("{} → {title}", words.say("you", &[])),
        Some(from) if group => format!("{} → {title}", plain::line(from)),
        Some(from) => plain::line(from),
    };
    let text = match &message.kind {
        Kind::Text => plain::lines(&message.text, "    "),
        Kind::Unknown => words.say("kind-unknown", &[]),
        Kind::Gap => words.say("kind-gap", &[]),
        Kind::Call => words.say(&format!("call-{}", message.text), &[]),
        Kind::Membership(its) => comings(its, words),
        Kind::File => {
            let file = message.file.as_ref();
            let size = crate::commands::size(file.map_or(0, |file| file.bytes));
            let id = message.id.to_string();
            let seconds = file.and_then(|file| file.voice_ms).map(|ms| ms.div_ceil(1_000));
            match seconds.map(|seconds| seconds.to_string()) {
                Some(seconds) => words.say("kind-voice", &[("seconds", &seconds), ("id", &id)]),
                None => {
                    let args = [("name", message.text.as_str()), ("size", &size), ("id", &id)];
                    words.say("kind-file", &args)
                }
            }
        }
    };
    let at = moment::local(message.at_s);
    match message.delivery {
        Some(delivery) => {
            let state = words.say(&format!("state-{}", delivery.name()), &[]);
            format!("{at}  {who}: {text}  ({state})")
        }
        None => format!("{at}  {who}: {text}"),
    }
}

/// Shows some messages, in their order.
///
/// # Errors
/// When nobody reads the output any more.
pub(crate) async fn show(desk: &Desk, messages: &[Message]) -> Result<(), Trouble> {
    show_among(desk, &Directory::look(&desk.hand).await?, messages).await
}

/// Shows some messages of these people, in their order.
///
/// # Errors
/// When nobody reads the output any more.
pub(crate) async fn show_among(
    desk: &Desk,
    directory: &Directory,
    messages: &[Message],
) -> Result<(), Trouble> {
    for message in messages {
        desk.console.result(object(message), || lines(message, directory, &desk.words)).await?;
    }
    Ok(())
}

/// Messages after a place, of one conversation or all, in the order this home got them.
///
/// # Errors
/// [`ShelfFault`] when the store cannot answer.
pub(crate) fn after(
    shelf: &dyn Shelf,
    only: Option<ConversationId>,
    place: u64,
) -> Result<Vec<Message>, ShelfFault> {
    let mut pile = Pile::after(shelf, only, place)?;
    let mut found = Vec::new();
    loop {
        let page = pile.next(shelf)?;
        if page.is_empty() {
            return Ok(found);
        }
        found.extend(page);
    }
}

/// What there is after a place, of one conversation or all, in the order this home got it, taken off
/// a page at a time: the messages of years fit into no memory that is locked. What comes meanwhile may
/// be in it.
pub(crate) struct Pile {
    stacks: Vec<Stack>,
    /// The order of the next message of each stack that is not used up.
    next: BinaryHeap<Reverse<(u64, usize)>>,
}

/// The next messages of one conversation.
struct Stack {
    conversation: ConversationId,
    place: u64,
    ahead: VecDeque<Message>,
}

impl Pile {
    /// # Errors
    /// [`ShelfFault`] when the store cannot answer.
    pub(crate) fn after(
        shelf: &dyn Shelf,
        only: Option<ConversationId>,
        place: u64,
    ) -> Result<Self, ShelfFault> {
        // A look into each of ten thousand conversations takes a second: only into those with something new.
        let newer = |conversation: &view::Conversation| conversation.last_order > place;
        let all = view::conversations(shelf)?.into_iter().filter(newer);
        let wanted = all.map(|one| one.id).filter(|id| only.is_none_or(|only| only == *id));
        let stack = |conversation| Stack { conversation, place, ahead: VecDeque::new() };
        let stacks: Vec<_> = wanted.map(stack).collect();
        let mut pile = Self { next: BinaryHeap::with_capacity(stacks.len()), stacks };
        for stack in 0..pile.stacks.len() {
            pile.refill(shelf, stack)?;
        }
        Ok(pile)
    }

    /// The next ones; none at the end.
    ///
    /// # Errors
    /// [`ShelfFault`] when the store cannot answer.
    pub(crate) fn next(&mut self, shelf: &dyn Shelf) -> Result<Vec<Message>, ShelfFault> {
        let mut page = Vec::with_capacity(PAGE);
        while page.len() < PAGE {
            let Some(Reverse((_, number))) = self.next.pop() else { break };
            let Some(stack) = self.stacks.get_mut(number) else { break };
            page.extend(stack.ahead.pop_front());
            match stack.ahead.front() {
                Some(message) => self.next.push(Reverse((message.order, number))),
                None => self.refill(shelf, number)?,
            }
        }
        Ok(page)
    }

    fn refill(&mut self, shelf: &dyn Shelf, number: usize) -> Result<(), ShelfFault> {
        // Of many conversations a few messages each are as many as a page of one.
        let limit = PAGE.div_ceil(self.stacks.len().max(1)).max(2);
        let Some(stack) = self.stacks.get_mut(number) else { return Ok(()) };
        let page = view::messages(shelf, stack.conversation, stack.place, limit)?;
        stack.ahead = page.into();
        stack.place = stack.ahead.back().map_or(stack.place, |last| last.order);
        self.next.extend(stack.ahead.front().map(|first| Reverse((first.order, number))));
        Ok(())
    }
}

/// Messages nobody has seen, and what stands between them, in the order this home got them: looked
/// for from the end of each conversation.
///
/// # Errors
/// [`ShelfFault`] when the store cannot answer.
pub(crate) fn unread(
    shelf: &dyn Shelf,
    only: Option<ConversationId>,
) -> Result<Vec<Message>, ShelfFault> {
    let mut found = Vec::new();
    for conversation in view::conversations(shelf)? {
        let wanted = usize::try_from(conversation.unread).unwrap_or(usize::MAX);
        if wanted == 0 || only.is_some_and(|only| only != conversation.id) {
            continue;
        }
        let mut limit = wanted.max(PAGE);
        loop {
            let page = view::latest(shelf, conversation.id, limit)?;
            let there = page.iter().filter(|message| message.unread).count();
            if there >= wanted || page.len() < limit {
                found.extend(page);
                break;
            }
            limit = limit.saturating_mul(4);
        }
    }
    found.sort_by_key(|message| message.order);
    Ok(found)
}

/// The place of the newest entry there ever was: what comes later stands after it.
///
/// # Errors
/// [`ShelfFault`] when the store cannot answer.
pub(crate) fn newest(shelf: &dyn Shelf) -> Result<u64, ShelfFault> {
    Ok(view::conversations(shelf)?.iter().map(|one| one.last_order).fold(0, u64::max))
}
