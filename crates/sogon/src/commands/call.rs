//! `sogon call` and `sogon answer`: a call with recordings in the place of a microphone and a
//! loudspeaker.

use std::{
    fs,
    path::Path,
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use sogon_call::{Mute, TICK_SAMPLES, wav};
use sogon_carry::Way;
use sogon_engine::{
    Act, Answer as Given, Event,
    view::{self, Kind as Entry},
};
use tokio::{sync::broadcast::Receiver, time::MissedTickBehavior};

use crate::{
    calling::{Calling, Came, TICK, Ticked, Which},
    cli::{Answer, Call, Sound},
    desk::{Desk, Woken},
    mode::Mode,
    people::Directory,
    trouble::{Kind, Trouble},
    unheard,
};

/// When the own recording is over and so long nothing was heard, the call is.
const QUIET_END: Duration = Duration::from_secs(2);
/// Above this somebody says something.
const LOUD: u16 = 400;
/// Entries looked at for one that rings.
const ENTRIES: usize = 64;

pub(super) async fn call(desk: &Desk, options: &Call) -> Result<(), Trouble> {
    let said = recording(options.sound.said.as_deref())?;
    let to = Directory::look(&desk.hand).await?.conversation(&options.to)?;
    let mut events = begin(desk).await?;
    let Given::Queued { message: call } = desk.hand.act(Act::Call { to }).await? else {
        return Err(Kind::Bug.into());
    };
    let which = Which { conversation: to, call };
    desk.console.remark(&desk.words.say("call-rings", &[])).await;
    let standing =
        until(desk, &mut events, options.ring.duration(), which, |its| its != "ringing").await;
    match standing {
        Ok(Some(standing)) if standing == "talking" => {
            talk(desk, which, &options.sound, said, &mut events).await
        }
        other => {
            desk.hand.act(Act::HangUp { conversation: to, call }).await?;
            // What was to be said is said all the same.
            let note = unheard::send_all(&desk.hand, which, &said).await?;
            go_out(desk, note.is_some()).await;
            other.and(Err(Kind::NotTaken.into()))
        }
    }
}

pub(super) async fn answer(desk: &Desk, options: &Answer) -> Result<(), Trouble> {
    let said = recording(options.sound.said.as_deref())?;
    let mut events = begin(desk).await?;
    let deadline = tokio::time::sleep(options.wait.duration());
    tokio::pin!(deadline);
    let which = loop {
        if let Some(which) = ringing(desk).await? {
            break which;
        }
        tokio::select! {
            woken = desk.woken(&mut events) => drop(woken?),
            () = &mut deadline => return Err(Kind::NoCall.into()),
        }
    };
    let Which { conversation, call } = which;
    desk.hand.act(Act::TakeCall { conversation, call }).await?;
    talk(desk, which, &options.sound, said, &mut events).await
}

/// Connected, so that it can ring.
async fn begin(desk: &Desk) -> Result<Receiver<Event>, Trouble> {
    if desk.hand.mode().await?.mode != Mode::Live {
        return Err(Kind::NotLive.into());
    }
    let events = desk.hand.events();
    desk.hand.live().await?;
    Ok(events)
}

/// The newest call that rings here.
async fn ringing(desk: &Desk) -> Result<Option<Which>, Trouble> {
    desk.hand
        .look(|vault| {
            let mut found = None;
            for conversation in view::conversations(vault)? {
                let entries = view::latest(vault, conversation.id, ENTRIES)?;
                let rings = |entry: &&view::Message| {
                    entry.kind == Entry::Call && entry.from.is_some() && entry.text == "ringing"
                };
                let newest = entries.iter().filter(rings).max_by_key(|entry| entry.order);
                let newest = newest.map(|entry| (entry.order, conversation.id, entry.id));
                found = found.max(newest);
            }
            Ok(found.map(|(_, conversation, call)| Which { conversation, call }))
        })
        .await
}

/// How the call stands, once it stands as wanted; [`None`] after too long.
async fn until(
    desk: &Desk,
    events: &mut Receiver<Event>,
    longest: Duration,
    which: Which,
    wanted: impl Fn(&str) -> bool,
) -> Result<Option<String>, Trouble> {
    let deadline = tokio::time::sleep(longest);
    tokio::pin!(deadline);
    loop {
        let standing = which.standing(&desk.hand).await?;
        if wanted(&standing) {
            return Ok(Some(standing));
        }
        tokio::select! {
            woken = desk.woken(events) => drop(woken?),
            () = &mut deadline => return Ok(None),
        }
    }
}

/// Speaks and listens until it is over; shows what came of it.
async fn talk(
    desk: &Desk,
    which: Which,
    sound: &Sound,
    said: Vec<i16>,
    events: &mut Receiver<Event>,
) -> Result<(), Trouble> {
    let mut calling = Calling::enter(desk.hand.clone(), which).await?;
    let mut heard = Vec::new();
    let ended = tokio::select! {
        ended = run(desk, &mut calling, sound, said, &mut heard, events) => ended,
        () = tokio::time::sleep(sound.limit.duration()) => Ok(()),
    };
    let seconds = calling.elapsed().as_secs_f64();
    let Which { conversation, call } = which;
    desk.hand.act(Act::HangUp { conversation, call }).await?;
    if let Some(path) = &sound.heard {
        write(path, &heard)?;
    }
    // Only where a line died: at an orderly end the last packets are on their way.
    let unheard = if ended.is_err() { calling.unheard() } else { Vec::new() };
    if let Some(path) = sound.unheard.as_ref().filter(|_| !unheard.is_empty()) {
        write(path, &unheard)?;
    }
    let figures = calling.figures();
    let note = calling.leave().await?.map(|note| note.to_string());
    go_out(desk, note.is_some()).await;
    let object = json!({
        "seconds": (seconds * 10.0).round() / 10.0,
        "packets_sent": figures.sent,
        "packets_received": figures.received,
        "concealed": figures.counts.concealed,
        "mended": figures.counts.mended,
        "bytes_up": figures.bytes_up,
        "bytes_down": figures.bytes_down,
        "lines": figures.lines,
        "way": name(figures.way),
        "packets_direct": figures.received_directly,
        "note": note,
    });
    show(desk, object, seconds, figures).await?;
    ended
}

/// A way's name, for programs, and in the words of the command.
fn name(way: Way) -> &'static str {
    match way {
        Way::Relay => "relay",
        Way::Direct => "direct",
    }
}

