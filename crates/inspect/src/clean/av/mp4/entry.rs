//! How a track is coded: its sample descriptions with the parts that decoders need.

use crate::clean::{
    Job, Kept, Kind, Refusal, What,
    av::{coded::Coding, flac, nal},
    boxes,
    image::icc,
    reader::Reader,
};

/// The sample descriptions of a track.
#[derive(Debug)]
pub(in crate::clean) struct Entries {
    made: Vec<Vec<u8>>,
    /// How the samples are coded.
    pub(super) coding: Coding,
    /// Bytes and samples of a packet, where a table of sizes counts single samples (QuickTime).
    pub(super) packet: (u64, u64),
}

impl Entries {
    pub(super) fn read(body: &[u8], handler: [u8; 4], job: &mut Job<'_>) -> Result<Self, Refusal> {
        let mut reader = Reader::new(body, Kind::Mp4);
        reader.be32()?;
        let count = reader.be32()?;
        let all = boxes::all(reader.rest(), Kind::Mp4)?;
        let mut entries = Self { made: Vec::new(), coding: Coding::Other, packet: (1, 1) };
        for (n, one) in all.iter().take(usize::try_from(count).unwrap_or(0)).enumerate() {
            let before = entries.coding;
            let made = match &handler {
                b"vide" => entries.picture(one, job)?,
                b"soun" => entries.sound(one, job)?,
                _ => words(one)?,
            };
            if n > 0 && before != entries.coding {
                return Err(Kind::Mp4.odd("a track coded in several ways"));
            }
            entries.made.push(made);
        }
        match entries.made.is_empty() {
            true => Err(Kind::Mp4.damaged("a track")),
            false => Ok(entries),
        }
    }

    pub(super) fn write(&self) -> Vec<u8> {
        let count = u32::try_from(self.made.len()).unwrap_or(u32::MAX);
        let mut out = [&[0; 4][..], &count.to_be_bytes()].concat();
        self.made.iter().for_each(|one| out.extend(one));
        out
    }

    fn picture(&mut self, one: &boxes::Found<'_>, job: &mut Job<'_>) -> Result<Vec<u8>, Refusal> {
        self.coding = match &one.name {
            b"avc1" | b"avc3" | b"hvc1" | b"hev1" | b"av01" => Coding::Other,
            b"vp08" | b"vp09" | b"s263" | b"h263" | b"raw " | b"2vuy" | b"v210" => Coding::Other,
            b"apch" | b"apcn" | b"apcs" | b"apco" | b"ap4h" | b"ap4x" => Coding::ProRes,
            b"mp4v" => Coding::Mpeg4,
            b"jpeg" | b"mjpa" | b"mjpg" => Coding::Jpeg,
            b"encv" => return Err(Refusal::Encrypted { kind: Kind::Mp4 }),
            name => return Err(unknown(name)),
        };
        let (fixed, rest) = one.body.split_at_checked(78).ok_or(Kind::Mp4.damaged("a track"))?;
        let at = |range: std::ops::Range<usize>| fixed.get(range).unwrap_or_default();
        let mut out = vec![0, 0, 0, 0, 0, 0, 0, 1];
        // Version, revision, maker and quality say nothing about the picture.
        out.extend([0; 16]);
        out.extend(at(24..36));
        out.extend([0; 4]);
        out.extend(at(40..42));
        // The name of the compressor.
        out.extend([0; 32]);
        out.extend(at(74..78));
        if at(42..74).iter().any(|byte| *byte != 0) {
            job.removed(What::Encoder, 32_u8);
        }
        if at(76..78) == [0, 0] {
            return Err(Kind::Mp4.odd("a table of colours"));
        }
        for child in boxes::all(rest, Kind::Mp4)? {
            self.child(&child, &mut out, job)?;
        }
        Ok(boxes::made(&one.name, &out))
    }

