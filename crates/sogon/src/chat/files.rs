//! Files on a terminal: shown as lines, fetched by a key, sent from a path and saved to one.

use serde_json::{Value, json};

use super::{
    letters,
    sheet::{Choice, Deed, Purpose, Sheet},
    shown::{self, all, text, yes},
    state::{Chat, Tag},
    tongue::Tongue,
};
use crate::commands::size;

/// A file, as far as it is shown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct File {
    pub(crate) name: String,
    pub(crate) kind: String,
    pub(crate) bytes: u64,
    pub(crate) done: u64,
    pub(crate) stage: String,
    pub(crate) here: bool,
    pub(crate) voice_ms: Option<u64>,
    pub(crate) no_saving: bool,
    pub(crate) program: String,
    /// Who signed it, as the home says it.
    pub(crate) signer: Value,
}

impl File {
    pub(super) fn of(value: &Value) -> Option<Self> {
        let file = value.get("file").filter(|file| file.is_object())?;
        let number = |name: &str| file.get(name).and_then(Value::as_u64);
        Some(Self {
            name: text(file, "name"),
            kind: text(file, "kind"),
            bytes: number("bytes").unwrap_or_default(),
            done: number("done").unwrap_or_default(),
            stage: text(file, "stage"),
            here: yes(file, "here"),
            voice_ms: number("voice_ms"),
            no_saving: yes(file, "no_saving"),
            program: text(file, "program"),
            signer: file.get("signer").cloned().unwrap_or_default(),
        })
    }

    /// What it is and how far it is, in lines.
    pub(super) fn lines(&self, tongue: &Tongue) -> Vec<String> {
        let kind = if self.program.is_empty() { self.kind.as_str() } else { "other" };
        let what = tongue.word(&format!("kind-of-{kind}"));
        let length = self.voice_ms.map(|ms| ms.div_ceil(1_000).to_string());
        let length = length.map(|count| tongue.tell("span-seconds", &[("count", &count)]));
        let moving = matches!(self.stage.as_str(), "fetching" | "sending");
        let share = if moving { format!("{} / ", size(self.done)) } else { String::new() };
        let stage = tongue.word(&format!("file-{}", self.stage));
        let size = format!("{share}{}", size(self.bytes));
        let parts = [length, Some(size), Some(stage)];
        let about = parts.into_iter().flatten().collect::<Vec<_>>().join(", ");
        let mut lines = match self.name.as_str() {
            "" => vec![format!("[{what}] {about}")],
            name => vec![format!("[{what}] {}", letters::isolated(name)), about],
        };
        if !self.program.is_empty() {
            let program = tongue.word(&format!("program-{}", self.program));
            lines.push(tongue.tell("file-program", &[("what", &program)]));
            if self.signer.is_object() {
                lines.push(signed(tongue, &self.signer));
            }
        }
        if self.no_saving {
            lines.push(tongue.word("file-no-saving"));
        }
        lines
    }
}

impl Chat {
    /// Deeds that concern the file of the message that is chosen, or one to be sent.
    pub(super) fn act_on_file(&mut self, deed: &Deed, conversation: &str) {
        match deed {
            Deed::Attach => {
                let what = self.tongue.word("chat-path");
                return self.asks_for("attach", Purpose::AttachPath, what);
            }
            Deed::SendFile { parcel, form } => {
                let with = json!({ "parcel": parcel, "form": form });
                self.note("parcel-taking-in");
                self.sheet = None;
                return self.ask(Tag::Sent(conversation.to_owned()), "file-send", with);
            }
            Deed::SaveAnyway { id, path } => {
                let with = json!({
                    "conversation": conversation, "id": id, "path": path, "allow": true
                });
                self.sheet = None;
                let tag = Tag::SavedAs { id: id.clone(), path: path.clone() };
                return self.ask(tag, "path-save", with);
            }
            _ => {}
        }
        let Some(message) = self.chosen().cloned() else { return };
        let Some(file) = &message.file else { return };
        let with = json!({ "conversation": conversation, "id": message.id });
        match deed {
            Deed::Fetch => self.ask(Tag::Done(None), "file-move", with),
            Deed::PauseFile => self.ask(Tag::Done(None), "file-pause", with),
            Deed::SaveFile if file.no_saving => self.note("refused-no-saving"),
            Deed::SaveFile if !file.here => self.note("refused-not-here"),
            Deed::SaveFile => {
                let what = self.tongue.word("chat-save-path");
                self.asks_for("file-save", Purpose::SavePath(message.id), what);
            }
            _ => {}
        }
    }

    fn asks_for(&mut self, title: &str, purpose: Purpose, what: String) {
        let sheet = Sheet::asks(self.tongue.word(title), purpose, "");
        self.sheet = Some(sheet.saying(what));
    }

