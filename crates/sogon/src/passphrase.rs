//! Where the passphrase comes from: a file, or the keyboard without echo. Never an argument and
//! never the environment: both can be seen by other programs.

use std::{
    env,
    fs::File,
    io::Read,
    path::{Path, PathBuf},
};

use sogon_vault::{Passphrase, Strength};
use zeroize::Zeroizing;

use crate::{
    console,
    home::Home,
    trouble::{Kind, Trouble},
    words::Words,
};

/// Below this a passphrase is guessed on a copy for what a car costs, or less.
const WEAK_BITS: f64 = 44.0;
/// The option for the passphrase of the home.
const OF_HOME: &str = "--passphrase-file";
/// A longer file is no passphrase file.
const FILE_BYTES_MAX: u64 = 4_096;

/// Where to take the passphrase from.
#[derive(Clone, Debug)]
pub(crate) enum Source {
    /// The first line of this file.
    File(PathBuf),
    /// The terminal; where there is none, a file named with this option would do.
    Keyboard(&'static str),
}

impl Source {
    /// `--passphrase-file`, then SOGON_PASSPHRASE_FILE, then the keyboard.
    pub(crate) fn choose(flag: Option<&Path>) -> Self {
        let named = || env::var_os("SOGON_PASSPHRASE_FILE").filter(|name| !name.is_empty());
        match flag.map(Path::to_path_buf).or_else(|| named().map(PathBuf::from)) {
            Some(path) => Self::File(path),
            None => Self::Keyboard(OF_HOME),
        }
    }

    /// This file, which `option` names, or the keyboard.
    pub(crate) fn of(file: Option<&Path>, option: &'static str) -> Self {
        file.map_or(Self::Keyboard(option), |path| Self::File(path.to_path_buf()))
    }

    /// The passphrase of a home that exists.
    ///
    /// # Errors
    /// [`Kind::Locked`] or [`Kind::NobodyToAsk`] when there is nobody to ask;
    /// [`Kind::PassphraseFile`].
    pub(crate) fn existing(&self, home: &Home, words: &Words) -> Result<Passphrase, Trouble> {
        home.key(&self.typed(words)?)
    }

    /// As [`Source::existing`], as it was typed.
    ///
    /// # Errors
    /// As [`Source::existing`].
    pub(crate) fn typed(&self, words: &Words) -> Result<Zeroizing<String>, Trouble> {
        match self {
            Self::File(path) => first_line(path),
            Self::Keyboard(option) => typed(&words.say("ask-passphrase", &[]), option),
        }
    }

    /// A passphrase that exists, asked for in these words.
    ///
    /// # Errors
    /// As [`Source::existing`].
    pub(crate) fn typed_as(&self, prompt: &str) -> Result<Zeroizing<String>, Trouble> {
        match self {
            Self::File(path) => first_line(path),
            Self::Keyboard(option) => typed(prompt, option),
        }
    }

    /// The passphrase of a home to be made; typed twice.
    ///
    /// # Errors
    /// As [`Source::existing`], and [`Kind::PassphraseDiffers`].
    pub(crate) fn fresh(&self, home: &Home, words: &Words) -> Result<Passphrase, Trouble> {
        home.key(&self.typed_fresh(words)?)
    }

    /// As [`Source::fresh`], as it was typed.
    ///
    /// # Errors
    /// As [`Source::fresh`].
    pub(crate) fn typed_fresh(&self, words: &Words) -> Result<Zeroizing<String>, Trouble> {
        self.typed_twice(&words.say("ask-new-passphrase", &[]), words)
    }

    /// A new passphrase, asked for in these words and typed twice, or out of a file. Who chose a weak
    /// one is told, and may go on.
    ///
    /// # Errors
    /// As [`Source::fresh`].
    pub(crate) fn typed_twice(
        &self,
        prompt: &str,
        words: &Words,
    ) -> Result<Zeroizing<String>, Trouble> {
        let chosen = match self {
            Self::File(path) => first_line(path)?,
            Self::Keyboard(option) => {
                let first = typed(prompt, option)?;
                if *first != *typed(&words.say("ask-passphrase-again", &[]), option)? {
                    return Err(Kind::PassphraseDiffers.into());
                }
                first
            }
        };
        if Strength::of_chosen(&chosen).bits < WEAK_BITS {
            let weak = format!("{}\n", words.say("passphrase-weak", &[]));
            // Nobody is left to be told when standard error is gone.
            let _ = console::write(&console::Said::Err(weak));
        }
        Ok(chosen)
    }
}

fn typed(prompt: &str, option: &str) -> Result<Zeroizing<String>, Trouble> {
    let nobody = || match option {
        OF_HOME => Kind::Locked.into(),
        _ => Trouble::of(Kind::NobodyToAsk, &[("option", option)]),
    };
    if !console::somebody_types() {
        return Err(nobody());
    }
    rpassword::prompt_password(prompt).map(Zeroizing::new).map_err(|_| nobody())
}

fn first_line(path: &Path) -> Result<Zeroizing<String>, Trouble> {
    let wrong = || Trouble::of(Kind::PassphraseFile, &[("path", &path.display().to_string())]);
    // Room for all of it at once: a string that grows leaves copies of the secret behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(8_192));
    let file = File::open(path).map_err(|_| wrong())?;
    file.take(FILE_BYTES_MAX).read_to_end(&mut bytes).map_err(|_| wrong())?;
    let text = std::str::from_utf8(&bytes).map_err(|_| wrong())?;
    Ok(Zeroizing::new(text.lines().next().unwrap_or_default().to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_is_the_passphrase_without_its_end() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("p");
        for text in ["벚꽃 아래", "벚꽃 아래\n", "벚꽃 아래\r\nand more"] {
            std::fs::write(&path, text).unwrap();
            assert_eq!(first_line(&path).unwrap().as_str(), "벚꽃 아래");
        }
        std::fs::write(&path, [0xff]).unwrap();
        assert_eq!(first_line(&path).unwrap_err().kind(), Kind::PassphraseFile);
        assert_eq!(first_line(&folder.path().join("no")).unwrap_err().kind(), Kind::PassphraseFile);
    }
}
