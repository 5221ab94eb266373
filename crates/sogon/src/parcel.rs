//! Files on their way from the page into a home, and speech: what `sogon_app` needs of this program
//! for them. They lie in memory, or in a file without a name on the disk of the home.

use std::{
    fs::File,
    io::Write,
    path::{Path, PathBuf},
};

use sogon_app::{Cleaned, Form, Gone, Parcel, Recorder, Refusal};
use sogon_call::note;
use sogon_inspect::{
    clean::{self, Workshop},
    words::{Language, Words},
};

use crate::{
    inspection,
    outgoing::{self, Outgoing, nameless},
};

/// A file its owner handed to the page.
#[derive(Debug)]
pub(crate) struct Bundle {
    /// The disk on which there must be room for it anyway.
    folder: PathBuf,
    own: File,
    own_bytes: u64,
    clean: Option<Outgoing>,
    /// The clean copy of a picture, no larger than the link bears.
    fitted: Option<Outgoing>,
    /// The longest side of such a one.
    side: u32,
    giving: Option<Outgoing>,
}

impl Bundle {
    /// A place for so many bytes. A picture leaves no longer than `side`, unless its owner wants it so.
    ///
    /// # Errors
    /// [`Refusal::Disk`].
    pub(crate) fn new(bytes: u64, folder: &Path, side: u32) -> Result<Self, Refusal> {
        let own = nameless(bytes, folder).map_err(|_| Refusal::Disk)?;
        Ok(Self::holding(own, 0, folder, side))
    }

    fn holding(own: File, own_bytes: u64, folder: &Path, side: u32) -> Self {
        let folder = folder.to_owned();
        Self { folder, own, own_bytes, clean: None, fitted: None, side, giving: None }
    }

    /// A file of the owner's, where it lies; it is only read.
    ///
    /// # Errors
    /// [`Refusal::NoFile`].
    pub(crate) fn of(path: &Path, folder: &Path, side: u32) -> Result<(Self, u64), Refusal> {
        let own = outgoing::open(path).map_err(|_| Refusal::NoFile)?;
        let own_bytes = own.metadata().map_err(|_| Refusal::NoFile)?.len();
        Ok((Self::holding(own, own_bytes, folder, side), own_bytes))
    }

    fn copy(&mut self, language: Language) -> Result<Cleaned, clean::Refusal> {
        let worker = inspection::worker().map_err(|_| std::io::ErrorKind::NotFound);
        let workshop = Workshop::new(worker.map_err(std::io::Error::from)?);
        let empty = nameless(self.own_bytes, &self.folder)?;
        let made = Outgoing::copied(&self.own, empty, &workshop)?;
        let words = Words::new(language);
        let gone = made.removed.iter().map(|one| Gone {
            what: one.what.id(),
            words: words.say(&format!("gone-{}", one.what), &[]),
            inside: one.inside.clone(),
        });
        let left = made.kept.iter().map(|kept| words.say(&format!("left-{kept}"), &[]));
        let (bytes, gone, left) = (made.bytes, gone.collect(), left.collect());
        // A picture that cannot be drawn smaller leaves as it was cleaned.
        self.fitted = made.smaller(self.side).ok().flatten();
        let fitted = self.fitted.as_ref().map(|its| its.bytes);
        self.clean = Some(made);
        Ok(Cleaned::Copy { bytes, fitted, gone, left })
    }

    fn form(&self, form: Form) -> Option<&Outgoing> {
        match form {
            Form::Fitted => self.fitted.as_ref(),
            Form::Clean => self.clean.as_ref(),
            Form::AsItIs => None,
        }
    }
}

impl Parcel for Bundle {
    fn take(&mut self, bytes: &[u8]) -> Result<(), Refusal> {
        self.own.write_all(bytes).map_err(|_| Refusal::Disk)?;
        let count = u64::try_from(bytes.len()).map_err(|_| Refusal::TooLarge)?;
        self.own_bytes = self.own_bytes.saturating_add(count);
        Ok(())
    }

