//! The command line of files.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use crate::span::Span;

/// Send, fetch and save files.
#[derive(Debug, Subcommand)]
pub(crate) enum File {
    Send(FileSend),
    /// Show the files you sent and were offered
    List,
    Fetch(FileFetch),
    Save(FileSave),
    Pause(FilePause),
    Drop(FileDrop),
    Auto(FileAuto),
    Preview(FilePreview),
    Rule(FileRules),
    Metered(FileMetered),
}

/// Send files, cleaned of what would betray you.
///
/// A copy without metadata leaves, under a neutral name; what was taken off is listed. What cannot be
/// cleaned is refused. The offer arrives like a text; pieces follow when no texts wait, and go on at
/// the first missing one after any cut, with the next `sync`, `file send` or `open`.
#[derive(Debug, Args)]
pub(crate) struct FileSend {
    /// A contact, a group, or the id of either
    pub(crate) to: String,
    /// The files
    #[arg(required = true, value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
    /// Send them as they are, with all that is in them besides what you see
    #[arg(long)]
    pub(crate) keep_metadata: bool,
    /// Keep pictures as large as they are; otherwise they are drawn smaller where the link is poor
    #[arg(long)]
    pub(crate) original: bool,
    /// Keep their names
    #[arg(long)]
    pub(crate) keep_name: bool,
    /// Let them be looked at only inside Sogon; their Sogon saves them nowhere
    #[arg(long)]
    pub(crate) no_saving: bool,
    /// Let them be gone so long after they were opened
    #[arg(long, value_name = "D")]
    pub(crate) expires: Option<Span>,
    /// Let them be opened once
    #[arg(long, conflicts_with = "expires")]
    pub(crate) once: bool,
    /// The id of the message they answer
    #[arg(long, value_name = "ID")]
    pub(crate) reply: Option<String>,
}

/// Let files come that were offered, or go on.
#[derive(Debug, Args)]
pub(crate) struct FileFetch {
    /// Their ids, as `file list` shows them
    #[arg(required = true, value_name = "ID")]
    pub(crate) ids: Vec<String>,
}

/// Write a file that is here to a place outside the home.
///
/// Outside it is no longer sealed. Programs, and files that are not what their name says, are kept
/// back: look at what it is before you insist.
#[derive(Debug, Args)]
pub(crate) struct FileSave {
    /// Its id, as `file list` shows it
    pub(crate) id: String,
    /// Where to; a folder, or a file that is not there yet
    #[arg(short = 'o', long = "output", value_name = "PATH")]
    pub(crate) to: PathBuf,
    /// Write it although it is a program or is not what its name says
    #[arg(long)]
    pub(crate) allow_program: bool,
}

/// Let a file wait. What is here of it, or at the relay, stays; `file fetch` goes on.
#[derive(Debug, Args)]
pub(crate) struct FilePause {
    /// Its id, as `file list` shows it
    pub(crate) id: String,
}

/// Remove a file's bytes from this home; the message stays. While the relay has it, it can be fetched
/// again.
#[derive(Debug, Args)]
pub(crate) struct FileDrop {
    /// Its id, as `file list` shows it
    pub(crate) id: String,
}

/// Say below which size files come without a question, or show it.
#[derive(Debug, Args)]
pub(crate) struct FileAuto {
    /// Such as 64K or 2M; `none` for no file
    #[arg(value_name = "SIZE", value_parser = size)]
    pub(crate) below: Option<u64>,
}

/// Write a small picture of a picture that is here.
///
/// It is drawn in a process that can open nothing and reach nobody; a picture that is a trap costs its
/// preview and nothing else.
#[derive(Debug, Args)]
pub(crate) struct FilePreview {
    /// Its id, as `file list` shows it
    pub(crate) id: String,
    /// Where to: a JPEG that is not there yet
    #[arg(short = 'o', long = "output", value_name = "PATH")]
    pub(crate) to: PathBuf,
}

