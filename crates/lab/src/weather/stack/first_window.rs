//! The first ten segments of a stream, which leave at once (RFC 6928), as the kernel's do.
//!
//! The stack's own congestion control begins with two kilobytes, which would charge every short
//! stream round trips that no system of today pays. So a socket begins without it, is given no
//! more than ten segments, and is put under control when they have left or one is repeated.

use smoltcp::{
    iface::SocketHandle,
    wire::{Ipv4Packet, TcpPacket, TcpSeqNumber},
};

/// RFC 6928: ten segments, of 1,460 bytes each.
const BYTES: usize = 14_600;

#[derive(Debug)]
pub(super) struct FirstWindow {
    pub(super) handle: SocketHandle,
    given: usize,
    sent: usize,
    /// The first byte that has not been sent yet.
    next: Option<TcpSeqNumber>,
}

impl FirstWindow {
    pub(super) fn new(handle: SocketHandle) -> Self {
        Self { handle, given: 0, sent: 0, next: None }
    }

    /// How much more the socket may be given.
    pub(super) fn room(&self) -> usize {
        BYTES - self.given
    }

    pub(super) fn gave(&mut self, bytes: usize) {
        self.given += bytes;
    }

    /// Whether this packet, the last that left the stack, ends the first window of the socket at
    /// this port.
    pub(super) fn is_over(&mut self, port: u16, packet: &[u8]) -> bool {
        let Ok(packet) = Ipv4Packet::new_checked(packet) else { return false };
        let Ok(segment) = TcpPacket::new_checked(packet.payload()) else { return false };
        let bytes = segment.payload().len();
        if segment.src_port() != port || bytes == 0 {
            return false;
        }
        let (begin, end) = (segment.seq_number(), segment.seq_number() + bytes);
        match self.next {
            Some(next) if begin < next => return true,
            _ => self.next = Some(end),
        }
        self.sent += bytes;
        self.sent >= BYTES
    }
}
