//! Writes the first corpus of every fuzz target: `corpus [FOLDER]`, `fuzz/corpus` without one.
//!
//! Each seed is a real object, or a script that bends one (`sogon_lab::prey`), and has a name that
//! says what is strange about it. What a fuzzer found later lies beside them and is left alone; a
//! seed that lies in `fuzz/finds`, because it breaks a promise still, is written there.
#![allow(
    clippy::print_stdout,
    clippy::expect_used,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::indexing_slicing,
    reason = "a tool for developers, with small numbers"
)]

use std::{collections::BTreeMap, fs, path::Path};

use sogon_lab::prey;
use sogon_seal::{Conversation, InviteKeys};
use sogon_wire::{
    About, Append, ENTRIES_BYTES_MAX, FRAME_BODY_BYTES_MAX, Fingerprint, Frame, Invite, LogName,
    Pass, PublicWriteKey, Refusal, RelayAddr, Reply, Request, STEPS, SealedBox, Uses,
    WriteSignature,
    packet::{
        Answer, Answers, Holdings, PACKET_BYTES_MAX, PIECE_BYTES, PieceOf, Question, Questions,
        UNORDERED,
    },
};

fn main() {
    let folder = std::env::args().nth(1).unwrap_or_else(|| "fuzz/corpus".to_owned());
    let seeds = Seeds::all();
    for (target, files) in &seeds.0 {
        let finds = Path::new(&folder).with_file_name("finds").join(target);
        let folder = Path::new(&folder).join(target);
        fs::create_dir_all(&folder).expect("a folder");
        for (name, bytes) in files {
            let folder = if finds.join(name).exists() { &finds } else { &folder };
            fs::write(folder.join(name), bytes).expect("a file");
        }
        let sum: usize = files.values().map(Vec::len).sum();
        println!("{target}: {} seeds, {sum} bytes", files.len());
    }
}

