//! What everybody must have in the end, said by a model that knows nothing of epochs or logs.

use std::collections::{BTreeMap, BTreeSet};

use sogon_engine::{ConversationId, view};

use crate::world::World;

/// A conversation as people think of it.
#[derive(Clone, Debug, Default)]
pub struct Circle {
    /// Who was ever in it.
    pub ever: BTreeSet<usize>,
    /// Who went or was to be put out, at some time.
    pub unsure: BTreeSet<usize>,
}

/// Something somebody wrote.
#[derive(Clone, Debug)]
pub struct Said {
    /// In which circle.
    pub circle: String,
    /// Who.
    pub by: usize,
    /// What; no two are alike.
    pub text: String,
    /// Who was already in the circle, as far as their own home knew.
    pub present: BTreeSet<usize>,
}

/// The model.
#[derive(Clone, Debug, Default)]
pub struct Model {
    /// Every circle by its name.
    pub circles: BTreeMap<String, Circle>,
    /// Everything said.
    pub said: Vec<Said>,
}

impl Model {
    /// The name of the circle of two people.
    #[must_use]
    pub fn pair(one: usize, other: usize) -> String {
        format!("pair {} {}", one.min(other), one.max(other))
    }

    /// Where a home keeps a circle.
    #[must_use]
    pub fn find(&self, world: &World, home: usize, circle: &str) -> Option<view::Conversation> {
        let shelf = world.homes[home].store.shelf();
        let all = view::conversations(shelf).ok()?;
        if let Some(pair) = circle.strip_prefix("pair ") {
            let (one, other) = pair.split_once(' ')?;
            let (one, other): (usize, usize) = (one.parse().ok()?, other.parse().ok()?);
            let partner = match home {
                _ if home == one => other,
                _ if home == other => one,
                _ => return None,
            };
            let name = &world.homes[partner].name;
            return all.into_iter().find(|c| !c.group && c.title == *name);
        }
        all.into_iter().find(|c| c.group && c.title == circle)
    }

    /// Who is in a circle, as far as their own home knows.
    #[must_use]
    pub fn present(&self, world: &World, circle: &str) -> BTreeSet<usize> {
        let ever = self.circles.get(circle).map(|c| c.ever.clone()).unwrap_or_default();
        ever.into_iter().filter(|home| self.find(world, *home, circle).is_some()).collect()
    }

    /// Notes something said; who is present is asked of their homes.
    pub fn say(&mut self, world: &World, circle: &str, by: usize, text: String) {
        let present = self.present(world, circle);
        self.said.push(Said { circle: circle.to_owned(), by, text, present });
    }
}

/// Everything of `Model` that a world does not have, in words; empty when all is well.
#[must_use]
pub fn judge(model: &Model, world: &World) -> Vec<String> {
    let mut faults = Vec::new();
    for said in &model.said {
        judge_text(model, world, said, &mut faults);
    }
    for (name, circle) in &model.circles {
        let met = |home: &usize| model.find(world, *home, name).is_some();
        if circle.unsure.is_empty() && !circle.ever.iter().all(met) {
            faults.push(format!("{name} never came together"));
        }
        judge_keys(model, world, name, &mut faults);
    }
    for home in &world.homes {
        faults.extend(home.faults.iter().take(3).cloned());
        match view::alerts(home.store.shelf()) {
            Ok((_, true)) => {}
            _ => faults.push(format!("{}'s own log is broken", home.name)),
        }
    }
    faults
}

fn texts(world: &World, home: usize, id: ConversationId) -> Vec<view::Message> {
    view::messages(world.homes[home].store.shelf(), id, 0, usize::MAX / 2).unwrap_or_default()
}

fn judge_text(model: &Model, world: &World, said: &Said, faults: &mut Vec<String>) {
    let Some(circle) = model.circles.get(&said.circle) else { return };
    let own = model.find(world, said.by, &said.circle);
    let own = own.map(|c| texts(world, said.by, c.id)).unwrap_or_default();
    let own: Vec<_> = own.into_iter().filter(|message| message.text == said.text).collect();
    let delivery = match own.as_slice() {
        [one] => one.delivery,
        // A home that died before the step was saved never said it was sent.
        [] => return,
        _ => {
            faults.push(format!("{} shows their own {:?} twice", said.by, said.text));
            return;
        }
    };
    for home in 0..world.homes.len() {
        if home == said.by {
            continue;
        }
        let shelf = world.homes[home].store.shelf();
        let all = view::conversations(shelf).unwrap_or_default();
        let count = all
            .iter()
            .flat_map(|c| texts(world, home, c.id))
            .filter(|message| message.text == said.text)
            .count();
        if count > 1 {
            faults.push(format!("{home} has {:?} {count} times", said.text));
        }
        if count > 0 && !circle.ever.contains(&home) {
            faults.push(format!("{home} reads {:?} of a circle they never were in", said.text));
        }
        let sure = !circle.unsure.contains(&home) && !circle.unsure.contains(&said.by);
        if count == 0 && said.present.contains(&home) && sure {
            faults.push(format!(
                "{home} lacks {:?} by {} in {} ({delivery:?})",
                said.text, said.by, said.circle
            ));
        }
    }
    let all_sure = circle.unsure.is_empty() && circle.ever.len() > 1;
    if all_sure && delivery != Some(view::Delivery::Delivered) && said.present == circle.ever {
        faults.push(format!(
            "{:?} by {} in {} is only {delivery:?}",
            said.text, said.by, said.circle
        ));
    }
}

/// Everybody who can write in a circle has the same keys: not only the same epoch number.
fn judge_keys(model: &Model, world: &World, name: &str, faults: &mut Vec<String>) {
    let Some(circle) = model.circles.get(name) else { return };
    let mut keys = BTreeMap::new();
    for home in circle.ever.iter().filter(|home| !circle.unsure.contains(home)) {
        let Some(c) = model.find(world, *home, name) else { continue };
        if c.open {
            match world.homes[*home].commitment(c.id) {
                Ok(commitment) => {
                    keys.insert(*home, commitment);
                }
                Err(error) => faults.push(format!("{home} has no keys of {name}: {error}")),
            }
        }
    }
    let first = keys.values().next().copied();
    if keys.values().any(|its| Some(*its) != first) {
        let epochs: Vec<_> = keys.iter().map(|(home, (epoch, _))| (*home, *epoch)).collect();
        faults.push(format!("{name} fell apart: {epochs:?}"));
    }
}
