//! What the terminal knows of the home at this moment: only what is on the screen, and a little
//! around it. Keys and answers change it; drawing reads it. Nothing here touches the world.

use serde_json::{Value, json};

use super::{field::Field, sheet::Sheet, shown::*, tongue::Tongue};

/// Lines of the list asked for at once, and messages.
pub(super) const LINES: usize = 64;
pub(super) const MESSAGES: usize = 60;
/// Messages that are held at one time.
const HELD_MAX: usize = 240;

/// What the terminal wants done.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Wish {
    /// A question; its answer comes back with the tag.
    Ask(Tag, &'static str, Value),
    /// Nothing on the screen, and the home locked.
    Lock,
    /// The end.
    Quit,
}

/// What a question was for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Tag {
    Hello,
    List,
    Page(String, Page),
    Head(String),
    Tally,
    Sync,
    Sent(String),
    /// Whose answer needs no look but for a refusal; then a word about it.
    Done(Option<&'static str>),
    /// Whose answer says nothing.
    Here,
    /// What must be done before one goes.
    Kept,
    Found(String),
    Titles(String),
    Invited,
    Joined,
    Grouped,
    Contact,
    People(Picking),
    Alerts,
    /// A file to be sent is at hand.
    Attached,
    /// It was looked at: its parcel, and what it is called.
    Looked {
        parcel: String,
        file: String,
    },
    /// A file was written out, or held back.
    SavedAs {
        id: String,
        path: String,
    },
}

/// Which messages were asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Page {
    Newest,
    Before,
    After,
    Around,
}

/// What people are picked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Picking {
    /// A group of this title.
    Group(String),
    /// To come into this group.
    Add(String),
}

/// Where keys go while no sheet lies over everything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Focus {
    List,
    Write,
    Messages,
}

/// What is being written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Writing {
    #[default]
    New,
    Reply {
        id: String,
        to: String,
    },
    Edit {
        id: String,
    },
}

/// The conversation that is open.
#[derive(Debug, Default)]
pub(crate) struct Pane {
    pub(crate) id: String,
    pub(crate) head: Head,
    pub(crate) messages: Vec<Message>,
    pub(crate) before: bool,
    pub(crate) after: bool,
    /// A page is on its way.
    pub(crate) turning: bool,
    /// The message that is chosen.
    pub(crate) chosen: Option<String>,
    /// Rows below the screen.
    pub(crate) scroll: usize,
    /// Rows on the screen when it was last drawn.
    pub(crate) height: usize,
    pub(crate) field: Field,
    pub(crate) writing: Writing,
}

/// The list, as far as it is held.
#[derive(Debug, Default)]
pub(crate) struct List {
    pub(crate) total: usize,
    pub(crate) unread: u64,
    /// The place of the first line that is held.
    pub(crate) from: usize,
    pub(crate) lines: Vec<Line>,
    /// The place one is at.
    pub(crate) at: usize,
    pub(crate) known: bool,
    asking: bool,
    again: bool,
}

/// What stands at the foot.
#[derive(Debug, Default)]
pub(crate) struct Foot {
    pub(crate) tally: Option<Tally>,
    /// What the last burst cost, until the next key: other figures that come do not take it away.
    pub(crate) burst: Option<Sums>,
    pub(crate) syncing: bool,
    /// Something to say, and whether it is bad.
    pub(crate) note: Option<(String, bool)>,
}

/// Everything.
#[derive(Debug)]
pub(crate) struct Chat {
    pub(crate) tongue: Tongue,
    /// The language was asked for and is not to be changed by what the home says.
    chosen_tongue: bool,
    pub(crate) name: String,
    pub(crate) list: List,
    pub(crate) pane: Option<Pane>,
    pub(crate) focus: Focus,
    pub(crate) sheet: Option<Sheet>,
    /// Something harmless is shown instead; the number in it.
    pub(crate) hidden: Option<Field>,
    pub(crate) foot: Foot,
    pub(crate) now_s: u64,
    pub(super) wishes: Vec<Wish>,
    /// The draft as it is stored.
    kept: String,
}

