//! Who is meant: a name, a group's title, or the beginning of an id.

use sogon_engine::{
    ContactId, ConversationId,
    view::{self, Contact, Conversation},
};

use crate::{
    hand::Hand,
    plain,
    trouble::{Kind, Trouble},
};

/// Fewer letters of an id are a coincidence.
const ID_LETTERS_MIN: usize = 4;

/// Everybody and everything that can be named.
#[derive(Clone, Debug)]
pub(crate) struct Directory {
    pub(crate) contacts: Vec<Contact>,
    pub(crate) conversations: Vec<Conversation>,
}

impl Directory {
    /// As it stands now.
    ///
    /// # Errors
    /// [`Kind::Disk`] when the store cannot answer.
    pub(crate) async fn look(hand: &Hand) -> Result<Self, Trouble> {
        hand.look(|vault| {
            let contacts = view::contacts(vault)?;
            Ok(Self { contacts, conversations: view::conversations(vault)? })
        })
        .await
    }

    /// The contact of this name or id.
    ///
    /// # Errors
    /// [`Kind::UnknownName`], [`Kind::ManyNames`].
    pub(crate) fn contact(&self, name: &str) -> Result<&Contact, Trouble> {
        let all = self.contacts.iter();
        one(name, all.map(|contact| (contact, contact.name.as_str(), vec![contact.id.to_string()])))
    }

    /// The contacts of these names or ids.
    ///
    /// # Errors
    /// As [`Directory::contact`].
    pub(crate) fn members(&self, names: &[String]) -> Result<Vec<ContactId>, Trouble> {
        names.iter().map(|name| Ok(self.contact(name)?.id)).collect()
    }

    /// The group of this title or id.
    ///
    /// # Errors
    /// [`Kind::UnknownName`], [`Kind::ManyNames`].
    pub(crate) fn group(&self, name: &str) -> Result<&Conversation, Trouble> {
        let groups = self.conversations.iter().filter(|conversation| conversation.group);
        one(name, groups.map(|group| (group, group.title.as_str(), vec![group.id.to_string()])))
    }

    /// The conversation with a contact, or of a group, of this name or id.
    ///
    /// # Errors
    /// [`Kind::UnknownName`], [`Kind::ManyNames`]; [`Kind::NotReady`] when the contact is there and
    /// what their link points to has not been fetched.
    pub(crate) fn conversation(&self, name: &str) -> Result<ConversationId, Trouble> {
        let people = self.contacts.iter().map(|contact| {
            let ids = [Some(contact.id.to_string()), contact.conversation.map(|id| id.to_string())];
            (contact.conversation, contact.name.as_str(), ids.into_iter().flatten().collect())
        });
        let contacts: Vec<_> = self.contacts.iter().filter_map(|c| c.conversation).collect();
        let rest = self.conversations.iter().filter(|known| !contacts.contains(&known.id));
        let rest =
            rest.map(|known| (Some(known.id), known.title.as_str(), vec![known.id.to_string()]));
        let found = one(name, people.chain(rest))?;
        found.ok_or_else(|| Trouble::of(Kind::NotReady, &[("name", name)]))
    }

    /// What a conversation is called.
    pub(crate) fn title(&self, id: ConversationId) -> String {
        let known = self.conversations.iter().find(|conversation| conversation.id == id);
        known.map_or_else(|| id.to_string(), |conversation| plain::line(&conversation.title))
    }
}

/// The digits of a safety number, however they were set.
pub(crate) fn digits(safety_number: &str) -> String {
    safety_number.chars().filter(char::is_ascii_digit).collect()
}

/// A safety number as two people read it to each other: groups of five digits.
pub(crate) fn groups_of_five(safety_number: &str) -> Vec<String> {
    let digits: Vec<char> = digits(safety_number).chars().collect();
    digits.chunks(5).map(|group| group.iter().collect()).collect()
}