/// Decide about files of one contact or group, or of all; show what was decided.
///
/// What one contact's rule leaves open is as the rule for all says, and what that leaves open as it
/// always was.
#[derive(Debug, Args)]
pub(crate) struct FileRules {
    /// A contact, a group, or the id of either; without one, all
    pub(crate) who: Option<String>,
    /// Take files at all; if not they are shown as refused
    #[arg(long, value_enum, value_name = "YES|NO")]
    pub(crate) take: Option<YesNo>,
    /// Take files up to this size
    #[arg(long, value_name = "SIZE", value_parser = size)]
    pub(crate) most: Option<u64>,
    /// Let files up to this size come without a question
    #[arg(long, value_name = "SIZE|none", value_parser = size)]
    pub(crate) auto: Option<u64>,
    /// Let them come also while the link is metered
    #[arg(long, value_enum, value_name = "YES|NO")]
    pub(crate) auto_metered: Option<YesNo>,
    /// Let what you send be opened once
    #[arg(long, value_enum, value_name = "YES|NO")]
    pub(crate) once: Option<YesNo>,
    /// Let what you send be looked at only inside Sogon
    #[arg(long, value_enum, value_name = "YES|NO")]
    pub(crate) no_saving: Option<YesNo>,
    /// Forget what was decided before
    #[arg(long)]
    pub(crate) reset: bool,
}

/// Say that the link costs by the byte, or show it: no file comes by itself meanwhile.
#[derive(Debug, Args)]
pub(crate) struct FileMetered {
    /// Whether it does
    #[arg(value_enum, value_name = "YES|NO")]
    pub(crate) choice: Option<YesNo>,
}

/// An answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum YesNo {
    /// It is so
    Yes,
    /// It is not
    No,
}

impl YesNo {
    pub(crate) fn is_yes(self) -> bool {
        self == Self::Yes
    }
}

/// Send and save voice notes.
#[derive(Debug, Subcommand)]
pub(crate) enum Voice {
    Send(VoiceSend),
    Save(VoiceSave),
}

/// Send a recording as a voice note.
///
/// It becomes Opus at a constant rate of 6, 8, 12 or 16 kbit/s, as the link was lately: 0.8 to 2 kB for
/// each second. So its size tells how long it is and nothing of what was said. Nothing of the
/// recording's own file leaves.
#[derive(Debug, Args)]
pub(crate) struct VoiceSend {
    /// A contact, a group, or the id of either
    pub(crate) to: String,
    /// The recording, a WAV file of at most ten minutes
    #[arg(value_name = "IN.wav")]
    pub(crate) from: PathBuf,
    /// Its rate: 6, 8, 12 or 16 kbit/s; otherwise what the link bears
    #[arg(long, value_name = "KBIT", value_parser = rate)]
    pub(crate) rate: Option<u32>,
    /// Let it be gone so long after it was heard
    #[arg(long, value_name = "D")]
    pub(crate) expires: Option<Span>,
    /// Let it be heard once
    #[arg(long, conflicts_with = "expires")]
    pub(crate) once: bool,
    /// The id of the message it answers
    #[arg(long, value_name = "ID")]
    pub(crate) reply: Option<String>,
}

/// Write a voice note that is here as a recording.
#[derive(Debug, Args)]
pub(crate) struct VoiceSave {
    /// Its id, as `file list` shows it
    pub(crate) id: String,
    /// Where to; a file that is not there yet
    #[arg(short = 'o', long = "output", value_name = "OUT.wav")]
    pub(crate) to: PathBuf,
}

/// A rate of voice notes.
fn rate(text: &str) -> Result<u32, String> {
    let known = |rate: &u32| sogon_call::note::NOTE_KBITS.contains(rate);
    let rate = text.parse().ok().filter(known);
    rate.ok_or_else(|| "not a rate: 6, 8, 12 or 16".to_owned())
}

/// `64K`, `2M`, `1G`, plain bytes, or `none`.
pub(super) fn size(text: &str) -> Result<u64, String> {
    if text == "none" {
        return Ok(0);
    }
    let wrong = || "not a size: write it like 64K, 2M, or none".to_owned();
    let (digits, unit) = match text.char_indices().next_back() {
        Some((at, letter)) if letter.is_alphabetic() => {
            let unit = match letter.to_ascii_uppercase() {
                'K' => 1_024,
                'M' => 1_048_576,
                'G' => 1_073_741_824,
                _ => return Err(wrong()),
            };
            (text.get(..at).unwrap_or_default(), unit)
        }
        _ => (text, 1),
    };
    let number: u64 = digits.parse().map_err(|_| wrong())?;
    number.checked_mul(unit).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::size;

    #[test]
    fn sizes_are_read_as_people_write_them() {
        assert_eq!(
            ["64K", "2m", "none", "17"].map(size),
            [Ok(65_536), Ok(2_097_152), Ok(0), Ok(17)]
        );
        for wrong in ["", "K", "1T", "-1", "1.5M", "99999999999G", "한"] {
            assert!(size(wrong).is_err(), "{wrong}");
        }
    }
}
