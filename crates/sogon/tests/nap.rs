//! A machine that is about to sleep, with a bus of its own and a logind that this test plays. Where
//! there is no `dbus-daemon`, `cargo xtask nap` says so.
#![cfg(test)]
#![cfg(target_os = "linux")]

mod cast;
mod mapped;
mod secrets;

use std::{
    fs::{self, File},
    io::{BufRead, BufReader, Read},
    os::fd::OwnedFd,
    process::{Child, Command, Stdio},
};

use cast::{Staying, World};
use secrets::{found, secrets, tray};
use tokio::{runtime::Runtime, sync::mpsc};
use zbus::{
    Connection, MessageStream, connection::Builder, export::futures_core::Stream, message::Type,
};

const LOGIND: &str = "org.freedesktop.login1";
const PLACE: &str = "/org/freedesktop/login1";
const MANAGER: &str = "org.freedesktop.login1.Manager";

/// A bus like the system's, where anybody may be anything.
struct Bus {
    process: Child,
    address: String,
}

impl Bus {
    /// Starts one; `None` where this machine has none.
    fn start(world: &World) -> Option<Self> {
        let folder = world.folder.path();
        let config = folder.join("bus.conf");
        let all = "<policy context=\"default\"><allow send_destination=\"*\"/><allow own=\"*\"/>\
                   <allow receive_sender=\"*\"/></policy>";
        let socket = folder.join("bus");
        let listen = format!("<listen>unix:path={}</listen>", socket.display());
        fs::write(&config, format!("<busconfig><type>system</type>{listen}{all}</busconfig>"))
            .unwrap();
        let mut process = Command::new("dbus-daemon")
            .arg(format!("--config-file={}", config.display()))
            .args(["--nofork", "--print-address=1"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .ok()?;
        let mut address = String::new();
        // It is said when it listens.
        let mut said = BufReader::new(process.stdout.take().unwrap());
        said.read_line(&mut address).unwrap();
        assert!(address.starts_with("unix:"), "dbus-daemon does not start: {address:?}");
        Some(Self { process, address: address.trim_end().to_owned() })
    }
}

impl Drop for Bus {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Who says that the machine is about to sleep, and waits for those who asked for it.
struct Logind {
    runtime: Runtime,
    bus: Connection,
    /// What was asked of it, and the end that shows when the other is let go.
    asked: mpsc::UnboundedReceiver<((String, String, String, String), File)>,
}

impl Logind {
    fn on(bus: &Bus) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let (tell, asked) = mpsc::unbounded_channel();
        let bus = runtime.block_on(async {
            let bus = Builder::address(bus.address.as_str()).build().await.unwrap();
            let mut calls = MessageStream::from(bus.clone());
            bus.request_name(LOGIND).await.unwrap();
            let answering = bus.clone();
            tokio::spawn(async move {
                let mut next = async || {
                    std::future::poll_fn(|cx| std::pin::Pin::new(&mut calls).poll_next(cx)).await
                };
                while let Some(Ok(call)) = next().await {
                    let head = call.header();
                    let wanted = head.member().is_some_and(|member| member.as_str() == "Inhibit");
                    if head.message_type() != Type::MethodCall || !wanted {
                        continue;
                    }
                    let words = call.body().deserialize().unwrap();
                    let (ours, theirs) = std::io::pipe().unwrap();
                    let theirs = zbus::OwnedFd::from(OwnedFd::from(theirs));
                    answering.reply(&head, &theirs).await.unwrap();
                    tell.send((words, File::from(OwnedFd::from(ours)))).unwrap();
                }
            });
            bus
        });
        Self { runtime, bus, asked }
    }

    /// Waits until somebody asks it to wait.
    fn is_asked(&mut self) -> ((String, String, String, String), File) {
        self.asked.blocking_recv().unwrap()
    }

    fn says(&self, begins: bool) {
        let said = self.bus.emit_signal(None::<&str>, PLACE, MANAGER, "PrepareForSleep", &begins);
        self.runtime.block_on(said).unwrap();
    }
}

/// Until the other end is let go.
fn let_go(mut end: File) {
    assert_eq!(end.read(&mut [0]).unwrap(), 0);
}

#[test]
fn a_home_is_locked_and_its_keys_are_gone_before_the_machine_sleeps() {
    let world = World::new();
    let Some(bus) = Bus::start(&world) else { return };
    let mut logind = Logind::on(&bus);
    let (mina, joon) = world.pair("Mina", "Joon");
    joon.done(&["send", "Mina", "before it is opened"]);
    let mut command = mina.command(&["--json", "open"]);
    let mut open = Staying::of(command.env("DBUS_SYSTEM_BUS_ADDRESS", &bus.address));
    assert_eq!(open.next()["ready"], true);
    assert_eq!(open.next()["text"], "before it is opened");
    mina.done(&["send", "Joon", "a walk before supper"]);
    mina.done(&["sync"]);
    let [own, mls] = secrets(&mina);
    mina.done(&["search", "walk"]);
    let (words, waits) = logind.is_asked();
    assert_eq!((words.0.as_str(), words.3.as_str()), ("sleep", "delay"));
    // It woke up: no reason to lock.
    logind.says(false);
    mina.done(&["search", "walk"]);
    let before = found(open.pid(), &own);

    logind.says(true);
    let_go(waits);
    let after = found(open.pid(), &own.union(&mls).cloned().collect());
    match (before, after) {
        // Whoever is not root does not get to see the memory at all.
        (None, None) => {}
        (Some(before), Some(after)) => {
            assert!(!before.is_empty(), "the search finds what is there");
            assert!(after.is_empty(), "the machine sleeps with {} secrets", after.len());
        }
        other => panic!("{other:?}"),
    }
    while open.next()["locked"] != true {}
    assert_eq!(found(open.pid(), &tray(&mina)).unwrap_or_default().len(), 0);
    mina.run(&["contacts"]).failed(3, "The home is locked");

    // Opened again it asks again; closed it is in nobody's way.
    logind.says(false);
    mina.done(&["unlock"]);
    let (_, waits) = logind.is_asked();
    assert_eq!(open.interrupt().code, 130);
    let_go(waits);
}

#[test]
fn a_bus_without_logind_or_none_at_all_is_in_nobodys_way() {
    let world = World::new();
    let mina = world.person("Mina");
    let nowhere = format!("unix:path={}", world.folder.path().join("nowhere").display());
    let bus = Bus::start(&world);
    let empty = bus.iter().map(|bus| bus.address.clone());
    for address in empty.chain([nowhere, "rubbish".to_owned()]) {
        let mut command = mina.command(&["--json", "open"]);
        let mut open = Staying::of(command.env("DBUS_SYSTEM_BUS_ADDRESS", address));
        assert_eq!(open.next()["ready"], true);
        mina.done(&["contacts"]);
        mina.done(&["lock"]);
        while open.next()["locked"] != true {}
        assert_eq!(open.interrupt().code, 130);
    }
}
