//! How well a recording is understood: by a STOI of our own, and by judges of others where they are
//! installed: PESQ (ITU-T P.862.2, wideband) and another STOI, both as packages of Python.

use std::{
    io::{BufRead, BufReader, Write},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    thread,
};

use sogon_call::speech;

use super::super::stoi::stoi;

const SECOND: usize = 16_000;
/// STOI looks at so much at once.
const BLOCK: usize = 3 * SECOND;
/// PESQ at so much: its authors tried it with sentences of eight to twelve seconds.
const SENTENCE: usize = 9 * SECOND;

/// How one recording was judged.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Marks {
    /// By our STOI, 0 to 1.
    pub(super) stoi: f64,
    /// By that of `pystoi`.
    pub(super) their_stoi: Option<f64>,
    /// By PESQ: the listening quality people would give, 1 to about 4.6.
    pub(super) pesq: Option<f64>,
}

impl Marks {
    /// The mean of several.
    pub(super) fn mean(all: &[Self]) -> Self {
        Self {
            stoi: mean(all.iter().map(|marks| marks.stoi)).unwrap_or(f64::NAN),
            their_stoi: mean_of_all(all.iter().map(|marks| marks.their_stoi)),
            pesq: mean_of_all(all.iter().map(|marks| marks.pesq)),
        }
    }
}

fn mean(values: impl IntoIterator<Item = f64>) -> Option<f64> {
    let (mut sum, mut count) = (0.0, 0.0);
    for value in values {
        sum += value;
        count += 1.0;
    }
    (count > 0.0).then(|| sum / count)
}

/// The mean, if none is missing.
fn mean_of_all(values: impl Iterator<Item = Option<f64>>) -> Option<f64> {
    values.collect::<Option<Vec<_>>>().and_then(mean)
}

/// How well it was understood, and how good it sounded.
pub(super) fn marks(others: &mut Others, said: &[i16], heard: &[i16], lag_max_ms: usize) -> Marks {
    let pairs = aligned(said, heard, lag_max_ms);
    let ours = mean(pairs.iter().map(|(said, heard)| stoi(said, heard)));
    let theirs = pairs.iter().map(|(said, heard)| others.judge(Judge::Stoi, said, heard));
    let theirs = mean_of_all(theirs);
    let sentences = sentences(said, heard, lag_max_ms);
    let pesq = mean_of_all(sentences.map(|(said, heard)| others.judge(Judge::Pesq, said, &heard)));
    Marks { stoi: ours.unwrap_or(f64::NAN), their_stoi: theirs, pesq }
}

/// By our STOI alone.
pub(super) fn understood(said: &[i16], heard: &[i16], lag_max_ms: usize) -> f64 {
    let pairs = aligned(said, heard, lag_max_ms);
    mean(pairs.iter().map(|(said, heard)| stoi(said, heard))).unwrap_or(f64::NAN)
}

/// Three seconds at a time, at the lag that fits them best, and each of them at its own where that
/// fits much better: a pause that became longer is no word less. Without the first and the last.
fn aligned<'a>(said: &'a [i16], heard: &[i16], lag_max_ms: usize) -> Vec<(&'a [i16], Vec<i16>)> {
    let blocks = said.len() / BLOCK;
    (1..blocks.saturating_sub(1))
        .map(|at| {
            let mine = &said[at * BLOCK..(at + 1) * BLOCK];
            let lag = speech::lag_ms(mine, after(heard, at * BLOCK, BLOCK, lag_max_ms), lag_max_ms);
            let mut aligned = Vec::new();
            for (nth, mine) in mine.chunks_exact(SECOND).enumerate() {
                let rest = after(heard, at * BLOCK + nth * SECOND, SECOND, lag_max_ms);
                let own = speech::lag_ms(mine, rest, lag_max_ms);
                let fits = |ms| speech::likeness_at(mine, rest, ms);
                let lag = if fits(own) > fits(lag) + 0.1 { own } else { lag };
                let from = (lag * 16).min(rest.len());
                aligned.extend(&rest[from..(from + SECOND).min(rest.len())]);
                aligned.resize((nth + 1) * SECOND, 0);
            }
            (mine, aligned)
        })
        .collect()
}

/// What was heard from here on, as far as something of this length may lie in it.
fn after(heard: &[i16], from: usize, count: usize, lag_max_ms: usize) -> &[i16] {
    let rest = heard.get(from..).unwrap_or_default();
    &rest[..rest.len().min(count + lag_max_ms * 16)]
}

/// What PESQ is given: sentences at their lag, and without the first seconds of a call. How the delay
/// changes within them PESQ finds by itself, as its standard says.
fn sentences<'a>(
    said: &'a [i16],
    heard: &'a [i16],
    lag_max_ms: usize,
) -> impl Iterator<Item = (&'a [i16], Vec<i16>)> {
    let first = BLOCK;
    (0..).map(move |nth| first + nth * SENTENCE).map_while(move |from| {
        let mine = said.get(from..from + SENTENCE)?;
        let rest = after(heard, from, SENTENCE, lag_max_ms);
        let lag = speech::lag_ms(mine, rest, lag_max_ms);
        let start = (lag * 16).min(rest.len());
        let mut theirs = rest[start..(start + SENTENCE).min(rest.len())].to_vec();
        theirs.resize(SENTENCE, 0);
        Some((mine, theirs))
    })
}

