//! Who speaks to the relay in these tests.

use std::time::Duration;

use ed25519_dalek::{Signer, SigningKey};
use sogon_relay::{Probe, ProbeFault};
use sogon_wire::{
    Append, LogName, PublicWriteKey, RelayAddr, Reply, Request, SealedBox, Tag, WriteSignature,
    step_for,
};

/// Somebody who may write to a log.
pub(crate) struct Writer(SigningKey);

impl Writer {
    pub(crate) fn new(seed: u8) -> Self {
        Self(SigningKey::from_bytes(&[seed; 32]))
    }

    pub(crate) fn log(&self) -> LogName {
        PublicWriteKey(self.0.verifying_key().to_bytes()).log()
    }

    pub(crate) fn append(&self, boxed: &SealedBox) -> Request {
        let signature = self.0.sign(&Append::signed_bytes(boxed));
        Request::Append(Append {
            key: PublicWriteKey(self.0.verifying_key().to_bytes()),
            signature: WriteSignature(signature.to_bytes()),
            boxed: boxed.clone(),
        })
    }
}

/// A box that says which one it is, and holds so many bytes.
pub(crate) fn boxed(number: u32, bytes: usize) -> SealedBox {
    let mut bytes = vec![0xb0; step_for(bytes).unwrap()];
    bytes[..4].copy_from_slice(&number.to_be_bytes());
    SealedBox::parse(&bytes).unwrap()
}

pub(crate) fn number(boxed: &SealedBox) -> u32 {
    u32::from_be_bytes(*boxed.as_bytes().first_chunk().unwrap())
}

/// A connection that fails a test rather than hang it.
pub(crate) struct Client(Probe);

impl Client {
    pub(crate) async fn connect(addr: &RelayAddr) -> Self {
        Self(soon(Probe::connect(addr)).await.unwrap())
    }

    pub(crate) async fn ask(&mut self, tag: Tag, request: &Request) {
        soon(self.0.ask(tag, request)).await.unwrap();
    }

    pub(crate) async fn send(&mut self, bytes: &[u8]) -> Result<(), ProbeFault> {
        soon(self.0.send(bytes)).await
    }

    pub(crate) async fn next(&mut self) -> Result<(Tag, Reply), ProbeFault> {
        soon(self.0.next()).await
    }

    /// Asks and waits for the answer, which is the next reply.
    pub(crate) async fn answer(&mut self, request: &Request) -> Reply {
        self.ask(7, request).await;
        let (tag, reply) = self.next().await.unwrap();
        assert_eq!(tag, 7);
        reply
    }

    /// Appends and waits until it is durable.
    pub(crate) async fn append(&mut self, writer: &Writer, boxed: &SealedBox) -> u64 {
        match self.answer(&writer.append(boxed)).await {
            Reply::Appended { seq } => seq,
            other => panic!("not appended: {other:?}"),
        }
    }

    /// The numbers of the boxes of a log.
    pub(crate) async fn numbers(&mut self, log: LogName, after: u64) -> Vec<u32> {
        let mut numbers = Vec::new();
        let mut after = after;
        loop {
            let read = Request::Read { log, after, bytes_max: sogon_wire::ENTRIES_BYTES_MAX };
            let Reply::Entries { from, head, boxes, .. } = self.answer(&read).await else {
                panic!("no entries")
            };
            numbers.extend(boxes.iter().map(number));
            after = (from..).nth(boxes.len()).unwrap().saturating_sub(1);
            if after >= head {
                return numbers;
            }
        }
    }
}

/// Waits, but not for ever.
pub(crate) async fn soon<T>(what: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(60), what).await.expect("it takes too long")
}
