//! The datagram form (SPEC 10): a few small boxes in one round trip, without a connection.
//!
//! A client that once had a TLS session shares a chain of one-time keys with this relay
//! ([`Chains`]); one that has none agrees a session by datagrams, too ([`Greetings`]). What comes on
//! the UDP port under such a key, or from somebody who knows the relay's, is answered; everything
//! else is dropped without a word, as a port does on which nobody listens.

mod answering;
mod chains;
mod greetings;
mod guest;
mod parcels;
mod port;
mod turns;

pub(crate) use chains::Chains;
pub(crate) use greetings::Greetings;
pub(crate) use port::{fresh_proof, send, serve};
