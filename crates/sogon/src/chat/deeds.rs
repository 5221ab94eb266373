//! What can be done: from the menu, by a key, from a sheet. All of it ends as a question to the home.

use serde_json::{Value, json};

use super::{
    field::Field,
    sheet::{Choice, Deed, Purpose, Sheet},
    shown::{all, text},
    state::{Chat, Focus, Picking, Tag, Wish, Writing},
};

/// Faces offered to react with, as in the app.
const FACES: &[&str] = &["👍", "❤️", "😂", "😮", "😢", "🙏"];
/// What people write is gone after so long.
const TIMERS: &[Option<u64>] = &[None, Some(0), Some(3_600), Some(86_400), Some(604_800)];

impl Chat {
    /// Everything that can be done here.
    pub(super) fn menu(&mut self) {
        let mut choices = vec![("sync-now", Deed::Sync), ("search", Deed::Search)];
        if let Some(pane) = &self.pane {
            match &pane.head.contact {
                Some((id, _, _)) => choices.extend([
                    ("safety", Deed::Safety),
                    ("rename", Deed::Rename(id.clone())),
                    ("block", Deed::SureToBlock(id.clone())),
                ]),
                None if pane.head.group => choices.extend([
                    ("members", Deed::Members),
                    ("group-add", Deed::AddMembers),
                    ("remove", Deed::Removals),
                    ("leave", Deed::SureToLeave),
                ]),
                None => {}
            }
            choices.extend([("attach", Deed::Attach), ("timer", Deed::Timers)]);
        }
        choices.extend([
            ("new", Deed::Begin),
            ("pace", Deed::Paces),
            ("alerts", Deed::Alerts),
            ("keys", Deed::Keys),
            ("hide-now", Deed::Hide),
            ("lock-now", Deed::Lock),
            ("end", Deed::Quit),
        ]);
        self.offer("menu", choices);
    }

    fn offer(&mut self, title: &str, choices: Vec<(&str, Deed)>) {
        let tongue = &self.tongue;
        let choices = choices.into_iter().map(|(id, deed)| Choice::new(tongue.word(id), deed));
        self.sheet = Some(Sheet::of(tongue.word(title), choices.collect()));
    }

    fn asks(&mut self, title: &str, purpose: Purpose, begun: &str) {
        self.sheet = Some(Sheet::asks(self.tongue.word(title), purpose, begun));
    }

    /// Does one of them.
    pub(super) fn act(&mut self, deed: &Deed) {
        match deed {
            Deed::Lock => {
                self.keep_draft();
                self.wishes.push(Wish::Lock);
            }
            Deed::Quit => {
                self.keep_draft();
                self.wishes.push(Wish::Quit);
            }
            Deed::Hide => {
                self.hidden = match self.hidden {
                    Some(_) => None,
                    None => Some(Field::new("1")),
                };
                self.sheet = None;
                self.seen();
            }
            Deed::Sync => {
                self.sheet = None;
                if !self.foot.syncing {
                    self.foot.syncing = true;
                    self.ask(Tag::Sync, "sync", json!({}));
                }
            }
            Deed::Paces => {
                let paces = ["live", "quiet", "steady"];
                let ids = ["pace-live", "pace-quiet", "pace-steady"];
                let choices = ids.into_iter().zip(paces.map(Deed::Pace)).collect();
                self.offer("pace", choices);
                self.explain("pace-what", &[]);
            }
            Deed::Pace(pace) => {
                self.finish(Tag::Done(None), "pace", json!({ "pace": pace }));
                self.ask(Tag::Tally, "tally", json!({}));
            }
            Deed::Begin => self.offer(
                "new",
                vec![
                    ("invite", Deed::Invitations),
                    ("join", Deed::Join),
                    ("group-new", Deed::NewGroup),
                ],
            ),
            Deed::Invitations => {
                let one = ("invite-one", Deed::Invite { many: false });
                self.offer("invite", vec![one, ("invite-many", Deed::Invite { many: true })]);
                self.explain("invite-what", &[]);
            }
            Deed::Invite { many } => self.finish(Tag::Invited, "invite", json!({ "many": many })),
            Deed::Join => {
                self.asks("join", Purpose::JoinLink, "");
                self.explain("chat-join-what", &[]);
            }
            Deed::NewGroup => self.asks("group-title", Purpose::GroupTitle, ""),
            Deed::Search => self.asks("search", Purpose::Search, ""),
            Deed::Alerts => self.finish(Tag::Alerts, "alerts", json!({})),
            Deed::Keys => self.sheet = Some(keys(&self.tongue)),
            Deed::Open(id, message) => self.open(&id.clone(), message.clone()),
            Deed::Pick(_) => {}
            _ => self.act_on_people(deed),
        }
    }

