//! Whether a file that came is a program, or not what it is called.

use std::{cell::RefCell, io};

use sogon_engine::{Act, ConversationId, MessageId, Shelf, view};
use sogon_inspect::{Source, program};

use crate::{hand::Hand, trouble::Trouble};

/// What kind of program it is, if it is one. The owner's log is told the first time.
///
/// # Errors
/// When the store cannot answer.
pub(crate) async fn judge(hand: &Hand, found: &view::Message) -> Result<Option<String>, Trouble> {
    let Some(file) = found.file.clone().filter(|_| found.from.is_some()) else { return Ok(None) };
    let (conversation, message) = (found.conversation, found.id);
    let what = hand
        .look(move |vault| {
            let name = file.name.clone();
            let pieces =
                Pieces { shelf: vault, conversation, message, file, last: RefCell::default() };
            program::judge(&name, &pieces).map_err(|_| sogon_engine::ShelfFault)
        })
        .await?
        .map(|what| what.id().to_owned());
    if let Some(what) = &what {
        let act = Act::JudgeFile { conversation, message, what: what.clone() };
        hand.act(act).await?;
    }
    Ok(what)
}

/// A file in the home, read at any place.
struct Pieces<'a> {
    shelf: &'a dyn Shelf,
    conversation: ConversationId,
    message: MessageId,
    file: view::File,
    /// The piece that was read last.
    last: RefCell<Option<(u32, Vec<u8>)>>,
}

impl Source for Pieces<'_> {
    fn size(&self) -> u64 {
        self.file.bytes
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        if offset >= self.file.bytes {
            return Ok(0);
        }
        let wrong = || io::Error::from(io::ErrorKind::InvalidData);
        let index = offset.checked_div(self.file.piece_bytes).ok_or_else(wrong)?;
        let inside = offset.checked_rem(self.file.piece_bytes).ok_or_else(wrong)?;
        let index = u32::try_from(index).map_err(|_| wrong())?;
        let inside = usize::try_from(inside).map_err(|_| wrong())?;
        let mut last = self.last.borrow_mut();
        if last.as_ref().is_none_or(|(its, _)| *its != index) {
            let piece = view::piece(self.shelf, self.conversation, self.message, index);
            *last = Some((index, piece.map_err(|_| wrong())?.ok_or_else(wrong)?));
        }
        let piece = last.as_ref().and_then(|(_, piece)| piece.get(inside..)).unwrap_or_default();
        let count = piece.len().min(buffer.len());
        if let (Some(to), Some(from)) = (buffer.get_mut(..count), piece.get(..count)) {
            to.copy_from_slice(from);
        }
        Ok(count)
    }
}
