//! The library's storage calls, collected on the desk of the step.
//!
//! Each stored value is a row of [`MLS_TABLE`]: `label u8 | SHA-256 of the key's CBOR` leads to the
//! value's CBOR. Labels are part of the stored form. The library's format is tied to its pinned
//! version; a newer one reads these rows through a migration of the home.

use openmls_traits::storage::{CURRENT_VERSION, StorageProvider, traits};
use serde::{Serialize, de::DeserializeOwned};
use sha2::{Digest, Sha256};

use crate::{
    Desk,
    shelf::{Shelf, Table},
};

/// The table of everything the MLS library stores.
pub(crate) const MLS_TABLE: Table = Table(1);

const V: u16 = CURRENT_VERSION;

/// A row that could not be read or written: the step is given up.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("a stored key could not be read")]
pub struct StorageFault;

#[derive(Clone, Copy)]
#[repr(u8)]
enum Label {
    JoinConfig = 1,
    OwnLeafNodes,
    ProposalRefs,
    Proposal,
    Tree,
    InterimTranscriptHash,
    Context,
    ConfirmationTag,
    GroupState,
    MessageSecrets,
    ResumptionPsks,
    OwnLeafIndex,
    EpochSecrets,
    SignatureKeyPair,
    EncryptionKeyPair,
    EpochKeyPairs,
    KeyPackage,
    Psk,
}

fn place(label: Label, key: &impl Serialize) -> Result<Vec<u8>, StorageFault> {
    let mut place = vec![label as u8];
    place.extend(Sha256::digest(encode(key)?));
    Ok(place)
}

fn encode(value: &impl Serialize) -> Result<Vec<u8>, StorageFault> {
    minicbor_serde::to_vec(value).map_err(|_| StorageFault)
}

impl Desk<'_> {
    fn store(
        &self,
        label: Label,
        key: &impl Serialize,
        value: &impl Serialize,
    ) -> Result<(), StorageFault> {
        self.put(MLS_TABLE, &place(label, key)?, encode(value)?);
        Ok(())
    }

    fn load<T: DeserializeOwned>(
        &self,
        label: Label,
        key: &impl Serialize,
    ) -> Result<Option<T>, StorageFault> {
        let row = self.row(MLS_TABLE, &place(label, key)?).map_err(|_| StorageFault)?;
        row.map(|bytes| minicbor_serde::from_slice(&bytes).map_err(|_| StorageFault)).transpose()
    }

    fn remove(&self, label: Label, key: &impl Serialize) -> Result<(), StorageFault> {
        self.delete(MLS_TABLE, &place(label, key)?);
        Ok(())
    }
}

/// One value for each group: how it is written, read and deleted.
macro_rules! of_group {
    ($label:ident: $kind:ident, $write:ident, $read:ident, $delete:ident) => {
        fn $write<G: traits::GroupId<V>, T: traits::$kind<V>>(
            &self,
            group: &G,
            value: &T,
        ) -> Result<(), StorageFault> {
            self.store(Label::$label, group, value)
        }

        fn $read<G: traits::GroupId<V>, T: traits::$kind<V>>(
            &self,
            group: &G,
        ) -> Result<Option<T>, StorageFault> {
            self.load(Label::$label, group)
        }

        fn $delete<G: traits::GroupId<V>>(&self, group: &G) -> Result<(), StorageFault> {
            self.remove(Label::$label, group)
        }
    };
}

/// One value for each key of another kind.
macro_rules! of_key {
    ($label:ident: $key:ident => $kind:ident, $write:ident, $read:ident, $delete:ident) => {
        fn $write<K: traits::$key<V>, T: traits::$kind<V>>(
            &self,
            key: &K,
            value: &T,
        ) -> Result<(), StorageFault> {
            self.store(Label::$label, key, value)
        }

        fn $delete<K: traits::$key<V>>(&self, key: &K) -> Result<(), StorageFault> {
            self.remove(Label::$label, key)
        }
    };
}

