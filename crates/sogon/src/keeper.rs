//! The one loop: whoever has a [`crate::hand::Hand`] puts something in, the engine says what to do,
//! and that is done in order. Engine and vault live in here and nowhere else.

mod tried;

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use sogon_carry::{CallLine, Direct, Proxy, Ways};
use sogon_engine::{
    Act, Answer, Batch, CallKeys, Change, ConversationId, DirectCall, Engine, EngineError, Event,
    Input, Loss, MessageId, Now, Output, Step, Tick, WallClock,
    view::{self, AlertKind},
};
use sogon_vault::{Cost, Passphrase, Vault, VaultError};
use sogon_wire::{Pass, RelayAddr};
use tokio::sync::{broadcast, mpsc, oneshot, watch};

use crate::{
    entropy::System,
    home::Opened,
    link::{Figures, Links},
    mode::Mode,
    moment, proxy,
    questions::Questions,
    tray::{self, Waiting},
    tries::{Met, Tries},
    trouble::{Kind, Trouble},
    usage,
};

/// What a command gets back.
pub(crate) type Reply<T> = oneshot::Sender<Result<T, Trouble>>;

/// What a command wants of the loop.
pub(crate) enum Wish {
    /// A person did something.
    Act(Act, Reply<Answer>),
    /// Everything out and in, once.
    Burst(Reply<Tally>),
    /// The same, and files until they are where they go.
    Haul(Reply<Tally>),
    /// Stay connected from now on.
    Live(Reply<()>),
    /// What happened so far.
    Tally(Reply<Tally>),
    /// The days of the data meter.
    Usage(Reply<Vec<usage::Day>>),
    /// More room in the home: so many MiB.
    Grow(u32, Reply<()>),
    /// Another passphrase from now on: the one until now, and the new one.
    Passphrase([Passphrase; 2], Reply<()>),
    /// What goes into a backup.
    Portable(Reply<Batch>),
    /// The key blocks of all other homes become noise.
    WipeOthers(Reply<()>),
    /// No more of this home here.
    Close(Farewell, Reply<()>),
    /// When the home speaks.
    Mode(Reply<Speech>),
    /// It speaks like this from now on.
    ChangeMode(Mode, Reply<()>),
    /// How relays are reached.
    Ways(Reply<Ways>),
    /// Through this proxy from now on, or through none.
    Proxy(Option<Proxy>, Reply<()>),
    /// What the owner needs for a call.
    CallKeys(ConversationId, MessageId, Reply<(RelayAddr, CallKeys)>),
    /// A line into the room of a call.
    Line(RelayAddr, Pass, Option<Direct>, Reply<CallLine>),
    /// What a call goes directly with, where both chose so.
    DirectKeys(ConversationId, MessageId, Reply<Option<DirectCall>>),
    /// Rows of the app, which the engine knows nothing of.
    Keep(Batch, Reply<()>),
    /// Look at what is stored.
    Look(Box<dyn FnOnce(&Vault)>),
}

/// When the home speaks, and whether anything asked now would leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Speech {
    pub(crate) mode: Mode,
    /// False in quiet mode, and in steady mode while nothing stays connected.
    pub(crate) leaves: bool,
}

/// How an open home is given up before its commands are done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Farewell {
    /// Sealed anew and closed.
    Lock,
    /// Its key and then the rest of it overwritten.
    Wipe,
    /// Everything in the container overwritten.
    WipeAll,
}

/// What the home was when the loop ended.
#[derive(Debug)]
pub(crate) enum Ending {
    /// Closed, because nobody needed it any more.
    Closed,
    /// Locked on demand. Without a tray what comes waits at the relay.
    Locked(Option<Box<Waiting>>),
    /// Wiped on demand.
    Gone,
}

/// What happened since the home was opened.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tally {
    /// Messages of others that were stored.
    pub(crate) received: u64,
    /// Relays that did not answer when last asked, and why.
    pub(crate) unreached: BTreeMap<RelayAddr, Loss>,
    /// What the transport counted.
    pub(crate) figures: Figures,
}

/// How much of what was counted stands in the home's data meter.
#[derive(Debug)]
struct Metered {
    figures: Figures,
    at: Instant,
    /// A burst ended since.
    due: bool,
}

/// Between two entries in the data meter while connected.
const METER_PAUSE: Duration = Duration::from_secs(60);

