//! Inside, while the home is locked: nothing of it is in this process, and only whoever brings the
//! passphrase gets further.

use std::{io, time::Instant};

use clap::Parser;
use tokio::{io::AsyncWriteExt, net::UnixStream};

use super::{
    frame::{self, Request, Word},
    host::{Door, PATIENCE, is_ours},
};
use crate::{
    cli::{Cli, Command},
    console::{self, Form, Said},
    home::{Home, Opened},
    resident::{Ring, Rings},
    tray::Waiting,
    tries::Tries,
    trouble::{Kind, Trouble},
    words::{Language, Words},
};

/// How a locked home was left.
pub(crate) enum Left {
    /// Somebody brought the passphrase.
    Unlocked(Box<Opened>),
    /// Everything was overwritten.
    Wiped,
}

impl Door {
    /// Takes guests one after the other until one unlocks the home, or wipes it.
    pub(crate) async fn guard(
        &self,
        home: &Home,
        tries: &mut Tries,
        waiting: Option<&Waiting>,
        rings: Option<&mut Rings>,
    ) -> Left {
        let mut rings = rings;
        loop {
            let stream = tokio::select! {
                stream = self.next() => stream,
                Some(ring) = rung(rings.as_deref_mut()) => {
                    match try_ring(ring, home, tries, waiting) {
                        Some(opened) => return Left::Unlocked(Box::new(opened)),
                        None => continue,
                    }
                }
            };
            let Ok(stream) = stream else { continue };
            if let Some(left) = answer(stream, home, tries, waiting).await {
                return left;
            }
        }
    }
}

/// The next passphrase that is typed into the page, where there is one.
async fn rung(rings: Option<&mut Rings>) -> Option<Ring> {
    match rings {
        Some(rings) => rings.recv().await,
        None => std::future::pending().await,
    }
}

/// As a guest that brings the passphrase.
fn try_ring(
    ring: Ring,
    home: &Home,
    tries: &mut Tries,
    waiting: Option<&Waiting>,
) -> Option<Opened> {
    if let Some(waiting) = waiting {
        waiting.release();
    }
    let opened = home.key(&ring.passphrase).and_then(|key| tries.open(home, key, Instant::now()));
    if let (Some(waiting), Err(_)) = (waiting, &opened) {
        waiting.take(home);
    }
    let (opened, said) = match opened {
        Ok(opened) => (Some(opened), Ok(())),
        Err(trouble) => (None, Err(trouble)),
    };
    // A page that went away has nobody to be told.
    let _ = ring.reply.send(said);
    opened
}

async fn answer(
    mut stream: UnixStream,
    home: &Home,
    tries: &mut Tries,
    waiting: Option<&Waiting>,
) -> Option<Left> {
    if !is_ours(&stream) {
        return None;
    }
    let heard = tokio::time::timeout(PATIENCE, frame::read(&mut stream)).await;
    let request = Request::of(&heard.ok()?.ok()?)?;
    let name = std::iter::once("sogon".to_owned());
    let parsed = Cli::try_parse_from(name.chain(request.args.iter().cloned())).ok();
    let cli = parsed.filter(|_| request.version == env!("CARGO_PKG_VERSION"));
    let Some(cli) = cli else {
        let _ = frame::write(&mut stream, &Word::OtherVersion.to_json()).await;
        return None;
    };
    let words = Words::new(Language::of(&request.language));
    let form = if cli.common.json { Form::Json } else { Form::People };
    // The tray holds the file.
    if let Some(waiting) = waiting {
        waiting.release();
    }
    let (left, done) = match &cli.command {
        Command::Unlock(_) => match unlock(home, request.input, tries) {
            Ok(opened) => (Some(Left::Unlocked(Box::new(opened))), Ok("unlocked")),
            Err(trouble) => (None, Err(trouble)),
        },
        Command::Lock(_) => (None, Ok("locked")),
        Command::Wipe(wipe) if wipe.all => match home.wipe_all() {
            Ok(()) => (Some(Left::Wiped), Ok("wiped")),
            Err(trouble) => (None, Err(trouble)),
        },
        _ => (None, Err(Kind::LockedMeanwhile.into())),
    };
    if let (Some(waiting), None) = (waiting, &left) {
        waiting.take(home);
    }
    // Whoever went away has nobody to be told; what was done is done.
    let _ = say(&mut stream, done, form, &words).await;
    let _ = stream.shutdown().await;
    left
}

fn unlock(home: &Home, input: Option<String>, tries: &mut Tries) -> Result<Opened, Trouble> {
    let passphrase = home.key(&input.unwrap_or_default())?;
    tries.open(home, passphrase, Instant::now())
}

async fn say(
    stream: &mut UnixStream,
    done: Result<&str, Trouble>,
    form: Form,
    words: &Words,
) -> io::Result<()> {
    frame::write(stream, &Word::Taken.to_json()).await?;
    let (said, code) = match done {
        Ok(state) => (Said::Out(console::state(state, form, words)), 0),
        Err(trouble) => {
            (Said::Err(format!("sogon: {}\n", trouble.sentence(words))), trouble.code())
        }
    };
    frame::write(stream, &Word::Said(said).to_json()).await?;
    frame::write(stream, &Word::Exit(code).to_json()).await
}
