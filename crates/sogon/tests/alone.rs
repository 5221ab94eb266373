//! Golden sessions of one person: help, completions, doctor, a relay of one's own, the trial.
#![cfg(test)]

mod cast;

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    process::Stdio,
};

use cast::World;

#[test]
fn help_completions_and_manual_are_made_from_the_same_comments() {
    let world = World::new();
    let mina = world.stranger("Mina");
    assert!(mina.done(&["--help"]).contains("Write with people whose phones"));
    assert!(mina.done(&["send", "--help"]).contains("outbox"));
    assert!(mina.done(&["--version"]).starts_with("sogon "));
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        assert!(mina.done(&["completions", shell]).contains("verify-contact"), "{shell}");
    }
    assert!(mina.done(&["man"]).contains(".TH sogon"));
    assert!(!mina.done(&["init", "--help"]).contains("--light"));
}

#[test]
fn the_doctor_finds_a_healthy_home_healthy_and_tells_no_secret() {
    let world = World::new();
    let mina = world.person("Mina");
    let report = mina.object(&["doctor"]);
    let checks = report["checks"].as_array().unwrap();
    let names: Vec<_> = checks.iter().map(|check| check["name"].as_str().unwrap()).collect();
    let wanted = ["version", "home", "permissions", "vault", "relay", "memory", "sleep", "clock"];
    assert_eq!(names, wanted);
    assert!(checks.iter().all(|check| check["ok"] == true), "{report}");
    let key = world.address().split_once('#').unwrap().1;
    assert!(!report.to_string().contains(key) && !report.to_string().contains("벚꽃"));
    assert!(mina.done(&["doctor"]).contains("✓ relay"));

    use std::os::unix::fs::PermissionsExt;
    let open = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(&mina.home, open).unwrap();
    mina.run(&["doctor"]).failed(1, "One check failed");
    world.stranger("Sora").run(&["doctor"]).failed(1, "no home");
}

#[test]
fn a_home_uses_four_relays_and_no_fifth() {
    let world = World::new();
    let mina = world.person("Mina");
    let key = world.address().split_once('#').unwrap().1;
    let others = [1, 2, 3, 4].map(|place| format!("sogon-relay://relay{place}.example:443#{key}"));
    let (fifth, some) = others.split_last().unwrap();
    for relay in some {
        mina.done(&["relay", "add", relay]);
    }
    let four = mina.object(&["relay"]);
    mina.run(&["relay", "add", fifth]).failed(1, "at most four relays");
    assert_eq!(mina.object(&["relay"]), four);
    assert_eq!(four["relays"].as_array().unwrap().len(), 4);
    // One that is there already only changes its place.
    let again = mina.object(&["relay", "add", "--first", &some[2]]);
    assert_eq!(again["relays"][0], some[2].as_str());
}

#[test]
fn the_owners_log_of_a_quiet_home_is_whole() {
    let world = World::new();
    let mina = world.person("Mina");
    assert_eq!(mina.object(&["alerts"])["chain"], "whole");
    assert_eq!(mina.done(&["alerts"]), "Nothing has happened.\n");
}

#[test]
fn a_link_is_shown_as_a_code_too() {
    let world = World::new();
    let mina = world.person("Mina");
    let shown = mina.done(&["invite", "--qr"]);
    assert!(shown.starts_with("sogon://invite#"));
    assert!(shown.lines().count() > 20, "{shown}");
}

#[test]
fn a_home_with_a_relay_of_its_own_is_reached_while_it_is_open() {
    let world = World::new();
    let mina = world.stranger("Mina");
    mina.done(&["init", "--light", "--name", "Mina"]);
    let joon = world.person("Joon");
    let link = mina.link();
    let mut open = mina.stays(&["open"]);
    assert_eq!(open.next()["ready"], true);
    joon.done(&["join", &link, "--as", "Mina"]);
    // The answer makes Joon a contact; the guest waits for what the host is doing.
    mina.done(&["sync"]);
    joon.done(&["sync"]);
    joon.done(&["send", "Mina", "hello"]);
    loop {
        let message = open.next();
        if message["text"] == "hello" {
            break;
        }
    }
    assert_eq!(open.interrupt().code, 130);
    let ran = joon.run(&["--json", "send", "Mina", "and now?"]);
    assert!(ran.out.contains("queued"), "nobody answers when it is closed: {ran:?}");
    joon.run(&["open", "--relay-listen", "127.0.0.1:0"]).failed(1, "relays of others");
}

#[test]
fn the_trial_shows_texts_and_a_watcher_who_finds_no_word() {
    let world = World::new();
    let mina = world.stranger("Mina");
    let shown = mina.done(&["try"]);
    for part in ["Mina → Joon", "Joon → Mina", "The watcher saw:", "and found none"] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    let object = mina.object(&["try"]);
    assert_eq!(object["people"][0]["name"], "Mina");
    // The addresses are there as long as standard input is.
    let mut command = mina.command(&["--json", "try"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let served: serde_json::Value = serde_json::from_str(&line).unwrap();
    for url in [&served["people"][0], &served["people"][1], &served]
        .map(|one| one.get("url").or(one.get("watcher_url")).unwrap().as_str().unwrap())
    {
        let host = url.strip_prefix("http://").unwrap().split('/').next().unwrap();
        let port = host.rsplit(':').next().unwrap().parse::<u16>().unwrap();
        let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
        write!(stream, "GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n").unwrap();
        let mut heard = String::new();
        stream.read_to_string(&mut heard).unwrap();
        assert!(heard.starts_with("HTTP/1.1 200"), "{heard}");
    }
    drop(child.stdin.take());
    assert!(child.wait().unwrap().success());
    assert_eq!(object["summary"]["words_found"], 0);
    assert_eq!(object["summary"]["arrived"], 4);
    mina.run(&["--lang", "zh", "read"]).failed(1, "里没有家");
    mina.run(&["--lang", "zh_CN.UTF-8", "read"]).failed(1, "里没有家");
    let ran = mina.run_with(&["--lang", "ko", "try", "--from-stdin"], "m: 하나 둘\nj: 셋\n???\n");
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.out.contains("미나 → 준   하나 둘"), "{}", ran.out);
    assert!(!mina.home.exists(), "it needs no home and makes none");
}

#[test]
fn inspecting_needs_no_home_and_says_by_its_code_what_it_found() {
    let world = World::new();
    let mina = world.stranger("Mina");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("notes.txt");
    let place = folder.path().to_str().unwrap();
    std::fs::write(&file, "봄이 온다").unwrap();
    assert!(mina.done(&["inspect", place]).starts_with("What this cannot see"));
    std::fs::write(folder.path().join("opprc"), b"\x7fELF /usr/bin/scnprc").unwrap();
    let found = mina.run(&["inspect", "--json", place]);
    assert_eq!(found.code, 6);
    let said: serde_json::Value = serde_json::from_str(&found.out).unwrap();
    assert_eq!(said["findings"][0]["rule"], "redstar-program");
    assert_eq!(said["walls"]["no_network"], true);
    mina.run(&["inspect", "/not/there"]).failed(1, "Nothing could be looked at");
    assert!(!mina.home.exists());
}
