//! Opus (RFC 6716) for voice: 16 kHz, one channel, every packet of exactly the size asked for.
//!
//! Not in this crate: what a packet is for, when it is sent, what happens when it is lost. It holds
//! the house's only calls into the Opus library, and nothing else.

mod codec;

pub use codec::{Decoder, Encoder, OpusFault, PACKET_BYTES_MAX, PACKET_BYTES_MIN, RATE_HZ, Span};
