//! What happens in a world: people meet, write, make groups, go and come, while everything that
//! can go wrong does.

use sogon_engine::{Act, Answer, ContactId, Input, view};
use sogon_wire::Uses;

use crate::{
    Chance,
    home::Mutant,
    model::{Circle, Model, judge},
    relay::Vices,
    world::{Weather, World},
};

/// What kind of trouble a seed brings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// Bad links only.
    Weather,
    /// Homes die in the middle of steps.
    Crashes,
    /// The relay lies: it hides, replays and jams.
    Liar,
    /// The relay shows different logs to different people for a while.
    Equivocator,
    /// Somebody is away longer than the relay keeps boxes.
    Absence,
    /// Groups change all the time.
    Groups,
}

/// Every kind of trouble.
pub const TROUBLES: [Trouble; 6] = [
    Trouble::Weather,
    Trouble::Crashes,
    Trouble::Liar,
    Trouble::Equivocator,
    Trouble::Absence,
    Trouble::Groups,
];

/// The trouble of a seed.
#[must_use]
pub fn trouble_of(seed: u64) -> Trouble {
    let place = usize::try_from(seed % TROUBLES.len() as u64).unwrap_or(0);
    TROUBLES[place]
}

const NAMES: [&str; 4] = ["Mina", "Joon", "Sora", "Haru"];

/// Lives through one seed and gives what is wrong in the end.
#[must_use]
pub fn live(seed: u64, mutant: Mutant) -> Vec<String> {
    live_in(World::with_relays(seed, people(seed), mutant, relays(seed)), seed)
}

/// How many relays the homes of a seed know. With three, groups whose members move to different
/// ones at once do not always come together again (decision 0054): those are the seeds from 1,000
/// on, which somebody who works on that calls for.
#[must_use]
pub fn relays(seed: u64) -> usize {
    match seed % 11 {
        2 if seed >= 1_000 => 3,
        1 | 2 | 5 => 2,
        _ => 1,
    }
}

/// The people of a seed.
#[must_use]
pub fn people(seed: u64) -> &'static [&'static str] {
    let count = 2 + usize::try_from(seed / 7 % 3).unwrap_or(0);
    NAMES.get(..count).unwrap_or(&NAMES)
}

/// Lives through one seed in a world that was made for it.
#[must_use]
pub fn live_in(mut world: World, seed: u64) -> Vec<String> {
    let mut story = Story::default();
    let mutants: Vec<Mutant> = world.homes.iter().map(|home| home.mutant).collect();
    for home in &mut world.homes {
        home.mutant = Mutant::None;
    }
    story.meet(&mut world);
    for (home, mutant) in world.homes.iter_mut().zip(mutants) {
        home.mutant = mutant;
    }
    story.storm(&mut world, trouble_of(seed));
    world.calm(12);
    // The probe: everybody writes once more to everybody. Whatever a lying relay did, the next
    // words heal.
    for circle in story.model.circles.keys().cloned().collect::<Vec<_>>() {
        for home in 0..world.homes.len() {
            story.write(&mut world, home, &circle);
        }
    }
    world.calm(16);
    let mut faults = judge(&story.model, &world);
    if !faults.is_empty() {
        faults.extend(describe(&world));
    }
    faults
}

/// How every home stands, for a person who looks into a failed seed.
fn describe(world: &World) -> Vec<String> {
    let mut lines = Vec::new();
    for (place, home) in world.homes.iter().enumerate() {
        let shelf = home.store.shelf();
        let waiting = view::waiting(shelf).unwrap_or_default();
        lines.push(format!("-- {place} {}: {waiting} waiting", home.name));
        for c in view::conversations(shelf).unwrap_or_default() {
            let last = view::latest(shelf, c.id, 1_000).unwrap_or_default();
            let count = last.len();
            let gaps = last.iter().filter(|m| m.kind == view::Kind::Gap).count();
            lines.push(format!(
                "     {} epoch {} open {} entries {count} gaps {gaps} keys {:?}",
                c.title,
                c.epoch,
                c.open,
                home.commitment(c.id).map(|(epoch, keys)| (epoch, keys[0]))
            ));
        }
        for alert in view::alerts(shelf).unwrap_or_default().0 {
            lines.push(format!("     alert {:?} {}", alert.kind, alert.detail));
        }
    }
    lines
}

/// What people did so far.
#[derive(Default)]
pub(crate) struct Story {
    pub(crate) model: Model,
    said: u64,
    groups: u64,
}

impl Story {
    /// Everybody meets everybody through links: half of them for one person, half for many.
    pub(crate) fn meet(&mut self, world: &mut World) {
        for one in 0..world.homes.len() {
            for other in one + 1..world.homes.len() {
                let uses = if world.chance.once_in(2) { Uses::One } else { Uses::Many };
                let Ok(Answer::Invited { invite }) = world.act(one, Act::Invite { uses }) else {
                    unreachable!("a home with a relay can invite");
                };
                let _ = world.act(other, Act::Join { invite, name: None });
                let ever = [one, other].into();
                self.model
                    .circles
                    .insert(Model::pair(one, other), Circle { ever, ..Circle::default() });
            }
        }
        for _ in 0..6 {
            for home in 0..world.homes.len() {
                world.burst(home);
            }
        }
    }

