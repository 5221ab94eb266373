#![cfg(test)]

use std::time::Duration;

use super::*;
use crate::weather::{Loss, Outages};

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

/// Pushes numbered packets at a steady pace, and gives each arrival with its time.
fn run(
    way: &Way,
    seed: u64,
    count: u32,
    bytes: usize,
    every: Duration,
) -> (Vec<(Duration, u32)>, Tally) {
    let mut pipe = Pipe::new(way.clone(), seed);
    let mut arrived = Vec::new();
    let mut drain = |pipe: &mut Pipe<u32>, until: Duration| {
        while let Some(at) = pipe.next_deadline().filter(|at| *at <= until) {
            let before = at.checked_sub(Duration::from_nanos(1));
            assert_eq!(before.and_then(|before| pipe.pop(before)), None, "too early");
            arrived.push((at, pipe.pop(at).unwrap()));
        }
    };
    for n in 0..count {
        let now = every * n;
        drain(&mut pipe, now);
        pipe.push(n, bytes, now);
    }
    drain(&mut pipe, Duration::MAX);
    (arrived, pipe.tally())
}

#[test]
fn the_rate_is_exact_and_the_delay_comes_on_top() {
    // 1,000 bytes at 50 kbit/s are 160 ms.
    let way = Way::of(50_000, 300, 0.0, 1 << 20);
    let (arrived, tally) = run(&way, 1, 100, 1_000, Duration::ZERO);
    for (place, (at, number)) in arrived.iter().enumerate() {
        assert_eq!(*number as usize, place);
        assert_eq!(*at, ms(300) + ms(160) * (*number + 1));
    }
    assert_eq!((tally.arrived_packets, tally.arrived_bytes), (100, 100_000));
    assert_eq!(tally.busy, ms(16_000));
}

#[test]
fn a_sender_who_waits_is_not_paid_for_it() {
    let way = Way::of(50_000, 300, 0.0, 1 << 20);
    let (arrived, _) = run(&way, 1, 10, 1_000, ms(1_000));
    for (at, number) in arrived {
        assert_eq!(at, ms(1_000) * number + ms(460));
    }
}

#[test]
fn the_share_of_lost_packets_is_what_was_asked() {
    for (seed, share) in [(1, 0.05), (2, 0.15), (3, 0.30)] {
        let way = Way { loss: Loss::Each(share), ..Way::clear() };
        let (arrived, tally) = run(&way, seed, 20_000, 100, ms(1));
        // Five standard deviations of a binomial.
        let (mean, bound) = (20_000.0 * share, 5.0 * (20_000.0 * share * (1.0 - share)).sqrt());
        let lost = 20_000.0 - arrived.len() as f64;
        assert!((lost - mean).abs() < bound, "{lost} of 20000 at {share}");
        assert_eq!(tally.lost_packets, 20_000 - arrived.len() as u64);
        assert_eq!((tally.sent_packets, tally.sent_bytes), (20_000, 2_000_000));
    }
}

/// The lengths of runs of lost packets.
fn bursts(arrived: &[(Duration, u32)], count: u32) -> Vec<u32> {
    let ends = arrived.iter().map(|(_, number)| *number).chain([count]);
    let mut next = 0;
    let gaps = ends.map(|number| {
        let gap = number - next;
        next = number + 1;
        gap
    });
    gaps.filter(|gap| *gap > 0).collect()
}

