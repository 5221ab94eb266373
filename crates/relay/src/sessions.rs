//! TLS sessions that may be resumed once each, so that a client's next visit needs one flight.

use std::{
    collections::{HashMap, VecDeque},
    fmt, fs, io,
    path::Path,
    sync::{Mutex, MutexGuard, PoisonError},
};

use rustls::server::StoresServerSessions;

use crate::identity::write_private;

/// The most sessions kept; the oldest go first. About 200 bytes each.
const SESSIONS_MAX: usize = 65_536;
const FILE: &str = "sessions";

/// Sessions in memory. An orderly stop writes them beside the store and the next start takes them
/// back, so a restart costs nobody a full handshake; a crash costs everybody one.
#[derive(Default)]
pub(crate) struct Sessions(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    values: HashMap<Vec<u8>, Vec<u8>>,
    oldest_first: VecDeque<Vec<u8>>,
}

impl Sessions {
    /// Takes back what an orderly stop left. The file goes first: no session is taken twice.
    pub(crate) fn load(directory: &Path) -> io::Result<Self> {
        let path = directory.join(FILE);
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(error) => return Err(error),
        };
        fs::remove_file(&path)?;
        let sessions = Self::default();
        let mut rest = bytes.as_slice();
        while let Some((key, value, after)) = take(rest).and_then(|(key, after)| {
            let (value, after) = take(after)?;
            Some((key, value, after))
        }) {
            sessions.kept().put(key.to_vec(), value.to_vec());
            rest = after;
        }
        Ok(sessions)
    }

    /// Leaves the sessions for the next start.
    pub(crate) fn save(&self, directory: &Path) -> io::Result<()> {
        let kept = self.kept();
        let mut bytes = Vec::new();
        for key in &kept.oldest_first {
            if let Some(value) = kept.values.get(key) {
                for part in [key, value] {
                    bytes.extend(u16::try_from(part.len()).unwrap_or_default().to_be_bytes());
                    bytes.extend(part);
                }
            }
        }
        write_private(&directory.join(FILE), &bytes)
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    fn put(&mut self, key: Vec<u8>, value: Vec<u8>) {
        // Keys taken meanwhile leave their names behind: these go too, so the queue stays bounded.
        while self.oldest_first.len() >= SESSIONS_MAX {
            if let Some(oldest) = self.oldest_first.pop_front() {
                self.values.remove(&oldest);
            }
        }
        self.oldest_first.push_back(key.clone());
        self.values.insert(key, value);
    }
}

fn take(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<2>()?;
    rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))
}

impl fmt::Debug for Sessions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sessions(..)")
    }
}

impl StoresServerSessions for Sessions {
    fn put(&self, key: Vec<u8>, value: Vec<u8>) -> bool {
        let fits = |part: &[u8]| u16::try_from(part.len()).is_ok();
        let kept = fits(&key) && fits(&value);
        if kept {
            self.kept().put(key, value);
        }
        kept
    }

    fn get(&self, key: &[u8]) -> Option<Vec<u8>> {
        self.kept().values.get(key).cloned()
    }

    fn take(&self, key: &[u8]) -> Option<Vec<u8>> {
        self.kept().values.remove(key)
    }

    fn can_cache(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_is_taken_once_also_across_a_restart() {
        let directory = tempfile::tempdir().unwrap();
        let sessions = Sessions::load(directory.path()).unwrap();
        for number in 0..3u8 {
            assert!(sessions.put(vec![number; 32], vec![number; 100]));
        }
        assert_eq!(sessions.take(&[0; 32]), Some(vec![0; 100]));
        assert_eq!(sessions.take(&[0; 32]), None);
        sessions.save(directory.path()).unwrap();

        let again = Sessions::load(directory.path()).unwrap();
        assert_eq!(again.take(&[0; 32]), None);
        assert_eq!(again.take(&[1; 32]), Some(vec![1; 100]));
        let third = Sessions::load(directory.path()).unwrap();
        assert_eq!(third.take(&[2; 32]), None, "the file was taken, not copied");
    }

    #[test]
    fn the_oldest_sessions_go_first() {
        let sessions = Sessions::default();
        for number in 0..=SESSIONS_MAX {
            sessions.put(number.to_be_bytes().to_vec(), vec![1]);
        }
        assert_eq!(sessions.take(&0usize.to_be_bytes()), None);
        assert!(sessions.take(&1usize.to_be_bytes()).is_some());
        assert!(sessions.kept().oldest_first.len() <= SESSIONS_MAX);
    }
}
