//! The command line of calls.

use std::path::PathBuf;

use clap::Args;

use super::YesNo;
use crate::span::Span;

/// Call somebody, with recordings in the place of a microphone and a loudspeaker.
///
/// What is said is sealed from end to end and goes through the relay, so that nobody learns anybody's
/// address, unless both of you chose otherwise with `sogon direct`. Packets are all alike, in speech and in silence, so that nobody learns who speaks. The
/// call ends when somebody hangs up, or when the recording is over and nothing is heard any more.
#[derive(Debug, Args)]
pub(crate) struct Call {
    /// A contact, a group, or the id of either
    pub(crate) to: String,
    #[command(flatten)]
    pub(crate) sound: Sound,
    /// Let it ring at most so long
    #[arg(long, value_name = "D", default_value = "60s")]
    pub(crate) ring: Span,
}

/// Take a call that rings, or the next one that does.
#[derive(Debug, Args)]
pub(crate) struct Answer {
    #[command(flatten)]
    pub(crate) sound: Sound,
    /// Wait for a call at most so long
    #[arg(long, value_name = "D", default_value = "60s")]
    pub(crate) wait: Span,
}

/// What is said and what is heard.
#[derive(Debug, Args)]
pub(crate) struct Sound {
    /// A WAV file to say; without one, silence
    #[arg(long = "in", value_name = "FILE")]
    pub(crate) said: Option<PathBuf>,
    /// A WAV file to write what is heard into
    #[arg(long = "out", value_name = "FILE")]
    pub(crate) heard: Option<PathBuf>,
    /// A WAV file for what was said and did not arrive, if the line dies
    #[arg(long, value_name = "FILE")]
    pub(crate) unheard: Option<PathBuf>,
    /// Say nothing; nobody outside can tell
    #[arg(long)]
    pub(crate) mute: bool,
    /// Hang up after so long
    #[arg(long, value_name = "D", default_value = "1h")]
    pub(crate) limit: Span,
}

/// Let calls with somebody go directly, without the relay, or show whether they may.
///
/// Only where both of you choose it. Then your contact and both networks learn your address while you
/// speak, and whoever watches both of them sees two devices that talk with each other. It is off until
/// you choose it, never for a group, and never behind a proxy or in steady mode.
#[derive(Debug, Args)]
pub(crate) struct DirectCalls {
    /// A contact, or the id of the conversation
    pub(crate) contact: String,
    /// Whether they may
    #[arg(value_enum, value_name = "YES|NO")]
    pub(crate) choice: Option<YesNo>,
}
