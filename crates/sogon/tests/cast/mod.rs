//! The people of the golden sessions: each has a home and runs the real program.
#![allow(dead_code, reason = "no session needs everything people can do")]

use std::{
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Command, Output, Stdio},
};

use serde_json::Value;
use sogon_relay::{Config, Relay, Running};
use tempfile::TempDir;
use tokio::runtime::Runtime;

/// Bytes that no compressor makes smaller.
pub(crate) fn noise(seed: u64, length: usize) -> Vec<u8> {
    let mut state = seed | 1;
    let next = std::iter::repeat_with(move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    });
    next.flatten().take(length).collect()
}

/// A relay, and a folder for everybody's homes.
pub(crate) struct World {
    pub(crate) folder: TempDir,
    runtime: Runtime,
    relay: Option<Running>,
    address: String,
}

impl World {
    /// A relay that serves.
    pub(crate) fn new() -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let folder = tempfile::tempdir().unwrap();
        let config = Config::directory(folder.path().join("relay"));
        let relay = runtime.block_on(Relay::start(config)).unwrap();
        let address = relay.addr().to_string();
        Self { folder, runtime, relay: Some(relay), address }
    }

    /// What `sogon-relay serve` would print.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// The relay goes away.
    pub(crate) fn relay_stops(&mut self) {
        if let Some(relay) = self.relay.take() {
            self.runtime.block_on(relay.stop());
        }
    }

    /// The relay comes back where it was.
    pub(crate) fn relay_returns(&mut self) {
        let known: sogon_wire::RelayAddr = self.address.parse().unwrap();
        let mut config = Config::directory(self.folder.path().join("relay"));
        config.listen = ([127, 0, 0, 1], known.port()).into();
        let relay = self.runtime.block_on(Relay::start(config)).unwrap();
        assert_eq!(relay.addr().to_string(), self.address);
        self.relay = Some(relay);
    }

    /// Somebody without a home yet.
    pub(crate) fn stranger(&self, name: &str) -> Person {
        let person = Person {
            name: name.to_owned(),
            home: self.folder.path().join(format!("home of {name}")),
            passphrase: self.folder.path().join(format!("passphrase of {name}")),
        };
        std::fs::write(&person.passphrase, format!("벚꽃 아래 {name}\n")).unwrap();
        person
    }

    /// Somebody with a home on this relay.
    pub(crate) fn person(&self, name: &str) -> Person {
        let person = self.stranger(name);
        person.done(&["init", "--light", "--name", name, "--relay", self.address()]);
        person
    }

    /// Two people who can write to each other.
    pub(crate) fn pair(&self, first: &str, second: &str) -> (Person, Person) {
        let (first, second) = (self.person(first), self.person(second));
        first.meets(&second);
        (first, second)
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.relay_stops();
    }
}

/// Somebody.
pub(crate) struct Person {
    pub(crate) name: String,
    pub(crate) home: PathBuf,
    pub(crate) passphrase: PathBuf,
}

