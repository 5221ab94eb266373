//! `sogon init`: makes a home.

use serde_json::json;
use sogon_carry::Proxy;
use sogon_engine::Engine;
use sogon_vault::Passphrase;

use crate::{
    cli::Init,
    console::Console,
    entropy::System,
    home::{Home, Weight},
    own_relay::OwnRelay,
    proxy,
    trouble::{Kind, Trouble},
    words::Words,
};

/// Makes the home in its prepared folder, complete or not at all.
///
/// # Errors
/// What stands in the way, to be told to the person.
pub(crate) async fn run(
    init: &Init,
    proxy: Option<&Proxy>,
    home: &Home,
    passphrase: &Passphrase,
    console: &Console,
    words: &Words,
) -> Result<(), Trouble> {
    let mut relays = init.relay.clone();
    let mut settings = Vec::new();
    settings.extend(proxy.map(|proxy| proxy::row(Some(proxy))));
    if relays.is_empty() {
        if proxy.is_some() {
            return Err(Kind::ProxyOwnRelay.into());
        }
        let (own, addr) = OwnRelay::begin(home, init.relay_public.as_deref()).await?;
        settings.push(own.row());
        relays.push(addr);
    }
    let (mut batch, fingerprint) = Engine::set_up(&init.name, &relays, &System::new()?)?;
    batch.extend(settings);
    let weight = if init.light { Weight::Light } else { Weight::Full };
    if weight == Weight::Full {
        console.remark(&words.say("init-working", &[])).await;
    }
    home.create(passphrase, weight.measure()?, |vault| Ok(vault.commit(&batch)?))?;
    let folder = home.folder().display().to_string();
    let object = json!({ "home": folder, "fingerprint": fingerprint });
    let args: &[_] = &[("home", folder.as_str()), ("fingerprint", fingerprint.as_str())];
    console.result(object, || words.say("init-done", args)).await?;
    if init.relay.is_empty() {
        let said = match init.relay_public {
            Some(_) => words.say("init-own-relay", &[]),
            None => words.say("init-local-relay", &[]),
        };
        console.remark(&said).await;
    }
    Ok(())
}
