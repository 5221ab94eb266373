//! The app: a page that this machine serves to its owner, and to nobody else on it.
//!
//! It sees a home only through [`Home`]: acts go in, what is stored is looked at, events nudge. It
//! knows no passphrase but to hand it on, no key, no relay and no file. [`App`] is the server,
//! [`guard`](self) decides whom it listens to, the page under `page/` is what people see.

mod answer;
mod app;
mod assets;
mod calls;
mod guard;
mod home;
mod line;
mod live;
mod memo;
mod parcel;
mod passes;
mod phone;
mod qr;
mod roster;
mod safety;
mod scan;
mod seen;
mod serve;
mod shape;
mod speaking;
mod spoken;
mod watcher;
mod words;

pub use app::{App, Link, Seat};
pub use home::{Burst, Extent, Figures, Gate, Home, Pace, Refusal, Unreached};
pub use line::{Line, Told};
pub use memo::{APP_TABLES, MEMOS, SETTINGS, SPEECH};
pub use parcel::{Cleaned, Form, Gone, Parcel, Recorder};
pub use phone::{Budget, End, Phone, Sounded, Spoken, Stage, Standing, TICK_SAMPLES, Way, Wire};
pub use watcher::{Packet, Sight, Watcher};
pub use words::fluent;
