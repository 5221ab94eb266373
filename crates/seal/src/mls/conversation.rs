//! Conversations: MLS groups, sealed into boxes and opened from them.

use std::fmt;

use minicbor::{Decode, Encode};
use openmls::{
    prelude::{tls_codec::Serialize as _, *},
    schedule::{PreSharedKeyId, psk::Psk as MlsPsk},
};
use sha2::{Digest, Sha256};
use sogon_wire::{SealedBox, Seq};
use zeroize::Zeroizing;

use super::{
    CONTEXT_EXTENSION, create_config, join_config,
    key_package::{KeyPackage, LeafKey, identity_of},
    provider::Sealer,
};
use crate::{
    CallKeys, Identity, InviteKeys, LogKeys, Posting, PublicIdentity, SealError, WriteKey,
    entropy::random,
    envelope::Kind,
    keys::{Psk, readmission_log, rescue_log},
};

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

/// What every member of a conversation knows of it from its first epoch (SPEC 5.2): the group
/// context extension.
#[derive(Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Charter {
    /// More than a pair.
    #[n(0)]
    pub group: bool,
    /// The relay that orders its logs, in text form.
    #[n(1)]
    pub relay: String,
    /// From which the rescue log is derived.
    #[cbor(n(2), with = "minicbor::bytes")]
    pub rescue: [u8; 32],
    /// What a group was called when it was made; empty for a pair.
    #[n(3)]
    pub title: String,
    /// Relays that can take its place, in text form, in this order; absent for none.
    #[n(4)]
    pub mirrors: Option<Vec<String>>,
    /// Which of [`Charter::relays`] orders the logs by now; absent for the first.
    #[n(5)]
    pub at: Option<u8>,
}

/// The most relays that can take the place of the first.
pub const MIRRORS_MAX: usize = 3;

impl fmt::Debug for Charter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Charter(..)")
    }
}

impl Charter {
    /// The charter of a new pair.
    #[must_use]
    pub fn pair(relay: String, entropy: &dyn crate::Entropy) -> Self {
        Self { group: false, ..Self::group(String::new(), relay, entropy) }
    }

    /// The charter of a new group.
    #[must_use]
    pub fn group(title: String, relay: String, entropy: &dyn crate::Entropy) -> Self {
        let rescue = random(entropy);
        Self { group: true, relay, rescue, title, mirrors: None, at: None }
    }

    /// The same with these relays behind the first, as far as there is room for them.
    #[must_use]
    pub fn mirrored(self, mirrors: &[String]) -> Self {
        let mut others: Vec<String> = Vec::new();
        for mirror in mirrors.iter().filter(|mirror| **mirror != self.relay) {
            if others.len() < MIRRORS_MAX && !others.contains(mirror) {
                others.push(mirror.clone());
            }
        }
        Self { mirrors: (!others.is_empty()).then_some(others), ..self }
    }

    /// Every relay it knows, the one it began at first.
    #[must_use]
    pub fn relays(&self) -> Vec<String> {
        std::iter::once(&self.relay).chain(self.mirrors.iter().flatten()).cloned().collect()
    }

    /// The relay that orders the logs by now.
    #[must_use]
    pub fn sequencer(&self) -> Option<String> {
        self.relays().into_iter().nth(self.at.unwrap_or(0).into())
    }