    async fn clean(mut self, _name: String, language: String) -> (Self, Result<Cleaned, Refusal>) {
        let folder = self.folder.clone();
        let work = move || {
            let cleaned = self.copy(Language::of(&language));
            (self, cleaned)
        };
        match tokio::task::spawn_blocking(work).await {
            Ok((bundle, Ok(cleaned))) => (bundle, Ok(cleaned)),
            Ok((bundle, Err(why))) => (bundle, not(&why)),
            // The worker is another process; what failed here is this one.
            Err(_) => match Self::new(0, &folder, 0) {
                Ok(empty) => (empty, Err(Refusal::Bug)),
                Err(_) => std::future::pending().await,
            },
        }
    }

    fn bytes(&self, form: Form) -> Option<u64> {
        match form {
            Form::AsItIs => Some(self.own_bytes),
            copied => self.form(copied).map(|copy| copy.bytes),
        }
    }

    fn neutral_name(&self, form: Form, own: &str, letters: &str) -> String {
        match self.form(form) {
            Some(copy) => copy.neutral_name(Path::new(own), letters),
            None => Outgoing::plain_name(Path::new(own), letters),
        }
    }

    fn open(&mut self, form: Form) -> Result<(), Refusal> {
        let giving = match form {
            Form::Fitted => self.fitted.take().ok_or(Refusal::BadInput)?,
            Form::Clean => self.clean.take().ok_or(Refusal::BadInput)?,
            Form::AsItIs => {
                let own = self.own.try_clone().map_err(|_| Refusal::Disk)?;
                Outgoing::opened(own).map_err(|_| Refusal::Disk)?
            }
        };
        self.giving = Some(giving);
        Ok(())
    }

    fn give(&mut self, most: usize) -> Result<Vec<u8>, Refusal> {
        let giving = self.giving.as_mut().ok_or(Refusal::Bug)?;
        giving.next(most).map_err(|_| Refusal::Disk)
    }
}

/// Why there is no clean copy.
fn not(why: &clean::Refusal) -> Result<Cleaned, Refusal> {
    let mut why = why;
    while let clean::Refusal::Inside { why: inner, .. } = why {
        why = inner;
    }
    let (name, instead) = match why {
        clean::Refusal::Io(_) => return Err(Refusal::Disk),
        clean::Refusal::Unsupported { name, instead } => (name.to_string(), instead.to_string()),
        _ => Default::default(),
    };
    Ok(Cleaned::Not { why: why.id(), name, instead })
}

/// Speech, becoming frames.
#[derive(Debug)]
pub(crate) struct Speech(note::Recorder);

impl Speech {
    /// Nothing was said yet; from now on so many kilobits a second.
    ///
    /// # Errors
    /// [`Refusal::Bug`].
    pub(crate) fn begin(kbit: u32) -> Result<Self, Refusal> {
        note::Recorder::at(kbit).map(Self).map_err(|_| Refusal::Bug)
    }

    /// A note goes on whose frames have so many bytes.
    ///
    /// # Errors
    /// [`Refusal::NoNote`] where no note has such frames.
    pub(crate) fn go_on(frame_bytes: usize) -> Result<Self, Refusal> {
        note::Recorder::going_on(frame_bytes).map(Self).map_err(|_| Refusal::NoNote)
    }
}

impl Recorder for Speech {
    fn hear(&mut self, samples: &[i16]) -> Result<(Vec<u8>, u32), Refusal> {
        let frames = self.0.hear(samples).map_err(|_| Refusal::Bug)?;
        let count = frames.len().checked_div(self.0.frame_bytes()).unwrap_or_default();
        let count = u32::try_from(count).map_err(|_| Refusal::Bug)?;
        Ok((frames, count.saturating_mul(note::NOTE_FRAME_MS)))
    }
}

/// A note of these frames.
///
/// # Errors
/// [`Refusal::NoNote`].
pub(crate) fn noted(frames: &[u8], ms: u32) -> Result<Vec<u8>, Refusal> {
    let frames_ms = usize::try_from(ms).map_err(|_| Refusal::NoNote)?;
    note::of_frames(frames, frames_ms.saturating_mul(16)).map_err(|_| Refusal::NoNote)
}

/// What is heard of a note.
///
/// # Errors
/// [`Refusal::NoNote`].
pub(crate) async fn played(note: Vec<u8>) -> Result<Vec<i16>, Refusal> {
    let playing = move || note::Note::parse(&note).and_then(|note| note.play());
    let played = tokio::task::spawn_blocking(playing).await.map_err(|_| Refusal::Bug)?;
    played.map_err(|_| Refusal::NoNote)
}
