//! What the owner did to a group in epochs that do not count is done again: otherwise whoever was let in
//! there is in a group of one, and whoever was put out there is still in.

use sogon_seal::{Conversation, PublicIdentity};

use super::{Work, follow::CLOSINGS_MAX, internal};
use crate::{
    EngineError,
    membership::{DeedRow, MemberDeedRow},
    rows::{ConversationRow, RemovalRow},
};

/// So many epochs back a commit may still turn out void: as many as closing notes are watched for.
const EPOCHS_BACK: u64 = CLOSINGS_MAX as u64;

impl ConversationRow {
    /// A commit of the owner's counts: whom it let in and put out.
    pub(crate) fn remember_deeds(&mut self, come: &[PublicIdentity], gone: &[PublicIdentity]) {
        let deeds = self.deeds.take().unwrap_or_default();
        self.deeds = some(remembered(deeds, self.epoch, come, gone));
    }

    /// The others left this epoch by another commit: what the owner did after it is void.
    pub(crate) fn void_after(&mut self, epoch: u64) {
        let deeds = self.deeds.take().unwrap_or_default();
        let (void, counts): (Vec<_>, Vec<_>) =
            deeds.into_iter().partition(|deed| deed.epoch > epoch);
        self.deeds = some(counts);
        let before = self.void.take().unwrap_or_default();
        self.void = some([before, void].concat());
    }
}

fn some(deeds: Vec<MemberDeedRow>) -> Option<Vec<MemberDeedRow>> {
    Some(deeds).filter(|deeds| !deeds.is_empty())
}

fn remembered(
    mut deeds: Vec<MemberDeedRow>,
    epoch: u64,
    come: &[PublicIdentity],
    gone: &[PublicIdentity],
) -> Vec<MemberDeedRow> {
    deeds.retain(|deed| deed.epoch.saturating_add(EPOCHS_BACK) >= epoch);
    for (people, deed) in [(gone, DeedRow::Removed), (come, DeedRow::Came)] {
        let its = |identity: &PublicIdentity| MemberDeedRow { epoch, identity: identity.0, deed };
        deeds.extend(people.iter().map(its));
    }
    deeds
}

impl Work<'_> {
    /// This home is where the others are again: what it did in vain is wanted once more.
    pub(crate) fn do_again(
        &mut self,
        row: &mut ConversationRow,
        group: &Conversation<'_>,
    ) -> Result<(), EngineError> {
        let members = group.members().map_err(internal)?;
        // The last thing done to somebody is what was meant.
        let mut met = Vec::new();
        for deed in row.void.take().unwrap_or_default().into_iter().rev() {
            if met.contains(&deed.identity) {
                continue;
            }
            met.push(deed.identity);
            let inside = members.iter().any(|member| member.identity.0 == deed.identity);
            let contact = self.contact_by(&PublicIdentity(deed.identity))?;
            match (deed.deed, contact) {
                (DeedRow::Came, Some((contact, _))) if !inside && !row.adds.contains(&contact) => {
                    row.adds.push(contact);
                }
                (DeedRow::Removed, _) if inside => {
                    row.removals.push(RemovalRow::wanted(deed.identity));
                }
                _ => {}
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn done(epoch: u64, who: u8, deed: DeedRow) -> MemberDeedRow {
        MemberDeedRow { epoch, identity: [who; 32], deed }
    }

    #[test]
    fn what_was_done_long_ago_is_not_kept() {
        let [first, second] = [1, 2].map(|who| PublicIdentity([who; 32]));
        let deeds = remembered(Vec::new(), 1, &[first], &[]);
        let late = 1 + EPOCHS_BACK + 1;
        assert_eq!(
            remembered(deeds.clone(), late, &[], &[second]),
            [done(late, 2, DeedRow::Removed)]
        );
        let both = [done(1, 1, DeedRow::Came), done(2, 2, DeedRow::Removed)];
        assert_eq!(remembered(deeds, 2, &[], &[second]), both);
    }
}
