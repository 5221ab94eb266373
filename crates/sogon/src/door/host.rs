//! Inside: the process that has the home open carries out the commands of its guests.

use std::{
    cell::Cell,
    fs, io,
    path::PathBuf,
    rc::Rc,
    time::{Duration, Instant},
};

use clap::Parser;
use sogon_carry::{Proxy, Ways};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{UnixListener, UnixStream, unix::OwnedReadHalf, unix::OwnedWriteHalf},
    sync::{mpsc, watch},
    task::JoinSet,
};

use super::{
    frame::{self, Request, Word},
    place,
};
use crate::{
    chat,
    cli::{Cli, Command},
    commands,
    console::{Console, Form},
    desk::Desk,
    hand::Hand,
    home::Home,
    page::Page,
    trouble::{Kind, Trouble},
    words::{Language, Words},
};

/// Commands of guests at one time; more wait outside.
const GUESTS_MAX: usize = 32;
/// How long a guest may take to say what it wants.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);
/// How long guests may take to finish once this process is about to end.
const GRACE: Duration = Duration::from_secs(20);
/// Pieces of output on their way to a guest.
const PIECES_MAX: usize = 64;

/// The socket. It is gone when this is dropped.
#[derive(Debug)]
pub(crate) struct Door {
    listener: UnixListener,
    path: PathBuf,
}

/// How long this process will have the home open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stay {
    /// Until its one command is done.
    Short,
    /// Until it is interrupted.
    Long,
}

/// What a guest's command works with.
#[derive(Debug)]
pub(crate) struct Host {
    pub(crate) hand: Hand,
    pub(crate) home: Home,
    pub(crate) stay: Stay,
    /// False when the home's own relay is not running in this process.
    pub(crate) reaches_relays: bool,
    /// The page, where this process serves one.
    pub(crate) page: Option<Rc<Page>>,
    pub(crate) ending: watch::Receiver<bool>,
    /// When somebody last asked something.
    pub(crate) busy: Rc<Cell<Instant>>,
}

