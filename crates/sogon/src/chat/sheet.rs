//! What lies over everything else until it is put away: choices, a line to be written, a text, a code.

use serde_json::Value;

use super::{
    field::Field,
    letters,
    shown::{all, text, yes},
    state::Picking,
    tongue::Tongue,
};

/// Something that can be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Deed {
    Sync,
    Pace(&'static str),
    Paces,
    Begin,
    Invite {
        many: bool,
    },
    Invitations,
    Join,
    NewGroup,
    Search,
    Safety,
    MarkVerified(String),
    Rename(String),
    Block(String),
    SureToBlock(String),
    Members,
    AddMembers,
    Removals,
    Remove(String),
    Leave,
    SureToLeave,
    Timers,
    Timer(Option<u64>),
    Alerts,
    Keys,
    Hide,
    Lock,
    Quit,
    Open(String, Option<String>),
    /// Picks somebody, or takes that back.
    Pick(String),
    React(String),
    Reply,
    Edit,
    Faces,
    Deletions,
    /// Asks for the path of a file to be sent.
    Attach,
    SendFile {
        parcel: String,
        /// `fitted`, `clean` or `as-it-is`.
        form: &'static str,
    },
    Fetch,
    PauseFile,
    /// Asks for a path to write a file to.
    SaveFile,
    SaveAnyway {
        id: String,
        path: String,
    },
    Delete {
        everywhere: bool,
    },
}

/// What a line that is written is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    Search,
    JoinLink,
    JoinName(String),
    GroupTitle,
    Rename(String),
    AttachPath,
    /// Where the file of this message goes.
    SavePath(String),
}

/// One of several.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Choice {
    pub(crate) words: String,
    pub(crate) deed: Deed,
    /// Whether it is picked, where several can be.
    pub(crate) picked: Option<bool>,
}

impl Choice {
    pub(crate) fn new(words: impl Into<String>, deed: Deed) -> Self {
        Self { words: words.into(), deed, picked: None }
    }
}

/// Dark and light squares, a row at a time.
pub(crate) type Squares = Vec<Vec<bool>>;

/// A sheet.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sheet {
    pub(crate) title: String,
    pub(crate) text: Vec<String>,
    pub(crate) field: Option<(Field, Purpose)>,
    pub(crate) choices: Vec<Choice>,
    /// The choice one is at.
    pub(crate) at: usize,
    pub(crate) picking: Option<Picking>,
    pub(crate) code: Squares,
    /// Rows above the screen.
    pub(crate) scroll: usize,
    /// Rows there are above what fits, when it was last drawn.
    pub(crate) scroll_max: usize,
}

impl Sheet {
    pub(crate) fn of(title: String, choices: Vec<Choice>) -> Self {
        Self { title, choices, ..Self::default() }
    }

    pub(crate) fn asks(title: String, purpose: Purpose, begun: &str) -> Self {
        Self { title, field: Some((Field::new(begun), purpose)), ..Self::default() }
    }

    pub(crate) fn saying(mut self, text: String) -> Self {
        self.text.push(text);
        self
    }

    /// A link, and its code for a camera.
    pub(super) fn code(tongue: &Tongue, title: &str, value: &Value) -> Self {
        Self {
            title: tongue.word(title),
            text: vec![text(value, "link"), tongue.word("invite-careful")],
            code: squares(value),
            ..Self::default()
        }
    }

    /// The safety number of somebody: words, digits, code.
    pub(super) fn safety(tongue: &Tongue, value: &Value) -> Self {
        let name = text(value, "name");
        let digits = text(value, "digits");
        let mut sheet = Self { title: tongue.word("safety"), ..Self::default() };
        if digits.is_empty() {
            return sheet.saying(tongue.word("safety-none"));
        }
        let digits: Vec<char> = digits.chars().collect();
        let groups: Vec<String> = digits.chunks(5).map(|group| group.iter().collect()).collect();
        let lines: Vec<String> = groups.chunks(4).map(|line| line.join(" ")).collect();
        let words: Vec<String> = all(value, "words", |word| word.as_str().map(str::to_owned));
        let verified = if yes(value, "verified") { "verified" } else { "unverified" };
        sheet.text = vec![format!("{name}: {}", tongue.word(verified)), String::new()];
        sheet.text.push(tongue.tell("safety-what", &[("name", &name)]));
        sheet.text.push(String::new());
        sheet.text.extend(lines);
        sheet.text.push(String::new());
        sheet.text.push(words.join("  "));
        sheet.code = squares(value);
        if !yes(value, "verified") {
            let deed = Deed::MarkVerified(text(value, "id"));
            sheet.choices.push(Choice::new(tongue.word("verify"), deed));
        }
        sheet
    }

    /// The owner's log.
    pub(super) fn alerts(tongue: &Tongue, value: &Value) -> Self {
        let mut sheet = Self { title: tongue.word("alerts"), ..Self::default() };
        sheet.text.push(tongue.word("alerts-what"));
        let whole = if yes(value, "whole") { "alerts-whole" } else { "alerts-broken" };
        sheet.text.push(tongue.word(whole));
        sheet.text.push(String::new());
        let lines = all(value, "alerts", |one| {
            let at = one.get("at").and_then(Value::as_u64)?;
            let (kind, detail) = (text(one, "kind"), text(one, "detail"));
            let what = tongue.word(&format!("alert-{kind}"));
            let detail = crate::footprints::of_kind(&kind, detail);
            Some(format!("{}  {what} {detail}", crate::moment::local(at)))
        });
        if lines.is_empty() {
            sheet.text.push(tongue.word("alerts-none"));
        }
        sheet.text.extend(lines);
        sheet
    }

    /// The choice one is at.
    pub(crate) fn choice(&self) -> Option<&Choice> {
        self.choices.get(self.at)
    }

    /// To another choice, or through a text.
    pub(super) fn step(&mut self, by: isize) {
        if self.choices.is_empty() {
            self.scroll = self.scroll.saturating_add_signed(by).min(self.scroll_max);
        } else {
            let last = self.choices.len().saturating_sub(1);
            self.at = self.at.saturating_add_signed(by).min(last);
        }
    }

    /// Those who are picked.
    pub(super) fn picked(&self) -> Vec<String> {
        let picked = self.choices.iter().filter(|choice| choice.picked == Some(true));
        let ids = picked.filter_map(|choice| match &choice.deed {
            Deed::Pick(id) => Some(id.clone()),
            _ => None,
        });
        ids.collect()
    }

    /// A hit of a search in one line.
    pub(super) fn hit(tongue: &Tongue, one: &Value) -> Option<Choice> {
        let (title, from) = (text(one, "title"), one.get("from").and_then(Value::as_str));
        let you = tongue.word("you");
        let who = from.unwrap_or(&you);
        let who = if who == title { title } else { format!("{title} / {who}") };
        let words: String = text(one, "text").split_whitespace().collect::<Vec<_>>().join(" ");
        let line = format!("{}: {words}", letters::fit(&who, 24));
        let deed = Deed::Open(text(one, "conversation"), Some(text(one, "id")));
        Some(Choice::new(line, deed))
    }
}

fn squares(value: &Value) -> Squares {
    let Some(code) = value.get("qr") else { return Vec::new() };
    all(code, "rows", |row| Some(row.as_str()?.chars().map(|c| c == '1').collect()))
}
