//! Two people of the sealing room: Mina, who is attacked, and Mallory, who was let in.

use sogon_engine::Shelf;
use sogon_seal::{
    Charter, Conversation, Desk, Entropy, GroupName, Identity, InviteKeys, Library, PackageUse,
    Sealer,
};
use sogon_wire::InviteSecret;

use crate::{SeededEntropy, rows::MemoryRows};

/// Somebody with keys and rows, and no engine.
#[derive(Debug)]
pub struct Person {
    /// Who they are.
    pub identity: Identity,
    /// What they have stored.
    pub rows: MemoryRows,
    library: Library,
    entropy: SeededEntropy,
}

impl Person {
    /// Somebody with an identity and rows of their own.
    ///
    /// # Panics
    /// When the system gives no randomness.
    #[must_use]
    pub fn new(identity: Identity, rows: MemoryRows, seed: u64) -> Self {
        let library = Library::new().expect("the system gives randomness");
        Self { identity, rows, library, entropy: SeededEntropy::new(seed) }
    }

    /// One step; what it writes is stored.
    pub fn step<T>(&mut self, act: impl FnOnce(Sealer<'_>, &Identity) -> T) -> T {
        let desk = Desk::new(&self.rows);
        let result = act(Sealer::new(&self.library, &desk, &self.entropy), &self.identity);
        let batch = desk.into_batch();
        self.rows.commit(&batch);
        result
    }

    /// One step that is given up in the end; also how many rows it would have written.
    pub fn peek<T>(&self, act: impl FnOnce(Sealer<'_>, &Identity) -> T) -> (T, usize) {
        let desk = Desk::new(&self.rows);
        let result = act(Sealer::new(&self.library, &desk, &self.entropy), &self.identity);
        (result, desk.into_batch().len())
    }

    /// Their randomness.
    #[must_use]
    pub fn entropy(&self) -> &dyn Entropy {
        &self.entropy
    }

    /// The secret half of a leaf's signature key, which its owner has in their rows.
    #[must_use]
    pub fn leaf_secret(&self, public: &[u8]) -> Option<[u8; 32]> {
        const LEAF_KEYS: sogon_engine::Table = sogon_engine::Table(2);
        self.rows.row(LEAF_KEYS, public).ok()??.try_into().ok()
    }
}

/// Mina made a link, Mallory answered it, Mina let him in.
#[derive(Debug)]
pub struct Pair {
    /// Attacked.
    pub mina: Person,
    /// Mina before the answer came: her key package is unused.
    pub waiting: Person,
    /// A member who is no friend.
    pub mallory: Person,
    /// Their conversation.
    pub name: GroupName,
    /// The key package of Mina's link.
    pub package: Vec<u8>,
    /// The answer to it.
    pub welcome: Vec<u8>,
}

/// The secret of the link in a [`Pair`].
#[must_use]
pub fn secret() -> InviteSecret {
    InviteSecret([9; 32])
}

/// The keys of that link.
pub(super) fn invite() -> InviteKeys {
    InviteKeys::derive(&secret()).expect("32 bytes are a secret")
}

/// The pair, from the same seeds each time.
///
/// # Panics
/// When the sealing room is broken.
#[must_use]
pub fn pair() -> Pair {
    let identity = |byte| Identity::from_seed(&[byte; 32]);
    let mut mina = Person::new(identity(1), MemoryRows::default(), 1);
    let mut mallory = Person::new(identity(2), MemoryRows::default(), 2);
    let package = mina.step(|s, own| s.make_package(own, PackageUse::Once)).expect("a package");
    let waiting = Person::new(identity(1), mina.rows.clone(), 3);
    let (name, welcome) = mallory.step(|s, own| {
        let checked = s.check_package(&package).expect("her own package");
        let charter = Charter::pair("relay".to_owned(), s.entropy());
        let (group, welcome) = Conversation::found(s, own, &charter, &[checked], Some(&invite()))
            .expect("a conversation");
        (group.name(), welcome.expect("she comes in"))
    });
    mina.step(|s, _| Conversation::join(s, &welcome, Some(&invite()), None).map(drop))
        .expect("she comes in");
    Pair { mina, waiting, mallory, name, package, welcome }
}
