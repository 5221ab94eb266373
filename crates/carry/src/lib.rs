//! The ways boxes travel.
//!
//! A [`Carrier`] takes what the engine wants to have transmitted and brings what arrives. Today
//! there is one, [`RelayLinks`]: TLS 1.3 connections to relays, dialled when something waits.
//! This is the only room of a client that has sockets, and it cannot open a box.

mod carrier;
mod datagram;
mod direct;
mod frames;
mod line;
mod link;
mod links;
mod lookup;
mod memory;
mod meter;
mod pace;
mod pin;
mod port;
mod proxy;
mod record;
mod side;
mod tickets;
mod tls;
mod visit;

#[cfg(test)]
mod tests;

pub use carrier::Carrier;
pub use direct::{Direct, DirectFigures, Way};
pub use line::{CallLine, Word};
pub use links::{RelayLinks, Ways};
pub use memory::{Forgetful, Memory};
pub use meter::{Meter, Reading};
pub use proxy::{Proxy, ProxyFault};
