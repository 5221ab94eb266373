//! Which entries of a dictionary are the document's.

use lopdf::Dictionary;

use crate::clean::What;

/// Where actions hang.
pub(super) const ACTIONS: &[&[u8]] = &[b"A", b"OpenAction", b"Next", b"PA", b"Dest"];

/// What a dictionary is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    Catalogue,
    Page,
    Annotation,
    Form,
    Picture,
    Other,
}

pub(super) fn shape(own: &Dictionary) -> Shape {
    let name =
        |key: &[u8]| own.get(key).ok().and_then(|value| value.as_name().ok()).unwrap_or_default();
    match (name(b"Type"), name(b"Subtype")) {
        (b"Catalog", _) => Shape::Catalogue,
        (b"Page" | b"Pages", _) => Shape::Page,
        (b"Annot", _) => Shape::Annotation,
        (_, b"Image") => Shape::Picture,
        _ if own.has(b"Rect") && own.has(b"Subtype") => Shape::Annotation,
        _ if own.has(b"Fields") => Shape::Form,
        _ => Shape::Other,
    }
}

const CATALOGUE: &[&[u8]] = &[
    b"Type",
    b"Pages",
    b"PageLabels",
    b"Names",
    b"Dests",
    b"ViewerPreferences",
    b"PageLayout",
    b"PageMode",
    b"Outlines",
    b"OpenAction",
    b"AcroForm",
    b"StructTreeRoot",
    b"MarkInfo",
    b"Lang",
    b"OCProperties",
    b"Extensions",
];
const PAGE: &[&[u8]] = &[
    b"Type",
    b"Parent",
    b"Kids",
    b"Count",
    b"Resources",
    b"MediaBox",
    b"CropBox",
    b"BleedBox",
    b"TrimBox",
    b"ArtBox",
    b"Contents",
    b"Rotate",
    b"Group",
    b"Annots",
    b"UserUnit",
    b"StructParents",
    b"Tabs",
    b"Trans",
    b"Dur",
];
const FORM: &[&[u8]] = &[b"Fields", b"NeedAppearances", b"DR", b"DA", b"Q"];
const PICTURE: &[&[u8]] = &[
    b"Type",
    b"Subtype",
    b"Width",
    b"Height",
    b"ColorSpace",
    b"BitsPerComponent",
    b"Intent",
    b"ImageMask",
    b"Mask",
    b"Decode",
    b"Interpolate",
    b"SMask",
    b"SMaskInData",
    b"Filter",
    b"DecodeParms",
    b"Length",
    b"StructParent",
    b"OC",
    b"Matte",
];

/// Why an entry is not in the copy; `None` when it is.
pub(super) fn gone(shape: Shape, key: &[u8], own: &Dictionary) -> Option<What> {
    let anywhere = match key {
        b"Metadata" => Some(What::Xmp),
        b"PieceInfo" | b"Private" | b"SpiderInfo" | b"OPI" => Some(What::Private),
        b"LastModified" | b"CreationDate" | b"ModDate" => Some(What::Times),
        b"AA" | b"JS" | b"XFA" => Some(What::Script),
        b"AF" | b"EF" => Some(What::Attachment),
        b"Thumb" => Some(What::Thumbnail),
        b"CreatorInfo" => Some(What::Encoder),
        b"Perms" | b"DSS" => Some(What::Signature),
        _ => None,
    };
    if anywhere.is_some() {
        return anywhere;
    }
    let widget = own.get(b"Subtype").ok().and_then(|value| value.as_name().ok()) == Some(b"Widget");
    match shape {
        Shape::Catalogue => (!CATALOGUE.contains(&key)).then_some(What::Private),
        Shape::Page => (!PAGE.contains(&key)).then_some(What::Private),
        Shape::Form => (!FORM.contains(&key)).then_some(What::Settings),
        Shape::Picture => (!PICTURE.contains(&key)).then_some(What::Private),
        Shape::Annotation => match key {
            b"M" => Some(What::Times),
            b"NM" => Some(What::Ids),
            b"T" if !widget => Some(What::People),
            _ => None,
        },
        // The document's own table of streams in other files.
        Shape::Other => matches!(key, b"FFilter" | b"FDecodeParms").then_some(What::Paths),
    }
}
