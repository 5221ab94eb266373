//! What a relay, a contact or a card can bring to the engine.

use sogon_lab::prey;

use super::Seeds;

impl Seeds {
    pub(crate) fn arrivals(&mut self) {
        let target = "engine_arrivals";
        self.add(target, "nothing", []);
        for (name, mode) in [("burst", 0), ("live", 1)] {
            // Every kind of box, in the log of every question.
            for back in 0..10_u8 {
                for (what, piece) in strange_boxes() {
                    let input = entries(back, &piece, &[0], &[0]);
                    let script = [&[mode], input.as_slice()].concat();
                    if mode == 0 {
                        self.add(target, format!("{name}-{what}-{back}"), script);
                    }
                }
            }
            for edge in [0, 1, 0xf0, 0xf1, 0xf2, 0xf3, 0xf4] {
                let back = 6 * mode;
                let rubbish = rubbish_box();
                for (what, input) in [
                    ("from", entries(back, &rubbish, &[0xff, edge], &[0xff, 0xf0])),
                    ("head", entries(back, &rubbish, &[0], &[0xff, edge])),
                    ("appended", vec![0, 0, 0, back, 0, edge]),
                ] {
                    let script = [&[mode], input.as_slice()].concat();
                    self.add(target, format!("{name}-{what}-{edge:02x}"), script);
                }
            }
            for why in 0..4 {
                let lost = [0, 7, 0, 0, 0, 0, why];
                self.add(
                    target,
                    format!("{name}-lost-{why}"),
                    [&[mode], lost.repeat(3).as_slice()].concat(),
                );
            }
            let refused = [0, 5, 0, 0, 0, 0xff, 0xff];
            self.add(
                target,
                format!("{name}-refused"),
                [&[mode], refused.repeat(6).as_slice()].concat(),
            );
            let elsewhere = [0, 0, 0, 0, 0xff, 1];
            self.add(target, format!("{name}-elsewhere"), [&[mode], elsewhere.as_slice()].concat());
            let story: Vec<u8> = (0..10)
                .flat_map(|back| {
                    let piece = strange_boxes().remove(usize::from(back) % 8).1;
                    [
                        entries(back, &piece, &[0], &[back]),
                        vec![12, 1, 0],
                        vec![13, 0, 2, b'h', b'i'],
                    ]
                    .concat()
                })
                .collect();
            self.add(target, format!("{name}-story"), [&[mode], story.as_slice()].concat());
        }
        // Key packages whose signatures hold: behind a link, in the stock, and used from there.
        for part in [1, 6] {
            let script = [part, 0, 3, 2, 0, 0];
            for back in 0..12 {
                let behind_link = entries(back, &[[5, 1].as_slice(), &script].concat(), &[0], &[0]);
                let stocked = entries(back, &[[8].as_slice(), &script].concat(), &[0], &[0]);
                let rescued =
                    entries(back, &[&[9, back % 2], script.as_slice()].concat(), &[0], &[0]);
                for (what, input) in [
                    ("rescue", [rescued.as_slice(), &[15, 15]].concat()),
                    ("link", behind_link),
                    ("stock", [stocked.as_slice(), &[14]].concat()),
                    ("wanted", [&[14, 14], stocked.as_slice()].concat()),
                ] {
                    let script = [&[0], input.as_slice()].concat();
                    self.add(target, format!("package-{what}-part-{part}-{back}"), script);
                }
            }
        }
    }

    pub(crate) fn contents(&mut self) {
        for (name, content) in contents() {
            for (place, which) in [("pair", 0), ("group", 1)] {
                self.add(
                    "engine_content",
                    format!("{place}-{name}"),
                    [&[which], content.as_slice()].concat(),
                );
            }
        }
        self.add("engine_content", "nothing", []);
    }

    /// Scripts of answers about files: the mode, then for each answer how much later, which question,
    /// whether it stays open, and what is said.
    pub(crate) fn answers(&mut self) {
        for (name, mode) in [("haul", 0), ("live", 1)] {
            let honest = |place: u8| [1, 0, place, 1, 3];
            let all: Vec<u8> = (0..12).flat_map(|place| honest(place % 3)).collect();
            self.add("engine_files", format!("{name}-honest"), [&[mode], all.as_slice()].concat());
            for what in 0_u8..8 {
                for kind in 0_u8..4 {
                    let said =
                        [what, 0, 3, kind, 0, kind, 1, kind, 0, 2, 2, 0, 4, 9, 9, 9, 9, 0, 1];
                    let twice = [2, 0, kind, 1, what, 0, 1, 1, 0, 1, 5, 1, 1, 1, 1, 1];
                    let script = [&[mode, 1, 0, kind, 1], &said[..], &twice].concat();
                    self.add("engine_files", format!("{name}-{what}-{kind}"), script);
                }
            }
        }
        self.add("engine_files", "nothing", []);
    }

