//! The home, the relay and the commands of the session.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::{Command as Process, Output, Stdio},
};

use sogon_relay::{Config, Relay, Running};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use super::{
    blow::{Blow, Counted, Found},
    tear,
};

/// One command of the session, and how it may end when it is struck.
pub(crate) struct Command {
    pub(crate) name: &'static str,
    args: Vec<&'static str>,
    /// What the home may answer after a blow besides the state before and after.
    may_say: &'static [&'static str],
    /// What is there for a while, between the steps of the command, and not before or after it.
    passes: Option<&'static str>,
}

const NOTHING: &[&str] = &[];
const PLACE: &str = "{place}";

impl Command {
    /// Everything that writes to a home.
    pub(crate) fn session() -> Vec<Self> {
        let of = |name, args: &[&'static str], may_say| {
            // One's own copy of what is seen once is there until it is handed.
            let passes = (name == "once").then_some("burn this");
            Self { name, args: args.to_vec(), may_say, passes }
        };
        vec![
            of("init", &["init", "--light", "--name", "Mina", "--relay", "{relay}"], &["no home"]),
            of("join", &["join", "{link}", "--as", "Joon"], NOTHING),
            of("sync", &["sync"], NOTHING),
            of("send", &["send", "Joon", "the bakery at nine"], NOTHING),
            of("receive", &["sync"], NOTHING),
            of("read", &["read", "--unread"], NOTHING),
            of("group", &["group", "new", "Walk", "Joon"], NOTHING),
            of("once", &["send", "Joon", "burn this", "--once"], NOTHING),
            of("delete", &["delete", "Joon", "{id}"], NOTHING),
            of("grow", &["grow", "--mib", "1"], NOTHING),
            of(
                "backup",
                &["backup", "{place}/card", "--light", "--backup-passphrase-file", "{other}"],
                NOTHING,
            ),
            of(
                "decoy",
                &[
                    "decoy",
                    "add",
                    "--name",
                    "M",
                    "--relay",
                    "{relay}",
                    "--no-duress",
                    "--decoy-passphrase-file",
                    "{other}",
                ],
                NOTHING,
            ),
            of("passwd", &["passwd", "--new-passphrase-file", "{new}"], NOTHING),
            of("wipe", &["wipe", "--yes"], &["opens nothing"]),
        ]
    }
}

/// A place on a disk with Mina's home as it is before the next command.
pub(crate) struct Scene {
    program: PathBuf,
    place: TempDir,
    runtime: Runtime,
    relay: Option<Running>,
    address: String,
    link: String,
    /// What Mina sees before the next command, and after two more syncs; `None` while there is no
    /// home.
    before: Option<[Seen; 2]>,
    /// The same after the command.
    after: Option<[Seen; 2]>,
    /// How the home answers after the command, if it does not open then.
    shut: Option<String>,
    /// The command makes another passphrase of the one there is.
    turns: bool,
}

/// What a person sees of a home: who is there and how far, texts, whether their own log is whole;
/// each as often as it is there.
type Seen = BTreeMap<String, usize>;

pub(crate) fn strace_is_there() -> bool {
    Process::new("strace").arg("-V").output().is_ok_and(|output| output.status.success())
}

impl Scene {
    pub(crate) fn set(build: bool) -> Self {
        let this = std::env::current_exe().unwrap();
        let folder = this.parent().expect("a program lies in a folder").to_path_buf();
        let program = folder.join("sogon");
        if build || !program.exists() {
            let mut cargo = Process::new(std::env::var_os("CARGO").unwrap_or("cargo".into()));
            cargo.current_dir(env!("CARGO_MANIFEST_DIR")).args(["build", "--quiet", "-p", "sogon"]);
            cargo.args((!cfg!(debug_assertions)).then_some("--release"));
            assert!(cargo.status().unwrap().success());
        }
        let place = tempfile::Builder::new().prefix("blows-").tempdir_in(&folder).unwrap();
        // Its own copy: somebody may build meanwhile.
        let copy = place.path().join("sogon");
        fs::copy(&program, &copy).unwrap();
        let program = copy;
        for (name, text) in
            [("passphrase", "벚꽃 아래"), ("other", "여름 휴가"), ("new", "새 암호")]
        {
            fs::write(place.path().join(name), text).unwrap();
        }
        let runtime = Runtime::new().unwrap();
        let mut scene = Self {
            program,
            place,
            runtime,
            relay: None,
            address: String::new(),
            link: String::new(),
            before: None,
            after: None,
            shut: None,
            turns: false,
        };
        scene.relay_starts();
        scene.address = scene.relay.as_ref().unwrap().addr().to_string();
        scene.joon(&["init", "--light", "--name", "Joon", "--relay", &scene.address.clone()]);
        let told = scene.joon(&["--json", "invite"]);
        let (_, rest) = told.split_once("\"link\":\"").expect("a link");
        scene.link = rest.split_once('"').expect("its end").0.to_owned();
        scene.keep();
        scene
    }