    fn sound(&mut self, one: &boxes::Found<'_>, job: &mut Job<'_>) -> Result<Vec<u8>, Refusal> {
        match &one.name {
            b"mp4a" | b"alac" | b"Opus" | b"fLaC" | b"ac-3" | b"ec-3" | b"samr" | b"sawb"
            | b"sowt" | b"twos" | b"lpcm" | b"in24" | b"in32" | b"fl32" | b"fl64" | b"ulaw"
            | b"alaw" | b".mp3" | b"ipcm" | b"fpcm" | b"raw " | b"ima4" | b"MAC3" | b"MAC6" => {}
            b"enca" => return Err(Refusal::Encrypted { kind: Kind::Mp4 }),
            name => return Err(unknown(name)),
        }
        if one.name == *b".mp3" {
            self.coding = Coding::Mp3;
        }
        let mut reader = Reader::new(one.body, Kind::Mp4);
        reader.take(8)?;
        let version = reader.be16()?;
        reader.take(6)?;
        let shape: [u8; 12] = reader.array()?;
        let [_, channels, _, bits, ..] = shape;
        let mut out = vec![0, 0, 0, 0, 0, 0, 0, 1];
        out.extend(version.to_be_bytes());
        out.extend([0; 6]);
        out.extend(shape);
        match version {
            0 if matches!(&one.name, b"sowt" | b"twos" | b"raw ") => {
                self.packet = (u64::from(channels).saturating_mul(u64::from(bits / 8)).max(1), 1);
            }
            0 => {}
            1 => {
                let [samples, bytes, frame, per] =
                    [reader.be32()?, reader.be32()?, reader.be32()?, reader.be32()?];
                self.packet = (u64::from(frame).max(1), u64::from(samples).max(1));
                for number in [samples, bytes, frame, per] {
                    out.extend(number.to_be_bytes());
                }
            }
            2 => out.extend(reader.take(36)?),
            _ => return Err(Kind::Mp4.odd("sound of a strange version")),
        }
        for child in boxes::all(reader.rest(), Kind::Mp4)? {
            self.child(&child, &mut out, job)?;
        }
        Ok(boxes::made(&one.name, &out))
    }

    fn child(
        &mut self,
        child: &boxes::Found<'_>,
        out: &mut Vec<u8>,
        job: &mut Job<'_>,
    ) -> Result<(), Refusal> {
        let body = child.body;
        let made = match &child.name {
            b"avcC" => {
                let (made, size) = nal::avcc(body, Kind::Mp4)?;
                self.coding = Coding::Units(nal::Codec::Avc, size);
                made
            }
            b"hvcC" => {
                let (made, size) = nal::hvcc(body, Kind::Mp4)?;
                self.coding = Coding::Units(nal::Codec::Hevc, size);
                made
            }
            b"av1C" => {
                self.coding = Coding::Units(nal::Codec::Av1, 0);
                nal::av1c(body, Kind::Mp4)?
            }
            b"esds" => self.descriptor(body)?,
            b"dfLa" => [&[0; 4][..], &flac::private(body.get(4..).unwrap_or_default())?].concat(),
            b"damr" => {
                let mut made = body.get(..9).ok_or(Kind::Mp4.damaged("a track"))?.to_vec();
                made.iter_mut().take(5).for_each(|byte| *byte = 0);
                made
            }
            b"colr" if matches!(body.get(..4), Some(b"nclx" | b"nclc")) => body.to_vec(),
            b"colr" => match icc::judge(body.get(4..).unwrap_or_default()) {
                icc::Verdict::Known(known) => {
                    job.kept(Kept::Profile);
                    [b"prof", known.as_slice()].concat()
                }
                icc::Verdict::Drop => {
                    job.removed(What::Profile, body.len());
                    return Ok(());
                }
            },
            b"wave" => {
                let mut inner = Vec::new();
                for one in boxes::all(body, Kind::Mp4)? {
                    self.child(&one, &mut inner, job)?;
                }
                inner.extend([0, 0, 0, 8, 0, 0, 0, 0]);
                inner
            }
            [0, 0, 0, 0] => return Ok(()),
            b"mp4a" if body.len() <= 4 => body.to_vec(),
            b"frma" | b"enda" | b"pasp" | b"clap" | b"fiel" | b"vpcC" | b"dOps" | b"alac"
            | b"chan" | b"chnl" | b"dac3" | b"dec3" | b"d263" | b"SmDm" | b"CoLL" | b"mdcv"
            | b"clli" | b"gama" | b"pcmC" | b"srat" | b"dvcC" | b"dvvC" => body.to_vec(),
            b"sinf" => return Err(Refusal::Encrypted { kind: Kind::Mp4 }),
            _ => {
                job.removed(What::Private, body.len());
                return Ok(());
            }
        };
        job.removed_some(What::Encoder, body.len().saturating_sub(made.len()));
        boxes::put(out, &child.name, &made);
        Ok(())
    }