/// The loop's own things.
pub(crate) struct Keeper {
    vault: Vault,
    /// What a guess of its passphrase costs.
    cost: Cost,
    /// Wrong passphrases of those who wanted to change it.
    tries: Tries,
    /// Wrong passphrases before the home was opened that this process met and has not told.
    met: Met,
    /// Or why there is none any more.
    engine: Result<Engine, Trouble>,
    links: Links,
    started: Instant,
    wake: Option<Tick>,
    mode: Mode,
    /// Somebody wants to stay connected until the program ends.
    stays: bool,
    /// Connected until the program ends.
    live: bool,
    questions: Questions,
    tally: Tally,
    metered: Metered,
    settling: Vec<Reply<Tally>>,
    /// Those who wait for files.
    hauling: Vec<Reply<Tally>>,
    /// No file is under way any more; other questions are, perhaps.
    files_done: bool,
    /// What was stored takes room that files counted on.
    room_due: bool,
    events: broadcast::Sender<Event>,
    fault: watch::Sender<Option<Trouble>>,
}

impl Keeper {
    /// The loop over an open home.
    ///
    /// # Errors
    /// [`Kind::Unfinished`] when the home was never set up; or when it cannot be read.
    pub(crate) fn new(
        Opened { mut vault, cost, met }: Opened,
        proxy: Option<&Proxy>,
        events: broadcast::Sender<Event>,
        fault: watch::Sender<Option<Trouble>>,
    ) -> Result<Self, Trouble> {
        let begun = begin(&mut vault, proxy).map_err(|trouble| trouble.in_vault(&vault));
        let (engine, links, mode) = begun?;
        let mut keeper = Self {
            vault,
            cost,
            tries: Tries::default(),
            met,
            engine: Ok(engine),
            links,
            started: Instant::now(),
            wake: None,
            mode,
            stays: false,
            live: false,
            questions: Questions::default(),
            tally: Tally::default(),
            metered: Metered { figures: Figures::default(), at: Instant::now(), due: false },
            settling: Vec::new(),
            hauling: Vec::new(),
            files_done: false,
            room_due: true,
            events,
            fault,
        };
        // Before anybody can do anything in the home.
        keeper.tell_tried();
        Ok(keeper)
    }

    /// Runs until nobody has a hand in it any more; then closes the home.
    ///
    /// # Errors
    /// What the vault says of its closing.
    pub(crate) async fn run(
        mut self,
        mut wishes: mpsc::UnboundedReceiver<Wish>,
    ) -> Result<Ending, Trouble> {
        loop {
            let wake = self.wake;
            tokio::select! {
                wish = wishes.recv() => match wish {
                    Some(Wish::Close(how, reply)) => return self.farewell(how, reply).await,
                    Some(wish) => self.grant(wish),
                    None => break,
                },
                arrival = self.links.next() => {
                    self.questions.comes(&arrival);
                    let _ = self.step(Input::Arrived(arrival));
                }
                () = until(self.started, wake) => {
                    self.wake = None;
                    let _ = self.step(Input::Time);
                }
            }
            if self.live && self.questions.none() {
                self.settle(&Ok(()));
                if self.files_done {
                    self.hauled(&Ok(()));
                }
            }
            if self.room_due {
                self.say_room();
            }
            self.keep_notes();
        }
        self.finish_sweeping();
        self.links.hang_up().await;
        self.metered.due = true;
        self.keep_notes();
        self.vault.close()?;
        Ok(Ending::Closed)
    }

    /// Gives the home up, and only then says so. Keys and texts go with `self`.
    async fn farewell(mut self, how: Farewell, reply: Reply<()>) -> Result<Ending, Trouble> {
        if how == Farewell::Lock {
            self.finish_fading();
            self.links.hang_up().await;
            self.metered.due = true;
            self.keep_notes();
        }
        let (watched, ways) = (self.links.watched(), self.links.ways());
        let Self { vault, engine, .. } = self;
        drop(engine);
        let (done, ending) = match how {
            Farewell::Lock => match Waiting::close(vault, watched, ways) {
                Ok(waiting) => (Ok(()), Ending::Locked(Some(Box::new(waiting)))),
                Err(trouble) => (Err(trouble), Ending::Locked(None)),
            },
            Farewell::Wipe => (vault.wipe().map_err(Trouble::from), Ending::Gone),
            Farewell::WipeAll => (vault.wipe_container().map_err(Trouble::from), Ending::Gone),
        };
        let _ = reply.send(done);
        Ok(ending)
    }

