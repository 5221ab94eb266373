//! `sogon invite`: a link that lets somebody reach this home.

use std::hash::{DefaultHasher, Hash, Hasher};

use qrcode::{QrCode, render::unicode::Dense1x2};
use serde_json::json;
use sogon_engine::{Act, Answer};
use sogon_wire::Uses;

use crate::{
    cli::Invite,
    desk::Desk,
    trouble::{Kind, Trouble},
};

pub(super) async fn run(desk: &Desk, invite: &Invite) -> Result<(), Trouble> {
    let uses = if invite.many { Uses::Many } else { Uses::One };
    let Answer::Invited { invite: made } = desk.hand.act(Act::Invite { uses }).await? else {
        return Err(Kind::Bug.into());
    };
    let link = made.to_string();
    let tally = desk.go_out().await;
    if tally.unreached.contains_key(&made.relay) {
        // What the link leads to is not at the relay yet.
        desk.console.remark(&desk.words.say("invite-not-ready", &[])).await;
    }
    let object = json!({ "link": link, "id": id(&link) });
    desk.console.result(object, || link.clone()).await?;
    if invite.qr {
        desk.console.people(&code(&link)).await?;
    }
    desk.console.remark(&desk.words.say("invite-advice", &[])).await;
    Ok(())
}

/// Tells two links apart in a list; says nothing to somebody who has not the link.
fn id(link: &str) -> String {
    let mut hasher = DefaultHasher::new();
    link.hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}

/// Dark on light whatever the terminal's colours are: the drawing brings its own quiet border.
fn code(link: &str) -> String {
    // A link is at most about 450 letters; a code holds over 2,000.
    QrCode::new(link).map_or_else(
        |_| String::new(),
        |code| {
            code.render::<Dense1x2>()
                .dark_color(Dense1x2::Dark)
                .light_color(Dense1x2::Light)
                .build()
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_link_fits_a_code() {
        let link = format!("sogon://invite#{}", "A".repeat(450));
        assert!(code(&link).lines().count() > 20);
    }
}
