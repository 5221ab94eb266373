//! The TPM of this device, asked once for each guess of a passphrase.
//!
//! Nothing of it is stored: a TPM makes the same key from the same description for as long as its
//! owner does not clear it, and that key never leaves it. So there is no file that says a TPM is
//! used, the container looks as it does without, and clearing the TPM ends the home. Three commands
//! are all it takes; their bytes are those of the TPM 2.0 Library, parts 2 and 3.

use std::{
    fs::OpenOptions,
    io::{Read, Write},
    os::unix::{fs::FileTypeExt, net::UnixStream},
    path::{Path, PathBuf},
    time::Duration,
};

use sogon_vault::{Chip, ChipFault};
use zeroize::Zeroizing;

/// Where Linux has it, shared with others by the kernel.
const USUAL: &str = "/dev/tpmrm0";
/// The most a TPM answers.
const ANSWER_BYTES_MAX: usize = 4_096;
/// A real chip takes a second at worst.
const PATIENCE: Duration = Duration::from_secs(30);

const NO_SESSIONS: u16 = 0x8001;
const SESSIONS: u16 = 0x8002;
const CREATE_PRIMARY: u32 = 0x0131;
const HMAC: u32 = 0x0155;
const FLUSH_CONTEXT: u32 = 0x0165;
const OWNER: u32 = 0x4000_0001;
/// Authorisation by an empty password: session, nonce, attributes, password.
const EMPTY_PASSWORD: [u8; 13] = [0, 0, 0, 9, 0x40, 0, 0, 9, 0, 0, 0, 0, 0];
/// A key for HMAC with SHA-256 that stays in this TPM: type, hash of its name, attributes (fixed to
/// the TPM and its parent, made by it, used with its password, outside the lock-out against guesses,
/// signs), no policy, scheme, and what tells it from other keys of that kind.
const KEY: [u8; 16] = [0, 8, 0, 0x0b, 0, 0x04, 0x04, 0x72, 0, 0, 0, 5, 0, 0x0b, 0, 32];
const KEY_NAME: [u8; 32] = *b"sogon vault 1 key of this device";

/// A TPM that can be reached at a device file, or at a socket.
#[derive(Debug)]
pub(crate) struct Tpm(PathBuf);

impl Tpm {
    /// The one that `tpm` or `tpm:PATH` means; `None` when it is the name of a file.
    pub(crate) fn named(name: &Path) -> Option<Self> {
        let name = name.to_str()?;
        let place = match name.strip_prefix("tpm:") {
            Some(place) => place,
            None if name == "tpm" => USUAL,
            None => return None,
        };
        Some(Self(PathBuf::from(place)))
    }

    fn open(&self) -> Option<Line> {
        let kind = std::fs::metadata(&self.0).ok()?.file_type();
        if kind.is_socket() {
            let socket = UnixStream::connect(&self.0).ok()?;
            socket.set_read_timeout(Some(PATIENCE)).ok()?;
            socket.set_write_timeout(Some(PATIENCE)).ok()?;
            return Some(Line(Box::new(socket)));
        }
        let device = OpenOptions::new().read(true).write(true).open(&self.0).ok()?;
        Some(Line(Box::new(device)))
    }
}

impl Chip for Tpm {
    fn answer(&self, question: &[u8; 32]) -> Result<Zeroizing<[u8; 32]>, ChipFault> {
        let mut line = self.open().ok_or(ChipFault)?;
        let key = line.make_key().ok_or(ChipFault)?;
        let answer = line.hmac(key, question);
        // A key that stays is in the way of the next one; the answer is as good.
        let _ = line.ask(NO_SESSIONS, FLUSH_CONTEXT, &[&key.to_be_bytes()]);
        answer.ok_or(ChipFault)
    }
}

trait Both: Read + Write {}
impl<T: Read + Write> Both for T {}

/// A TPM that listens.
struct Line(Box<dyn Both>);

impl Line {
    /// The key's handle.
    fn make_key(&mut self) -> Option<u32> {
        let public = [KEY.as_slice(), &KEY_NAME].concat();
        let length = u16::try_from(public.len()).ok()?.to_be_bytes();
        let parts: [&[u8]; 7] = [
            &OWNER.to_be_bytes(),
            &EMPTY_PASSWORD,
            // No password for the key and nothing sealed in it.
            &[0, 4, 0, 0, 0, 0],
            &length,
            &public,
            // Nothing from outside, no state of the machine.
            &[0, 0],
            &[0, 0, 0, 0],
        ];
        let answer = self.ask(SESSIONS, CREATE_PRIMARY, &parts)?;
        answer.first_chunk().map(|handle| u32::from_be_bytes(*handle))
    }

    fn hmac(&mut self, key: u32, question: &[u8; 32]) -> Option<Zeroizing<[u8; 32]>> {
        // The key's own hash: TPM_ALG_NULL.
        let parts: [&[u8]; 5] =
            [&key.to_be_bytes(), &EMPTY_PASSWORD, &[0, 32], question, &[0, 0x10]];
        let answer = self.ask(SESSIONS, HMAC, &parts)?;
        // How long the parameters are, how long the digest is, the digest.
        let (head, rest) = answer.split_at_checked(6)?;
        let digest = rest.first_chunk::<32>().filter(|_| head.ends_with(&[0, 32]))?;
        Some(Zeroizing::new(*digest))
    }