/// The one that is meant: by its exact name; else by its name in other capitals; else by the
/// beginning of an id. Two of one name are told apart by their ids only.
fn one<'a, T>(
    wanted: &str,
    all: impl Iterator<Item = (T, &'a str, Vec<String>)>,
) -> Result<T, Trouble> {
    let mut ranks: [Vec<(T, String)>; 3] = [Vec::new(), Vec::new(), Vec::new()];
    let [exact, folded, by_id] = &mut ranks;
    for (thing, name, ids) in all {
        let begins = |id: &String| wanted.len() >= ID_LETTERS_MIN && id.starts_with(wanted);
        let shown = ids.first().cloned().unwrap_or_default();
        if name == wanted {
            exact.push((thing, shown));
        } else if name.to_lowercase() == wanted.to_lowercase() {
            folded.push((thing, shown));
        } else if ids.iter().any(begins) {
            by_id.push((thing, shown));
        }
    }
    let mut found = ranks.into_iter().find(|rank| !rank.is_empty()).unwrap_or_default();
    let ids: Vec<String> = found.iter().map(|(_, id)| id.clone()).collect();
    match (found.pop(), found.is_empty()) {
        (Some((thing, _)), true) => Ok(thing),
        (Some(_), false) => {
            Err(Trouble::of(Kind::ManyNames, &[("name", wanted), ("ids", &ids.join(", "))]))
        }
        (None, _) => Err(Trouble::of(Kind::UnknownName, &[("name", wanted)])),
    }
}

#[cfg(test)]
mod tests {
    use sogon_engine::view::Standing;

    use super::*;

    fn contact(number: u8, name: &str, standing: Standing) -> Contact {
        Contact {
            id: ContactId([number; 8]),
            name: name.to_owned(),
            verified: false,
            safety_number: String::new(),
            conversation: Some(ConversationId([number.saturating_add(100); 8])),
            standing,
        }
    }

    fn directory() -> Directory {
        let group = Conversation {
            id: ConversationId([200; 8]),
            title: "Hikers".to_owned(),
            group: true,
            members: Vec::new(),
            unread: 0,
            open: true,
            epoch: 0,
            last_order: 0,
            direct: false,
        };
        Directory {
            contacts: vec![
                contact(1, "Mina", Standing::Ready),
                contact(2, "mina", Standing::Ready),
                contact(3, "Joon", Standing::Ready),
                contact(4, "Joon", Standing::Ready),
                contact(5, "Sora", Standing::Waiting),
                Contact { conversation: None, ..contact(6, "Dana", Standing::Waiting) },
            ],
            conversations: vec![group],
        }
    }

    #[test]
    fn the_exact_name_comes_first_then_capitals_then_ids() {
        let directory = directory();
        assert_eq!(directory.contact("Mina").unwrap().id, ContactId([1; 8]));
        assert_eq!(directory.contact("mina").unwrap().id, ContactId([2; 8]));
        assert_eq!(directory.contact("0303").unwrap().id, ContactId([3; 8]));
        assert_eq!(directory.conversation("hikers"), Ok(ConversationId([200; 8])));
        assert_eq!(directory.conversation("6565"), Ok(ConversationId([101; 8])));
    }

    #[test]
    fn a_safety_number_is_read_aloud_in_groups_of_five() {
        let groups = groups_of_five("123 4567890 12345");
        assert_eq!(groups, ["12345", "67890", "12345"]);
        assert!(groups_of_five("").is_empty());
    }

    #[test]
    fn somebody_who_has_not_answered_yet_can_be_written_to() {
        assert_eq!(directory().conversation("Sora"), Ok(ConversationId([105; 8])));
    }

    #[test]
    fn two_of_one_name_and_nobody_are_said_so() {
        let directory = directory();
        assert_eq!(directory.contact("Joon").unwrap_err().kind(), Kind::ManyNames);
        assert_eq!(directory.contact("MINA").unwrap_err().kind(), Kind::ManyNames);
        assert_eq!(directory.contact("Yuna").unwrap_err().kind(), Kind::UnknownName);
        assert_eq!(directory.contact("030").unwrap_err().kind(), Kind::UnknownName);
        assert_eq!(directory.conversation("Dana").unwrap_err().kind(), Kind::NotReady);
        assert_eq!(directory.group("Mina").unwrap_err().kind(), Kind::UnknownName);
    }
}
