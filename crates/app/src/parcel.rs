//! Files on their way between a page and a home, and speech that is being recorded: what this room
//! needs of the program for them, and what it holds of them while they are under way.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    future::Future,
    rc::Rc,
    time::{Duration, Instant},
};

use hyper::body::Bytes;
use sogon_engine::ConversationId;
use tokio::sync::mpsc;

use crate::{home::Refusal, passes::random_hex};

/// Bytes a page hands over at once.
pub(crate) const HANDED_BYTES_MAX: usize = 1_048_576;
/// Files on their way in at the same time.
const PARCELS_MAX: usize = 16;
/// A page that has not asked about its file for so long is gone, and so is the file.
const FORGOTTEN: Duration = Duration::from_secs(900);
/// Files that may be taken out by a link at the same time.
const TICKETS_MAX: usize = 8;
/// How long such a link lives.
const TICKET_LIVES: Duration = Duration::from_secs(60);

/// Which of the forms of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// A picture without what tells who made it, no larger than the link bears.
    Fitted,
    /// Without what tells who made it.
    Clean,
    /// As its owner has it.
    AsItIs,
}

impl Form {
    /// By its name among the questions of the page.
    pub(crate) fn named(name: &str) -> Option<Self> {
        match name {
            "fitted" => Some(Self::Fitted),
            "clean" => Some(Self::Clean),
            "as-it-is" => Some(Self::AsItIs),
            _ => None,
        }
    }
}

/// Something that cleaning takes off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gone {
    /// What, in a word for programs.
    pub what: &'static str,
    /// What, in the owner's language.
    pub words: String,
    /// Where in the file; empty for the file itself.
    pub inside: String,
}

/// What came of cleaning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cleaned {
    /// There is a clean copy.
    Copy {
        /// How many bytes it has.
        bytes: u64,
        /// How many a picture has that is no larger than the link bears, where that is less.
        fitted: Option<u64>,
        /// What was taken off.
        gone: Vec<Gone>,
        /// What was left on purpose, in the owner's language.
        left: Vec<String>,
    },
    /// It cannot be cleaned.
    Not {
        /// Why, in a word for programs.
        why: &'static str,
        /// What kind of file it is, where that is the reason.
        name: String,
        /// Into what it can be converted first.
        instead: String,
    },
}

/// A file that its owner handed to the page: outside the home, on no disk under any name.
pub trait Parcel: 'static {
    /// Takes the next bytes.
    ///
    /// # Errors
    /// [`Refusal::Disk`].
    fn take(&mut self, bytes: &[u8]) -> Result<(), Refusal>;

    /// Makes the clean copy, behind walls, and of a picture a smaller one where the link wants it. `name` is what the owner calls the file, `language` a tag.
    fn clean(
        self,
        name: String,
        language: String,
    ) -> impl Future<Output = (Self, Result<Cleaned, Refusal>)>
    where
        Self: Sized;

    /// How many bytes there are of a form; none where there is no such form.
    fn bytes(&self, form: Form) -> Option<u64>;

    /// A name that tells only the kind of file, with these letters in it.
    fn neutral_name(&self, form: Form, own: &str, letters: &str) -> String;

    /// Begins to give a form from its first byte.
    ///
    /// # Errors
    /// [`Refusal::Disk`].
    fn open(&mut self, form: Form) -> Result<(), Refusal>;

    /// The next bytes of the form that was opened, at most so many; none at its end.
    ///
    /// # Errors
    /// [`Refusal::Disk`].
    fn give(&mut self, most: usize) -> Result<Vec<u8>, Refusal>;
}

/// Makes frames of a voice note out of speech.
pub trait Recorder: 'static {
    /// The frames that are whole with these samples (16 kHz, one channel), and how many milliseconds
    /// they last.
    ///
    /// # Errors
    /// [`Refusal::Bug`].
    fn hear(&mut self, samples: &[i16]) -> Result<(Vec<u8>, u32), Refusal>;
}

/// A file that comes from a page.
pub(crate) struct Handed<P> {
    pub(crate) conversation: ConversationId,
    pub(crate) name: String,
    /// How many bytes the page said it has.
    pub(crate) bytes: u64,
    /// How many came.
    pub(crate) taken: u64,
    /// How many of them the home has.
    pub(crate) given: Rc<Cell<u64>>,
    /// Away while it is cleaned or taken in.
    pub(crate) parcel: Option<P>,
    asked: Instant,
}

/// Speech that is being recorded.
pub(crate) struct Speaking<R> {
    pub(crate) conversation: ConversationId,
    pub(crate) recorder: R,
    /// Samples that came.
    pub(crate) samples: u64,
    /// Rows of it in the home.
    pub(crate) rows: u32,
}

/// A file that may be taken out once.
pub(crate) struct Ticket {
    pub(crate) name: String,
    pub(crate) bytes: u64,
    /// Where its bytes come from.
    pub(crate) from: mpsc::Receiver<Bytes>,
    until: Instant,
}

/// What one home's pages have under way. It goes when the home is closed.
pub(crate) struct Tray<P, R> {
    handed: RefCell<BTreeMap<String, Handed<P>>>,
    speaking: RefCell<Option<(String, Speaking<R>)>>,
    tickets: RefCell<BTreeMap<String, Ticket>>,
}

impl<P, R> Default for Tray<P, R> {
    fn default() -> Self {
        Self {
            handed: RefCell::default(),
            speaking: RefCell::default(),
            tickets: RefCell::default(),
        }
    }
}