    /// A reply that nobody waits for is nobody's loss: what was done is done.
    fn grant(&mut self, wish: Wish) {
        match wish {
            Wish::Act(act, reply) => {
                let _ = reply.send(self.step(Input::Act(act)));
            }
            Wish::Burst(reply) => {
                // Before the step: the step itself may find that there is nothing to ask.
                self.settling.push(reply);
                // The engine asks everybody again and tells who is silent.
                self.tally.unreached.clear();
                if let Err(trouble) = self.step(Input::Burst) {
                    self.settle(&Err(trouble));
                }
            }
            Wish::Haul(reply) => {
                self.say_room();
                self.hauling.push(reply);
                self.tally.unreached.clear();
                if let Err(trouble) = self.step(Input::Haul) {
                    self.hauled(&Err(trouble));
                }
            }
            Wish::Live(reply) => {
                self.stays = true;
                let _ = reply.send(self.stay_connected());
            }
            Wish::Tally(reply) => {
                self.tally.figures = self.links.figures();
                let _ = reply.send(Ok(self.tally.clone()));
            }
            Wish::Usage(reply) => {
                self.metered.due = true;
                self.keep_notes();
                let _ = reply.send(usage::days(&self.vault).map_err(Trouble::from));
            }
            Wish::Grow(mib, reply) => {
                let _ = reply.send(self.grow(mib));
            }
            Wish::Passphrase(both, reply) => {
                let _ = reply.send(self.change_passphrase(both));
            }
            Wish::Portable(reply) => {
                let _ = reply.send(self.portable());
            }
            Wish::WipeOthers(reply) => {
                let _ = reply.send(self.vault.wipe_others().map_err(Trouble::from));
            }
            Wish::Mode(reply) => {
                let leaves = match self.mode {
                    Mode::Live => true,
                    Mode::Quiet => false,
                    Mode::Steady(_) => self.live,
                };
                let _ = reply.send(Ok(Speech { mode: self.mode, leaves }));
            }
            Wish::ChangeMode(mode, reply) => {
                let _ = reply.send(self.change_mode(mode));
            }
            Wish::Ways(reply) => {
                let _ = reply.send(Ok(self.links.ways()));
            }
            Wish::Proxy(proxy, reply) => {
                let _ = reply.send(self.change_proxy(proxy));
            }
            Wish::CallKeys(conversation, call, reply) => {
                let _ = reply.send(self.call_keys(conversation, call));
            }
            Wish::Line(relay, pass, direct, reply) => {
                let _ = reply.send(Ok(self.links.call(relay, pass, direct)));
            }
            Wish::DirectKeys(conversation, call, reply) => {
                let _ = reply.send(self.direct_keys(conversation, call));
            }
            Wish::Keep(rows, reply) => {
                let _ = reply.send(self.vault.commit(&rows).map_err(Trouble::from));
            }
            Wish::Look(look) => look(&self.vault),
            // The loop itself does this.
            Wish::Close(..) => {}
        }
    }

    fn change_proxy(&mut self, proxy: Option<Proxy>) -> Result<(), Trouble> {
        // Refused before it is remembered.
        if proxy.is_some() {
            proxy::ways(&self.vault, proxy.as_ref(), self.mode)?;
        }
        self.vault.commit(&[proxy::row(proxy.as_ref())])?;
        self.links.change_ways(proxy::ways(&self.vault, None, self.mode)?);
        Ok(())
    }

    fn change_mode(&mut self, mode: Mode) -> Result<(), Trouble> {
        let of_this_run = match self.links.ways() {
            Ways::Through(proxy) => Some(proxy),
            Ways::Any | Ways::Connections | Ways::Steady(_) => None,
        };
        let ways = proxy::ways(&self.vault, of_this_run.as_ref(), mode)?;
        self.vault.commit(&[mode.row()])?;
        self.mode = mode;
        // Every link is cut; a mind that was connected forgets that it was.
        self.links.change_ways(ways);
        self.live = false;
        self.wake = None;
        self.engine = Ok(engine_on(&self.vault)?);
        self.settle(&Ok(()));
        if self.stays { self.stay_connected() } else { Ok(()) }
    }

