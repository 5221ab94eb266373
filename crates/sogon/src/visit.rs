//! A command's way into the home: through the door of the process that has it open, or by opening
//! it. One of the two works out, however many commands start at the same moment.

use std::{cell::Cell, rc::Rc, time::Duration};

use serde_json::json;
use sogon_carry::Proxy;
use sogon_relay::Running;
use sogon_vault::{Passphrase, Refused, Vault, VaultError};
use tokio::{
    signal::unix::{SignalKind, signal},
    sync::watch,
    time::Instant,
};

use crate::{
    asked::{self, Asked},
    chat,
    cli::{Cli, Command},
    commands,
    console::Console,
    desk::Desk,
    door::{self, Door, Host, Knock, Left, Request, Stay},
    hand::{self, Hand},
    home::{Home, Opened},
    keeper::{Ending, Farewell},
    nap::Nap,
    own_relay::OwnRelay,
    page::Page,
    passphrase::Source,
    proxy,
    resident::Rings,
    sleep,
    tray::Waiting,
    tries::Tries,
    trouble::{Kind, Trouble},
    words::Words,
};

/// How long another command may have the home before this one gives up: a burst on a bad link.
const PATIENCE: Duration = Duration::from_secs(120);
/// Between two tries, at first and at most.
const PAUSE_FIRST: Duration = Duration::from_millis(10);
const PAUSE_LAST: Duration = Duration::from_millis(320);

/// Carries out a command that needs the home.
///
/// # Errors
/// What went wrong, to be told to the person. The exit code of a command carried out elsewhere is
/// given back as it is: what went wrong there was told there.
pub(crate) async fn run(
    cli: &Cli,
    mut args: Vec<String>,
    console: &Console,
    words: &Words,
) -> Result<u8, Trouble> {
    if let Command::Chat(_) = cli.command {
        chat::terminal()?;
    }
    let proxy = match &cli.common.proxy {
        Some(proxy) => Some(proxy.clone()),
        None => proxy::of_environment()?,
    };
    if let (None, Some(proxy)) = (&cli.common.proxy, &proxy) {
        // A process that has the home open must know what this one was told.
        args.insert(0, format!("--proxy={proxy}"));
    }
    let folder = match &cli.common.folder {
        Some(folder) => folder.clone(),
        None => std::env::current_dir().unwrap_or_default(),
    };
    if let (None, Command::File(_) | Command::Voice(_) | Command::Carry(_), Some(folder)) =
        (&cli.common.folder, &cli.command, folder.to_str())
    {
        // A process that has the home open is in a folder of its own.
        args.insert(0, format!("--folder={folder}"));
    }
    let home = Home::choose(cli.common.home.as_deref())?;
    let home = home.with_device(cli.common.device_secret.as_deref())?;
    let Asked { input, passphrase } = asked::ask(cli, &home, words)?;
    let request = Request {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        args,
        language: words.language().tag().to_owned(),
        input: input.clone(),
    };
    if let Some(code) = from_outside(cli, &home, &request, console, words).await? {
        return Ok(code);
    }
    let opened = match enter(cli, &home, &request, passphrase, words).await {
        Ok(Entered::Opened(opened)) => *opened,
        Ok(Entered::Done(code)) => return Ok(code),
        Ok(Entered::Line(stream)) => return Box::pin(chat::there(cli, stream, words)).await,
        Err(trouble) if matches!(cli.command, Command::Doctor) => {
            commands::without_home(console, words, trouble).await?;
            return Ok(0);
        }
        Err(trouble) => return Err(trouble),
    };
    let own_relay = own_relay(cli, &home, &opened.vault).await?;
    let (page, mut rings) = match &cli.command {
        Command::Open(options) => {
            let (page, rings) = Page::serve(options).await?;
            (Some(Rc::new(page)), Some(rings))
        }
        _ => (None, None),
    };
    let desk = |hand, ending, busy| Desk {
        hand,
        console: console.clone(),
        words: Words::new(words.language()),
        tag: cli.common.lang.clone(),
        home: home.clone(),
        input: input.clone(),
        page: page.clone(),
        folder: folder.clone(),
        ending,
        busy,
    };
    let relay_here = own_relay.is_some();
    let done =
        stay(cli, proxy.as_ref(), &home, opened, relay_here, &desk, console, words, rings.as_mut())
            .await;
    if let Some(page) = &page {
        page.end().await;
    }
    if let Some(relay) = own_relay {
        relay.stop().await;
    }
    done.map(|()| 0)
}

