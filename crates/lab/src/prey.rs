//! What the fuzzers hunt: one plain function for each decoder, from hostile bytes to a promise kept.
//!
//! A fuzz target in `fuzz/` is one call of such a function; `tests/corpus.rs` replays the committed
//! corpora through the same ones. None of them may panic, whatever the bytes. Most inputs are not
//! the object itself but a script (see [`Tape`]) that bends a real object made on the spot: so a
//! corpus outlives a change of a format, and mutation reaches beyond signatures and ciphers, to
//! where only a member of a conversation, a former one, or the holder of a link could reach.

mod answers;
mod call;
mod engine;
mod files;
mod forge;
mod hands;
mod inspect;
mod person;
mod seal;
mod tape;
mod vault;
mod wire;

pub use answers::engine_files;
pub use call::{call_note, call_packet, call_wav};
pub use engine::{engine_arrivals, engine_content};
pub use files::inspect_clean;
pub use hands::engine_carried;
pub use inspect::{inspect_image, inspect_lists, inspect_look, inspect_program, inspect_tags};
pub use person::{Pair, Person, pair, secret};
pub use seal::{
    seal_keys, seal_open, seal_package, seal_piece, seal_posting, seal_rescue, seal_welcome,
};
pub use tape::Tape;
pub use vault::vault_container;
pub use wire::{wire_invite, wire_packet, wire_relay_addr, wire_reply, wire_request, wire_stream};

/// A body of a fuzz target.
pub type Hunt = fn(&[u8]);

/// Every target, by the name of its file in `fuzz/fuzz_targets` and its folder in `fuzz/corpus`.
pub const TARGETS: [(&str, Hunt); 27] = [
    ("wire_request", wire_request),
    ("wire_reply", wire_reply),
    ("wire_stream", wire_stream),
    ("wire_packet", wire_packet),
    ("wire_invite", wire_invite),
    ("wire_relay_addr", wire_relay_addr),
    ("seal_posting", seal_posting),
    ("seal_keys", seal_keys),
    ("seal_package", seal_package),
    ("seal_welcome", seal_welcome),
    ("seal_open", seal_open),
    ("seal_rescue", seal_rescue),
    ("seal_piece", seal_piece),
    ("engine_arrivals", engine_arrivals),
    ("engine_content", engine_content),
    ("engine_carried", engine_carried),
    ("engine_files", engine_files),
    ("vault_container", vault_container),
    ("inspect_program", inspect_program),
    ("inspect_tags", inspect_tags),
    ("inspect_look", inspect_look),
    ("inspect_image", inspect_image),
    ("inspect_lists", inspect_lists),
    ("inspect_clean", inspect_clean),
    ("call_wav", call_wav),
    ("call_note", call_note),
    ("call_packet", call_packet),
];
