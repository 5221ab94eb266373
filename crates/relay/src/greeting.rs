//! Whether the first bytes inside a session can be those of a client. Everything else goes to the
//! web server, from its first byte on, so that a stranger hears what any web server says.

use std::sync::LazyLock;

use sogon_wire::{
    Append, FRAME_HEAD_BYTES, Frame, LogName, Pass, PublicWriteKey, Request, STEPS, SealedBox,
    WriteSignature,
};

/// A frame's kind and length, of every request there is.
static HEADS: LazyLock<Vec<(u8, [u8; 3])>> = LazyLock::new(|| {
    let (log, after) = (LogName([0; 16]), 0);
    let appends = STEPS.iter().filter_map(|step| {
        let boxed = SealedBox::parse(&vec![0; *step]).ok()?;
        let (key, signature) = (PublicWriteKey([0; 32]), WriteSignature([0; 64]));
        Some(Request::Append(Append { key, signature, boxed }))
    });
    let others = [
        Request::Read { log, after, bytes_max: 0 },
        Request::Watch { log, after },
        Request::Unwatch { log },
        Request::About,
        Request::Enter(Pass { key: PublicWriteKey([0; 32]), signature: WriteSignature([0; 64]) }),
    ];
    let head = |request: Request| match *request.encode(0) {
        [kind, _, _, a, b, c, ..] => Some((kind, [a, b, c])),
        _ => None,
    };
    appends.chain(others).filter_map(head).collect()
});

/// What the first bytes are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Greeting {
    /// The head of a request: the rest will tell.
    Client,
    /// Too few to know.
    Unknown,
    /// No request begins like this.
    Stranger,
}

impl Greeting {
    /// Looks at all bytes so far.
    pub(crate) fn of(first: &[u8]) -> Self {
        let fits = |(kind, length): &(u8, [u8; 3])| {
            let length_seen = first.get(3..first.len().min(FRAME_HEAD_BYTES)).unwrap_or_default();
            first.first().is_none_or(|seen| seen == kind) && length.starts_with(length_seen)
        };
        match HEADS.iter().any(fits) {
            false => Self::Stranger,
            true if first.len() < FRAME_HEAD_BYTES => Self::Unknown,
            true => Self::Client,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_request_is_known_by_its_head_and_nothing_else_is() {
        let read = Request::Read { log: LogName([7; 16]), after: 9, bytes_max: 99 }.encode(0x1234);
        for cut in 0..FRAME_HEAD_BYTES {
            assert_eq!(Greeting::of(&read[..cut]), Greeting::Unknown, "{cut}");
        }
        assert_eq!(Greeting::of(&read[..FRAME_HEAD_BYTES]), Greeting::Client);
        assert_eq!(Greeting::of(&read), Greeting::Client);
        assert_eq!(Greeting::of(&Request::About.encode(1)), Greeting::Client);
        for step in STEPS {
            let boxed = SealedBox::parse(&vec![1; step]).unwrap();
            let (key, signature) = (PublicWriteKey([1; 32]), WriteSignature([1; 64]));
            let append = Request::Append(Append { key, signature, boxed });
            assert_eq!(Greeting::of(&append.encode(1)), Greeting::Client);
        }
        for stranger in [
            b"G".as_slice(),
            b"PRI * HTTP/2.0",
            b"\x00",
            b"\x82",
            b"\x01\x00\x00\x7f",
            b"\x01\x00\x00\x00\x00\x02ab",
            b"\x05\x00\x00\x00\x00\x01",
            b"\r\n",
        ] {
            assert_eq!(Greeting::of(stranger), Greeting::Stranger, "{stranger:?}");
        }
    }
}