    /// Whether its relays are as many as allowed and no two alike.
    fn holds(&self) -> bool {
        let mut relays = self.relays();
        let count = relays.len();
        relays.sort();
        relays.dedup();
        let alike = count != relays.len();
        !alike && count <= MIRRORS_MAX.saturating_add(1) && self.sequencer().is_some()
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

/// What a commit is to change.
#[derive(Clone, Debug, Default)]
pub struct Change {
    /// Who comes in.
    pub add: Vec<KeyPackage>,
    /// The leaves that go.
    pub remove: Vec<u32>,
    /// Fresh keys for the author's own leaf, also when nothing else asks for them.
    pub refresh: bool,
    /// From the next epoch on this one of the charter's relays orders the logs; the commit is for
    /// the log at that relay.
    pub moves_to: Option<u8>,
}

/// A commit ready to be appended.
#[derive(Debug)]
pub struct Committed {
    /// The box for the log.
    pub posting: Posting,
    /// What those who come in need; to be sent when the commit was read back and not before.
    pub welcome: Option<Vec<u8>>,
}

/// What a commit said about its log: for noticing a relay that shows different logs to different
/// people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogHead {
    /// The last place its author had read.
    pub seq: Seq,
    /// The first 16 bytes of the hash chain there.
    pub chain: [u8; 16],
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

/// Somebody's commit, checked and not yet merged.
pub struct Staged {
    commit: StagedCommit,
    /// Who made it.
    pub author: Member,
    /// The log as they saw it.
    pub head: LogHead,
    /// Who comes in.
    pub added: Vec<PublicIdentity>,
    /// Who goes.
    pub removed: Vec<PublicIdentity>,
    /// The owner of this home is among those who go and does not come in again.
    pub removes_us: bool,
    /// The owner is let in anew by it: the way on is the Welcome, not this commit.
    pub readmits_us: bool,
    /// Which of the charter's relays orders the logs from then on, if it is another one.
    pub moves_to: Option<u8>,
}

impl fmt::Debug for Staged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Staged(by {:?})", self.author)
    }
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

impl<'a> Conversation<'a> {
    /// Founds a conversation. Nobody else is in it yet, so its first commit needs no log: it is
    /// merged at once and the Welcome may leave with the step.
    ///
    /// # Errors
    /// [`SealError::Bug`] when the library fails.
    pub fn found(
        sealer: Sealer<'a>,
        identity: &Identity,
        charter: &Charter,
        members: &[KeyPackage],
        invite: Option<&InviteKeys>,
    ) -> Result<(Self, Option<Vec<u8>>), SealError> {
        let name = GroupName(random(sealer.entropy()));
        let leaf_key = LeafKey::generate(&sealer);
        let bytes = minicbor::to_vec(charter).map_err(|_| SealError::Bug)?;
        let extension = Extension::Unknown(CONTEXT_EXTENSION, UnknownExtension(bytes));
        let config = create_config(Extensions::single(extension).map_err(|_| SealError::Bug)?);
        let credential = leaf_key.credential(identity);
        let group = MlsGroup::new_with_group_id(&sealer, &leaf_key, &config, name.id(), credential)
            .map_err(|_| SealError::Bug)?;
        let mut this = Self { sealer, group, name };
        if members.is_empty() {
            return Ok((this, None));
        }
        let psk = invite.map(|keys| this.keep_psk(&keys.psk)).transpose()?;
        let psk = psk.map(|id| Proposal::PreSharedKey(Box::new(PreSharedKeyProposal::new(id))));
        let bundle = this
            .group
            .commit_builder()
            .propose_adds(members.iter().map(|package| package.inner.clone()))
            .add_proposals(psk)
            .load_psks(sealer.desk)
            .map_err(|_| SealError::Bug)?
            .build(&sealer.dice, &sealer.library.0, &leaf_key, |_| true)
            .map_err(|_| SealError::Bug)?
            .stage_commit(&sealer)
            .map_err(|_| SealError::Bug)?;
        this.group.merge_pending_commit(&sealer).map_err(|_| SealError::Bug)?;
        let welcome = bundle.into_welcome().ok_or(SealError::Bug)?;
        let welcome = welcome.tls_serialize_detached().map_err(|_| SealError::Bug)?;
        Ok((this, Some(welcome)))
    }

    /// Joins a conversation by its Welcome. With `invite`, the invitation's secret must be mixed
    /// in; with `replaces`, the Welcome must be for that conversation, which it takes the place of.
    /// When it fails nothing has changed: the key package is still there for the true Welcome.
    ///
    /// # Errors
    /// [`SealError::Unopenable`] when anything about the Welcome does not hold.
    pub fn join(
        sealer: Sealer<'a>,
        welcome: &[u8],
        invite: Option<&InviteKeys>,
        replaces: Option<GroupName>,
    ) -> Result<Self, SealError> {
        let mark = sealer.desk.mark();
        let joined = Self::try_join(sealer, welcome, invite, replaces);
        if joined.is_err() {
            sealer.desk.undo(mark);
        }
        joined
    }