impl<P: Parcel, R: Recorder> Tray<P, R> {
    /// Forgets everything.
    pub(crate) fn clear(&self) {
        self.handed.borrow_mut().clear();
        *self.speaking.borrow_mut() = None;
        self.tickets.borrow_mut().clear();
    }

    /// A place for a file that is about to come.
    ///
    /// # Errors
    /// [`Refusal::Busy`] when too many are under way.
    pub(crate) fn begin(
        &self,
        conversation: ConversationId,
        name: String,
        bytes: u64,
        parcel: P,
    ) -> Result<String, Refusal> {
        let mut handed = self.handed.borrow_mut();
        let now = Instant::now();
        handed.retain(|_, one| now.duration_since(one.asked) < FORGOTTEN);
        if handed.len() >= PARCELS_MAX {
            return Err(Refusal::Busy);
        }
        let id = random_hex::<16>().map_err(|_| Refusal::Disk)?.to_string();
        let (taken, given, parcel) = (0, Rc::default(), Some(parcel));
        let one = Handed { conversation, name, bytes, taken, given, parcel, asked: now };
        handed.insert(id.clone(), one);
        Ok(id)
    }

    /// Looks at a file that is under way.
    ///
    /// # Errors
    /// [`Refusal::Unknown`].
    pub(crate) fn at<T>(
        &self,
        id: &str,
        look: impl FnOnce(&mut Handed<P>) -> Result<T, Refusal>,
    ) -> Result<T, Refusal> {
        let mut handed = self.handed.borrow_mut();
        let one = handed.get_mut(id).ok_or(Refusal::Unknown)?;
        one.asked = Instant::now();
        look(one)
    }

    /// Takes the next bytes of a file. Those that came already are passed over.
    ///
    /// # Errors
    /// [`Refusal::BadInput`] for bytes that are not the next ones, and what the parcel says.
    pub(crate) fn take(&self, id: &str, at: u64, bytes: &[u8]) -> Result<u64, Refusal> {
        self.at(id, |one| {
            let count = u64::try_from(bytes.len()).map_err(|_| Refusal::TooLarge)?;
            let after = at.checked_add(count).ok_or(Refusal::TooLarge)?;
            if after <= one.taken {
                return Ok(one.taken);
            }
            if at != one.taken || after > one.bytes {
                return Err(Refusal::BadInput);
            }
            one.parcel.as_mut().ok_or(Refusal::Busy)?.take(bytes)?;
            one.taken = after;
            Ok(after)
        })
    }

    /// Takes a whole file away, to be worked on.
    ///
    /// # Errors
    /// [`Refusal::BadInput`] when not all of it came, [`Refusal::Busy`] when it is worked on.
    pub(crate) fn away(&self, id: &str) -> Result<P, Refusal> {
        self.at(id, |one| {
            if one.taken != one.bytes {
                return Err(Refusal::BadInput);
            }
            one.parcel.take().ok_or(Refusal::Busy)
        })
    }

    /// Puts it back; it is gone where its page gave it up meanwhile.
    pub(crate) fn back(&self, id: &str, parcel: P) {
        if let Some(one) = self.handed.borrow_mut().get_mut(id) {
            one.parcel = Some(parcel);
        }
    }

    /// Forgets a file.
    pub(crate) fn forget(&self, id: &str) {
        self.handed.borrow_mut().remove(id);
    }

    /// Somebody speaks; whoever spoke before has ended.
    ///
    /// # Errors
    /// [`Refusal::Disk`] when the system gives no randomness.
    pub(crate) fn speak(&self, speaking: Speaking<R>) -> Result<String, Refusal> {
        let id = random_hex::<16>().map_err(|_| Refusal::Disk)?.to_string();
        *self.speaking.borrow_mut() = Some((id.clone(), speaking));
        Ok(id)
    }

    /// Looks at what is being spoken.
    ///
    /// # Errors
    /// [`Refusal::Unknown`].
    pub(crate) fn spoken<T>(
        &self,
        id: &str,
        look: impl FnOnce(&mut Speaking<R>) -> Result<T, Refusal>,
    ) -> Result<T, Refusal> {
        match self.speaking.borrow_mut().as_mut() {
            Some((its, speaking)) if its == id => look(speaking),
            _ => Err(Refusal::Unknown),
        }
    }

    /// Ends what is spoken to a conversation, and gives it.
    pub(crate) fn silence(&self, conversation: ConversationId) -> Option<Speaking<R>> {
        let mut speaking = self.speaking.borrow_mut();
        let its = speaking.as_ref().is_some_and(|(_, one)| one.conversation == conversation);
        speaking.take_if(|_| its).map(|(_, one)| one)
    }

    /// A link by which a file is taken out once.
    ///
    /// # Errors
    /// [`Refusal::Disk`] when the system gives no randomness.
    pub(crate) fn ticket(
        &self,
        name: String,
        bytes: u64,
        from: mpsc::Receiver<Bytes>,
    ) -> Result<String, Refusal> {
        let mut tickets = self.tickets.borrow_mut();
        let now = Instant::now();
        tickets.retain(|_, ticket| ticket.until > now);
        if tickets.len() >= TICKETS_MAX {
            return Err(Refusal::Busy);
        }
        let id = random_hex::<16>().map_err(|_| Refusal::Disk)?.to_string();
        let until = now.checked_add(TICKET_LIVES).unwrap_or(now);
        tickets.insert(id.clone(), Ticket { name, bytes, from, until });
        Ok(id)
    }

    /// What a link leads to; it leads there once.
    pub(crate) fn redeem(&self, id: &str) -> Option<Ticket> {
        let ticket = self.tickets.borrow_mut().remove(id)?;
        (ticket.until > Instant::now()).then_some(ticket)
    }
}
