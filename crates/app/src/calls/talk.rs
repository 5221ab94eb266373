//! Lists, messages, words.

use serde_json::{Value, json};
use sogon_engine::{Act, Answer, Reach, view};

use super::Asked;
use crate::{
    app::Place,
    home::{Home, Refusal},
    memo::Memo,
    roster::Roster,
    shape,
};

/// Lines of the list asked for at once, messages likewise, and what a search gives.
const LINES_MAX: usize = 128;
const MESSAGES_MAX: usize = 200;
const FOUND_MAX: usize = 100;

/// `{from, count, filter}`: a piece of the list, how long it is, and how much is unread in all.
pub(super) async fn list<H: Home>(
    place: &Place<H>,
    home: &H,
    asked: &Asked<'_>,
) -> Result<Value, Refusal> {
    let from = asked.count("from", usize::MAX)?;
    let count = asked.count("count", LINES_MAX)?;
    let filter = asked.text("filter").unwrap_or_default().to_owned();
    let mut kept = place.roster.lock().await;
    let roster = fresh(&mut kept, home).await?;
    let matching = roster.matching(&filter);
    let total = matching.len();
    let lines: Vec<_> = matching.into_iter().skip(from).take(count).cloned().collect();
    let unread = roster.unread();
    let lines = home.look(move |shelf| {
        lines.iter().map(|line| shape::entry(shelf, line)).collect::<Result<Vec<_>, _>>()
    });
    Ok(json!({ "total": total, "from": from, "lines": lines.await?, "unread": unread }))
}

/// The roster as it stands now.
pub(super) async fn fresh<'a, H: Home>(
    kept: &'a mut Option<Roster>,
    home: &H,
) -> Result<&'a Roster, Refusal> {
    let mut roster = match kept.take() {
        Some(roster) => roster,
        None => Roster::new(home).await?,
    };
    roster.refresh(home).await?;
    Ok(kept.insert(roster))
}

/// `{conversation, limit}` and one of `before`, `after` (orders) or `around` (a message): messages,
/// oldest first, and whether there are more on either side.
pub(super) async fn messages<H: Home>(home: &H, asked: &Asked<'_>) -> Result<Value, Refusal> {
    let id = asked.conversation()?;
    let limit = asked.count("limit", MESSAGES_MAX)?.max(1);
    let around = if asked.has("around") { Some(asked.message("around")?) } else { None };
    let (before, after) = (asked.number("before").ok(), asked.number("after").ok());
    home.look(move |shelf| {
        let found = around.map(|around| view::message(shelf, id, around)).transpose()?.flatten();
        let all = match (found, before, after) {
            (Some(found), _, _) => {
                let half = limit.div_ceil(2);
                let mut all = view::earlier(shelf, id, found.order, half)?;
                all.extend(view::messages(shelf, id, found.order.saturating_sub(1), half)?);
                all
            }
            (None, Some(before), _) => view::earlier(shelf, id, before, limit)?,
            (None, None, Some(after)) => view::messages(shelf, id, after, limit)?,
            (None, None, None) => view::latest(shelf, id, limit)?,
        };
        let (first, last) = (all.first().map(|m| m.order), all.last().map(|m| m.order));
        let more_before = match first.or(before) {
            Some(first) => !view::earlier(shelf, id, first, 1)?.is_empty(),
            None => false,
        };
        let more_after = match last.or(after) {
            Some(last) => !view::messages(shelf, id, last, 1)?.is_empty(),
            None => false,
        };
        Ok(json!({
            "messages": shape::messages(shelf, &all)?,
            "before": more_before,
            "after": more_after,
        }))
    })
    .await
}