impl Door {
    /// Makes the socket. Only the process that has the home open may call this: so whatever lies at
    /// the place is left over from one that crashed.
    ///
    /// # Errors
    /// When there is no place for it; then other processes wait until this one is done.
    pub(crate) fn make(home: &Home) -> io::Result<Self> {
        let mut last = io::ErrorKind::NotFound.into();
        for path in place::places(home) {
            match bind(&path) {
                Ok(listener) => return Ok(Self { listener, path }),
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    /// The next guest.
    pub(super) async fn next(&self) -> io::Result<UnixStream> {
        self.listener.accept().await.map(|(stream, _)| stream)
    }

    /// Takes guests until the process is about to end, then lets them finish.
    pub(crate) async fn serve(self, host: Host) {
        let host = Rc::new(host);
        let mut ending = host.ending.clone();
        let mut guests = JoinSet::new();
        loop {
            tokio::select! {
                _ = ending.wait_for(|ending| *ending) => break,
                Some(_) = guests.join_next() => {}
                accepted = self.listener.accept(), if guests.len() < GUESTS_MAX => {
                    if let Ok((stream, _)) = accepted {
                        guests.spawn_local(welcome(stream, Rc::clone(&host)));
                    }
                }
            }
        }
        drop(self);
        drop(host);
        let finished = async { while guests.join_next().await.is_some() {} };
        // Whoever has not finished by then hears that the host ended.
        let _ = tokio::time::timeout(GRACE, finished).await;
        guests.shutdown().await;
    }
}

impl Drop for Door {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}

fn bind(path: &PathBuf) -> io::Result<UnixListener> {
    place::secure(path)?;
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let listener = UnixListener::bind(path)?;
    // Until here the folder alone, which is ours, kept others out.
    fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
    Ok(listener)
}

/// Whether the same user is at the other end.
pub(super) fn is_ours(stream: &UnixStream) -> bool {
    let ours = rustix::process::geteuid().as_raw();
    stream.peer_cred().is_ok_and(|peer| peer.uid() == ours)
}

async fn welcome(stream: UnixStream, host: Rc<Host>) {
    if !is_ours(&stream) {
        return;
    }
    host.busy.set(Instant::now());
    let (mut from, mut to) = stream.into_split();
    let Ok(Ok(value)) = tokio::time::timeout(PATIENCE, frame::read(&mut from)).await else {
        return;
    };
    // A guest that went away has nobody to be told.
    let _ = match Request::of(&value) {
        Some(request) if request.version == env!("CARGO_PKG_VERSION") => {
            carry_out(request, &host, from, &mut to).await
        }
        _ => frame::write(&mut to, &Word::OtherVersion.to_json()).await,
    };
    let _ = to.shutdown().await;
}

async fn carry_out(
    request: Request,
    host: &Host,
    mut from: OwnedReadHalf,
    to: &mut OwnedWriteHalf,
) -> io::Result<()> {
    let name = std::iter::once("sogon".to_owned());
    let Ok(cli) = Cli::try_parse_from(name.chain(request.args)) else {
        // It parsed at the guest's; so this is another build of the same version.
        return frame::write(to, &Word::OtherVersion.to_json()).await;
    };
    let lasts = host.stay == Stay::Short && cli.command.lingers();
    if lasts || (cli.command.goes_out() && !host.reaches_relays) {
        return frame::write(to, &Word::Later.to_json()).await;
    }
    frame::write(to, &Word::Taken.to_json()).await?;
    if let Command::Chat(_) = cli.command {
        return Box::pin(show(&request.language, &cli, host, &mut from, to)).await;
    }
    let (pieces, mut said) = mpsc::channel(PIECES_MAX);
    let form = if cli.common.json { Form::Json } else { Form::People };
    let desk = Desk {
        hand: host.hand.clone(),
        console: Console::guest(pieces, form),
        words: Words::new(Language::of(&request.language)),
        tag: cli.common.lang.clone(),
        home: host.home.clone(),
        input: request.input,
        page: host.page.clone(),
        folder: cli.common.folder.clone().unwrap_or_default(),
        ending: host.ending.clone(),
        busy: Rc::clone(&host.busy),
    };
    let work = async move {
        let done = match same_proxy(&desk.hand, cli.common.proxy.as_ref()).await {
            Ok(()) => commands::run(&desk, &cli.command).await,
            Err(trouble) => Err(trouble),
        };
        exit(&desk, done).await
    };
    tokio::pin!(work);
    let mut gone = [0; 1];
    let code = loop {
        tokio::select! {
            biased;
            Some(said) = said.recv() => frame::write(to, &Word::Said(said).to_json()).await?,
            code = &mut work => break code,
            // The guest says nothing more; when it is gone its command is given up.
            _ = from.read(&mut gone) => return Ok(()),
        }
    };
    while let Ok(piece) = said.try_recv() {
        frame::write(to, &Word::Said(piece).to_json()).await?;
    }
    frame::write(to, &Word::Exit(code).to_json()).await
}

/// The line of a terminal: questions and answers until one of the two goes.
async fn show(
    language: &str,
    cli: &Cli,
    host: &Host,
    from: &mut OwnedReadHalf,
    to: &mut OwnedWriteHalf,
) -> io::Result<()> {
    frame::write(to, &Word::Line.to_json()).await?;
    let done = match same_proxy(&host.hand, cli.common.proxy.as_ref()).await {
        Ok(()) => chat::answer(&host.hand, &host.busy, host.ending.clone(), from, to).await,
        Err(trouble) => Err(trouble),
    };
    let Err(trouble) = done else { return Ok(()) };
    let words = Words::new(Language::of(language));
    chat::farewell(to, &format!("sogon: {}\n", trouble.sentence(&words)), trouble.code()).await
}

/// A guest that wants a proxy must not be carried around it.
async fn same_proxy(hand: &Hand, wanted: Option<&Proxy>) -> Result<(), Trouble> {
    let Some(wanted) = wanted else { return Ok(()) };
    match hand.ways().await? {
        Ways::Through(proxy) if proxy == *wanted => Ok(()),
        _ => Err(Kind::OtherProxy.into()),
    }
}

/// Says what went wrong, if anything did, and gives the exit code.
pub(crate) async fn exit(desk: &Desk, done: Result<(), Trouble>) -> u8 {
    match done {
        Ok(()) => 0,
        Err(trouble) => {
            desk.console.remark(&format!("sogon: {}", trouble.sentence(&desk.words))).await;
            trouble.code()
        }
    }
}