    /// An elementary stream's descriptor, with what its decoder needs.
    fn descriptor(&mut self, body: &[u8]) -> Result<Vec<u8>, Refusal> {
        let bad = || Kind::Mp4.damaged("a track");
        let mut reader = Reader::new(body, Kind::Mp4);
        reader.be32()?;
        let (tag, es) = descriptor(&mut reader)?;
        let mut es = Reader::new(es, Kind::Mp4);
        es.be16()?;
        let flags = es.u8()?;
        if tag != 3 || flags & 0x60 != 0 {
            return Err(bad());
        }
        if flags & 0x80 != 0 {
            es.be16()?;
        }
        let (tag, config) = descriptor(&mut es)?;
        if tag != 4 {
            return Err(bad());
        }
        let mut config = Reader::new(config, Kind::Mp4);
        let mut made: Vec<u8> = config.take(13)?.to_vec();
        let kind = made.first().copied().unwrap_or(0);
        let special = match config.is_empty() {
            true => None,
            false => {
                Some(descriptor(&mut config)?).filter(|(tag, _)| *tag == 5).map(|(_, body)| body)
            }
        };
        self.coding = match kind {
            0x20 => Coding::Mpeg4,
            0x40 | 0x66 | 0x67 | 0x68 => Coding::Aac,
            0x69 | 0x6B => Coding::Mp3,
            _ => Coding::Other,
        };
        if let Some(special) = special {
            let special = self.coding.header(special);
            written(&mut made, 5, &special);
        }
        let mut es = vec![0, 0, 0];
        written(&mut es, 4, &made);
        written(&mut es, 6, &[2]);
        let mut out = vec![0; 4];
        written(&mut out, 3, &es);
        Ok(out)
    }
}

fn unknown(name: &[u8; 4]) -> Refusal {
    Kind::Mp4.odd(format!("a track coded as {}", String::from_utf8_lossy(name)))
}

/// Words over the picture: their look is part of them.
fn words(one: &boxes::Found<'_>) -> Result<Vec<u8>, Refusal> {
    match &one.name {
        b"tx3g" | b"text" | b"c608" | b"c708" | b"mp4s" => Ok(boxes::made(&one.name, one.body)),
        name => Err(unknown(name)),
    }
}

fn descriptor<'b>(reader: &mut Reader<'b>) -> Result<(u8, &'b [u8]), Refusal> {
    let tag = reader.u8()?;
    let mut len = 0_u32;
    for _ in 0..4 {
        let byte = reader.u8()?;
        len = len << 7 | u32::from(byte & 0x7F);
        if byte & 0x80 == 0 {
            break;
        }
    }
    Ok((tag, reader.take32(len)?))
}

fn written(out: &mut Vec<u8>, tag: u8, body: &[u8]) {
    out.push(tag);
    let len = u32::try_from(body.len()).unwrap_or(u32::MAX);
    for shift in [21_u32, 14, 7] {
        out.push(0x80 | (len >> shift & 0x7F).to_be_bytes()[3]);
    }
    out.push((len & 0x7F).to_be_bytes()[3]);
    out.extend(body);
}
