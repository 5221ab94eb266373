//! Golden sessions: people who write to each other with the real program, relay and homes.
#![cfg(test)]

mod cast;

use cast::{World, holds};
use serde_json::json;

#[test]
fn two_people_invite_join_write_read_search_and_verify() {
    let world = World::new();
    let (mina, joon) = world.pair("Mina", "Joon");

    let sent = mina.object(&["send", "Joon", "안녕, 준아. 저녁에 만나자"]);
    assert_eq!(sent["state"], "handed");
    assert_eq!(joon.object(&["sync", "--once"])["received"], 1);
    let read = joon.objects(&["read", "Mina"]);
    assert_eq!(read.len(), 1);
    assert_eq!(read[0]["id"], sent["id"]);
    assert_eq!(read[0]["from"], "Mina");
    assert_eq!(read[0]["kind"], "text");
    assert_eq!(read[0]["text"], "안녕, 준아. 저녁에 만나자");
    assert_eq!(read[0]["state"], json!(null));

    let id = sent["id"].as_str().unwrap();
    joon.done(&["send", "Mina", "응, 그래", "--reply", id]);
    mina.done(&["sync"]);
    let read = mina.objects(&["read"]);
    assert_eq!(read[0]["state"], "delivered", "the answer says that it was opened");
    assert_eq!(read[1]["reply_to"], sent["id"]);

    for words in ["저녁", "준아", "만나자 저녁"] {
        assert_eq!(joon.objects(&["search", words]).len(), 1, "{words}");
    }
    assert_eq!(joon.objects(&["search", "아침"]).len(), 0);

    let number = |person: &cast::Person, of: &str| {
        let shown = person.object(&["verify-contact", of]);
        shown["contacts"][0]["safety_number"].as_str().unwrap().to_owned()
    };
    assert_eq!(number(&mina, "Joon"), number(&joon, "Mina"));
    assert_eq!(number(&mina, "Joon").len(), 60);
    let marked = mina.object(&["verify-contact", "Joon", "--mark"]);
    assert_eq!(marked["contacts"][0]["verified"], true);

    for text in ["저녁에", "응, 그래", "Mina", "Joon"] {
        assert!(!holds(&mina.home, text) && !holds(&joon.home, text), "{text} at rest");
        assert!(!holds(&world.folder.path().join("relay"), text), "{text} at the relay");
    }
}

#[test]
fn who_answers_a_link_writes_at_once_and_is_read_with_the_first_sync() {
    let world = World::new();
    let (mina, joon) = (world.person("Mina"), world.person("Joon"));
    let link = mina.link();
    let joined = joon.object(&["join", &link, "--as", "Mina"]);
    assert_eq!(joined["state"], "waiting", "she was not there since");
    let sent = joon.object(&["send", "Mina", "도착했어"]);
    assert_eq!(sent["state"], "handed");
    assert_eq!(mina.object(&["sync"])["received"], 1);
    let contacts = mina.object(&["contacts"]);
    assert_eq!(contacts["contacts"][0]["name"], "Joon", "his name came with it");
    assert_eq!(mina.objects(&["read", "Joon"])[0]["text"], "도착했어");
    joon.done(&["sync"]);
    assert_eq!(joon.objects(&["read", "Mina"])[0]["state"], "delivered");
}

#[test]
fn a_group_reads_what_one_writes_and_one_put_out_does_not() {
    let world = World::new();
    let (mina, joon) = world.pair("Mina", "Joon");
    let sora = world.person("Sora");
    mina.meets(&sora);
    let made = mina.object(&["group", "new", "Hikers", "Joon", "Sora"]);
    assert_eq!(made["title"], "Hikers");
    for person in [&joon, &sora] {
        person.done(&["sync"]);
        assert_eq!(person.objects(&["group", "list"])[0]["title"], "Hikers");
    }
    mina.done(&["send", "Hikers", "at nine"]);
    for person in [&joon, &sora] {
        person.done(&["sync"]);
        let read = person.objects(&["read", "Hikers"]);
        assert!(read.iter().any(|message| message["text"] == "at nine"), "{read:?}");
    }
    mina.done(&["group", "remove", "Hikers", "Sora"]);
    mina.done(&["sync"]);
    mina.done(&["send", "Hikers", "without Sora"]);
    for person in [&joon, &sora] {
        person.done(&["sync"]);
    }
    assert!(joon.texts().contains(&"without Sora".to_owned()));
    assert!(!sora.texts().contains(&"without Sora".to_owned()));
    joon.done(&["group", "leave", "Hikers"]);
    joon.run(&["send", "Hikers", "still here?"]).failed(1, "over");
}

