//! Outside: a second `sogon` hands in its command and passes on what it hears.

use tokio::net::UnixStream;

use super::{
    frame::{self, Request, Word},
    place,
};
use crate::{
    console,
    home::Home,
    trouble::{Kind, Trouble},
};

/// What came of knocking.
#[derive(Debug)]
pub(crate) enum Knock {
    /// Nobody is there, or they left before they took the command.
    Nobody,
    /// Somebody is there, for a short while only.
    Later,
    /// The line of a terminal.
    Line(UnixStream),
    /// The command was carried out, with this exit code.
    Done(u8),
}

/// Hands a command to the process that has the home open, if there is one.
///
/// # Errors
/// [`Kind::OtherVersion`]; [`Kind::HostEnded`] when it went away in the middle;
/// [`Kind::OutputGone`].
pub(crate) async fn knock(home: &Home, request: &Request) -> Result<Knock, Trouble> {
    for place in place::places(home) {
        let Ok(stream) = UnixStream::connect(&place).await else { continue };
        // Somebody else's socket would see what is sent: it must be our own user's.
        let ours = rustix::process::geteuid().as_raw();
        if !stream.peer_cred().is_ok_and(|peer| peer.uid() == ours) {
            continue;
        }
        return talk(stream, request).await;
    }
    Ok(Knock::Nobody)
}

async fn talk(mut stream: UnixStream, request: &Request) -> Result<Knock, Trouble> {
    if frame::write(&mut stream, &request.to_json()).await.is_err() {
        return Ok(Knock::Nobody);
    }
    let mut taken = false;
    loop {
        let word = frame::read(&mut stream).await.ok().and_then(|value| Word::of(&value));
        match word {
            Some(Word::Taken) => taken = true,
            Some(Word::Line) => return Ok(Knock::Line(stream)),
            Some(Word::Later) => return Ok(Knock::Later),
            Some(Word::OtherVersion) => return Err(Kind::OtherVersion.into()),
            Some(Word::Said(said)) => {
                console::write(&said).map_err(|_| Kind::OutputGone)?;
            }
            Some(Word::Exit(code)) => return Ok(Knock::Done(code)),
            None if taken => return Err(Kind::HostEnded.into()),
            None => return Ok(Knock::Nobody),
        }
    }
}
