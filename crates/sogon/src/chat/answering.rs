//! The home's end of the line to a terminal: questions are those of the page, and so are changes.

use std::{cell::Cell, io, rc::Rc, time::Instant};

use sogon_app::Line;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    sync::{mpsc, watch},
    task::JoinSet,
};

use super::asking::{BYTES_MAX, Heard, Question};
use crate::{
    door::frame,
    hand::Hand,
    resident::Resident,
    trouble::{Kind, Trouble},
};

/// Questions that are worked on at one time; a burst on a bad link must not hold up the others.
const AT_ONCE_MAX: usize = 16;
/// Answers on their way.
const ON_THE_WAY_MAX: usize = 64;

/// Answers until the terminal goes, or the home does.
///
/// # Errors
/// [`Kind::HostEnded`], or why the home cannot go on.
pub(crate) async fn answer(
    hand: &Hand,
    busy: &Rc<Cell<Instant>>,
    mut ending: watch::Receiver<bool>,
    from: &mut (impl AsyncRead + Unpin),
    to: &mut (impl AsyncWrite + Unpin),
) -> Result<(), Trouble> {
    let line = Rc::new(Line::new(Resident::new(hand.clone(), Rc::clone(busy))));
    hand.live().await?;
    let (answers, mut answered) = mpsc::channel(ON_THE_WAY_MAX);
    let speaking = async {
        say(to, &Heard::Open).await?;
        while let Some(heard) = answered.recv().await {
            say(to, &heard).await?;
        }
        Ok::<_, io::Error>(())
    };
    let hearing = async {
        let mut working = JoinSet::new();
        while let Some(Question { number, name, with }) = read_next(from, &mut working).await {
            let (line, answers) = (Rc::clone(&line), answers.clone());
            working.spawn_local(async move {
                let done = line.ask(&name, &with).await.map_err(Into::into);
                let _ = answers.send(Heard::Answer(number, done)).await;
            });
        }
    };
    let telling = async {
        let mut told = line.listen();
        while let Some(all) = line.told(&mut told).await {
            for one in all {
                if answers.send(Heard::Told(one)).await.is_err() {
                    return;
                }
            }
        }
    };
    tokio::select! {
        // The terminal went.
        () = hearing => Ok(()),
        _ = speaking => Ok(()),
        () = telling => Err(Kind::LockedMeanwhile.into()),
        trouble = hand.fault() => Err(trouble),
        _ = ending.wait_for(|ending| *ending) => Err(Kind::HostEnded.into()),
    }
}

/// The next question, as soon as there is room to work on it.
async fn read_next(
    from: &mut (impl AsyncRead + Unpin),
    working: &mut JoinSet<()>,
) -> Option<Question> {
    while working.try_join_next().is_some() {}
    while working.len() >= AT_ONCE_MAX {
        working.join_next().await;
    }
    let mut value = frame::read(from).await.ok()?;
    Question::of(&mut value)
}

async fn say(to: &mut (impl AsyncWrite + Unpin), heard: &Heard) -> io::Result<()> {
    frame::write_up_to(to, &heard.to_json(), BYTES_MAX).await
}

/// Says why the home goes, and the exit code for it.
///
/// # Errors
/// When the terminal went first.
pub(crate) async fn farewell(
    to: &mut (impl AsyncWrite + Unpin),
    why: &str,
    code: u8,
) -> io::Result<()> {
    say(to, &Heard::End(Some(why.to_owned()), code)).await
}
