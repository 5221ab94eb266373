//! Voice: recordings, notes and calls as bytes. No sockets, no clock, no randomness of its own.

mod ear;
mod error;
mod media;
mod mend;
mod missing;
mod mouth;
pub mod note;
mod pace;
mod packet;
mod resample;
mod shape;
pub mod speech;
mod spoken;
mod talk;
pub mod wav;

pub use ear::{Counts, Ear};
pub use error::CallError;
pub use media::{AROUND_BYTES, CallSecret, Opened, Opener, SFRAME_BYTES, Sealer, Voice};
pub use mend::Missed;
pub use mouth::{Mouth, Mute, TICK_SAMPLES};
pub use packet::{Form, HEAD_BYTES, Heard, SPEECH_BYTES_MAX, SPEECH_BYTES_MIN, Said};
pub use shape::{Line, Rate, Shape};
pub use sogon_call_opus::{RATE_HZ, Span};
pub use talk::{MEMBERS_MAX, Talk, Tick};
pub use wav::SECONDS_MAX;
