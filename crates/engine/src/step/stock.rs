//! Key packages: one of each contact lies in stock, so that they come into a group without a
//! question. Each is used once: a Welcome to one that was used before can be opened by nobody.

use sha2::{Digest, Sha256};
use sogon_seal::{KeyPackage, Member, PackageUse, shelf::Shelf};

use super::{Work, internal, outbox::Haste};
use crate::{
    ContactId, ConversationId, EngineError,
    content::{Content, KIND_ASK_PACKAGE, KIND_PACKAGE},
    rows::{
        CONVERSATIONS, COUNTERS, ConversationRow, OUTBOX, OutRow, OwnCommitRow, STOCK, USED, id_of,
        read_all,
    },
};

/// How many packages of a contact are known to be used; what they send again is newer than these.
const USED_MAX: usize = 8;
/// How much of its hash names a package.
const NAME_BYTES: usize = 16;

impl Work<'_> {
    /// A fresh key package for the partner of a pair, at a quiet moment.
    pub(crate) fn hand_out_package(&mut self, id: ConversationId) -> Result<(), EngineError> {
        let package =
            self.sealer.make_package(self.identity, PackageUse::Once).map_err(internal)?;
        let content = Content::of(KIND_PACKAGE).with_bytes(package);
        self.queue(id, &content, None, Haste::Later)
    }

    /// A contact's key package for the stock. What is sent again after a gap or a move may have been
    /// used since it first came.
    pub(crate) fn receive_package(
        &mut self,
        pair: &ConversationRow,
        from: Member,
        content: &Content,
    ) -> Result<(), EngineError> {
        let (Some(contact), Some(bytes)) = (pair.contact, &content.bytes) else { return Ok(()) };
        let Ok(package) = self.sealer.check_package(bytes) else { return Ok(()) };
        if package.identity() != from.identity || self.used(contact)?.contains(&name_of(bytes)) {
            return Ok(());
        }
        self.desk.put(STOCK, &contact.0, bytes.clone());
        self.desk.delete(COUNTERS, &asked_key(contact));
        for (key, row) in read_all::<ConversationRow>(self.desk, CONVERSATIONS, b"")? {
            if row.adds.contains(&contact) {
                self.memory.stirred.insert(ConversationId(id_of(&key)));
            }
        }
        Ok(())
    }

    /// The key package in stock of a contact, checked and taken out; asks for one when there is
    /// none.
    pub(crate) fn take_stock(
        &mut self,
        contact: ContactId,
    ) -> Result<Option<KeyPackage>, EngineError> {
        let known = self.contact(contact)?;
        if let Some(bytes) = self.desk.row(STOCK, &contact.0)? {
            self.desk.delete(STOCK, &contact.0);
            if let Ok(package) = self.sealer.check_package(&bytes)
                && Some(package.identity().0) == known.identity
            {
                let mut used = self.used(contact)?;
                used.push(name_of(&bytes));
                self.keep_used(contact, &used);
                return Ok(Some(package));
            }
        }
        self.ask_stock(contact)?;
        Ok(None)
    }

    /// A commit of one's own lost: the packages it used were shown to nobody outside, and go back
    /// into the stock for the next one.
    pub(crate) fn restock(&mut self, own: &OwnCommitRow) -> Result<(), EngineError> {
        for (contact, package) in own.added.iter().zip(&own.packages) {
            let mut used = self.used(*contact)?;
            used.retain(|name| *name != name_of(&package.0));
            self.keep_used(*contact, &used);
            self.desk.put(STOCK, &contact.0, package.0.clone());
        }
        Ok(())
    }

    /// Asks a contact for a key package, once until it comes.
    pub(crate) fn ask_stock(&mut self, contact: ContactId) -> Result<(), EngineError> {
        let Some(pair) = self.contact(contact)?.conversation else { return Ok(()) };
        let asking = read_all::<OutRow>(self.desk, OUTBOX, &pair.0)?
            .iter()
            .filter_map(|(_, out)| Content::decode(&out.content))
            .any(|content| content.kind == KIND_ASK_PACKAGE);
        if asking || self.desk.row(COUNTERS, &asked_key(contact))?.is_some() {
            return Ok(());
        }
        self.desk.put(COUNTERS, &asked_key(contact), vec![1]);
        self.queue(pair, &Content::of(KIND_ASK_PACKAGE), None, Haste::Now)
    }

    /// The names of the packages of a contact that were used last, newest last.
    fn used(&self, contact: ContactId) -> Result<Vec<[u8; NAME_BYTES]>, EngineError> {
        let names = self.desk.row(USED, &contact.0)?.unwrap_or_default();
        Ok(names.as_chunks().0.to_vec())
    }

    fn keep_used(&mut self, contact: ContactId, used: &[[u8; NAME_BYTES]]) {
        let newest = used.get(used.len().saturating_sub(USED_MAX)..).unwrap_or(used);
        self.desk.put(USED, &contact.0, newest.concat());
    }
}

fn name_of(package: &[u8]) -> [u8; NAME_BYTES] {
    let hash: [u8; 32] = Sha256::digest(package).into();
    *hash.first_chunk().unwrap_or(&[0; NAME_BYTES])
}

/// The row that notes that a contact was asked for a key package.
fn asked_key(contact: ContactId) -> Vec<u8> {
    [b"asked ".as_slice(), &contact.0].concat()
}
