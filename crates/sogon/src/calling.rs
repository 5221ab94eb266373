//! One side of a call that was taken: its line, its keys and its voice. Who holds it brings samples
//! each 20 ms and hears some; where they come from is theirs.

use std::time::{Duration, Instant};

use sogon_call::{CallSecret, Counts, Line, Shape, TICK_SAMPLES, Talk};
use sogon_carry::{CallLine, Direct, DirectFigures, Reading, Way, Ways, Word};
use sogon_engine::{CallKeys, ConversationId, Entropy, MessageId, view};

use crate::{
    entropy::System,
    hand::Hand,
    trouble::{Kind, Trouble},
    unheard::Keeping,
};

/// Samples come and go so often.
pub(crate) const TICK: Duration = Duration::from_millis(20);
/// Nobody was heard for so long: they are gone.
const SILENT_MAX_MS: i64 = 15_000;
/// So long others may take to come in.
const EMPTY_MAX: Duration = Duration::from_secs(60);
/// Lines made anew in one call, and the rest between.
const LINES_MAX: u32 = 200;
const REST: Duration = Duration::from_millis(500);
/// What was said and is not known to be heard is stored so often, in ticks.
const KEEP_TICKS: u64 = 50;

/// One call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Which {
    pub(crate) conversation: ConversationId,
    pub(crate) call: MessageId,
}

impl Which {
    /// How the call stands, in the words of its entry; empty when it is gone.
    ///
    /// # Errors
    /// As [`Hand::look`].
    pub(crate) async fn standing(self, hand: &Hand) -> Result<String, Trouble> {
        let entry = hand.message(self.conversation, self.call).await?;
        Ok(entry.map(|entry| entry.text).unwrap_or_default())
    }
}

/// What moved a call on.
#[derive(Debug)]
pub(crate) enum Stir {
    /// The line says something.
    Word(Word),
    /// It is time to make another.
    Due,
}

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Came {
    /// Nothing to be told.
    Nothing,
    /// The room was entered for the first time.
    In,
    /// The line was lost, and another is made.
    Again,
}

/// What a tick came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Ticked {
    /// This is to be heard.
    Heard(Box<[i16; TICK_SAMPLES]>),
    /// The room was not entered yet.
    Outside,
    /// In a group, the last of the others has gone: no accident.
    Alone,
}

/// One side of a call.
pub(crate) struct Calling {
    hand: Hand,
    which: Which,
    keys: CallKeys,
    /// What goes directly, where both sides chose so.
    direct: Option<Direct>,
    /// What went directly in epochs before.
    direct_before: DirectFigures,
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
    ticks: u64,
    /// Leaves with the next tick.
    ready: Option<Vec<u8>>,
    keeping: Keeping,
}

/// What a call came to.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Figures {
    pub(crate) counts: Counts,
    pub(crate) sent: u64,
    pub(crate) received: u64,
    pub(crate) bytes_up: u64,
    pub(crate) bytes_down: u64,
    pub(crate) lines: u32,
    /// Directly, if anything the other side said came so.
    pub(crate) way: Way,
    /// How much of it.
    pub(crate) received_directly: u64,
}

impl Calling {
    /// Begins to enter the room of a call.
    ///
    /// # Errors
    /// [`Kind::Over`] when there are no keys for it any more.
    pub(crate) async fn enter(hand: Hand, which: Which) -> Result<Self, Trouble> {
        let (relay, keys) = hand.call_keys(which.conversation, which.call).await?;
        let direct = directly(&hand, which).await?;
        let line = hand.line(relay, keys.pass, direct.clone()).await?;
        let known = hand.look(move |vault| view::conversation(vault, which.conversation)).await?;
        let group = known.is_some_and(|conversation| conversation.group);
        Ok(Self {
            hand,
            which,
            keys,
            direct,
            direct_before: DirectFigures::default(),
            line,
            lines: 1,
            inside: false,
            again: None,
            group,
            spent: Reading::default(),
            talk: None,
            begun: Instant::now(),
            sent: 0,
            received: 0,
            ticks: 0,
            ready: None,
            keeping: Keeping::of(which),
        })
    }

    /// The voice, once the room was entered.
    pub(crate) fn talk(&mut self) -> Option<&mut Talk> {
        self.talk.as_mut()
    }

    /// How many others are heard.
    pub(crate) fn others(&self) -> usize {
        self.talk.as_ref().map_or(0, Talk::others)
    }

    /// Since it was begun.
    pub(crate) fn elapsed(&self) -> Duration {
        self.begun.elapsed()
    }

