//! Files on their way from the page into a home, and speech: what `sogon_app` needs of this program
//! for them. What came through the page lies in memory and on no disk; what its owner has on a disk may
//! have its clean copy beside it where memory is short.

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
    /// The folder where its owner has it in clear, if that is where it comes from.
    beside: Option<PathBuf>,
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
    /// [`Refusal::NoMemory`].
    pub(crate) fn new(bytes: u64, side: u32) -> Result<Self, Refusal> {
        // Its clean copy will be as large.
        let own = nameless(bytes.saturating_mul(2), None).map_err(|_| Refusal::NoMemory)?;
        Ok(Self::holding(own, 0, None, side))
    }

    fn holding(own: File, own_bytes: u64, beside: Option<PathBuf>, side: u32) -> Self {
        Self { beside, own, own_bytes, clean: None, fitted: None, side, giving: None }
    }

    /// A file of the owner's, where it lies; it is only read.
    ///
    /// # Errors
    /// [`Refusal::NoFile`].
    pub(crate) fn of(path: &Path, side: u32) -> Result<(Self, u64), Refusal> {
        let own = outgoing::open(path).map_err(|_| Refusal::NoFile)?;
        let own_bytes = own.metadata().map_err(|_| Refusal::NoFile)?.len();
        let beside = path.parent().map(Path::to_owned);
        Ok((Self::holding(own, own_bytes, beside, side), own_bytes))
    }

    fn copy(&mut self, empty: File, language: Language) -> Result<Cleaned, clean::Refusal> {
        let worker = inspection::worker().map_err(|_| std::io::ErrorKind::NotFound);
        let workshop = Workshop::new(worker.map_err(std::io::Error::from)?);
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
        let work = move || {
            let cleaned = match nameless(self.own_bytes, self.beside.as_deref()) {
                Ok(empty) => self.copy(empty, Language::of(&language)).or_else(|why| not(&why)),
                Err(_) => Err(Refusal::NoMemory),
            };
            (self, cleaned)
        };
        match tokio::task::spawn_blocking(work).await {
            Ok(worked) => worked,
            // The worker is another process; what failed here is this one.
            Err(_) => match Self::new(0, 0) {
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

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use std::os::fd::AsRawFd;

    use super::*;

    #[test]
    fn what_came_through_the_page_is_in_memory_or_refused() {
        let bytes = vec![7; 9 << 20];
        let mut bundle = Bundle::new(9 << 20, 0).unwrap();
        bundle.take(&bytes).unwrap();
        let link = format!("/proc/self/fd/{}", bundle.own.as_raw_fd());
        let place = std::fs::read_link(link).unwrap();
        assert!(place.to_str().unwrap().starts_with("/memfd:"), "{}", place.display());
        assert_eq!(Bundle::new(u64::MAX, 0).unwrap_err(), Refusal::NoMemory);
    }
}