    /// The command once, without a blow: how often it writes, and what is there afterwards.
    pub(crate) fn count(&mut self, command: &Command) -> Counted {
        self.back();
        let trace = self.path("trace");
        let mut strace = self.strace(command, &["--trace=write,fdatasync"]);
        let output = strace.output().unwrap();
        assert!(output.status.success(), "{}: {output:?}", command.name);
        let trace = fs::read_to_string(trace).unwrap();
        self.turns = command.name == "passwd";
        let times = |call: &str| trace.lines().filter(|line| line.contains(call)).count();
        (self.after, self.shut) = match self.seen() {
            Ok(seen) => (Some([seen, self.settled()]), None),
            Err((_, said)) => (None, Some(said)),
        };
        Counted { writes: times(" write("), syncs: times(" fdatasync(") }
    }

    /// The command with a blow, and what is there afterwards.
    pub(crate) fn deal(&mut self, command: &Command, blow: Blow, nth: usize) -> Found {
        self.back();
        let injection = blow.injection(nth);
        let more = ["--trace=write,lseek,fdatasync", "-e", injection.as_str()];
        let output = self.strace(command, &more).output().unwrap();
        if let Some(what) = badly_said(&output, blow) {
            return Found::Half(what);
        }
        if blow == Blow::Tear {
            let trace = fs::read_to_string(self.path("trace")).unwrap();
            let before = fs::read(self.path("kept/mina/data")).unwrap_or_default();
            let torn = [self.path("mina/data"), self.path("mina/data.new")];
            let torn = torn.iter().find(|path| path.exists());
            let (Some(home), Some(last)) = (torn, tear::last_write(&trace)) else {
                return Found::Half("there is nothing to tear".to_owned());
            };
            tear::tear(home, &before, last);
        }
        self.judge(command)
    }

    fn judge(&self, command: &Command) -> Found {
        let seen = match self.seen() {
            Ok(seen) => seen,
            Err((code, said)) => {
                let expected = command.may_say.iter().any(|may| said.contains(may));
                return match (code, expected) {
                    // No home is one only if it can be made now.
                    (1, true) if command.name == "init" && !self.goes(command) => {
                        Found::Half(format!("cannot be made any more: {said}"))
                    }
                    (1 | 3, true) if self.shut.as_ref() == Some(&said) => Found::After,
                    (1 | 3, true) => Found::Error,
                    _ => Found::Half(format!("{code}: {said}")),
                };
            }
        };
        let (before, after) = (self.before.as_ref(), self.after.as_ref());
        let found = if before.is_some_and(|[now, _]| *now == seen) {
            Found::Before
        } else if after.is_some_and(|[now, _]| *now == seen) {
            Found::After
        } else if between(&seen, before, after, command.passes) {
            Found::Step
        } else {
            return Found::Half(format!("{seen:?} is neither before nor after"));
        };
        // And it goes on from there as if nothing had been.
        let settled = self.settled();
        let is_of = |one: Option<&[Seen; 2]>| one.is_some_and(|[_, later]| *later == settled);
        if is_of(before) || is_of(after) {
            found
        } else {
            Found::Half(format!("two syncs later: {settled:?}"))
        }
    }

    /// Whether the command works now.
    fn goes(&self, command: &Command) -> bool {
        self.mina(&self.words(command)).output().unwrap().status.success()
    }

    /// What is seen after two more syncs.
    fn settled(&self) -> Seen {
        for _ in 0..2 {
            let output = self.mina_with_either(&["sync"]);
            if !output.status.success() {
                return Seen::from([(String::from_utf8_lossy(&output.stderr).into_owned(), 1)]);
            }
        }
        self.seen().unwrap_or_else(|(_, said)| Seen::from([(said, 1)]))
    }

