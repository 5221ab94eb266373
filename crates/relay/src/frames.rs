//! Frames out of a stream that arrives in pieces.

use sogon_wire::{FRAME_BODY_BYTES_MAX, FRAME_HEAD_BYTES, Frame, Tag, WireError};

/// The most bytes of frames that wait to be worked on; more are only taken from the socket when
/// these are done.
pub(crate) const WAITING_BYTES_MAX: usize = FRAME_HEAD_BYTES + FRAME_BODY_BYTES_MAX;

/// What has arrived and is not yet a whole frame, or not yet asked for.
#[derive(Debug, Default)]
pub(crate) struct Frames {
    bytes: Vec<u8>,
    used: usize,
}

impl Frames {
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        self.bytes.drain(..self.used);
        self.used = 0;
        self.bytes.extend_from_slice(bytes);
    }

    /// The next whole frame.
    pub(crate) fn next<F: Frame>(&mut self) -> Result<Option<(Tag, F)>, WireError> {
        let Some((tag, frame, used)) = F::decode(self.waiting())? else { return Ok(None) };
        self.used = self.used.saturating_add(used);
        Ok(Some((tag, frame)))
    }

    pub(crate) fn waiting(&self) -> &[u8] {
        self.bytes.get(self.used..).unwrap_or_default()
    }

    pub(crate) fn is_full(&self) -> bool {
        self.waiting().len() >= WAITING_BYTES_MAX
    }
}

#[cfg(test)]
mod tests {
    use sogon_wire::{LogName, Request};

    use super::*;

    #[test]
    fn frames_come_out_whole_however_they_were_cut() {
        let asked = Request::Watch { log: LogName([7; 16]), after: 3 };
        let stream: Vec<u8> = (0..20).flat_map(|tag| asked.encode(tag)).collect();
        for piece in [1, 2, 5, 6, 7, 100, stream.len()] {
            let mut frames = Frames::default();
            let mut tags = Vec::new();
            for bytes in stream.chunks(piece) {
                frames.push(bytes);
                while let Some((tag, request)) = frames.next::<Request>().unwrap() {
                    assert_eq!(request, asked);
                    tags.push(tag);
                }
            }
            assert_eq!(tags, (0..20).collect::<Vec<_>>(), "pieces of {piece}");
            assert!(frames.waiting().is_empty());
        }
    }
}
