//! Planted breaches in manifests and trees.

use std::collections::BTreeSet;

use super::manifests::{Import, Manifest, Need};
use super::*;

fn manifest(package: &str, imports: &[(&str, Need)]) -> Manifest {
    let imports = imports
        .iter()
        .map(|(package, need)| Import {
            package: (*package).to_owned(),
            need: *need,
            on_disk: package.starts_with("sogon"),
            features: BTreeSet::from(["default".to_owned()]),
        })
        .collect();
    Manifest { package: package.to_owned(), folder: PathBuf::new(), imports }
}

/// The house as it should be.
fn sound() -> Vec<Manifest> {
    use Need::{Build, Normal, Tests};
    vec![
        manifest("sogon-wire", &[("thiserror", Normal)]),
        manifest("sogon-seal", &[("sogon-wire", Normal), ("openmls", Normal)]),
        manifest("sogon-engine", &[("sogon-seal", Normal), ("sogon-wire", Normal)]),
        manifest("sogon-vault", &[("sogon-engine", Normal), ("chacha20poly1305", Normal)]),
        manifest("sogon-carry", &[("sogon-engine", Normal), ("rustls", Normal)]),
        manifest("sogon-relay", &[("sogon-wire", Normal), ("tokio", Normal)]),
        manifest("sogon-lab", &[("sogon", Tests), ("sogon-vault", Normal), ("sogon-relay", Build)]),
        manifest("sogon", &[("sogon-vault", Normal), ("sogon-relay", Normal)]),
        manifest("xtask", &[("sogon-wire", Tests)]),
    ]
}

/// The breaches when `package` also imports `planted`.
fn with(package: &str, planted: &str, need: Need) -> Vec<(Rule, String)> {
    let mut house = sound();
    let room = house.iter_mut().find(|room| room.package == package).unwrap();
    room.imports.extend(manifest(package, &[(planted, need)]).imports);
    found(&house)
}

fn found(house: &[Manifest]) -> Vec<(Rule, String)> {
    manifests::check(house).into_iter().map(|breach| (breach.rule, breach.place)).collect()
}

#[test]
fn the_house_as_designed_has_no_hole() {
    assert_eq!(found(&sound()), []);
}

#[test]
fn a_direct_import_past_the_table_is_seen() {
    let import = |place: &str| (Rule::Import, place.to_owned());
    let relay = with("sogon-relay", "sogon-engine", Need::Normal);
    assert_eq!(relay, [import("relay -> engine"), import("relay -> engine -> seal")]);
    let vault = with("sogon-vault", "sogon-wire", Need::Normal);
    assert_eq!(vault, [import("vault -> wire")], "vault takes wire only through the engine");
    assert_eq!(with("sogon-wire", "sogon-lab", Need::Normal).first(), Some(&import("wire -> lab")));
    assert_eq!(
        with("sogon", "sogon-seal", Need::Normal),
        [import("sogon -> seal")],
        "the program names seal only through others"
    );
}

#[test]
fn an_import_through_others_is_seen() {
    let relay = with("sogon-relay", "sogon-vault", Need::Build);
    let places: Vec<String> = relay.into_iter().map(|(_, place)| place).collect();
    assert_eq!(
        places,
        ["relay -> (build) vault", "relay -> vault -> engine", "relay -> vault -> engine -> seal"]
    );
}

#[test]
fn an_import_of_tests_is_seen_and_goes_no_further() {
    let relay = with("sogon-relay", "sogon-engine", Need::Tests);
    assert_eq!(relay, [(Rule::Import, "relay -> (tests) engine".to_owned())]);
    let engine = with("sogon-engine", "sogon-lab", Need::Tests);
    assert_eq!(engine, [(Rule::Import, "engine -> (tests) lab".to_owned())]);
}

#[test]
fn nobody_imports_the_lab_the_program_or_the_tasks() {
    for (package, planted) in
        [("sogon", "sogon-lab"), ("sogon-vault", "sogon"), ("sogon-wire", "xtask")]
    {
        let rules: Vec<Rule> =
            with(package, planted, Need::Normal).into_iter().map(|(rule, _)| rule).collect();
        assert!(rules.contains(&Rule::Import), "{package} -> {planted}");
    }
}

#[test]
fn a_room_without_a_row_is_seen() {
    let mut house = sound();
    house.push(manifest("sogon-extra", &[]));
    assert_eq!(found(&house), [(Rule::Room, "sogon-extra".to_owned())]);
    let relay = with("sogon-relay", "sogon-extra", Need::Normal);
    assert_eq!(relay, [(Rule::Room, "relay -> sogon-extra".to_owned())]);
}

#[test]
fn a_crate_named_in_the_wrong_room_is_seen() {
    let naming = |place: &str| vec![(Rule::Naming, place.to_owned())];
    for (package, planted, need, place) in [
        ("sogon-engine", "openmls", Need::Normal, "engine -> openmls"),
        ("sogon-relay", "openmls_traits", Need::Tests, "relay -> openmls_traits"),
        ("sogon-wire", "chacha20poly1305", Need::Normal, "wire -> chacha20poly1305"),
        ("sogon-vault", "aes-gcm", Need::Normal, "vault -> aes-gcm"),
        ("sogon-seal", "argon2", Need::Normal, "seal -> argon2"),
        ("sogon", "rustls", Need::Normal, "sogon -> rustls"),
        ("sogon-seal", "getrandom", Need::Normal, "seal -> getrandom"),
        ("sogon-engine", "rand", Need::Build, "engine -> rand"),
    ] {
        assert_eq!(with(package, planted, need), naming(place));
    }
    assert_eq!(with("sogon-lab", "mls-rs", Need::Normal), []);
    assert_eq!(with("sogon-seal", "rand_core", Need::Normal), []);
    assert_eq!(with("sogon-engine", "rand", Need::Tests), []);
}

