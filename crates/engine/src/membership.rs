//! Who came into a group and who went: as it is stored, and as it is shown.

use minicbor::{Decode, Encode};
use sogon_seal::PublicIdentity;

use crate::{
    rows::MemberRow,
    view::{Deed, Membership, Person},
};

/// How many of those who went are remembered by name; the oldest are forgotten first.
const FORMER_MAX: usize = 256;

/// What happened, as it is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub(crate) enum DeedRow {
    #[n(0)]
    Came,
    #[n(1)]
    Left,
    #[n(2)]
    Removed,
}

/// Somebody it is about.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub(crate) struct PersonRow {
    /// None for the owner.
    #[cbor(n(0), with = "minicbor::bytes")]
    pub(crate) identity: Option<[u8; 32]>,
}

impl PersonRow {
    pub(crate) const OWNER: Self = Self { identity: None };

    pub(crate) fn of(identity: &PublicIdentity) -> Self {
        Self { identity: Some(identity.0) }
    }
}

/// Who came or went by whose deed, as it is stored.
#[derive(Clone, Debug, Encode, Decode)]
#[cbor(map)]
pub(crate) struct MembershipRow {
    #[n(0)]
    pub(crate) deed: DeedRow,
    #[n(1)]
    pub(crate) who: Vec<PersonRow>,
    /// Whoever left did it alone.
    #[n(2)]
    pub(crate) by: Option<PersonRow>,
}

/// Somebody the owner let in, or put out.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub(crate) struct MemberDeedRow {
    /// The epoch the commit led to.
    #[n(0)]
    pub(crate) epoch: u64,
    #[cbor(n(1), with = "minicbor::bytes")]
    pub(crate) identity: [u8; 32],
    /// They came in, or were removed.
    #[n(2)]
    pub(crate) deed: DeedRow,
}

/// Somebody let the owner into an epoch.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub(crate) struct LetInRow {
    #[cbor(n(0), with = "minicbor::bytes")]
    pub(crate) by: [u8; 32],
    #[n(1)]
    pub(crate) epoch: u64,
}

/// It as it is shown; `text` is all that older homes wrote, and `name` knows what people are called.
pub(crate) fn membership<E>(
    row: Option<&MembershipRow>,
    text: &str,
    mut name: impl FnMut(&[u8; 32]) -> Result<String, E>,
) -> Result<Membership, E> {
    let Some(its) = row else { return Ok(told_before(text)) };
    let mut person = |row: &PersonRow| match &row.identity {
        Some(identity) => name(identity).map(Person::Named),
        None => Ok(Person::Owner),
    };
    Ok(Membership {
        deed: match its.deed {
            DeedRow::Came => Deed::Came,
            DeedRow::Left => Deed::Left,
            DeedRow::Removed => Deed::Removed,
        },
        who: its.who.iter().map(&mut person).collect::<Result<_, _>>()?,
        by: its.by.as_ref().map(&mut person).transpose()?,
    })
}

/// What homes wrote before this had fields: a mark and a name.
fn told_before(text: &str) -> Membership {
    let named = |name: &str| Person::Named(name.to_owned());
    match text.split_at_checked(1) {
        Some(("+", name)) => Membership { deed: Deed::Came, who: vec![named(name)], by: None },
        Some(("x", name)) => Membership {
            deed: Deed::Removed,
            who: vec![Person::Owner],
            by: Some(named(name.trim_start())),
        },
        Some(("-", name)) => Membership { deed: Deed::Gone, who: vec![named(name)], by: None },
        _ => Membership { deed: Deed::Gone, who: vec![named(text)], by: None },
    }
}

/// Remembers the names of those who are not in a group any more, for what they wrote.
pub(crate) fn remember(former: &mut Vec<MemberRow>, before: Vec<MemberRow>, now: &[MemberRow]) {
    let here = |its: &MemberRow| now.iter().any(|member| member.identity == its.identity);
    for member in before {
        former.retain(|its| its.identity != member.identity);
        if !member.name.is_empty() {
            former.push(member);
        }
    }
    former.retain(|its| !here(its));
    let over = former.len().saturating_sub(FORMER_MAX);
    former.drain(..over);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_older_homes_wrote_about_comings_and_goings_is_understood() {
        let named = |name: &str| Person::Named(name.to_owned());
        let put_out = told_before("x 수지");
        assert_eq!((put_out.who, put_out.by), (vec![Person::Owner], Some(named("수지"))));
        let came = told_before("+수지");
        assert_eq!((came.deed, came.who), (Deed::Came, vec![named("수지")]));
        assert_eq!(told_before("-준").deed, Deed::Gone);
        assert_eq!(told_before("").who, [named("")]);
        assert_eq!(told_before("수지").who, [named("수지")]);
    }

    #[test]
    fn those_who_went_are_remembered_until_they_are_too_many() {
        let member = |number: u16| {
            let mut identity = [0; 32];
            identity[..2].copy_from_slice(&number.to_be_bytes());
            MemberRow { identity, name: number.to_string() }
        };
        let mut former = Vec::new();
        remember(&mut former, (0..300).map(member).collect(), &[member(299)]);
        assert_eq!(former.len(), FORMER_MAX);
        assert_eq!(former.last().map(|its| its.name.as_str()), Some("298"));
        remember(&mut former, Vec::new(), &[member(298)]);
        assert_eq!(former.last().map(|its| its.name.as_str()), Some("297"), "back again");
    }
}
