//! Memory that is never written to swap: whole pages, locked, for keys and passphrases.
//!
//! The lock belongs to a page, not to bytes in it; so each secret has pages of its own, which are
//! overwritten and kept for the next secret when one is gone, and never given back.

use std::sync::{Mutex, PoisonError};

use zeroize::Zeroize;

/// As large as the pages of most systems; a system with larger ones locks more than it must.
const PAGE_BYTES: usize = 4096;
/// Pages kept for the next secret. More secrets than this live at one time in no program of ours.
const FREE_MAX: usize = 64;

#[repr(align(4096))]
struct Page([u8; PAGE_BYTES]);

static ZEROS: [u8; PAGE_BYTES] = [0; PAGE_BYTES];
static FREE: Mutex<Vec<Box<Page>>> = Mutex::new(Vec::new());

/// Room for up to 4,096 secret bytes, zeros at first, overwritten on drop. Where the system locks
/// no more memory for this program, it is memory like any other.
pub(crate) struct Locked(Option<Box<Page>>);

impl Locked {
    pub(crate) fn zeros() -> Self {
        let free = FREE.lock().unwrap_or_else(PoisonError::into_inner).pop();
        Self(Some(free.unwrap_or_else(fresh)))
    }

    pub(crate) fn bytes(&self) -> &[u8; PAGE_BYTES] {
        self.0.as_ref().map_or(&ZEROS, |page| &page.0)
    }

    pub(crate) fn bytes_mut(&mut self) -> &mut [u8] {
        self.0.as_mut().map_or(&mut [], |page| page.0.as_mut_slice())
    }
}

fn fresh() -> Box<Page> {
    let page = Box::new(Page([0; PAGE_BYTES]));
    if let Ok(guard) = region::lock(page.0.as_ptr(), PAGE_BYTES) {
        // It stays locked for as long as the program lives.
        std::mem::forget(guard);
    }
    page
}

impl Drop for Locked {
    fn drop(&mut self) {
        let Some(mut page) = self.0.take() else { return };
        page.0.zeroize();
        let mut free = FREE.lock().unwrap_or_else(PoisonError::into_inner);
        if free.len() < FREE_MAX {
            free.push(page);
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// The flags of the mapping that an address lies in.
    #[cfg(target_os = "linux")]
    pub(crate) fn is_locked(address: usize) -> bool {
        let maps = std::fs::read_to_string("/proc/self/smaps").unwrap();
        let mut inside = false;
        for line in maps.lines() {
            let range = line.split(' ').next().and_then(|range| range.split_once('-'));
            if let Some((from, to)) = range
                && let (Ok(from), Ok(to)) =
                    (usize::from_str_radix(from, 16), usize::from_str_radix(to, 16))
            {
                inside = (from..to).contains(&address);
            }
            if let Some(flags) = line.strip_prefix("VmFlags:").filter(|_| inside) {
                return flags.split_whitespace().any(|flag| flag == "lo");
            }
        }
        panic!("no mapping holds this address");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn what_a_secret_lies_in_is_locked_and_comes_back_as_zeros() {
        let mut secret = Locked::zeros();
        secret.bytes_mut()[..5].copy_from_slice(b"hello");
        let place = secret.bytes().as_ptr() as usize;
        assert_eq!(place % PAGE_BYTES, 0);
        assert!(is_locked(place));
        drop(secret);
        let many: Vec<Locked> = (0..FREE_MAX + 3).map(|_| Locked::zeros()).collect();
        assert!(many.iter().any(|secret| secret.bytes().as_ptr() as usize == place), "used again");
        assert!(many.iter().all(|secret| secret.bytes() == &ZEROS));
    }
}