impl Chat {
    /// Nothing known yet; with `tag` given that language whatever the home says.
    pub(crate) fn new(tag: Option<&str>, environment: &str, now_s: u64) -> Self {
        let mut chat = Self {
            tongue: Tongue::of(tag.unwrap_or(environment)),
            chosen_tongue: tag.is_some(),
            name: String::new(),
            list: List::default(),
            pane: None,
            focus: Focus::List,
            sheet: None,
            hidden: None,
            foot: Foot::default(),
            now_s,
            wishes: Vec::new(),
            kept: String::new(),
        };
        chat.ask(Tag::Hello, "hello", json!({}));
        chat.ask_list();
        chat.ask(Tag::Tally, "tally", json!({}));
        chat
    }

    /// What is to be done now.
    pub(crate) fn wishes(&mut self) -> Vec<Wish> {
        std::mem::take(&mut self.wishes)
    }

    pub(super) fn ask(&mut self, tag: Tag, name: &'static str, with: Value) {
        self.wishes.push(Wish::Ask(tag, name, with));
    }

    pub(super) fn note(&mut self, id: &str) {
        self.foot.note = Some((self.tongue.word(id), false));
    }

    pub(super) fn complain(&mut self, words: String) {
        self.foot.note = Some((words, true));
    }

    /// Asks for the lines around the place one is at; once more afterwards if meanwhile more came.
    pub(super) fn ask_list(&mut self) {
        if self.list.asking {
            self.list.again = true;
            return;
        }
        self.list.asking = true;
        let from = self.list.at.saturating_sub(LINES.div_euclid(3));
        self.ask(Tag::List, "list", json!({ "from": from, "count": LINES, "filter": "" }));
    }

    /// Opens a conversation, at its newest message or at one of them.
    pub(super) fn open(&mut self, id: &str, around: Option<String>) {
        self.keep_draft();
        let line = self.list.lines.iter().find(|line| line.id == id);
        let title = line.map(|line| line.title.clone()).unwrap_or_default();
        self.pane = Some(Pane {
            id: id.to_owned(),
            head: Head { title, open: true, ..Head::default() },
            turning: true,
            chosen: around.clone(),
            ..Pane::default()
        });
        self.kept.clear();
        self.focus = if around.is_some() { Focus::Messages } else { Focus::Write };
        self.sheet = None;
        self.ask(Tag::Head(id.to_owned()), "conversation", json!({ "conversation": id }));
        let (page, with) = match around {
            None => (Page::Newest, json!({ "conversation": id, "limit": MESSAGES })),
            Some(message) => {
                let with = json!({ "conversation": id, "limit": MESSAGES, "around": message });
                (Page::Around, with)
            }
        };
        self.ask(Tag::Page(id.to_owned(), page), "messages", with);
    }

    /// A key was touched.
    pub(crate) fn attended(&mut self) {
        self.ask(Tag::Here, "here", json!({}));
    }

    /// What was begun is kept in the home before one goes elsewhere.
    pub(crate) fn keep_draft(&mut self) {
        let Some(pane) = &self.pane else { return };
        let draft = match &pane.writing {
            Writing::Edit { .. } => return,
            _ => pane.field.text().to_owned(),
        };
        if draft != self.kept {
            let with = json!({ "conversation": pane.id, "draft": draft });
            self.kept = draft;
            self.ask(Tag::Kept, "memo", with);
        }
    }

    pub(super) fn page(&mut self, page: Page) {
        let Some(pane) = self.pane.as_mut().filter(|pane| !pane.turning) else { return };
        let edge = match page {
            Page::Before if pane.before => pane.messages.first().map(|one| ("before", one.order)),
            Page::After if pane.after => pane.messages.last().map(|one| ("after", one.order)),
            _ => None,
        };
        let Some((name, order)) = edge else { return };
        pane.turning = true;
        let id = pane.id.clone();
        let mut with = json!({ "conversation": id, "limit": MESSAGES });
        if let Some(map) = with.as_object_mut() {
            map.insert(name.to_owned(), order.into());
        }
        self.ask(Tag::Page(id, page), "messages", with);
    }

    pub(super) fn ask_newest(&mut self) {
        let Some(pane) = &mut self.pane else { return };
        pane.turning = true;
        let id = pane.id.clone();
        let with = json!({ "conversation": id, "limit": MESSAGES });
        self.ask(Tag::Page(id, Page::Newest), "messages", with);
    }

