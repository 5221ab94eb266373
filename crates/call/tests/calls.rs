//! Calls over lines that lose, delay, double and mix up packets.
#![cfg(test)]
#![allow(
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    reason = "numbers of a test"
)]

mod line;

use line::{CALM, Call, Chance, Line, Loss, Weather, secret, talk};
use sogon_call::{MEMBERS_MAX, Mute, Rate, Shape, Span, TICK_SAMPLES, Talk, note, speech};

const EDGE: Shape = Shape { rate: Rate::Kbit16, span: Span::Ms60 };
const GOOD: Shape = Shape { rate: Rate::Kbit24, span: Span::Ms20 };

#[test]
fn what_is_said_is_heard_and_soon() {
    let said = speech::sentence(1, 8.0);
    for (shape, most_ms) in [(GOOD, 110), (EDGE, 200)] {
        let mut call = Call::new(1, shape, CALM);
        call.listen(&said);
        let (likeness, lag_ms) =
            (speech::likeness(&said, &call.heard[1]), speech::lag_ms(&said, &call.heard[1], 600));
        assert!(likeness > 0.9, "{likeness}");
        assert!(lag_ms <= most_ms, "{lag_ms} ms at {shape:?}");
        let counts = call.talks[1].counts();
        assert!(counts.concealed * 100 <= counts.played, "{counts:?}");
    }
}

#[test]
fn every_packet_is_like_every_other_whatever_is_said() {
    let spoken = speech::sentence(3, 6.0);
    let silent = vec![0; spoken.len()];
    let traffic = |said: &[i16], mute: Mute, seed| {
        let weather = Weather { loss: Loss::Each(20), ..CALM };
        let mut call = Call::new(seed, EDGE, weather);
        call.talks[0].mute(mute);
        call.listen(said);
        call.lines[0].sent.clone()
    };
    let in_speech = traffic(&spoken, Mute::Off, 5);
    assert_eq!(in_speech, traffic(&silent, Mute::Off, 5));
    assert_eq!(in_speech, traffic(&spoken, Mute::On, 5));
    assert_eq!(in_speech, traffic(&speech::sentence(4, 6.0), Mute::Off, 6), "nor what is lost");
    let sizes: Vec<_> = in_speech.iter().map(|(_, bytes)| *bytes).collect();
    assert!(sizes.iter().all(|bytes| *bytes == sizes[0]));
    let gaps: Vec<_> = in_speech.windows(2).map(|pair| pair[1].0 - pair[0].0).collect();
    assert!(gaps.iter().all(|gap| *gap == 60), "{gaps:?}");
}

#[test]
fn a_line_that_loses_a_fifth_is_mended() {
    let said = speech::sentence(7, 20.0);
    let mut worst: f32 = 1.0;
    for seed in 0..4 {
        let weather = Weather { loss: Loss::Each(20), delay_ms: 300, jitter_ms: 80, doubled: 2 };
        let mut call = Call::new(seed, EDGE, weather);
        // It takes a few seconds to know what a line is like.
        let (first, rest) = said.split_at(16_000 * 6);
        call.listen(first);
        let before = call.talks[1].counts();
        call.listen(rest);
        let mut counts = call.talks[1].counts();
        counts.played -= before.played;
        counts.mended -= before.mended;
        counts.concealed -= before.concealed;
        let all = counts.played + counts.concealed;
        assert!(counts.mended * 100 > all * 10, "seed {seed}: {counts:?}");
        assert!(counts.concealed * 100 < all * 8, "seed {seed}: {counts:?}");
        let heard = &call.heard[1][first.len()..];
        worst = worst.min(speech::likeness_at(rest, heard, speech::lag_ms(rest, heard, 900)));
    }
    assert!(worst > 0.8, "{worst}");
}

#[test]
fn losses_in_rows_are_mended_by_copies_further_apart_and_not_by_less() {
    let said = speech::sentence(7, 30.0);
    let loss = Loss::Bursts { percent: 22, length: 3 };
    let weather = Weather { loss, delay_ms: 300, jitter_ms: 40, doubled: 0 };
    let (mut mended, mut concealed, mut less) = (0, 0, 0);
    for seed in 0..6 {
        let mut call = Call::new(seed, EDGE, weather);
        call.listen(&said);
        let before = call.talks[1].counts();
        for chunk in said.chunks(TICK_SAMPLES) {
            call.tick([chunk, &[]]);
            less += usize::from(call.talks[0].shape() != EDGE);
        }
        let counts = call.talks[1].counts();
        mended += counts.mended - before.mended;
        concealed += counts.concealed - before.concealed;
    }
    let of = 6 * said.len() / TICK_SAMPLES;
    assert!(mended * 10 > (mended + concealed) * 6, "{mended} mended, {concealed} not");
    assert!(less * 20 < of, "{less} of {of} ticks in another shape");
}

