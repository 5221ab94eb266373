//! What crosses a boundary: frames, packets, addresses and links.

use sogon_lab::prey;
use sogon_seal::InviteKeys;
use sogon_wire::{
    About, Append, ENTRIES_BYTES_MAX, FRAME_BODY_BYTES_MAX, Fingerprint, Frame, Invite, LogName,
    Pass, PublicWriteKey, Refusal, RelayAddr, Reply, Request, STEPS, SealedBox, Uses,
    WriteSignature,
    packet::{
        Address, Answer, Answers, Direct, Greeting, Holdings, PACKET_BYTES_MAX, PIECE_BYTES,
        PieceOf, Question, Questions, UNORDERED,
    },
};

use super::{Seeds, boxed};

impl Seeds {
    pub(crate) fn frames(&mut self) {
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

    pub(crate) fn streams(&mut self) {
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

    pub(crate) fn packets(&mut self) {
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
            ("where", Question::Where(1)),
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
            ("seen", Answer::Seen(8, Address::V6([2; 16], 4_000))),
        ];
        for (name, item) in answers {
            let packet = Answers { number: 1, proof: 9, items: vec![item] };
            self.around("wire_packet", name, &packet.encode(0));
        }
        let greeting = Greeting {
            number: 3,
            proof: 9,
            wanted: 1_173..2_000,
            end: 90,
            offset: 10,
            part: vec![7; 80],
            rest: vec![8; 40],
        };
        self.around("wire_packet", "greeting", &greeting.encode());
        self.around("wire_packet", "greeting-of-nothing", &Greeting::default().encode());
        for (name, said) in [
            ("direct", Direct::Speech { hears: true, number: 1 << 24, packet: vec![4; 155] }),
            ("direct-v4", Direct::At { number: 9, address: Address::V4([192, 0, 2, 7], 4_000) }),
            ("direct-v6", Direct::At { number: 9, address: Address::V6([2; 16], 65_535) }),
        ] {
            self.around("wire_packet", name, &said.encode(0));
            self.add("wire_packet", format!("{name}-padded"), said.encode(200));
        }
    }

    pub(crate) fn texts(&mut self) {
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
