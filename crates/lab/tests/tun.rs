//! Whole programs at the two ends of a poor link.
#![cfg(test)]

use std::process::{Command, Stdio};

#[test]
fn the_kernels_own_tcp_meets_the_weather_or_it_is_said_why_not() {
    let lab = env!("CARGO_BIN_EXE_sogon-lab");
    // At the far end another link, which refuses whoever comes, since it leads nowhere.
    let far = format!("{lab} link --listen 10.77.0.2:4000 --to 10.77.0.2:9 --weather good");
    let near = "test \"$SOGON_LAB_FAR\" = 'link ready 10.77.0.2:4000' || exit 3
        exec 3<>/dev/tcp/10.77.0.2/4000 || exit 4
        cat <&3 2>/dev/null && exit 5
        exit 7";
    let ran = Command::new(lab)
        .args(["tun", "--json", "--weather", "good", "--far", &far, "--", "bash", "-c", near])
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let said = String::from_utf8(ran.stderr).unwrap();
    if said.contains("lets you make no network namespaces") || said.contains("no TUN device here") {
        assert_eq!(ran.status.code(), Some(1), "{said}");
        return;
    }
    assert_eq!(ran.status.code(), Some(7), "{said}");
    let counts = said.lines().find(|line| line.starts_with('{')).unwrap();
    let counts: serde_json::Value = serde_json::from_str(counts).unwrap();
    // A SYN of 60 bytes and an ACK of 52; a SYN and a reset back.
    let count = |way: &str, what: &str| counts[way][what].as_u64().unwrap();
    assert!(count("up", "arrived_packets") >= 2 && count("up", "arrived_bytes") >= 112, "{counts}");
    assert!(count("down", "arrived_packets") >= 2, "{counts}");
}
