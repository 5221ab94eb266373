//! The command: arguments in, a report and an exit code out. Two programs have it: `sogon inspect`
//! and `sogon-inspect`.

mod cleaning;
mod reference;

use std::{
    ffi::OsString,
    fs,
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    time::Duration,
};

use clap::Args;

pub use self::cleaning::{CleanOptions, explain, run as clean};
use crate::{
    finding::Identities,
    look::{Limits, Lists},
    report::{self, Colour},
    scan::{Progress, Request, ScanError, scan},
    words::{Language, Words},
    worker::Setup,
};

/// Look for what watches you: marks in files, watching software, what it recorded, watching apps.
///
/// Give files, folders, archives, apps, backups, or images of disks and phones. Nothing that is
/// looked at is changed. Exit code 6: something was found.
#[derive(Args, Clone, Debug)]
pub struct Options {
    /// What to look at
    #[arg(required_unless_present_any = ["worker", "print_rules"])]
    pub paths: Vec<PathBuf>,
    /// Write a report for an investigator: one page without scripts
    #[arg(long, value_name = "FILE.html")]
    pub report: Option<PathBuf>,
    /// Show numbers of machines, handsets and people in full
    #[arg(long)]
    pub show_identities: bool,
    /// Indicators in STIX 2, such as public collections about stalkerware; may be repeated
    #[arg(long, value_name = "FILE")]
    pub indicators: Vec<PathBuf>,
    /// Rules in the YARA language; may be repeated
    #[arg(long, value_name = "FILE")]
    pub rules: Vec<PathBuf>,
    /// Say which files a device with this list of fingerprints would recognise; may be repeated
    #[arg(long, value_name = "LIST")]
    pub would_match: Vec<PathBuf>,
    /// Compare apps, programs and certificates with a reference: a folder or image of a system that
    /// can be trusted, or the hashes of its files as sha256sum prints them; may be repeated
    #[arg(long, value_name = "PATH")]
    pub reference: Vec<PathBuf>,
    /// Check signatures with this public key of the office that makes them; may be repeated
    #[arg(long, value_name = "KEY")]
    pub office_key: Vec<PathBuf>,
    /// Say which signatures this list (pattern.dat of a device) calls back; may be repeated
    #[arg(long, value_name = "LIST")]
    pub revoked: Vec<PathBuf>,
    /// Print our own rules, in the YARA language, and do nothing else
    #[arg(long)]
    pub print_rules: bool,
    /// How many programs read at the same time; otherwise one for each core
    #[arg(long, value_name = "N")]
    pub workers: Option<usize>,
    /// Seconds a file may take without a sign of life
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    pub patience: u64,
    /// Memory a reading program may take, in MiB
    #[arg(long, value_name = "MIB", default_value_t = 1_024)]
    pub memory: u64,
    /// Archives inside archives that are opened
    #[arg(long, value_name = "N", default_value_t = 8)]
    pub depth: u32,
    /// How this program starts itself to read files
    #[arg(long, hide = true)]
    pub worker: bool,
}

/// How the report is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// One JSON object.
    Json,
    /// For a person.
    People(Colour),
}

/// What to print and how to end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// For standard output.
    pub text: String,
    /// 6 when something was found, else 0.
    pub code: u8,
}

/// Why nothing could be said: what happened and what to do next, in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// What happened.
    pub what: String,
    /// What to do.
    pub next: String,
    /// How to end.
    pub code: u8,
}

/// The exit code when something was found (docs/CLI.md).
const FOUND: u8 = 6;

/// A list is read into memory and sent to every worker.
const LIST_BYTES_MAX: u64 = 128 << 20;

