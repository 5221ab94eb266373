//! How figures are printed: what, our value, whose value stands beside it, and the ratio.

/// The head of a part, and what its values mean.
pub(crate) fn part(title: &str, note: &str) {
    println!("\n{title}\n  {note}");
    row(["what", "here", "beside it", "there", "ratio"]);
}

fn row([what, here, peer, there, ratio]: [&str; 5]) {
    println!("  {what:<58} {here:>11}   {peer:<42} {there:>11} {ratio:>8}");
}

/// One figure beside another.
pub(crate) fn line(what: &str, here: &str, peer: &str, there: &str, ratio: f64) {
    let digits = match ratio.abs() {
        0.0..0.1 => 3,
        0.1..10.0 => 2,
        10.0..100.0 => 1,
        _ => 0,
    };
    row([what, here, peer, there, &format!("x{ratio:.digits$}")]);
}

/// Amounts of one unit beside each other.
pub(crate) fn amounts(what: &str, here: f64, peer: &str, there: f64, unit: &str) {
    line(what, &amount(here, unit), peer, &amount(there, unit), here / there);
}

/// Rates, from pairs of seconds that were measured in turns: the median ratio of the pairs.
pub(crate) fn rates(what: &str, peer: &str, pairs: &[(f64, f64)]) {
    let rate = |seconds: Vec<f64>| amount(1.0 / median(seconds), "/s");
    let (here, there) = pairs.iter().copied().unzip();
    let ratio = median(pairs.iter().map(|(here, there)| there / here).collect());
    line(what, &rate(here), peer, &rate(there), ratio);
}

/// Times, from pairs of seconds that were measured in turns: the median ratio of the pairs.
pub(crate) fn times(what: &str, peer: &str, pairs: &[(f64, f64)]) {
    let time = |seconds: Vec<f64>| duration(median(seconds));
    let (here, there) = pairs.iter().copied().unzip();
    let ratio = median(pairs.iter().map(|(here, there)| here / there).collect());
    line(what, &time(here), peer, &time(there), ratio);
}

/// The middle one.
pub(crate) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// A number with its unit, without more digits than it deserves.
fn amount(value: f64, unit: &str) -> String {
    let digits = usize::from(value < 100.0 && value.fract() > 0.001);
    format!("{value:.digits$} {unit}").trim_end().to_owned()
}

fn duration(seconds: f64) -> String {
    match seconds {
        ..0.001 => format!("{:.0} µs", seconds * 1e6),
        ..1.0 => format!("{:.1} ms", seconds * 1e3),
        _ => format!("{seconds:.2} s"),
    }
}

/// What the machine is busy with besides.
pub(crate) fn conditions(when: &str) {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split(' ').next().unwrap_or_default().to_owned();
    let build = if cfg!(debug_assertions) { "not optimised: no figures" } else { "optimised" };
    println!("{when}: {cores} cores, load {load} in the last minute, {build}");
}
