//! Packet protection: one-time keys for single datagrams between a home and a relay (SPEC 10.1).
//!
//! A [`Chain`] begins with a secret both ends took from one TLS session. Each visit uses the
//! [`Keys`] of one step of it and then steps on, so whoever takes a device or a relay later cannot
//! open what was sent before. Nonces are random and long enough for that: a home restored from a
//! copy, or one that died before it saved, uses no nonce twice.

mod chain;
mod direct;
mod flow;
mod greeting;
mod sealed;

pub use chain::{CHAIN_BYTES, Chain, EXPORTER_LABEL, Keys, PacketId};
pub use direct::{DirectKeys, Side};
pub use flow::Flow;
pub use sealed::{
    ANSWER_OVERHEAD_BYTES, DATAGRAM_BYTES_MAX, Freshness, QUESTION_OVERHEAD_BYTES, id_of, is_sealed,
};