/// `{conversation, text, reply}`: the message as it is stored. How long it stays is what the
/// conversation's timer says.
pub(super) async fn send<H: Home>(home: &H, asked: &Asked<'_>) -> Result<Value, Refusal> {
    home.attended();
    let to = asked.conversation()?;
    let text = asked.text("text")?.to_owned();
    if text.trim().is_empty() {
        return Err(Refusal::BadInput);
    }
    let reply_to = if asked.has("reply") { Some(asked.message("reply")?) } else { None };
    let memo = home.look(move |shelf| Memo::load(shelf, to)).await?;
    let act = match memo.timer_s {
        Some(after_s) => Act::SendFading { to, text, reply_to, after_s },
        None => Act::Send { to, text, reply_to },
    };
    let Answer::Queued { message } = home.act(act).await? else { return Err(Refusal::Bug) };
    // The words went where they were to go: the draft of them goes.
    let rows = Memo { draft: String::new(), ..memo }.rows(to)?;
    home.keep(rows).await?;
    let stored = home.look(move |shelf| {
        let found = view::message(shelf, to, message)?;
        found.map(|found| shape::message(shelf, &found)).transpose()
    });
    Ok(json!({ "message": stored.await?, "id": message.to_string() }))
}

/// `{conversation}`: everything in it has been seen.
pub(super) async fn read<H: Home>(home: &H, asked: &Asked<'_>) -> Result<Value, Refusal> {
    home.act(Act::MarkRead { conversation: asked.conversation()? }).await?;
    Ok(json!({}))
}

/// `{conversation, id, everywhere}`.
pub(super) async fn delete<H: Home>(home: &H, asked: &Asked<'_>) -> Result<Value, Refusal> {
    home.attended();
    let (conversation, message) = (asked.conversation()?, asked.message("id")?);
    let reach = if asked.yes("everywhere") { Reach::Everywhere } else { Reach::Here };
    home.act(Act::Delete { conversation, message, reach }).await?;
    Ok(json!({}))
}

/// `{conversation, id, text}`: other words in the place of one's own.
pub(super) async fn edit<H: Home>(home: &H, asked: &Asked<'_>) -> Result<Value, Refusal> {
    home.attended();
    let (conversation, message) = (asked.conversation()?, asked.message("id")?);
    let text = asked.text("text")?.to_owned();
    if text.trim().is_empty() {
        return Err(Refusal::BadInput);
    }
    home.act(Act::Edit { conversation, message, text }).await?;
    Ok(json!({}))
}

/// `{conversation, id, face}`: one letter in answer; an empty one takes it back.
pub(super) async fn react<H: Home>(home: &H, asked: &Asked<'_>) -> Result<Value, Refusal> {
    home.attended();
    let (conversation, message) = (asked.conversation()?, asked.message("id")?);
    let face = asked.text("face")?.to_owned();
    home.act(Act::React { conversation, message, face }).await?;
    Ok(json!({}))
}

/// `{conversation, draft}` or `{conversation, timer_s}` (null for none).
pub(super) async fn memo<H: Home>(home: &H, asked: &Asked<'_>) -> Result<Value, Refusal> {
    let id = asked.conversation()?;
    let mut memo = home.look(move |shelf| Memo::load(shelf, id)).await?;
    if asked.0.get("timer_s").is_some() {
        memo.timer_s = asked.number("timer_s").ok();
    }
    if let Ok(draft) = asked.text("draft") {
        memo.draft = draft.to_owned();
    }
    home.keep(memo.rows(id)?).await?;
    Ok(json!({}))
}

/// `{words, conversation}`: messages in which all words occur, newest first.
pub(super) async fn search<H: Home>(
    place: &Place<H>,
    home: &H,
    asked: &Asked<'_>,
) -> Result<Value, Refusal> {
    let words = asked.text("words")?.trim().to_owned();
    if words.is_empty() {
        return Ok(json!({ "found": [] }));
    }
    let found = home.look(move |shelf| view::search(shelf, &words, FOUND_MAX)).await?;
    let mut kept = place.roster.lock().await;
    let roster = fresh(&mut kept, home).await?;
    let found = found.into_iter().map(|message| {
        let title = roster.entry(message.conversation).map(|entry| shape::name(&entry.title));
        json!({
            "id": message.id.to_string(),
            "conversation": message.conversation.to_string(),
            "title": title.unwrap_or_default(),
            "from": message.from.as_deref().map(shape::name),
            "at": message.at_s,
            "text": message.text.chars().take(600).collect::<String>(),
        })
    });
    Ok(json!({ "found": found.collect::<Vec<_>>() }))
}
