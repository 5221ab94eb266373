//! Conversations: MLS groups, sealed into boxes and opened from them. How one comes in, commits, and
//! requests to be let in again have files of their own.

mod begin;
mod commit;
mod rescue;

use std::fmt;

use minicbor::{Decode, Encode};
use openmls::prelude::*;
use sha2::{Digest, Sha256};
use sogon_wire::SealedBox;
use zeroize::Zeroizing;

use super::{
    CONTEXT_EXTENSION,
    charter::Charter,
    key_package::{LeafKey, identity_of},
    provider::Sealer,
};
use crate::{
    CallKeys, DirectCall, LogKeys, Posting, PublicIdentity, SealError, WriteKey, envelope::Kind,
};

pub use commit::{Change, Committed, LogHead, Staged};
pub use rescue::{Rescue, ask_rescue_anew};

/// The name of an MLS group: 16 random bytes, never seen by a relay.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
#[cbor(transparent)]
pub struct GroupName(#[cbor(with = "minicbor::bytes")] pub [u8; 16]);

impl GroupName {
    fn id(&self) -> GroupId {
        GroupId::from_slice(&self.0)
    }

    fn of(id: &GroupId) -> Result<Self, SealError> {
        id.as_slice().try_into().map(Self).map_err(|_| SealError::Unopenable)
    }
}

impl fmt::Debug for GroupName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("GroupName(..)")
    }
}

/// A member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Member {
    /// Its leaf.
    pub leaf: u32,
    /// Who it is.
    pub identity: PublicIdentity,
}

/// What came out of a box.
#[derive(Debug)]
pub enum Opened {
    /// Somebody wrote this.
    Message {
        /// Who.
        from: Member,
        /// The content, in CBOR.
        content: Vec<u8>,
    },
    /// One's own message, read back.
    Own,
    /// A valid commit by somebody else. Nothing has changed until it is merged.
    Commit(Box<Staged>),
}

/// One conversation in one step.
pub struct Conversation<'a> {
    sealer: Sealer<'a>,
    group: MlsGroup,
    name: GroupName,
}

impl fmt::Debug for Conversation<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Conversation(epoch {})", self.epoch())
    }
}

const TAG_BYTES: usize = 4;

/// What sealing adds to a content before padding, at most: MLS's frame and signature, the envelope.
pub const MESSAGE_BYTES_MAX: usize = 160;

const HEAD_BYTES: usize = 24;

const RESCUE_STATE_BYTES: usize = 12;

