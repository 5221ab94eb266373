//! The trial's stage: a relay, the watcher before it, two people and what they have said.

use std::{cell::RefCell, collections::BTreeSet, rc::Rc, time::Duration};

use sogon_engine::ConversationId;
use sogon_relay::{Config, Relay, Running};
use sogon_wire::RelayAddr;
use tempfile::TempDir;

use super::{
    person::Person,
    watcher::{Notes, Sighting, Watcher, Way},
};
use crate::{
    home::Home,
    resident::Resident,
    trouble::{Kind, Trouble},
    words::Words,
};

/// A text that takes longer does not arrive: all this is one machine.
const PATIENCE: Duration = Duration::from_secs(60);
/// Shorter words (in bytes) occur in random bytes by chance.
const WORD_BYTES_MIN: usize = 4;

/// Which of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Who {
    First,
    Second,
}

/// What a typed line means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Line<'a> {
    Text(Who, &'a str),
    Nothing,
    End,
    Unclear,
}

/// A text that arrived, and what the watcher saw meanwhile.
#[derive(Debug)]
pub(super) struct Spoken {
    pub(super) by: Who,
    /// As the other home stored it.
    pub(super) text: String,
    pub(super) began: Duration,
    pub(super) took: Duration,
    pub(super) seen: Vec<Sighting>,
}

/// What the watcher has to show for it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Verdict {
    pub(super) texts: usize,
    pub(super) bytes_up: usize,
    pub(super) bytes_down: usize,
    pub(super) records: usize,
    /// Words looked for in everything captured.
    pub(super) words: usize,
    /// Those that were there.
    pub(super) found: usize,
}

/// Everything that plays.
pub(super) struct Stage {
    first: Person,
    second: Person,
    /// Each one's own name of the conversation.
    conversations: (ConversationId, ConversationId),
    pub(super) safety_number: String,
    watcher: Watcher,
    /// Whose connection is whose, as far as it is known: the addresses would tell.
    owners: Vec<(usize, Who)>,
    relay: Running,
    pub(super) address: RelayAddr,
    said: Vec<String>,
    /// How large the texts were on their way to the relay.
    pub(super) sizes: BTreeSet<usize>,
    seen: usize,
    /// Gone with everything in it when this is dropped.
    folder: TempDir,
}

impl Stage {
    /// Sets everything up, up to two people who can write to each other.
    pub(super) async fn set(words: &Words) -> Result<Self, Trouble> {
        tokio::time::timeout(PATIENCE, Self::build(words)).await.map_err(|_| Kind::Trial)?
    }

    async fn build(words: &Words) -> Result<Self, Trouble> {
        let system = |_| Trouble::from(Kind::System);
        let relay = Relay::start(Config::memory()).await.map_err(|_| Kind::System)?;
        let watcher = Watcher::stand(([127, 0, 0, 1], relay.addr().port()).into()).await;
        let watcher = watcher.map_err(system)?;
        // The relay's own key, at the watcher's address: whoever stands between can only pass on.
        let fingerprint = relay.addr().fingerprint();
        let place = watcher.place();
        let address = RelayAddr::new(&place.ip().to_string(), place.port(), fingerprint)?;
        let folder = tempfile::Builder::new().prefix("sogon-try-").tempdir().map_err(system)?;

        let mut owners = Vec::new();
        let home = |name: &str| Home::at(folder.path().join(name));
        let first = Person::arrive(words.say("try-first", &[]), &home("1"), &address).await?;
        let invite = first.invite().await?;
        claim(&mut owners, &watcher, Who::First);
        let second = Person::arrive(words.say("try-second", &[]), &home("2"), &address).await?;
        second.join(invite).await?;
        claim(&mut owners, &watcher, Who::Second);
        let ((ours, number), (theirs, same)) = tokio::try_join!(first.meet(), second.meet())?;
        if number != same || number.is_empty() {
            return Err(Kind::Trial.into());
        }
        let conversations = (ours, theirs);
        let seen = watcher.read(|notes| notes.sightings.len());
        Ok(Self {
            first,
            second,
            conversations,
            safety_number: number,
            watcher,
            owners,
            relay,
            address,
            said: Vec::new(),
            sizes: BTreeSet::new(),
            seen,
            folder,
        })
    }

    /// Both homes, for the app.
    pub(super) fn residents(&self) -> [Resident; 2] {
        [self.first.resident(), self.second.resident()]
    }

    /// The watcher, and whose connection is whose as far as it is known.
    pub(super) fn view(&self) -> (Rc<RefCell<Notes>>, Vec<(usize, usize)>) {
        let owners = self.owners.iter().map(|(connection, who)| match who {
            Who::First => (*connection, 0),
            Who::Second => (*connection, 1),
        });
        (self.watcher.notes(), owners.collect())
    }

    pub(super) fn name(&self, who: Who) -> &str {
        match who {
            Who::First => &self.first.name,
            Who::Second => &self.second.name,
        }
    }