/// Commands that do not open a home: they speak to the process that has, or to the file.
async fn from_outside(
    cli: &Cli,
    home: &Home,
    request: &Request,
    console: &Console,
    words: &Words,
) -> Result<Option<u8>, Trouble> {
    let all = matches!(&cli.command, Command::Wipe(wipe) if wipe.all);
    if !all && !matches!(cli.command, Command::Lock(_) | Command::Unlock(_)) {
        return Ok(None);
    }
    there(home)?;
    if let Knock::Done(code) = door::knock(home, request).await? {
        return Ok(Some(code));
    }
    match &cli.command {
        Command::Unlock(_) => return Err(Kind::NothingToUnlock.into()),
        Command::Lock(_) => console.state("locked", words).await?,
        _ => {
            home.wipe_all()?;
            console.state("wiped", words).await?;
        }
    }
    Ok(Some(0))
}

fn there(home: &Home) -> Result<(), Trouble> {
    if home.is_there() {
        return Ok(());
    }
    let folder = home.folder().display().to_string();
    Err(Trouble::of(Kind::NoHome, &[("home", &folder)]))
}

/// How a command got in.
enum Entered {
    /// The home is open, here.
    Opened(Box<Opened>),
    /// Another process did it.
    Done(u8),
    /// Another process has it; here is the line of a terminal to it.
    Line(tokio::net::UnixStream),
}

async fn enter(
    cli: &Cli,
    home: &Home,
    request: &Request,
    mut passphrase: Option<Passphrase>,
    words: &Words,
) -> Result<Entered, Trouble> {
    let deadline = Instant::now().checked_add(PATIENCE);
    let mut pause = PAUSE_FIRST;
    loop {
        there(home)?;
        match door::knock(home, request).await? {
            Knock::Done(code) => return Ok(Entered::Done(code)),
            Knock::Line(stream) => return Ok(Entered::Line(stream)),
            Knock::Nobody | Knock::Later => {}
        }
        let passphrase = match &passphrase {
            Some(known) => known,
            None => {
                let source = Source::choose(cli.common.passphrase_file.as_deref());
                passphrase.insert(source.existing(home, words)?)
            }
        };
        match home.open(passphrase) {
            Ok(opened) => return Ok(Entered::Opened(Box::new(opened))),
            Err(Refused { why: VaultError::Busy, .. })
                if deadline.is_some_and(|end| Instant::now() < end) =>
            {
                tokio::time::sleep(pause).await;
                pause = pause.saturating_mul(2).min(PAUSE_LAST);
            }
            Err(refused) => return Err(refused.into()),
        }
    }
}

/// Carries out the command in this process, and those of guests meanwhile. `open` goes on after the
/// home was locked and unlocked again.
#[allow(clippy::too_many_arguments, reason = "what one command has with it")]
async fn stay(
    cli: &Cli,
    proxy: Option<&Proxy>,
    home: &Home,
    mut opened: Opened,
    relay_here: bool,
    desk: &impl Fn(Hand, watch::Receiver<bool>, Rc<Cell<std::time::Instant>>) -> Desk,
    console: &Console,
    words: &Words,
    mut rings: Option<&mut Rings>,
) -> Result<(), Trouble> {
    let mut tries = Tries::default();
    loop {
        let reaches_relays = relay_here || own_relay_of(&opened.vault)?.is_none();
        let mut nap = Nap::default();
        let stay = unlocked(cli, proxy, home, opened, reaches_relays, desk, &mut nap);
        let (done, ending) = stay.await;
        let waiting = match (&cli.command, ending) {
            (Command::Open(_), Ok(Ending::Locked(waiting))) => waiting,
            (Command::Open(_), Ok(Ending::Gone)) => return Ok(()),
            (_, closed) => return done.and(closed.map(|_| ())),
        };
        // Before anybody is told: who finds no door tries for themselves, and waits for nothing.
        let door = Door::make(home).map_err(|_| Kind::Folder)?;
        // From where tasks begin: this one has frames above, and gaps in them.
        let _ = tokio::task::spawn_local(async { sogon_vault::overwrite_deeply() }).await;
        // From here on the machine may sleep.
        drop(nap);
        if let Some(waiting) = &waiting {
            waiting.take(home);
        }
        let said = || words.say("open-locked", &[]);
        console.result(json!({ "locked": true }), said).await?;
        let left = tokio::select! {
            left = door.guard(home, &mut tries, waiting.as_deref(), rings.as_deref_mut()) => left,
            // It ends only with the guard.
            () = fetch(waiting.as_deref()) => return Err(Kind::Bug.into()),
            trouble = interrupted() => return Err(trouble),
        };
        drop(door);
        match left {
            Left::Unlocked(again) => opened = *again,
            Left::Wiped => return Ok(()),
        }
    }
}

