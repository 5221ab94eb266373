//! A home whose guesses need the TPM of its device, with a TPM 2.0 in software where there is one
//! (`cargo xtask tpm` says so when there is none); how the program speaks to it is tested in its own
//! rooms, without.
#![cfg(test)]
#![cfg(target_os = "linux")]

mod cast;

use std::{
    fs,
    io::{Read, Write},
    os::unix::net::UnixStream,
    path::PathBuf,
    process::{Child, Command, Stdio},
};

use cast::{Person, Ran, World};

/// A TPM in software, with its state in a folder.
struct SoftTpm {
    process: Child,
    socket: PathBuf,
}

impl SoftTpm {
    /// Starts one; `None` where this machine has none.
    fn start(world: &World, name: &str) -> Option<Self> {
        let state = world.folder.path().join(name);
        fs::create_dir_all(&state).unwrap();
        let socket = state.join("socket");
        let _ = fs::remove_file(&socket);
        let mut process = Command::new("swtpm")
            .args(["socket", "--tpm2", "--flags", "not-need-init,startup-clear"])
            .arg("--tpmstate")
            .arg(format!("dir={}", state.display()))
            .arg("--server")
            .arg(format!("type=unixio,path={}", socket.display()))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .ok()?;
        // It listens, or it has ended and never will.
        while UnixStream::connect(&socket).is_err() {
            assert!(process.try_wait().unwrap().is_none(), "swtpm does not start");
        }
        Some(Self { process, socket })
    }

    fn name(&self) -> String {
        format!("tpm:{}", self.socket.display())
    }

    /// Its owner makes it forget everything (TPM2_Clear, by the platform).
    fn clear(&self) {
        let mut socket = UnixStream::connect(&self.socket).unwrap();
        let command = [
            0x80, 0x02, 0, 0, 0, 27, 0, 0, 0x01, 0x26, 0x40, 0, 0, 0x0c, 0, 0, 0, 9, 0x40, 0, 0, 9,
            0, 0, 0, 0, 0,
        ];
        socket.write_all(&command).unwrap();
        let mut answer = [0; 10];
        socket.read_exact(&mut answer).unwrap();
        assert_eq!(answer[6..], [0; 4], "it clears itself");
    }
}

impl Drop for SoftTpm {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[test]
fn a_home_made_with_a_tpm_opens_with_that_tpm_only_and_leaves_no_trace_of_it() {
    let world = World::new();
    let Some(tpm) = SoftTpm::start(&world, "tpm") else { return };
    let other = SoftTpm::start(&world, "another tpm").unwrap();
    let mina = world.stranger("Mina");
    let with = |name: &str, words: &[&str]| -> Vec<String> {
        let device = ["--device-secret", name].map(str::to_owned);
        words.iter().map(|word| (*word).to_owned()).chain(device).collect()
    };
    let run = |person: &Person, words: &[String]| {
        person.run(&words.iter().map(String::as_str).collect::<Vec<_>>())
    };
    let init = ["init", "--light", "--name", "Mina", "--relay", world.address()];
    assert_eq!(run(&mina, &with(&tpm.name(), &init)).code, 0);
    let files: Vec<_> = fs::read_dir(&mina.home).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(files, ["data"], "nothing says that there is a chip");
    let contacts = |name: &str| run(&mina, &with(name, &["contacts"]));
    assert_eq!(contacts(&tpm.name()).code, 0);
    // A copy of the home on another device, with the passphrase.
    mina.run(&["contacts"]).failed(3, "opens nothing");
    contacts(&other.name()).failed(3, "opens nothing");
    contacts("tpm:/nowhere").failed(3, "does not answer");
    // Two guesses were made; one was not, since nobody answered.
    let alerts = run(&mina, &with(&tpm.name(), &["--json", "alerts"])).out;
    let tried = "\"detail\":\"2 ";
    assert!(alerts.contains("tried-while-closed") && alerts.contains(tried), "{alerts}");

    // The passphrase, a duress passphrase and a decoy work as they do without.
    let place = world.folder.path();
    let [new, decoy] = ["new", "decoy"].map(|name| place.join(name));
    fs::write(&new, "돌다리도 두들겨 보고").unwrap();
    fs::write(&decoy, "여름 휴가").unwrap();
    let passwd = ["passwd", "--new-passphrase-file", new.to_str().unwrap()];
    assert_eq!(run(&mina, &with(&tpm.name(), &passwd)).code, 0);
    let mina = Person { passphrase: new, ..mina };
    let add = ["decoy", "add", "--no-duress", "--name", "M", "--relay", world.address()];
    let file = ["--decoy-passphrase-file", decoy.to_str().unwrap()];
    let added = run(&mina, &with(&tpm.name(), &[&add[..], &file].concat()));
    assert_eq!(added.code, 0, "{added:?}");
    let contacts = |name: &str| run(&mina, &with(name, &["contacts"]));
    assert_eq!(contacts(&tpm.name()).code, 0);

    // It starts anew and is the same; cleared, it is another one, and the home is gone.
    drop(tpm);
    let tpm = SoftTpm::start(&world, "tpm").unwrap();
    assert_eq!(contacts(&tpm.name()).code, 0);
    tpm.clear();
    contacts(&tpm.name()).failed(3, "opens nothing");
}

/// Three people at one home on a device with a chip: a passphrase each.
struct Three {
    chip: String,
    home: PathBuf,
    folder: PathBuf,
}

impl Three {
    fn file(&self, typed: &str) -> PathBuf {
        let file = self.folder.join(typed);
        fs::write(&file, typed).unwrap();
        file
    }

