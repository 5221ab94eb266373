//! The command line of what is carried by hand.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// Take sealed messages by hand, where there is no link.
#[derive(Debug, Subcommand)]
pub(crate) enum Carry {
    Out(CarryOut),
    In(CarryIn),
    Qr(CarryQr),
    Text(CarryText),
}

/// Write what waits onto a card, or any file that is carried.
///
/// Everything that was not yet opened by those it is for is on it, sealed; to anybody else it is noise
/// of one of a few sizes. A third of it may be lost or damaged. Whether it also goes by a relay or by
/// a second card makes no difference: it is shown once. Files go along behind words, as far as there
/// is room; a larger one goes over several cards, each of which goes on where the last one ended.
#[derive(Debug, Args)]
pub(crate) struct CarryOut {
    /// The file to write; it must not be there yet
    pub(crate) file: PathBuf,
    /// Only for these contacts or groups; otherwise for everybody
    #[arg(long, value_name = "C", num_args = 1..)]
    pub(crate) to: Vec<String>,
    /// How large it may become, at most 64M: the power of two at or below this
    #[arg(long, value_name = "SIZE", default_value = "64M", value_parser = super::files::size)]
    pub(crate) room: u64,
}

/// Take in what somebody carried to you.
///
/// Files that `carry out` wrote, all or what is left of them; files with words of `carry text`, or
/// with what a camera read from `carry qr`; and `-` for such words on standard input.
#[derive(Debug, Args)]
pub(crate) struct CarryIn {
    /// The files, or folders of them
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
}

/// Show what waits as codes for a camera, one after the other, until interrupted.
///
/// Any two thirds of them will do, in any order. What the camera reads goes into `carry in`.
#[derive(Debug, Args)]
pub(crate) struct CarryQr {
    /// Only for these contacts or groups; otherwise for everybody
    #[arg(long, value_name = "C", num_args = 1..)]
    pub(crate) to: Vec<String>,
    /// Codes shown in a second
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u32).range(1..=20))]
    pub(crate) rate: u32,
    /// Show each once, and end
    #[arg(long)]
    pub(crate) once: bool,
}

/// Print what waits as words, to be written down, read out or sent as any text.
///
/// A short message is one word of 470 letters. Nothing mends a word: a letter that is wrong loses it.
#[derive(Debug, Args)]
pub(crate) struct CarryText {
    /// Only for these contacts or groups; otherwise for everybody
    #[arg(long, value_name = "C", num_args = 1..)]
    pub(crate) to: Vec<String>,
}
