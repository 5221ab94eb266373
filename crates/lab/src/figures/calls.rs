//! Part 11: calls: what they weigh, how late they are, how well they are understood on bad lines, and
//! what they cost to compute.

mod beside;
mod judges;
mod line;
mod mumble;

use sogon_call::{
    Rate, Shape, Span,
    note::{self, NOTE_KBITS, Note},
    speech,
};
use sogon_call_opus::{Decoder, Encoder};
use sogon_lab::weather::Weather;

use self::{
    judges::{Marks, Panel, marks, understood},
    line::{Losing, call, line, plain},
};
use super::{rooms, table};

const EDGE: Shape = Shape { rate: Rate::Kbit16, span: Span::Ms60 };
const GOOD: Shape = Shape { rate: Rate::Kbit24, span: Span::Ms20 };
const RICH: Shape = Shape { rate: Rate::Kbit24, span: Span::Ms60 };

/// Voices whose mean is printed.
const VOICES: usize = 4;

/// Voice notes: what a second of them weighs, and how they are understood beside plain Opus of the
/// same rate, which here is the same codec without the note's form.
fn notes(said: &[i16]) {
    table::part(
        "11. Voice notes",
        "bytes for each second, beside the bits of the rate; STOI beside plain Opus; ratio: one is best",
    );
    for kbit in NOTE_KBITS {
        let note = note::record_at(said, kbit).unwrap();
        let per_s = note.len() as f64 / (said.len() as f64 / 16_000.0);
        let bare = f64::from(kbit) * 125.0;
        table::amounts(&format!("{kbit} kbit/s: bytes a second"), per_s, "speech alone", bare, "B");
        let heard = Note::parse(&note).unwrap().play().unwrap();
        let (mut encoder, mut decoder) = (Encoder::new().unwrap(), Decoder::new().unwrap());
        let bytes = kbit as usize * 60 / 8;
        let plain: Vec<i16> = said
            .chunks_exact(Span::Ms60.samples())
            .flat_map(|frame| {
                let packet = encoder.encode(frame, Span::Ms60, bytes).unwrap();
                decoder.decode(&packet, Span::Ms60).unwrap()
            })
            .collect();
        let (ours, theirs) = (understood(said, &heard, 100), understood(said, &plain, 100));
        let what = format!("{kbit} kbit/s: understood");
        table::amounts(&what, ours * 100.0, "plain Opus", theirs * 100.0, "%");
    }
}

/// A line of 100 to 140 ms that loses so.
fn losing(loss: Losing, seed: u64) -> Weather {
    line(loss, 120, 20).seed(seed)
}

/// The n-th voice, and the seed of its line.
fn voice(nth: usize, seconds: f32) -> (Vec<i16>, u64) {
    (speech::sentence(7 + nth as u32, seconds), 3 + nth as u64 * 1_000)
}

/// How a call over a line that loses is judged, and how plain Opus of the same rate that loses the
/// same packets: the mean of several voices. And the bytes a second of the call on the wire.
fn beside_plain(panel: &Panel, shape: Shape, loss: Losing, seconds: f32) -> ([Marks; 2], f64) {
    let all = panel.each(VOICES, |others, nth| {
        let (said, seed) = voice(nth, seconds);
        let weather = losing(loss, seed);
        let heard = call(&said, shape, &weather);
        let ours = marks(others, &said, &heard.samples, 700);
        let theirs = marks(others, &said, &plain(&said, shape, &weather), 100);
        ([ours, theirs], heard.bytes_per_s())
    });
    let mean = |which: usize| Marks::mean(&all.iter().map(|one| one.0[which]).collect::<Vec<_>>());
    let bytes = all.iter().map(|one| one.1).sum::<f64>() / all.len() as f64;
    ([mean(0), mean(1)], bytes)
}

/// What calls cost the relay.
pub(crate) fn at_relay() {
    rooms::run(&[("24 kbit/s, 20 ms", GOOD), ("16 kbit/s, 60 ms", EDGE)]);
}

/// All of it, or what is named: `line`, `computed`, `understood`, `notes`, `Mumble`.
pub(crate) fn run(quick: bool, names: &[String]) {
    let wanted = |name: &str| names.is_empty() || names.iter().any(|named| named == name);
    let (said, _) = voice(0, 60.0);
    if wanted("line") {
        on_a_line(&said);
    }
    if wanted("computed") {
        computed(&said);
    }
    let panel = Panel::find();
    if wanted("understood") {
        understood_beside_plain(&panel);
    }
    if wanted("notes") {
        notes(&said);
    }
    if wanted("Mumble") {
        beside::run(&panel, if quick { 1 } else { 2 });
    }
}

fn on_a_line(said: &[i16]) {
    table::part(
        "11. Calls",
        "one voice over a line in a seed; bytes with UDP and IPv4, one way; ratio: less is better",
    );
    for (name, shape) in [("24 kbit/s, 20 ms", GOOD), ("16 kbit/s, 60 ms", EDGE)] {
        let heard = call(&said[..16_000 * 9], shape, &line(Losing::Each(0), 20, 5));
        assert!(heard.packets.iter().all(|bytes| *bytes == heard.packets[0]));
        let per_s = heard.packets_per_s();
        let speech_bytes = shape.speech_bytes() as f64 * per_s;
        let what = format!("{name}: bytes a second");
        table::amounts(&what, heard.bytes_per_s(), "speech alone", speech_bytes, "B");
        table::amounts(&format!("{name}: packets a second"), per_s, "spans", per_s, "");
    }
    for (name, shape, weather) in lines() {
        let heard = call(&said[..16_000 * 20], shape, &weather);
        let lag = late(said, &heard.samples);
        let link = link_ms(&weather, heard.packets[0]);
        table::amounts(&format!("{name}: mouth to ear"), lag, "the line alone", link, "ms");
    }
}

