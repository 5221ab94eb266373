//! Frames, relay addresses and links.

use data_encoding::BASE64URL_NOPAD;
use sha2::{Digest, Sha256};
use sogon_wire::{
    FRAME_BODY_BYTES_MAX, FRAME_HEAD_BYTES, Frame, Invite, RelayAddr, Reply, Request, Tag,
    WireError,
    packet::{Answers, Direct, Greeting, Questions},
};

use super::Tape;

/// What a client may send: reads back as the same bytes, or is refused.
///
/// # Panics
/// When the promise is broken.
pub fn wire_request(bytes: &[u8]) {
    one_frame::<Request>(bytes);
}

/// What a relay may send: reads back as the same bytes, or is refused.
///
/// # Panics
/// When the promise is broken.
pub fn wire_reply(bytes: &[u8]) {
    one_frame::<Reply>(bytes);
}

/// A packet of either end: reads back as the same bytes with its padding, or is refused; and nothing
/// but what was sealed opens.
///
/// # Panics
/// When the promise is broken.
pub fn wire_packet(bytes: &[u8]) {
    if let Ok(questions) = Questions::parse(bytes) {
        assert_eq!(questions.encode(bytes.len()), bytes, "there is one way to write a packet");
    }
    if let Ok(answers) = Answers::parse(bytes) {
        assert_eq!(answers.encode(bytes.len()), bytes, "there is one way to write a packet");
    }
    if let Ok(greeting) = Greeting::parse(bytes) {
        assert_eq!(greeting.encode(), bytes, "there is one way to write a packet");
    }
    if let Ok(direct) = Direct::parse(bytes) {
        assert_eq!(direct.encode(bytes.len()), bytes, "there is one way to write a packet");
    }
}

fn one_frame<F: Frame + PartialEq + std::fmt::Debug>(bytes: &[u8]) {
    match F::decode(bytes) {
        Ok(Some((tag, frame, used))) => {
            assert!(used <= bytes.len() && used <= FRAME_HEAD_BYTES + FRAME_BODY_BYTES_MAX);
            assert_eq!(frame.encode(tag), bytes[..used], "there is one way to write a frame");
            assert_eq!(F::decode(&bytes[..used - 1]), Ok(None), "a part of a frame is no frame");
        }
        // A length that was accepted is the only reason to wait for more.
        Ok(None) => assert!(bytes.len() < FRAME_HEAD_BYTES + FRAME_BODY_BYTES_MAX),
        Err(_) => {}
    }
}

/// A stream in pieces of any size gives the frames it gives as a whole, and ends the same way.
///
/// # Panics
/// When the promise is broken.
pub fn wire_stream(bytes: &[u8]) {
    let mut tape = Tape::new(bytes);
    let replies = tape.byte() % 2 == 1;
    let sizes: Vec<usize> = (0..4).map(|_| 1 + usize::from(tape.byte())).collect();
    let stream = tape.rest();
    if replies {
        assert_eq!(in_pieces::<Reply>(stream, &sizes), in_pieces(stream, &[stream.len().max(1)]));
    } else {
        assert_eq!(in_pieces::<Request>(stream, &sizes), in_pieces(stream, &[stream.len().max(1)]));
    }
}

type Heard<F> = (Vec<(Tag, F)>, Result<usize, WireError>);

/// The frames of a stream, and how it ends: with so many bytes of an unfinished one, or refused.
fn in_pieces<F: Frame>(mut stream: &[u8], sizes: &[usize]) -> Heard<F> {
    let (mut waiting, mut frames) = (Vec::new(), Vec::new());
    for size in sizes.iter().cycle() {
        let (piece, rest) = stream.split_at((*size).min(stream.len()));
        stream = rest;
        waiting.extend_from_slice(piece);
        let mut used = 0;
        loop {
            match F::decode(&waiting[used..]) {
                Ok(Some((tag, frame, length))) => {
                    used += length;
                    frames.push((tag, frame));
                }
                Ok(None) => break,
                Err(error) => return (frames, Err(error)),
            }
        }
        waiting.drain(..used);
        if stream.is_empty() {
            break;
        }
    }
    (frames, Ok(waiting.len()))
}

/// A relay address: comes back as it was printed, or is refused.
///
/// # Panics
/// When the promise is broken.
pub fn wire_relay_addr(bytes: &[u8]) {
    let Ok(addr) = String::from_utf8_lossy(bytes).parse::<RelayAddr>() else { return };
    assert_eq!(addr.to_string().parse(), Ok(addr.clone()), "what is printed can be read");
    assert_eq!(RelayAddr::new(addr.host(), addr.port(), addr.fingerprint()), Ok(addr));
}

/// A link: as text, and as bytes under a check that holds (a stranger can make that too).
///
/// # Panics
/// When the promise is broken.
pub fn wire_invite(bytes: &[u8]) {
    one_link(&String::from_utf8_lossy(bytes));
    let sum: [u8; 32] =
        Sha256::new().chain_update(b"sogon invite 1").chain_update(bytes).finalize().into();
    let body = [bytes, &sum[..4]].concat();
    one_link(&format!("sogon://invite#{}", BASE64URL_NOPAD.encode(&body)));
}

fn one_link(text: &str) {
    let Ok(invite) = text.parse::<Invite>() else { return };
    let printed = invite.to_string();
    assert_eq!(printed.parse(), Ok(invite), "what is printed can be read");
}