    /// Deeds that concern the conversation that is open.
    fn act_on_people(&mut self, deed: &Deed) {
        let Some(pane) = &self.pane else { return self.note("welcome") };
        let (id, head) = (pane.id.clone(), pane.head.clone());
        match deed {
            Deed::Safety => match &head.contact {
                Some((contact, _, _)) => {
                    let with = json!({ "contact": contact, "language": self.tongue.tag() });
                    self.finish(Tag::Contact, "contact", with);
                }
                None => self.act_on_people(&Deed::Members),
            },
            Deed::MarkVerified(contact) => {
                self.finish(Tag::Done(None), "verify", json!({ "contact": contact }));
            }
            Deed::Rename(contact) => {
                let name = head.contact.map(|(_, name, _)| name).unwrap_or_default();
                self.asks("rename", Purpose::Rename(contact.clone()), &name);
            }
            Deed::SureToBlock(contact) => {
                let name = head.contact.map(|(_, name, _)| name).unwrap_or_default();
                self.offer("block", vec![("block", Deed::Block(contact.clone()))]);
                self.explain("block-what", &[("name", &name)]);
            }
            Deed::Block(contact) => {
                self.finish(Tag::Done(None), "block", json!({ "contact": contact }));
            }
            Deed::Members => {
                let mut sheet = Sheet::of(self.tongue.word("members"), Vec::new());
                sheet.text.push(self.tongue.word("you"));
                sheet.text.extend(head.members.into_iter().map(|(name, _)| name));
                self.sheet = Some(sheet);
            }
            Deed::AddMembers => self.finish(Tag::People(Picking::Add(id)), "contacts", json!({})),
            Deed::Removals => {
                let those = head.members.into_iter().filter_map(|(name, contact)| {
                    let words = self.tongue.tell("remove-who", &[("name", &name)]);
                    Some(Choice::new(words, Deed::Remove(contact?)))
                });
                self.sheet = Some(Sheet::of(self.tongue.word("remove"), those.collect()));
            }
            Deed::Remove(contact) => {
                let with = json!({ "conversation": id, "contacts": [contact] });
                self.finish(Tag::Done(None), "group-remove", with);
            }
            Deed::SureToLeave => {
                self.offer("leave", vec![("leave", Deed::Leave)]);
                self.explain("leave-what", &[]);
            }
            Deed::Leave => {
                self.finish(Tag::Done(None), "group-leave", json!({ "conversation": id }));
            }
            Deed::Timers => {
                let choices = TIMERS.iter().map(|timer| {
                    let words = self.span(*timer);
                    Choice::new(words, Deed::Timer(*timer))
                });
                self.sheet = Some(Sheet::of(self.tongue.word("timer"), choices.collect()));
                self.explain("timer-what", &[]);
            }
            Deed::Timer(timer) => {
                let said = if timer.is_some() { "timer-now-on" } else { "timer-now-off" };
                let with = json!({ "conversation": id, "timer_s": timer });
                self.finish(Tag::Done(Some(said)), "memo", with);
            }
            Deed::Attach
            | Deed::SendFile { .. }
            | Deed::Fetch
            | Deed::PauseFile
            | Deed::SaveFile
            | Deed::SaveAnyway { .. } => self.act_on_file(deed, &id),
            _ => self.act_on_message(deed, &id),
        }
    }

    /// Deeds that concern the message that is chosen.
    fn act_on_message(&mut self, deed: &Deed, conversation: &str) {
        let Some(message) = self.chosen().cloned() else { return };
        let own = message.from.is_none();
        match deed {
            Deed::Reply => {
                let to = message.from.clone().unwrap_or_else(|| self.tongue.word("you"));
                self.write(Writing::Reply { id: message.id, to }, None);
            }
            Deed::Edit if own && message.kind == "text" => {
                self.write(Writing::Edit { id: message.id }, Some(&message.text));
            }
            Deed::Faces => {
                let faces =
                    FACES.iter().map(|face| Choice::new(*face, Deed::React((*face).into())));
                let mut choices: Vec<_> = faces.collect();
                if message.reactions.iter().any(|(from, _)| from.is_none()) {
                    choices
                        .push(Choice::new(self.tongue.word("remove"), Deed::React(String::new())));
                }
                self.sheet = Some(Sheet::of(self.tongue.word("chat-react"), choices));
            }
            Deed::React(face) => {
                let with = json!({ "conversation": conversation, "id": message.id, "face": face });
                self.write_on();
                self.finish(Tag::Done(None), "react", with);
            }
            Deed::Deletions => {
                let mut choices = vec![("delete-here", Deed::Delete { everywhere: false })];
                if own && matches!(message.kind.as_str(), "text" | "file") {
                    choices.push(("delete-everywhere", Deed::Delete { everywhere: true }));
                }
                self.offer("delete", choices);
                self.explain(if own { "delete-everywhere-what" } else { "delete-here-what" }, &[]);
            }
            Deed::Delete { everywhere } => {
                let with = json!({
                    "conversation": conversation, "id": message.id, "everywhere": everywhere
                });
                self.write_on();
                self.finish(Tag::Done(None), "delete", with);
                self.ask_newest();
            }
            _ => {}
        }
    }