#[test]
fn a_calm_line_is_not_made_to_wait_for_second_copies() {
    let said = speech::sentence(7, 30.0);
    let bad = Weather { loss: Loss::Each(20), ..CALM };
    let mut call = Call::new(3, EDGE, bad);
    call.listen(&said);
    let waited = call.talks[1].wait_ms();
    assert!(waited >= 120, "{waited}");
    for line in &mut call.lines {
        line.change(CALM);
    }
    call.listen(&said);
    assert!(call.talks[1].wait_ms() < 60, "{}", call.talks[1].wait_ms());
}

#[test]
fn no_weather_breaks_a_call() {
    let said = speech::sentence(9, 4.0);
    for seed in 0..12 {
        let mut chance = Chance(seed);
        let loss = match chance.below(3) {
            0 => Loss::Each(chance.below(95)),
            1 => Loss::Bursts { percent: chance.below(60), length: 1 + chance.below(20) },
            _ => Loss::Each(0),
        };
        let weather = Weather {
            loss,
            delay_ms: i64::try_from(chance.below(1_500)).unwrap(),
            jitter_ms: chance.below(800),
            doubled: chance.below(30),
        };
        let shape = if chance.percent(50) { EDGE } else { GOOD };
        let mut call = Call::new(seed, shape, weather);
        call.listen(&said);
        // And when the line is good again, the call is.
        for line in &mut call.lines {
            line.change(CALM);
        }
        call.listen(&speech::sentence(2, 8.0));
        let after = speech::sentence(10, 6.0);
        let from = call.heard[1].len();
        call.listen(&after);
        let heard = &call.heard[1][from..];
        let likeness = speech::likeness(&after, heard);
        assert!(likeness > 0.8, "seed {seed}: {likeness} after {weather:?}");
    }
}

#[test]
fn floods_replays_and_wrong_keys_change_nothing() {
    let said = speech::sentence(11, 6.0);
    let mut quiet = Call::new(1, GOOD, CALM);
    quiet.listen(&said);
    let mut call = Call::new(1, GOOD, CALM);
    let mut stranger = Talk::new(secret(2, 1), 0, 5, GOOD).unwrap();
    let mut chance = Chance(4);
    let mut old: Vec<Vec<u8>> = Vec::new();
    for chunk in said.chunks(TICK_SAMPLES) {
        let now_ms = call.now_ms;
        let mut refused = 0;
        for packet in old.iter().rev().take(5) {
            refused += u32::from(!call.talks[1].hear(now_ms, packet).unwrap());
        }
        assert!(refused as usize >= old.len().min(5).saturating_sub(1));
        for _ in 0..20 {
            let rubbish: Vec<u8> = (0..chance.below(300)).map(|_| chance.next() as u8).collect();
            assert!(!call.talks[1].hear(now_ms, &rubbish).unwrap());
        }
        let strange = stranger.tick(now_ms, &[900; TICK_SAMPLES]).unwrap();
        if let Some(packet) = strange.packet {
            assert!(!call.talks[1].hear(now_ms, &packet).unwrap());
        }
        call.tick([chunk, &[]]);
        // What has just been heard, to be replayed.
        let mut spy = Line::new(0, CALM);
        std::mem::swap(&mut spy, &mut call.lines[0]);
        old = spy.come(i64::MAX - 2);
        for packet in &old {
            call.talks[1].hear(now_ms, packet).unwrap();
        }
    }
    assert!(call.talks[1].refused() > 1_000);
}

#[test]
fn what_was_said_on_a_dead_line_is_kept_for_a_note() {
    let (before, lost) = (speech::sentence(20, 5.0), speech::sentence(21, 6.0));
    let mut call = Call::new(1, EDGE, CALM);
    call.listen(&before);
    for line in &mut call.lines {
        line.change(Weather { loss: Loss::Each(100), ..CALM });
    }
    call.listen(&lost);
    let unheard = call.talks[0].unheard();
    // What was on its way when the line died is in it too, and little more.
    let more = unheard.len() - lost.len();
    assert!(more <= 16_000, "{more}");
    let note = note::record(&unheard).unwrap();
    let heard = note::Note::parse(&note).unwrap().play().unwrap();
    assert!(speech::likeness(&lost, &heard[more..]) > 0.8);
    // Whoever never answered gets all of it.
    let mut alone = Call::new(1, EDGE, Weather { loss: Loss::Each(100), ..CALM });
    alone.listen(&before);
    assert_eq!(alone.talks[0].unheard().len(), before.len());
}