fn computed(said: &[i16]) {
    table::part(
        "11. Calls, computed",
        "seconds of a core for a minute of call; ratio: less is better",
    );
    for (name, shape) in [("24 kbit/s, 20 ms", GOOD), ("16 kbit/s, 60 ms", EDGE)] {
        let name = format!("{name}: speak and hear for 60 s");
        table::amounts(&name, minute_of_cpu(said, shape), "the minute", 60.0, "s");
    }
}

/// What a side takes of a core in a call of a minute.
fn minute_of_cpu(said: &[i16], shape: Shape) -> f64 {
    call(said, shape, &line(Losing::Each(0), 20, 5)).seconds_of_cpu
}

/// The lines that are asked how late a call is.
fn lines() -> [(&'static str, Shape, Weather); 3] {
    let jitter = |weather: Weather, jitter: &str| {
        let mut weather = weather.seed(2);
        weather.set(jitter).unwrap();
        weather
    };
    [
        ("good line", GOOD, jitter(Weather::good(), "jitter=5ms")),
        ("EDGE, 5 % lost", EDGE, jitter(Weather::edge(), "jitter=40ms")),
        ("satellite", EDGE, line(Losing::Each(0), 600, 10).seed(2)),
    ]
}

/// How long a packet of so many bytes is on its way at best.
fn link_ms(weather: &Weather, bytes: usize) -> f64 {
    (weather.up.delay + weather.up.sending_time(bytes)).as_secs_f64() * 1e3
}

/// How much later it was heard, some seconds into the call.
fn late(said: &[i16], heard: &[i16]) -> f64 {
    let from = 16_000 * 8;
    speech::lag_ms(&said[from..16_000 * 18], &heard[from..], 1_500) as f64
}

/// How a line loses, in all ways that are asked.
fn losses() -> impl Iterator<Item = (String, Losing)> {
    let each = |percent| (format!("{percent} % lost"), Losing::Each(percent));
    let bursts = |percent| (format!("{percent} % lost in bursts"), Losing::Bursts(percent));
    std::iter::once(each(0)).chain(
        [5, 10, 20, 30].into_iter().flat_map(move |percent| [each(percent), bursts(percent)]),
    )
}

fn understood_beside_plain(panel: &Panel) {
    table::part(
        "11. Calls, understood",
        "STOI and PESQ (1 to 4.6), ratio: more is better; beside: plain Opus of the same rate with its \
         own concealment. Mean of four voices",
    );
    let mut judged = Vec::new();
    for (name, shape) in [("16 kbit/s, 60 ms", EDGE), ("24 kbit/s, 60 ms", RICH)] {
        for (how, loss) in losses() {
            // A line without losses gets more after 15 s: before that both have the same rate.
            let seconds = if matches!(loss, Losing::Each(0)) { 15.0 } else { 60.0 };
            let ([ours, theirs], bytes) = beside_plain(panel, shape, loss, seconds);
            print(&format!("{name}, {how}"), ours, "plain Opus, the same packets lost", theirs);
            let first = f64::from(shape.wire_bits_per_s()) / 8.0;
            let what = format!("{name}, {how}: bytes a second");
            table::amounts(&what, bytes, "at the rate it begins with", first, "B");
            judged.extend([ours, theirs]);
        }
    }
    let both: Vec<Marks> = judged.into_iter().filter(|marks| marks.their_stoi.is_some()).collect();
    if let Marks { stoi, their_stoi: Some(theirs), .. } = Marks::mean(&both) {
        let apart = both.iter().filter_map(|marks| Some((marks.stoi - marks.their_stoi?).abs()));
        let most = apart.fold(0.0, f64::max) * 100.0;
        table::amounts("STOI of all these lines", stoi * 100.0, "by pystoi", theirs * 100.0, "%");
        println!("  the two differ by {most:.1} points on one line at most");
    }
}

/// How good it was beside another.
fn print(what: &str, ours: Marks, peer: &str, theirs: Marks) {
    let stoi = format!("{what}: STOI");
    table::amounts(&stoi, ours.stoi * 100.0, peer, theirs.stoi * 100.0, "%");
    if let (Some(ours), Some(theirs)) = (ours.pesq, theirs.pesq) {
        let [here, there] = [ours, theirs].map(|mark| format!("{mark:.2}"));
        table::line(&format!("{what}: PESQ"), &here, peer, &there, ours / theirs);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn on_no_line_is_a_call_understood_worse_than_plain_opus_by_a_point_and_a_half() {
        // Losses come and go: at little of them both are alike but for a point by chance.
        let lines = [
            (Losing::Each(0), -0.5),
            (Losing::Bursts(5), -1.5),
            (Losing::Bursts(10), -1.0),
            (Losing::Each(10), -1.0),
            (Losing::Bursts(20), 4.0),
            (Losing::Each(30), 8.0),
        ];
        for (loss, more) in lines {
            let mut sums = [0.0; 2];
            for nth in 0..2 {
                let (said, seed) = voice(nth, 30.0);
                let weather = losing(loss, seed);
                let heard = call(&said, EDGE, &weather);
                sums[0] += understood(&said, &heard.samples, 700) * 50.0;
                sums[1] += understood(&said, &plain(&said, EDGE, &weather), 100) * 50.0;
            }
            assert!(sums[0] > sums[1] + more, "{loss:?}: {sums:?}");
        }
    }
}
