//! Commits: what they may change, and what is held against those of others.

use std::fmt;

use openmls::prelude::{tls_codec::Serialize as _, *};
use sogon_wire::Seq;

use super::{Conversation, HEAD_BYTES, Member};
use crate::{
    Posting, PublicIdentity, SealError,
    envelope::Kind,
    mls::{
        CONTEXT_EXTENSION,
        charter::Charter,
        key_package::{KeyPackage, identity_of},
    },
};

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
    /// From the next epoch on the charter names these relays behind the first. The one that orders
    /// the logs keeps its place among them.
    pub mirrors: Option<Vec<String>>,
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
    /// The charter names other relays from then on.
    pub renames: bool,
}

impl fmt::Debug for Staged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Staged(by {:?})", self.author)
    }
}

impl Conversation<'_> {
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
        let charter = self.charter_after(change)?;
        let changes_context = charter.is_some();
        let extensions = charter.map(|charter| extensions_of(&charter)).transpose()?;
        let mut builder = self.group.commit_builder();
        if let Some(extensions) = extensions {
            let proposed = builder.propose_group_context_extensions(extensions);
            builder = proposed.map_err(|_| SealError::Bug)?;
        }
        let bundle = builder
            .propose_removals(change.remove.iter().map(|leaf| LeafNodeIndex::new(*leaf)))
            .propose_adds(change.add.iter().map(|package| package.inner.clone()))
            .force_self_update(change.refresh || changes_context)
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

    /// The charter as a commit is to change it.
    fn charter_after(&self, change: &Change) -> Result<Option<Charter>, SealError> {
        if change.moves_to.is_none() && change.mirrors.is_none() {
            return Ok(None);
        }
        let here = self.charter()?;
        let there = Charter {
            at: change.moves_to.or(here.at),
            mirrors: change.mirrors.clone().or_else(|| here.mirrors.clone()),
            ..here.clone()
        };
        if here.allows(&there) { Ok(Some(there)) } else { Err(SealError::Bug) }
    }

    /// The charter a proposal leads to, if it changes nothing else and may do so.
    fn charter_in(&self, proposal: &GroupContextExtensionProposal) -> Result<Charter, SealError> {
        let bytes = proposal.extensions().unknown(CONTEXT_EXTENSION);
        let there = bytes.and_then(|bytes| minicbor::decode::<Charter>(&bytes.0).ok());
        let there = there.ok_or(SealError::Unopenable)?;
        let only = *proposal.extensions() == extensions_of(&there)?;
        if only && self.charter()?.allows(&there) { Ok(there) } else { Err(SealError::Unopenable) }
    }

    /// The rules of ours that MLS leaves to the application (SPEC 5.4): only adding and removing,
    /// every new leaf vouched for, nobody twice, and nobody becomes somebody else.
    pub(super) fn check_commit(
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
        let (mut moves_to, mut renames) = (None, false);
        for queued in commit.queued_proposals() {
            if let Proposal::GroupContextExtensions(proposal) = queued.proposal() {
                // The library takes one at most.
                let there = self.charter_in(proposal)?;
                renames = there.mirrors != self.charter()?.mirrors;
                moves_to = (!renames).then(|| there.at.unwrap_or(0));
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
        Ok(Staged {
            commit,
            author,
            head,
            added,
            removed,
            removes_us,
            readmits_us,
            moves_to,
            renames,
        })
    }

    /// Forgets a commit of one's own that cannot win any more.
    ///
    /// # Errors
    /// [`SealError::Shelf`] when the store does not answer.
    pub fn drop_pending(&mut self) -> Result<(), SealError> {
        self.group.clear_pending_commit(self.sealer.desk).map_err(|_| SealError::Shelf)
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
}

/// The group's context with a charter in it.
fn extensions_of(charter: &Charter) -> Result<Extensions<GroupContext>, SealError> {
    let bytes = minicbor::to_vec(charter).map_err(|_| SealError::Bug)?;
    let own = Extension::Unknown(CONTEXT_EXTENSION, UnknownExtension(bytes));
    // MLS asks for it when a context changes (RFC 9420, 12.1.7).
    let required = [ExtensionType::Unknown(CONTEXT_EXTENSION)];
    let required = RequiredCapabilitiesExtension::new(&required, &[], &[]);
    let required = Extension::RequiredCapabilities(required);
    Extensions::from_vec(vec![required, own]).map_err(|_| SealError::Bug)
}