    /// A path was written.
    pub(super) fn take_path(&mut self, purpose: Purpose, path: String) {
        let Some(conversation) = self.pane.as_ref().map(|pane| pane.id.clone()) else { return };
        self.sheet = None;
        match purpose {
            Purpose::AttachPath => {
                let with = json!({ "conversation": conversation, "path": path });
                self.ask(Tag::Attached, "path-begin", with);
            }
            Purpose::SavePath(id) => {
                let with = json!({ "conversation": conversation, "id": id, "path": path });
                self.ask(Tag::SavedAs { id, path }, "path-save", with);
            }
            _ => {}
        }
    }

    /// A file is at hand: it is looked at before anybody is asked.
    pub(super) fn take_attached(&mut self, value: &Value) {
        let parcel = text(value, "parcel");
        let with = json!({ "parcel": parcel, "language": self.tongue.tag() });
        self.note("parcel-cleaning");
        self.ask(Tag::Looked { parcel, file: text(value, "file") }, "file-look", with);
    }

    /// What cleaning takes off, and the choice.
    pub(super) fn take_looked(&mut self, parcel: &str, file: &str, value: &Value) {
        let tongue = &self.tongue;
        let deed = |form| Deed::SendFile { parcel: parcel.to_owned(), form };
        let choice = |id: &str, form| Choice::new(tongue.word(id), deed(form));
        let sized = |id: &str, bytes, form| {
            Choice::new(tongue.tell(id, &[("size", &size(bytes))]), deed(form))
        };
        let mut sheet = Sheet { title: tongue.word("parcel-title"), ..Sheet::default() };
        sheet.text.push(file.to_owned());
        match (value.get("clean"), value.get("not")) {
            (Some(clean), _) => {
                let mut gone = all(clean, "gone", |one| Some(text(one, "words")));
                gone.dedup();
                let said = if gone.is_empty() { "parcel-nothing" } else { "parcel-gone" };
                sheet.text.push(format!("{} {}", tongue.word(said), gone.join(", ")));
                let name = text(clean, "name");
                sheet.text.push(tongue.tell("parcel-name", &[("name", &name)]));
                let bytes = clean.get("bytes").and_then(Value::as_u64).unwrap_or_default();
                sheet.choices = match clean.get("fitted").and_then(Value::as_u64) {
                    Some(fitted) => vec![
                        sized("parcel-fitted", fitted, "fitted"),
                        sized("parcel-original", bytes, "clean"),
                    ],
                    None => {
                        sheet.text.push(size(bytes));
                        vec![choice("parcel-clean", "clean")]
                    }
                };
                sheet.choices.push(choice("parcel-as-it-is", "as-it-is"));
            }
            (None, not) => {
                let not = not.unwrap_or(&Value::Null);
                let why = format!("unclean-{}", text(not, "why"));
                let known = tongue.knows(&why);
                let args = [("name", text(not, "name")), ("instead", text(not, "instead"))];
                let args: Vec<_> = args.iter().map(|(key, its)| (*key, its.as_str())).collect();
                sheet.text.push(tongue.tell(if known { &why } else { "unclean-other" }, &args));
                sheet.choices = vec![choice("parcel-as-it-is-anyway", "as-it-is")];
            }
        }
        self.foot.note = None;
        self.sheet = Some(sheet);
    }

    /// It is written, or held back for what it is.
    pub(super) fn take_saved(&mut self, id: String, path: String, value: &Value) {
        let held = text(value, "held");
        if held.is_empty() {
            let words = self.tongue.tell("chat-saved", &[("path", &text(value, "path"))]);
            self.foot.note = Some((words, false));
            return;
        }
        let what = self.tongue.word(&format!("program-{held}"));
        let deed = Deed::SaveAnyway { id, path };
        let anyway = Choice::new(self.tongue.word("file-save-anyway"), deed);
        let sheet = Sheet::of(self.tongue.word("file-held"), vec![anyway])
            .saying(self.tongue.tell("file-program", &[("what", &what)]))
            .saying(signed(&self.tongue, value.get("signer").unwrap_or(&Value::Null)))
            .saying(self.tongue.word("file-held-what"));
        self.sheet = Some(sheet);
    }
}

/// Who signed a program, in a sentence; the name is the signer's own.
fn signed(tongue: &Tongue, signer: &Value) -> String {
    let said = Some(text(signer, "said")).filter(|said| !said.is_empty());
    let said = said.unwrap_or_else(|| "unasked".to_owned());
    let name = Some(text(signer, "name")).filter(|name| !name.is_empty());
    let name = name.unwrap_or_else(|| "?".to_owned());
    let certificate: String = text(signer, "certificate").chars().take(16).collect();
    let args = [("name", name.as_str()), ("certificate", certificate.as_str())];
    tongue.tell(&format!("program-signed-{said}"), &args)
}

/// The last words of a conversation, when they are a file.
pub(super) fn last(tongue: &Tongue, value: &shown::Last) -> Option<String> {
    match (value.kind.as_str(), value.voice) {
        ("file", true) => Some(tongue.word("file-voice")),
        ("file", false) => Some(format!("{}: {}", tongue.word("file-file"), value.text)),
        _ => None,
    }
}