    /// Runs a command under this passphrase.
    fn types(&self, typed: &str, args: &[&str]) -> Ran {
        let person = Person {
            name: "Mina".to_owned(),
            home: self.home.clone(),
            passphrase: self.file(typed),
        };
        let mut command = person.command(args);
        Ran::of(command.env("SOGON_DEVICE_SECRET_FILE", &self.chip).output().unwrap())
    }

    /// Whether this passphrase opens the decoy, in which there are notes, or the home.
    fn opens_decoy(&self, typed: &str) -> bool {
        let ran = self.types(typed, &["read"]);
        assert_eq!(ran.code, 0, "{ran:?}");
        ran.out.contains("bread, milk")
    }

    fn opens_nothing(&self, typed: &str) {
        self.types(typed, &["read"]).failed(3, "opens nothing");
    }
}

const OWN: &str = "돌다리도 두들겨 보고";
const DECOY: &str = "여름 휴가 사진";
const DURESS: &str = "겨울 휴가 사진";

#[test]
fn with_a_chip_every_kind_of_passphrase_and_every_wipe_does_what_it_does_without() {
    let world = World::new();
    let Some(tpm) = SoftTpm::start(&world, "tpm") else { return };
    let folder = world.folder.path().to_path_buf();
    let mut mina = Three { chip: tpm.name(), home: folder.join("home"), folder: folder.clone() };
    let relay = ["--relay", world.address()];
    let init = [&["init", "--light", "--name", "Mina"], &relay[..]].concat();
    assert_eq!(mina.types(OWN, &init).code, 0);
    let [decoy, duress] = [DECOY, DURESS].map(|typed| mina.file(typed).display().to_string());
    let notes = folder.join("notes");
    fs::write(&notes, "2025-01-31 bread, milk\n").unwrap();
    let notes = notes.display().to_string();
    let files = ["--decoy-passphrase-file", &decoy, "--duress-passphrase-file", &duress];
    let files = [&files[..], &["--notes", &notes]].concat();
    let add = [&["decoy", "add", "--name", "Mina"], &relay[..], &files].concat();
    assert_eq!(mina.types(OWN, &add).code, 0);
    let data = mina.home.join("data");
    let before = folder.join("an image from before");
    fs::copy(&data, &before).unwrap();

    // Each opens its own, with the chip only.
    let chip = mina.chip.clone();
    for (typed, decoy) in [(OWN, false), (DECOY, true), (OWN, false)] {
        assert_eq!(mina.opens_decoy(typed), decoy);
        mina.chip = String::new();
        mina.opens_nothing(typed);
        mina.chip = "tpm:/nowhere".to_owned();
        mina.types(typed, &["read"]).failed(3, "does not answer");
        mina.chip.clone_from(&chip);
    }
    mina.opens_nothing("아무 말이나");

    // Under force: the decoy, and the home is gone, for the chip too.
    assert!(mina.opens_decoy(DURESS));
    mina.opens_nothing(OWN);
    mina.opens_nothing(DECOY);
    assert!(mina.opens_decoy(DURESS));

    // A wipe of one home, and of everything.
    fs::copy(&before, &data).unwrap();
    assert_eq!(mina.types(OWN, &["wipe", "--yes"]).code, 0);
    mina.opens_nothing(OWN);
    assert!(mina.opens_decoy(DECOY));
    assert_eq!(mina.types(DECOY, &["wipe", "--all", "--yes"]).code, 0);
    for typed in [OWN, DECOY, DURESS] {
        mina.opens_nothing(typed);
    }

    // The chip keeps nothing of a home, so there is nothing in it that a wipe could take away: an
    // image from before opens at this device, as WATCHERS says, until the chip is cleared.
    fs::copy(&before, &data).unwrap();
    assert!(!mina.opens_decoy(OWN));
    tpm.clear();
    fs::copy(&before, &data).unwrap();
    for typed in [OWN, DECOY, DURESS] {
        mina.opens_nothing(typed);
    }
}