    /// The command as it should be, and what others do meanwhile.
    pub(crate) fn advance(&mut self, command: &Command) {
        self.back();
        let output = self.mina(&self.words(command)).output().unwrap();
        assert!(output.status.success(), "{}: {output:?}", command.name);
        match command.name {
            "passwd" => {
                fs::copy(self.path("new"), self.path("passphrase")).unwrap();
            }
            "join" => {
                self.joon(&["sync"]);
            }
            "sync" => {
                self.joon(&["sync"]);
                let synced = self.mina(&["sync".to_owned()]).output().unwrap();
                assert!(synced.status.success());
                self.joon(&["sync"]);
            }
            "send" => {
                self.joon(&["sync"]);
                self.joon(&["send", "Mina", "I will be there"]);
            }
            // Each command from now on has wrong passphrases to tell of, once.
            "read" | "once" => {
                let tried = self.mina(&["contacts".to_owned()]);
                let tried = { tried }.env("SOGON_PASSPHRASE_FILE", self.path("new")).output();
                assert_eq!(tried.unwrap().status.code(), Some(3));
            }
            _ => {}
        }
        self.keep();
        self.turns = false;
        self.before = self.seen().ok().map(|seen| [seen, self.settled()]);
    }

    /// What a person sees of the home; or how the program failed, and its one line.
    fn seen(&self) -> Result<Seen, (i32, String)> {
        let mut seen = Seen::new();
        for words in [&["contacts"][..], &["group", "list"], &["read"], &["alerts"]] {
            let output = self.mina_with_either(&[&["--json"], words].concat());
            if !output.status.success() {
                let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
                return Err((output.status.code().unwrap_or(-1), said));
            }
            for line in told(&String::from_utf8_lossy(&output.stdout)) {
                *seen.entry(line).or_default() += 1;
            }
        }
        Ok(seen)
    }

    /// A command of Mina's with her passphrase, or with the one that `passwd` makes of it.
    fn mina_with_either(&self, words: &[&str]) -> Output {
        let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        let name = if self.turns && self.opens_a_copy("new") { "new" } else { "passphrase" };
        self.mina(&words).env("SOGON_PASSPHRASE_FILE", self.path(name)).output().unwrap()
    }

    /// Tried on a copy: the home counts what opens nothing, and tells.
    fn opens_a_copy(&self, passphrase: &str) -> bool {
        let place = self.path("copy");
        copy(&self.path("mina"), &place);
        let mut tried = self.mina(&["contacts".to_owned()]);
        tried.env("SOGON_HOME", &place).env("SOGON_PASSPHRASE_FILE", self.path(passphrase));
        let opens = tried.output().unwrap().status.success();
        fs::remove_dir_all(place).unwrap();
        opens
    }

    fn strace(&self, command: &Command, more: &[&str]) -> Process {
        let mut strace = Process::new("strace");
        let home = self.path("mina/data");
        strace.args(["-f", "-o"]).arg(self.path("trace"));
        // A home that is being made has another name until it is whole.
        strace.arg("-P").arg(&home).arg("-P").arg(home.with_extension("new")).args(more);
        strace.arg(&self.program).args(self.words(command));
        self.surroundings(&mut strace, "mina");
        strace
    }

    fn mina(&self, words: &[String]) -> Process {
        let mut command = Process::new(&self.program);
        command.args(words);
        self.surroundings(&mut command, "mina");
        command
    }