#[test]
fn rand_without_the_systems_generator_may_stand_in_a_pure_room() {
    let mut house = sound();
    let engine = house.iter_mut().find(|room| room.package == "sogon-engine").unwrap();
    let mut import = manifest("x", &[("rand", Need::Normal)]).imports.pop().unwrap();
    import.features.clear();
    engine.imports.push(import.clone());
    assert_eq!(found(&house), []);
    import.features.insert("sys_rng".to_owned());
    let engine = house.iter_mut().find(|room| room.package == "sogon-engine").unwrap();
    engine.imports.push(import);
    assert_eq!(found(&house), [(Rule::Naming, "engine -> rand".to_owned())]);
}

#[test]
fn what_cargo_metadata_says_is_read_with_renames_options_and_kinds() {
    let facts = serde_json::json!({ "packages": [{
        "name": "sogon-relay", "manifest_path": "/house/crates/relay/Cargo.toml",
        "dependencies": [
            { "name": "sogon-engine", "rename": "harmless", "kind": null, "optional": true,
              "uses_default_features": true, "features": [], "path": "/house/crates/engine" },
            { "name": "rand", "kind": "dev", "uses_default_features": false,
              "features": ["std"], "target": "cfg(windows)" }
        ]
    }]});
    let house = manifests::read(&facts).unwrap();
    assert_eq!(found(&house), [(Rule::Import, "relay -> engine".to_owned())]);
    let rand = house.first().and_then(|relay| relay.imports.last()).unwrap();
    assert_eq!((rand.need, rand.on_disk), (Need::Tests, false));
    assert_eq!(rand.features, BTreeSet::from(["std".to_owned()]));
    assert!(manifests::read(&serde_json::json!({})).is_err());
}

fn worlds(tree: &str) -> Vec<String> {
    let room = room_of_package("sogon-seal").unwrap();
    reach::check(room, tree).into_iter().map(|breach| breach.place).collect()
}

#[test]
fn a_crate_of_the_world_is_seen_however_deep() {
    let tree = "0sogon-seal v0.1.0 (/house)\n1innocent v1.0.0\n2deeper v1.0.0\n3tokio v1.0.0\n\
                1thiserror v2.0.0\n1mio v1.0.0\n";
    assert_eq!(worlds(tree), ["sogon-seal -> mio", "sogon-seal -> innocent -> deeper -> tokio"]);
}

#[test]
fn an_excuse_covers_one_way_and_no_other() {
    let excused = "0sogon-seal v0.1.0\n1openmls v0.9.2\n2rayon v1.12.0\n3rayon-core v1.13.0\n\
                   4crossbeam-deque v0.8.8\n1thiserror v2.0.0\n";
    assert_eq!(worlds(excused), [""; 0]);
    let another = format!("{excused}2rayon v1.12.0 (*)\n");
    assert_eq!(worlds(&another), ["sogon-seal -> thiserror -> rayon"]);
}

#[test]
fn a_room_without_the_houses_lints_is_seen() {
    let lints = |package: &str, text: &str| {
        let house = "[workspace.lints.rust]\nunsafe_code = \"forbid\"\n[workspace.lints.clippy]\n\
                     panic = \"deny\"\n";
        manifests::lints(room_of_package(package).unwrap(), text, house).len()
    };
    assert_eq!(lints("sogon-wire", "[package]\n[lints]\nworkspace = true\n"), 0);
    assert_eq!(lints("sogon-wire", "[package]\nedition.workspace = true\n"), 1);
    assert_eq!(lints("sogon-wire", "[lints]\n[dependencies]\nworkspace = true\n"), 1);
    let repeated = "[lints.rust]\nunsafe_code = \"deny\"\n[lints.clippy]\npanic = \"deny\"\n";
    assert_eq!(lints("sogon-vault-door", repeated), 0);
    assert_eq!(lints("sogon-vault", repeated), 1, "only the room with the one unsafe");
    assert_eq!(lints("sogon-vault-door", &repeated.replace("panic", "todo")), 1);
    assert_eq!(lints("sogon-vault-door", &repeated.replace("unsafe_code = \"deny\"", "")), 1);
}

#[test]
fn the_day_after_an_excuse_ends_is_known() {
    assert_eq!(day_number("1970-01-01"), Some(0));
    assert_eq!(day_number("2000-02-29"), Some(11_016));
    assert_eq!(day_number("2027-06-30"), Some(20_999));
    assert_eq!(day_number("someday"), None);
    assert!(is_over("1999-12-31") && !is_over("9999-01-01"));
    assert!(EXCUSES.iter().all(|excuse| day_number(excuse.until).is_some()));
}
