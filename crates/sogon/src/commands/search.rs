//! `sogon search`: words in all that is stored.

use sogon_engine::view;

use crate::{cli::Search, desk::Desk, letter, trouble::Trouble};

/// More than anybody looks through; newer ones come first into it.
const FOUND_MAX: usize = 1_000;

pub(super) async fn run(desk: &Desk, search: &Search) -> Result<(), Trouble> {
    let words = search.words.join(" ");
    let mut found = desk.hand.look(move |vault| view::search(vault, &words, FOUND_MAX)).await?;
    if found.is_empty() {
        desk.console.remark(&desk.words.say("search-none", &[])).await;
    }
    found.reverse();
    letter::show(desk, &found).await
}
