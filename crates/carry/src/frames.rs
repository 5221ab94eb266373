//! Replies out of a stream that arrives in pieces.

use sogon_wire::{Frame, Reply, Tag, WireError};

/// What has arrived and is not yet a whole reply.
#[derive(Debug, Default)]
pub(crate) struct Frames {
    bytes: Vec<u8>,
}

impl Frames {
    /// Takes a piece and gives the replies it completes.
    ///
    /// Memory is bounded by one frame and one piece: a length above the limit is refused before
    /// its body is waited for.
    pub(crate) fn push(&mut self, piece: &[u8]) -> Result<Vec<(Tag, Reply)>, WireError> {
        self.bytes.extend_from_slice(piece);
        let mut replies = Vec::new();
        let mut used: usize = 0;
        while let Some((tag, reply, length)) =
            Reply::decode(self.bytes.get(used..).unwrap_or_default())?
        {
            used = used.saturating_add(length);
            replies.push((tag, reply));
        }
        self.bytes.drain(..used);
        Ok(replies)
    }
}

#[cfg(test)]
mod tests {
    use sogon_wire::{LogName, STEPS, SealedBox};

    use super::*;

    #[test]
    fn replies_come_out_whole_however_they_were_cut() {
        let boxes = vec![SealedBox::parse(&[7; STEPS[0]]).unwrap(); 3];
        let told = Reply::Entries { log: LogName([1; 16]), from: 1, head: 3, boxes };
        let stream: Vec<u8> = (0..9)
            .flat_map(|tag| [told.encode(tag), Reply::Appended { seq: 1 }.encode(tag)].concat())
            .collect();
        for piece in [1, 5, 6, 7, 400, stream.len()] {
            let mut frames = Frames::default();
            let replies: Vec<_> =
                stream.chunks(piece).flat_map(|bytes| frames.push(bytes).unwrap()).collect();
            assert_eq!(replies.len(), 18, "pieces of {piece}");
            assert_eq!(replies[16], (8, told.clone()));
            assert!(frames.bytes.is_empty());
        }
    }

    #[test]
    fn what_is_no_reply_is_refused_before_more_of_it_comes() {
        for strange in [b"HTTP/1.1 404 Not Found".as_slice(), &[0x81, 0, 0, 0xff, 0xff, 0xff]] {
            assert!(Frames::default().push(strange).is_err());
        }
    }
}