    fn storm(&mut self, world: &mut World, trouble: Trouble) {
        let chance = world.chance.clone();
        world.weather = Weather {
            cut_once_in: 4 + chance.below(40),
            double_once_in: 4 + chance.below(40),
            delay_ms_max: 1 + chance.below(3_000),
            death_once_in: if trouble == Trouble::Crashes { 8 + chance.below(40) } else { 0 },
        };
        let acts = 30 + chance.below(60);
        for act in 0..acts {
            self.happen(world, trouble, &chance);
            if world.relays.len() > 1 && chance.once_in(6) {
                trouble_relays(world, &chance, act > acts / 2);
            }
            let lull = chance.below(20_000);
            let until = world.tick.after_ms(lull);
            world.run_until(until);
            if trouble == Trouble::Equivocator {
                if act == acts / 3 {
                    world.relays[0].split();
                } else if act == 2 * acts / 3 {
                    world.relays[0].merge();
                }
            }
            if trouble == Trouble::Absence && act == acts / 3 {
                let away = usize::try_from(chance.below(world.homes.len() as u64)).unwrap_or(0);
                world.offline[away] = true;
            }
            if trouble == Trouble::Absence && act == 2 * acts / 3 {
                world.relays[0].expire(1);
                world.offline.fill(false);
            }
        }
    }

    fn happen(&mut self, world: &mut World, trouble: Trouble, chance: &Chance) {
        let home = usize::try_from(chance.below(world.homes.len() as u64)).unwrap_or(0);
        match chance.below(10) {
            0..=4 => {
                let circles: Vec<String> = self.model.circles.keys().cloned().collect();
                let circle = chance.pick(&circles).clone();
                self.write(world, home, &circle);
            }
            5 | 6 => drop(world.input(home, Input::Burst)),
            7 => drop(world.input(home, Input::Live)),
            8 if trouble == Trouble::Groups || chance.once_in(4) => self.change_group(world, home),
            9 if trouble == Trouble::Liar => {
                world.relays[0].vices = Vices {
                    equivocates: false,
                    withholds: chance.once_in(2),
                    replays: chance.once_in(2),
                    jams: chance.once_in(2),
                    ..Vices::default()
                };
            }
            _ => world.homes[home].restart_if(chance.once_in(6)),
        }
    }

    pub(crate) fn write(&mut self, world: &mut World, home: usize, circle: &str) {
        let Some(c) = self.model.find(world, home, circle).filter(|c| c.open) else { return };
        self.said += 1;
        let text = format!("{} {}", self.said, "비밀");
        self.model.say(world, circle, home, text.clone());
        let _ = world.act(home, Act::Send { to: c.id, text, reply_to: None });
    }

    fn contacts(world: &World, home: usize) -> Vec<(ContactId, usize)> {
        let all = view::contacts(world.homes[home].store.shelf()).unwrap_or_default();
        let by_name = |name: &str| world.homes.iter().position(|home| home.name == name);
        all.into_iter().filter_map(|c| Some((c.id, by_name(&c.name)?))).collect()
    }

    pub(crate) fn change_group(&mut self, world: &mut World, home: usize) {
        let contacts = Self::contacts(world, home);
        if contacts.is_empty() {
            return;
        }
        let chance = world.chance.clone();
        let groups: Vec<String> =
            self.model.circles.keys().filter(|name| name.starts_with("group")).cloned().collect();
        if groups.is_empty() || (groups.len() < 2 && chance.once_in(3)) {
            self.groups += 1;
            let title = format!("group {}", self.groups);
            let members: Vec<_> = contacts.iter().filter(|_| !chance.once_in(4)).collect();
            let ids = members.iter().map(|(id, _)| *id).collect();
            let made = world.act(home, Act::NewGroup { title: title.clone(), members: ids });
            // A founder who died before it was saved was never told that there is a group.
            if made.is_ok() && self.model.find(world, home, &title).is_some() {
                let ever = members.iter().map(|(_, who)| *who).chain([home]).collect();
                self.model.circles.insert(title, Circle { ever, ..Circle::default() });
            }
            return;
        }
        let name = chance.pick(&groups).clone();
        let Some(c) = self.model.find(world, home, &name).filter(|c| c.open) else { return };
        let (contact, who) = *chance.pick(&contacts);
        let Some(circle) = self.model.circles.get_mut(&name) else { return };
        match chance.below(3) {
            0 => {
                circle.ever.insert(who);
                let _ = world.act(home, Act::AddMembers { group: c.id, members: vec![contact] });
            }
            1 => {
                circle.unsure.insert(who);
                let _ = world.act(home, Act::RemoveMembers { group: c.id, members: vec![contact] });
            }
            _ => {
                circle.unsure.insert(home);
                let _ = world.act(home, Act::Leave { group: c.id });
            }
        }
    }
}

/// A relay dies, comes back, or cannot be reached from somewhere; one of them always lives, for
/// everybody. Late in a storm the first one may be gone for good.
fn trouble_relays(world: &mut World, chance: &Chance, late: bool) {
    let last = world.relays.len() - 1;
    let relay = usize::try_from(chance.below(last as u64)).unwrap_or(0);
    let home = usize::try_from(chance.below(world.homes.len() as u64)).unwrap_or(0);
    match chance.below(4) {
        0 => world.kill(relay, true),
        1 if !late => world.kill(relay, false),
        2 => world.bar(home, relay, true),
        _ => world.bar(home, relay, false),
    }
}