    fn try_join(
        sealer: Sealer<'a>,
        mut welcome: &[u8],
        invite: Option<&InviteKeys>,
        replaces: Option<GroupName>,
    ) -> Result<Self, SealError> {
        let welcome = <Welcome as tls_codec::Deserialize>::tls_deserialize(&mut welcome)
            .map_err(|_| SealError::Unopenable)?;
        if let Some(keys) = invite {
            let id = PreSharedKeyId::external(keys.psk.id.clone(), Vec::new());
            id.store(&sealer, keys.psk.secret.as_slice()).map_err(|_| SealError::Bug)?;
        }
        let builder = StagedWelcome::build_from_welcome(&sealer, &join_config(), welcome)
            .map_err(|_| SealError::Unopenable)?
            .skip_lifetime_validation();
        let mixed = builder.processed_welcome().psks().iter().any(|id| match (id.psk(), invite) {
            (MlsPsk::External(external), Some(keys)) => external.psk_id() == keys.psk.id,
            _ => false,
        });
        if invite.is_some() != mixed {
            return Err(SealError::Unopenable);
        }
        let builder = if replaces.is_some() { builder.replace_old_group() } else { builder };
        let staged = builder.build().map_err(|_| SealError::Unopenable)?;
        let group = staged.into_group(&sealer).map_err(|_| SealError::Unopenable)?;
        let name = GroupName::of(group.group_id())?;
        if replaces.is_some_and(|old| old != name) {
            return Err(SealError::Unopenable);
        }
        if let Some(keys) = invite {
            let id = PreSharedKeyId::external(keys.psk.id.clone(), Vec::new());
            openmls_traits::storage::StorageProvider::delete_psk(sealer.desk, id.psk())
                .map_err(|_| SealError::Shelf)?;
        }
        let this = Self { sealer, group, name };
        this.charter()?;
        // Every leaf must be vouched for, and nobody stands in the tree twice.
        let mut identities: Vec<_> = this.members()?.iter().map(|member| member.identity).collect();
        identities.sort();
        if identities.windows(2).any(|pair| matches!(pair, [one, other] if one == other)) {
            return Err(SealError::Unopenable);
        }
        Ok(this)
    }

    /// A stored conversation.
    ///
    /// # Errors
    /// [`SealError::Unknown`] when it is not here.
    pub fn load(sealer: Sealer<'a>, name: GroupName) -> Result<Self, SealError> {
        let group = MlsGroup::load(sealer.desk, &name.id())
            .map_err(|_| SealError::Shelf)?
            .ok_or(SealError::Unknown)?;
        Ok(Self { sealer, group, name })
    }

    fn keep_psk(&self, psk: &Psk) -> Result<PreSharedKeyId, SealError> {
        let nonce = {
            let mut nonce = vec![0; self.group.ciphersuite().hash_length()];
            self.sealer.entropy().fill(&mut nonce);
            nonce
        };
        let id = PreSharedKeyId::external(psk.id.clone(), nonce);
        id.store(&self.sealer, psk.secret.as_slice()).map_err(|_| SealError::Bug)?;
        Ok(id)
    }

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

    /// Makes a commit. It changes nothing here until it was read back from the log and
    /// [`Conversation::merge_own`] is called; `head` is the log as the owner has read it.
    ///
    /// # Errors
    /// [`SealError::Pending`] when another one is on its way.
    pub fn commit(&mut self, change: &Change, head: LogHead) -> Result<Committed, SealError> {
        if !self.active() {
            return Err(SealError::Over);
        }
        if self.pending() {
            return Err(SealError::Pending);
        }
        let leaf_key = self.leaf_key()?;
        let aad = [self.tag().as_slice(), &head.seq.to_be_bytes(), &head.chain].concat();
        self.group.set_aad(aad);
        let extensions = change.moves_to.map(|to| self.extensions_at(to)).transpose()?;
        let mut builder = self.group.commit_builder();
        if let Some(extensions) = extensions {
            let proposed = builder.propose_group_context_extensions(extensions);
            builder = proposed.map_err(|_| SealError::Bug)?;
        }
        let bundle = builder
            .propose_removals(change.remove.iter().map(|leaf| LeafNodeIndex::new(*leaf)))
            .propose_adds(change.add.iter().map(|package| package.inner.clone()))
            .force_self_update(change.refresh || change.moves_to.is_some())
            .load_psks(self.sealer.desk)
            .map_err(|_| SealError::Bug)?
            .build(&self.sealer.dice, &self.sealer.library.0, &leaf_key, |_| true)
            .map_err(|_| SealError::Bug)?
            .stage_commit(&self.sealer)
            .map_err(|_| SealError::Bug)?;
        let posting = self.post(Kind::Commit, bundle.commit())?;
        let welcome = bundle.into_welcome().filter(|_| !change.add.is_empty());
        let welcome = welcome.map(|welcome| welcome.tls_serialize_detached()).transpose();
        Ok(Committed { posting, welcome: welcome.map_err(|_| SealError::Bug)? })
    }