    /// Somebody looks at the conversation that is open.
    pub(super) fn seen(&mut self) {
        let Some(pane) = self.pane.as_mut().filter(|_| self.hidden.is_none()) else { return };
        if pane.head.unread == 0 && pane.messages.iter().all(|one| !one.unread) {
            return;
        }
        pane.head.unread = 0;
        for message in &mut pane.messages {
            message.unread = false;
        }
        let id = pane.id.clone();
        self.ask(Tag::Done(None), "read", json!({ "conversation": id }));
    }

    /// Takes an answer.
    pub(crate) fn answer(&mut self, tag: Tag, value: &Value) {
        match tag {
            Tag::Hello => {
                self.name = text(value, "name");
                let language = value.get("settings").map(|all| text(all, "language"));
                if let Some(tag) = language.filter(|tag| !tag.is_empty() && !self.chosen_tongue) {
                    self.tongue = Tongue::of(&tag);
                }
            }
            Tag::List => self.take_list(value),
            Tag::Page(id, page) => self.take_page(&id, page, value),
            Tag::Head(id) => self.take_head(&id, value),
            Tag::Tally => self.foot.tally = Some(Tally::of(value)),
            Tag::Sync => {
                self.foot.syncing = false;
                self.foot.note = None;
                self.foot.burst = Sums::of_burst(value);
                self.foot.tally = Some(Tally::of(value));
            }
            Tag::Sent(id) => {
                self.foot.note = None;
                if let Some(message) = value.get("message").and_then(Message::of) {
                    self.take_message(&id, message);
                }
            }
            Tag::Done(said) => {
                if let Some(said) = said {
                    self.note(said);
                }
                self.refresh_head();
            }
            Tag::Here => {}
            Tag::Kept => self.ask_list(),
            Tag::Found(words) => self.take_found(&words, value),
            Tag::Titles(words) => self.take_titles(&words, value),
            Tag::Invited => self.sheet = Some(Sheet::code(&self.tongue, "invite-link", value)),
            Tag::Joined => {
                let name = value.get("contact").map(|one| text(one, "name")).unwrap_or_default();
                let words = self.tongue.tell("join-done", &[("name", &name)]);
                self.foot.note = Some((words, false));
                self.ask_list();
            }
            Tag::Grouped => {
                self.ask_list();
                let id = text(value, "conversation");
                self.open(&id, None);
            }
            Tag::Contact => self.sheet = Some(Sheet::safety(&self.tongue, value)),
            Tag::People(picking) => self.take_people(picking, value),
            Tag::Alerts => self.sheet = Some(Sheet::alerts(&self.tongue, value)),
            Tag::Attached => self.take_attached(value),
            Tag::Looked { parcel, file } => self.take_looked(&parcel, &file, value),
            Tag::SavedAs { id, path } => self.take_saved(id, path, value),
        }
    }

    /// What was asked was not done.
    pub(crate) fn refused(&mut self, tag: &Tag, name: &str, count: u64) {
        match tag {
            Tag::List => self.list.asking = false,
            Tag::Sync => self.foot.syncing = false,
            Tag::Page(id, _) => {
                if let Some(pane) = self.pane.as_mut().filter(|pane| pane.id == *id) {
                    pane.turning = false;
                }
            }
            _ => {}
        }
        let words = self.tongue.tell(&format!("refused-{name}"), &[("count", &count.to_string())]);
        self.complain(words);
    }

    /// Something changed in the home.
    pub(crate) fn told(&mut self, value: &Value) {
        let id = text(value, "conversation");
        let here = self.pane.as_ref().is_some_and(|pane| pane.id == id);
        match text(value, "is").as_str() {
            "received" | "progress" => {
                if let Some(message) = value.get("message").and_then(Message::of) {
                    self.take_message(&id, message);
                }
                self.ask_list();
                self.ask(Tag::Tally, "tally", json!({}));
            }
            "changed" => {
                if here {
                    self.refresh_head();
                    self.refresh_messages();
                }
                self.ask_list();
            }
            "missed" => {
                self.refresh_head();
                self.refresh_messages();
                self.ask_list();
            }
            "alerted" => self.note("alerted"),
            "reached" | "unreached" | "settled" => self.ask(Tag::Tally, "tally", json!({})),
            _ => {}
        }
    }

    pub(super) fn refresh_head(&mut self) {
        if let Some(pane) = &self.pane {
            let id = pane.id.clone();
            self.ask(Tag::Head(id.clone()), "conversation", json!({ "conversation": id }));
        }
    }

