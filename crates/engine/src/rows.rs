//! Stub.
#![allow(unused, clippy::all)]
use crate::view::*;
use crate::*;
use sogon_seal::shelf::*;
pub(crate) fn view_owner(shelf: &dyn Shelf) -> Result<Option<Owner>, ShelfFault> {
    Err(ShelfFault)
}
pub(crate) fn view_contacts(shelf: &dyn Shelf) -> Result<Vec<Contact>, ShelfFault> {
    Err(ShelfFault)
}
pub(crate) fn view_conversations(shelf: &dyn Shelf) -> Result<Vec<Conversation>, ShelfFault> {
    Err(ShelfFault)
}
pub(crate) fn view_messages(
    shelf: &dyn Shelf,
    c: ConversationId,
    after: u64,
    limit: usize,
) -> Result<Vec<Message>, ShelfFault> {
    Err(ShelfFault)
}
pub(crate) fn view_latest(
    shelf: &dyn Shelf,
    c: ConversationId,
    limit: usize,
) -> Result<Vec<Message>, ShelfFault> {
    Err(ShelfFault)
}
pub(crate) fn view_message(
    shelf: &dyn Shelf,
    c: ConversationId,
    id: MessageId,
) -> Result<Option<Message>, ShelfFault> {
    Err(ShelfFault)
}
pub(crate) fn view_search(
    shelf: &dyn Shelf,
    words: &str,
    limit: usize,
) -> Result<Vec<Message>, ShelfFault> {
    Err(ShelfFault)
}
pub(crate) fn view_alerts(shelf: &dyn Shelf) -> Result<(Vec<Alert>, bool), ShelfFault> {
    Err(ShelfFault)
}
pub(crate) fn view_waiting(shelf: &dyn Shelf) -> Result<u64, ShelfFault> {
    Err(ShelfFault)
}