    /// The group's context when another of the charter's relays orders the logs.
    fn extensions_at(&self, to: u8) -> Result<Extensions<GroupContext>, SealError> {
        let charter = Charter { at: Some(to), ..self.charter()? };
        let bytes = minicbor::to_vec(&charter).map_err(|_| SealError::Bug)?;
        let own = Extension::Unknown(CONTEXT_EXTENSION, UnknownExtension(bytes));
        // MLS asks for it when a context changes (RFC 9420, 12.1.7).
        let required = [ExtensionType::Unknown(CONTEXT_EXTENSION)];
        let required = RequiredCapabilitiesExtension::new(&required, &[], &[]);
        let required = Extension::RequiredCapabilities(required);
        Extensions::from_vec(vec![required, own]).map_err(|_| SealError::Bug)
    }

    /// Which relay a proposal moves the logs to, if it changes nothing else.
    fn move_in(&self, proposal: &GroupContextExtensionProposal) -> Result<u8, SealError> {
        let here = self.charter()?;
        let bytes = proposal.extensions().unknown(CONTEXT_EXTENSION);
        let there = bytes.and_then(|bytes| minicbor::decode::<Charter>(&bytes.0).ok());
        let to = there.and_then(|there| there.at).ok_or(SealError::Unopenable)?;
        let same = *proposal.extensions() == self.extensions_at(to)?;
        let elsewhere = to != here.at.unwrap_or(0) && usize::from(to) < here.relays().len();
        if same && elsewhere { Ok(to) } else { Err(SealError::Unopenable) }
    }