/// Which of the judges.
#[derive(Clone, Copy)]
enum Judge {
    Stoi = 0,
    Pesq = 1,
}

/// The judges of others, in a process that stays; without Python there are none.
pub(super) struct Others {
    running: Option<Running>,
    /// What is there, with its version; empty for what is not.
    versions: [String; 2],
}

struct Running {
    child: Child,
    asks: Option<ChildStdin>,
    says: BufReader<ChildStdout>,
}

impl Others {
    fn find() -> Self {
        let mut running = Running::start();
        let versions =
            running.as_mut().and_then(|running| Some([running.line()?, running.line()?]));
        Self { running, versions: versions.unwrap_or_default() }
    }

    /// What this one says of recordings of the same length; [`None`] where it is not installed.
    fn judge(&mut self, judge: Judge, said: &[i16], heard: &[i16]) -> Option<f64> {
        assert_eq!(said.len(), heard.len());
        if self.versions[judge as usize].is_empty() {
            return None;
        }
        let mut bytes = vec![judge as u8];
        bytes.extend(u32::try_from(said.len()).ok()?.to_le_bytes());
        bytes.extend(said.iter().chain(heard).flat_map(|sample| sample.to_le_bytes()));
        let running = self.running.as_mut()?;
        running.asks.as_mut()?.write_all(&bytes).ok()?;
        running.line()?.parse().ok()
    }
}

impl Running {
    fn start() -> Option<Self> {
        let mut command = Command::new("python3");
        command.args(["-c", PYTHON]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.stderr(Stdio::null()).spawn().ok()?;
        let (asks, says) = (child.stdin.take(), BufReader::new(child.stdout.take()?));
        Some(Self { child, asks, says })
    }

    fn line(&mut self) -> Option<String> {
        let mut line = String::new();
        self.says.read_line(&mut line).ok().filter(|bytes| *bytes > 0)?;
        Some(line.trim_end().to_owned())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It ends when nobody asks any more.
        drop(self.asks.take());
        let _ = self.child.wait();
    }
}

/// Reads a judge's number, how many samples, and both recordings; writes the mark. PESQ refuses a
/// recording in which it hears nobody: that gets the least of its marks.
const PYTHON: &str = "
import struct, sys
from importlib import metadata
def found(name):
    try:
        module = __import__(name)
        print(name, metadata.version(name), flush=True)
        return module
    except ImportError:
        print(flush=True)
stoi, pesq = found('pystoi'), found('pesq')
while len(head := sys.stdin.buffer.read(5)) == 5:
    import numpy
    judge, count = struct.unpack('<BI', head)
    said, heard = (numpy.frombuffer(sys.stdin.buffer.read(2 * count), '<i2') for _ in range(2))
    try:
        if judge == 0:
            mark = stoi.stoi(said.astype(float), heard.astype(float), 16000)
        else:
            mark = pesq.pesq(16000, said, heard, 'wb')
    except Exception:
        mark = 1.0 if judge == 1 else 0.0
    print(float(mark), flush=True)
";

/// The judges of others, as many as there are cores.
pub(super) struct Panel(Vec<Mutex<Others>>);

impl Panel {
    /// Starts them, and says which there are.
    pub(super) fn find() -> Self {
        let cores = thread::available_parallelism().map_or(1, usize::from);
        let panel: Vec<Others> = (0..cores).map(|_| Others::find()).collect();
        for (version, name) in panel[0].versions.iter().zip(["pystoi", "pesq"]) {
            if version.is_empty() {
                println!("  without {name}: it is not installed (pip install {name})");
            } else {
                println!("  with {version}, a package of Python");
            }
        }
        Self(panel.into_iter().map(Mutex::new).collect())
    }

    /// Does this for each number below `count`, on all cores, and gives what came of it in order.
    pub(super) fn each<T: Send>(
        &self,
        count: usize,
        work: impl Fn(&mut Others, usize) -> T + Sync,
    ) -> Vec<T> {
        let (next, done) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
        thread::scope(|scope| {
            for others in &self.0 {
                let (next, done, work) = (&next, &done, &work);
                scope.spawn(move || {
                    let mut others = others.lock().unwrap();
                    loop {
                        let nth = next.fetch_add(1, Relaxed);
                        if nth >= count {
                            return;
                        }
                        let came = work(&mut others, nth);
                        done.lock().unwrap().push((nth, came));
                    }
                });
            }
        });
        let mut done = done.into_inner().unwrap();
        done.sort_by_key(|(nth, _)| *nth);
        done.into_iter().map(|(_, came)| came).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_that_became_longer_is_no_word_less() {
        let said = speech::sentence(3, 15.0);
        let mut heard = vec![0; 16 * 230];
        heard.extend(&said[..7 * SECOND]);
        heard.extend(vec![0; 16 * 200]);
        heard.extend(&said[7 * SECOND..]);
        assert!(understood(&said, &heard, 700) > 0.99, "{}", understood(&said, &heard, 700));
        let mut other = vec![0; 16 * 230];
        other.extend(speech::sentence(4, 15.0));
        assert!(understood(&said, &other, 700) < 0.6, "{}", understood(&said, &other, 700));
    }
}
