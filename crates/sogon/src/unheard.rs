//! What was said in a call and is not known to be heard: it is stored while the line is silent, and
//! goes out as a voice note when the call is over, once, whenever the program was killed.
//!
//! Rows of a call: pieces of a second or so, and the number of the file they go as. That number is
//! stored before the file is sent and the rows are removed after it, so that a note which stands in
//! the conversation is known and is not sent again.

use std::collections::BTreeSet;

use sogon_call::{TICK_SAMPLES, note, note::Note};
use sogon_engine::{Act, Answer, Batch, Change, ConversationId, MessageId, Order, Shelf, Table};

use crate::{
    calling::Which,
    commands::note_info,
    hand::Hand,
    trouble::{Kind, Trouble},
};

/// Conversation, call, and 0 for the file or the number of a piece.
const UNHEARD: Table = Table(204);
/// As much is on its way on any line: only what is longer is stored.
const UNDER_WAY_SAMPLES: usize = 24_000;
/// What is shorter is no loss.
const SHORT_SAMPLES: usize = 32_000;
/// Where nothing is louder nothing was said.
const LOUD: u16 = 500;
/// So much is kept around what was said.
const EDGE_SAMPLES: usize = 8_000;
/// Rows of one call, and of all of them.
const ROWS_MAX: usize = 4_096;

/// What is not known to be heard, in pieces with their places.
pub(crate) type Pieces<'a> = [(u32, &'a [i16])];

/// What is stored of one call.
#[derive(Debug)]
pub(crate) struct Keeping {
    which: Which,
    /// Pieces: their numbers, and the first and last place in each.
    pieces: Vec<(u32, u32, u32)>,
    next: u32,
}

impl Keeping {
    pub(crate) fn of(which: Which) -> Self {
        Self { which, pieces: Vec::new(), next: 1 }
    }

    /// The rows that store what is not known to be heard by now, and remove what was. While a line
    /// is well there are none.
    pub(crate) fn rows(&mut self, unheard: &Pieces<'_>) -> Batch {
        self.changed(unheard, UNDER_WAY_SAMPLES)
    }

    /// The same at the end: nothing is under way any more.
    pub(crate) fn last(&mut self, unheard: &Pieces<'_>) -> Batch {
        self.changed(unheard, SHORT_SAMPLES)
    }

    fn changed(&mut self, there: &Pieces<'_>, more_than: usize) -> Batch {
        let places: BTreeSet<u32> = there.iter().map(|(place, _)| *place).collect();
        let which = self.which;
        let mut rows = Batch::new();
        self.pieces.retain(|(number, from, to)| {
            let wanted = places.range(from..=to).next().is_some();
            if !wanted {
                rows.push(Change::Delete { table: UNHEARD, key: key(which, *number) });
            }
            wanted
        });
        let all: usize = there.iter().map(|(_, samples)| samples.len()).sum();
        if all <= more_than {
            return rows;
        }
        let new = there.iter().filter(|(place, _)| !self.holds(*place));
        let new: Vec<_> = new.collect();
        let (Some((from, _)), Some((to, _))) = (new.first(), new.last()) else { return rows };
        let samples: Vec<i16> = new.iter().flat_map(|(_, samples)| *samples).copied().collect();
        // Nothing of a recording of this length is refused.
        let Ok(value) = note::record(&samples) else { return rows };
        rows.push(Change::Put { table: UNHEARD, key: key(which, self.next), value });
        self.pieces.push((self.next, *from, *to));
        self.next = self.next.saturating_add(1);
        rows
    }

    fn holds(&self, place: u32) -> bool {
        self.pieces.iter().any(|(_, from, to)| (*from..=*to).contains(&place))
    }

    /// Sends what is stored.
    ///
    /// # Errors
    /// What engine or vault say.
    pub(crate) async fn send(&self, hand: &Hand) -> Result<Option<MessageId>, Trouble> {
        send(hand, self.which).await
    }
}

/// Sends what was left by a program that is gone.
///
/// # Errors
/// What engine or vault say; it is tried again when the home is opened next time.
pub(crate) async fn send_left(hand: Hand) -> Result<(), Trouble> {
    for which in left(&hand).await? {
        send(&hand, which).await?;
    }
    Ok(())
}

/// Calls of which something is stored.
async fn left(hand: &Hand) -> Result<Vec<Which>, Trouble> {
    let rows = hand.look(|vault| vault.scan(UNHEARD, b"", None, ROWS_MAX, Order::Up)).await?;
    let mut all: Vec<Which> = rows.iter().filter_map(|(key, _)| which(key)).collect();
    all.dedup();
    Ok(all)
}

