//! One end of the link, inside its namespace.

use std::{
    ffi::OsString,
    path::PathBuf,
    process::{ExitCode, ExitStatus, Stdio},
};

use clap::Args;
use tokio::{
    io::{AsyncBufReadExt, BufReader, Lines},
    net::UnixStream,
    process::{Child, ChildStdout, Command},
    time::timeout,
};

use super::{
    END_FAILED, END_MAX,
    card::Card,
    talk::{Talk, Telling},
};

#[derive(Args, Debug)]
pub(crate) struct End {
    /// The socket of the middle.
    middle: PathBuf,
    #[arg(long)]
    near: bool,
    #[arg(long)]
    mtu: usize,
    /// The program and its arguments.
    #[arg(last = true)]
    command: Vec<OsString>,
}

pub(crate) fn end(end: &End) -> ExitCode {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let run = runtime.map_err(|error| error.to_string());
    match run.and_then(|runtime| runtime.block_on(run_end(end))) {
        Ok(()) => ExitCode::SUCCESS,
        Err(fault) => {
            eprintln!("{fault}");
            ExitCode::from(END_FAILED)
        }
    }
}

async fn run_end(end: &End) -> Result<(), String> {
    let address = if end.near { "10.77.0.1/24" } else { "10.77.0.2/24" };
    let mut card = Card::open(address, end.mtu).await?;
    let middle = UnixStream::connect(&end.middle).await.map_err(|error| error.to_string())?;
    let mut middle = Talk::new(middle);
    let mut program = Program::default();
    if !end.near {
        match end.command.is_empty() {
            true => middle.tell(&Telling::Ready(Vec::new())).await?,
            false => program.start(end, None)?,
        }
    }
    let over = carry(end, &mut card, &mut middle, &mut program).await;
    program.stop().await;
    over
}

/// Carries packets until it is over.
async fn carry(
    end: &End,
    card: &mut Card,
    middle: &mut Talk,
    program: &mut Program,
) -> Result<(), String> {
    loop {
        tokio::select! {
            packet = card.sent() => {
                let packet = packet.map_err(|error| error.to_string())?;
                middle.tell(&Telling::Packet(packet)).await?;
            }
            // A middle that is gone takes its ends with it.
            told = middle.hear() => match told? {
                Telling::Packet(packet) => card.arrived(&packet),
                Telling::Ready(line) => program.start(end, Some(&line))?,
                Telling::Stop => return Ok(()),
                Telling::Ended(_) => {}
            },
            telling = program.next() => middle.tell(&telling).await?,
        }
    }
}

fn code(ended: Option<ExitStatus>) -> u8 {
    ended.and_then(|ended| ended.code()).and_then(|code| u8::try_from(code).ok()).unwrap_or(1)
}

/// The program of an end.
#[derive(Default)]
struct Program {
    child: Option<Child>,
    /// The far program's output.
    lines: Option<Lines<BufReader<ChildStdout>>>,
    said: bool,
}

impl Program {
    fn start(&mut self, end: &End, line: Option<&[u8]>) -> Result<(), String> {
        let Some((name, words)) = end.command.split_first() else { return Ok(()) };
        let mut command = Command::new(name);
        command.args(words).kill_on_drop(true);
        match line {
            Some(line) => {
                command.env("SOGON_LAB_FAR", String::from_utf8_lossy(line).into_owned());
            }
            None => {
                // A group of its own, so that all it starts can be ended with it.
                command.stdout(Stdio::piped()).process_group(0);
            }
        }
        let child = command.spawn();
        let mut child = child.map_err(|error| format!("{}: {error}", name.display()))?;
        self.lines = child.stdout.take().map(|stdout| BufReader::new(stdout).lines());
        self.child = Some(child);
        Ok(())
    }

    /// The first line of the far program, or that a program has ended.
    async fn next(&mut self) -> Telling {
        let Some(child) = &mut self.child else { return std::future::pending().await };
        loop {
            let line = async {
                match &mut self.lines {
                    Some(lines) => lines.next_line().await.ok().flatten(),
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                line = line => match line {
                    // What it says later is for people.
                    Some(line) if self.said => eprintln!("{line}"),
                    Some(line) => {
                        self.said = true;
                        return Telling::Ready(line.into_bytes());
                    }
                    None => self.lines = None,
                },
                ended = child.wait() => {
                    self.child = None;
                    return Telling::Ended(code(ended.ok()));
                }
            }
        }
    }

    /// Asks the program to end, and waits for it a while.
    async fn stop(&mut self) {
        let Some(child) = &mut self.child else { return };
        if let Some(id) = child.id() {
            let group =
                if self.said || self.lines.is_some() { format!("-{id}") } else { id.to_string() };
            // The second is for what outlived the first in its group.
            for signal in ["-TERM", "-KILL"] {
                let _ = Command::new("kill").args([signal, "--", &group]).output().await;
                let _ = timeout(END_MAX, child.wait()).await;
            }
        }
    }
}
