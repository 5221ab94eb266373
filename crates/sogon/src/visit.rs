//! A command's way into the home: through the door of the process that has it open, or by opening
//! it. One of the two works out, however many commands start at the same moment.

use std::{io::Read, time::Duration};

use sogon_relay::Running;
use sogon_vault::{Vault, VaultError};
use tokio::{
    signal::unix::{SignalKind, signal},
    sync::watch,
    time::Instant,
};

use crate::{
    cli::{Cli, Command},
    commands,
    console::Console,
    desk::Desk,
    door::{self, Door, Host, Knock, Request, Stay},
    hand,
    home::Home,
    own_relay::OwnRelay,
    passphrase::Source,
    trouble::{Kind, Trouble},
    words::Words,
};

/// How long another command may have the home before this one gives up: a burst on a bad link.
const PATIENCE: Duration = Duration::from_secs(120);
/// Between two tries, at first and at most.
const PAUSE_FIRST: Duration = Duration::from_millis(10);
const PAUSE_LAST: Duration = Duration::from_millis(320);
/// Standard input beyond this is no text to be sent.
const INPUT_BYTES_MAX: u64 = 65_536;

/// Carries out a command that needs the home.
///
/// # Errors
/// What went wrong, to be told to the person. The exit code of a command carried out elsewhere is
/// given back as it is: what went wrong there was told there.
pub(crate) async fn run(
    cli: &Cli,
    args: Vec<String>,
    console: &Console,
    words: &Words,
) -> Result<u8, Trouble> {
    let home = Home::choose(cli.common.home.as_deref())?;
    let input = input(&cli.command)?;
    let opened = enter(cli, args, &home, input.clone(), words).await;
    let vault = match opened {
        Ok(Entered::Opened(vault)) => vault,
        Ok(Entered::Done(code)) => return Ok(code),
        Err(trouble) if matches!(cli.command, Command::Doctor) => {
            commands::without_home(console, words, trouble).await?;
            return Ok(0);
        }
        Err(trouble) => return Err(trouble),
    };
    let desk = |hand, ending| Desk {
        hand,
        console: console.clone(),
        words: Words::new(words.language()),
        home: home.clone(),
        input,
        ending,
    };
    stay(cli, &home, vault, desk).await.map(|()| 0)
}

/// How a command got in.
enum Entered {
    /// The home is open, here.
    Opened(Box<Vault>),
    /// Another process did it.
    Done(u8),
}

async fn enter(
    cli: &Cli,
    args: Vec<String>,
    home: &Home,
    input: Option<String>,
    words: &Words,
) -> Result<Entered, Trouble> {
    let request = Request {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        args,
        language: words.language().tag().to_owned(),
        input,
    };
    let deadline = Instant::now().checked_add(PATIENCE);
    let mut pause = PAUSE_FIRST;
    let mut passphrase = None;
    loop {
        if !home.is_there() {
            let folder = home.folder().display().to_string();
            return Err(Trouble::of(Kind::NoHome, &[("home", &folder)]));
        }
        if let Knock::Done(code) = door::knock(home, &request).await? {
            return Ok(Entered::Done(code));
        }
        let passphrase = match &passphrase {
            Some(known) => known,
            None => {
                let source = Source::choose(cli.common.passphrase_file.as_deref());
                passphrase.insert(source.existing(words)?)
            }
        };
        match home.open(passphrase) {
            Ok(vault) => return Ok(Entered::Opened(Box::new(vault))),
            Err(VaultError::Busy) if deadline.is_some_and(|end| Instant::now() < end) => {
                tokio::time::sleep(pause).await;
                pause = pause.saturating_mul(2).min(PAUSE_LAST);
            }
            Err(error) => return Err(error.into()),
        }
    }
}

/// Carries out the command in this process, and those of guests meanwhile.
async fn stay(
    cli: &Cli,
    home: &Home,
    vault: Box<Vault>,
    desk: impl FnOnce(hand::Hand, watch::Receiver<bool>) -> Desk,
) -> Result<(), Trouble> {
    let own_relay = own_relay(cli, home, &vault).await?;
    let reaches_relays = own_relay.is_some() || OwnRelay::load(&*vault)?.is_none();
    let (hand, closing) = hand::take(*vault)?;
    let (end, ending) = watch::channel(false);
    let desk = desk(hand.clone(), ending.clone());
    let stay = if cli.command.lingers() { Stay::Long } else { Stay::Short };
    let host = Host { hand, home: home.clone(), stay, reaches_relays, ending };
    // Without a door others wait until this process is done, which is slower and not wrong.
    let guests = Door::make(home).ok().map(|door| tokio::task::spawn_local(door.serve(host)));
    let done = tokio::select! {
        done = commands::run(&desk, &cli.command) => done,
        trouble = interrupted() => Err(trouble),
    };
    end.send_replace(true);
    drop(desk);
    if let Some(guests) = guests {
        let _ = guests.await;
    }
    let closed = closing.await.unwrap_or(Err(Kind::Bug.into()));
    if let Some(relay) = own_relay {
        relay.stop().await;
    }
    done.and(closed)
}

async fn own_relay(cli: &Cli, home: &Home, vault: &Vault) -> Result<Option<Running>, Trouble> {
    let listen = match &cli.command {
        Command::Open(open) => open.relay_listen,
        _ => None,
    };
    match OwnRelay::load(vault)? {
        Some(own) if cli.command.goes_out() => Ok(Some(own.start(home, listen).await?)),
        None if listen.is_some() => Err(Kind::NoOwnRelay.into()),
        _ => Ok(None),
    }
}

/// Waits for the person, or the system, to end the program.
pub(crate) async fn interrupted() -> Trouble {
    let (Ok(mut interrupt), Ok(mut terminate), Ok(mut hang_up)) = (
        signal(SignalKind::interrupt()),
        signal(SignalKind::terminate()),
        signal(SignalKind::hangup()),
    ) else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
        _ = hang_up.recv() => {}
    }
    Kind::Interrupted.into()
}

/// Standard input, for the command that takes it.
fn input(command: &Command) -> Result<Option<String>, Trouble> {
    let Command::Send(send) = command else { return Ok(None) };
    if send.text != "-" {
        return Ok(None);
    }
    let mut bytes = Vec::new();
    let read = std::io::stdin().lock().take(INPUT_BYTES_MAX).read_to_end(&mut bytes);
    match (read, String::from_utf8(bytes)) {
        (Ok(_), Ok(text)) => Ok(Some(text)),
        _ => Err(Kind::BadInput.into()),
    }
}