#[test]
fn whoever_is_removed_hears_no_more_and_the_call_goes_on() {
    let shape = GOOD;
    let mut talks = [talk(0, shape), talk(1, shape), talk(2, shape)];
    let mut now_ms = 0;
    let said = speech::sentence(5, 2.0);
    let round = |talks: &mut [Talk; 3], now_ms: &mut i64| {
        let before = talks.each_ref().map(|talk| talk.counts().came);
        for chunk in said.chunks_exact(TICK_SAMPLES) {
            let samples = <&[i16; TICK_SAMPLES]>::try_from(chunk).unwrap();
            let packets: Vec<_> =
                talks.iter_mut().map(|talk| talk.tick(*now_ms, samples).unwrap().packet).collect();
            for (from, packet) in packets.into_iter().enumerate() {
                for (to, talk) in talks.iter_mut().enumerate() {
                    if let Some(packet) = packet.as_ref().filter(|_| from != to) {
                        talk.hear(*now_ms, packet).unwrap();
                    }
                }
            }
            *now_ms += 20;
        }
        let after = talks.each_ref().map(|talk| talk.counts().came);
        [0, 1, 2].map(|at| after[at] - before[at])
    };
    assert_eq!(round(&mut talks, &mut now_ms), [200, 200, 200]);
    for (leaf, talk) in talks.iter_mut().enumerate().take(2) {
        talk.turn(now_ms, secret(9, 2), u8::try_from(leaf).unwrap(), 77).unwrap();
    }
    let [first, second, removed] = round(&mut talks, &mut now_ms);
    assert!(removed == 0, "{removed}");
    // For three seconds what was under way is taken, the removed one's words included.
    assert!((100..=200).contains(&first) && (100..=200).contains(&second));
    let _ = round(&mut talks, &mut now_ms);
    assert_eq!(round(&mut talks, &mut now_ms), [100, 100, 0]);
}

#[test]
fn sixteen_talk_at_once() {
    let shape = Shape { rate: Rate::Kbit8, span: Span::Ms60 };
    let mut talks: Vec<_> = (0..16).map(|leaf| talk(leaf, shape)).collect();
    let said = speech::sentence(5, 2.0);
    let mut loud = 0;
    for (at, chunk) in said.chunks_exact(TICK_SAMPLES).enumerate() {
        let now_ms = i64::try_from(at).unwrap() * 20;
        let samples = <&[i16; TICK_SAMPLES]>::try_from(chunk).unwrap();
        let ticks: Vec<_> =
            talks.iter_mut().map(|talk| talk.tick(now_ms, samples).unwrap()).collect();
        loud += ticks[0].heard.iter().filter(|sample| sample.unsigned_abs() > 1_000).count();
        for (from, tick) in ticks.iter().enumerate() {
            for (to, talk) in talks.iter_mut().enumerate() {
                if let Some(packet) = tick.packet.as_ref().filter(|_| from != to) {
                    assert!(talk.hear(now_ms, packet).unwrap());
                }
            }
        }
    }
    assert_eq!(talks[0].others(), MEMBERS_MAX - 1);
    assert!(loud > 3_000, "{loud}");
}

#[test]
fn what_fell_into_a_gap_of_the_line_is_kept_though_the_call_went_on() {
    let (before, gone, after) =
        (speech::sentence(30, 4.0), speech::sentence(31, 5.0), speech::sentence(32, 4.0));
    let mut call = Call::new(1, EDGE, CALM);
    call.listen(&before);
    assert!(call.talks[0].unheard().len() < 16_000);
    for weather in [Weather { loss: Loss::Each(100), ..CALM }, CALM] {
        for line in &mut call.lines {
            line.change(weather);
        }
        call.listen(if matches!(weather.loss, Loss::Each(100)) { &gone } else { &after });
    }
    let unheard = call.talks[0].unheard();
    let most = gone.len() + 16_000;
    assert!((gone.len()..most).contains(&unheard.len()), "{}", unheard.len());
    assert!(speech::likeness(&gone, &unheard) > 0.9);
}

#[test]
fn a_line_that_is_too_narrow_gets_less_in_steps_that_no_word_decides() {
    let shapes = |said: &[i16], mute: Mute| {
        let mut call = Call::new(1, GOOD, CALM);
        call.talks[0].mute(mute);
        let mut steps = Vec::new();
        let mut busy_until = 0;
        for chunk in said.chunks(TICK_SAMPLES) {
            call.tick([chunk, &[]]);
            // 30 kbit/s one way, behind which packets wait.
            let passed = call.lines[0].sent.len();
            if let Some((at, bytes)) = call.lines[0].sent.last().copied() {
                if at == call.now_ms - 20 {
                    busy_until = busy_until.max(at) + (bytes as i64 + 76) * 8 / 30;
                }
                let delay_ms = 40 + (busy_until - call.now_ms).max(0);
                call.lines[0].change(Weather { delay_ms, ..CALM });
                let new = steps.last().is_none_or(|(_, size)| *size != bytes);
                if new {
                    steps.push((passed, bytes));
                }
            }
        }
        (steps, call.talks[0].shape())
    };
    let said = speech::sentence(5, 40.0);
    let (steps, shape) = shapes(&said, Mute::Off);
    assert!(shape.wire_bits_per_s() < GOOD.wire_bits_per_s() / 2, "{shape:?} {steps:?}");
    assert!((2..8).contains(&steps.len()), "{steps:?}");
    assert_eq!(shapes(&vec![0; said.len()], Mute::Off).0, steps);
    assert_eq!(shapes(&said, Mute::On).0, steps);
    assert_eq!(shapes(&speech::sentence(6, 40.0), Mute::Off).0, steps);
}