/// The end of a call goes out, and a note of what was not heard, where the relay answers.
async fn go_out(desk: &Desk, note: bool) {
    if note {
        desk.console.remark(&desk.words.say("call-note", &[])).await;
    }
    if desk.go_out().await.unreached.is_empty() && note {
        desk.haul().await;
    }
}

async fn run(
    desk: &Desk,
    calling: &mut Calling,
    sound: &Sound,
    said: Vec<i16>,
    heard: &mut Vec<i16>,
    events: &mut Receiver<Event>,
) -> Result<(), Trouble> {
    let mut ticks = tokio::time::interval(TICK);
    // What was missed is not caught up in a burst: no queue is built.
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let mut said = said.chunks(TICK_SAMPLES);
    let (mut over, mut loud, mut way) = (None, Instant::now(), Way::Relay);
    loop {
        tokio::select! {
            _ = ticks.tick() => {
                let mut samples = [0; TICK_SAMPLES];
                if calling.others() > 0 {
                    match said.next() {
                        Some(chunk) => {
                            samples.iter_mut().zip(chunk).for_each(|(to, from)| *to = *from);
                        }
                        None => drop(over.get_or_insert_with(Instant::now)),
                    }
                }
                if std::mem::replace(&mut way, calling.way()) != way {
                    desk.console.remark(&desk.words.say(&format!("call-now-{}", name(way)), &[])).await;
                }
                let sounds = match calling.tick(&samples).await? {
                    Ticked::Heard(sounds) => sounds,
                    Ticked::Outside => continue,
                    Ticked::Alone => return Ok(()),
                };
                if sounds.iter().any(|sample| sample.unsigned_abs() > LOUD) {
                    loud = Instant::now();
                }
                if calling.others() > 0 || !heard.is_empty() {
                    heard.extend(*sounds);
                }
                let quiet = over.is_some_and(|at: Instant| at.elapsed() > QUIET_END);
                if quiet && sound.said.is_some() && loud.elapsed() > QUIET_END {
                    return Ok(());
                }
            }
            // What is said meanwhile is said to nobody yet, and kept.
            stir = calling.stir() => match calling.heed(stir).await? {
                Came::In => {
                    if let Some(talk) = calling.talk() {
                        talk.mute(if sound.mute { Mute::On } else { Mute::Off });
                    }
                    desk.console.remark(&desk.words.say("call-begins", &[])).await;
                }
                Came::Again => desk.console.remark(&desk.words.say("call-again", &[])).await,
                Came::Nothing => {}
            },
            woken = desk.woken(events) => {
                let news = matches!(woken?, Woken::Missed | Woken::By(Event::Changed { .. }));
                if news && !calling.follow().await? {
                    return Ok(());
                }
            }
        }
    }
}

async fn show(
    desk: &Desk,
    object: Value,
    seconds: f64,
    figures: crate::calling::Figures,
) -> Result<(), Trouble> {
    let words = [
        ("seconds", format!("{seconds:.0}")),
        ("sent", figures.sent.to_string()),
        ("received", figures.received.to_string()),
        ("concealed", figures.counts.concealed.to_string()),
        ("way", desk.words.say(&format!("call-way-{}", name(figures.way)), &[])),
    ];
    let words: Vec<_> = words.iter().map(|(name, value)| (*name, value.as_str())).collect();
    desk.console.result(object, || desk.words.say("call-over", &words)).await
}

fn recording(path: Option<&Path>) -> Result<Vec<i16>, Trouble> {
    let Some(path) = path else { return Ok(Vec::new()) };
    let large = |path: &Path| {
        fs::metadata(path).map_or(true, |about| about.len() > wav::FILE_BYTES_MAX as u64)
    };
    if large(path) {
        return Err(not_a_recording(path));
    }
    let file = fs::read(path).map_err(|_| not_a_recording(path))?;
    wav::read(&file).map_err(|_| not_a_recording(path))
}

fn write(path: &Path, samples: &[i16]) -> Result<(), Trouble> {
    let file = wav::write(samples).map_err(|_| not_a_recording(path))?;
    fs::write(path, file).map_err(|_| not_a_recording(path))
}

fn not_a_recording(path: &Path) -> Trouble {
    Trouble::of(Kind::Recording, &[("file", &path.display().to_string())])
}
