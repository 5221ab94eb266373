//! The trial in a browser: both apps side by side, the watcher's view between them.

use std::{cell::RefCell, collections::BTreeMap, rc::Rc};

use sogon_app::{App, Link, Packet, Sight, Watcher};
use tokio::task::JoinHandle;

use super::{
    stage::{Stage, words_of},
    watcher::{Notes, Way, occurs},
};
use crate::{
    browser::Browser,
    cli::Try,
    console::Console,
    resident::Resident,
    trouble::{Kind, Trouble},
    words::Words,
};

/// So much of each packet is shown.
const HEAD_BYTES: usize = 24;

/// The page of the trial.
pub(super) struct Show {
    app: App<Resident>,
    server: JoinHandle<()>,
    browser: RefCell<Option<Browser>>,
}

impl Show {
    /// Serves it.
    pub(super) async fn begin(stage: &Stage) -> Result<Self, Trouble> {
        let (notes, owners) = stage.view();
        let watcher = View { notes, owners, search: RefCell::default() };
        let app = App::listen(0, vec![None, None], Some(Rc::new(watcher))).await;
        let app = app.map_err(|_| Kind::System)?;
        for (number, resident) in stage.residents().into_iter().enumerate() {
            app.seat(number).open(resident);
        }
        let server = tokio::task::spawn_local(app.clone().serve());
        Ok(Self { app, server, browser: RefCell::new(None) })
    }

    /// Links to the two apps and to the page with both.
    ///
    /// # Errors
    /// [`Kind::System`].
    pub(super) fn links(&self) -> Result<[Link; 3], Trouble> {
        let system = |_| Trouble::from(Kind::System);
        let apps =
            [self.app.seat(0).link().map_err(system)?, self.app.seat(1).link().map_err(system)?];
        let [first, second] = apps;
        Ok([first, second, self.app.watcher_link().map_err(system)?])
    }

    /// Opens the page, or says where it is.
    pub(super) async fn tell(
        &self,
        options: &Try,
        console: &Console,
        words: &Words,
    ) -> Result<(), Trouble> {
        let link = self.app.watcher_link().map_err(|_| Kind::System)?;
        let wanted = console.is_a_terminal_of_ours() && !options.no_browser;
        let browser = if wanted { Browser::start(&link.url) } else { None };
        if browser.is_some() {
            *self.browser.borrow_mut() = browser;
            return console.people(&words.say("try-browser", &[])).await;
        }
        let args = [("url", link.url.as_str()), ("plain", link.plain.as_str())];
        console.people(&words.say("open-link", &args)).await
    }

    /// Ends the browser, and removes what it left.
    pub(super) async fn end(self) {
        let browser = self.browser.borrow_mut().take();
        if let Some(browser) = browser {
            browser.end().await;
        }
    }
}

impl Drop for Show {
    fn drop(&mut self) {
        self.server.abort();
        for number in 0..2 {
            self.app.seat(number).close();
        }
    }
}

/// The notes of the watcher, for the page.
struct View {
    notes: Rc<RefCell<Notes>>,
    owners: Vec<(usize, usize)>,
    search: RefCell<Search>,
}

/// How far each word was looked for, so that nothing is looked through twice.
#[derive(Default)]
struct Search {
    /// For each word: whether it was there, and how far each tape was looked through.
    words: BTreeMap<String, (bool, Vec<usize>)>,
}

impl Search {
    fn look(&mut self, notes: &Notes, texts: &[String]) -> (usize, usize) {
        for word in words_of(texts.iter().map(String::as_str)) {
            let (found, done) = self.words.entry(word.to_owned()).or_default();
            for (number, tape) in notes.tapes().enumerate() {
                if done.len() <= number {
                    done.push(0);
                }
                let Some(place) = done.get_mut(number) else { continue };
                // A word may stand across the place where the last look ended.
                let from = place.saturating_sub(word.len());
                *found |= occurs(tape.get(from..).unwrap_or_default(), word.as_bytes());
                *place = tape.len();
            }
        }
        (self.words.len(), self.words.values().filter(|(found, _)| *found).count())
    }
}

impl Watcher for View {
    fn look(&self, from: usize, limit: usize, texts: &[String]) -> Sight {
        let notes = self.notes.borrow();
        let (words, found) = self.search.borrow_mut().look(&notes, texts);
        let sightings = notes.sightings.iter().skip(from).take(limit);
        let packets: Vec<Packet> = sightings
            .map(|sighting| Packet {
                at_ms: u64::try_from(sighting.at.as_millis()).unwrap_or(u64::MAX),
                up: sighting.way == Way::Up,
                whose: self
                    .owners
                    .iter()
                    .find(|(connection, _)| *connection == sighting.connection)
                    .map(|(_, who)| *who),
                bytes: sighting.bytes,
                head: notes.head(sighting, HEAD_BYTES).iter().map(|b| format!("{b:02x}")).collect(),
            })
            .collect();
        Sight {
            next: from.saturating_add(packets.len()),
            packets,
            bytes_up: notes.passed(Way::Up),
            bytes_down: notes.passed(Way::Down),
            words,
            found,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_found_also_across_two_looks() {
        let mut notes = Notes::begin();
        let mut search = Search::default();
        let texts = ["a secret word".to_owned()];
        let tape = notes.connection().0;
        notes.note(tape, b"....sec");
        assert_eq!(search.look(&notes, &texts), (2, 0));
        notes.note(tape, b"ret....");
        assert_eq!(search.look(&notes, &texts), (2, 1));
    }
}