    /// Messages that are held may have changed: those around the chosen one, or the newest.
    fn refresh_messages(&mut self) {
        let Some(pane) = self.pane.as_mut().filter(|pane| !pane.turning) else { return };
        if !pane.after {
            return self.ask_newest();
        }
        let Some(middle) = pane.messages.get(pane.messages.len().div_euclid(2)) else { return };
        pane.turning = true;
        let (id, around) = (pane.id.clone(), middle.id.clone());
        let with = json!({ "conversation": id, "limit": HELD_MAX, "around": around });
        self.ask(Tag::Page(id, Page::Around), "messages", with);
    }

    fn take_list(&mut self, value: &Value) {
        let was = self.at_line().map(|line| line.id.clone());
        let list = &mut self.list;
        list.asking = false;
        list.known = true;
        list.total = number(value, "total");
        list.from = number(value, "from");
        list.unread = value.get("unread").and_then(Value::as_u64).unwrap_or_default();
        list.lines = all(value, "lines", Line::of);
        // One stays at the conversation, not at the place it had.
        let stays = list.lines.iter().position(|line| Some(&line.id) == was.as_ref());
        if let Some(stays) = stays {
            list.at = list.from.saturating_add(stays);
        }
        list.at = list.at.min(list.total.saturating_sub(1));
        if std::mem::take(&mut list.again) {
            self.ask_list();
        }
    }

    /// The line one is at.
    pub(crate) fn at_line(&self) -> Option<&Line> {
        self.list.lines.get(self.list.at.checked_sub(self.list.from)?)
    }

    pub(super) fn step_list(&mut self, by: isize) {
        let last = self.list.total.saturating_sub(1);
        self.list.at = self.list.at.saturating_add_signed(by).min(last);
        let list = &self.list;
        let end = list.from.saturating_add(list.lines.len());
        let near = list.at < list.from.saturating_add(12) && list.from > 0;
        if near || (list.at.saturating_add(12) > end && end < list.total) {
            self.ask_list();
        }
    }

    fn take_head(&mut self, id: &str, value: &Value) {
        let Some(pane) = self.pane.as_mut().filter(|pane| pane.id == id) else { return };
        let first = !pane.head.known;
        pane.head = Head::of(value);
        if first && pane.field.is_empty() {
            pane.field = Field::new(&pane.head.draft);
            self.kept.clone_from(&pane.head.draft);
        }
        self.seen();
    }

    fn take_page(&mut self, id: &str, page: Page, value: &Value) {
        let Some(pane) = self.pane.as_mut().filter(|pane| pane.id == id) else { return };
        pane.turning = false;
        let mut came = all(value, "messages", Message::of);
        let (before, after) = (yes(value, "before"), yes(value, "after"));
        match page {
            Page::Newest | Page::Around => {
                pane.messages = came;
                (pane.before, pane.after) = (before, after);
            }
            Page::Before => {
                came.append(&mut pane.messages);
                pane.messages = came;
                pane.before = before;
                if pane.messages.len() > HELD_MAX {
                    pane.messages.truncate(HELD_MAX);
                    pane.after = true;
                }
            }
            Page::After => {
                pane.messages.append(&mut came);
                pane.after = after;
                let over = pane.messages.len().saturating_sub(HELD_MAX);
                pane.messages.drain(..over);
                pane.before |= over > 0;
            }
        }
        if !pane.after {
            self.seen();
        }
    }

    /// A message that is new or changed, at its place.
    fn take_message(&mut self, id: &str, message: Message) {
        let Some(pane) = self.pane.as_mut().filter(|pane| pane.id == id) else { return };
        let own = message.from.is_none();
        match pane.messages.iter_mut().find(|one| one.id == message.id) {
            Some(held) => *held = message,
            None if pane.after => {}
            None => {
                let at = pane.messages.partition_point(|one| one.order < message.order);
                pane.messages.insert(at, message);
                let over = pane.messages.len().saturating_sub(HELD_MAX);
                pane.messages.drain(..over);
                pane.before |= over > 0;
            }
        }
        if own && pane.chosen.is_none() {
            pane.scroll = 0;
        }
        self.seen();
    }

    /// The message that is chosen.
    pub(crate) fn chosen(&self) -> Option<&Message> {
        let pane = self.pane.as_ref()?;
        let id = pane.chosen.as_ref()?;
        pane.messages.iter().find(|message| message.id == *id)
    }
}
