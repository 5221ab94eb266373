//! Pictures on the page: drawn anew elsewhere, small or as large as a screen. The page never gets the
//! bytes that somebody sent.

use serde_json::Value;
use sogon_engine::{Act, ConversationId, MessageId, view};

use crate::{
    app::Place,
    home::{Extent, Home, Refusal},
};

/// What is to be seen once.
const ONCE: Option<u64> = Some(0);

/// `{conversation, id, large}`: a JPEG. Whoever sees what is to fade starts its time; what is to be
/// seen once is seen large only, and gone before it is shown.
///
/// # Errors
/// [`Refusal::NoPicture`], [`Refusal::NotHere`], what the home says.
pub(crate) async fn see<H: Home>(place: &Place<H>, asked: &Value) -> Result<Vec<u8>, Refusal> {
    let home = place.home.borrow().clone().ok_or(Refusal::Locked)?;
    let text = |name: &str| asked.get(name).and_then(Value::as_str);
    let conversation: ConversationId =
        text("conversation").and_then(|id| id.parse().ok()).ok_or(Refusal::BadInput)?;
    let message: MessageId = text("id").and_then(|id| id.parse().ok()).ok_or(Refusal::BadInput)?;
    let extent = match asked.get("large").and_then(Value::as_bool) {
        Some(true) => Extent::Large,
        _ => Extent::Small,
    };
    if extent == Extent::Large {
        home.attended();
    }
    let look = home.look(move |shelf| {
        let found = view::message(shelf, conversation, message)?;
        // A small one that is kept was shown before, and what fades fades since then.
        Ok((found, view::preview(shelf, conversation, message)?.is_some()))
    });
    let (found, shown) = look.await?;
    let found = found.ok_or(Refusal::Unknown)?;
    let file = found.file.ok_or(Refusal::NoPicture)?;
    if !file.whole {
        return Err(Refusal::NotHere);
    }
    if found.fades_s == ONCE && (extent == Extent::Small || found.from.is_none()) {
        return Err(Refusal::NoPicture);
    }
    let drawn = home.picture(conversation, message, extent).await?.ok_or(Refusal::NoPicture)?;
    let begins = found.fades_s == ONCE || !shown;
    if found.from.is_some() && found.fades_s.is_some() && begins {
        home.act(Act::OpenedFile { conversation, message }).await?;
    }
    Ok(drawn)
}