/// Seeds by target and name.
#[derive(Default)]
struct Seeds(BTreeMap<&'static str, BTreeMap<String, Vec<u8>>>);

impl Seeds {
    fn all() -> Self {
        let mut seeds = Self::default();
        seeds.frames();
        seeds.streams();
        seeds.packets();
        seeds.texts();
        seeds.postings();
        seeds.packages();
        seeds.welcomes();
        seeds.boxes();
        seeds.rescues();
        seeds.arrivals();
        seeds.contents();
        seeds.containers();
        seeds.files();
        seeds.cards();
        seeds.answers();
        seeds.voices();
        seeds
    }

    fn voices(&mut self) {
        let said = sogon_call::speech::sentence(1, 0.3);
        let recording = sogon_call::wav::write(&said).expect("it is short");
        self.around("call_wav", "sixteen-bits", &recording);
        for (name, at, value) in [
            ("two-channels", 22, 2),
            ("no-channel", 22, 0),
            ("eleven-kilohertz", 24, 0x11),
            ("eight-bits", 34, 8),
            ("bits-of-no-form", 34, 7),
            ("floats", 20, 3),
            ("extensible", 20, 0xfe),
            ("data-that-lies", 43, 0x7f),
        ] {
            let mut bent = recording.clone();
            bent[at] = value;
            self.add("call_wav", name, bent);
        }
        let note = sogon_call::note::record(&said).expect("it is short");
        self.around("call_note", "note", &note);
        for (name, at, value) in [
            ("another-version", 0, 2),
            ("another-span", 1, 20),
            ("other-frames", 3, 60),
            ("longer-than-it-is", 6, 0xff),
            ("shorter-than-it-is", 7, 1),
            ("rubbish", 30, 0xff),
        ] {
            let mut bent = note.clone();
            bent[at] = value;
            self.add("call_note", name, bent);
        }
        // Packets as `ticks ahead, length, plain`: form, missed, heard, speech.
        let speech = note.get(8..128).expect("a frame");
        let plain = |form: u8, missed: u8, speech: &[u8]| {
            [[form, missed, 0, 0, 0, 9].as_slice(), speech].concat()
        };
        let script = |packets: &[(u8, Vec<u8>)]| -> Vec<u8> {
            let one =
                |(ahead, plain): &(u8, Vec<u8>)| [&[*ahead, plain.len() as u8], &**plain].concat();
            packets.iter().flat_map(one).collect()
        };
        let plainly = script(&vec![(2, plain(8, 0, speech)); 6]);
        let doubled = script(&vec![(2, plain(9, 30, speech)); 6]);
        self.around("call_packet", "plain", &plainly);
        self.around("call_packet", "doubled", &doubled);
        let rows = script(&vec![(2, plain(41, 158, speech)); 8]);
        self.add("call_packet", "doubled-far", rows);
        let spans: Vec<_> =
            [0, 4, 8, 1, 5, 9, 2, 10].map(|form| (form, plain(form, 100, speech))).into();
        self.add("call_packet", "every-span", script(&spans));
        let far = vec![(255, plain(8, 0, speech)), (255, plain(0, 0, &speech[..40]))];
        self.add("call_packet", "far-ahead", script(&far));
        self.add("call_packet", "no-form", script(&[(0, plain(3, 0, speech)), (0, vec![])]));
    }

    fn add(&mut self, target: &'static str, name: impl Into<String>, bytes: impl Into<Vec<u8>>) {
        self.0.entry(target).or_default().insert(name.into(), bytes.into());
    }

    /// An object, and it cut, lengthened and changed.
    fn around(&mut self, target: &'static str, name: &str, bytes: &[u8]) {
        self.add(target, name, bytes);
        self.add(target, format!("{name}-with-one-more"), [bytes, &[0]].concat());
        for (what, cut) in [("half", bytes.len() / 2), ("last", bytes.len().saturating_sub(1))] {
            self.add(target, format!("{name}-cut-{what}"), &bytes[..cut]);
        }
        for (what, at) in [("first", 0), ("middle", bytes.len() / 2), ("last", bytes.len() - 1)] {
            let mut bent = bytes.to_vec();
            bent[at] ^= 1;
            self.add(target, format!("{name}-flipped-{what}"), bent);
        }
    }

    fn packets(&mut self) {
        let (log, of) = (LogName([9; 16]), PieceOf([8; 8]));
        let append = Append {
            key: PublicWriteKey([1; 32]),
            signature: WriteSignature([2; 64]),
            boxed: boxed(1),
        };
        let questions = [
            ("append", Question::Append { tag: 1, order: 0, append }),
            ("read", Question::Read { tag: 2, log, after: 7, till: 0, bytes_max: 12_288 }),
            ("read-gap", Question::Read { tag: 3, log, after: 70, till: 90_000, bytes_max: 1 }),
            (
                "piece",
                Question::Piece {
                    tag: 4,
                    order: UNORDERED,
                    of,
                    count: 2,
                    index: 1,
                    bytes: vec![5; 9],
                },
            ),
            ("missing", Question::Missing { tag: 5, log, seq: 1 << 40, wanted: 5 }),
            ("ask-about", Question::About(6)),
            ("speak", Question::Speak(0, vec![4; 155])),
            ("equal", Question::Equal),
        ];
        for (name, item) in questions {
            let packet = Questions { number: 1, proof: 0, items: vec![item] };
            self.around("wire_packet", name, &packet.encode(0));
            self.add("wire_packet", format!("{name}-padded"), packet.encode(PACKET_BYTES_MAX));
        }
        let held = Holdings { first: 4, till: 5, head: 9 };
        let bytes = vec![6; 3_072 - 2 * PIECE_BYTES];
        let answers = [
            ("appended", Answer::Appended(1, 77)),
            ("quiet", Answer::Quiet(2)),
            ("boxes", Answer::Boxes { tag: 3, held, from: 4, boxes: vec![boxed(1), boxed(2)] }),
            ("answer-piece", Answer::Piece { tag: 4, held, seq: 5, step: 3, index: 2, bytes }),
            ("held", Answer::Held { tag: 5, of, pieces: 3 }),
            ("waiting", Answer::Waiting(6)),
            ("answer-heard", Answer::Heard(7, vec![4; 155])),
        ];
        for (name, item) in answers {
            let packet = Answers { number: 1, proof: 9, items: vec![item] };
            self.around("wire_packet", name, &packet.encode(0));
        }
    }

    fn frames(&mut self) {
        for (name, request) in requests() {
            self.around("wire_request", name, &request.encode(0x1234));
        }
        for (name, reply) in replies() {
            self.around("wire_reply", name, &reply.encode(0x1234));
        }
        let largest = SealedBox::parse(&vec![3; STEPS[7]]).expect("a step");
        let entries =
            Reply::Entries { log: LogName([9; 16]), from: 1, head: 1, boxes: vec![largest] };
        self.add("wire_reply", "entries-largest-box", entries.encode(1));
        for target in ["wire_request", "wire_reply"] {
            self.add(target, "nothing", []);
            self.add(target, "head-cut", [1, 0, 0, 0, 0]);
            for kind in [0x00, 0x01, 0x05, 0x06, 0x80, 0x81, 0x82, 0x84, 0xff] {
                self.add(target, format!("empty-{kind:02x}"), [kind, 0, 0, 0, 0, 0]);
            }
            let limit = (FRAME_BODY_BYTES_MAX as u32).to_be_bytes();
            self.add(target, "length-at-limit", [&[0x82, 0, 0], &limit[1..]].concat());
            let beyond = (FRAME_BODY_BYTES_MAX as u32 + 1).to_be_bytes();
            self.add(target, "length-beyond-limit", [&[0x82, 0, 0], &beyond[1..]].concat());
            self.add(target, "length-all-ones", [0x82, 0, 0, 0xff, 0xff, 0xff]);
        }
        for (name, from, head) in [
            ("from-zero", 0, 9),
            ("from-last-place", u64::MAX, u64::MAX),
            ("from-last-but-one", u64::MAX - 1, u64::MAX),
            ("beyond-head", 5, 4),
        ] {
            let entries =
                Reply::Entries { log: LogName([9; 16]), from, head, boxes: vec![boxed(1)] };
            self.add("wire_reply", format!("entries-{name}"), entries.encode(0));
        }
    }

    fn streams(&mut self) {
        let asked: Vec<u8> = requests().iter().flat_map(|(_, frame)| frame.encode(7)).collect();
        let told: Vec<u8> = replies().iter().flat_map(|(_, frame)| frame.encode(7)).collect();
        for (name, sizes) in
            [("ones", [0; 4]), ("sixes", [5; 4]), ("mixed", [0, 6, 200, 2]), ("large", [255; 4])]
        {
            for (side, which, stream) in [("requests", 0, &asked), ("replies", 1, &told)] {
                let head = [&[which], sizes.as_slice()].concat();
                self.add(
                    "wire_stream",
                    format!("{side}-{name}"),
                    [&head, stream.as_slice()].concat(),
                );
                let cut = &stream[..stream.len() - 3];
                self.add("wire_stream", format!("{side}-{name}-cut"), [&head, cut].concat());
                let http = [stream.as_slice(), b"GET / HTTP/1.1\r\n\r\n"].concat();
                self.add(
                    "wire_stream",
                    format!("{side}-{name}-http"),
                    [&head, http.as_slice()].concat(),
                );
            }
        }
        self.add("wire_stream", "nothing", []);
        self.add("wire_stream", "wrong-side", [&[0, 3, 3, 3, 3], told.as_slice()].concat());
    }

    fn texts(&mut self) {
        for (name, host) in [
            ("name", "relay.example"),
            ("v4", "127.0.0.1"),
            ("v6", "::1"),
            ("longest", &"a".repeat(253)),
        ] {
            let relay = RelayAddr::new(host, 443, Fingerprint([5; 32])).expect("an address");
            self.around("wire_relay_addr", name, relay.to_string().as_bytes());
            let invite = Invite { relay, uses: Uses::Many, secret: prey::secret() };
            let link = invite.to_string();
            self.around("wire_invite", &format!("link-{name}"), link.as_bytes());
            let (left, right) = link.split_at(30);
            self.add("wire_invite", format!("link-{name}-broken"), format!("{left}\r\n {right}"));
            let plain =
                [&[1, 1], [9; 32].as_slice(), &[5; 32], &[1, 187], host.as_bytes()].concat();
            self.around("wire_invite", &format!("bytes-{name}"), &plain);
        }
        let print = "#BQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQU";
        for (name, place) in [
            ("no-host", ":443"),
            ("no-port", "relay"),
            ("port-zero", "relay:0"),
            ("port-too-large", "relay:65536"),
            ("port-signed", "relay:+443"),
            ("port-padded", "relay:000443"),
            ("bracket-open", "[::1:443"),
            ("bracket-empty", "[]:443"),
            ("bracket-name", "[relay]:443"),
            ("bracket-twice", "[[::1]]:443"),
            ("v6-bare", "::1:443"),
            ("upper", "RELAY:443"),
            ("hangul", "릴레이:443"),
            ("two-hashes", "relay:443#"),
            ("user", "me@relay:443"),
        ] {
            self.add("wire_relay_addr", name, format!("sogon-relay://{place}{print}"));
        }
        for (name, bytes) in [
            ("nothing", vec![]),
            ("no-body", b"sogon://invite#".to_vec()),
            ("not-utf8", vec![0xff, 0xfe]),
            ("host-empty", [&[1, 0], [9; 64].as_slice(), &[1, 187]].concat()),
            ("host-not-utf8", [&[1, 0], [9; 64].as_slice(), &[1, 187, 0xff]].concat()),
            ("port-zero", [&[1, 0], [9; 64].as_slice(), &[0, 0, b'a']].concat()),
            ("version-two", [&[2, 0], [9; 64].as_slice(), &[1, 187, b'a']].concat()),
            ("uses-two", [&[1, 2], [9; 64].as_slice(), &[1, 187, b'a']].concat()),
            ("host-too-long", [&[1, 0], [9; 64].as_slice(), &[1, 187], &[b'a'; 254]].concat()),
            ("longer-than-a-link", vec![b'a'; 900]),
        ] {
            self.add("wire_invite", name, bytes.clone());
            self.add("wire_relay_addr", name, bytes);
        }
    }

    fn postings(&mut self) {
        let keys = InviteKeys::derive(&prey::secret()).expect("a secret").package;
        let pair = prey::pair();
        let posting = keys.post_package(pair.mina.entropy(), b"a package").expect("it fits");
        self.around("seal_posting", "whole", &posting.to_bytes());
        let large = keys.post_package(pair.mina.entropy(), &pair.package).expect("it fits");
        self.add("seal_posting", "large", large.to_bytes());
        self.add("seal_posting", "not-an-append", Request::About.encode(0));
        self.add("seal_posting", "nothing", []);
        for (name, script) in bends(452) {
            self.add("seal_posting", format!("bent-{name}"), script);
        }
        self.around("seal_keys", "stored", &keys.to_bytes());
        let closing = [&[2, 0, 20], [7; 16].as_slice(), &3_u32.to_be_bytes()].concat();
        self.around("seal_keys", "closing", &closing);
        for kind in 0..8 {
            self.add("seal_keys", format!("kind-{kind}-empty"), [kind, 0, 0]);
            self.add("seal_keys", format!("kind-{kind}-length-lies"), [kind, 0xff, 0xff, 1]);
            self.add("seal_keys", format!("kind-{kind}-padding-lies"), [kind, 0, 1, 1, 1]);
            self.add("seal_keys", format!("kind-{kind}"), [kind, 0, 4, 1, 2, 3, 4]);
        }
        self.add("seal_keys", "all-zeros", [0; 80]);
        self.add("seal_keys", "all-ones", [0xff; 80]);
    }

    fn packages(&mut self) {
        let package = prey::pair().package;
        self.around("seal_package", "raw", &[&[0], package.as_slice()].concat());
        self.add("seal_package", "raw-nothing", [0]);
        for (at, name) in [(0, "version"), (2, "suite"), (4, "init-key-length")] {
            for fill in [0, 0x3f, 0x7f, 0xbf, 0xff] {
                let mut bent = package.clone();
                bent[at] = fill;
                bent[at + 1] = fill;
                self.add(
                    "seal_package",
                    format!("raw-{name}-{fill:02x}"),
                    [&[0], bent.as_slice()].concat(),
                );
            }
        }
        for (name, script) in bends(package.len()) {
            self.add("seal_package", format!("bent-{name}"), [&[1], script.as_slice()].concat());
        }
        for part in 0..14_u8 {
            for (name, script) in few_bends(4) {
                let length = (script.len() as u16).to_be_bytes();
                let piece = [&[2, part], length.as_slice(), &script].concat();
                self.add("seal_package", format!("signed-part-{part}-{name}"), piece);
            }
        }
        self.add("seal_package", "signed-unchanged", [2]);
    }

    fn welcomes(&mut self) {
        let welcome = prey::pair().welcome;
        self.add("seal_welcome", "raw-whole", [&[0], welcome.as_slice()].concat());
        self.add("seal_welcome", "raw-half", [&[0], &welcome[..welcome.len() / 2]].concat());
        self.add("seal_welcome", "raw-nothing", [0]);
        self.add("seal_welcome", "raw-huge-secrets", [0, 0, 0x4d, 0xbf, 0xff, 0xff, 0xff]);
        for (name, script) in bends(welcome.len()) {
            self.add("seal_welcome", format!("bent-{name}"), [&[1], script.as_slice()].concat());
        }
        for part in 0..5_u8 {
            for (name, script) in few_bends(4) {
                for (times, again) in [("once", 0), ("twice", 1)] {
                    let bytes = [&[4, again, part], script.as_slice()].concat();
                    self.add("seal_welcome", format!("part-{part}-{name}-{times}"), bytes);
                }
            }
        }
        let text =
            |text: &str| [(text.len() as u16).to_be_bytes().as_slice(), text.as_bytes()].concat();
        for (mode, mixed) in [(2, "mixed"), (3, "unmixed")] {
            for (name, relay, group, twice) in [
                ("pair", "relay", 0, 0),
                ("group", "relay", 1, 0),
                ("maker-twice", "relay", 1, 1),
                ("no-relay", "", 1, 0),
                ("long-relay", &"r".repeat(4_000), 0, 0),
            ] {
                let script =
                    [&[mode], text(relay).as_slice(), &text("title"), &[group, twice]].concat();
                self.add("seal_welcome", format!("{mixed}-{name}"), script.clone());
                self.add(
                    "seal_welcome",
                    format!("{mixed}-{name}-replaces"),
                    [&script, [0, 1].as_slice()].concat(),
                );
                let bent = [&script, [1, 0, 1, 0, 3].as_slice()].concat();
                self.add("seal_welcome", format!("{mixed}-{name}-bent"), bent);
            }
        }
    }

    fn boxes(&mut self) {
        let mut pair = prey::pair();
        let name = pair.name;
        let sealed = pair.mallory.step(|s, _| {
            let mut group = Conversation::load(s, name).expect("he is in it");
            group.seal(b"words").expect("a member writes").boxed().clone()
        });
        for (name, script) in bends(300) {
            for (mode, what) in [(2, "message"), (3, "commit"), (5, "box")] {
                self.add(
                    "seal_open",
                    format!("{what}-{name}"),
                    [&[mode], script.as_slice()].concat(),
                );
            }
        }
        for kind in 0..8 {
            self.add("seal_open", format!("kind-{kind}-empty"), [1, kind]);
            self.add(
                "seal_open",
                format!("kind-{kind}-zeros"),
                [&[1, kind], [0; 200].as_slice()].concat(),
            );
        }
        // Content type, authenticated data, sender data, ciphertext (RFC 9420, section 6.3).
        for content in 0..5 {
            let framed =
                [&[content, 4], [1; 4].as_slice(), &[28], &[2; 28], &[40], &[3; 40]].concat();
            self.add("seal_open", format!("framed-{content}"), [&[0], framed.as_slice()].concat());
            let short = [content, 0, 0, 0];
            self.add(
                "seal_open",
                format!("framed-{content}-empty"),
                [&[0], short.as_slice()].concat(),
            );
            let huge = [content, 0xbf, 0xff, 0xff, 0xff, 1];
            self.add(
                "seal_open",
                format!("framed-{content}-huge"),
                [&[0], huge.as_slice()].concat(),
            );
        }
        self.add("seal_open", "envelope-nothing", [4]);
        self.add("seal_open", "envelope-ones", [&[4], [0xff; 324].as_slice()].concat());
        self.add(
            "seal_open",
            "envelope-largest",
            [&[4, 0, 0xff, 0xe1], [1; 6_000].as_slice()].concat(),
        );
        self.add("seal_open", "box-as-payload", [&[0], sealed.as_bytes()].concat());
    }

    fn rescues(&mut self) {
        self.add("seal_rescue", "raw-nothing", [0]);
        self.add("seal_rescue", "raw-state-only", [0; 13]);
        self.add("seal_rescue", "raw-rubbish", [0x55; 400]);
        self.add("seal_rescue", "real", [3]);
        for (name, script) in bends(1_600) {
            self.add("seal_rescue", format!("bent-{name}"), [&[1], script.as_slice()].concat());
            self.add(
                "seal_rescue",
                format!("bent-outside-{name}"),
                [&[3], script.as_slice()].concat(),
            );
        }
        for part in 0..14_u8 {
            let script = [0, 0, 1, 2];
            let piece = [&[2, part], [0, script.len() as u8].as_slice(), &script].concat();
            self.add("seal_rescue", format!("signed-part-{part}"), piece);
        }
    }

    fn arrivals(&mut self) {
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

    fn contents(&mut self) {
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
    fn answers(&mut self) {
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
    fn cards(&mut self) {
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
        self.add("engine_carried", "nothing", []);
    }

    /// The cleaner's samples that are small, and each cut and with a bit turned over.
    fn files(&mut self) {
        const SMALL: usize = 9_000;
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../inspect/tests/samples");
        for entry in fs::read_dir(folder).expect("the samples").flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            let bytes = fs::read(entry.path()).expect("a sample");
            if name.ends_with(".sh") || name.ends_with(".py") || bytes.len() > SMALL {
                continue;
            }
            let half = bytes.get(..bytes.len() / 2).unwrap_or_default();
            let mut flipped = bytes.clone();
            if let Some(byte) = flipped.get_mut(bytes.len() / 3) {
                *byte ^= 0x10;
            }
            self.add("inspect_clean", format!("{name}-cut-half"), half);
            self.add("inspect_clean", format!("{name}-flipped"), flipped);
            self.add("inspect_clean", name, bytes);
        }
    }

    fn containers(&mut self) {
        for (name, end) in [("closed", 0), ("killed", 1)] {
            self.add("vault_container", name, [end]);
            for sector in (0..24).step_by(2) {
                self.add(
                    "vault_container",
                    format!("{name}-flip-{sector}"),
                    [end, 0, 0, sector, 0, 40, 3],
                );
            }
            for sector in [0, 1, 2, 9, 10, 11, 12, 14, 20] {
                for (what, act) in [("filled", 2), ("torn", 3), ("swapped", 4), ("older", 5)] {
                    let script = [end, act, 0, sector, 2, 0, 0, 0];
                    self.add("vault_container", format!("{name}-{what}-{sector}"), script);
                }
            }
            for (what, cut) in [("all", 0_u16), ("head", 9 * 64), ("half", 32_768), ("bit", 65_000)]
            {
                let [high, low] = cut.to_be_bytes();
                self.add(
                    "vault_container",
                    format!("{name}-cut-{what}"),
                    [end, 6, 0, 0, high, low],
                );
            }
            let both: Vec<u8> = (1..9).flat_map(|sector| [2, 0, sector, 0]).collect();
            self.add(
                "vault_container",
                format!("{name}-no-key-blocks"),
                [&[end], both.as_slice()].concat(),
            );
        }
    }
}

fn boxed(fill: u8) -> SealedBox {
    SealedBox::parse(&[fill; 352]).expect("a step")
}

fn requests() -> Vec<(&'static str, Request)> {
    let log = LogName([9; 16]);
    let pair = prey::pair();
    let keys = InviteKeys::derive(&prey::secret()).expect("a secret").package;
    let posting = keys.post_package(pair.mina.entropy(), b"a package").expect("it fits");
    let pass = Pass { key: posting.append().key, signature: posting.append().signature };
    vec![
        ("append", Request::Append(posting.append().clone())),
        ("read", Request::Read { log, after: 7, bytes_max: ENTRIES_BYTES_MAX }),
        ("read-too-much", Request::Read { log, after: 7, bytes_max: ENTRIES_BYTES_MAX + 1 }),
        ("watch", Request::Watch { log, after: u64::MAX }),
        ("unwatch", Request::Unwatch { log }),
        ("about", Request::About),
        ("enter", Request::Enter(pass)),
        ("speak", Request::Speak(vec![4; 155])),
    ]
}

fn replies() -> Vec<(&'static str, Reply)> {
    let log = LogName([9; 16]);
    vec![
        ("appended", Reply::Appended { seq: 5 }),
        ("entries-none", Reply::Entries { log, from: 0, head: 0, boxes: vec![] }),
        ("entries", Reply::Entries { log, from: 4, head: 9, boxes: vec![boxed(1), boxed(2)] }),
        ("refused", Reply::Refused { why: Refusal::Busy, wait_s: 3 }),
        ("about", Reply::About(About { version: 1, keep_s: 2, log_boxes_max: 3, watches_max: 4 })),
        ("entered", Reply::Entered { others: 2, proof: 7 }),
        ("heard", Reply::Heard(vec![4; 155])),
    ]
}

/// Scripts that change an object of about this length, once in every way.
fn bends(length: usize) -> Vec<(String, Vec<u8>)> {
    let mut scripts = Vec::new();
    for (place, at) in [("first", 0), ("middle", length / 2), ("last", length.saturating_sub(1))] {
        let [high, low] = (at as u16).to_be_bytes();
        for (name, act, rest) in [
            ("flip", 0, vec![3]),
            ("set", 1, vec![0xff]),
            ("cut", 2, vec![]),
            ("insert", 3, vec![0, 3, 0xbf, 0xff, 0xff]),
            ("remove", 4, vec![2]),
            ("repeat", 5, vec![4]),
            ("ones", 6, vec![0xff, 4]),
        ] {
            scripts
                .push((format!("{name}-{place}"), [&[act, high, low], rest.as_slice()].concat()));
        }
    }
    scripts.push(("longer".to_owned(), vec![7, 0, 0, 0, 2, 1, 2]));
    scripts
}

/// Some of [`bends`].
fn few_bends(length: usize) -> Vec<(String, Vec<u8>)> {
    let few = ["flip-first", "cut-first", "cut-last", "insert-middle", "ones-first", "longer"];
    bends(length).into_iter().filter(|(name, _)| few.contains(&name.as_str())).collect()
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