    /// What follows the head of the answer; `None` unless the TPM says that it went well.
    fn ask(&mut self, tag: u16, command: u32, parts: &[&[u8]]) -> Option<Zeroizing<Vec<u8>>> {
        let body = Zeroizing::new(parts.concat());
        let length = u32::try_from(body.len().checked_add(10)?).ok()?;
        let head: [&[u8]; 3] = [&tag.to_be_bytes(), &length.to_be_bytes(), &command.to_be_bytes()];
        let whole = Zeroizing::new([head.concat().as_slice(), &body].concat());
        // A device takes a command in one piece.
        self.0.write_all(&whole).ok()?;
        let mut answer = Zeroizing::new(vec![0; ANSWER_BYTES_MAX]);
        let mut filled = 0_usize;
        loop {
            let room = answer.get_mut(filled..).filter(|room| !room.is_empty())?;
            let read = self.0.read(room).ok().filter(|read| *read > 0)?;
            filled = filled.checked_add(read)?;
            let so_far = answer.get(..filled)?;
            let Some(length) = so_far.get(2..6).and_then(|bytes| bytes.first_chunk()) else {
                continue;
            };
            let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
            if !(10..=ANSWER_BYTES_MAX).contains(&length) || filled > length {
                return None;
            }
            if filled == length {
                let went_well = so_far.get(6..10)? == [0; 4];
                return went_well.then(|| Zeroizing::new(so_far.get(10..).unwrap_or(&[]).to_vec()));
            }
        }
    }
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "numbers of a test")]
mod tests {
    use std::{os::unix::net::UnixListener, thread};

    use super::*;

    type Answer = Zeroizing<[u8; 32]>;

    /// A chip that answers with these bytes, one after the other, whatever it is asked. Gives what
    /// it was asked.
    fn says(answers: Vec<Vec<u8>>) -> (Result<Answer, ChipFault>, Vec<Vec<u8>>) {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("chip");
        let listener = UnixListener::bind(&place).unwrap();
        let chip = thread::spawn(move || {
            let (mut socket, _) = listener.accept().unwrap();
            let mut asked = Vec::new();
            for answer in answers {
                let mut question = vec![0; 4_096];
                let Ok(read) = socket.read(&mut question) else { break };
                question.truncate(read);
                asked.push(question);
                // In two pieces, as a socket may bring them.
                let (first, rest) = answer.split_at(answer.len() / 2);
                if socket.write_all(first).and_then(|()| socket.write_all(rest)).is_err() {
                    break;
                }
            }
            asked
        });
        let name = PathBuf::from(format!("tpm:{}", place.display()));
        let answer = Tpm::named(&name).unwrap().answer(&[7; 32]);
        (answer, chip.join().unwrap())
    }

    fn frame(tag: u16, code: u32, body: &[u8]) -> Vec<u8> {
        let length = u32::try_from(body.len() + 10).unwrap();
        [&tag.to_be_bytes()[..], &length.to_be_bytes(), &code.to_be_bytes(), body].concat()
    }

    fn key() -> Vec<u8> {
        frame(SESSIONS, 0, &[&[0x80, 0, 0, 1][..], &[0; 40]].concat())
    }

    fn digest() -> Vec<u8> {
        frame(SESSIONS, 0, &[&[0, 0, 0, 34, 0, 32][..], &[9; 32], &[0; 5]].concat())
    }

    #[test]
    fn a_chip_is_asked_with_whole_commands_and_its_digest_is_the_answer() {
        let (answer, asked) = says(vec![key(), digest(), frame(NO_SESSIONS, 0, &[])]);
        assert_eq!(*answer.unwrap(), [9; 32]);
        assert_eq!(asked.len(), 3);
        for (question, command) in asked.iter().zip([CREATE_PRIMARY, HMAC, FLUSH_CONTEXT]) {
            let length = u32::from_be_bytes(question[2..6].try_into().unwrap());
            assert_eq!(usize::try_from(length).unwrap(), question.len());
            assert_eq!(question[6..10], command.to_be_bytes());
        }
        assert!(asked[1].windows(32).any(|window| window == [7; 32]));
        assert_eq!(asked[2][10..], [0x80, 0, 0, 1], "the key does not stay");
    }

    #[test]
    fn a_chip_that_refuses_or_talks_nonsense_is_no_chip() {
        let refused = frame(NO_SESSIONS, 0x18b, &[]);
        let short = frame(SESSIONS, 0, &[0, 0, 0, 18, 0, 16, 1, 2, 3]);
        let huge = [&[0x80, 2, 0xff, 0xff, 0xff, 0xff][..], &[0; 40]].concat();
        let more = [key(), vec![1; 9]].concat();
        for second in [refused.clone(), short, huge.clone(), vec![1; 8]] {
            assert!(says(vec![key(), second]).0.is_err());
        }
        for first in [refused, huge, more, vec![0; 10], vec![]] {
            assert!(says(vec![first]).0.is_err());
        }
        assert!(Tpm::named(Path::new("tpm:/nowhere")).unwrap().answer(&[0; 32]).is_err());
        assert!(Tpm::named(Path::new("./tpm")).is_none());
        assert_eq!(Tpm::named(Path::new("tpm")).unwrap().0, Path::new(USUAL));
    }
}
