//! Files to be cleaned.

use std::{fs, path::Path};

use super::Seeds;

impl Seeds {
    /// The cleaner's samples that are small, and each cut and with a bit turned over.
    pub(crate) fn files(&mut self) {
        const SMALL: usize = 9_000;
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../inspect/tests/samples");
        for entry in fs::read_dir(folder).expect("the samples").flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            let bytes = fs::read(entry.path()).expect("a sample");
            if name.ends_with(".sh") || name.ends_with(".py") || bytes.len() > SMALL {
                continue;
            }
            let half = bytes.get(..bytes.len() / 2).unwrap_or_default();
            let mut flipped = bytes.clone();
            if let Some(byte) = flipped.get_mut(bytes.len() / 3) {
                *byte ^= 0x10;
            }
            self.add("inspect_clean", format!("{name}-cut-half"), half);
            self.add("inspect_clean", format!("{name}-flipped"), flipped);
            self.add("inspect_clean", name, bytes);
        }
    }
}
