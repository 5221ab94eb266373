//! The lab from the command line: seeds to live through, and poor links for other programs.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::arithmetic_side_effects,
    reason = "a tool for developers"
)]

mod link;
mod seeds;
mod tun;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Worlds in a seed, and weather for whole programs.
#[derive(Debug, Parser)]
#[command(name = "sogon-lab", version, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Live through so many worlds; a failing seed is printed.
    Seeds {
        /// How many.
        count: u64,
        /// The first seed.
        #[arg(default_value_t = 0)]
        first: u64,
    },
    /// A poor link on this machine, for UDP and TCP, until interrupted. Prints one line when ready:
    /// where to send to.
    Link(link::Options),
    /// Run whole programs at the two ends of a poor link, so that the kernel's own TCP meets the
    /// weather. Needs Linux, user namespaces, /dev/net/tun and the programs unshare and ip; no root.
    Tun(tun::Options),
    #[command(hide = true)]
    TunEnd(tun::End),
}

fn main() -> ExitCode {
    match Cli::parse().command {
        Command::Seeds { count, first } => seeds::live(count, first),
        Command::Link(options) => link::run(options),
        Command::Tun(options) => tun::run(&options),
        Command::TunEnd(end) => tun::end(&end),
    }
}

fn failed(fault: &str) -> ExitCode {
    eprintln!("{fault}");
    ExitCode::FAILURE
}