    /// Connected from now on, unless the home is to speak only when told.
    fn stay_connected(&mut self) -> Result<(), Trouble> {
        if self.mode == Mode::Quiet {
            return Ok(());
        }
        self.live = true;
        self.step(Input::Live).map(|_| ())
    }

    fn portable(&self) -> Result<Batch, Trouble> {
        let engine = self.engine.as_ref().map_err(|trouble| trouble.clone())?;
        Ok(engine.portable(&self.vault)?)
    }

    fn call_keys(
        &self,
        conversation: ConversationId,
        call: MessageId,
    ) -> Result<(RelayAddr, CallKeys), Trouble> {
        let engine = self.engine.as_ref().map_err(|trouble| trouble.clone())?;
        Ok(engine.call_keys(conversation, call, &self.vault)?)
    }

    fn direct_keys(
        &mut self,
        conversation: ConversationId,
        call: MessageId,
    ) -> Result<Option<DirectCall>, Trouble> {
        let allowed = self.links.ways() == Ways::Any;
        let engine = self.engine.as_mut().map_err(|trouble| trouble.clone())?;
        engine.allow_direct(allowed);
        Ok(engine.direct_keys(conversation, call, &self.vault)?)
    }

    /// Whoever is let in may guess here as little as at a locked home: a wrong passphrase counts, is
    /// written down and makes people wait.
    fn change_passphrase(&mut self, [old, new]: [Passphrase; 2]) -> Result<(), Trouble> {
        let before = self.tries.wrong();
        let (vault, cost) = (&self.vault, self.cost);
        let checked = self.tries.check(old, Instant::now(), |old| vault.is_opened_by(old, cost));
        if self.tries.wrong() > before {
            let kind = AlertKind::UnlockFailed;
            self.step(Input::Act(Act::Note { kind, detail: "1".to_owned() }))?;
        }
        checked?;
        match self.vault.change_passphrase(&new, self.cost) {
            Err(VaultError::AlreadyThere) => Err(Kind::PassphraseTaken.into()),
            changed => Ok(changed?),
        }
    }

    fn step(&mut self, input: Input) -> Result<Answer, Trouble> {
        self.step_beside(input, None)
    }

    /// One step, and a row that is stored with what it stores, if anything. When its batch cannot be
    /// saved nothing of it has happened, and the engine is opened again on what is stored.
    fn step_beside(&mut self, input: Input, mut row: Option<Change>) -> Result<Answer, Trouble> {
        let now = self.now();
        let allowed = self.links.ways() == Ways::Any;
        let engine = self.engine.as_mut().map_err(|trouble| trouble.clone())?;
        // Nothing goes around a proxy, or beside a steady pace.
        engine.allow_direct(allowed);
        let Step { outputs, answer } = match engine.handle(now, input, &self.vault) {
            Ok(step) => step,
            Err(EngineError::Shelf(_)) => return Err(self.reopen(self.vault.why().into())),
            Err(error) => return Err(error.into()),
        };
        for output in outputs {
            match output {
                Output::Save(mut batch) => {
                    batch.extend(row.take());
                    if let Err(error) = self.vault.commit(&batch) {
                        return Err(self.reopen(error.into()));
                    }
                    // Words that are to be gone are gone from the log of the store too. When that
                    // fails they go with the next settling.
                    if batch.iter().any(must_be_gone) {
                        let _ = self.vault.settle();
                    }
                    self.room_due |= batch.iter().any(takes_room);
                }
                Output::Transmit(transmit) => {
                    self.questions.leaves(&transmit);
                    self.links.transmit(transmit);
                }
                Output::Tell(event) => self.tell(event),
                Output::Wake(tick) => {
                    self.wake = Some(self.wake.map_or(tick, |before| before.min(tick)));
                }
            }
        }
        Ok(answer)
    }

    fn tell(&mut self, event: Event) {
        match &event {
            Event::Received { .. } => self.tally.received = self.tally.received.saturating_add(1),
            Event::Reached { relay } => {
                self.tally.unreached.remove(relay);
            }
            Event::Unreached { relay, why } => {
                self.tally.unreached.insert(relay.clone(), *why);
            }
            Event::Settled => self.settle(&Ok(())),
            // What is asked beside files is not answered by them.
            Event::Hauled if self.live => self.files_done = true,
            Event::Hauled => self.hauled(&Ok(())),
            _ => {}
        }
        // Nobody may be listening.
        let _ = self.events.send(event);
    }

