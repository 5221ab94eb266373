//! Who signed a program that is held back, checked against its bytes.
//!
//! A signature that holds says: whoever has this certificate's key signed these bytes. Whose name
//! stands in the certificate its maker chose: no list of authorities is kept here, and nobody is asked.

mod authenticode;
mod cabinet;
mod code;
mod compound;
mod keyed;
mod mach;
mod msi;
mod script;
mod windows;

use std::io;

use crate::{
    Source,
    app::{
        signed::{BlockTrouble, Signatures, Signer},
        trust,
    },
    archive::zip::{self, Directory},
    program::Program,
    words::is_command,
};

pub(crate) use compound::class;

/// A name is no longer than this many characters.
pub const NAME_CHARS_MAX: usize = 120;

/// Bytes that are unpacked to check a JAR file: whoever asks is the process that has the home.
const UNPACKED_BYTES_MAX: u64 = 256 << 20;

/// What is known of who signed a program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Signing {
    /// Nobody did.
    Nobody,
    /// Somebody did, and the signature holds.
    Holds(By),
    /// There is a signature and it does not hold: something was changed after signing.
    Broken,
    /// There is a signature of a kind, or of a size, that is not checked here.
    Unknown,
}

/// Somebody who signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct By {
    /// The subject of the certificate, in the signer's own words: one short line without characters
    /// that command a terminal or turn a text around. May be empty.
    pub name: String,
    /// SHA-256 of the certificate in hexadecimal digits.
    pub certificate: String,
}

impl Signing {
    /// A word for programs, which never changes.
    #[must_use]
    pub fn id(&self) -> &'static str {
        match self {
            Self::Nobody => "nobody",
            Self::Holds(_) => "holds",
            Self::Broken => "broken",
            Self::Unknown => "unknown",
        }
    }

    /// Who signed, when that holds.
    #[must_use]
    pub fn by(&self) -> Option<&By> {
        match self {
            Self::Holds(by) => Some(by),
            _ => None,
        }
    }

    fn of(said: Said) -> Self {
        match said {
            None => Self::Nobody,
            Some(Ok(signers)) => {
                signers.first().map_or(Self::Broken, |signer| Self::Holds(By::of(signer)))
            }
            Some(Err(BlockTrouble::Unknown | BlockTrouble::Unreadable)) => Self::Unknown,
            Some(Err(_)) => Self::Broken,
        }
    }
}

impl By {
    fn of(signer: &Signer) -> Self {
        let subject = trust::subject(&signer.certificate).unwrap_or_default();
        Self { name: harmless(&subject), certificate: signer.sha256() }
    }
}

/// What a check says; `None` when nobody signed.
type Said = Option<Result<Vec<Signer>, BlockTrouble>>;

/// Why a check ended before it said who signed.
enum Fault {
    /// The storage says so.
    Storage(io::Error),
    /// The file does.
    Trouble(BlockTrouble),
}

impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Self {
        Self::Storage(error)
    }
}

impl From<BlockTrouble> for Fault {
    fn from(trouble: BlockTrouble) -> Self {
        Self::Trouble(trouble)
    }
}

fn said(checked: Result<Option<Vec<Signer>>, Fault>) -> io::Result<Said> {
    match checked {
        Ok(signers) => Ok(signers.map(Ok)),
        Err(Fault::Trouble(trouble)) => Ok(Some(Err(trouble))),
        Err(Fault::Storage(error)) => Err(error),
    }
}

