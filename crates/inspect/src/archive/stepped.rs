//! Streams of the LZMA family, unpacked step by step. A hostile stream can bring a reader to wait for
//! ever for bytes that its coder never gives; a step that neither takes nor gives any is its end here.

use std::io::{self, BufRead, BufReader, Read};

use lzma_rust2::{Action, Lzma2Stream, Status, StreamResult, XzStream};

/// Unpacks what it is given, as far as there is room.
pub(super) trait Steps {
    fn step(&mut self, from: &[u8], to: &mut [u8], action: Action) -> io::Result<StreamResult>;
}

impl Steps for Lzma2Stream {
    fn step(&mut self, from: &[u8], to: &mut [u8], action: Action) -> io::Result<StreamResult> {
        self.process(from, to, action)
    }
}

impl Steps for XzStream {
    fn step(&mut self, from: &[u8], to: &mut [u8], action: Action) -> io::Result<StreamResult> {
        self.process(from, to, action)
    }
}

/// The unpacked bytes.
pub(super) struct Stepped<S, R> {
    steps: S,
    packed: BufReader<R>,
    ended: bool,
}

impl<S: Steps, R: Read> Stepped<S, R> {
    pub(super) fn new(steps: S, packed: BufReader<R>) -> Self {
        Self { steps, packed, ended: false }
    }
}

impl<S: Steps, R: Read> Read for Stepped<S, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while !self.ended && !buffer.is_empty() {
            let from = self.packed.fill_buf()?;
            let action = if from.is_empty() { Action::Finish } else { Action::Run };
            let done = self.steps.step(from, buffer, action)?;
            self.packed.consume(done.bytes_consumed);
            self.ended = done.status == Status::StreamEnd;
            if done.bytes_produced > 0 {
                return Ok(done.bytes_produced);
            }
            if !self.ended && done.bytes_consumed == 0 {
                return Err(io::ErrorKind::InvalidData.into());
            }
        }
        Ok(0)
    }
}