#[test]
fn a_group_says_by_name_who_came_and_who_went() {
    let world = World::new();
    let (mina, joon) = world.pair("Mina", "Joon");
    let (sora, hana) = (world.person("Sora"), world.person("Hana"));
    for other in [&sora, &hana] {
        mina.meets(other);
    }
    mina.done(&["group", "new", "Hikers", "Joon", "Sora"]);
    for person in [&joon, &sora, &mina, &joon] {
        person.done(&["sync"]);
    }
    sora.done(&["send", "Hikers", "before Hana"]);
    joon.done(&["sync"]);
    mina.done(&["group", "add", "Hikers", "Hana"]);
    // Joon and Sora read that Hana came, and say who they are: she knows neither of them.
    for person in [&mina, &hana, &joon, &sora, &hana, &joon] {
        person.done(&["sync"]);
    }
    let groups = hana.objects(&["group", "list"]);
    let mut names: Vec<_> = groups[0]["members"].as_array().unwrap().iter().collect();
    names.sort_by_key(|name| name.to_string());
    assert_eq!(names, ["Joon", "Mina", "Sora"]);

    let said = |person: &cast::Person| -> Vec<_> {
        let all = person.objects(&["read", "Hikers"]);
        all.iter().map(|one| one["membership"].clone()).filter(|its| !its.is_null()).collect()
    };
    let came = |who: serde_json::Value, by: serde_json::Value| json!({ "deed": "came", "who": [who], "by": by });
    assert_eq!(said(&mina), [came(json!("Hana"), json!(null))]);
    assert_eq!(said(&hana), [came(json!(null), json!("Mina"))]);
    assert_eq!(said(&joon), [came(json!(null), json!("Mina")), came(json!("Hana"), json!("Mina"))]);

    sora.done(&["group", "leave", "Hikers"]);
    mina.done(&["group", "remove", "Hikers", "Hana"]);
    for person in [&mina, &mina, &joon, &hana, &sora] {
        person.done(&["sync"]);
    }
    let left = json!({ "deed": "left", "who": ["Sora"] });
    let removed = |who, by| json!({ "deed": "removed", "who": [who], "by": by });
    assert!(said(&joon).contains(&left), "{:?}", said(&joon));
    assert!(said(&joon).contains(&removed(json!("Hana"), json!("Mina"))));
    assert!(said(&mina).contains(&removed(json!("Hana"), json!(null))));
    assert_eq!(said(&hana).last(), Some(&removed(json!(null), json!("Mina"))));
    assert_eq!(said(&sora).last(), Some(&json!({ "deed": "left", "who": [null] })));

    // What somebody wrote keeps their name when they are gone.
    let read = joon.objects(&["read", "Hikers"]);
    let old = read.iter().find(|one| one["text"] == "before Hana").unwrap();
    assert_eq!(old["from"], "Sora");
    let lines = joon.done(&["read", "Hikers"]);
    for line in ["Mina added you.", "Mina added Hana.", "Sora left.", "Mina removed Hana."] {
        assert!(lines.contains(line), "{line}: {lines}");
    }
}