async fn fetch(waiting: Option<&Waiting>) {
    match waiting {
        Some(waiting) => waiting.fetch().await,
        None => std::future::pending().await,
    }
}

/// One stay in an open home: what came of the command, and of the home.
#[allow(clippy::too_many_arguments, reason = "what one command has with it")]
async fn unlocked(
    cli: &Cli,
    proxy: Option<&Proxy>,
    home: &Home,
    opened: Opened,
    reaches_relays: bool,
    desk: &impl Fn(Hand, watch::Receiver<bool>, Rc<Cell<std::time::Instant>>) -> Desk,
    nap: &mut Nap,
) -> (Result<(), Trouble>, Result<Ending, Trouble>) {
    let (hand, mut closing) = match hand::take(opened, proxy) {
        Ok(taken) => taken,
        Err(trouble) => return (Err(trouble), Ok(Ending::Closed)),
    };
    let (end, ending) = watch::channel(false);
    let busy = Rc::new(Cell::new(std::time::Instant::now()));
    let desk = desk(hand.clone(), ending.clone(), Rc::clone(&busy));
    let stay = if cli.command.lingers() { Stay::Long } else { Stay::Short };
    let host = Host {
        hand: hand.clone(),
        home: home.clone(),
        stay,
        reaches_relays,
        page: desk.page.clone(),
        ending,
        busy: Rc::clone(&busy),
    };
    if let Some(page) = &desk.page {
        page.opens(&hand, &busy);
    }
    let page = desk.page.clone();
    // Without a door others wait until this process is done, which is slower and not wrong.
    let guests = Door::make(home).ok().map(|door| tokio::task::spawn_local(door.serve(host)));
    let idle = match &cli.command {
        Command::Open(open) => Some(open.idle.map(|idle| idle.duration())),
        Command::Chat(chat) => Some(chat.idle.map(|idle| idle.duration())),
        _ => None,
    };
    let mut given = None;
    let done = tokio::select! {
        biased;
        done = commands::run(&desk, &cli.command) => done,
        ended = &mut closing => {
            given = Some(ended.unwrap_or(Err(Kind::Bug.into())));
            Err(Kind::LockedMeanwhile.into())
        }
        trouble = interrupted() => Err(trouble),
        () = sleep::until_unattended(idle, &busy, nap) => {
            let locked = desk.hand.close(Farewell::Lock).await;
            locked.and(Err(Kind::LockedMeanwhile.into()))
        }
    };
    end.send_replace(true);
    if let Some(page) = page {
        page.closes();
    }
    drop((desk, hand));
    if let Some(guests) = guests {
        let _ = guests.await;
    }
    let ending = match given {
        Some(ending) => ending,
        None => closing.await.unwrap_or(Err(Kind::Bug.into())),
    };
    (done, ending)
}

fn own_relay_of(vault: &Vault) -> Result<Option<OwnRelay>, Trouble> {
    OwnRelay::load(vault).map_err(|trouble| trouble.in_vault(vault))
}

async fn own_relay(cli: &Cli, home: &Home, vault: &Vault) -> Result<Option<Running>, Trouble> {
    let listen = match &cli.command {
        Command::Open(open) => open.relay_listen,
        _ => None,
    };
    match own_relay_of(vault)? {
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