impl Person {
    /// The program, in an environment that holds nothing else.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sogon"));
        command
            .args(args)
            .env_clear()
            .env("HOME", &self.home)
            .env("SOGON_HOME", &self.home)
            .env("SOGON_PASSPHRASE_FILE", &self.passphrase)
            .env("LANG", "C")
            .env("TZ", "UTC")
            .stdin(Stdio::null());
        command
    }

    /// Runs a command to its end.
    pub(crate) fn run(&self, args: &[&str]) -> Ran {
        Ran::of(self.command(args).output().unwrap())
    }

    /// Runs a command that takes standard input.
    pub(crate) fn run_with(&self, args: &[&str], input: &str) -> Ran {
        let mut command = self.command(args);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        Ran::of(child.wait_with_output().unwrap())
    }

    /// A command that must succeed; what it printed.
    pub(crate) fn done(&self, args: &[&str]) -> String {
        let ran = self.run(args);
        assert_eq!(ran.code, 0, "{args:?}: {ran:?}");
        ran.out
    }

    /// A command that must succeed; the object it printed.
    pub(crate) fn object(&self, args: &[&str]) -> Value {
        let objects = self.objects(args);
        assert_eq!(objects.len(), 1, "{args:?}: {objects:?}");
        objects[0].clone()
    }

    /// A command that must succeed; the objects it printed, one per line.
    pub(crate) fn objects(&self, args: &[&str]) -> Vec<Value> {
        let out = self.done(&[&["--json"], args].concat());
        out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// The texts of all messages, oldest first.
    pub(crate) fn texts(&self) -> Vec<String> {
        let messages = self.objects(&["read"]);
        messages.iter().map(|message| message["text"].as_str().unwrap().to_owned()).collect()
    }

    /// The link of a fresh invitation.
    pub(crate) fn link(&self) -> String {
        self.object(&["invite"])["link"].as_str().unwrap().to_owned()
    }

    /// Becomes somebody's contact.
    pub(crate) fn meets(&self, other: &Person) {
        let link = self.link();
        other.done(&["join", &link, "--as", &self.name]);
        self.done(&["sync"]);
        other.done(&["sync"]);
        self.done(&["sync"]);
        for (person, known) in [(self, other), (other, self)] {
            let contacts = person.object(&["contacts"]);
            let found = contacts["contacts"].as_array().unwrap().iter();
            let found: Vec<_> = found.filter(|contact| contact["name"] == *known.name).collect();
            assert_eq!(found.len(), 1, "{} knows {}: {contacts}", person.name, known.name);
            assert_eq!(found[0]["state"], "ready", "{}: {contacts}", person.name);
        }
    }

    /// Opens the home and stays; returns once it is ready.
    pub(crate) fn stays(&self, args: &[&str]) -> Staying {
        Staying::of(&mut self.command(&[&["--json"], args].concat()))
    }
}

/// A program that stays.
pub(crate) struct Staying {
    child: Child,
    lines: BufReader<ChildStdout>,
}

impl Staying {
    /// Starts it.
    pub(crate) fn of(command: &mut Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap());
        Self { child, lines }
    }

    /// Its number.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// The next object it prints.
    pub(crate) fn next(&mut self) -> Value {
        let mut line = String::new();
        self.lines.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap_or_else(|_| panic!("no object: {line:?}"))
    }

    /// Waits until it remarks this on standard error.
    pub(crate) fn says(&mut self, what: &str) {
        let mut remarks = BufReader::new(self.child.stderr.take().unwrap());
        let mut line = String::new();
        while !line.contains(what) {
            line.clear();
            assert!(remarks.read_line(&mut line).unwrap() > 0, "it never said {what:?}");
        }
        // The rest is read so that it can go on saying things, and told to nobody.
        std::thread::spawn(move || std::io::copy(&mut remarks, &mut std::io::sink()));
    }

    /// Interrupts it; how it ended.
    pub(crate) fn interrupt(self) -> Ran {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
        self.end()
    }

    /// Kills it, as a crash would.
    pub(crate) fn crash(mut self) -> Ran {
        self.child.kill().unwrap();
        self.end()
    }

    /// Waits for its end.
    pub(crate) fn end(mut self) -> Ran {
        let mut rest = String::new();
        std::io::Read::read_to_string(&mut self.lines, &mut rest).unwrap();
        let mut ran = Ran::of(self.child.wait_with_output().unwrap());
        ran.out = rest;
        ran
    }
}

/// How a command ended.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ran {
    pub(crate) fn of(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// It failed with this code, and one line on standard error that says `what`.
    pub(crate) fn failed(&self, code: i32, what: &str) {
        assert_eq!(self.code, code, "{self:?}");
        assert!(self.err.contains(what), "{self:?}");
        let lines = self.err.lines().filter(|line| line.starts_with("sogon: ")).count();
        assert_eq!(lines, 1, "one line says what happened: {self:?}");
    }
}

/// Whether these files hold this text anywhere, in any file below.
pub(crate) fn holds(folder: &Path, text: &str) -> bool {
    std::fs::read_dir(folder).unwrap().any(|entry| {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => holds(&path, text),
            false => std::fs::read(&path).is_ok_and(|bytes| {
                bytes.windows(text.len()).any(|window| window == text.as_bytes())
            }),
        }
    })
}