impl Conversation<'_> {
    /// Its name.
    #[must_use]
    pub fn name(&self) -> GroupName {
        self.name
    }

    /// The epoch of its keys.
    #[must_use]
    pub fn epoch(&self) -> u64 {
        self.group.epoch().as_u64()
    }

    /// The owner's leaf.
    #[must_use]
    pub fn own_leaf(&self) -> u32 {
        self.group.own_leaf_index().u32()
    }

    /// The owner is a member.
    #[must_use]
    pub fn active(&self) -> bool {
        self.group.is_active()
    }

    /// A commit of one's own is on its way.
    #[must_use]
    pub fn pending(&self) -> bool {
        self.group.pending_commit().is_some()
    }

    /// What every member knows of it.
    ///
    /// # Errors
    /// [`SealError::Unopenable`] when it is not a conversation of ours.
    pub fn charter(&self) -> Result<Charter, SealError> {
        let bytes =
            self.group.extensions().unknown(CONTEXT_EXTENSION).ok_or(SealError::Unopenable)?;
        let charter: Charter = minicbor::decode(&bytes.0).map_err(|_| SealError::Unopenable)?;
        if charter.holds() { Ok(charter) } else { Err(SealError::Unopenable) }
    }

    /// Everybody in it, the owner included, by leaf.
    ///
    /// # Errors
    /// [`SealError::Unopenable`] when nobody vouches for a leaf.
    pub fn members(&self) -> Result<Vec<Member>, SealError> {
        self.group
            .members()
            .map(|member| {
                let identity = identity_of(&member.credential, &member.signature_key)?;
                Ok(Member { leaf: member.index.u32(), identity })
            })
            .collect()
    }

    /// The keys of the epoch's log.
    ///
    /// # Errors
    /// [`SealError::Over`] when the owner is no longer a member.
    pub fn log_keys(&self) -> Result<LogKeys, SealError> {
        Ok(LogKeys::new(self.export("sogon write")?, self.export("sogon envelope")?))
    }

    /// Equal for two homes exactly when they have the same keys.
    ///
    /// # Errors
    /// [`SealError::Over`] when the owner is no longer a member.
    pub fn commitment(&self) -> Result<[u8; 32], SealError> {
        self.export("sogon commitment")
    }

    /// What this member needs for the call of this id, in the present epoch (SPEC 12.1).
    ///
    /// # Errors
    /// [`SealError::Over`] when the owner is no longer a member.
    pub fn call(&self, id: [u8; 8]) -> Result<CallKeys, SealError> {
        let room = Zeroizing::new(self.export_for("sogon call room 1", &id)?);
        Ok(CallKeys {
            pass: WriteKey::from_seed(&room).pass(),
            base: Zeroizing::new(self.export_for("sogon call 1", &id)?),
            epoch: self.epoch(),
            leaf: self.group.own_leaf_index().u32(),
        })
    }

    /// What the two sides of the call of this id go directly with, in the present epoch (SPEC 12.4).
    ///
    /// # Errors
    /// [`SealError::Over`] when the owner is no longer a member.
    pub fn direct_call(&self, id: [u8; 8], called: bool) -> Result<DirectCall, SealError> {
        let secret = Zeroizing::new(self.export_for("sogon call direct 1", &id)?);
        Ok(DirectCall { secret, epoch: self.epoch(), called })
    }

    fn export(&self, label: &str) -> Result<[u8; 32], SealError> {
        self.export_for(label, &[])
    }

    fn export_for(&self, label: &str, context: &[u8]) -> Result<[u8; 32], SealError> {
        self.group
            .export_secret(&self.sealer.library.0, label, context, 32)
            .map_err(|_| SealError::Over)?
            .try_into()
            .map_err(|_| SealError::Bug)
    }

    /// The first bytes of the hash of the epoch authenticator: what each box says of its epoch.
    fn tag(&self) -> [u8; TAG_BYTES] {
        let hash: [u8; 32] = Sha256::digest(self.group.epoch_authenticator().as_slice()).into();
        *hash.first_chunk().unwrap_or(&[0; TAG_BYTES])
    }

    fn leaf_key(&self) -> Result<LeafKey, SealError> {
        let leaf = self.group.own_leaf_node().ok_or(SealError::Over)?;
        LeafKey::load(&self.sealer, leaf.signature_key().as_slice())
    }

    /// What every message of this conversation begins with in this epoch: version, wire format,
    /// group id and epoch. It is known to all readers, so it does not travel.
    fn known_head(&self) -> Vec<u8> {
        let mut head = vec![0, 1, 0, 2, 16];
        head.extend(self.name.0);
        head.extend(self.epoch().to_be_bytes());
        head
    }

    fn post(&self, kind: Kind, message: &MlsMessageOut) -> Result<Posting, SealError> {
        let bytes = message.to_bytes().map_err(|_| SealError::Bug)?;
        let payload = bytes.strip_prefix(self.known_head().as_slice()).ok_or(SealError::Bug)?;
        self.log_keys()?.post(self.sealer.entropy(), kind, payload)
    }

    /// Seals content for everybody in it. The box is of the smallest step that holds the content and
    /// [`MESSAGE_BYTES_MAX`].
    ///
    /// # Errors
    /// [`SealError::TooLarge`], or [`SealError::Over`] when the owner is no longer a member.
    pub fn seal(&mut self, content: &[u8]) -> Result<Posting, SealError> {
        if !self.active() {
            return Err(SealError::Over);
        }
        let leaf_key = self.leaf_key()?;
        self.group.set_aad(self.tag().to_vec());
        let message = self
            .group
            .create_message(&self.sealer, &leaf_key, content)
            .map_err(|_| SealError::Bug)?;
        self.post(Kind::Message, &message)
    }

    /// Opens a box of this epoch's log.
    ///
    /// # Errors
    /// [`SealError::Unopenable`] for everything that is not a valid message or commit of a member.
    /// Nothing has changed then.
    pub fn open(&mut self, boxed: &SealedBox) -> Result<Opened, SealError> {
        let (kind, payload) = self.log_keys()?.open(boxed)?;
        if !matches!(kind, Kind::Message | Kind::Commit) {
            return Err(SealError::Unopenable);
        }
        let bytes = [self.known_head().as_slice(), &payload].concat();
        let mut rest = bytes.as_slice();
        let message = <MlsMessageIn as tls_codec::Deserialize>::tls_deserialize(&mut rest)
            .map_err(|_| SealError::Unopenable)?;
        if !rest.is_empty() {
            return Err(SealError::Unopenable);
        }
        let message = message.try_into_protocol_message().map_err(|_| SealError::Unopenable)?;
        let mark = self.sealer.desk.mark();
        let opened = self.process(message, kind);
        if opened.is_err() {
            self.sealer.desk.undo(mark);
            // The library's state in memory may be ahead of what was undone: read it again.
            self.group = MlsGroup::load(self.sealer.desk, &self.name.id())
                .map_err(|_| SealError::Shelf)?
                .ok_or(SealError::Bug)?;
        }
        opened
    }

    fn process(&mut self, message: ProtocolMessage, kind: Kind) -> Result<Opened, SealError> {
        let processed =
            self.group.process_message(&self.sealer, message).map_err(|_| SealError::Unopenable)?;
        let Sender::Member(leaf) = processed.sender() else { return Err(SealError::Unopenable) };
        let leaf = *leaf;
        let own = matches!(processed.content(), ProcessedMessageContent::OwnPrivateMessage);
        if own {
            return Ok(Opened::Own);
        }
        let (tag, head) =
            processed.aad().split_first_chunk::<TAG_BYTES>().ok_or(SealError::Unopenable)?;
        if *tag != self.tag() {
            return Err(SealError::Unopenable);
        }
        let head = head.to_vec();
        let from = self.member(leaf)?;
        match (processed.into_content(), kind) {
            (ProcessedMessageContent::ApplicationMessage(message), Kind::Message) => {
                Ok(Opened::Message { from, content: message.into_bytes() })
            }
            (ProcessedMessageContent::StagedCommitMessage(commit), Kind::Commit) => self
                .check_commit(*commit, from, &head)
                .map(|staged| Opened::Commit(Box::new(staged))),
            _ => Err(SealError::Unopenable),
        }
    }

    fn member(&self, leaf: LeafNodeIndex) -> Result<Member, SealError> {
        let member = self.group.member_at(leaf).ok_or(SealError::Unopenable)?;
        let identity = identity_of(&member.credential, &member.signature_key)?;
        Ok(Member { leaf: leaf.u32(), identity })
    }

    /// Deletes everything of it: nothing of its past can be opened any more.
    ///
    /// # Errors
    /// [`SealError::Shelf`] when the store does not answer.
    pub fn forget(mut self) -> Result<(), SealError> {
        if let Some(leaf) = self.group.own_leaf_node() {
            LeafKey::forget(&self.sealer, leaf.signature_key().as_slice());
        }
        self.group.delete(self.sealer.desk).map_err(|_| SealError::Shelf)
    }
}
