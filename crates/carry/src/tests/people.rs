//! Who writes and who reads in these tests.

use std::{sync::Arc, time::Duration};

use ed25519_dalek::{Signer, SigningKey};
use sogon_engine::{Arrival, Loss};
use sogon_relay::{Config, Relay, Running};
use sogon_wire::{
    Append, Frame, LogName, PublicWriteKey, RelayAddr, Reply, Request, SealedBox, Tag,
    WriteSignature, step_for,
};

use crate::{
    Carrier, Memory, Reading, RelayLinks, Ways,
    link::{Asked, Rank},
    memory::Forgetful,
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

/// A client: its links and what it remembers.
pub(crate) struct Person {
    pub(crate) links: RelayLinks,
    pub(crate) memory: Arc<Forgetful>,
}

impl Person {
    pub(crate) fn new() -> Self {
        Self::remembering(Arc::default())
    }

    /// The same person in a process started anew, who only makes connections.
    pub(crate) fn remembering(memory: Arc<Forgetful>) -> Self {
        let links = RelayLinks::new(Arc::clone(&memory) as Arc<dyn Memory>, Ways::Connections);
        Self { links, memory }
    }

    /// The same person, in any way there is.
    pub(crate) fn any_way(memory: Arc<Forgetful>) -> Self {
        Self::by(memory, Ways::Any)
    }

    /// The same person, in these ways.
    pub(crate) fn by(memory: Arc<Forgetful>, ways: Ways) -> Self {
        let links = RelayLinks::new(Arc::clone(&memory) as Arc<dyn Memory>, ways);
        Self { links, memory }
    }

    /// What is known of one relay is known of another.
    pub(crate) fn move_memory(&self, from: &RelayAddr, to: &RelayAddr) {
        let known = self.memory.recall(from).unwrap();
        self.memory.leave(to, &known);
    }

    pub(crate) fn ask(&mut self, relay: &RelayAddr, tag: Tag, request: &Request) {
        let answered = !matches!(request, Request::Unwatch { .. });
        let (request, bytes) = (request.clone(), request.encode(tag));
        let asked = Asked { rank: Rank::Words, request, bytes, tag: answered.then_some(tag) };
        self.links.carry(relay, asked);
    }

    pub(crate) async fn next(&mut self) -> Arrival {
        soon(self.links.next()).await
    }

    pub(crate) async fn reply(&mut self) -> (Tag, Reply) {
        match self.next().await {
            Arrival::Reply { tag, reply, .. } => (tag, reply),
            Arrival::Lost { why, .. } => panic!("lost: {why:?}"),
        }
    }

    pub(crate) async fn lost(&mut self) -> Loss {
        match self.next().await {
            Arrival::Lost { why, .. } => why,
            Arrival::Reply { reply, .. } => panic!("answered: {reply:?}"),
        }
    }

    /// Appends one box and waits until it is durable.
    pub(crate) async fn append(&mut self, relay: &RelayAddr, writer: &Writer, boxed: &SealedBox) {
        self.ask(relay, 1, &writer.append(boxed));
        let (tag, reply) = self.reply().await;
        assert!(matches!((tag, &reply), (1, Reply::Appended { .. })), "{reply:?}");
    }

    /// The same as one burst, with what it cost.
    pub(crate) async fn burst(
        &mut self,
        relay: &RelayAddr,
        writer: &Writer,
        boxed: &SealedBox,
    ) -> Reading {
        let before = self.links.meter().read();
        self.append(relay, writer, boxed).await;
        soon(self.links.hang_up()).await;
        since(before, self.links.meter().read())
    }
}

fn since(before: Reading, after: Reading) -> Reading {
    let less = u64::saturating_sub;
    Reading {
        bytes_up: less(after.bytes_up, before.bytes_up),
        bytes_down: less(after.bytes_down, before.bytes_down),
        connections: less(after.connections, before.connections),
        sessions_full: less(after.sessions_full, before.sessions_full),
        sessions_resumed: less(after.sessions_resumed, before.sessions_resumed),
        early_bytes: less(after.early_bytes, before.early_bytes),
        air_ms: less(after.air_ms, before.air_ms),
        round_trips: less(after.round_trips, before.round_trips),
    }
}

/// A relay that forgets everything.
pub(crate) async fn relay() -> Running {
    Relay::start(Config::memory()).await.unwrap()
}

/// Waits, but not for ever.
pub(crate) async fn soon<T>(what: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(60), what).await.expect("it takes too long")
}
