//! `sogon call` and `sogon answer`: a call with recordings in the place of a microphone and a
//! loudspeaker.

use std::{
    fs,
    path::Path,
    time::{Duration, Instant},
};

use serde_json::json;
use sogon_call::{CallSecret, Line, Mute, Shape, TICK_SAMPLES, Talk, wav};
use sogon_carry::{CallLine, Reading, Word};
use sogon_engine::{
    Act, Answer as Given, CallKeys, ConversationId, Entropy, Event, MessageId,
    view::{self, Kind as Entry},
};
use tokio::{sync::broadcast::Receiver, time::MissedTickBehavior};

use crate::{
    cli::{Answer, Call, Sound},
    desk::{Desk, Woken},
    entropy::System,
    mode::Mode,
    people::Directory,
    trouble::{Kind, Trouble},
};

/// Samples come and go so often.
const TICK: Duration = Duration::from_millis(20);
/// When the own recording is over and so long nothing was heard, the call is.
const QUIET_END: Duration = Duration::from_secs(2);
/// Above this somebody says something.
const LOUD: u16 = 400;
/// Nobody was heard for so long: they are gone.
const SILENT_MAX_MS: i64 = 15_000;
/// So long others may take to come in.
const EMPTY_MAX: Duration = Duration::from_secs(60);
/// Lines made anew in one call, and the rest between.
const LINES_MAX: u32 = 200;
const REST: Duration = Duration::from_millis(500);
/// Entries looked at for one that rings.
const ENTRIES: usize = 64;

/// One call.
#[derive(Clone, Copy, Debug)]
struct Which {
    conversation: ConversationId,
    call: MessageId,
}

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
            desk.go_out().await;
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
        let standing = standing(desk, which).await?;
        if wanted(&standing) {
            return Ok(Some(standing));
        }
        tokio::select! {
            woken = desk.woken(events) => drop(woken?),
            () = &mut deadline => return Ok(None),
        }
    }
}

async fn standing(desk: &Desk, Which { conversation, call }: Which) -> Result<String, Trouble> {
    let entry = desk.hand.message(conversation, call).await?;
    Ok(entry.map(|entry| entry.text).unwrap_or_default())
}

/// One side of a call that was taken.
struct Side<'a> {
    desk: &'a Desk,
    which: Which,
    keys: CallKeys,
    line: CallLine,
    lines: u32,
    /// The room is entered.
    inside: bool,
    /// When another line is made in the place of one that was lost.
    again: Option<Instant>,
    /// It is a group's call.
    group: bool,
    /// What lines before this one cost.
    spent: Reading,
    talk: Option<Talk>,
    begun: Instant,
    sent: u64,
    received: u64,
}

/// Speaks and listens until it is over; shows what came of it.
async fn talk(
    desk: &Desk,
    which: Which,
    sound: &Sound,
    said: Vec<i16>,
    events: &mut Receiver<Event>,
) -> Result<(), Trouble> {
    let (relay, keys) = desk.hand.call_keys(which.conversation, which.call).await?;
    let line = desk.hand.line(relay, keys.pass).await?;
    let known = desk.hand.look(move |vault| view::conversation(vault, which.conversation)).await?;
    let group = known.is_some_and(|conversation| conversation.group);
    let (spent, begun) = (Reading::default(), Instant::now());
    let mut side = Side {
        desk,
        which,
        keys,
        line,
        lines: 1,
        inside: false,
        again: None,
        group,
        spent,
        talk: None,
        begun,
        sent: 0,
        received: 0,
    };
    let mut heard = Vec::new();
    let ended = tokio::select! {
        ended = side.run(sound, said, &mut heard, events) => ended,
        () = tokio::time::sleep(sound.limit.duration()) => Ok(()),
    };
    let seconds = side.begun.elapsed().as_secs_f64();
    let Which { conversation, call } = which;
    desk.hand.act(Act::HangUp { conversation, call }).await?;
    if let Some(path) = &sound.heard {
        write(path, &heard)?;
    }
    // Only where a line died: at an orderly end the last packets are on their way.
    let unheard = match (&ended, &side.talk) {
        (Err(_), Some(talk)) => talk.unheard(),
        _ => Vec::new(),
    };
    if let Some(path) = sound.unheard.as_ref().filter(|_| !unheard.is_empty()) {
        write(path, &unheard)?;
    }
    desk.go_out().await;
    side.show(seconds).await?;
    ended
}

