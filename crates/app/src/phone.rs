//! A call, between the page and the home: samples both ways, and how it stands.

use tokio::sync::mpsc;

/// Samples in 20 ms at 16 kHz, in one channel.
pub const TICK_SAMPLES: usize = 320;
/// What may wait in either direction: a little more than a second of sound.
const WAITING_MAX: usize = 64;

/// What the owner does in a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Spoken {
    /// What the microphone took in 20 ms.
    Sound(Box<[i16; TICK_SAMPLES]>),
    /// From now on nobody hears the microphone, or they do again.
    Mute(bool),
    /// The owner speaks while a key is held, and only then; released, it is the others' turn.
    Floor(bool),
}

/// When a call is to end by itself; nothing for never.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Budget {
    /// After so many seconds.
    pub seconds: Option<u64>,
    /// After so many bytes, up and down together.
    pub bytes: Option<u64>,
}

/// Where a call stands on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// The room is being entered.
    Entering,
    /// It is entered, and nobody was heard yet.
    Alone,
    /// Somebody is heard.
    Talking,
    /// The line was lost, or nothing comes over it.
    Again,
}

impl Stage {
    /// Its name in the words of the page: `stage-` and this.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Entering => "entering",
            Self::Alone => "alone",
            Self::Talking => "talking",
            Self::Again => "again",
        }
    }
}

/// Which way what is said goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Way {
    /// Through the relay.
    #[default]
    Relay,
    /// From one to the other.
    Direct,
}

impl Way {
    /// Its name in the words of the page: `way-` and this.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Relay => "relay",
            Self::Direct => "direct",
        }
    }
}

/// How a call stands, told twice a second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Where it is.
    pub stage: Stage,
    /// Since the room was first entered, in milliseconds.
    pub ms: u64,
    /// How many others are heard.
    pub others: usize,
    /// Sent since it began.
    pub bytes_up: u64,
    /// Received since it began.
    pub bytes_down: u64,
    /// What does not come, in percent.
    pub missed: u8,
    /// There and back, in milliseconds, as far as it is known.
    pub round_trip_ms: Option<u32>,
    /// The line is so slow that one should speak in turns.
    pub turns: bool,
    /// Somebody else holds the key.
    pub floor: bool,
    /// Which way what is said goes now.
    pub way: Way,
}

/// Why a call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// Somebody hung up, or it was ended elsewhere.
    Over,
    /// What was to be spent is spent.
    Budget,
    /// The line is dead.
    Lost,
    /// There are too many in it.
    Full,
}

impl End {
    /// Its name in the words of the page: `end-` and this.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Over => "over",
            Self::Budget => "budget",
            Self::Lost => "lost",
            Self::Full => "full",
        }
    }
}

/// What comes of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sounded {
    /// What the loudspeaker plays in 20 ms.
    Sound(Box<[i16; TICK_SAMPLES]>),
    /// How it stands.
    Standing(Standing),
    /// It is over; whether what was said and not heard goes as a voice note.
    Over {
        /// Why.
        end: End,
        /// A note goes out.
        note: bool,
    },
}

/// The page's end of a call. Dropping it hangs up.
#[derive(Debug)]
pub struct Phone {
    /// What the owner does. What finds no room is dropped: a queue would be heard as delay.
    pub say: mpsc::Sender<Spoken>,
    /// What comes of it; closed after [`Sounded::Over`].
    pub hear: mpsc::Receiver<Sounded>,
}

/// The home's end of a call.
#[derive(Debug)]
pub struct Wire {
    /// What the owner does; closed when the page is gone.
    pub said: mpsc::Receiver<Spoken>,
    /// What is to be heard and shown.
    pub tell: mpsc::Sender<Sounded>,
}

impl Phone {
    /// Both ends of a call.
    #[must_use]
    pub fn pair() -> (Self, Wire) {
        let (say, said) = mpsc::channel(WAITING_MAX);
        let (tell, hear) = mpsc::channel(WAITING_MAX);
        (Self { say, hear }, Wire { said, tell })
    }
}

/// Samples as they come from the page: 16 bits each, small end first; [`None`] for another length.
pub(crate) fn samples(bytes: &[u8]) -> Option<Box<[i16; TICK_SAMPLES]>> {
    let (pairs, rest) = bytes.as_chunks::<2>();
    let samples: Vec<i16> = pairs.iter().map(|pair| i16::from_le_bytes(*pair)).collect();
    rest.is_empty().then_some(())?;
    samples.into_boxed_slice().try_into().ok()
}

/// The same the other way.
pub(crate) fn bytes(samples: &[i16; TICK_SAMPLES]) -> Vec<u8> {
    samples.iter().flat_map(|sample| sample.to_le_bytes()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_come_back_as_they_were_and_nothing_else_is_taken() {
        let mut ramp = [0; TICK_SAMPLES];
        for (sample, value) in ramp.iter_mut().zip(-32_768_i16..) {
            *sample = value;
        }
        let sent = bytes(&ramp);
        assert_eq!(samples(&sent).as_deref(), Some(&ramp));
        for length in [0, 1, 638, 639, 641, 642, 1_280] {
            assert_eq!(samples(&vec![7; length]), None, "{length}");
        }
    }
}
