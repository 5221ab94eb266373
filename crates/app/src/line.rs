//! A home as a page sees it, for something that is no page: a terminal asks the same calls and is
//! told the same changes, without a server between.

use serde_json::{Value, json};
use sogon_engine::Event;
use tokio::sync::broadcast;

use crate::{
    app::Place,
    calls,
    home::{Home, Refusal},
    live,
};

/// One who asks, and is told.
pub struct Line<H: Home> {
    place: Place<H>,
    home: H,
}

/// What happens in a home, as it is told.
#[derive(Debug)]
pub struct Told(broadcast::Receiver<Event>);

impl<H: Home> std::fmt::Debug for Line<H> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Line(..)")
    }
}

impl<H: Home> Line<H> {
    /// A line to an open home.
    pub fn new(home: H) -> Self {
        Self { place: Place::new(Some(home.clone()), None), home }
    }

    /// Does what is asked, in the names of the page's calls.
    ///
    /// # Errors
    /// Why it was not done.
    pub async fn ask(&self, name: &str, with: &Value) -> Result<Value, Refusal> {
        calls::run_on_terminal(&self.place, &self.home, name, with).await
    }

    /// What happens from now on.
    pub fn listen(&self) -> Told {
        Told(self.home.events())
    }

    /// The next changes, as a page is told them; `None` when the home was closed.
    pub async fn told(&self, told: &mut Told) -> Option<Vec<Value>> {
        let Told(events) = told;
        let events = match live::together(events).await? {
            live::Stirred::Missed => return Some(vec![json!({ "is": "missed" })]),
            live::Stirred::Events(events) => events,
        };
        let mut all = Vec::with_capacity(events.len());
        for event in events {
            all.extend(live::told(&self.home, event).await);
        }
        Some(all)
    }
}