    /// Whose connection the watcher saw.
    pub(super) fn owner(&self, connection: usize) -> Option<&str> {
        let owner = self.owners.iter().find(|(known, _)| *known == connection)?;
        Some(self.name(owner.1))
    }

    /// One writes, the other reads.
    pub(super) async fn speak(&mut self, by: Who, text: &str) -> Result<Spoken, Trouble> {
        let (from, to, ours, theirs) = match by {
            Who::First => (&self.first, &self.second, self.conversations.0, self.conversations.1),
            Who::Second => (&self.second, &self.first, self.conversations.1, self.conversations.0),
        };
        let began = self.watcher.read(Notes::now);
        let spoken = async {
            let id = from.write(ours, text).await?;
            let received = to.receive(theirs, id).await?;
            let took = self.watcher.read(Notes::now).saturating_sub(began);
            from.hand_over(ours, id).await?;
            Ok::<_, Trouble>((received, took))
        };
        let (received, took) =
            tokio::time::timeout(PATIENCE, spoken).await.map_err(|_| Kind::Trial)??;
        if received.text != text {
            return Err(Kind::Trial.into());
        }
        self.said.push(text.to_owned());
        let from = self.seen;
        let seen =
            self.watcher.read(|notes| notes.sightings.get(from..).unwrap_or_default().to_vec());
        self.seen = from.saturating_add(seen.len());
        // A text is the first thing its writer sends after the key was pressed.
        let first = seen.iter().find(|sighting| {
            let owner = self.owners.iter().find(|(known, _)| *known == sighting.connection);
            sighting.way == Way::Up && owner.is_some_and(|(_, who)| *who == by)
        });
        self.sizes.extend(first.map(|sighting| sighting.bytes));
        Ok(Spoken { by, text: received.text, began, took, seen })
    }

    /// How many letters the shortest and the longest text had.
    pub(super) fn letters(&self) -> (usize, usize) {
        let letters = || self.said.iter().map(|text| text.chars().count());
        (letters().min().unwrap_or(0), letters().max().unwrap_or(0))
    }

    /// Looks for every word of both people, names included, in everything captured.
    pub(super) fn verdict(&self) -> Verdict {
        let names = [self.first.name.as_str(), self.second.name.as_str()];
        let words = words_of(self.said.iter().map(String::as_str).chain(names));
        self.watcher.read(|notes| Verdict {
            texts: self.said.len(),
            bytes_up: notes.passed(Way::Up),
            bytes_down: notes.passed(Way::Down),
            records: notes.sightings.len(),
            words: words.len(),
            found: words.iter().filter(|word| notes.holds(word.as_bytes())).count(),
        })
    }

    /// Closes the homes, stops the relay and removes the folder.
    pub(super) async fn clear(self) -> Result<(), Trouble> {
        self.first.leave().await?;
        self.second.leave().await?;
        drop(self.watcher);
        self.relay.stop().await;
        self.folder.close().map_err(|_| Kind::System.into())
    }
}

fn claim(owners: &mut Vec<(usize, Who)>, watcher: &Watcher, who: Who) {
    for connection in owners.len()..watcher.read(Notes::connections) {
        owners.push((connection, who));
    }
}

/// The words of some texts that are long enough to be told from chance.
pub(super) fn words_of<'a>(texts: impl Iterator<Item = &'a str>) -> BTreeSet<&'a str> {
    texts
        .flat_map(|text| text.split(|c: char| !c.is_alphanumeric()))
        .filter(|word| word.len() >= WORD_BYTES_MIN)
        .collect()
}

/// `m: TEXT` and `j: TEXT`, or the beginning of whatever the two are called; `q` ends.
pub(super) fn line(typed: &str) -> Line<'_> {
    let typed = typed.trim();
    if typed.is_empty() {
        return Line::Nothing;
    }
    if matches!(typed, "q" | "quit" | "exit") {
        return Line::End;
    }
    let Some((who, text)) = typed.split_once([':', '：']) else { return Line::Unclear };
    let text = text.trim();
    match who.trim().to_lowercase().as_str() {
        _ if text.is_empty() => Line::Unclear,
        "m" | "mina" | "ㅁ" | "미나" => Line::Text(Who::First, text),
        "j" | "joon" | "ㅈ" | "준" => Line::Text(Who::Second, text),
        _ => Line::Unclear,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_who_writes_what() {
        assert_eq!(line("m: hi: you"), Line::Text(Who::First, "hi: you"));
        assert_eq!(line(" J : 안녕 "), Line::Text(Who::Second, "안녕"));
        assert_eq!(line("준：응"), Line::Text(Who::Second, "응"));
        assert_eq!(
            [line(""), line("q"), line("hello"), line("m:")],
            [Line::Nothing, Line::End, Line::Unclear, Line::Unclear]
        );
    }

    #[test]
    fn only_words_that_chance_does_not_make_are_looked_for() {
        let words = words_of(["응, 그래! meet at the 바다"].into_iter());
        assert_eq!(words.into_iter().collect::<Vec<_>>(), ["meet", "그래", "바다"]);
    }
}
