//! `sogon file rule`, `file metered`: who may send what, what comes by itself, how one's own leave.

use serde_json::json;
use sogon_engine::{Act, FileRule, view};

use crate::{
    cli::{FileMetered, FileRules},
    commands::size,
    desk::Desk,
    people::Directory,
    trouble::Trouble,
};

pub(super) async fn run(desk: &Desk, options: &FileRules) -> Result<(), Trouble> {
    let conversation = match &options.who {
        Some(who) => Some(Directory::look(&desk.hand).await?.conversation(who)?),
        None => None,
    };
    let before = desk.hand.look(move |vault| view::file_rule(vault, conversation)).await?;
    let before = if options.reset { FileRule::default() } else { before };
    let yes = |choice: Option<crate::cli::YesNo>| choice.map(|choice| choice.is_yes());
    let decided = FileRule {
        takes: yes(options.take),
        bytes_max: options.most,
        fetch_below: options.auto,
        fetch_metered: yes(options.auto_metered),
        once: yes(options.once),
        no_saving: yes(options.no_saving),
    };
    let rule = decided.or(&before);
    desk.hand.act(Act::RuleFiles { conversation, rule: rule.clone() }).await?;
    let object = json!({
        "for": conversation.map(|id| id.to_string()),
        "take": rule.takes,
        "most": rule.bytes_max,
        "auto": rule.fetch_below,
        "auto_metered": rule.fetch_metered,
        "once": rule.once,
        "no_saving": rule.no_saving,
    });
    let words = || {
        let open = || desk.words.say("rule-open", &[]);
        let said = |choice: Option<bool>| match choice {
            Some(true) => desk.words.say("rule-yes", &[]),
            Some(false) => desk.words.say("rule-no", &[]),
            None => open(),
        };
        let args = [
            ("take", said(rule.takes)),
            ("most", rule.bytes_max.map_or_else(open, size)),
            ("auto", rule.fetch_below.map_or_else(open, size)),
            ("metered", said(rule.fetch_metered)),
            ("once", said(rule.once)),
            ("saving", said(rule.no_saving)),
        ];
        let args: Vec<_> = args.iter().map(|(name, value)| (*name, value.as_str())).collect();
        desk.words.say("rule-shown", &args)
    };
    desk.console.result(object, words).await
}

pub(super) async fn metered(desk: &Desk, options: &FileMetered) -> Result<(), Trouble> {
    if let Some(choice) = options.choice {
        desk.hand.act(Act::Metered { metered: choice.is_yes() }).await?;
    }
    let metered = desk.hand.look(|vault| view::metered(vault)).await?;
    let which = if metered { "metered-yes" } else { "metered-no" };
    desk.console.result(json!({ "metered": metered }), || desk.words.say(which, &[])).await
}