    fn joon(&self, words: &[&str]) -> String {
        let mut command = Process::new(&self.program);
        command.args(words);
        self.surroundings(&mut command, "joon");
        let output = command.output().unwrap();
        assert!(output.status.success(), "Joon: {words:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    fn surroundings(&self, command: &mut Process, name: &str) {
        let path = std::env::var_os("PATH").unwrap_or_default();
        command.env_clear().env("PATH", path).env("LANG", "C").env("TZ", "UTC");
        command.env("SOGON_HOME", self.path(name)).env("HOME", self.place.path());
        command.env("SOGON_PASSPHRASE_FILE", self.path("passphrase"));
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    }

    fn words(&self, command: &Command) -> Vec<String> {
        let id = match command.args.contains(&"{id}") {
            true => self.last_text(),
            false => String::new(),
        };
        let word = |word: &&str| {
            word.replace("{relay}", &self.address)
                .replace("{link}", &self.link)
                .replace("{id}", &id)
                .replace("{other}", self.path("other").to_str().unwrap())
                .replace("{new}", self.path("new").to_str().unwrap())
                .replace(PLACE, self.path("mina").to_str().unwrap())
        };
        command.args.iter().map(word).collect()
    }

    /// The id of the newest text of Mina's that has words.
    fn last_text(&self) -> String {
        let output = self.mina(&["--json".to_owned(), "read".to_owned()]).output().unwrap();
        let said = String::from_utf8(output.stdout).unwrap();
        let line = said.lines().rfind(|line| line.contains("the bakery")).expect("a text");
        let object: serde_json::Value = serde_json::from_str(line).unwrap();
        object["id"].as_str().unwrap().to_owned()
    }

    fn path(&self, name: &str) -> PathBuf {
        self.place.path().join(name)
    }

    /// Home and relay as they are now are where the next tries begin.
    fn keep(&mut self) {
        self.relay_stops();
        let kept = self.path("kept");
        let _ = fs::remove_dir_all(&kept);
        for name in ["mina", "relay"] {
            copy(&self.path(name), &kept.join(name));
        }
        self.relay_starts();
    }

    /// Home and relay as they were kept.
    fn back(&mut self) {
        self.relay_stops();
        for name in ["mina", "relay"] {
            let _ = fs::remove_dir_all(self.path(name));
            copy(&self.path("kept").join(name), &self.path(name));
        }
        self.relay_starts();
    }

    fn relay_starts(&mut self) {
        let port = self.address.parse::<sogon_wire::RelayAddr>().map(|address| address.port());
        for _ in 0..5_000 {
            let mut config = Config::directory(self.path("relay"));
            if let Ok(port) = port {
                config.listen = ([127, 0, 0, 1], port).into();
            }
            match self.runtime.block_on(Relay::start(config)) {
                Ok(relay) => {
                    self.relay = Some(relay);
                    return;
                }
                // Somebody's connection has the number of the port for a moment.
                Err(sogon_relay::StartFault::PortInUse) => {}
                Err(other) => panic!("the relay does not start: {other}"),
            }
        }
        panic!("the port of the relay does not come free");
    }

    fn relay_stops(&mut self) {
        if let Some(relay) = self.relay.take() {
            self.runtime.block_on(relay.stop());
        }
    }
}

/// A program that was not killed says what went wrong in one line, or that all went well.
fn badly_said(output: &Output, blow: Blow) -> Option<String> {
    if matches!(blow, Blow::Kill | Blow::Tear) {
        return None;
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let lines = said.lines().filter(|line| line.starts_with("sogon: ")).count();
    match output.status.code() {
        Some(0) => None,
        Some(1 | 3 | 4) if lines == 1 && !said.contains("fault of this program") => None,
        code => Some(format!("{code:?}: {said}")),
    }
}

/// Whether this lies between the two: nothing that was there is gone that should not be, and nothing
/// is there that should not be, as after one of several steps a command is made of.
fn between(
    seen: &Seen,
    before: Option<&[Seen; 2]>,
    after: Option<&[Seen; 2]>,
    passes: Option<&str>,
) -> bool {
    let (Some([before, _]), Some([after, _])) = (before, after) else { return false };
    let count = |of: &Seen, line: &String| of.get(line).copied().unwrap_or(0);
    let lines = seen.keys().chain(before.keys()).chain(after.keys());
    lines.into_iter().all(|line| {
        let (least, most) = (count(before, line), count(after, line));
        // A contact who is not ready yet is one line, ready another.
        let passes = usize::from(passes.is_some_and(|passes| line.contains(passes)));
        let ends = [least.min(most), least.max(most).max(passes)];
        (ends[0]..=ends[1]).contains(&count(seen, line))
    })
}

/// What objects say that is the same each time: no ids made by chance, and not how far a text is on
/// its way.
fn told(objects: &str) -> Vec<String> {
    let mut told = Vec::new();
    for line in objects.lines() {
        let object: serde_json::Value = serde_json::from_str(line).unwrap();
        for contact in object["contacts"].as_array().into_iter().flatten() {
            told.push(format!("{} {} {}", contact["name"], contact["state"], contact["verified"]));
        }
        if object["contacts"].is_null() {
            let fields =
                ["kind", "text", "chain", "expires_s"].map(|name| object[name].to_string());
            told.push(fields.join(" "));
        }
    }
    told
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    let Ok(entries) = fs::read_dir(from) else { return };
    for entry in entries {
        let entry = entry.unwrap();
        let kind = entry.file_type().unwrap();
        if kind.is_dir() {
            copy(&entry.path(), &to.join(entry.file_name()));
        } else if kind.is_file() {
            fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
        }
    }
}
