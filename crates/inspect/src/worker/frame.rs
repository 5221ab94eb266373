//! Frames between the inspector and its workers: a length, JSON, and at times open files.

use std::{
    fs::File,
    io::{self, IoSlice, IoSliceMut, Read, Write},
    mem::MaybeUninit,
    os::{fd::AsFd, unix::net::UnixStream},
};

use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags, recvmsg, sendmsg,
};
use serde::{Serialize, de::DeserializeOwned};

/// The most a frame of ours has: the lists of the user are in one.
pub(crate) const FRAME_BYTES_MAX: u32 = 512 << 20;

/// Sends a frame.
pub(crate) fn send(mut socket: &UnixStream, what: &impl Serialize) -> io::Result<()> {
    socket.write_all(&frame(what)?)
}

/// Sends a frame with open files, two at most.
pub(crate) fn send_with(
    mut socket: &UnixStream,
    what: &impl Serialize,
    files: &[&File],
) -> io::Result<()> {
    let frame = frame(what)?;
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(2))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    let files: Vec<_> = files.iter().map(AsFd::as_fd).collect();
    if !control.push(SendAncillaryMessage::ScmRights(&files)) {
        return Err(io::ErrorKind::OutOfMemory.into());
    }
    let sent = sendmsg(socket, &[IoSlice::new(&frame)], &mut control, SendFlags::NOSIGNAL)?;
    socket.write_all(frame.get(sent..).unwrap_or_default())
}

fn frame(what: &impl Serialize) -> io::Result<Vec<u8>> {
    let mut frame = vec![0; 4];
    serde_json::to_writer(&mut frame, what)?;
    let length = u32::try_from(frame.len().saturating_sub(4)).unwrap_or(u32::MAX);
    if length > FRAME_BYTES_MAX {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "the lists are too large"));
    }
    if let Some(head) = frame.get_mut(..4) {
        head.copy_from_slice(&length.to_le_bytes());
    }
    Ok(frame)
}

/// Receives a frame of at most `most` bytes.
pub(crate) fn receive<T: DeserializeOwned>(mut socket: &UnixStream, most: u32) -> io::Result<T> {
    let mut head = [0; 4];
    socket.read_exact(&mut head)?;
    body(socket, head, most)
}

/// Receives a frame, and the open files that came with it.
pub(crate) fn receive_with<T: DeserializeOwned>(
    mut socket: &UnixStream,
    most: u32,
) -> io::Result<(T, Vec<File>)> {
    let mut head = [0; 4];
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(2))];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    let flags = RecvFlags::CMSG_CLOEXEC;
    let got = recvmsg(socket, &mut [IoSliceMut::new(&mut head)], &mut control, flags)?;
    if got.bytes == 0 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    let mut received = Vec::new();
    for message in control.drain() {
        if let RecvAncillaryMessage::ScmRights(files) = message {
            received.extend(files.map(File::from));
        }
    }
    socket.read_exact(head.get_mut(got.bytes..).unwrap_or_default())?;
    Ok((body(socket, head, most)?, received))
}

fn body<T: DeserializeOwned>(socket: &UnixStream, head: [u8; 4], most: u32) -> io::Result<T> {
    let length = u32::from_le_bytes(head);
    if length > most {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let mut bytes = Vec::new();
    socket.take(u64::from(length)).read_to_end(&mut bytes)?;
    if bytes.len() as u64 != u64::from(length) {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(serde_json::from_slice(&bytes)?)
}
