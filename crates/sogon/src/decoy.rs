//! `sogon decoy add`: a second home in the same container, made to be shown.

use std::{fs::File, io::Read, path::Path};

use jiff::tz::TimeZone;
use sogon_engine::{Act, Answer, Engine, Input, Now, Output, Tick, WallClock};
use sogon_vault::{Passphrase, Vault, VaultError};

use crate::{
    cli::DecoyAdd,
    console::Console,
    entropy::System,
    home::{Home, Opened},
    moment,
    passphrase::Source,
    trouble::{Kind, Trouble},
    words::Words,
};

/// A longer file holds more than notes.
const NOTES_BYTES_MAX: u64 = 1_048_576;

/// A line of somebody's notes, and the second it was written.
#[derive(Debug, PartialEq, Eq)]
struct Note {
    at_s: u64,
    text: String,
}

/// The three passphrases.
#[derive(Debug)]
pub(crate) struct Three {
    home: Passphrase,
    decoy: Passphrase,
    duress: Option<Passphrase>,
}

impl Three {
    /// Asks for them.
    ///
    /// # Errors
    /// What is wrong with one of them.
    pub(crate) fn ask(
        place: &Home,
        home: &Source,
        add: &DecoyAdd,
        words: &Words,
    ) -> Result<Self, Trouble> {
        let fresh = |file: Option<&Path>, option, prompt: String| {
            let typed = Source::of(file, option).typed_twice(&prompt, words)?;
            place.key(&typed)
        };
        let home = home.existing(place, words)?;
        let decoy = add.decoy_passphrase_file.as_deref();
        let prompt = words.say("ask-decoy-passphrase", &[]);
        let decoy = fresh(decoy, "--decoy-passphrase-file", prompt)?;
        let duress = match add.no_duress {
            true => None,
            false => {
                let file = add.duress_passphrase_file.as_deref();
                let prompt = words.say("ask-duress-passphrase", &[]);
                Some(fresh(file, "--duress-passphrase-file", prompt)?)
            }
        };
        Ok(Self { home, decoy, duress })
    }
}

/// Makes the decoy. The home must not be open.
///
/// # Errors
/// What stands in the way, to be told to the person.
pub(crate) async fn add(
    add: &DecoyAdd,
    home: &Home,
    three: &Three,
    console: &Console,
    words: &Words,
) -> Result<(), Trouble> {
    let now_s = moment::now_s();
    let notes = match &add.notes {
        Some(path) => notes(path, now_s)?,
        None => Vec::new(),
    };
    let Opened { vault, cost, .. } = home.open(&three.home)?;
    vault.close()?;
    let (batch, _) = Engine::set_up(&add.name, &add.relay, &System::new()?)?;
    let duress = three.duress.as_ref();
    let made = Vault::add(&home.container(), &[&three.home], &three.decoy, duress, cost);
    let mut vault = made.map_err(|error| match error {
        VaultError::AlreadyThere => Kind::PassphraseTaken.into(),
        VaultError::HomeFull => Kind::NoRoomForHome.into(),
        error => Trouble::from(error),
    })?;
    vault.commit(&batch)?;
    if !notes.is_empty() {
        furnish(&mut vault, &add.notes_title, &notes, now_s)?;
    }
    vault.reseal()?;
    vault.close()?;
    console.state("decoy", words).await?;
    console.remark(&words.say("decoy-advice", &[])).await;
    Ok(())
}

/// Puts the notes into a group of one, each at its time.
fn furnish(vault: &mut Vault, title: &str, notes: &[Note], now_s: u64) -> Result<(), Trouble> {
    let mut engine = Engine::open(vault, Box::new(System::new()?))?;
    let mut does = |at_s: u64, act: Act| -> Result<Answer, Trouble> {
        let now = Now { tick: Tick(0), wall: WallClock(at_s) };
        let step = engine.handle(now, Input::Act(act), vault)?;
        for output in step.outputs {
            if let Output::Save(batch) = output {
                vault.commit(&batch)?;
            }
        }
        Ok(step.answer)
    };
    let first = notes.first().map_or(now_s, |note| note.at_s);
    let group = Act::NewGroup { title: title.to_owned(), members: Vec::new() };
    let Answer::Grouped { group } = does(first, group)? else { return Err(Kind::Bug.into()) };
    for note in notes {
        let text = note.text.clone();
        does(note.at_s, Act::Send { to: group, text, reply_to: None })?;
    }
    Ok(())
}

fn notes(path: &Path, now_s: u64) -> Result<Vec<Note>, Trouble> {
    let mut text = String::new();
    let file =
        File::open(path).and_then(|file| file.take(NOTES_BYTES_MAX).read_to_string(&mut text));
    file.map_err(|_| Kind::BadNotes)?;
    parse(&text, now_s, &TimeZone::system()).ok_or_else(|| Kind::BadNotes.into())
}

/// Lines of a day and words, sorted by day. Each gets a time of its own within the day, as it is where
/// its writer lives.
fn parse(text: &str, now_s: u64, zone: &TimeZone) -> Option<Vec<Note>> {
    let mut notes = Vec::new();
    for (line, number) in text.lines().filter(|line| !line.trim().is_empty()).zip(1_u64..) {
        let (day, words) = line.trim().split_once(char::is_whitespace)?;
        let midnight = moment::midnight(day, zone)?;
        // Nobody writes at the same second of every day: seven to twenty-two, by the words.
        let spread = words.bytes().fold(number, |sum, byte| sum.wrapping_mul(31) ^ u64::from(byte));
        let at_s = midnight.checked_add(25_200)?.checked_add(spread % 54_000)?;
        notes.push(Note { at_s: at_s.min(now_s), text: words.trim().to_owned() });
    }
    notes.sort_by_key(|note| note.at_s);
    Some(notes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notes_begin_with_their_day_and_come_in_order() {
        let text = "2025-02-01 milk\n\n2025-01-31  빵, 우유\n";
        let notes = parse(text, 2_000_000_000, &TimeZone::UTC).unwrap();
        let words: Vec<_> = notes.iter().map(|note| note.text.as_str()).collect();
        assert_eq!(words, ["빵, 우유", "milk"]);
        let day = notes[0].at_s - 1_738_281_600;
        assert!((25_200..79_200).contains(&day), "{day}");
        assert_eq!(parse("bread", 9, &TimeZone::UTC), None);
        assert_eq!(parse("tomorrow bread", 9, &TimeZone::UTC), None);
        let early = parse("2025-01-31 bread", 9, &TimeZone::UTC).unwrap();
        assert_eq!(early[0].at_s, 9, "never from the future");
    }

    #[test]
    fn notes_are_of_the_day_and_the_waking_hours_of_where_one_lives() {
        let lines: String = (0..200).map(|n| format!("2025-01-31 note {n}\n")).collect();
        for hours in [-8, 0, 9] {
            let zone = TimeZone::fixed(jiff::tz::offset(hours));
            for note in parse(&lines, 2_000_000_000, &zone).unwrap() {
                let at = i64::try_from(note.at_s).unwrap();
                let local = jiff::Timestamp::from_second(at).unwrap().to_zoned(zone.clone());
                assert_eq!(local.date().to_string(), "2025-01-31");
                assert!((7..22).contains(&local.hour()), "{local}");
            }
        }
    }
}
