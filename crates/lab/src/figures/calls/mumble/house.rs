//! A folder with a display, a sound server and certificates, in which programs for people run alone.

use std::{
    ffi::OsStr,
    fmt::Write as _,
    fs,
    io::{BufRead, BufReader},
    net::SocketAddr,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use tempfile::TempDir;
use tokio::time::interval_at;

/// How long the sound server may take to begin.
const PATIENCE: Duration = Duration::from_secs(30);

/// Where a program lies; servers often lie where only the administrator looks.
pub(super) fn find(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders =
        std::env::split_paths(&path).chain(["/usr/sbin".into(), "/usr/local/sbin".into()]);
    folders.map(|folder| folder.join(name)).find(|program| program.is_file())
}

/// Lets real time pass: these programs tell nobody when they are ready.
pub(super) async fn pass(time: Duration) {
    interval_at(tokio::time::Instant::now() + time, time).tick().await;
}

/// A program that runs until it is no longer needed.
pub(super) struct Program(Child);

impl Program {
    fn start(command: &mut Command) -> Self {
        command.stdin(Stdio::null()).stderr(Stdio::null());
        Self(command.spawn().unwrap())
    }

    /// Whether it has ended by itself.
    pub(super) fn is_over(&self) -> bool {
        // What has ended and was not asked for has no command line any more.
        let line = fs::read(format!("/proc/{}/cmdline", self.0.id()));
        line.is_ok_and(|line| line.is_empty())
    }

    /// What it took of a core so far, all its threads together.
    pub(super) fn seconds_of_cpu(&self) -> f64 {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.0.id())).unwrap_or_default();
        // In hundredths of a second, for itself and for the system.
        ticks(&stat) / 100.0
    }
}

/// The times of a line of `/proc/PID/stat`: the name before them may hold anything.
fn ticks(stat: &str) -> f64 {
    let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
    fields.skip(11).take(2).filter_map(|field| field.parse::<f64>().ok()).sum()
}

impl Drop for Program {
    fn drop(&mut self) {
        // Asked, not killed: a display leaves a lock behind when it is.
        let _ = Command::new("kill").arg(self.0.id().to_string()).stderr(Stdio::null()).status();
        let _ = self.0.wait();
    }
}

/// A client as it is to be.
pub(super) struct Client {
    /// Who it is; `mouth` speaks and `ear` hears.
    pub(super) name: &'static str,
    pub(super) server: SocketAddr,
    pub(super) bits_per_s: usize,
    /// Of 10 ms, in one packet.
    pub(super) frames: u32,
}

/// All that the calls of one run share.
pub(super) struct House {
    display: String,
    // In the order in which they go.
    _sound: Program,
    _screen: Program,
    place: TempDir,
}

impl House {
    /// Opens one with room for so many calls.
    pub(super) async fn open(calls: usize) -> Result<Self, String> {
        let place = tempfile::Builder::new().prefix("figures-").tempdir().unwrap();
        let mut screen = command(place.path(), "Xvfb");
        screen.args("-displayfd 1 -nolisten tcp -screen 0 800x600x24".split(' '));
        let mut screen = Program::start(screen.stdout(Stdio::piped()));
        let mut number = String::new();
        let told = BufReader::new(screen.0.stdout.take().unwrap()).read_line(&mut number);
        told.map_err(|error| format!("no display: {error}"))?;
        let sound = Program::start(sound(place.path(), calls).stdout(Stdio::null()));
        let house =
            Self { display: format!(":{}", number.trim()), _sound: sound, _screen: screen, place };
        let deadline = Instant::now() + PATIENCE;
        while !house.at("sound").exists() {
            if Instant::now() > deadline {
                return Err("PulseAudio did not begin".to_owned());
            }
            pass(Duration::from_millis(100)).await;
        }
        house.certify()?;
        Ok(house)
    }

    fn at(&self, name: &str) -> PathBuf {
        self.place.path().join(name)
    }