#[test]
fn bursts_are_as_long_and_as_rare_as_asked() {
    let loss = Loss::Bursts { worse: 0.01, better: 0.25, in_good: 0.0, in_bad: 1.0 };
    let (arrived, _) = run(&Way { loss, ..Way::clear() }, 9, 100_000, 100, ms(1));
    let bursts = bursts(&arrived, 100_000);
    let lost: u32 = bursts.iter().sum();
    // A bad spell lasts 4 packets; 1 / (1 + 25) of the packets fall into one.
    let mean = f64::from(lost) / bursts.len() as f64;
    assert!((3.6..4.4).contains(&mean), "mean {mean}");
    let share = f64::from(lost) / 100_000.0;
    assert!((0.033..0.044).contains(&share), "share {share}");
    // The lengths of spells without memory: more than 3/4 of those that reach n reach n + 1.
    let reach = |n: u32| bursts.iter().filter(|length| **length >= n).count() as f64;
    for n in 1..5 {
        let stays = reach(n + 1) / reach(n);
        assert!((0.68..0.82).contains(&stays), "{stays} of spells of {n}");
    }
    // With the same share lost one by one, bursts are short.
    let way = Way { loss: Loss::Each(share), ..Way::clear() };
    let (arrived, _) = run(&way, 9, 100_000, 100, ms(1));
    let alone = self::bursts(&arrived, 100_000);
    assert!(f64::from(alone.iter().sum::<u32>()) / (alone.len() as f64) < 1.1);
}

#[test]
fn jitter_moves_arrivals_and_keeps_their_order() {
    let way = Way { delay: ms(100), jitter: ms(40), ..Way::clear() };
    let (arrived, _) = run(&way, 4, 2_000, 100, ms(1));
    assert!(arrived.windows(2).all(|pair| pair[0].1 < pair[1].1 && pair[0].0 <= pair[1].0));
    let off = arrived.iter().map(|(at, number)| *at - ms(u64::from(*number)));
    assert!(off.clone().all(|off| (ms(60)..=ms(140)).contains(&off)));
    let (least, most) = (off.clone().min().unwrap(), off.max().unwrap());
    assert!(most - least > ms(20), "{least:?} to {most:?}");
}

#[test]
fn only_what_is_held_back_is_overtaken() {
    let way = Way { delay: ms(100), held: 0.1, held_back: ms(30), ..Way::clear() };
    let (arrived, tally) = run(&way, 4, 2_000, 100, ms(10));
    assert_eq!(arrived.len(), 2_000);
    let late = arrived.iter().filter(|(at, number)| *at == ms(130 + 10 * u64::from(*number)));
    let late = late.count() as u64;
    assert_eq!(late, tally.held_packets);
    assert!((130..270).contains(&late), "{late} of 2000");
    let on_time = arrived.iter().filter(|(at, number)| *at == ms(100 + 10 * u64::from(*number)));
    assert_eq!(on_time.count() as u64, 2_000 - late);
    assert!(arrived.windows(2).any(|pair| pair[0].1 > pair[1].1), "nobody was overtaken");
}

#[test]
fn doubled_packets_arrive_twice() {
    let way = Way { doubled: 0.1, ..Way::clear() };
    let (arrived, tally) = run(&way, 4, 2_000, 100, ms(1));
    assert_eq!(arrived.len() as u64, 2_000 + tally.doubled_packets);
    assert!((130..270).contains(&tally.doubled_packets), "{tally:?}");
    let mut numbers: Vec<_> = arrived.iter().map(|(_, number)| *number).collect();
    numbers.dedup();
    assert_eq!(numbers, (0..2_000).collect::<Vec<_>>());
    assert_eq!((tally.sent_packets, tally.arrived_bytes), (2_000, arrived.len() as u64 * 100));
}

#[test]
fn what_does_not_fit_into_the_queue_is_dropped_at_its_tail() {
    let way = Way::of(50_000, 0, 0.0, 4_000);
    let (arrived, tally) = run(&way, 1, 10, 1_000, Duration::ZERO);
    let numbers: Vec<_> = arrived.iter().map(|(_, number)| *number).collect();
    assert_eq!(numbers, [0, 1, 2, 3]);
    assert_eq!(tally.overflowed_packets, 6);
    // 160 ms later one has left, and there is room for one more.
    let mut pipe = Pipe::new(way, 1);
    (0..5).for_each(|n| pipe.push(n, 1_000, Duration::ZERO));
    pipe.push(5, 1_000, ms(159));
    pipe.push(6, 1_000, ms(160));
    pipe.push(7, 1_000, ms(160));
    let arrived: Vec<_> = std::iter::from_fn(|| pipe.pop(Duration::MAX)).collect();
    assert_eq!(arrived, [0, 1, 2, 3, 6]);
    // A queue smaller than a packet still sends, one by one.
    let (arrived, _) = run(&Way::of(50_000, 0, 0.0, 0), 1, 3, 1_000, ms(160));
    assert_eq!(arrived.len(), 3);
}

