//! Where a command's output goes: the streams of this process, or those of a guest at the door.

use std::io::{self, IsTerminal, Write};

use serde_json::{Value, json};
use tokio::sync::mpsc;

use crate::{
    plain,
    trouble::{Kind, Trouble},
    words::Words,
};

/// A piece of output on its way to a guest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Said {
    /// For standard output.
    Out(String),
    /// For standard error.
    Err(String),
}

#[derive(Clone, Debug)]
enum Sink {
    Own,
    Guest(mpsc::Sender<Said>),
}

/// The form of output that was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// Words for people.
    People,
    /// JSON for programs.
    Json,
}

/// What a command made of the home, as a whole line: `{"state"}`, or the words for it.
pub(crate) fn state(state: &str, form: Form, words: &Words) -> String {
    match form {
        Form::Json => format!("{}\n", json!({ "state": state })),
        Form::People => format!("{}\n", words.say(&format!("home-{state}"), &[])),
    }
}

/// Both output streams of one command.
#[derive(Clone, Debug)]
pub(crate) struct Console {
    sink: Sink,
    form: Form,
}

impl Console {
    /// The streams of this process.
    pub(crate) fn own(form: Form) -> Self {
        Self { sink: Sink::Own, form }
    }

    /// The streams of the process at the other end of `to`.
    pub(crate) fn guest(to: mpsc::Sender<Said>, form: Form) -> Self {
        Self { sink: Sink::Guest(to), form }
    }

    /// The streams are those of this process, and a person sits before them.
    pub(crate) fn is_a_terminal_of_ours(&self) -> bool {
        let own = matches!(self.sink, Sink::Own);
        own && self.form == Form::People && io::stdout().is_terminal()
    }

    /// The streams are those of another process.
    pub(crate) fn is_a_guest(&self) -> bool {
        matches!(self.sink, Sink::Guest(_))
    }

    pub(crate) fn form(&self) -> Form {
        self.form
    }

    /// The result of the command: an object for programs, or words for people.
    ///
    /// # Errors
    /// [`Kind::OutputGone`] when nobody reads any more.
    pub(crate) async fn result(
        &self,
        json: Value,
        words: impl FnOnce() -> String,
    ) -> Result<(), Trouble> {
        let text = match self.form {
            Form::Json => plain::json(&json.to_string()),
            Form::People => words(),
        };
        self.put(Said::Out(format!("{text}\n"))).await
    }

    /// What a command made of the home: `{"state"}`.
    ///
    /// # Errors
    /// [`Kind::OutputGone`] when nobody reads any more.
    pub(crate) async fn state(&self, state: &str, words: &Words) -> Result<(), Trouble> {
        self.put(Said::Out(self::state(state, self.form, words))).await
    }

    /// Words on standard output that programs do not get.
    ///
    /// # Errors
    /// [`Kind::OutputGone`] when nobody reads any more.
    pub(crate) async fn people(&self, text: &str) -> Result<(), Trouble> {
        match self.form {
            Form::People => self.put(Said::Out(format!("{text}\n"))).await,
            Form::Json => Ok(()),
        }
    }

    /// Bytes as they are, for scripts and manuals.
    ///
    /// # Errors
    /// [`Kind::OutputGone`] when nobody reads any more.
    pub(crate) async fn raw(&self, text: String) -> Result<(), Trouble> {
        self.put(Said::Out(text)).await
    }

    /// A remark for people, on standard error. Nobody is left to be told when that is gone.
    pub(crate) async fn remark(&self, text: &str) {
        let _ = self.put(Said::Err(format!("{text}\n"))).await;
    }

    async fn put(&self, said: Said) -> Result<(), Trouble> {
        match &self.sink {
            Sink::Own => write(&said).map_err(|_| Kind::OutputGone.into()),
            Sink::Guest(to) => to.send(said).await.map_err(|_| Kind::OutputGone.into()),
        }
    }
}

/// Writes a piece of output to the streams of this process.
///
/// # Errors
/// What the operating system says.
pub(crate) fn write(said: &Said) -> io::Result<()> {
    match said {
        Said::Out(text) => {
            let mut out = io::stdout().lock();
            out.write_all(text.as_bytes())?;
            out.flush()
        }
        Said::Err(text) => io::stderr().lock().write_all(text.as_bytes()),
    }
}

/// Somebody sits at the keyboard.
pub(crate) fn somebody_types() -> bool {
    io::stdin().is_terminal()
}
