//! Requests to be let in again, and the secrets of their logs.

use sogon_wire::SealedBox;

use super::{Conversation, GroupName, Member, RESCUE_STATE_BYTES};
use crate::{
    Identity, LogKeys, Posting, SealError,
    envelope::Kind,
    keys::{readmission_log, rescue_log},
    mls::{
        charter::Charter,
        key_package::{KeyPackage, PackageUse, identity_of},
        provider::Sealer,
    },
};

impl Conversation<'_> {
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
    let package = sealer.make_package(identity, PackageUse::Once)?;
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
