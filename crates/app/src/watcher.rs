//! What a watcher of the wire has to show, for the page that puts it between two people.

/// One packet, or one record of a connection, as it passed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Packet {
    /// Milliseconds since the watcher began.
    pub at_ms: u64,
    /// Towards the relay, or back.
    pub up: bool,
    /// Whose connection it is: an address would tell. Counted from 0.
    pub whose: Option<usize>,
    /// How large it was.
    pub bytes: usize,
    /// The first bytes of it, in hex.
    pub head: String,
}

/// All that was seen, as far as it is asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sight {
    /// Packets after the place that was asked for.
    pub packets: Vec<Packet>,
    /// The place after the last of them.
    pub next: usize,
    /// Bytes to the relay.
    pub bytes_up: usize,
    /// Bytes from the relay.
    pub bytes_down: usize,
    /// Different words that were written and said so far.
    pub words: usize,
    /// Those of them that stand anywhere in what passed.
    pub found: usize,
}

/// A watcher of the wire.
pub trait Watcher {
    /// What passed from a place on, at most `limit` packets, and whether any of `texts` shows.
    fn look(&self, from: usize, limit: usize, texts: &[String]) -> Sight;
}
