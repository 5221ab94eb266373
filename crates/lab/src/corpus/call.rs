//! Recordings, notes and what is said in a call.

use super::Seeds;

impl Seeds {
    pub(crate) fn voices(&mut self) {
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
}