    /// A certificate that stands for the server and, in another form, for the clients: without one
    /// they would ask their owner to make one.
    fn certify(&self) -> Result<(), String> {
        for words in [
            "req -x509 -newkey rsa:2048 -nodes -subj /CN=lab -days 30 -keyout key.pem -out cert.pem",
            "pkcs12 -export -passout pass: -inkey key.pem -in cert.pem -out both.p12",
            "x509 -in cert.pem -noout -fingerprint -sha1 -out print",
        ] {
            let mut openssl = command(self.place.path(), "openssl");
            let done = openssl.args(words.split(' ')).output().unwrap();
            if !done.status.success() {
                return Err(format!("openssl: {}", String::from_utf8_lossy(&done.stderr)));
            }
        }
        Ok(())
    }

    /// The SHA-1 of the server's certificate, which clients note when their owner trusts it.
    fn fingerprint(&self) -> String {
        let print = fs::read_to_string(self.at("print")).unwrap();
        let (_, digits) = print.trim().split_once('=').expect("a name before the digits");
        digits.replace(':', "").to_lowercase()
    }

    /// The server of the n-th call.
    pub(super) fn server(&self, program: &Path, nth: usize, addr: SocketAddr) -> Program {
        let place = self.place.path();
        let file = place.join(format!("server{nth}.ini"));
        let mut words = format!(
            "database={0}/server{nth}.sqlite\nlogfile={0}/server{nth}.log\npidfile=\nhost={1}\n\
             port={2}\nsslCert={0}/cert.pem\nsslKey={0}/key.pem\nbandwidth=558000\nbonjour=false\n\
             ice=\ndbus=\n",
            place.display(),
            addr.ip(),
            addr.port(),
        );
        // Run by root it would become somebody who may not write here.
        if fs::metadata(place).unwrap().uid() == 0 {
            words += "uname=root\n";
        }
        fs::write(&file, words).unwrap();
        let mut server = command(place, program);
        Program::start(server.arg("-fg").arg("-ini").arg(&file).stdout(Stdio::null()))
    }

    /// A client in the n-th call. It trusts the server already, sends all the time as ours do, and
    /// changes nothing of what it hears; how it fills its buffers is left as it comes.
    pub(super) fn client(&self, nth: usize, client: &Client) -> Program {
        let Client { name, server, bits_per_s, frames } = client;
        let home = self.at(&format!("{name}{nth}"));
        let (config, data) = (home.join("config/Mumble"), home.join("data/Mumble/Mumble"));
        for folder in [&config, &data] {
            fs::create_dir_all(folder).unwrap();
        }
        let certificate = escaped(&fs::read(self.at("both.p12")).unwrap());
        let (source, sink) = match *name {
            "mouth" => (format!("mic{nth}"), "nowhere".to_owned()),
            _ => ("nowhere.monitor".to_owned(), format!("ear{nth}")),
        };
        let words = format!(
            "[General]\nlastupdate=2\n\
             [audio]\ntransmit=0\nquality={bits_per_s}\nloudness=30000\nnoisesupress=0\n\
             denoise=false\nnoiseCancelMode=0\necho=false\nechooptionid=0\npositional=false\n\
             input=PulseAudio\noutput=PulseAudio\n\
             [net]\nframesperpacket={frames}\nqos=false\nreconnect=true\n\
             connectiontimeoutdurationmsec=90000\ncertificate=\"@ByteArray({certificate})\"\n\
             [pulseaudio]\ninput={source}\noutput={sink}\n\
             [ui]\nupdatecheck=false\nplugincheck=false\ndisablepubliclist=true\nusage=false\n\
             askonquit=false\n\
             [consent]\npingserversdialogviewed=true\n\
             [shortcut]\nenable=false\n[tts]\nenable=false\n[overlay]\nenable=false\n"
        );
        fs::write(config.join("Mumble.conf"), words).unwrap();
        let trusted = rusqlite::Connection::open(data.join("mumble.sqlite")).unwrap();
        let known = "CREATE TABLE cert (id INTEGER PRIMARY KEY AUTOINCREMENT, hostname TEXT, \
                     port INTEGER, digest TEXT)";
        trusted.execute(known, ()).unwrap();
        let row = (server.ip().to_string(), server.port(), self.fingerprint());
        let trust = "INSERT INTO cert (hostname, port, digest) VALUES (?, ?, ?)";
        trusted.execute(trust, row).unwrap();
        let mut program = command(self.place.path(), "mumble");
        program.env("HOME", &home).env("XDG_CONFIG_HOME", home.join("config"));
        program.env("XDG_DATA_HOME", home.join("data")).env("DISPLAY", &self.display);
        program.args(["-m", "-n"]).arg(format!("mumble://{name}@{server}/"));
        Program::start(program.stdout(Stdio::null()))
    }

