//! Calls of ours beside calls of Mumble, over lines of the same seed.

use sogon_call::Shape;
use sogon_lab::weather::Weather;

use super::{
    super::{rooms, table},
    EDGE, GOOD, RICH, call,
    judges::{Marks, Others, Panel, marks},
    late, lines, losing, losses, minute_of_cpu,
    mumble::{Came, Mumble, Wanted},
    print, voice,
};

/// Calls of Mumble at the same time: few, so that none waits for a core.
const AT_ONCE: usize = 4;
/// How often a call begins again that did not come about.
const TRIES: usize = 4;
/// How long is spoken in each.
const SECONDS: f32 = 42.0;
/// How much later than it was said something may be heard.
const LAG_MAX_MS: usize = 1_500;

/// A call that is asked of both: its name, the shape of its packets, its line.
type Asked = (String, Shape, Weather);

fn asked() -> Vec<Asked> {
    let named = |(name, shape, line): (&str, _, _)| (name.to_owned(), shape, line);
    let mut asked: Vec<Asked> = lines().into_iter().map(named).collect();
    for (name, shape) in [("16 kbit/s, 60 ms", EDGE), ("24 kbit/s, 60 ms", RICH)] {
        let lossy = losses().map(|(how, loss)| (format!("{name}, {how}"), shape, losing(loss, 0)));
        asked.extend(lossy);
    }
    asked
}

/// One call, of one of the two.
#[derive(Clone, Copy)]
struct One {
    marks: Marks,
    bytes_per_s: f64,
    packets_per_s: f64,
    late_ms: f64,
}

impl One {
    fn ours(others: &mut Others, said: &[i16], shape: Shape, line: &Weather) -> Self {
        let heard = call(said, shape, line);
        Self {
            marks: marks(others, said, &heard.samples, LAG_MAX_MS),
            bytes_per_s: heard.bytes_per_s(),
            packets_per_s: heard.packets_per_s(),
            late_ms: late(said, &heard.samples),
        }
    }

    fn theirs(others: &mut Others, came: &Came) -> Self {
        Self {
            marks: marks(others, &came.said, &came.heard, LAG_MAX_MS),
            bytes_per_s: came.up.sent_bytes as f64 / came.seconds,
            packets_per_s: came.up.sent_packets as f64 / came.seconds,
            late_ms: late(&came.said, &came.heard),
        }
    }

    fn mean(all: &[Self]) -> Self {
        let mean = |of: fn(&Self) -> f64| all.iter().map(of).sum::<f64>() / all.len() as f64;
        Self {
            marks: Marks::mean(&all.iter().map(|one| one.marks).collect::<Vec<_>>()),
            bytes_per_s: mean(|one| one.bytes_per_s),
            packets_per_s: mean(|one| one.packets_per_s),
            late_ms: mean(|one| one.late_ms),
        }
    }
}

pub(super) fn run(panel: &Panel, voices: usize) {
    table::part(
        "11. Calls, beside Mumble",
        "the same voices over lines of the same seed; bytes and packets are all that the one who \
         speaks sends. Mumble runs in real time, with the buffers of PulseAudio, and buffers of its \
         own as they come; ratio of marks: more is better, of all else: less",
    );
    let done = Mumble::find().and_then(|mumble| {
        println!("  with Mumble {}, {voices} voices of {SECONDS} s", mumble.version);
        beside(&mumble, panel, voices)
    });
    if let Err(fault) = done {
        println!("  without Mumble: {fault}");
    }
}

fn beside(mumble: &Mumble, panel: &Panel, voices: usize) -> Result<(), String> {
    let asked = asked();
    let mut pairs: Vec<[Vec<One>; 2]> = asked.iter().map(|_| Default::default()).collect();
    let mut costs = [GOOD, EDGE].map(|shape| (shape, Vec::new(), Vec::new()));
    for nth in 0..voices {
        let (said, seed) = voice(nth, SECONDS);
        let seeded = |line: &Weather| line.clone().seed(seed);
        let wanted = asked.iter().map(|(_, shape, line)| Wanted {
            bits_per_s: shape.speech_bytes() * 8_000 / shape.span.ms() as usize,
            span_ms: shape.span.ms(),
            weather: seeded(line),
        });
        let came = all_heard(mumble, &said, &wanted.collect::<Vec<_>>())?;
        for ((_, shape, _), came) in asked.iter().zip(&came) {
            if let Some((_, client, server)) = costs.iter_mut().find(|cost| cost.0 == *shape) {
                client.push(came.client);
                server.push(came.server);
            }
        }
        let both = panel.each(asked.len(), |others, at| {
            let (_, shape, line) = &asked[at];
            [One::ours(others, &said, *shape, &seeded(line)), One::theirs(others, &came[at])]
        });
        for (pair, [ours, theirs]) in pairs.iter_mut().zip(both) {
            pair[0].push(ours);
            pair[1].push(theirs);
        }
    }
    for ((name, ..), pair) in asked.iter().zip(&pairs) {
        let [ours, theirs] = [0, 1].map(|side| One::mean(&pair[side]));
        print(name, ours.marks, "Mumble", theirs.marks);
        let amounts = |what: &str, of: fn(&One) -> f64, unit| {
            table::amounts(&format!("{name}: {what}"), of(&ours), "Mumble", of(&theirs), unit);
        };
        amounts("bytes a second", |one| one.bytes_per_s, "B");
        amounts("packets a second", |one| one.packets_per_s, "");
        amounts("mouth to ear", |one| one.late_ms, "ms");
    }
    let (voice, _) = voice(0, 60.0);
    for (shape, client, server) in costs {
        let name = if shape == GOOD { "24 kbit/s, 20 ms" } else { "16 kbit/s, 60 ms" };
        let cost = |what: &str, ours: f64, peer: &str, theirs: Vec<f64>| {
            let theirs = table::median(theirs) * 100.0;
            table::amounts(&format!("{name}: {what}"), ours * 100.0, peer, theirs, "% of a core");
        };
        // Of ours no sound of a machine, no network and no window.
        let ours = minute_of_cpu(&voice, shape) / 60.0;
        cost("codec, keys, packets of a client", ours, "Mumble's client, all of it", client);
        let ours = rooms::one_call(shape);
        cost("one call at the relay", ours, "Mumble's server with one call", server);
    }
    Ok(())
}

/// Calls of which each was heard: programs that did not come together begin again, some times.
fn all_heard(mumble: &Mumble, said: &[i16], wanted: &[Wanted]) -> Result<Vec<Came>, String> {
    let mut all: Vec<Option<Came>> = wanted.iter().map(|_| None).collect();
    for again in 0..TRIES {
        let open: Vec<usize> = (0..all.len()).filter(|at| all[*at].is_none()).collect();
        if again > 0 && !open.is_empty() {
            println!("  {} calls begin again: the listener was played nothing at all", open.len());
        }
        for some in open.chunks(AT_ONCE) {
            let wanted: Vec<Wanted> = some.iter().map(|at| wanted[*at].clone()).collect();
            for (at, came) in some.iter().zip(mumble.calls(said, &wanted)?) {
                all[*at] = Some(came).filter(|came| !came.is_silent());
            }
        }
    }
    all.into_iter().collect::<Option<Vec<_>>>().ok_or("a listener is played nothing".to_owned())
}