    fn write(&mut self, writing: Writing, text: Option<&str>) {
        let Some(pane) = &mut self.pane else { return };
        pane.writing = writing;
        pane.chosen = None;
        pane.scroll = 0;
        if let Some(text) = text {
            pane.field = Field::new(text);
        }
        self.focus = Focus::Write;
    }

    /// No message is chosen any more.
    fn write_on(&mut self) {
        if let Some(pane) = &mut self.pane {
            pane.chosen = None;
        }
        self.focus = Focus::Write;
    }

    fn explain(&mut self, id: &str, args: &[(&str, &str)]) {
        let words = self.tongue.tell(id, args);
        if let Some(sheet) = &mut self.sheet {
            sheet.text.push(words);
        }
    }

    /// A question after which no sheet lies there.
    fn finish(&mut self, tag: Tag, name: &'static str, with: Value) {
        self.sheet = None;
        self.ask(tag, name, with);
    }

    /// How long words stay, in words.
    pub(crate) fn span(&self, timer_s: Option<u64>) -> String {
        let (id, unit) = match timer_s {
            None => return self.tongue.word("timer-never"),
            Some(0) => return self.tongue.word("timer-once"),
            Some(s) if s >= 86_400 => ("span-days", 86_400),
            Some(s) if s >= 3_600 => ("span-hours", 3_600),
            Some(s) if s >= 60 => ("span-minutes", 60),
            Some(_) => ("span-seconds", 1),
        };
        let count = timer_s.unwrap_or_default().div_euclid(unit);
        self.tongue.tell(id, &[("count", &count.to_string())])
    }

    /// What was written goes out, or takes the place of what it corrects.
    pub(super) fn send(&mut self) {
        let Some(pane) = self.pane.as_mut().filter(|pane| !pane.field.text().trim().is_empty())
        else {
            return;
        };
        if !pane.head.open {
            return self.note("over");
        }
        let id = pane.id.clone();
        let text = pane.field.take();
        let writing = std::mem::take(&mut pane.writing);
        pane.chosen = None;
        pane.scroll = 0;
        let beyond = pane.after;
        match writing {
            Writing::Edit { id: message } => {
                let with = json!({ "conversation": id, "id": message, "text": text });
                self.ask(Tag::Done(None), "edit", with);
            }
            writing => {
                let reply = match writing {
                    Writing::Reply { id, .. } => Some(id),
                    _ => None,
                };
                let with = json!({ "conversation": id, "text": text, "reply": reply });
                self.ask(Tag::Sent(id), "send", with);
            }
        }
        if beyond {
            self.ask_newest();
        }
        self.ask_list();
    }

    /// Enter on a sheet: the choice one is at, or what was written.
    pub(super) fn enter(&mut self) {
        let Some(sheet) = &self.sheet else { return };
        if let Some(picking) = sheet.picking.clone() {
            return self.pick(picking);
        }
        if let Some(choice) = sheet.choice().cloned() {
            return self.act(&choice.deed);
        }
        let Some((field, purpose)) = sheet.field.clone() else {
            self.sheet = None;
            return;
        };
        let written = field.text().trim().to_owned();
        if written.is_empty() && !matches!(purpose, Purpose::JoinName(_)) {
            return;
        }
        match purpose {
            Purpose::Search => {}
            Purpose::AttachPath | Purpose::SavePath(_) => self.take_path(purpose, written),
            Purpose::JoinLink => self.asks("join-name", Purpose::JoinName(written), ""),
            Purpose::JoinName(link) => {
                self.finish(Tag::Joined, "join", json!({ "link": link, "name": written }));
            }
            Purpose::GroupTitle => {
                self.finish(Tag::People(Picking::Group(written)), "contacts", json!({}));
            }
            Purpose::Rename(contact) => {
                let with = json!({ "contact": contact, "name": written });
                self.finish(Tag::Done(Some("renamed")), "rename", with);
                self.ask_list();
            }
        }
    }