    /// The room is entered, and what is said has a way.
    pub(crate) fn inside(&self) -> bool {
        self.inside
    }

    /// Which way what is said goes now.
    pub(crate) fn way(&self) -> Way {
        self.direct.as_ref().map(|direct| direct.figures().way).unwrap_or_default()
    }

    /// 20 ms: takes what is said, gives what is heard.
    ///
    /// # Errors
    /// [`Kind::LineLost`] when nobody came, or nothing comes any more.
    pub(crate) async fn tick(&mut self, said: &[i16; TICK_SAMPLES]) -> Result<Ticked, Trouble> {
        let now_ms = self.now_ms();
        let waited = self.begun.elapsed() > EMPTY_MAX;
        let Some(talk) = &mut self.talk else {
            return if waited { Err(Kind::LineLost.into()) } else { Ok(Ticked::Outside) };
        };
        // Speech takes longer to encode than silence. So what was encoded in one tick leaves at the
        // beginning of the next, before anything is computed: its time says nothing of it.
        if let Some(packet) = self.ready.take() {
            self.line.say(packet);
            self.sent = self.sent.saturating_add(1);
            tokio::task::yield_now().await;
        }
        let tick = talk.tick(now_ms, said).map_err(|_| Kind::Bug)?;
        self.ready = tick.packet;
        match talk.silent_ms(now_ms) {
            Some(silent) if silent > SILENT_MAX_MS => {
                let alone = self.group && self.inside;
                return if alone { Ok(Ticked::Alone) } else { Err(Kind::LineLost.into()) };
            }
            None if waited => return Err(Kind::LineLost.into()),
            _ => {}
        }
        self.ticks = self.ticks.saturating_add(1);
        if self.ticks.checked_rem(KEEP_TICKS) == Some(0) {
            let rows = self.keeping.rows(&missed(talk, self.group, self.inside));
            if !rows.is_empty() {
                self.hand.keep(rows).await?;
            }
            self.watch_ways().await?;
        }
        Ok(Ticked::Heard(Box::new(tick.heard)))
    }

    /// A proxy that was set meanwhile, or a steady pace, ends what goes directly.
    async fn watch_ways(&self) -> Result<(), Trouble> {
        let Some(direct) = &self.direct else { return Ok(()) };
        if self.hand.ways().await? != Ways::Any {
            direct.stop();
        }
        Ok(())
    }

    /// Waits for what moves the call on. Nothing is lost when it is not waited for to the end.
    pub(crate) async fn stir(&mut self) -> Stir {
        match self.again {
            Some(at) => {
                tokio::time::sleep_until(at.into()).await;
                Stir::Due
            }
            None => Stir::Word(self.line.next().await),
        }
    }

    /// Goes on after that.
    ///
    /// # Errors
    /// [`Kind::LineLost`] when no more lines are made.
    pub(crate) async fn heed(&mut self, stir: Stir) -> Result<Came, Trouble> {
        match stir {
            Stir::Due => self.enter_again().await.map(|()| Came::Nothing),
            Stir::Word(word) => self.word(word),
        }
    }

    fn word(&mut self, word: Word) -> Result<Came, Trouble> {
        match word {
            Word::Entered { round_trip, .. } => {
                self.inside = true;
                let round_trip_ms = u32::try_from(round_trip.as_millis()).unwrap_or(u32::MAX);
                let shape = Shape::of(Line { round_trip_ms, bits_per_s: 0 });
                if let Some(talk) = &mut self.talk {
                    talk.reshape(shape);
                    return Ok(Came::Nothing);
                }
                let talk = Talk::new(self.secret(), self.leaf()?, chance()?, shape);
                self.talk = Some(talk.map_err(|_| Kind::Bug)?);
                Ok(Came::In)
            }
            Word::Heard(packet) => {
                let now_ms = self.now_ms();
                if let Some(talk) = &mut self.talk
                    && talk.hear(now_ms, &packet).map_err(|_| Kind::Bug)?
                {
                    self.received = self.received.saturating_add(1);
                }
                Ok(Came::Nothing)
            }
            Word::Full | Word::Refused | Word::Lost(_) if self.lines < LINES_MAX => {
                self.inside = false;
                self.again = Instant::now().checked_add(REST.saturating_mul(self.lines.min(6)));
                Ok(Came::Again)
            }
            Word::Full | Word::Refused | Word::Lost(_) => Err(Kind::LineLost.into()),
        }
    }