/// Who signed a file that was judged to be `what`; `None` for kinds whose signatures are not looked
/// for. The whole file is hashed, in pieces.
///
/// # Errors
/// What the storage says.
pub fn signing(what: Program, file: &dyn Source) -> io::Result<Option<Signing>> {
    let head = file.piece(0, 8)?;
    let is = |magic: &[u8]| head.starts_with(magic);
    let is_archive = is(b"PK\x03\x04");
    let said = match what {
        Program::Windows if is(b"MZ") => Some(Signing::of(windows::check(file)?)),
        Program::Android | Program::Java if is_archive => Some(archive(file)?),
        Program::Package if is(compound::MAGIC) => Some(Signing::of(msi::check(file)?)),
        Program::Package if is_archive => Some(bundle(file)?),
        Program::Package if is(b"!<arch>\n") => Some(Signing::of(keyed::deb(file)?)),
        Program::Package if is(b"\xED\xAB\xEE\xDB") => Some(Signing::of(keyed::rpm(file)?)),
        Program::Package if is(b"MSCF") => Some(Signing::of(cabinet::check(file)?)),
        Program::Mach if mach::MAGICS.iter().any(|magic| is(magic)) => {
            Some(Signing::of(mach::check(file)?))
        }
        Program::Disk if file.tail(512)?.starts_with(b"koly") => {
            Some(Signing::of(mach::disk(file)?))
        }
        Program::Script => script::check(file)?.map(Signing::of),
        _ => None,
    };
    // Room that nobody vouches for is in most formats, and whoever reads archives starts at the end.
    let hides = matches!(said, Some(Signing::Holds(_))) && !is_archive && zip::ends_in_one(file)?;
    Ok(if hides { Some(Signing::Unknown) } else { said })
}

/// Of a package for Windows in an archive: that somebody signed it is all that is said.
fn bundle(file: &dyn Source) -> io::Result<Signing> {
    let Ok(directory) = Directory::read(file) else { return Ok(Signing::Unknown) };
    let signed = |name: &str| name.eq_ignore_ascii_case("AppxSignature.p7x");
    let any = directory.cut || directory.entries.iter().any(|entry| signed(&entry.name));
    Ok(if any { Signing::Unknown } else { Signing::Nobody })
}

/// Of an app or a JAR file.
fn archive(file: &dyn Source) -> io::Result<Signing> {
    let Ok(directory) = Directory::read(file) else { return Ok(Signing::Unknown) };
    // Other packers stay out of the process that has the home.
    let plain = directory.entries.iter().all(|entry| entry.is_stored() || entry.method == 8);
    if directory.cut || !plain {
        return Ok(Signing::Unknown);
    }
    Ok(Signing::of(Signatures::newest(file, &directory, UNPACKED_BYTES_MAX)?))
}

/// One short line without what commands a terminal, hides, or turns the text around it.
fn harmless(words: &str) -> String {
    // A name needs none of those that are not seen, either.
    let is_unseen = |c: char| {
        matches!(c,
            '\u{ad}' | '\u{180e}' | '\u{2060}'..='\u{2065}' | '\u{206a}'..='\u{206f}'
            | '\u{fe00}'..='\u{fe0f}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
    };
    words.chars().filter(|c| !is_command(*c) && !is_unseen(*c)).take(NAME_CHARS_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_short_line_that_commands_nothing() {
        assert_eq!(harmless("CN=Mina\u{202e}\u{1b}[2J\nexe\u{200b}"), "CN=Mina[2Jexe");
        assert_eq!(harmless("CN=\u{61c}Mi\u{ad}na\u{e0041}"), "CN=Mina");
        assert_eq!(harmless("CN=미나"), "CN=미나");
        assert_eq!(harmless(&"a".repeat(5_000)).len(), NAME_CHARS_MAX);
    }

    #[test]
    fn kinds_that_carry_no_signature_of_these_are_not_asked() {
        for what in Program::ALL {
            // What runs as text could hold one.
            let said = (*what == Program::Script).then_some(Signing::Nobody);
            assert_eq!(signing(*what, &b"words".to_vec()).unwrap(), said, "{what}");
        }
        let dos = b"MZ\x90\0 and no more".to_vec();
        assert_eq!(signing(Program::Windows, &dos).unwrap(), Some(Signing::Nobody));
    }
}