#[test]
fn a_text_written_without_a_relay_waits_and_arrives_when_it_comes_back() {
    let mut world = World::new();
    let (mina, joon) = world.pair("Mina", "Joon");
    world.relay_stops();

    let ran = mina.run(&["--json", "send", "Joon", "later"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.out.contains(r#""state":"queued""#), "{ran:?}");
    assert!(ran.err.contains("waits in the outbox"), "{ran:?}");

    let ran = mina.run(&["--json", "send", "Joon", "too", "--wait", "1s"]);
    assert!(ran.out.contains(r#""state":"queued""#), "{ran:?}");
    ran.failed(4, "kept in the outbox");
    mina.run(&["sync"]).failed(1, "No relay answered");

    world.relay_returns();
    let synced = mina.object(&["sync", "--once"]);
    assert_eq!(synced["sent"], 2, "{synced}");
    assert_eq!(synced["waiting"], 0);
    for figure in ["bytes_up", "bytes_down", "round_trips"] {
        assert!(synced[figure].as_u64().unwrap() > 0, "{figure}: {synced}");
    }
    assert!(synced["air_ms"].is_u64());
    joon.done(&["sync"]);
    assert_eq!(joon.texts(), ["later", "too"]);
}

#[test]
fn a_relay_that_was_added_before_the_first_is_cut_off_carries_on() {
    let (mut world, refuge) = (World::new(), World::new());
    let (mina, joon) = world.pair("Mina", "Joon");
    let (first, second) = (world.address().to_owned(), refuge.address().to_owned());
    assert_eq!(mina.object(&["relay"]), json!({ "relays": [first] }));
    let wrong = mina.run(&["relay", "add", "relay.example:443"]);
    assert!(wrong.code == 2 && wrong.err.contains("not a relay address"), "{wrong:?}");
    mina.run(&["relay", "remove", &second]).failed(1, "does not use that relay");
    mina.run(&["relay", "remove", &first]).failed(1, "its only one");

    let added = mina.object(&["relay", "add", "--first", &second]);
    assert_eq!(added, json!({ "relays": [second, first] }));
    mina.done(&["sync"]);
    joon.done(&["sync"]);
    let told = joon.objects(&["alerts"]);
    assert!(told.iter().any(|alert| alert["kind"] == "relays-changed"), "{told:?}");
    assert_eq!(joon.object(&["relay"]), json!({ "relays": [first] }));

    world.relay_stops();
    // It is given some time to come back before the conversation goes on elsewhere.
    joon.run(&["send", "Mina", "one"]);
    for _ in 0..4 {
        joon.run(&["sync"]);
        mina.run(&["sync"]);
    }
    mina.run(&["send", "Joon", "two"]);
    joon.run(&["sync"]);
    assert_eq!(mina.texts(), ["one", "two"]);
    assert_eq!(joon.texts(), ["one", "two"]);
    let link: sogon_wire::Invite = mina.link().parse().unwrap();
    assert_eq!(link.relay.to_string(), second);
    assert_eq!(mina.object(&["relay", "remove", &first]), json!({ "relays": [second] }));
}

#[test]
fn what_was_read_is_not_unread_and_since_leaves_older_ones_out() {
    let world = World::new();
    let (mina, joon) = world.pair("Mina", "Joon");
    mina.done(&["send", "Joon", "one"]);
    joon.done(&["sync"]);
    assert_eq!(joon.objects(&["read", "--unread", "--since", "1h"]).len(), 1);
    assert_eq!(joon.objects(&["read", "--unread"]).len(), 1);
    assert_eq!(joon.objects(&["read", "--unread"]).len(), 0);
    assert_eq!(joon.objects(&["read", "--since", "1h"]).len(), 1);
    assert_eq!(joon.objects(&["read", "--since", "2100-01-01T00:00:00Z"]).len(), 0);
    joon.run(&["read", "--since", "yesterday"]).failed(2, "--since");
}

#[test]
fn the_data_meter_counts_every_visit_and_keeps_it() {
    let world = World::new();
    let (mina, _joon) = world.pair("Mina", "Joon");
    let before = mina.object(&["usage", "--days", "9"]);
    let synced = mina.object(&["sync"]);
    let after = mina.object(&["usage", "--days", "9"]);
    let all = |meter: &serde_json::Value, count: &str| -> u64 {
        meter["days"].as_array().unwrap().iter().map(|day| day[count].as_u64().unwrap()).sum()
    };
    for count in ["bytes_up", "bytes_down", "round_trips"] {
        let added = all(&after, count) - all(&before, count);
        // Hanging up comes after the burst, and may say so.
        let counted = synced[count].as_u64().unwrap();
        assert!((counted..counted + 200).contains(&added), "{count}: {counted} {added}");
    }
    let (today, days) = (after["today"].clone(), after["days"].as_array().unwrap());
    assert!(!days.is_empty() && days.len() <= 2, "a test may last over midnight");
    assert!(today["bytes_up"].as_u64() <= after["month"]["bytes_up"].as_u64());
    assert_eq!(days[0]["day"].as_str().unwrap().len(), 10);
}

#[test]
fn a_quiet_home_speaks_when_told_and_a_steady_one_at_its_pace() {
    let world = World::new();
    let (mina, joon) = world.pair("Mina", "Joon");
    mina.run(&["mode", "quiet", "--every", "2s"]).failed(2, "Only steady mode has a pace");
    mina.run(&["mode", "steady", "--every", "2m"]).failed(2, "1s to 60s");
    assert_eq!(mina.object(&["mode"])["mode"], "live");
    assert_eq!(mina.object(&["mode", "quiet"])["mode"], "quiet");
    assert_eq!(mina.object(&["send", "Joon", "not yet"])["state"], "queued");
    joon.done(&["sync"]);
    assert_eq!(joon.texts().len(), 0);
    let mut open = mina.stays(&["open"]);
    assert_eq!(open.next()["ready"], true);
    assert_eq!(mina.object(&["send", "Joon", "nor this"])["state"], "queued", "open or not");
    assert_eq!(open.next()["text"], "nor this");
    assert_eq!(mina.object(&["sync"])["sent"], 2);
    joon.done(&["sync"]);
    assert_eq!(joon.texts(), ["not yet", "nor this"]);
    // From here the open home keeps a pace, and what both say goes with it.
    let steady = mina.object(&["mode", "steady", "--every", "1s"]);
    assert_eq!((&steady["mode"], &steady["every_s"]), (&json!("steady"), &json!(1)));
    mina.run(&["proxy", "socks5://127.0.0.1:9"]).failed(1, "datagrams");
    joon.done(&["send", "Mina", "at your pace"]);
    assert_eq!(open.next()["text"], "at your pace");
    assert_eq!(mina.object(&["send", "Joon", "at mine"])["state"], "handed");
    open.interrupt();
    assert_eq!(mina.object(&["send", "Joon", "later"])["state"], "queued");
    joon.done(&["sync"]);
    assert_eq!(joon.texts().last().unwrap(), "at mine");
    assert_eq!(mina.object(&["mode", "live"])["mode"], "live");
    mina.done(&["sync"]);
    joon.done(&["sync"]);
    assert_eq!(joon.texts().last().unwrap(), "later");
}

#[test]
fn a_text_from_standard_input_keeps_its_lines() {
    let world = World::new();
    let (mina, joon) = world.pair("Mina", "Joon");
    assert_eq!(mina.run_with(&["send", "Joon", "-"], "one\ntwo\n").code, 0);
    joon.done(&["sync"]);
    assert_eq!(joon.texts(), ["one\ntwo"]);
    let shown = joon.done(&["read"]);
    assert!(shown.contains("Mina: one\n    two\n"), "{shown}");
    mina.run_with(&["send", "Joon", "-"], "\n").failed(1, "no text");
    mina.run(&["send", "Joon", &"a".repeat(32_769)]).failed(1, "larger");
}

#[test]
fn names_can_be_changed_and_people_blocked() {
    let world = World::new();
    let (mina, joon) = world.pair("Mina", "Joon");
    assert_eq!(mina.object(&["rename", "Joon", "Jun"])["contacts"][0]["name"], "Jun");
    mina.run(&["send", "Joon", "hello"]).failed(1, "nobody and nothing called Joon");
    mina.done(&["send", "Jun", "hello"]);
    assert_eq!(mina.object(&["block", "Jun"])["contacts"][0]["state"], "blocked");
    joon.done(&["send", "Mina", "are you there?"]);
    mina.done(&["sync"]);
    assert!(!mina.texts().contains(&"are you there?".to_owned()));
}

#[test]
fn a_full_home_says_so_and_loses_nothing() {
    let world = World::new();
    let (mina, joon) = world.pair("Mina", "Joon");
    let mut kept = Vec::new();
    let full = loop {
        let text = format!("number {} {}", kept.len(), "말".repeat(10_000));
        let ran = mina.run(&["send", "Joon", &text]);
        if ran.code != 0 {
            break ran;
        }
        kept.push(text);
        assert!(kept.len() < 100, "a light home has one MiB");
    };
    full.failed(1, "home is full");
    assert!(!kept.is_empty());
    assert_eq!(mina.texts(), kept, "what was said to be kept is kept, and nothing else");
    mina.done(&["doctor"]);

    mina.done(&["grow", "--mib", "4"]);
    joon.done(&["grow", "--mib", "4"]);
    mina.done(&["send", "Joon", "there is room"]);
    kept.push("there is room".to_owned());
    joon.done(&["sync"]);
    assert_eq!(joon.texts(), kept, "in order, without holes");
}

#[test]
fn everything_is_read_in_the_order_it_was_written_whoever_it_is_for() {
    let world = World::new();
    let (mina, _) = world.pair("Mina", "Joon");
    mina.meets(&world.person("Sora"));
    mina.done(&["group", "new", "Walk", "Joon"]);
    // More to one person than is looked up at once, with the others between and behind.
    let to = |n: usize| if n < 50 { "Joon" } else { ["Sora", "Walk", "Joon"][n % 3] };
    let texts: Vec<_> = (0..75).map(|n| format!("text {n}")).collect();
    for (n, text) in texts.iter().enumerate() {
        mina.done(&["send", to(n), text]);
    }
    let mut read = mina.texts();
    read.retain(|text| text.starts_with("text "));
    assert_eq!(read, texts);
    let only: Vec<_> = (0..75).filter(|n| to(*n) == "Joon").map(|n| texts[n].clone()).collect();
    let read = mina.objects(&["read", "Joon"]);
    let read: Vec<_> = read.iter().map(|message| message["text"].as_str().unwrap()).collect();
    assert_eq!(read, only);
}