    /// Scripts of cards: whether it is words, then parts: whose log, what kind, and its bytes.
    pub(crate) fn cards(&mut self) {
        const CARD: u8 = 1;
        const WORDS: u8 = 0;
        for (name, form) in [("card", CARD), ("words", WORDS)] {
            self.add("engine_carried", format!("{name}-whole"), [form, 0, 0, 0]);
            self.add("engine_carried", format!("{name}-twice"), [form, 0, 0, 0, 0, 1, 0]);
            for act in 0_u8..8 {
                let bent = [form, 0, 0, 1, act, 2, 9, 7, 0, 4, 1, 3, 5, 7, act, 40, 1, 1];
                self.add("engine_carried", format!("{name}-bent-{act}"), bent);
            }
            let rubbish = [form, 0, 0, 4, 0, 6, 1, 2, 3, 4, 5, 6];
            self.add("engine_carried", format!("{name}-rubbish"), rubbish);
            for kind in 0_u8..9 {
                let real = [0, 0, kind, 0];
                let boxed = [2, kind, 0, 5, 0xa2, 0, kind, 1, 2, 9];
                let head = [form, 0, kind % 2, 3, 0, 2];
                let forged = [head.as_slice(), &real, &boxed, &[1]].concat();
                self.add("engine_carried", format!("{name}-forged-{kind}"), forged);
            }
            let part = [&[form, 0, 1, 2, 0, 40], [7_u8; 40].as_slice(), &[0]].concat();
            self.add("engine_carried", format!("{name}-any-part"), part);
        }
        for act in 0_u8..4 {
            let changed = [1, 5, 0, 3, act, 2, act, 1, act, 0, 1];
            self.add("engine_carried", format!("freight-changed-{act}"), changed);
            let bent = [1, 5, 0, 0, 0, 9, act, 2, 9, 7, 0, 4, 1, 3, 5, 7];
            self.add("engine_carried", format!("freight-bent-{act}"), bent);
        }
        self.add("engine_carried", "nothing", []);
    }
}

/// Entries for the question so many places back: one box, and where it is said to stand.
fn entries(back: u8, boxed: &[u8], from: &[u8], head: &[u8]) -> Vec<u8> {
    [&[0, 1, 0, back, 0, 0, 1], boxed, from, head].concat()
}

fn rubbish_box() -> Vec<u8> {
    vec![7, 0, 0, 0xaa]
}

/// One box of each kind an attacker can make.
fn strange_boxes() -> Vec<(&'static str, Vec<u8>)> {
    let words = [&[0xa3, 0, 0, 1, 0x48], [0x11; 8].as_slice(), &[3, 0x62, b'h', b'i']].concat();
    let text = [&[2, 0, 0, words.len() as u8], words.as_slice()].concat();
    vec![
        ("real", vec![0, 0, 0]),
        ("message", vec![1, 0, 0, 4, 1, 2, 3, 4]),
        ("written", text),
        ("commit", vec![3, 0, 0, 1, 0]),
        ("invited", vec![4, 0, 0, 0, 1, b't', 0, 0]),
        ("invited-no-relay", vec![4, 0, 1, 0, 1, b'r', 0, 1, b't', 0, 0]),
        ("invited-mirrors", vec![4, 0, 0, 0, 1, b't', 0, 0, 2, 0, 1, b'm', 0, 1, b'n', 0]),
        ("invited-moved-nowhere", vec![4, 0, 0, 0, 1, b't', 0, 0, 0, 9]),
        ("invited-no-group", vec![4, 1, 0, 0, 1, b't', 0, 0]),
        ("contact", vec![5, 0, 0, 6, 0, 0, 40, 1, 2, 3]),
        ("envelope", vec![6, 0, 3, 4, 0xff, 0xff]),
        ("rubbish", rubbish_box()),
        ("closing", vec![1, 2, 0, 20, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0]),
        ("welcome", vec![1, 4, 0, 5, 0, 0, 0x4d, 0, 0]),
        ("rescue", [&[1, 5, 0, 100], [7; 100].as_slice()].concat()),
        ("adds-and-removes", vec![3, 1, 7, 0xf0, 9]),
        ("removes-her", vec![3, 0, 6, 1, 9]),
    ]
}