#[test]
fn what_is_sent_while_the_link_is_gone_is_lost() {
    let outages = Outages { up: ms(10_000), down: ms(20_000), begin: Duration::ZERO };
    let way = Way { outages: Some(outages), delay: ms(300), ..Way::clear() };
    let (arrived, tally) = run(&way, 1, 600, 100, ms(100));
    let numbers: Vec<_> = arrived.iter().map(|(_, number)| *number).collect();
    assert_eq!(numbers, (0..100).chain(300..400).collect::<Vec<_>>());
    assert_eq!(tally.cut_packets, 400);
    // What was in the queue when it went is gone, and what would take longer than it is there.
    let slow = Way { rate_bps: Some(800), ..way.clone() };
    let (arrived, _) = run(&slow, 1, 40, 100, Duration::ZERO);
    let numbers: Vec<_> = arrived.iter().map(|(_, number)| *number).collect();
    assert_eq!(numbers, [0, 1, 2, 3, 4, 5, 6, 7, 8, 30, 31, 32, 33, 34, 35, 36, 37, 38]);
    let (arrived, _) = run(&Way { rate_bps: Some(20), ..way.clone() }, 1, 4, 100, Duration::ZERO);
    assert_eq!(arrived, []);
    // One may begin anywhere in the cycle.
    let begun = Outages { begin: ms(29_000), ..outages };
    let (arrived, _) = run(&Way { outages: Some(begun), ..way }, 1, 150, 100, ms(100));
    let numbers: Vec<_> = arrived.iter().map(|(_, number)| *number).collect();
    assert_eq!(numbers, (10..110).collect::<Vec<_>>());
}

#[test]
fn packets_larger_than_the_link_takes_do_not_cross_it() {
    let (arrived, tally) = run(&Way { mtu: 576, ..Way::clear() }, 1, 3, 577, ms(1));
    assert_eq!((arrived.len(), tally.oversize_packets, tally.sent_bytes), (0, 3, 0));
    assert_eq!(run(&Way { mtu: 576, ..Way::clear() }, 1, 3, 576, ms(1)).0.len(), 3);
}

#[test]
fn the_nth_packet_of_a_seed_meets_its_fate_whenever_it_comes() {
    let loss = Loss::Bursts { worse: 0.05, better: 0.3, in_good: 0.02, in_bad: 0.7 };
    let way = Way { loss, doubled: 0.05, ..Way::of(1_000_000, 10, 0.0, 1 << 30) };
    let fates = |seed, bytes, every| {
        let (arrived, _) = run(&way, seed, 1_000, bytes, every);
        arrived.into_iter().map(|(_, number)| number).collect::<Vec<_>>()
    };
    let one = fates(7, 100, ms(1));
    assert_eq!(one, fates(7, 100, ms(1)));
    assert_eq!(one, fates(7, 1_400, ms(33)));
    assert_ne!(one, fates(8, 100, ms(1)));
    // Dropping some for other reasons moves nobody's fate.
    let mut pipe = Pipe::new(way.clone(), 7);
    (0..1_000_u32).for_each(|n| pipe.push(n, if n % 10 == 3 { 2_000 } else { 100 }, ms(0)));
    let rest: Vec<_> = std::iter::from_fn(|| pipe.pop(Duration::MAX)).collect();
    assert_eq!(rest, one.into_iter().filter(|n| n % 10 != 3).collect::<Vec<_>>());
}
