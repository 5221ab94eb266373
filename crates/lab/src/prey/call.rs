//! Voice: recordings, notes, and packets that a member of a call made up.

use sogon_call::{
    CallSecret, Rate, SECONDS_MAX, Sealer, Shape, Span, TICK_SAMPLES, Talk, Voice, note::Note, wav,
};
use zeroize::Zeroizing;

/// A note this long is played; longer ones are looked at.
const PLAYED_MS_MAX: u32 = 3_000;

/// A recording is refused, or becomes samples that can be written again.
///
/// # Panics
/// When the promise is broken.
pub fn call_wav(bytes: &[u8]) {
    if let Ok(samples) = wav::read(bytes) {
        assert!(samples.len() <= SECONDS_MAX as usize * 16_000);
        let again = wav::read(&wav::write(&samples).expect("half an hour fits"));
        assert_eq!(again.ok(), Some(samples), "what was written is read again");
    }
}

/// A note is refused, or plays as long as it says.
///
/// # Panics
/// When the promise is broken.
pub fn call_note(bytes: &[u8]) {
    if let Ok(note) = Note::parse(bytes)
        && note.ms() <= PLAYED_MS_MAX
    {
        let samples = note.play().expect("a codec that takes rubbish for a loss");
        assert_eq!(samples.len().div_ceil(16), note.ms() as usize);
    }
}

/// Packets of a member who wants others to fall over: each is `ticks ahead, length, plain`, sealed
/// with the keys of the call. Whoever hears them goes on, and gives 20 ms of sound every 20 ms.
///
/// # Panics
/// When the promise is broken.
pub fn call_packet(bytes: &[u8]) {
    let secret = || CallSecret { base: Zeroizing::new([7; 32]), epoch: 1 };
    let shape = Shape { rate: Rate::Kbit16, span: Span::Ms60 };
    let mut talk = Talk::new(secret(), 0, 1, shape).expect("keys");
    let mut sealer = Sealer::new(&secret(), Voice::new(1, 1, 2)).expect("keys");
    let (mut rest, mut place, mut now_ms) = (bytes, 0_u32, 0_i64);
    while let [ahead, length, after @ ..] = rest {
        let (plain, after) = after.split_at(usize::from(*length).min(after.len()));
        rest = after;
        place = place.saturating_add(u32::from(*ahead));
        if let Ok(packet) = sealer.seal(place, plain) {
            let _ = talk.hear(now_ms, &packet).expect("rubbish is no fault of the codec");
            assert!(!talk.hear(now_ms, &packet).expect("nor is a replay"), "opened once");
        }
        let tick = talk.tick(now_ms, &[0; TICK_SAMPLES]).expect("it goes on");
        assert_eq!(tick.heard.len(), TICK_SAMPLES);
        (place, now_ms) = (place.saturating_add(1), now_ms + 20);
    }
}
