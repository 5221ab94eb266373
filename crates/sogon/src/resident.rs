//! The home as the app sees it: the narrow door of `sogon_app`, on a hand in the loop.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeSet,
    future::Future,
    path::{Path, PathBuf},
    pin::Pin,
    rc::Rc,
    time::{Duration, Instant},
};

use sogon_app::{
    APP_TABLES, Budget, Burst, Extent, Figures, Gate, Home, Pace, Phone, Refusal, Unreached,
};
use sogon_carry::Ways;
use sogon_engine::{
    Act, Answer, Batch, Change, ConversationId, Event, MessageId, Shelf, ShelfFault, view,
};
use tokio::sync::{broadcast, mpsc, oneshot};
use zeroize::Zeroizing;

use crate::{
    calling::{Calling, Which},
    commands::{self, file::Known},
    desk,
    hand::Hand,
    judged,
    keeper::{Farewell, Tally},
    mode::Mode,
    pace,
    parcel::{self, Bundle, Speech},
    phone, preview,
    trouble::{Kind, Trouble},
};

/// An open home, for the app.
#[derive(Clone, Debug)]
pub(crate) struct Resident {
    hand: Hand,
    /// When somebody last asked something.
    busy: Rc<Cell<Instant>>,
    /// A call is going on in the app.
    talking: Rc<Cell<bool>>,
    /// Pictures that could not be drawn: they are not tried again until the home is opened anew.
    undrawn: Rc<RefCell<BTreeSet<(ConversationId, MessageId)>>>,
}

/// So many of them are remembered.
const UNDRAWN_MAX: usize = 4_096;

impl Resident {
    pub(crate) fn new(hand: Hand, busy: Rc<Cell<Instant>>) -> Self {
        Self { hand, busy, talking: Rc::default(), undrawn: Rc::default() }
    }
}

impl Home for Resident {
    type Parcel = Bundle;
    type Recorder = Speech;

    async fn act(&self, act: Act) -> Result<Answer, Refusal> {
        self.hand.act(act).await.map_err(refusal)
    }

    async fn look<T: 'static>(
        &self,
        look: impl FnOnce(&dyn Shelf) -> Result<T, ShelfFault> + 'static,
    ) -> Result<T, Refusal> {
        self.hand.look(|vault| look(vault)).await.map_err(refusal)
    }

    async fn keep(&self, rows: Batch) -> Result<(), Refusal> {
        let its_own = |change: &Change| match change {
            Change::Put { table, .. } | Change::Delete { table, .. } => APP_TABLES.contains(table),
            _ => false,
        };
        if !rows.iter().all(its_own) {
            return Err(Refusal::Bug);
        }
        self.hand.keep(rows).await.map_err(refusal)
    }

    async fn burst(&self) -> Result<Burst, Refusal> {
        self.hand.burst().await.map(burst).map_err(refusal)
    }

    async fn haul(&self) -> Result<Burst, Refusal> {
        self.hand.haul().await.map(burst).map_err(refusal)
    }

    async fn tally(&self) -> Result<Burst, Refusal> {
        self.hand.tally().await.map(burst).map_err(refusal)
    }

    async fn behind_proxy(&self) -> Result<bool, Refusal> {
        let ways = self.hand.ways().await.map_err(refusal)?;
        Ok(matches!(ways, Ways::Through(_)))
    }

    async fn pace(&self) -> Result<Pace, Refusal> {
        Ok(match self.hand.mode().await.map_err(refusal)?.mode {
            Mode::Live => Pace::Live,
            Mode::Quiet => Pace::Quiet,
            Mode::Steady(every) => Pace::Steady(every.as_secs()),
        })
    }

    async fn change_pace(&self, pace: Pace) -> Result<(), Refusal> {
        let mode = match pace {
            Pace::Live => Mode::Live,
            Pace::Quiet => Mode::Quiet,
            Pace::Steady(every_s) => Mode::Steady(Duration::from_secs(every_s)),
        };
        self.hand.change_mode(mode).await.map_err(refusal)
    }

    async fn phone(
        &self,
        conversation: ConversationId,
        call: MessageId,
        budget: Budget,
    ) -> Result<Phone, Refusal> {
        if self.talking.get() {
            return Err(Refusal::Talking);
        }
        let which = Which { conversation, call };
        let calling = Calling::enter(self.hand.clone(), which).await.map_err(refusal)?;
        let (phone, wire) = Phone::pair();
        let (hand, busy) = (self.hand.clone(), Rc::clone(&self.busy));
        self.talking.set(true);
        let talking = Rc::clone(&self.talking);
        tokio::task::spawn_local(async move {
            phone::carry(hand, calling, which, budget, wire, &busy).await;
            talking.set(false);
        });
        Ok(phone)
    }

    fn events(&self) -> broadcast::Receiver<Event> {
        self.hand.events()
    }

    fn attended(&self) {
        self.busy.set(Instant::now());
    }

    async fn parcel(&self, bytes: u64) -> Result<Bundle, Refusal> {
        let side = pace::Pace::look(&self.hand).await.map_err(refusal)?.picture_side();
        Bundle::new(bytes, side)
    }

    async fn parcel_at(&self, path: &Path) -> Result<(Bundle, String, u64), Refusal> {
        let side = pace::Pace::look(&self.hand).await.map_err(refusal)?.picture_side();
        let (bundle, bytes) = Bundle::of(path, side)?;
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
        Ok((bundle, name.unwrap_or_default(), bytes))
    }

    async fn write_out(
        &self,
        conversation: ConversationId,
        message: MessageId,
        to: &Path,
    ) -> Result<PathBuf, Refusal> {
        let found = self.hand.message(conversation, message).await.map_err(refusal)?;
        let found = found.and_then(Known::of).ok_or(Refusal::Unknown)?;
        if !found.file.whole {
            return Err(Refusal::NotHere);
        }
        if found.file.no_saving {
            return Err(Refusal::NoSaving);
        }
        if found.file.voice_ms.is_none() {
            let written = commands::file::save::write_out(&self.hand, &found, to).await;
            return written.map(|(path, _)| path).map_err(refusal);
        }
        let to = if to.is_dir() { to.join(format!("voice-{message}.wav")) } else { to.to_owned() };
        commands::voice::write_out(&self.hand, &found, &to).await.map_err(refusal)?;
        Ok(to)
    }

    async fn fits(&self, bytes: u64) -> Result<(), Refusal> {
        commands::file::fetch::fits(&self.hand, bytes).await.map_err(refusal)
    }

    async fn judge(
        &self,
        conversation: ConversationId,
        message: MessageId,
    ) -> Result<Option<view::Judged>, Refusal> {
        let found = self.hand.message(conversation, message).await.map_err(refusal)?;
        let found = found.ok_or(Refusal::Unknown)?;
        judged::judge(&self.hand, &found).await.map_err(refusal)
    }

    async fn picture(
        &self,
        conversation: ConversationId,
        message: MessageId,
        extent: Extent,
    ) -> Result<Option<Vec<u8>>, Refusal> {
        if extent == Extent::Large {
            return preview::large(&self.hand, conversation, message).await.map_err(refusal);
        }
        let its = (conversation, message);
        if self.undrawn.borrow().contains(&its) {
            return Ok(None);
        }
        let drawn = preview::of(&self.hand, conversation, message).await.map_err(refusal)?;
        if drawn.is_none() && self.undrawn.borrow().len() < UNDRAWN_MAX {
            self.undrawn.borrow_mut().insert(its);
        }
        Ok(drawn)
    }

    async fn recorder(&self, frame_bytes: Option<usize>) -> Result<Speech, Refusal> {
        match frame_bytes {
            Some(bytes) => Speech::go_on(bytes),
            None => Speech::begin(pace::Pace::look(&self.hand).await.map_err(refusal)?.note_kbit()),
        }
    }

    fn note(&self, frames: Vec<u8>, ms: u32) -> Result<Vec<u8>, Refusal> {
        parcel::noted(&frames, ms)
    }

    async fn play(&self, note: Vec<u8>) -> Result<Vec<i16>, Refusal> {
        parcel::played(note).await
    }

    async fn lock(&self) -> Result<(), Refusal> {
        self.hand.close(Farewell::Lock).await.map_err(refusal)
    }
}