/// Contents of every kind, and what is no content.
fn contents() -> Vec<(String, Vec<u8>)> {
    let mut all = Vec::new();
    for kind in [0, 1, 2, 3, 4, 5, 6, 7, 8, 99, u32::MAX] {
        all.push((format!("kind-{kind}-bare"), cbor(|e| e.map(1)?.u32(0)?.u32(kind)?.ok())));
        all.push((
            format!("kind-{kind}-full"),
            cbor(|e| {
                e.map(6)?.u32(0)?.u32(kind)?.u32(1)?.bytes(&[1; 8])?.u32(2)?.u64(u64::MAX)?;
                e.u32(3)?
                    .str(&"가".repeat(100))?
                    .u32(4)?
                    .bytes(&[2; 8])?
                    .u32(6)?
                    .bytes(&[3; 200])?
                    .ok()
            }),
        ));
    }
    for (name, seq, chain) in
        [("first", 1, [0; 4]), ("last", u64::MAX, [0xff; 4]), ("other", 2, [9; 4])]
    {
        all.push((
            format!("receipt-{name}"),
            cbor(|e| {
                e.map(2)?
                    .u32(0)?
                    .u32(1)?
                    .u32(5)?
                    .map(2)?
                    .u32(0)?
                    .u64(seq)?
                    .u32(1)?
                    .bytes(&chain)?
                    .ok()
            }),
        ));
    }
    for count in [0_u64, 1, 32, 33] {
        for field in [2, 3] {
            all.push((
                format!("gaps-{field}-{count}"),
                cbor(|e| {
                    e.map(2)?.u32(0)?.u32(1)?.u32(5)?.map(2)?.u32(0)?.u64(1)?.u32(field)?;
                    e.array(count)?;
                    for n in 0..count {
                        e.array(2)?.u64(u64::MAX - n)?.u64(n)?;
                    }
                    e.ok()
                }),
            ));
        }
    }
    for (index, count) in
        [(0, 0), (0, 1), (1, 1), (0, 2), (1, 2), (63, 64), (64, 65), (u32::MAX, u32::MAX)]
    {
        all.push((
            format!("part-{index}-of-{count}"),
            cbor(|e| {
                e.map(3)?.u32(0)?.u32(6)?.u32(6)?.bytes(&[0, 0, 0x4d])?.u32(7)?;
                e.map(3)?.u32(0)?.bytes(&[1; 8])?.u32(1)?.u32(index)?.u32(2)?.u32(count)?.ok()
            }),
        ));
    }
    let package = prey::pair().package;
    let foreign = cbor(|e| e.map(2)?.u32(0)?.u32(4)?.u32(6)?.bytes(&package)?.ok());
    all.push(("package-of-another".to_owned(), foreign));
    for (name, bytes) in [
        ("empty", vec![]),
        ("break", vec![0xff]),
        ("map-endless", vec![0xbf, 0, 0]),
        ("map-huge", vec![0xbb, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]),
        ("text-huge", vec![0xa2, 0, 0, 3, 0x7b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]),
        ("bytes-huge", vec![0xa2, 0, 6, 6, 0x5b, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]),
        (
            "gaps-huge",
            vec![0xa2, 0, 1, 5, 0xa1, 2, 0x9b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
        ),
        ("nested", [0x81; 2_000].to_vec()),
        ("nested-unknown", [[0xa2, 0, 0, 0x18, 77].as_slice(), &[0x81; 2_000]].concat()),
        ("key-twice", vec![0xa2, 0, 0, 0, 5]),
        ("text-not-utf8", vec![0xa2, 0, 0, 3, 0x62, 0xff, 0xff]),
        ("id-too-short", vec![0xa2, 0, 0, 1, 0x41, 1]),
        ("trailing", vec![0xa1, 0, 0, 0]),
        ("too-large-for-a-box", vec![0x60; 65_000]),
    ] {
        all.push((name.to_owned(), bytes));
    }
    all
}

type Encoder = minicbor::Encoder<Vec<u8>>;
type Written<T> = Result<T, minicbor::encode::Error<std::convert::Infallible>>;

fn cbor(write: impl FnOnce(&mut Encoder) -> Written<()>) -> Vec<u8> {
    let mut encoder = Encoder::new(Vec::new());
    write(&mut encoder).expect("a vector takes everything");
    encoder.into_writer()
}
