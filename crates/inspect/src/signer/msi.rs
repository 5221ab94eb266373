//! Signatures of packages for Windows Installer: a stream of the package holds the signature, over
//! the digest of all other streams.
//!
//! The digest is over the bytes of the streams of a storage in the order of their names, storages
//! inside them where their name stands, then the storage's class. Names, times and sizes are in it
//! where the package has a second stream, `MsiDigitalSignatureEx`, with a digest of those. Without it
//! streams can be renamed, and bytes moved from one to the next: such a package is never told as what
//! somebody signed.

use super::{
    Fault, Said,
    authenticode::{SIGNATURE_BYTES_MAX, Signed, Stated, is_empty},
    compound::{Compound, Member, Storage, Stream},
};
use crate::{
    Source,
    app::signed::{BlockTrouble, Hash, Hashing, Signer},
};

/// {000C10F1-0000-0000-C000-000000000046}.
const PACKAGE: [u8; 16] = [0xF1, 0x10, 0x0C, 0, 0, 0, 0, 0, 0xC0, 0, 0, 0, 0, 0, 0, 0x46];

const SIGNATURE: &str = "\u{5}DigitalSignature";
const ABOUT: &str = "\u{5}MsiDigitalSignatureEx";

/// Who signed it; `None` when it has no signature.
pub(super) fn check(file: &dyn Source) -> std::io::Result<Said> {
    super::said(checked(file))
}

fn checked(file: &dyn Source) -> Result<Option<Vec<Signer>>, Fault> {
    let (mut package, mut root) = Compound::read(file)?;
    let signature = taken_out(&mut root, SIGNATURE);
    let about = taken_out(&mut root, ABOUT);
    let Some(signature) = signature else { return Ok(None) };
    let stated = Stated::read(&whole(&mut package, &signature)?, Signed::Numbered(PACKAGE))?;
    let mut state = Hashing::new(stated.hash);
    let names_are_signed = about.is_some();
    if let Some(about) = about {
        let digest = whole(&mut package, &about)?;
        if digest != named(&root, stated.hash) {
            return Err(BlockTrouble::Altered.into());
        }
        state.take(&digest);
    }
    take(&mut package, &root, &mut state)?;
    let signers = stated.of(&state.end())?;
    // What is hung behind a package is read by programs that look for it there: archives, for one.
    if !is_empty(file, package.end()..file.size())? {
        return Err(BlockTrouble::Altered.into());
    }
    // Its bytes are what was signed; which of them stand in which stream is nobody's word.
    if names_are_signed { Ok(Some(signers)) } else { Err(BlockTrouble::Unknown.into()) }
}

/// A stream of the root, which is signed without it.
fn taken_out(root: &mut Storage, name: &str) -> Option<Stream> {
    let name: Vec<u8> = name.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let is =
        |member: &Member| matches!(member, Member::Stream(stream) if stream.about.name == name);
    match root.members.remove(root.members.iter().position(is)?) {
        Member::Stream(stream) => Some(stream),
        Member::Storage(_) => None,
    }
}

fn whole(package: &mut Compound<'_>, stream: &Stream) -> Result<Vec<u8>, Fault> {
    if stream.size > SIGNATURE_BYTES_MAX {
        return Err(BlockTrouble::Unknown.into());
    }
    let mut bytes = Vec::new();
    package.give(stream, &mut |piece| bytes.extend_from_slice(piece))?;
    Ok(bytes)
}

/// The bytes of the streams.
fn take(package: &mut Compound<'_>, storage: &Storage, state: &mut Hashing) -> Result<(), Fault> {
    for member in &storage.members {
        match member {
            Member::Stream(stream) => {
                package.give(stream, &mut |piece| state.take(piece))?;
            }
            Member::Storage(storage) => take(package, storage, state)?,
        }
    }
    state.take(&storage.about.class);
    Ok(())
}

/// The digest of what the entries say.
fn named(root: &Storage, hash: Hash) -> Vec<u8> {
    let mut state = Hashing::new(hash);
    state.take(&root.about.class);
    state.take(&root.about.state);
    take_names(root, &mut state);
    state.end()
}

fn take_names(storage: &Storage, state: &mut Hashing) {
    for member in &storage.members {
        let about = member.about();
        state.take(&about.name);
        match member {
            // The lower half of its size.
            Member::Stream(stream) => state.take(
                stream.size.to_le_bytes().first_chunk::<4>().map_or(&[], |half| half.as_slice()),
            ),
            Member::Storage(_) => state.take(&about.class),
        }
        state.take(&about.state);
        state.take(&about.times);
        if let Member::Storage(inner) = member {
            take_names(inner, state);
        }
    }
}