fn burst(tally: Tally) -> Burst {
    let unreached = tally
        .unreached
        .iter()
        .map(|(relay, why)| Unreached { host: relay.host().to_owned(), why: desk::loss(*why) });
    Burst {
        figures: Figures {
            bytes_up: tally.figures.bytes_up,
            bytes_down: tally.figures.bytes_down,
            air_ms: tally.figures.air_ms,
            round_trips: tally.figures.round_trips,
        },
        unreached: unreached.collect(),
    }
}

#[expect(clippy::needless_pass_by_value, reason = "it is handed to map_err")]
fn refusal(trouble: Trouble) -> Refusal {
    match trouble.kind() {
        Kind::Locked | Kind::LockedMeanwhile | Kind::HostEnded => Refusal::Locked,
        Kind::UnknownName | Kind::UnknownMessage | Kind::NotReady => Refusal::Unknown,
        Kind::TooLarge => Refusal::TooLarge,
        Kind::Over | Kind::NotAGroup | Kind::NotAPair => Refusal::Over,
        Kind::NoRelay => Refusal::NoRelay,
        Kind::OwnLink => Refusal::OwnInvite,
        Kind::NotALink | Kind::LinkDamaged | Kind::LinkNewer => Refusal::BadLink,
        Kind::WrongPassphrase | Kind::BadPassphrase => Refusal::WrongPassphrase,
        Kind::WaitForTry => Refusal::Wait(trouble.number("count")),
        Kind::NoMoreTries => Refusal::NoMoreTries,
        Kind::HomeFull | Kind::DiskFull => Refusal::Full,
        Kind::FileThere => Refusal::Taken,
        Kind::FileIo | Kind::FileUnreadable => Refusal::NoFile,
        Kind::NoNote => Refusal::NoNote,
        Kind::NoRoom => Refusal::NoRoom(trouble.number("mib")),
        Kind::BadInput => Refusal::BadInput,
        Kind::Bug => Refusal::Bug,
        _ => Refusal::Disk,
    }
}

/// A passphrase that was typed into the page, and who waits to hear what it opened.
pub(crate) struct Ring {
    pub(crate) passphrase: Zeroizing<String>,
    pub(crate) reply: oneshot::Sender<Result<(), Trouble>>,
}

/// Rings at the door of a locked home.
#[derive(Debug)]
pub(crate) struct Bell(mpsc::Sender<Ring>);

/// Where the ringing is heard.
pub(crate) type Rings = mpsc::Receiver<Ring>;

impl Bell {
    /// A bell, and where it is heard. One tries after the other.
    pub(crate) fn hang() -> (Self, Rings) {
        let (to, from) = mpsc::channel(1);
        (Self(to), from)
    }
}

impl Gate for Bell {
    fn unlock(
        &self,
        passphrase: Zeroizing<String>,
    ) -> Pin<Box<dyn Future<Output = Result<(), Refusal>>>> {
        let to = self.0.clone();
        Box::pin(async move {
            let (reply, answer) = oneshot::channel();
            to.send(Ring { passphrase, reply }).await.map_err(|_| Refusal::Locked)?;
            answer.await.map_err(|_| Refusal::Locked)?.map_err(refusal)
        })
    }
}
