//! The programs people run, as processes.

use std::{
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Command, Stdio},
};

use tempfile::TempDir;

const OPTIMISED: bool = !cfg!(debug_assertions);

/// Where the built programs are.
pub(crate) struct Programs {
    folder: PathBuf,
}

impl Programs {
    /// Finds them beside this one; with `build`, cargo brings them up to date first.
    pub(crate) fn find(build: bool) -> Self {
        let this = std::env::current_exe().unwrap();
        let folder = this.parent().expect("a program lies in a folder").to_path_buf();
        let there = folder.join("sogon").exists() && folder.join("examples/appends").exists();
        if build || !there {
            let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or("cargo".into()));
            cargo.current_dir(env!("CARGO_MANIFEST_DIR")).args(["build", "--quiet"]);
            cargo.args(OPTIMISED.then_some("--release"));
            cargo.args(["--package", "sogon", "--package", "sogon-relay", "--bins"]);
            assert!(cargo.args(["--example", "appends"]).status().unwrap().success());
        }
        Self { folder }
    }

    pub(crate) fn command(&self, name: &str) -> Command {
        Command::new(self.folder.join(name))
    }

    /// A folder on the disk the programs lie on: system folders for such things are often no disk.
    pub(crate) fn place(&self) -> TempDir {
        tempfile::Builder::new().prefix("figures-").tempdir_in(&self.folder).unwrap()
    }
}

/// Somebody who uses the program `sogon`.
pub(crate) struct Someone<'a> {
    programs: &'a Programs,
    home: PathBuf,
    passphrase: PathBuf,
}

impl<'a> Someone<'a> {
    /// Makes a home. `more` are further words for `init`.
    pub(crate) fn new(
        programs: &'a Programs,
        place: &Path,
        name: &str,
        relay: &str,
        more: &[&str],
    ) -> Self {
        let (home, passphrase) = (place.join(name), place.join(format!("{name}.pass")));
        std::fs::write(&passphrase, "벚꽃 아래에서 만나자\n").unwrap();
        let someone = Self { programs, home, passphrase };
        someone.does(&[&["init", "--name", name, "--relay", relay], more].concat());
        someone
    }

    /// The program, in an environment that holds nothing else.
    pub(crate) fn command(&self, words: &[&str]) -> Command {
        let mut command = self.programs.command("sogon");
        command.args(words).env_clear().env("HOME", &self.home).env("SOGON_HOME", &self.home);
        command.env("SOGON_PASSPHRASE_FILE", &self.passphrase).env("LANG", "C");
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// A command that must succeed; what it printed.
    pub(crate) fn does(&self, words: &[&str]) -> String {
        let output = self.command(words).output().unwrap();
        assert!(output.status.success(), "{words:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// Becomes somebody's contact.
    pub(crate) fn meets(&self, other: &Self) {
        let told = self.does(&["--json", "invite"]);
        let (_, rest) = told.split_once("\"link\":\"").expect("a link");
        let (link, _) = rest.split_once('"').expect("its end");
        other.does(&["join", link, "--as", "Mina"]);
        for someone in [self, other, self, other, self] {
            someone.does(&["sync"]);
        }
    }
}

/// A process that stays until it is no longer needed.
pub(crate) struct Staying {
    child: Child,
    lines: BufReader<ChildStdout>,
}

impl Staying {
    /// Starts it and waits for its first line.
    pub(crate) fn begin(mut command: Command) -> (Self, String) {
        command.stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap());
        let mut staying = Self { child, lines };
        let line = staying.next();
        (staying, line)
    }

    /// Waits for its next line.
    pub(crate) fn next(&mut self) -> String {
        let mut line = String::new();
        self.lines.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Waits for its end, which must be a good one.
    pub(crate) fn end(mut self) {
        assert!(self.child.wait().unwrap().success());
    }
}

impl Drop for Staying {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
