//! Every file of `vectors/packet`, through the code that ships. `vectors/decode.py` reads the same
//! files with code of its own.
#![cfg(test)]

use std::{fs, path::PathBuf};

use data_encoding::HEXLOWER;
use sogon_packet::{Chain, DirectKeys, Keys, Side, id_of};

/// The lines of a vector with this key.
fn all<'a>(text: &'a str, key: &str) -> Vec<&'a str> {
    let own = |line: &'a str| line.split_once(": ").filter(|(name, _)| *name == key);
    text.lines().filter_map(|line| own(line).map(|(_, value)| value)).collect()
}

fn bytes(text: &str, key: &str) -> Vec<u8> {
    HEXLOWER.decode(all(text, key).concat().as_bytes()).unwrap()
}

/// What came of it, as the vector says it; nothing when it does not open.
fn play(text: &str) -> Option<Vec<String>> {
    let chain = Chain::new(bytes(text, "secret").try_into().unwrap());
    let (keys, datagram) = (chain.keys(), bytes(text, "hex"));
    let plain = |plain: Vec<u8>| vec![format!("plain = {}", HEXLOWER.encode(&plain))];
    match all(text, "object").concat().as_str() {
        "visit" => Some(vec![
            format!("id = {}", HEXLOWER.encode(&keys.id.0)),
            format!("next = {}", HEXLOWER.encode(chain.next().as_bytes())),
            format!("call = {}", HEXLOWER.encode(&chain.call().id.0)),
        ]),
        "sealed-question" => keys.open_question(&datagram).map(plain),
        "sealed-answer" => keys.open_answer(&datagram).map(plain),
        "greeting-question" => {
            let id = id_of(&datagram)?;
            Keys::greeting(chain.as_bytes(), id).open_question(&datagram).map(plain)
        }
        "greeting-answer" => {
            Keys::greeting(chain.as_bytes(), keys.id).open_answer(&datagram).map(plain)
        }
        "sealed-direct" => {
            let secret = bytes(text, "secret").try_into().unwrap();
            DirectKeys::new(&secret, Side::Taker).open(&datagram).map(plain)
        }
        other => panic!("nobody here reads `{other}`"),
    }
}

#[test]
fn every_vector_of_packets_is_opened_or_refused_as_it_says() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../vectors/packet");
    let mut played = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let text = fs::read_to_string(&path).unwrap();
        let name = all(&text, "name").concat();
        assert_eq!(path.file_stem().unwrap().to_str().unwrap(), name);
        let is_ok = all(&text, "expect") == ["ok"];
        let expected = is_ok.then(|| all(&text, "is").into_iter().map(str::to_owned).collect());
        assert_eq!(play(&text), expected, "{name}");
        played += 1;
    }
    assert!(played >= 12, "{played} vectors: some are gone");
}
