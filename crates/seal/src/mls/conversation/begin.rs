//! How one comes into a conversation: founds it, is let in, or finds it in the store.

use openmls::{
    prelude::{tls_codec::Serialize as _, *},
    schedule::{PreSharedKeyId, psk::Psk as MlsPsk},
};

use super::{Conversation, GroupName};
use crate::{
    Identity, InviteKeys, SealError,
    entropy::random,
    keys::Psk,
    mls::{
        CONTEXT_EXTENSION,
        charter::Charter,
        create_config, join_config,
        key_package::{KeyPackage, LeafKey},
        provider::Sealer,
    },
};

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
}
