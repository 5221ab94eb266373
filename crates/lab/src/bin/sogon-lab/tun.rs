//! Two network namespaces with a poor link between them, and a program in each.
//!
//! This process stays outside and holds the weather; in each namespace runs one of its own kind
//! that opens a TUN device, carries packets between it and a Unix socket, and runs the program.

mod card;
mod end;
mod talk;

use std::{
    ffi::OsString,
    process::{ExitCode, Stdio},
    sync::Arc,
    time::Duration,
};

use clap::Args;
use sogon_lab::weather::{Counters, Lane, Weather};
use tokio::{
    net::{UnixListener, UnixStream},
    process::{Child, Command},
    time::{Instant, timeout},
};

pub(crate) use end::{End, end};
use talk::{Talk, Telling};

/// What an end's own failures give; a program may give it too, and then has said why.
const END_FAILED: u8 = 125;
const BEGIN_MAX: Duration = Duration::from_secs(20);
const END_MAX: Duration = Duration::from_secs(10);

#[derive(Args, Debug)]
pub(crate) struct Options {
    #[command(flatten)]
    sky: crate::link::Sky,
    /// A command for the shell at the far end, 10.77.0.2, for example a relay. The program at the
    /// near end starts when it has printed its first line, and finds that in SOGON_LAB_FAR.
    #[arg(long, value_name = "COMMAND")]
    far: Option<String>,
    /// Print the counts at the end as one JSON object, on standard error.
    #[arg(long)]
    json: bool,
    /// The program at the near end, 10.77.0.1, and its arguments.
    #[arg(last = true, required = true)]
    near: Vec<OsString>,
}

pub(crate) fn run(options: &Options) -> ExitCode {
    let run = options.sky.weather().and_then(|weather| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| error.to_string())?;
        runtime.block_on(ends(options, weather))
    });
    match run {
        Ok((code, counters)) => {
            let counts = match options.json {
                true => crate::link::object(&counters),
                false => crate::link::words(&counters),
            };
            eprintln!("{counts}");
            ExitCode::from(code)
        }
        Err(fault) => crate::failed(&fault),
    }
}

/// Runs both ends until the near program has ended: its exit code, and what crossed the link.
async fn ends(options: &Options, weather: Weather) -> Result<(u8, Counters), String> {
    may_make_namespaces().await?;
    let mtu = weather.up.mtu.min(weather.down.mtu);
    if mtu > 1_500 {
        return Err("a TUN link takes packets of at most 1500 bytes: set mtu=1500".to_owned());
    }
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    let place = folder.path().join("link");
    let listener = UnixListener::bind(&place).map_err(|error| error.to_string())?;
    let begin = |near: bool| {
        let mut command = Command::new("unshare");
        command.args(["--user", "--map-root-user", "--net", "--"]);
        command.arg(std::env::current_exe().unwrap_or_else(|_| "sogon-lab".into()));
        command.arg("tun-end").arg(&place).args(["--mtu", &mtu.to_string()]);
        if near {
            command.arg("--near").arg("--").args(&options.near);
        } else {
            command.stdin(Stdio::null());
            if let Some(far) = &options.far {
                command.arg("--").args(["sh", "-c", far]);
            }
        }
        command.kill_on_drop(true).spawn().map_err(|error| format!("unshare: {error}"))
    };
    let mut far_child = begin(false)?;
    let mut far = joined(&listener, &mut far_child).await?;
    let mut near_child = begin(true)?;
    let mut near = joined(&listener, &mut near_child).await?;

    let begun = Instant::now();
    let (up, down) = weather.pipes();
    let (up, down) = (Arc::new(Lane::new(up, begun)), Arc::new(Lane::new(down, begun)));
    let code = loop {
        tokio::select! {
            told = near.hear() => match told? {
                Telling::Packet(packet) => push(&up, packet),
                Telling::Ended(code) => break code,
                Telling::Ready(_) | Telling::Stop => {}
            },
            told = far.hear() => match told? {
                Telling::Packet(packet) => push(&down, packet),
                Telling::Ready(line) => near.tell(&Telling::Ready(line)).await?,
                Telling::Ended(code) => {
                    return Err(format!("the far program ended first, with {code}"));
                }
                Telling::Stop => {}
            },
            packet = up.next() => far.tell(&Telling::Packet(packet)).await?,
            packet = down.next() => near.tell(&Telling::Packet(packet)).await?,
        }
    };
    let (up, down) = (up.tally(), down.tally());
    let _ = far.tell(&Telling::Stop).await;
    let _ = near.tell(&Telling::Stop).await;
    for child in [&mut far_child, &mut near_child] {
        let _ = timeout(END_MAX, child.wait()).await;
    }
    Ok((code, Counters { up, down, ..Counters::default() }))
}

fn push(lane: &Lane<Vec<u8>>, packet: Vec<u8>) {
    let bytes = packet.len();
    lane.push([(packet, bytes)]);
}

/// The next end that reports, unless the process that should become it ends first.
async fn joined(listener: &UnixListener, child: &mut Child) -> Result<Talk, String> {
    let joined = async {
        tokio::select! {
            joined = listener.accept() => {
                let (socket, _): (UnixStream, _) = joined.map_err(|error| error.to_string())?;
                Ok(Talk::new(socket))
            }
            _ = child.wait() => Err("an end of the link could not be made".to_owned()),
        }
    };
    let late = |_| "an end of the link does not answer".to_owned();
    timeout(BEGIN_MAX, joined).await.map_err(late)?
}

async fn may_make_namespaces() -> Result<(), String> {
    let mut command = Command::new("unshare");
    command.args(["--user", "--map-root-user", "--net", "--", "true"]);
    let tried = command.stdin(Stdio::null()).output().await;
    let why = match tried {
        Ok(done) if done.status.success() => return Ok(()),
        Ok(done) => String::from_utf8_lossy(&done.stderr).trim().to_owned(),
        Err(error) => format!("unshare: {error}"),
    };
    Err(format!(
        "this system lets you make no network namespaces ({why}): allow user namespaces (sysctl \
         user.max_user_namespaces, kernel.unprivileged_userns_clone or \
         kernel.apparmor_restrict_unprivileged_userns), or use `sogon-lab link --to ADDR`, which \
         needs none"
    ))
}
