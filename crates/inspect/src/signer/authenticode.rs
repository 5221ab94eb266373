//! What files for Windows have in common when somebody signs them: Authenticode ("Windows
//! Authenticode Portable Executable Signature Format", Microsoft; RFC 5652).
//!
//! The signature is over a few words: what kind of file it is, and its digest. What the digest is over
//! each kind of file says for itself.

use std::{io, ops::Range};

use crate::{
    Source,
    app::signed::{
        BlockTrouble, Hash, Hashing, Signer,
        cms::{SignedData, field},
    },
};

/// A larger signature is not read.
pub(super) const SIGNATURE_BYTES_MAX: u64 = 4 << 20;

const PIECE_BYTES: usize = 1 << 20;

/// `SPC_INDIRECT_DATA_OBJID`, 1.3.6.1.4.1.311.2.1.4: the content is the digest of a file.
const INDIRECT: &[u8] = &[0x2B, 6, 1, 4, 1, 0x82, 0x37, 2, 1, 4];
/// `SPC_PE_IMAGE_DATA_OBJID`, …15.
const PROGRAM: &[u8] = &[0x2B, 6, 1, 4, 1, 0x82, 0x37, 2, 1, 15];
/// `SPC_CAB_DATA_OBJID`, …25.
const CABINET: &[u8] = &[0x2B, 6, 1, 4, 1, 0x82, 0x37, 2, 1, 25];
/// `SPC_SIPINFO_OBJID`, …30: a kind of file that is named by a number of 16 bytes.
const NUMBERED: &[u8] = &[0x2B, 6, 1, 4, 1, 0x82, 0x37, 2, 1, 30];

/// What kind of file somebody signed. Without it the digest of one kind could stand under another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Signed {
    /// A program or library.
    Program,
    /// An archive of the kind CAB.
    Cabinet,
    /// A kind with a number.
    Numbered([u8; 16]),
}

impl Signed {
    fn fits(self, kind: &[u8], value: &[u8]) -> bool {
        match self {
            Self::Program => kind == PROGRAM,
            Self::Cabinet => kind == CABINET,
            Self::Numbered(number) => {
                // A version, then the number.
                let stated = field(value)
                    .and_then(|info| field(info.content))
                    .and_then(|version| field(version.rest));
                kind == NUMBERED && stated.is_some_and(|stated| stated.content == number)
            }
        }
    }
}

/// A digest that somebody signed.
pub(super) struct Stated {
    pub(super) hash: Hash,
    pub(super) digest: Vec<u8>,
    pub(super) signer: Signer,
}

impl Stated {
    /// What a signature says of a file of this kind. Behind it may stand zeros alone: anything else
    /// could be changed unseen.
    pub(super) fn read(bytes: &[u8], signed: Signed) -> Result<Self, BlockTrouble> {
        let broken = BlockTrouble::Broken;
        let cms = field(bytes).ok_or(broken)?;
        if cms.rest.iter().any(|byte| *byte != 0) {
            return Err(BlockTrouble::Altered);
        }
        let data = SignedData::read(cms.whole).ok_or(broken)?;
        let content = data.content.filter(|_| data.kind == INDIRECT && data.has_attributes());
        let content = content.ok_or(broken)?;
        let signer = data.signer(content)?;
        let parts = || {
            let about = field(content)?;
            let kind = field(about.content)?;
            let info = field(about.rest)?;
            let algorithm = field(info.content)?;
            let digest = field(algorithm.rest).filter(|digest| digest.tag == 4)?;
            let oid = field(algorithm.content)?.content;
            Some((signed.fits(kind.content, kind.rest), oid, digest.content.to_vec()))
        };
        let (fits, oid, digest) = parts().ok_or(broken)?;
        if !fits {
            return Err(broken);
        }
        Ok(Self { hash: Hash::named(oid).ok_or(BlockTrouble::Unknown)?, digest, signer })
    }

    /// Who signed it, when this is the digest of the file.
    pub(super) fn of(self, digest: &[u8]) -> Result<Vec<Signer>, BlockTrouble> {
        if self.digest == digest { Ok(vec![self.signer]) } else { Err(BlockTrouble::Altered) }
    }
}

/// Hashes a part of a file, in pieces.
pub(super) fn take(state: &mut Hashing, file: &dyn Source, part: Range<u64>) -> io::Result<()> {
    each_piece(file, part, &mut |piece| {
        state.take(piece);
        true
    })
}

/// Whether nothing but zeros stands there.
pub(super) fn is_empty(file: &dyn Source, part: Range<u64>) -> io::Result<bool> {
    let mut empty = true;
    each_piece(file, part, &mut |piece| {
        empty = piece.iter().all(|byte| *byte == 0);
        empty
    })?;
    Ok(empty)
}

/// Gives a part of a file in pieces, for as long as they are wanted.
fn each_piece(
    file: &dyn Source,
    part: Range<u64>,
    to: &mut dyn FnMut(&[u8]) -> bool,
) -> io::Result<()> {
    let mut at = part.start;
    while at < part.end {
        let wanted = usize::try_from(part.end.saturating_sub(at)).unwrap_or(PIECE_BYTES);
        let piece = file.piece(at, wanted.min(PIECE_BYTES))?;
        if piece.is_empty() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if !to(&piece) {
            return Ok(());
        }
        at = at.saturating_add(piece.len() as u64);
    }
    Ok(())
}