    fn pick(&mut self, picking: Picking) {
        let picked = self.sheet.as_ref().map(Sheet::picked).unwrap_or_default();
        if picked.is_empty() {
            return self.note("group-needs");
        }
        match picking {
            Picking::Group(title) => {
                let with = json!({ "title": title, "contacts": picked });
                self.finish(Tag::Grouped, "group-new", with);
            }
            Picking::Add(group) => {
                let with = json!({ "conversation": group, "contacts": picked });
                self.finish(Tag::Done(None), "group-add", with);
            }
        }
    }

    /// Another letter in a field: a search looks at once.
    pub(super) fn typed(&mut self) {
        let Some(sheet) = &mut self.sheet else { return };
        let Some((field, Purpose::Search)) = &sheet.field else { return };
        let words = field.text().trim().to_owned();
        sheet.choices.clear();
        sheet.at = 0;
        if words.is_empty() {
            return;
        }
        let with = json!({ "from": 0, "count": 8, "filter": words });
        self.ask(Tag::Titles(words.clone()), "list", with);
        self.ask(Tag::Found(words.clone()), "search", json!({ "words": words }));
    }

    fn searching(&mut self, words: &str) -> Option<&mut Sheet> {
        let sheet = self.sheet.as_mut()?;
        let (field, purpose) = sheet.field.as_ref()?;
        (*purpose == Purpose::Search && field.text().trim() == words).then_some(sheet)
    }

    /// Conversations of that name; they stand before the messages.
    pub(super) fn take_titles(&mut self, words: &str, value: &Value) {
        let lines = all(value, "lines", |line| {
            Some(Choice::new(text(line, "title"), Deed::Open(text(line, "id"), None)))
        });
        if let Some(sheet) = self.searching(words) {
            sheet.choices.splice(0..0, lines);
        }
    }

    pub(super) fn take_found(&mut self, words: &str, value: &Value) {
        let hits = all(value, "found", |one| Sheet::hit(&self.tongue, one));
        let count = hits.len().to_string();
        let said = self.tongue.tell("found-count", &[("count", &count)]);
        if let Some(sheet) = self.searching(words) {
            sheet.text = vec![said];
            sheet.choices.extend(hits);
        }
    }

    pub(super) fn take_people(&mut self, picking: Picking, value: &Value) {
        let there: Vec<String> = match (&picking, &self.pane) {
            (Picking::Add(_), Some(pane)) => {
                pane.head.members.iter().filter_map(|(_, contact)| contact.clone()).collect()
            }
            _ => Vec::new(),
        };
        let choices = all(value, "contacts", |one| {
            let id = text(one, "id");
            let fits = text(one, "standing") == "ready" && !there.contains(&id);
            fits.then(|| Choice {
                words: text(one, "name"),
                deed: Deed::Pick(id),
                picked: Some(false),
            })
        });
        let title = if matches!(picking, Picking::Add(_)) { "group-add" } else { "group-new" };
        if choices.is_empty() {
            return self.note("group-nobody");
        }
        let mut sheet = Sheet::of(self.tongue.word(title), choices);
        sheet.text.push(self.tongue.word("chat-pick"));
        sheet.picking = Some(picking);
        self.sheet = Some(sheet);
    }
}

/// What the keys do.
fn keys(tongue: &super::tongue::Tongue) -> Sheet {
    let lines = [
        ("F8, Ctrl+O", "hide-now"),
        ("F9, Ctrl+L", "lock-now"),
        ("F5, Ctrl+R", "sync-now"),
        ("F2, Ctrl+P", "menu"),
        ("Ctrl+F", "search"),
        ("Ctrl+N", "new"),
        ("Ctrl+G", "safety"),
        ("Alt+Up, Alt+Down", "keys-conversations"),
        ("Tab", "conversations"),
        ("Enter", "send"),
        ("Alt+Enter, Ctrl+J", "keys-line"),
        ("Up, Down", "keys-messages"),
        ("r", "reply"),
        ("e", "edit"),
        ("x", "chat-react"),
        ("d", "delete"),
        ("Ctrl+T", "attach"),
        ("f", "file-fetch"),
        ("p", "file-pause"),
        ("s", "file-save"),
        ("Esc", "back"),
        ("Ctrl+Q", "end"),
    ];
    let line = |(key, id): &(&str, &str)| format!("{key:<18}{}", tongue.word(id));
    Sheet { title: tongue.word("keys"), text: lines.iter().map(line).collect(), ..Sheet::default() }
}
