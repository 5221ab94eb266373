//! SVG and PDF.

use lopdf::{Dictionary, Document, LoadOptions, Object};
use quick_xml::{Reader, events::Event};

use super::Strange;

pub(super) fn svg(bytes: &[u8]) -> Result<(), Strange> {
    let text = std::str::from_utf8(bytes).map_err(|_| "bytes that are no text")?;
    let mut reader = Reader::from_str(text);
    loop {
        match reader.read_event().map_err(|_| "XML that is not well formed")? {
            Event::Start(one) | Event::Empty(one) => {
                let name = one.local_name();
                if matches!(
                    name.as_ref(),
                    "script" | "metadata" | "foreignObject" | "title" | "desc"
                ) {
                    return Err(name.as_ref().to_owned());
                }
                for attribute in one.attributes().flatten() {
                    let key: &str = attribute.key.as_ref();
                    let value: &str = &attribute.value;
                    let prefixed = key
                        .split_once(':')
                        .is_some_and(|(p, _)| !matches!(p, "xlink" | "xml" | "xmlns"));
                    let away = key.ends_with("href")
                        && !value.starts_with('#')
                        && !value.starts_with("data:image/");
                    if prefixed || away || key.starts_with("on") || key.starts_with("data-") {
                        return Err(key.to_owned());
                    }
                }
            }
            Event::Comment(_) | Event::PI(_) | Event::DocType(_) => return Err("a comment".into()),
            Event::Eof => return Ok(()),
            _ => {}
        }
    }
}

const STRANGE: [&[u8]; 14] = [
    b"Metadata",
    b"PieceInfo",
    b"LastModified",
    b"CreationDate",
    b"ModDate",
    b"JavaScript",
    b"JS",
    b"AA",
    b"EmbeddedFiles",
    b"EF",
    b"AF",
    b"XFA",
    b"Producer",
    b"Creator",
];

pub(super) fn pdf(bytes: &[u8]) -> Result<(), Strange> {
    let options = LoadOptions {
        strict: true,
        max_decompressed_size: Some(64 << 20),
        ..LoadOptions::default()
    };
    let document = Document::load_mem_with_options(bytes, options)
        .map_err(|_| "it cannot be read any more")?;
    for key in [b"Info".as_slice(), b"ID", b"Prev", b"Encrypt"] {
        if document.trailer.has(key) {
            return Err(String::from_utf8_lossy(key).into_owned());
        }
    }
    document.objects.values().try_for_each(|object| look(object, 0))?;
    match bytes.strip_suffix(b"\n").unwrap_or(bytes).ends_with(b"%%EOF") {
        true => Ok(()),
        false => Err("a tail".into()),
    }
}

fn look(object: &Object, depth: u8) -> Result<(), Strange> {
    let inner = |own: &Dictionary| {
        for (key, value) in own {
            if STRANGE.contains(&key.as_slice()) {
                return Err(String::from_utf8_lossy(key).into_owned());
            }
            look(value, depth.saturating_add(1))?;
        }
        Ok(())
    };
    match object {
        _ if depth > 130 => Err("things inside each other".into()),
        Object::Dictionary(own) => inner(own),
        Object::Stream(own) => inner(&own.dict),
        Object::Array(all) => all.iter().try_for_each(|one| look(one, depth.saturating_add(1))),
        _ => Ok(()),
    }
}
