//! Whether a file that came is a program, or not what it is called.

use std::{cell::RefCell, io};

use sogon_engine::{Act, ConversationId, MessageId, Shelf, view};
use sogon_inspect::{
    Source, program,
    signer::{self, Signing},
};

use crate::{hand::Hand, trouble::Trouble, words::Words};

/// Digits of a certificate's hash that a person is shown.
const DIGITS_SHOWN: usize = 16;

/// What kind of program it is and who signed it, if it is one. The owner's log is told the first
/// time.
///
/// # Errors
/// When the store cannot answer.
pub(crate) async fn judge(
    hand: &Hand,
    found: &view::Message,
) -> Result<Option<view::Judged>, Trouble> {
    let Some(file) = found.file.clone().filter(|_| found.from.is_some()) else { return Ok(None) };
    let (conversation, message) = (found.conversation, found.id);
    let judged = hand
        .look(move |vault| {
            let name = file.name.clone();
            let pieces =
                Pieces { shelf: vault, conversation, message, file, last: RefCell::default() };
            looked(&name, &pieces).map_err(|_| sogon_engine::ShelfFault)
        })
        .await?;
    if let Some(view::Judged { what, signer }) = judged.clone() {
        hand.act(Act::JudgeFile { conversation, message, what, signer }).await?;
    }
    Ok(judged)
}

fn looked(name: &str, file: &dyn Source) -> io::Result<Option<view::Judged>> {
    let Some(what) = program::judge(name, file)? else { return Ok(None) };
    let signer = signer::signing(what, file)?.map(|signing| kept(&signing));
    Ok(Some(view::Judged { what: what.id().to_owned(), signer }))
}

fn kept(signing: &Signing) -> view::Signer {
    let by = signing.by().cloned();
    let (name, certificate) = by.map(|by| (by.name, by.certificate)).unwrap_or_default();
    view::Signer { said: signing.id().to_owned(), name, certificate }
}

/// A sentence about who signed it. The name is somebody else's words.
pub(crate) fn signer_sentence(words: &Words, signer: Option<&view::Signer>) -> String {
    let said = signer.map_or("unasked", |signer| signer.said.as_str());
    let name = signer.map(|signer| crate::plain::line(&signer.name));
    let name = name.filter(|name| !name.is_empty()).unwrap_or_else(|| "?".to_owned());
    let digits: Vec<char> = signer
        .map(|signer| signer.certificate.chars().take(DIGITS_SHOWN).collect())
        .unwrap_or_default();
    let fours: Vec<String> = digits.chunks(4).map(|four| four.iter().collect()).collect();
    let certificate = fours.join(" ");
    let args = [("name", name.as_str()), ("certificate", certificate.as_str())];
    words.say(&format!("program-signed-{said}"), &args)
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