    fn settle(&mut self, how: &Result<(), Trouble>) {
        self.tally.figures = self.links.figures();
        self.metered.due |= !self.settling.is_empty();
        for reply in self.settling.drain(..) {
            let _ = reply.send(how.clone().map(|()| self.tally.clone()));
        }
    }

    fn hauled(&mut self, how: &Result<(), Trouble>) {
        self.files_done = false;
        self.tally.figures = self.links.figures();
        self.metered.due |= !self.hauling.is_empty();
        for reply in self.hauling.drain(..) {
            let _ = reply.send(how.clone().map(|()| self.tally.clone()));
        }
    }

    /// Says how much more the home takes: no file is fetched that does not fit.
    fn say_room(&mut self) {
        self.room_due = false;
        if let Ok(bytes) = self.vault.free_bytes() {
            let _ = self.step(Input::Room { bytes });
            self.room_due = false;
        }
    }

    /// What is to be gone is gone before the home is closed.
    fn finish_sweeping(&mut self) {
        self.finish_fading();
        while view::sweeps(&self.vault).unwrap_or_default() && self.step(Input::Time).is_ok() {}
    }

    /// What was due in the last step goes in one of its own, which may not have come yet.
    fn finish_fading(&mut self) {
        let due = |keeper: &Self| view::fades(&keeper.vault, keeper.now().wall);
        while due(self).unwrap_or_default() && self.step(Input::Time).is_ok() {}
    }

    fn reopen(&mut self, trouble: Trouble) -> Trouble {
        self.wake = None;
        self.engine = engine_on(&self.vault).map_err(|_| trouble.clone());
        self.settle(&Err(trouble.clone()));
        self.hauled(&Err(trouble.clone()));
        self.fault.send_replace(Some(trouble.clone()));
        trouble
    }

    /// Sessions of the transport save one round trip the next time; losing one costs just that. And
    /// what it all cost.
    fn keep_notes(&mut self) {
        let mut changes = self.links.changed_sessions();
        let figures = self.links.figures();
        let cost = figures.since(self.metered.figures);
        let due = self.metered.due || self.metered.at.elapsed() >= METER_PAUSE;
        if due && cost.bytes() > 0 {
            changes.extend(usage::note(&self.vault, moment::now_s(), cost).unwrap_or_default());
        }
        if due {
            self.metered = Metered { figures, at: Instant::now(), due: false };
        }
        if !changes.is_empty() {
            let _ = self.vault.commit(&changes);
        }
    }

    fn now(&self) -> Now {
        let elapsed = self.started.elapsed().as_millis();
        Now {
            tick: Tick(u64::try_from(elapsed).unwrap_or(u64::MAX)),
            wall: WallClock(moment::now_s()),
        }
    }
}

/// Words, or bytes of a file, that are to be nowhere any more.
fn must_be_gone(change: &Change) -> bool {
    match change {
        Change::Unindex { .. } => true,
        Change::Delete { table, .. } => *table == view::SWEPT_FILES,
        _ => false,
    }
}

fn takes_room(change: &Change) -> bool {
    matches!(change, Change::Put { table, .. } if *table == view::PIECES_OF_FILES)
}

fn begin(vault: &mut Vault, proxy: Option<&Proxy>) -> Result<(Engine, Links, Mode), Trouble> {
    if view::owner(vault)?.is_none() {
        return Err(Kind::Unfinished.into());
    }
    let engine = engine_on(vault)?;
    let stored = tray::emptied(vault)?;
    let mode = Mode::load(vault)?;
    let links = Links::new(vault, proxy::ways(vault, proxy, mode)?, stored)?;
    Ok((engine, links, mode))
}

fn engine_on(vault: &Vault) -> Result<Engine, Trouble> {
    Ok(Engine::open(vault, Box::new(System::new()?))?)
}

async fn until(started: Instant, wake: Option<Tick>) {
    let at = wake.and_then(|Tick(ms)| started.checked_add(Duration::from_millis(ms)));
    match at {
        Some(at) => tokio::time::sleep_until(at.into()).await,
        None => std::future::pending().await,
    }
}
