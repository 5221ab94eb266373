//! Colour profiles. One that many share is written anew from its definition; any other is a trace
//! of the one device it was measured on, or says nothing that viewers do not assume.
//!
//! Facts: ICC.1:2010 (profile format); primaries of IEC 61966-2-1, SMPTE EG 432-1 (D65), Adobe RGB
//! (1998), ITU-R BT.2020, ROMM RGB, adapted to D50.

use crate::clean::{Kind, Refusal, reader::Reader};

/// What is to be done with a profile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It says what everybody assumes, or it is one device's own: leave it out.
    Drop,
    /// A space that many share: this profile stands for it.
    Known(Vec<u8>),
}

/// A colour space: red, green and blue as seen under D50, and the power that its middle grey has.
struct Space {
    name: &'static str,
    columns: [[f64; 3]; 3],
    /// `None`: the curve of sRGB.
    gamma: Option<f64>,
}

const SPACES: [Space; 4] = [
    Space {
        name: "Display P3",
        columns: [
            [0.51512, 0.24120, -0.00105],
            [0.29198, 0.69225, 0.04189],
            [0.15710, 0.06657, 0.78407],
        ],
        gamma: None,
    },
    Space {
        name: "Adobe RGB",
        columns: [
            [0.60974, 0.31111, 0.01947],
            [0.20528, 0.62567, 0.06087],
            [0.14919, 0.06322, 0.74457],
        ],
        gamma: Some(2.199_218_75),
    },
    Space {
        name: "Rec. 2020",
        columns: [
            [0.67348, 0.27904, -0.00194],
            [0.16567, 0.67534, 0.02998],
            [0.12505, 0.04561, 0.79684],
        ],
        gamma: Some(2.222_22),
    },
    Space {
        name: "ProPhoto RGB",
        columns: [[0.79767, 0.28804, 0.0], [0.13519, 0.71188, 0.0], [0.03134, 0.00009, 0.82491]],
        gamma: Some(1.8),
    },
];

/// What this profile is.
pub(crate) fn judge(profile: &[u8]) -> Verdict {
    match known(profile) {
        Ok(Some(space)) => Verdict::Known(write(space)),
        _ => Verdict::Drop,
    }
}

fn known(profile: &[u8]) -> Result<Option<&'static Space>, Refusal> {
    if profile.get(16..20) != Some(b"RGB ") {
        return Ok(None);
    }
    let tag = |name: &[u8; 4]| -> Result<&[u8], Refusal> {
        let mut table = Reader::new(profile, Kind::Jpeg);
        table.take(128)?;
        for _ in 0..table.be32()?.min(100) {
            let (own, at, len) = (table.array::<4>()?, table.be32()?, table.be32()?);
            if own == *name {
                let mut body = Reader::new(profile, Kind::Jpeg);
                body.take32(at)?;
                return body.take32(len);
            }
        }
        Err(Kind::Jpeg.damaged("a colour profile"))
    };
    let mut columns = [[0.0; 3]; 3];
    for (column, name) in columns.iter_mut().zip([b"rXYZ", b"gXYZ", b"bXYZ"]) {
        let mut body = Reader::new(tag(name)?, Kind::Jpeg);
        body.take(8)?;
        for value in column.iter_mut() {
            *value = f64::from(body.be32()?.cast_signed()) / 65536.0;
        }
    }
    let middle = middle(tag(b"rTRC")?)?;
    let near = |space: &&Space| {
        let pairs = space.columns.iter().flatten().zip(columns.iter().flatten());
        let wanted = space.gamma.map_or(0.214_04, |gamma| 0.5_f64.powf(gamma));
        pairs.map(|(a, b)| (a - b).abs()).fold(0.0, f64::max) < 0.004
            && (wanted - middle).abs() < 0.025
    };
    Ok(SPACES.iter().find(near))
}

/// What a curve makes of one half.
fn middle(curve: &[u8]) -> Result<f64, Refusal> {
    let mut body = Reader::new(curve, Kind::Jpeg);
    let word = body.array::<4>()?;
    body.take(4)?;
    if word == *b"curv" {
        return Ok(match body.be32()? {
            0 => 0.5,
            1 => 0.5_f64.powf(f64::from(body.be16()?) / 256.0),
            n => {
                body.take32((n / 2).saturating_mul(2))?;
                f64::from(body.be16()?) / 65535.0
            }
        });
    }
    let form = body.be16()?;
    body.take(2)?;
    let mut next = || body.be32().map(|v| f64::from(v.cast_signed()) / 65536.0);
    let gamma = next()?;
    if form == 0 {
        return Ok(0.5_f64.powf(gamma));
    }
    let (a, b) = (next()?, next()?);
    Ok((a * 0.5 + b).max(0.0).powf(gamma))
}