    /// Says this into the microphone of the n-th call, and ends.
    pub(super) fn play(&self, nth: usize, said: &[i16]) -> Program {
        let file = self.at(&format!("said{nth}"));
        fs::write(&file, said.iter().flat_map(|sample| sample.to_le_bytes()).collect::<Vec<_>>())
            .unwrap();
        let mut pacat = command(self.place.path(), "pacat");
        pacat.args("--playback --raw --format=s16le --rate=16000 --channels=1".split(' '));
        pacat.arg("--latency-msec=100").arg(format!("--device=mouth{nth}")).arg(file);
        Program::start(pacat.stdout(Stdio::null()))
    }

    /// Records both ends of the n-th call, until it is dropped.
    pub(super) fn record(&self, nth: usize) -> Program {
        let mut pacat = command(self.place.path(), "pacat");
        pacat.args("--record --raw --format=s16le --rate=16000 --channels=2".split(' '));
        pacat.arg("--channel-map=front-left,front-right").arg("--latency-msec=20");
        pacat.arg(format!("--device=stage{nth}.monitor")).arg(self.at(&format!("tape{nth}")));
        Program::start(pacat.stdout(Stdio::null()))
    }

    /// What was recorded, left and right.
    pub(super) fn recorded(&self, nth: usize) -> Vec<[i16; 2]> {
        let bytes = fs::read(self.at(&format!("tape{nth}"))).unwrap_or_default();
        let pairs = bytes.chunks_exact(4);
        pairs
            .map(|b| [i16::from_le_bytes([b[0], b[1]]), i16::from_le_bytes([b[2], b[3]])])
            .collect()
    }
}

/// A program that sees nothing of its owner but this folder.
fn command(place: &Path, program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    command.current_dir(place).env_clear().env("LANG", "C.UTF-8").env("HOME", place);
    command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
    for name in ["XDG_RUNTIME_DIR", "XDG_CONFIG_HOME", "PULSE_RUNTIME_PATH", "PULSE_STATE_PATH"] {
        command.env(name, place);
    }
    command.env("PULSE_SERVER", format!("unix:{}/sound", place.display()));
    command
}

/// The sound server: for each call a device of two channels, with names for its ends.
fn sound(place: &Path, calls: usize) -> Command {
    let mut command = command(place, "pulseaudio");
    command.args("-n --daemonize=no --exit-idle-time=-1 --use-pid-file=no".split(' '));
    command.args("--disable-shm=yes --realtime=no --resample-method=speex-float-5".split(' '));
    let mut load = |words: String| {
        command.arg("-L").arg(words);
    };
    let end = |of: &str, side: &str| {
        format!("master={of} channels=1 channel_map=mono master_channel_map=front-{side} remix=no")
    };
    load("module-null-sink sink_name=nowhere rate=48000".to_owned());
    for nth in 0..calls {
        let stage = format!("stage{nth}");
        load(format!(
            "module-null-sink sink_name={stage} rate=48000 format=s16le channels=2 \
             channel_map=front-left,front-right"
        ));
        load(format!("module-remap-sink sink_name=mouth{nth} {}", end(&stage, "left")));
        load(format!("module-remap-sink sink_name=ear{nth} {}", end(&stage, "right")));
        let monitor = format!("{stage}.monitor");
        load(format!("module-remap-source source_name=mic{nth} {}", end(&monitor, "left")));
    }
    // The last one: when its socket is there, all of them are.
    load(format!("module-native-protocol-unix socket={}/sound auth-anonymous=1", place.display()));
    command
}

/// Bytes as Qt writes them into its settings.
fn escaped(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "\\x{byte:x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_behind_a_name_that_looks_like_one() {
        let stat = "7 (a) 9 (b) S 1 7 7 0 -1 4194304 100 0 0 0 250 30 8 9 20 0 4 0 100 200 300";
        assert!((ticks(stat) - 280.0).abs() < 1e-9);
        assert!(ticks("") < 1e-9);
    }

    #[test]
    fn each_byte_ends_where_the_next_begins() {
        assert_eq!(escaped(&[0x30, 0x82, 0x09, b'"']), "\\x30\\x82\\x9\\x22");
    }
}