/// Looks, and makes the reports. `worker` is the command that calls [`crate::worker::serve`];
/// `progress` is told in words how far it is.
///
/// # Errors
/// What kept it from looking; what is wrong with a single file is in the report.
pub fn run(
    options: &Options,
    form: Form,
    language: Language,
    worker: Vec<OsString>,
    progress: &mut dyn FnMut(&str),
) -> Result<Outcome, Trouble> {
    if options.print_rules {
        return Ok(Outcome { text: crate::rules::printed(), code: 0 });
    }
    let words = Words::new(language);
    if let Some(path) = &options.report {
        outside(path, &options.paths, &words)?;
    }
    let limits = Limits { depth: options.depth.min(64), ..Limits::default() };
    let setup = Setup {
        lists: lists(options, &words)?,
        limits,
        memory_bytes_max: options.memory.max(128).saturating_mul(1 << 20),
    };
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let mut request = Request {
        paths: options.paths.clone(),
        worker,
        setup,
        workers: options.workers.unwrap_or(cores).clamp(1, 256),
        patience: Duration::from_secs(options.patience.max(1)),
        hashes: options.report.is_some(),
    };
    let mut look = |request: &Request| {
        scan(request, &mut |now| progress(&line(now, &words)))
            .map_err(|error| scan_trouble(&error, &words))
    };
    let collected = reference::collected(options, &request, &words, &mut look)?;
    request.setup.lists.references.extend(collected);
    let mut survey = look(&request)?;
    reference::missing(&request.setup.lists.references, &mut survey);
    let identities = if options.show_identities { Identities::Shown } else { Identities::Masked };
    if let Some(path) = &options.report {
        let when = jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
        let page = report::html(&survey, &words, identities, &when);
        write_new(path, &page).map_err(|error| {
            let path = path.to_string_lossy();
            trouble(&words, "error-report", &[("path", &path), ("why", &error.to_string())])
        })?;
    }
    let text = match form {
        Form::Json => format!("{}\n", report::json(&survey, identities)),
        Form::People(colour) => report::person(&survey, &words, identities, colour),
    };
    Ok(Outcome { text, code: if survey.found() { FOUND } else { 0 } })
}

fn lists(options: &Options, words: &Words) -> Result<Lists, Trouble> {
    let read = |paths: &[PathBuf]| {
        paths
            .iter()
            .map(|path| {
                let name = path.to_string_lossy().into_owned();
                read_list(path).map(|bytes| (name.clone(), bytes)).map_err(|error| {
                    let why = error.to_string();
                    trouble(words, "error-path", &[("path", &name), ("why", &why)])
                })
            })
            .collect::<Result<Vec<_>, Trouble>>()
    };
    Ok(Lists {
        yara: read(&options.rules)?,
        indicators: read(&options.indicators)?,
        watchlists: read(&options.would_match)?,
        references: read(&reference::lists(&options.reference))?,
        collect: false,
        revocations: read(&options.revoked)?,
        office_keys: read(&options.office_key)?,
    })
}

fn read_list(path: &Path) -> io::Result<Vec<u8>> {
    if fs::metadata(path)?.len() > LIST_BYTES_MAX {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, "it is larger than 128 MiB"));
    }
    fs::read(path)
}

/// The report does not lie inside what is looked at: nothing is written there.
fn outside(report: &Path, paths: &[PathBuf], words: &Words) -> Result<(), Trouble> {
    let folder = report.parent().filter(|folder| !folder.as_os_str().is_empty());
    let place = fs::canonicalize(folder.unwrap_or(Path::new("."))).ok();
    let inside = place.is_some_and(|place| {
        let whole = place.join(report.file_name().unwrap_or_default());
        let looked_at = paths.iter().filter_map(|path| fs::canonicalize(path).ok());
        looked_at.into_iter().any(|path| whole.starts_with(path))
    });
    if inside { Err(trouble(words, "error-report-inside", &[])) } else { Ok(()) }
}

/// A report names people: only its owner reads it, and nothing is overwritten.
fn write_new(path: &Path, page: &str) -> io::Result<()> {
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(page.as_bytes())
}

fn scan_trouble(error: &ScanError, words: &Words) -> Trouble {
    match error {
        ScanError::Path(path, why) => {
            let (path, why) = (path.to_string_lossy(), why.to_string());
            trouble(words, "error-path", &[("path", &path), ("why", &why)])
        }
        ScanError::Worker(why) => trouble(words, "error-worker", &[("why", &why.to_string())]),
        ScanError::Lists(why) => trouble(words, "error-lists", &[("why", why)]),
    }
}

fn trouble(words: &Words, id: &str, args: &[(&str, &str)]) -> Trouble {
    let next = words.more(id, "next", args).unwrap_or_default();
    Trouble { what: words.say(id, args), next, code: 1 }
}

/// How far it is, in a line.
fn line(now: Progress, words: &Words) -> String {
    let millis = u64::try_from(now.since.as_millis()).unwrap_or(u64::MAX).max(1);
    let each_second = |bytes: u64| bytes.saturating_mul(1_000).checked_div(millis).unwrap_or(0);
    let rate = each_second(now.bytes);
    let rest = now.outer_bytes_all.and_then(|all| {
        all.saturating_sub(now.outer_bytes).checked_div(each_second(now.outer_bytes))
    });
    let (files, bytes, rate) = (now.files.to_string(), report::size(now.bytes), report::size(rate));
    let mut args = vec![("files", files.as_str()), ("bytes", &bytes), ("rate", &rate)];
    let rest = rest.map(|rest| rest.to_string());
    match &rest {
        Some(rest) => {
            args.push(("rest", rest));
            words.say("progress-rest", &args)
        }
        None => words.say("progress", &args),
    }
}