    /// Whether the call goes on, after the conversation changed; with new keys, when its epoch has
    /// turned.
    ///
    /// # Errors
    /// What engine or vault say.
    pub(crate) async fn follow(&mut self) -> Result<bool, Trouble> {
        if self.which.standing(&self.hand).await? != "talking" {
            return Ok(false);
        }
        let Which { conversation, call } = self.which;
        match self.hand.call_keys(conversation, call).await {
            Ok((_, keys)) if keys.epoch != self.keys.epoch => {
                self.keys = keys;
                self.turn_direct(directly(&self.hand, self.which).await?);
                let (now_ms, secret, leaf) = (self.now_ms(), self.secret(), self.leaf()?);
                if let Some(talk) = &mut self.talk {
                    talk.turn(now_ms, secret, leaf, chance()?).map_err(|_| Kind::Bug)?;
                }
                self.enter_again().await.map(|()| true)
            }
            Ok(_) => {
                if let Some(direct) = &self.direct
                    && directly(&self.hand, self.which).await?.is_none()
                {
                    direct.stop();
                }
                Ok(true)
            }
            // Put out of the conversation, and so of the call.
            Err(_) => Ok(false),
        }
    }

    /// Other keys, or none any more, for what goes directly.
    fn turn_direct(&mut self, next: Option<Direct>) {
        if let Some(before) = std::mem::replace(&mut self.direct, next) {
            before.stop();
            if let Some(next) = &self.direct {
                next.follow(&before);
            }
            let before = before.figures();
            let all = &mut self.direct_before;
            all.heard = all.heard.saturating_add(before.heard);
            all.sent = all.sent.saturating_add(before.sent);
        }
    }

    async fn enter_again(&mut self) -> Result<(), Trouble> {
        let Which { conversation, call } = self.which;
        (self.again, self.inside) = (None, false);
        let (relay, keys) = self.hand.call_keys(conversation, call).await?;
        let before = self.line.meter().read();
        self.spent.bytes_up = self.spent.bytes_up.saturating_add(before.bytes_up);
        self.spent.bytes_down = self.spent.bytes_down.saturating_add(before.bytes_down);
        self.line = self.hand.line(relay, keys.pass, self.direct.clone()).await?;
        self.lines = self.lines.saturating_add(1);
        Ok(())
    }

    /// What it came to so far.
    pub(crate) fn figures(&self) -> Figures {
        let cost = self.line.meter().read();
        let direct = self.direct.as_ref().map(Direct::figures).unwrap_or_default();
        let received_directly = self.direct_before.heard.saturating_add(direct.heard);
        Figures {
            way: if received_directly > 0 { Way::Direct } else { Way::Relay },
            received_directly,
            counts: self.talk.as_ref().map(Talk::counts).unwrap_or_default(),
            sent: self.sent,
            received: self.received,
            bytes_up: self.spent.bytes_up.saturating_add(cost.bytes_up),
            bytes_down: self.spent.bytes_down.saturating_add(cost.bytes_down),
            lines: self.lines,
        }
    }

    /// Everything that was said and is not known to be heard.
    pub(crate) fn unheard(&self) -> Vec<i16> {
        self.talk.as_ref().map(Talk::unheard).unwrap_or_default()
    }

    /// The call is over: what was said and not heard is stored whole, and goes as a voice note.
    ///
    /// # Errors
    /// What engine or vault say; it goes when the home is opened next time.
    pub(crate) async fn leave(mut self) -> Result<Option<MessageId>, Trouble> {
        if let Some(talk) = &self.talk {
            let rows = self.keeping.last(&missed(talk, self.group, self.inside));
            if !rows.is_empty() {
                self.hand.keep(rows).await?;
            }
        }
        self.keeping.send(&self.hand).await
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
}

impl std::fmt::Debug for Calling {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Calling(..)")
    }
}

/// What a call goes directly with, where both sides chose so.
async fn directly(hand: &Hand, which: Which) -> Result<Option<Direct>, Trouble> {
    let keys = hand.direct_keys(which.conversation, which.call).await?;
    Ok(keys.map(|keys| Direct::new(&keys.secret, keys.called)))
}

/// What was said and is to be said again by a note. In a group somebody may go without a word, and
/// what they did not hear then they did not want to: what counts is what somebody missed who heard
/// more afterwards, and what nobody heard while the line was dead.
fn missed(talk: &Talk, group: bool, inside: bool) -> Vec<(u32, &[i16])> {
    match group {
        true => talk.missed_pieces(!inside).collect(),
        false => talk.unheard_pieces().collect(),
    }
}

/// Fresh for each stay in a call.
fn chance() -> Result<u64, Trouble> {
    let mut bytes = [0; 8];
    System::new()?.fill(&mut bytes);
    Ok(u64::from_be_bytes(bytes))
}
