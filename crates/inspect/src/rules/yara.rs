//! Rules in the YARA language, as the user gives them.

use std::{fmt, time::Duration};

use boreal::{Compiler, Scanner, scanner::ScanParams};

/// As many matches as are told of one file.
const MATCHES_MAX: usize = 64;

/// Longest time for one file or one window of it.
const SCAN_TIME_MAX: Duration = Duration::from_secs(30);

/// Compiled rules.
pub struct YaraRules(Scanner);

impl fmt::Debug for YaraRules {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("YaraRules")
    }
}

/// A file of rules that does not compile.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file}: {why}")]
pub struct YaraTrouble {
    /// Which file.
    pub file: String,
    /// What the compiler says, in one line.
    pub why: String,
}

/// A rule that fits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct YaraHit {
    /// The rule's name.
    pub rule: String,
    /// Where its first string stands.
    pub offset: Option<usize>,
}

impl YaraRules {
    /// Compiles files of rules: name and text of each. A file cannot include another one.
    ///
    /// # Errors
    /// The first file that does not compile.
    pub fn compile(files: &[(String, String)]) -> Result<Self, YaraTrouble> {
        let mut compiler = Compiler::new();
        let params = boreal::compiler::CompilerParams::default().disable_includes(true);
        compiler.set_params(params);
        for (file, text) in files {
            compiler.add_rules_str_in_namespace(text, file).map_err(|error| {
                let why = error.to_string().split_whitespace().collect::<Vec<_>>().join(" ");
                YaraTrouble { file: file.clone(), why }
            })?;
        }
        let mut scanner = compiler.finalize();
        scanner.set_scan_params(
            ScanParams::default()
                .compute_full_matches(true)
                .timeout_duration(Some(SCAN_TIME_MAX))
                .string_max_nb_matches(100)
                .match_max_length(64),
        );
        Ok(Self(scanner))
    }

    /// The rules that fit `bytes`, and whether time ran out before all were tried.
    #[must_use]
    pub fn scan(&self, bytes: &[u8]) -> (Vec<YaraHit>, bool) {
        let (result, late) = match self.0.scan_mem(bytes) {
            Ok(result) => (result, false),
            Err((_, partial)) => (partial, true),
        };
        let hits = result.rules.iter().take(MATCHES_MAX).map(|rule| YaraHit {
            rule: rule.name.to_owned(),
            offset: rule
                .matches
                .iter()
                .filter_map(|string| string.matches.first().map(|first| first.offset))
                .min(),
        });
        (hits.collect(), late)
    }
}