/// Sends a recording as a note, where nothing of it was said to anybody yet.
///
/// # Errors
/// What engine or vault say.
pub(crate) async fn send_all(
    hand: &Hand,
    which: Which,
    samples: &[i16],
) -> Result<Option<MessageId>, Trouble> {
    if samples.is_empty() {
        return Ok(None);
    }
    let value = note::record(samples).map_err(|_| Kind::Bug)?;
    hand.keep(vec![Change::Put { table: UNHEARD, key: key(which, 1), value }]).await?;
    send(hand, which).await
}

async fn send(hand: &Hand, which: Which) -> Result<Option<MessageId>, Trouble> {
    let from = key(which, 0);
    let prefix = from.get(..from.len().saturating_sub(4)).unwrap_or_default().to_vec();
    let rows =
        hand.look(move |vault| vault.scan(UNHEARD, &prefix, None, ROWS_MAX, Order::Up)).await?;
    let gone: Batch =
        rows.iter().map(|(key, _)| Change::Delete { table: UNHEARD, key: key.clone() }).collect();
    let mut said = Vec::new();
    for (its, value) in &rows {
        if *its == from {
            // It was about to be sent: where it stands, it was.
            let file = <[u8; 8]>::try_from(value.as_slice()).map(MessageId).ok();
            if let Some(file) = file
                && hand.message(which.conversation, file).await?.is_some()
            {
                hand.keep(gone).await?;
                return Ok(Some(file));
            }
        } else if let Ok(samples) = Note::parse(value).and_then(|note| note.play()) {
            said.extend(samples);
        }
    }
    let note = trimmed(&said).map(note::record).transpose().map_err(|_| Kind::Bug)?;
    let file = match note {
        Some(note) => as_a_note(hand, which, &note).await?,
        None => None,
    };
    if !gone.is_empty() {
        // The number of the file is not among the rows that were read.
        let number = Change::Delete { table: UNHEARD, key: from };
        hand.keep(gone.into_iter().chain([number]).collect()).await?;
    }
    Ok(file)
}

async fn as_a_note(hand: &Hand, which: Which, note: &[u8]) -> Result<Option<MessageId>, Trouble> {
    let to = which.conversation;
    let bytes = u64::try_from(note.len()).unwrap_or(u64::MAX);
    let begun = match hand.act(Act::BeginFile { to, bytes }).await {
        Ok(begun) => begun,
        // To a conversation that is over nobody says anything any more.
        Err(trouble) if trouble.kind() == Kind::Over => return Ok(None),
        Err(trouble) => return Err(trouble),
    };
    let Answer::Begun { file, piece_bytes } = begun else { return Err(Kind::Bug.into()) };
    let value = file.0.to_vec();
    hand.keep(vec![Change::Put { table: UNHEARD, key: key(which, 0), value }]).await?;
    for some in note.chunks(piece_bytes.saturating_mul(4)) {
        hand.act(Act::AddPieces { to, file, bytes: some.to_vec() }).await?;
    }
    let ms = Note::parse(note).map_err(|_| Kind::Bug)?.ms();
    let about = note_info(ms);
    let reply_to = Some(which.call);
    hand.act(Act::SendFile { to, file, about, reply_to, after_s: None }).await?;
    Ok(Some(file))
}

/// What was said, without the silence before and after; [`None`] when nothing was.
fn trimmed(samples: &[i16]) -> Option<&[i16]> {
    let loud = |tick: &[i16]| tick.iter().any(|sample| sample.unsigned_abs() > LOUD);
    let ticks = || samples.chunks(TICK_SAMPLES);
    let first = ticks().position(loud)?;
    let last = ticks().enumerate().rfind(|(_, tick)| loud(tick))?.0;
    let from = first.saturating_mul(TICK_SAMPLES).saturating_sub(EDGE_SAMPLES);
    let to = last.saturating_add(1).saturating_mul(TICK_SAMPLES).saturating_add(EDGE_SAMPLES);
    samples.get(from..to.min(samples.len()))
}

fn key(which: Which, number: u32) -> Vec<u8> {
    let Which { conversation, call } = which;
    [conversation.0.as_slice(), &call.0, &number.to_be_bytes()].concat()
}

fn which(key: &[u8]) -> Option<Which> {
    let (conversation, rest) = key.split_first_chunk()?;
    let (call, _) = rest.split_first_chunk()?;
    Some(Which { conversation: ConversationId(*conversation), call: MessageId(*call) })
}