    /// Forgets a commit of one's own that cannot win any more.
    ///
    /// # Errors
    /// [`SealError::Shelf`] when the store does not answer.
    pub fn drop_pending(&mut self) -> Result<(), SealError> {
        self.group.clear_pending_commit(self.sealer.desk).map_err(|_| SealError::Shelf)
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

    /// The rules of ours that MLS leaves to the application (SPEC 5.4): only adding and removing,
    /// every new leaf vouched for, nobody twice, and nobody becomes somebody else.
    fn check_commit(
        &self,
        commit: StagedCommit,
        author: Member,
        head: &[u8],
    ) -> Result<Staged, SealError> {
        let head: &[u8; HEAD_BYTES] = head.try_into().map_err(|_| SealError::Unopenable)?;
        let (seq, chain) = head.split_first_chunk::<8>().ok_or(SealError::Unopenable)?;
        let chain = chain.try_into().map_err(|_| SealError::Unopenable)?;
        let head = LogHead { seq: u64::from_be_bytes(*seq), chain };
        let known = |queued: &QueuedProposal| {
            let proposal = queued.proposal();
            let moves = matches!(proposal, Proposal::GroupContextExtensions(_));
            moves || matches!(proposal, Proposal::Add(_) | Proposal::Remove(_))
        };
        if !commit.queued_proposals().all(known) {
            return Err(SealError::Unopenable);
        }
        let mut moves_to = None;
        for queued in commit.queued_proposals() {
            if let Proposal::GroupContextExtensions(proposal) = queued.proposal() {
                // The library takes one at most.
                moves_to = Some(self.move_in(proposal)?);
            }
        }
        let mut removed = Vec::new();
        for proposal in commit.remove_proposals() {
            removed.push(self.member(proposal.remove_proposal().removed())?.identity);
        }
        let mut added = Vec::new();
        for proposal in commit.add_proposals() {
            let leaf = proposal.add_proposal().key_package().leaf_node();
            added.push(identity_of(leaf.credential(), leaf.signature_key().as_slice())?);
        }
        let mut after: Vec<_> = self.members()?.iter().map(|member| member.identity).collect();
        after.retain(|identity| !removed.contains(identity));
        for identity in &added {
            if after.contains(identity) {
                return Err(SealError::Unopenable);
            }
            after.push(*identity);
        }
        if let Some(leaf) = commit.update_path_leaf_node()
            && identity_of(leaf.credential(), leaf.signature_key().as_slice())? != author.identity
        {
            return Err(SealError::Unopenable);
        }
        let own = self.member(self.group.own_leaf_index())?.identity;
        let readmits_us = commit.self_removed() && added.contains(&own);
        let removes_us = commit.self_removed() && !readmits_us;
        Ok(Staged { commit, author, head, added, removed, removes_us, readmits_us, moves_to })
    }

    /// Takes over somebody's commit: the epoch advances. A commit of one's own is forgotten.
    ///
    /// # Errors
    /// [`SealError::Bug`] when the library fails: the step must be given up.
    pub fn merge(&mut self, staged: Staged) -> Result<(), SealError> {
        self.group.merge_staged_commit(&self.sealer, staged.commit).map_err(|_| SealError::Bug)
    }

    /// Takes over one's own commit, read back from the log: the epoch advances.
    ///
    /// # Errors
    /// [`SealError::Bug`] when the library fails: the step must be given up.
    pub fn merge_own(&mut self) -> Result<(), SealError> {
        self.group.merge_pending_commit(&self.sealer).map_err(|_| SealError::Bug)
    }

    /// The log in which members ask to be let in again.
    ///
    /// # Errors
    /// [`SealError::Bug`] when the charter does not hold.
    pub fn rescue_log(&self) -> Result<LogKeys, SealError> {
        rescue_log(&self.charter()?.rescue)
    }

    /// Asks the others to let the owner in again with fresh keys: the box for the rescue log, and
    /// the log in which the answer will lie.
    ///
    /// # Errors
    /// [`SealError::Bug`] when the library fails.
    pub fn ask_rescue(&self, identity: &Identity) -> Result<(Posting, LogKeys), SealError> {
        let state = [self.epoch().to_be_bytes().as_slice(), &self.tag()].concat();
        ask_in_state(self.sealer, identity, self.name, &self.charter()?, &state)
    }

    /// Reads somebody's request to be let in again: their leaf, their fresh key package, and the
    /// log in which they wait for the answer. `None` when they need not be: they have these keys
    /// already, or the same keys as everybody in this home's epoch.
    ///
    /// # Errors
    /// [`SealError::Unopenable`] when it is not by a member.
    pub fn open_rescue(&self, boxed: &SealedBox) -> Result<Option<Rescue>, SealError> {
        let (kind, payload) = self.rescue_log()?.open(boxed)?;
        let (signature, signed) = payload.split_first_chunk::<64>().ok_or(SealError::Unopenable)?;
        let (state, package) =
            signed.split_first_chunk::<RESCUE_STATE_BYTES>().ok_or(SealError::Unopenable)?;
        if kind != Kind::Rescue {
            return Err(SealError::Unopenable);
        }
        let checked = self.sealer.check_package(package)?;
        let identity = checked.identity();
        identity.verify_rescue(&self.name.0, signed, signature)?;
        let members = self.group.members();
        let mut found = None;
        for member in members {
            if identity_of(&member.credential, &member.signature_key)? == identity {
                found = Some((member.index.u32(), member.signature_key));
            }
        }
        let (leaf, key) = found.ok_or(SealError::Unopenable)?;
        let here = [self.epoch().to_be_bytes().as_slice(), &self.tag()].concat();
        let same_keys = key == checked.inner.leaf_node().signature_key().as_slice();
        if same_keys || here.as_slice() == state {
            return Ok(None);
        }
        let answer = readmission_log(&self.charter()?.rescue, package)?;
        Ok(Some(Rescue { member: Member { leaf, identity }, package: checked, answer }))
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

/// As [`Conversation::ask_rescue`], by somebody who has nothing of the conversation but its name and
/// charter: a home taken up from a backup, which holds no keys of any epoch.
///
/// # Errors
/// [`SealError::Bug`] when the library fails.
pub fn ask_rescue_anew(
    sealer: Sealer<'_>,
    identity: &Identity,
    name: GroupName,
    charter: &Charter,
) -> Result<(Posting, LogKeys), SealError> {
    // No epoch has this state, so nobody takes the request for one that is overtaken.
    ask_in_state(sealer, identity, name, charter, &[0xff; RESCUE_STATE_BYTES])
}

fn ask_in_state(
    sealer: Sealer<'_>,
    identity: &Identity,
    name: GroupName,
    charter: &Charter,
    state: &[u8],
) -> Result<(Posting, LogKeys), SealError> {
    let package = sealer.make_package(identity, super::key_package::PackageUse::Once)?;
    let signature = identity.sign_rescue(&name.0, &[state, package.as_slice()].concat());
    let payload = [signature.as_slice(), state, &package].concat();
    let posting = rescue_log(&charter.rescue)?.post(sealer.entropy(), Kind::Rescue, &payload)?;
    Ok((posting, readmission_log(&charter.rescue, &package)?))
}

/// A member's request to be let in again.
#[derive(Debug)]
pub struct Rescue {
    /// Who asks, with the leaf they had.
    pub member: Member,
    /// Their fresh key package.
    pub package: KeyPackage,
    /// Where they wait for the Welcome.
    pub answer: LogKeys,
}
