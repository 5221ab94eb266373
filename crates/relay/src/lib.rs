//! The relay: keeps logs of sealed boxes for people who are not there, and knows nothing else.
//!
//! It imports the frames (`sogon-wire`) and nothing else of the house: there is no key here that
//! opens a box and no name of anybody. [`Relay::start`] runs one inside another program; the
//! binary `sogon-relay` is the same with a command line.

mod accept;
mod admin;
mod bells;
mod bucket;
mod clock;
mod committer;
mod config;
mod connection;
mod datagram;
mod event;
mod figures;
mod frames;
mod greeting;
mod identity;
mod limits;
mod probe;
mod relay;
mod rooms;
mod sessions;
mod store;
mod tls;
mod visit;
mod watches;
mod web;

pub use admin::ask as ask_figures;
pub use clock::{Clock, system_clock};
pub use config::{Config, Place, StartFault};
pub use event::Event;
pub use identity::{CertificateFiles, Identity, IdentityFault};
pub use limits::Limits;
pub use probe::{Probe, ProbeFault};
pub use relay::{Relay, Running};
pub use store::{
    Appending, DAY_S, EmbeddedStore, Expired, Holdings, Keep, MemoryStore, Page, Placed, Seconds,
    Store, StoreFault,
};
