//! `sogon proxy`: the way to relays.

use serde_json::json;
use sogon_carry::Ways;

use crate::{cli::ProxySetting, desk::Desk, proxy::Choice, trouble::Trouble};

pub(super) async fn run(desk: &Desk, setting: &ProxySetting) -> Result<(), Trouble> {
    match &setting.choice {
        Some(Choice::Through(proxy)) => desk.hand.change_proxy(Some(proxy.clone())).await?,
        Some(Choice::None) => desk.hand.change_proxy(None).await?,
        None => {}
    }
    let proxy = match desk.hand.ways().await? {
        Ways::Through(proxy) => Some(proxy.without_password()),
        Ways::Any | Ways::Connections | Ways::Steady(_) => None,
    };
    let words = || match &proxy {
        Some(proxy) => desk.words.say("proxy-through", &[("proxy", proxy)]),
        None => desk.words.say("proxy-none", &[]),
    };
    desk.console.result(json!({ "proxy": proxy }), words).await
}
