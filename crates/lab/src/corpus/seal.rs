//! What only keys make: postings, key packages, Welcomes, boxes, requests to be let in again.

use sogon_lab::prey;
use sogon_seal::{Conversation, InviteKeys};
use sogon_wire::{Frame, Request};

use super::{Seeds, bends, few_bends};

impl Seeds {
    pub(crate) fn postings(&mut self) {
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

    pub(crate) fn packages(&mut self) {
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

    pub(crate) fn welcomes(&mut self) {
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

    pub(crate) fn boxes(&mut self) {
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

    pub(crate) fn rescues(&mut self) {
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
}