impl Side<'_> {
    async fn run(
        &mut self,
        sound: &Sound,
        said: Vec<i16>,
        heard: &mut Vec<i16>,
        events: &mut Receiver<Event>,
    ) -> Result<(), Trouble> {
        let mut ticks = tokio::time::interval(TICK);
        // What was missed is not caught up in a burst: no queue is built.
        ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
        let mut said = said.chunks(TICK_SAMPLES);
        let (mut over, mut loud) = (None, Instant::now());
        loop {
            tokio::select! {
                _ = ticks.tick() => {
                    let now_ms = self.now_ms();
                    let Some(talk) = &mut self.talk else { continue };
                    let mut samples = [0; TICK_SAMPLES];
                    if talk.others() > 0 {
                        match said.next() {
                            Some(chunk) => {
                                samples.iter_mut().zip(chunk).for_each(|(to, from)| *to = *from);
                            }
                            None => drop(over.get_or_insert_with(Instant::now)),
                        }
                    } else if self.begun.elapsed() > EMPTY_MAX {
                        return Err(Kind::LineLost.into());
                    }
                    let tick = talk.tick(now_ms, &samples).map_err(|_| Kind::Bug)?;
                    if let Some(packet) = tick.packet {
                        self.line.say(packet);
                        self.sent = self.sent.saturating_add(1);
                    }
                    if tick.heard.iter().any(|sample| sample.unsigned_abs() > LOUD) {
                        loud = Instant::now();
                    }
                    if talk.others() > 0 || !heard.is_empty() {
                        heard.extend(tick.heard);
                    }
                    let quiet = over.is_some_and(|at: Instant| at.elapsed() > QUIET_END);
                    if quiet && sound.said.is_some() && loud.elapsed() > QUIET_END {
                        return Ok(());
                    }
                    if talk.silent_ms(now_ms).is_some_and(|silent| silent > SILENT_MAX_MS) {
                        // In a group the last one left is no accident.
                        let alone = self.group && self.inside;
                        return if alone { Ok(()) } else { Err(Kind::LineLost.into()) };
                    }
                }
                // What is said meanwhile is said to nobody yet, and kept.
                () = until_due(self.again), if self.again.is_some() => self.enter_again().await?,
                word = self.line.next(), if self.again.is_none() => self.word(word, sound).await?,
                woken = self.desk.woken(events) => {
                    let news = matches!(woken?, Woken::Missed | Woken::By(Event::Changed { .. }));
                    if news && !self.follow().await? {
                        return Ok(());
                    }
                }
            }
        }
    }

    async fn word(&mut self, word: Word, sound: &Sound) -> Result<(), Trouble> {
        match word {
            Word::Entered { round_trip, .. } => {
                self.inside = true;
                let round_trip_ms = u32::try_from(round_trip.as_millis()).unwrap_or(u32::MAX);
                let shape = Shape::of(Line { round_trip_ms, bits_per_s: 0 });
                match &mut self.talk {
                    Some(talk) => talk.reshape(shape),
                    None => {
                        let mut talk = Talk::new(self.secret(), self.leaf()?, chance()?, shape)
                            .map_err(|_| Kind::Bug)?;
                        talk.mute(if sound.mute { Mute::On } else { Mute::Off });
                        self.talk = Some(talk);
                        let begins = self.desk.words.say("call-begins", &[]);
                        self.desk.console.remark(&begins).await;
                    }
                }
                Ok(())
            }
            Word::Heard(packet) => {
                let now_ms = self.now_ms();
                if let Some(talk) = &mut self.talk
                    && talk.hear(now_ms, &packet).map_err(|_| Kind::Bug)?
                {
                    self.received = self.received.saturating_add(1);
                }
                Ok(())
            }
            Word::Full | Word::Refused | Word::Lost(_) if self.lines < LINES_MAX => {
                self.desk.console.remark(&self.desk.words.say("call-again", &[])).await;
                self.inside = false;
                self.again = Instant::now().checked_add(REST.saturating_mul(self.lines.min(6)));
                Ok(())
            }
            Word::Full | Word::Refused | Word::Lost(_) => Err(Kind::LineLost.into()),
        }
    }

    /// Whether the call goes on; with new keys, when the conversation's epoch has turned.
    async fn follow(&mut self) -> Result<bool, Trouble> {
        if standing(self.desk, self.which).await? != "talking" {
            return Ok(false);
        }
        let Which { conversation, call } = self.which;
        match self.desk.hand.call_keys(conversation, call).await {
            Ok((_, keys)) if keys.epoch != self.keys.epoch => {
                self.keys = keys;
                let (now_ms, secret, leaf) = (self.now_ms(), self.secret(), self.leaf()?);
                if let Some(talk) = &mut self.talk {
                    talk.turn(now_ms, secret, leaf, chance()?).map_err(|_| Kind::Bug)?;
                }
                self.enter_again().await.map(|()| true)
            }
            Ok(_) => Ok(true),
            // Put out of the conversation, and so of the call.
            Err(_) => Ok(false),
        }
    }

    async fn enter_again(&mut self) -> Result<(), Trouble> {
        let Which { conversation, call } = self.which;
        (self.again, self.inside) = (None, false);
        let (relay, keys) = self.desk.hand.call_keys(conversation, call).await?;
        let before = self.line.meter().read();
        self.spent.bytes_up = self.spent.bytes_up.saturating_add(before.bytes_up);
        self.spent.bytes_down = self.spent.bytes_down.saturating_add(before.bytes_down);
        self.line = self.desk.hand.line(relay, keys.pass).await?;
        self.lines = self.lines.saturating_add(1);
        Ok(())
    }

    fn secret(&self) -> CallSecret {
        CallSecret { base: self.keys.base.clone(), epoch: self.keys.epoch }
    }

    fn leaf(&self) -> Result<u8, Trouble> {
        u8::try_from(self.keys.leaf).map_err(|_| Kind::TooLarge.into())
    }

    fn now_ms(&self) -> i64 {
        i64::try_from(self.begun.elapsed().as_millis()).unwrap_or(i64::MAX)
    }

    async fn show(&self, seconds: f64) -> Result<(), Trouble> {
        let counts = self.talk.as_ref().map(Talk::counts).unwrap_or_default();
        let cost = self.line.meter().read();
        let object = json!({
            "seconds": (seconds * 10.0).round() / 10.0,
            "packets_sent": self.sent,
            "packets_received": self.received,
            "concealed": counts.concealed,
            "mended": counts.mended,
            "bytes_up": self.spent.bytes_up.saturating_add(cost.bytes_up),
            "bytes_down": self.spent.bytes_down.saturating_add(cost.bytes_down),
            "lines": self.lines,
        });
        let words = [
            ("seconds", format!("{seconds:.0}")),
            ("sent", self.sent.to_string()),
            ("received", self.received.to_string()),
            ("concealed", counts.concealed.to_string()),
        ];
        let words: Vec<_> = words.iter().map(|(name, value)| (*name, value.as_str())).collect();
        self.desk.console.result(object, || self.desk.words.say("call-over", &words)).await
    }
}

async fn until_due(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at.into()).await,
        None => std::future::pending().await,
    }
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

/// Fresh for each stay in a call.
fn chance() -> Result<u64, Trouble> {
    let mut bytes = [0; 8];
    System::new()?.fill(&mut bytes);
    Ok(u64::from_be_bytes(bytes))
}
