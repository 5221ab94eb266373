//! The conversations in their order, kept in memory so that a list of ten thousand is asked for a
//! screen at a time. The truth is in the home: what an event names is looked at again.

use std::collections::BTreeSet;

use sogon_engine::{ContactId, ConversationId, Event, view};
use tokio::sync::broadcast::{Receiver, error::TryRecvError};

use crate::home::{Home, Refusal};

/// When more than this changed, everything is looked at again: it is one walk over the rows.
const SINGLE_LOOKS_MAX: usize = 24;

/// One line of the list.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) id: ConversationId,
    pub(crate) title: String,
    pub(crate) group: bool,
    pub(crate) open: bool,
    pub(crate) unread: u64,
    pub(crate) order: u64,
    pub(crate) members: usize,
    pub(crate) contact: Option<ContactId>,
}

impl From<view::Conversation> for Entry {
    fn from(its: view::Conversation) -> Self {
        let contact = its.members.first().and_then(|member| member.contact);
        Self {
            id: its.id,
            title: its.title,
            group: its.group,
            open: its.open,
            unread: its.unread,
            order: its.last_order,
            members: its.members.len().saturating_add(1),
            contact: contact.filter(|_| !its.group),
        }
    }
}

/// All lines, newest first.
#[derive(Debug)]
pub(crate) struct Roster {
    events: Receiver<Event>,
    entries: Vec<Entry>,
}

impl Roster {
    /// As it stands now.
    ///
    /// # Errors
    /// What the home says.
    pub(crate) async fn new<H: Home>(home: &H) -> Result<Self, Refusal> {
        let events = home.events();
        Ok(Self { events, entries: all(home).await? })
    }

    /// Brings it up to what happened since.
    ///
    /// # Errors
    /// What the home says.
    pub(crate) async fn refresh<H: Home>(&mut self, home: &H) -> Result<(), Refusal> {
        let mut stirred = BTreeSet::new();
        loop {
            match self.events.try_recv() {
                Ok(
                    Event::Received { conversation, .. }
                    | Event::Progress { conversation, .. }
                    | Event::Changed { conversation },
                ) => {
                    stirred.insert(conversation);
                }
                Ok(_) => {}
                Err(TryRecvError::Lagged(_)) => {
                    self.events = self.events.resubscribe();
                    self.entries = all(home).await?;
                    stirred.clear();
                }
                Err(TryRecvError::Empty | TryRecvError::Closed) => break,
            }
        }
        if stirred.len() > SINGLE_LOOKS_MAX {
            self.entries = all(home).await?;
            return Ok(());
        }
        for id in stirred {
            let found = home.look(move |shelf| view::conversation(shelf, id)).await?;
            self.entries.retain(|entry| entry.id != id);
            if let Some(entry) = found.map(Entry::from) {
                let at = self.entries.partition_point(|other| other.order > entry.order);
                self.entries.insert(at, entry);
            }
        }
        Ok(())
    }

    /// The lines whose title holds `wanted`, whatever its capitals.
    pub(crate) fn matching(&self, wanted: &str) -> Vec<&Entry> {
        let wanted = wanted.trim().to_lowercase();
        let fits =
            |entry: &&Entry| wanted.is_empty() || entry.title.to_lowercase().contains(&wanted);
        self.entries.iter().filter(fits).collect()
    }

    /// Unread messages in all of them.
    pub(crate) fn unread(&self) -> u64 {
        self.entries.iter().fold(0, |sum, entry| sum.saturating_add(entry.unread))
    }

    pub(crate) fn entry(&self, id: ConversationId) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.id == id)
    }
}

async fn all<H: Home>(home: &H) -> Result<Vec<Entry>, Refusal> {
    let found = home.look(|shelf| view::conversations(shelf)).await?;
    Ok(found.into_iter().map(Entry::from).collect())
}