/// A profile of 4 tags of ours and nothing of anybody's: no times, makers or numbers.
fn write(space: &Space) -> Vec<u8> {
    let fixed = |value: f64| {
        #[allow(clippy::cast_possible_truncation, reason = "all values are below 3")]
        let value = (value * 65536.0).round() as i32;
        value.to_be_bytes()
    };
    let xyz = |values: [f64; 3]| {
        let mut body = b"XYZ \0\0\0\0".to_vec();
        values.iter().for_each(|value| body.extend(fixed(*value)));
        body
    };
    let curve = match space.gamma {
        Some(gamma) => {
            let mut body = b"para\0\0\0\0\0\0\0\0".to_vec();
            body.extend(fixed(gamma));
            body
        }
        None => {
            let mut body = b"para\0\0\0\0\0\x03\0\0".to_vec();
            for value in [2.4, 1.0 / 1.055, 0.055 / 1.055, 1.0 / 12.92, 0.04045] {
                body.extend(fixed(value));
            }
            body
        }
    };
    let text = |text: &str| {
        let mut body = b"mluc\0\0\0\0\0\0\0\x01\0\0\0\x0CenUS".to_vec();
        let units: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
        body.extend(u32::try_from(units.len()).unwrap_or(0).to_be_bytes());
        body.extend(28_u32.to_be_bytes());
        body.extend(units);
        body.resize(body.len().next_multiple_of(4), 0);
        body
    };
    let [red, green, blue] = space.columns;
    let bodies = [
        (*b"desc", text(space.name)),
        (*b"cprt", text("CC0")),
        (*b"wtpt", xyz([0.964_202_88, 1.0, 0.824_905_40])),
        (*b"rXYZ", xyz(red)),
        (*b"gXYZ", xyz(green)),
        (*b"bXYZ", xyz(blue)),
        (*b"rTRC", curve.clone()),
        (*b"gTRC", curve.clone()),
        (*b"bTRC", curve),
    ];
    let mut table = u32::try_from(bodies.len()).unwrap_or(0).to_be_bytes().to_vec();
    let mut data: Vec<u8> = Vec::new();
    // 128 bytes of head, 4 of count, 12 for each of 9 tags.
    let start = 240_u32;
    for (name, body) in &bodies {
        let at = start.saturating_add(u32::try_from(data.len()).unwrap_or(0));
        table.extend(name);
        table.extend(at.to_be_bytes());
        table.extend(u32::try_from(body.len()).unwrap_or(0).to_be_bytes());
        data.extend(body);
    }
    let size = start.saturating_add(u32::try_from(data.len()).unwrap_or(0));
    let mut out = size.to_be_bytes().to_vec();
    out.extend(b"\0\0\0\0\x04\0\0\0mntrRGB XYZ ");
    out.extend([0; 12]);
    out.extend(b"acsp");
    out.resize(68, 0);
    for value in [0.964_202_88, 1.0, 0.824_905_40] {
        out.extend(fixed(value));
    }
    out.resize(128, 0);
    out.extend(table);
    out.extend(data);
    out
}

#[cfg(test)]
#[allow(
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    reason = "small numbers of the tests' own"
)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_of_ours_stands_for_the_same_space_again() {
        for space in &SPACES {
            let ours = write(space);
            assert_eq!(u32::from_be_bytes(ours[..4].try_into().unwrap()) as usize, ours.len());
            assert_eq!(judge(&ours), Verdict::Known(ours), "{}", space.name);
        }
    }

    #[test]
    fn a_device_of_its_own_is_left_out() {
        let mut own = write(&SPACES[0]);
        let at = own.windows(4).rposition(|w| w == b"XYZ ").unwrap();
        own[at + 8] = 1;
        assert_eq!(judge(&own), Verdict::Drop);
        for end in 0..own.len() {
            assert_eq!(judge(&own[..end.min(200)]), Verdict::Drop);
        }
    }
}
