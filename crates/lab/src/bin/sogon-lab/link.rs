//! A poor link for programs that know nothing of it.

use std::{net::SocketAddr, process::ExitCode};

use clap::{Args, builder::PossibleValuesParser};
use sogon_lab::weather::{Counters, Link, Tally, Weather};
use tokio::signal::unix::{SignalKind, signal};

#[derive(Args, Debug)]
pub(crate) struct Options {
    /// Where the link leads.
    #[arg(long, value_name = "ADDR")]
    to: SocketAddr,
    /// Where programs send to; port 0 takes any free one.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    #[command(flatten)]
    sky: Sky,
    /// Print the counts at the end as one JSON object.
    #[arg(long)]
    json: bool,
}

/// Which weather.
#[derive(Args, Debug)]
pub(crate) struct Sky {
    /// The weather.
    #[arg(long, default_value = "edge", value_parser = PossibleValuesParser::new(Weather::NAMES))]
    weather: String,
    /// Change one thing, both ways or one: delay=100ms, up.loss=10%. May repeat; a word that says
    /// nothing is answered with all that can be said.
    #[arg(long = "set", value_name = "WORDS")]
    settings: Vec<String>,
    /// The seed of its chance.
    #[arg(long, default_value_t = 0)]
    seed: u64,
}

impl Sky {
    pub(crate) fn weather(&self) -> Result<Weather, String> {
        let mut weather = Weather::named(&self.weather).ok_or("no such weather")?.seed(self.seed);
        for words in &self.settings {
            weather.set(words).map_err(|fault| fault.to_string())?;
        }
        Ok(weather)
    }
}

pub(crate) fn run(options: Options) -> ExitCode {
    let run = options.sky.weather().and_then(|weather| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| error.to_string())?;
        runtime.block_on(serve(&options, weather)).map_err(|error| error.to_string())
    });
    match run {
        Ok(()) => ExitCode::SUCCESS,
        Err(fault) => crate::failed(&fault),
    }
}

async fn serve(options: &Options, weather: Weather) -> std::io::Result<()> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let link = Link::start_at(weather, options.listen, options.to).await?;
    println!("link ready {}", link.addr());
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    let counters = link.stop().await;
    println!("{}", if options.json { object(&counters) } else { words(&counters) });
    Ok(())
}

pub(crate) fn words(counters: &Counters) -> String {
    let way = |name: &str, tally: &Tally| {
        format!(
            "{name}: {} packets and {} bytes sent, {} and {} arrived; {} lost, {} sent into an \
             outage, {} dropped from the queue, {} too large",
            tally.sent_packets,
            tally.sent_bytes,
            tally.arrived_packets,
            tally.arrived_bytes,
            tally.lost_packets,
            tally.cut_packets,
            tally.overflowed_packets,
            tally.oversize_packets,
        )
    };
    format!("{}\n{}", way("up", &counters.up), way("down", &counters.down))
}

pub(crate) fn object(counters: &Counters) -> String {
    let way = |tally: &Tally| {
        serde_json::json!({
            "offered_packets": tally.offered_packets,
            "offered_bytes": tally.offered_bytes,
            "sent_packets": tally.sent_packets,
            "sent_bytes": tally.sent_bytes,
            "arrived_packets": tally.arrived_packets,
            "arrived_bytes": tally.arrived_bytes,
            "lost_packets": tally.lost_packets,
            "cut_packets": tally.cut_packets,
            "overflowed_packets": tally.overflowed_packets,
            "oversize_packets": tally.oversize_packets,
            "doubled_packets": tally.doubled_packets,
            "held_packets": tally.held_packets,
            "busy_ms": u64::try_from(tally.busy.as_millis()).unwrap_or(u64::MAX),
        })
    };
    let object = serde_json::json!({
        "up": way(&counters.up),
        "down": way(&counters.down),
        "streams_begun": counters.streams_begun,
        "streams_opened": counters.streams_opened,
        "streams_refused": counters.streams_refused,
        "streams_given_up": counters.streams_given_up,
        "streams_reset": counters.streams_reset,
    });
    object.to_string()
}
