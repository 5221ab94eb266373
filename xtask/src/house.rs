//! Where the workspace stands, what lies in it, and how to call cargo there.

use std::ffi::OsStr;
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

/// Why a task failed, for the person at the terminal.
#[derive(Debug)]
pub(crate) struct Fault(String);

impl Fault {
    /// A fault that says `words`.
    pub(crate) fn new(words: impl Into<String>) -> Self {
        Self(words.into())
    }

    /// A fault about which everything has been said already.
    pub(crate) fn said() -> Self {
        Self(String::new())
    }

    /// Whether there is nothing more to say.
    pub(crate) fn is_said(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A workspace on disk.
#[derive(Clone, Debug)]
pub(crate) struct House {
    root: PathBuf,
    /// Where builds go, outside of which no task writes.
    pub(crate) target: PathBuf,
    offline: bool,
}

impl House {
    /// The workspace this task was started in.
    pub(crate) fn here() -> Result<Self, Fault> {
        let start = std::env::var_os("CARGO_MANIFEST_DIR").map_or_else(
            || std::env::current_dir().map_err(|e| Fault::new(format!("No working folder: {e}"))),
            |folder| Ok(PathBuf::from(folder)),
        )?;
        let mut house = Self { root: start, target: PathBuf::new(), offline: false };
        let facts = house.metadata()?;
        let folder = |key: &str| facts.get(key).and_then(Value::as_str).map(PathBuf::from);
        let (Some(root), Some(target)) = (folder("workspace_root"), folder("target_directory"))
        else {
            return Err(Fault::new("cargo metadata names no workspace root."));
        };
        house.root = root;
        house.target = target;
        Ok(house)
    }

    /// A copy of the workspace in which cargo may not use the network.
    pub(crate) fn copy_at(root: PathBuf, target: PathBuf) -> Self {
        Self { root, target, offline: true }
    }

    /// `inner` below the root.
    pub(crate) fn at(&self, inner: impl AsRef<Path>) -> PathBuf {
        self.root.join(inner)
    }

    /// What cargo says about the members alone: manifests as written, nothing resolved.
    pub(crate) fn metadata(&self) -> Result<Value, Fault> {
        let text = self.cargo_says(&["metadata", "--no-deps", "--format-version", "1"])?;
        serde_json::from_str(&text).map_err(|e| Fault::new(format!("cargo metadata: {e}")))
    }

    /// Whether `package` has a program called `name`.
    pub(crate) fn has_program(&self, package: &str, name: &str) -> Result<bool, Fault> {
        let facts = self.metadata()?;
        let is =
            |value: &Value, word: &str| value.get("name").and_then(Value::as_str) == Some(word);
        let list = |value: &Value, key: &str| {
            value.get(key).and_then(Value::as_array).cloned().unwrap_or_default()
        };
        let packages = list(&facts, "packages");
        let found = packages.iter().filter(|found| is(found, package)).any(|found| {
            list(found, "targets").iter().any(|target| {
                is(target, name) && list(target, "kind").iter().any(|kind| kind == "bin")
            })
        });
        Ok(found)
    }

    /// A command in this workspace, without stdin.
    pub(crate) fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        command.current_dir(&self.root).stdin(Stdio::null());
        command
    }

    /// The cargo that started this task.
    pub(crate) fn cargo(&self) -> Command {
        let program = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let mut command = self.command(program);
        if self.offline {
            command.env("CARGO_NET_OFFLINE", "true");
        }
        command
    }

    /// Runs cargo with its output on the terminal; fails when it fails.
    pub(crate) fn cargo_does(&self, words: &[&str]) -> Result<(), Fault> {
        let mut command = self.cargo();
        command.args(words);
        does(command)
    }

    /// Builds every program and says where they lie. Cargo gives a crate other features when one
    /// package is asked for than for all of them and their tests, and would build many of them once
    /// more. Examples bring what tests bring.
    pub(crate) fn programs(&self) -> Result<PathBuf, Fault> {
        self.cargo_does(&["build", "--quiet", "--workspace", "--bins", "--examples"])?;
        Ok(self.target.join("debug"))
    }

    /// Runs cargo and gives what it prints.
    pub(crate) fn cargo_says(&self, words: &[&str]) -> Result<String, Fault> {
        let mut command = self.cargo();
        command.args(words);
        says(command)
    }

    /// Every file that git tracks or would track, relative to the root.
    pub(crate) fn files(&self) -> Result<Vec<PathBuf>, Fault> {
        let mut git = self.command("git");
        // A checkout may belong to another user than the one who tests it; listing it is harmless.
        git.args([
            "-c",
            "safe.directory=*",
            "ls-files",
            "-z",
            "--cached",
            "--others",
            "--exclude-standard",
        ]);
        let mut files: Vec<PathBuf> = says(git)?
            .split('\0')
            .filter(|name| !name.is_empty() && self.at(name).is_file())
            .map(PathBuf::from)
            .collect();
        files.sort();
        files.dedup();
        Ok(files)
    }

    /// Every Rust file below `folder`, relative to the root; none when there is no such folder.
    pub(crate) fn rust_files(&self, folder: &Path) -> Result<Vec<PathBuf>, Fault> {
        let mut found = Vec::new();
        let mut waiting = vec![folder.to_path_buf()];
        while let Some(folder) = waiting.pop() {
            let Ok(entries) = std::fs::read_dir(self.at(&folder)) else { continue };
            for entry in entries {
                let entry = entry.map_err(|e| Fault::new(format!("{}: {e}", folder.display())))?;
                let inner = folder.join(entry.file_name());
                if self.at(&inner).is_dir() {
                    waiting.push(inner);
                } else if inner.extension() == Some(OsStr::new("rs")) {
                    found.push(inner);
                }
            }
        }
        found.sort();
        Ok(found)
    }

    /// The text of a file, relative to the root.
    pub(crate) fn read(&self, inner: impl AsRef<Path>) -> Result<String, Fault> {
        let path = self.at(inner);
        std::fs::read_to_string(&path).map_err(|e| Fault::new(format!("{}: {e}", path.display())))
    }

    /// Writes a file below the root, with its folders.
    pub(crate) fn write(&self, inner: &Path, bytes: &[u8]) -> Result<(), Fault> {
        let path = self.at(inner);
        let fault = |e: std::io::Error| Fault::new(format!("{}: {e}", path.display()));
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(fault)?;
        }
        std::fs::write(&path, bytes).map_err(fault)
    }
}

/// Runs `command` with its output on the terminal; fails when it fails.
pub(crate) fn does(mut command: Command) -> Result<(), Fault> {
    let status = command.status().map_err(|e| Fault::new(format!("{}: {e}", shown(&command))))?;
    if status.success() {
        return Ok(());
    }
    Err(Fault::new(format!("`{}` failed.", shown(&command))))
}

/// Runs `command` and gives what it prints; fails with what it complains when it fails.
pub(crate) fn says(mut command: Command) -> Result<String, Fault> {
    let output = command.output().map_err(|e| Fault::new(format!("{}: {e}", shown(&command))))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let complaint = String::from_utf8_lossy(&output.stderr);
    Err(Fault::new(format!("`{}` failed:\n{complaint}", shown(&command))))
}

/// The command as a person would type it.
fn shown(command: &Command) -> String {
    let program = Path::new(command.get_program()).file_name().unwrap_or_default();
    let words = command.get_args().map(OsStr::to_string_lossy);
    std::iter::once(program.to_string_lossy()).chain(words).collect::<Vec<_>>().join(" ")
}