impl StorageProvider<V> for Desk<'_> {
    type Error = StorageFault;

    of_group!(JoinConfig: MlsGroupJoinConfig, write_mls_join_config, mls_group_join_config, delete_group_config);
    of_group!(Tree: TreeSync, write_tree, tree, delete_tree);
    of_group!(ConfirmationTag: ConfirmationTag, write_confirmation_tag, confirmation_tag, delete_confirmation_tag);
    of_group!(Context: GroupContext, write_context, group_context, delete_context);
    of_group!(MessageSecrets: MessageSecrets, write_message_secrets, message_secrets, delete_message_secrets);
    of_group!(OwnLeafIndex: LeafNodeIndex, write_own_leaf_index, own_leaf_index, delete_own_leaf_index);
    of_group!(EpochSecrets: GroupEpochSecrets, write_group_epoch_secrets, group_epoch_secrets, delete_group_epoch_secrets);
    of_group!(ResumptionPsks: ResumptionPskStore, write_resumption_psk_store, resumption_psk_store, delete_all_resumption_psk_secrets);
    of_group!(InterimTranscriptHash: InterimTranscriptHash, write_interim_transcript_hash, interim_transcript_hash, delete_interim_transcript_hash);

    of_key!(SignatureKeyPair: SignaturePublicKey => SignatureKeyPair, write_signature_key_pair, signature_key_pair, delete_signature_key_pair);
    of_key!(EncryptionKeyPair: EncryptionKey => HpkeKeyPair, write_encryption_key_pair, encryption_key_pair, delete_encryption_key_pair);
    of_key!(KeyPackage: HashReference => KeyPackage, write_key_package, key_package, delete_key_package);
    of_key!(Psk: PskId => PskBundle, write_psk, psk, delete_psk);

    fn signature_key_pair<K: traits::SignaturePublicKey<V>, T: traits::SignatureKeyPair<V>>(
        &self,
        key: &K,
    ) -> Result<Option<T>, StorageFault> {
        self.load(Label::SignatureKeyPair, key)
    }

    fn encryption_key_pair<T: traits::HpkeKeyPair<V>, K: traits::EncryptionKey<V>>(
        &self,
        key: &K,
    ) -> Result<Option<T>, StorageFault> {
        self.load(Label::EncryptionKeyPair, key)
    }

    fn key_package<K: traits::HashReference<V>, T: traits::KeyPackage<V>>(
        &self,
        key: &K,
    ) -> Result<Option<T>, StorageFault> {
        self.load(Label::KeyPackage, key)
    }

    fn psk<T: traits::PskBundle<V>, K: traits::PskId<V>>(
        &self,
        key: &K,
    ) -> Result<Option<T>, StorageFault> {
        self.load(Label::Psk, key)
    }

    fn write_group_state<T: traits::GroupState<V>, G: traits::GroupId<V>>(
        &self,
        group: &G,
        value: &T,
    ) -> Result<(), StorageFault> {
        self.store(Label::GroupState, group, value)
    }

    fn group_state<T: traits::GroupState<V>, G: traits::GroupId<V>>(
        &self,
        group: &G,
    ) -> Result<Option<T>, StorageFault> {
        self.load(Label::GroupState, group)
    }

    fn delete_group_state<G: traits::GroupId<V>>(&self, group: &G) -> Result<(), StorageFault> {
        self.remove(Label::GroupState, group)
    }

    fn append_own_leaf_node<G: traits::GroupId<V>, T: traits::LeafNode<V>>(
        &self,
        group: &G,
        node: &T,
    ) -> Result<(), StorageFault> {
        let mut nodes: Vec<T> = self.own_leaf_nodes(group)?;
        let mut bytes: Vec<Vec<u8>> =
            nodes.drain(..).map(|node| encode(&node)).collect::<Result<_, _>>()?;
        bytes.push(encode(node)?);
        self.store(Label::OwnLeafNodes, group, &bytes)
    }

    fn own_leaf_nodes<G: traits::GroupId<V>, T: traits::LeafNode<V>>(
        &self,
        group: &G,
    ) -> Result<Vec<T>, StorageFault> {
        let stored: Vec<Vec<u8>> = self.load(Label::OwnLeafNodes, group)?.unwrap_or_default();
        stored
            .iter()
            .map(|bytes| minicbor_serde::from_slice(bytes).map_err(|_| StorageFault))
            .collect()
    }

    fn delete_own_leaf_nodes<G: traits::GroupId<V>>(&self, group: &G) -> Result<(), StorageFault> {
        self.remove(Label::OwnLeafNodes, group)
    }

    fn queue_proposal<
        G: traits::GroupId<V>,
        R: traits::ProposalRef<V>,
        T: traits::QueuedProposal<V>,
    >(
        &self,
        group: &G,
        reference: &R,
        proposal: &T,
    ) -> Result<(), StorageFault> {
        let mut refs: Vec<Vec<u8>> = self.load(Label::ProposalRefs, group)?.unwrap_or_default();
        refs.push(encode(reference)?);
        self.store(Label::ProposalRefs, group, &refs)?;
        self.store(Label::Proposal, &(group, reference), proposal)
    }

    fn queued_proposal_refs<G: traits::GroupId<V>, R: traits::ProposalRef<V>>(
        &self,
        group: &G,
    ) -> Result<Vec<R>, StorageFault> {
        let refs: Vec<Vec<u8>> = self.load(Label::ProposalRefs, group)?.unwrap_or_default();
        refs.iter()
            .map(|bytes| minicbor_serde::from_slice(bytes).map_err(|_| StorageFault))
            .collect()
    }

    fn queued_proposals<
        G: traits::GroupId<V>,
        R: traits::ProposalRef<V>,
        T: traits::QueuedProposal<V>,
    >(
        &self,
        group: &G,
    ) -> Result<Vec<(R, T)>, StorageFault> {
        let refs: Vec<R> = self.queued_proposal_refs(group)?;
        let each = refs.into_iter().map(|reference| {
            let proposal = self.load(Label::Proposal, &(group, &reference))?;
            Ok((reference, proposal.ok_or(StorageFault)?))
        });
        each.collect()
    }

    fn remove_proposal<G: traits::GroupId<V>, R: traits::ProposalRef<V>>(
        &self,
        group: &G,
        reference: &R,
    ) -> Result<(), StorageFault> {
        let mut refs: Vec<Vec<u8>> = self.load(Label::ProposalRefs, group)?.unwrap_or_default();
        let gone = encode(reference)?;
        refs.retain(|bytes| *bytes != gone);
        self.store(Label::ProposalRefs, group, &refs)?;
        self.remove(Label::Proposal, &(group, reference))
    }

    fn clear_proposal_queue<G: traits::GroupId<V>, R: traits::ProposalRef<V>>(
        &self,
        group: &G,
    ) -> Result<(), StorageFault> {
        let refs: Vec<R> = self.queued_proposal_refs(group)?;
        for reference in refs {
            self.remove(Label::Proposal, &(group, &reference))?;
        }
        self.remove(Label::ProposalRefs, group)
    }

    fn write_encryption_epoch_key_pairs<
        G: traits::GroupId<V>,
        E: traits::EpochKey<V>,
        T: traits::HpkeKeyPair<V>,
    >(
        &self,
        group: &G,
        epoch: &E,
        leaf: u32,
        pairs: &[T],
    ) -> Result<(), StorageFault> {
        self.store(Label::EpochKeyPairs, &(group, epoch, leaf), &pairs)
    }

    fn encryption_epoch_key_pairs<
        G: traits::GroupId<V>,
        E: traits::EpochKey<V>,
        T: traits::HpkeKeyPair<V>,
    >(
        &self,
        group: &G,
        epoch: &E,
        leaf: u32,
    ) -> Result<Vec<T>, StorageFault> {
        Ok(self.load(Label::EpochKeyPairs, &(group, epoch, leaf))?.unwrap_or_default())
    }

    fn delete_encryption_epoch_key_pairs<G: traits::GroupId<V>, E: traits::EpochKey<V>>(
        &self,
        group: &G,
        epoch: &E,
        leaf: u32,
    ) -> Result<(), StorageFault> {
        self.remove(Label::EpochKeyPairs, &(group, epoch, leaf))
    }
}
