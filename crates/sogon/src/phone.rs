//! A call in the app: the page's microphone and loudspeaker on the one end, a [`Calling`] on the
//! other. Packets leave at their pace whatever the page does: what it brings too late is silence.

use std::{
    cell::Cell,
    collections::VecDeque,
    rc::Rc,
    time::{Duration, Instant},
};

use sogon_app::{Budget, End, Sounded, Spoken, Stage, Standing, TICK_SAMPLES, Way, Wire};
use sogon_call::Mute;
use sogon_engine::{Act, Event};
use tokio::{
    sync::broadcast::{Receiver, error::RecvError},
    time::MissedTickBehavior,
};

use crate::{
    calling::{Calling, Came, TICK, Ticked, Which},
    hand::Hand,
    trouble::Trouble,
};

/// What may wait between microphone and packet, in ticks: above, the oldest is not said.
const WAITING_MAX: usize = 6;
/// How a call stands is told every so many ticks.
const TOLD_TICKS: u32 = 25;

/// What the page does to the voice.
#[derive(Clone, Copy, Debug, Default)]
struct Hold {
    muted: bool,
    /// In turns: whether the key is held; nothing before it ever was.
    floor: Option<bool>,
}

/// Carries a call until it is over, and ends it.
pub(crate) async fn carry(
    hand: Hand,
    mut calling: Calling,
    which: Which,
    budget: Budget,
    mut wire: Wire,
    busy: &Rc<Cell<Instant>>,
) {
    let end = run(&hand, &mut calling, which, budget, &mut wire, busy).await;
    let Which { conversation, call } = which;
    // A home that was locked meanwhile says nothing any more.
    let _ = hand.act(Act::HangUp { conversation, call }).await;
    let note = calling.leave().await.is_ok_and(|note| note.is_some());
    // A page that is gone has nobody to be told.
    let _ = wire.tell.send(Sounded::Over { end, note }).await;
}

async fn run(
    hand: &Hand,
    calling: &mut Calling,
    which: Which,
    budget: Budget,
    wire: &mut Wire,
    busy: &Rc<Cell<Instant>>,
) -> End {
    let mut events = hand.events();
    match going(which, hand).await {
        Ok(true) => {}
        Ok(false) | Err(_) => return End::Over,
    }
    let mut ticks = tokio::time::interval(TICK);
    // What was missed is not caught up in a burst: no queue is built.
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let (mut waiting, mut hold) = (VecDeque::new(), Hold::default());
    let (mut inside_since, mut count) = (None, 0_u32);
    loop {
        tokio::select! {
            _ = ticks.tick() => {
                let said = waiting.pop_front();
                let said = said.unwrap_or_else(|| Box::new([0; TICK_SAMPLES]));
                match calling.tick(&said).await {
                    // A page that takes nothing misses it.
                    Ok(Ticked::Heard(heard)) => {
                        let _ = wire.tell.try_send(Sounded::Sound(heard));
                    }
                    Ok(Ticked::Outside) => {}
                    Ok(Ticked::Alone) => return End::Over,
                    Err(_) => return End::Lost,
                }
                count = count.wrapping_add(1);
                if count.checked_rem(TOLD_TICKS) == Some(0) {
                    busy.set(Instant::now());
                    let standing = standing(calling, inside_since);
                    if spent(budget, standing) {
                        return End::Budget;
                    }
                    let _ = wire.tell.try_send(Sounded::Standing(standing));
                }
            }
            spoken = wire.said.recv() => match spoken {
                Some(Spoken::Sound(samples)) => {
                    waiting.push_back(samples);
                    while waiting.len() > WAITING_MAX {
                        waiting.pop_front();
                    }
                }
                Some(Spoken::Mute(muted)) => {
                    hold.muted = muted;
                    apply(calling, hold);
                }
                Some(Spoken::Floor(floor)) => {
                    hold.floor = Some(floor);
                    apply(calling, hold);
                }
                // The page is gone.
                None => return End::Over,
            },
            stir = calling.stir() => match calling.heed(stir).await {
                Ok(Came::In) => {
                    inside_since = Some(Instant::now());
                    apply(calling, hold);
                }
                Ok(Came::Again | Came::Nothing) => {}
                Err(_) => return End::Lost,
            },
            changed = changed(&mut events) => {
                let goes_on = match changed {
                    true => calling.follow().await.unwrap_or(false),
                    false => false,
                };
                if !goes_on {
                    return End::Over;
                }
            }
        }
    }
}

async fn going(which: Which, hand: &Hand) -> Result<bool, Trouble> {
    Ok(which.standing(hand).await? == "talking")
}

/// Waits until a conversation changed; false when there are no more events.
async fn changed(events: &mut Receiver<Event>) -> bool {
    loop {
        match events.recv().await {
            Ok(Event::Changed { .. }) | Err(RecvError::Lagged(_)) => return true,
            Ok(_) => {}
            Err(RecvError::Closed) => return false,
        }
    }
}

fn apply(calling: &mut Calling, hold: Hold) {
    let Some(talk) = calling.talk() else { return };
    let silent = hold.muted || hold.floor == Some(false);
    talk.mute(if silent { Mute::On } else { Mute::Off });
    talk.floor(!hold.muted && hold.floor == Some(true));
}

fn standing(calling: &mut Calling, inside_since: Option<Instant>) -> Standing {
    let (figures, others, inside) = (calling.figures(), calling.others(), calling.inside());
    let stage = match (inside_since, inside, others) {
        (None, _, _) => Stage::Entering,
        (Some(_), false, _) => Stage::Again,
        (Some(_), true, 0) => Stage::Alone,
        (Some(_), true, _) => Stage::Talking,
    };
    let since = inside_since.map_or(Duration::ZERO, |since| since.elapsed());
    let way = match calling.way() {
        sogon_carry::Way::Relay => Way::Relay,
        sogon_carry::Way::Direct => Way::Direct,
    };
    let talk = calling.talk();
    Standing {
        stage,
        ms: u64::try_from(since.as_millis()).unwrap_or(u64::MAX),
        others,
        bytes_up: figures.bytes_up,
        bytes_down: figures.bytes_down,
        missed: talk.as_ref().map_or(0, |talk| talk.missed()),
        round_trip_ms: talk.as_ref().and_then(|talk| talk.round_trip_ms()),
        turns: talk.as_ref().is_some_and(|talk| talk.turns()),
        floor: talk.is_some_and(|talk| talk.others_floor()),
        way,
    }
}

fn spent(budget: Budget, standing: Standing) -> bool {
    let bytes = standing.bytes_up.saturating_add(standing.bytes_down);
    let seconds = standing.ms.div_euclid(1_000);
    budget.seconds.is_some_and(|most| seconds >= most)
        || budget.bytes.is_some_and(|most| bytes >= most)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_of_time_or_bytes_is_spent_at_its_end_and_none_never() {
        let standing = Standing {
            stage: Stage::Talking,
            ms: 59_999,
            others: 1,
            bytes_up: 600,
            bytes_down: 399,
            missed: 0,
            round_trip_ms: None,
            turns: false,
            floor: false,
            way: Way::Relay,
        };
        let later = Standing { ms: 60_000, bytes_down: 400, ..standing };
        for budget in [
            Budget { seconds: Some(60), bytes: None },
            Budget { seconds: None, bytes: Some(1_000) },
        ] {
            assert!(!spent(budget, standing));
            assert!(spent(budget, later));
        }
        assert!(!spent(Budget::default(), Standing { ms: u64::MAX, ..later }));
    }
}
