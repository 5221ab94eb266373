//! `sogon-relay`: the relay as a program.

mod cli;
mod measures;

use std::{
    io::{self, Write},
    process::ExitCode,
    sync::Arc,
};

use clap::{CommandFactory, Parser};
use cli::{Cli, Command, Serve, Store};
use sogon_relay::{CertificateFiles, Config, Event, Identity, Keep, Limits, Place, Probe, Relay};
use sogon_wire::{About, RelayAddr, Reply, Request};
use tokio::signal::unix::{SignalKind, signal};

/// What happened and what to do next, in one line.
type Fault = String;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let done = match runtime {
        Ok(runtime) => runtime.block_on(run(cli.command)),
        Err(error) => Err(format!("the system gives no threads: {error}")),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(fault) => {
            warn(&format!("error: {fault}"));
            ExitCode::FAILURE
        }
    }
}

async fn run(command: Command) -> Result<(), Fault> {
    match command {
        Command::Serve(serve) => run_relay(serve).await,
        Command::Check { relay, json } => check(&relay, json).await,
        Command::Stats { store, json } => stats(store, json).await,
        Command::Csr { names, store } => csr(&names, store),
        Command::Completions { shell } => {
            let mut text = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "sogon-relay", &mut text);
            write_out(&text)
        }
        Command::Man => {
            let mut text = Vec::new();
            clap_mangen::Man::new(Cli::command()).render(&mut text).map_err(|e| e.to_string())?;
            write_out(&text)
        }
    }
}

async fn run_relay(serve: Serve) -> Result<(), Fault> {
    let Store::Embedded(directory) = serve.store else {
        return Err("a NATS store is not in this version: use --store embedded:DIR".to_owned());
    };
    let (mut terminate, mut interrupt) = (
        signal(SignalKind::terminate()).map_err(|error| error.to_string())?,
        signal(SignalKind::interrupt()).map_err(|error| error.to_string())?,
    );
    let unknown_place = serve.listen.ip().is_unspecified() && serve.public.is_none();
    let keep = Keep {
        boxes_s: serve.keep.0,
        bytes_max: serve.quota.0,
        log_boxes_max: serve.log_boxes,
        ..Keep::default()
    };
    let page = match &serve.page {
        Some(path) => {
            let read = std::fs::read_to_string(path);
            Some(read.map_err(|error| format!("--page {}: {error}", path.display()))?)
        }
        None => None,
    };
    let config = Config {
        listen: serve.listen,
        public: serve.public,
        keep,
        limits: Limits { connections_max: serve.connections, ..Limits::default() },
        metrics: serve.metrics,
        certificate: serve.tls_cert.map(|chain| CertificateFiles { chain, key: serve.tls_key }),
        page,
        tell: Arc::new(|event: Event| warn(&event.to_string())),
        ..Config::directory(directory.clone())
    };
    debug_assert!(matches!(config.place, Place::Directory(_)));
    let running = Relay::start(config).await.map_err(|fault| fault.to_string())?;
    if unknown_place {
        warn("warning: give --public HOST:PORT, so that the address below works elsewhere");
    }
    write_out(format!("relay ready {}\n", running.addr()).as_bytes())?;
    let failed = tokio::select! {
        _ = terminate.recv() => None,
        _ = interrupt.recv() => None,
        fault = running.failed() => Some(fault),
    };
    running.stop().await;
    failed.map_or(Ok(()), |fault| Err(format!("{fault}: look at the disk, then start again")))
}

async fn check(relay: &RelayAddr, json: bool) -> Result<(), Fault> {
    let about = ask_about(relay).await;
    if json {
        let (ok, detail) = match &about {
            Ok(_) => (true, serde_json::Value::Null),
            Err(fault) => (false, fault.as_str().into()),
        };
        let mut object = serde_json::json!({ "ok": ok, "detail": detail });
        if let (Ok(about), Some(object)) = (&about, object.as_object_mut()) {
            object.insert("version".to_owned(), about.version.into());
            object.insert("keep_s".to_owned(), about.keep_s.into());
            object.insert("log_boxes_max".to_owned(), about.log_boxes_max.into());
            object.insert("watches_max".to_owned(), about.watches_max.into());
        }
        write_out(format!("{object}\n").as_bytes())?;
    }
    let about = about?;
    if !json {
        let days = about.keep_s.div_euclid(86_400);
        let text = format!(
            "The relay answers and has the key of its address.\n\
             It speaks version {}, keeps boxes for {days} days, {} in a log, {} watches at once.\n",
            about.version, about.log_boxes_max, about.watches_max
        );
        write_out(text.as_bytes())?;
    }
    Ok(())
}

async fn ask_about(relay: &RelayAddr) -> Result<About, Fault> {
    let asked = async {
        let mut probe = Probe::connect(relay).await?;
        probe.ask(1, &Request::About).await?;
        probe.next().await
    };
    let patience = std::time::Duration::from_secs(60);
    match tokio::time::timeout(patience, asked).await {
        Ok(Ok((1, Reply::About(about)))) => Ok(about),
        Ok(Ok(_)) => Err("it answers something else than was asked: is it a relay?".to_owned()),
        Ok(Err(fault)) => Err(fault.to_string()),
        Err(_) => Err("no answer within a minute: try again, or look at the firewall".to_owned()),
    }
}

fn csr(names: &[String], store: Store) -> Result<(), Fault> {
    let Store::Embedded(directory) = store else {
        return Err("a NATS store is not in this version: use --store embedded:DIR".to_owned());
    };
    let made = Identity::keep_in(&directory).and_then(|key| key.signing_request(names));
    write_out(made.map_err(|fault| fault.to_string())?.as_bytes())
}

async fn stats(store: Store, json: bool) -> Result<(), Fault> {
    let Store::Embedded(directory) = store else {
        return Err("a NATS store is not in this version: use --store embedded:DIR".to_owned());
    };
    let figures = sogon_relay::ask_figures(&directory).await.map_err(|_| {
        "no relay serves from that directory: start it, or give its --store".to_owned()
    })?;
    if json {
        return write_out(format!("{figures}\n").as_bytes());
    }
    let figures: serde_json::Value =
        serde_json::from_str(&figures).map_err(|_| "the relay gave no figures".to_owned())?;
    let lines: String = figures
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, value)| format!("{:>16}  {}\n", value.to_string(), name.replace('_', " ")))
        .collect();
    write_out(lines.as_bytes())
}

fn write_out(bytes: &[u8]) -> Result<(), Fault> {
    let mut out = io::stdout().lock();
    out.write_all(bytes).and_then(|()| out.flush()).map_err(|error| error.to_string())
}

fn warn(line: &str) {
    // Nobody is left to be told when standard error is gone.
    let _ = writeln!(io::stderr().lock(), "{line}");
}