#[test]
fn the_one_who_holds_the_key_is_known_to_the_other_and_to_nobody_else() {
    let mut call = Call::new(1, EDGE, CALM);
    let said = speech::sentence(3, 2.0);
    call.listen(&said);
    assert!(!call.talks[1].others_floor());
    let sizes = |call: &Call| call.lines[0].sent.iter().map(|(_, bytes)| *bytes).max();
    let before = sizes(&call);
    call.talks[0].floor(true);
    call.listen(&said);
    assert!(call.talks[1].others_floor());
    call.talks[0].floor(false);
    call.listen(&said);
    assert!(!call.talks[1].others_floor());
    assert_eq!(sizes(&call), before);
}

#[test]
fn a_line_of_a_second_is_spoken_over_in_turns() {
    let far = Weather { delay_ms: 1_000, jitter_ms: 30, ..CALM };
    let mut call = Call::new(1, EDGE, far);
    call.listen(&speech::sentence(3, 8.0));
    assert!(call.talks.iter().all(Talk::turns));
    let trip = call.talks[0].round_trip_ms().unwrap();
    assert!((2_000..2_400).contains(&trip), "{trip}");
    for line in &mut call.lines {
        line.change(CALM);
    }
    call.listen(&speech::sentence(3, 8.0));
    assert!(!call.talks.iter().any(Talk::turns));
}

/// What one says to four others; packets to and from those for whom `dead` holds are lost. Time
/// and talks go on.
fn all_say(talks: &mut [Talk], now_ms: &mut i64, said: &[i16], dead: impl Fn(usize) -> bool) {
    for chunk in said.chunks_exact(TICK_SAMPLES) {
        let samples = <&[i16; TICK_SAMPLES]>::try_from(chunk).unwrap();
        let silence = [0; TICK_SAMPLES];
        let ticks: Vec<_> = talks
            .iter_mut()
            .enumerate()
            .map(|(who, talk)| {
                talk.tick(*now_ms, if who == 0 { samples } else { &silence }).unwrap()
            })
            .collect();
        for (from, tick) in ticks.iter().enumerate() {
            for (to, talk) in talks.iter_mut().enumerate() {
                if let Some(packet) = tick.packet.as_ref().filter(|_| from != to)
                    && !dead(from)
                    && !dead(to)
                {
                    assert!(talk.hear(*now_ms, packet).unwrap());
                }
            }
        }
        *now_ms += 20;
    }
}

fn missed(talk: &Talk, tail: bool) -> Vec<i16> {
    talk.missed_pieces(tail).flat_map(|(_, frame)| frame).copied().collect()
}

#[test]
fn in_a_group_what_one_of_them_missed_is_kept_for_a_note_and_nothing_else() {
    let mut talks: Vec<_> = (0..5).map(|leaf| talk(leaf, EDGE)).collect();
    let (before, gone, after) =
        (speech::sentence(40, 4.0), speech::sentence(41, 5.0), speech::sentence(42, 4.0));
    let mut now_ms = 0;
    all_say(&mut talks, &mut now_ms, &before, |_| false);
    assert_eq!(missed(&talks[0], true).len() / 16_000, 0);
    // One of the four hears nothing for a while; the others do.
    all_say(&mut talks, &mut now_ms, &gone, |who| who == 3);
    all_say(&mut talks, &mut now_ms, &after, |_| false);
    let kept = missed(&talks[0], false);
    assert!((gone.len()..gone.len() + 16_000).contains(&kept.len()), "{}", kept.len());
    assert!(speech::likeness(&gone, &kept) > 0.9);
    // Somebody goes and does not come back: what they did not hear is not said again.
    all_say(&mut talks, &mut now_ms, &gone, |who| who == 2);
    assert_eq!(missed(&talks[0], false).len(), kept.len());
    // One's own line is dead.
    all_say(&mut talks, &mut now_ms, &before, |who| who == 0);
    let tail = missed(&talks[0], true);
    let own = kept.len() + before.len();
    assert!((own..own + 16_000).contains(&tail.len()), "{} {own}", tail.len());
}
