//! Pictures that stand in a link (`data:`, RFC 2397) of a page, a drawing or a sheet of styles.

use crate::clean::{Job, Kind, Refusal};

/// The link with the picture in it cleaned; `None` for a link that is no picture of that form.
/// `kind` is what it stands in.
///
/// # Errors
/// A picture that cannot be cleaned.
pub(crate) fn picture(
    link: &str,
    kind: Kind,
    job: &mut Job<'_>,
) -> Result<Option<String>, Refusal> {
    let Some((about, data)) =
        link.strip_prefix("data:image/").and_then(|rest| rest.split_once(','))
    else {
        return Ok(None);
    };
    let bytes = match about.ends_with(";base64") {
        true => {
            let data: String = data.chars().filter(|c| !c.is_ascii_whitespace()).collect();
            let data = data.trim_end_matches('=');
            let bytes = data_encoding::BASE64_NOPAD.decode(data.as_bytes());
            bytes.map_err(|_| kind.damaged("a picture inside"))?
        }
        false => unescaped(data),
    };
    let (found, clean) = crate::clean::nested(bytes, "image", job)?;
    let name = match found {
        Kind::Jpeg => "jpeg",
        Kind::Png => "png",
        Kind::Gif => "gif",
        Kind::WebP => "webp",
        Kind::Svg => "svg+xml",
        Kind::Bmp => "bmp",
        Kind::Heif if about.starts_with("avif") => "avif",
        Kind::Heif => "heic",
        _ => return Err(kind.odd("a picture inside")),
    };
    Ok(Some(format!("data:image/{name};base64,{}", data_encoding::BASE64.encode(&clean))))
}

/// Bytes written as `%41`.
fn unescaped(text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((byte, after)) = rest.split_first() {
        let pair = after.get(..2).and_then(|pair| std::str::from_utf8(pair).ok());
        match pair.and_then(|pair| u8::from_str_radix(pair, 16).ok()).filter(|_| *byte == b'%') {
            Some(value) => {
                bytes.push(value);
                rest = after.get(2..).unwrap_or_default();
            }
            None => {
                bytes.push(*byte);
                rest = after;
            }
        }
    }
    bytes
}
