//! Part 4: appends at the relay beside a bare fsync loop, by the relay's own example.

use super::{programs::Programs, table};

pub(crate) fn run(programs: &Programs) {
    table::part(
        "4. Appends acknowledged when durable",
        "boxes of 512 bytes, on the disk of the programs; ratio: more is better",
    );
    let place = programs.place();
    let output = programs.command("examples/appends").arg(place.path()).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    for row in text.lines() {
        // Writers, fsyncs, the store and its ratio, the relay and its ratio.
        let numbers: Vec<f64> =
            row.split_whitespace().filter_map(|word| word.parse().ok()).collect();
        let [writers, floor, store, relay] = numbers.as_slice() else { continue };
        let beside = |what: &str, rate: f64| {
            let what = format!("writers: {writers}; {what}");
            table::amounts(&what, rate, "write and fsync, one after another", *floor, "/s");
        };
        beside("relay, over TLS, each box signed", *relay);
        beside("its store, one commit for all of them", *store);
    }
}
