//! SVG 1.1 and 2: shapes, text, paint and effects stay. Scripts, descriptions, an editor's notes and
//! everything that would be fetched from elsewhere go.

use std::collections::BTreeSet;

use crate::clean::{
    Job, Kept, Kind, Plan, Refusal, View, What, embedded,
    markup::{self, Element, Rule, Verdict},
};

const SVG: &str = "http://www.w3.org/2000/svg";
const XLINK: &str = "http://www.w3.org/1999/xlink";
const BYTES_MAX: u64 = 64 << 20;
/// So often names that nothing points at any more are taken off.
const ROUNDS_MAX: usize = 8;

#[rustfmt::skip]
const ELEMENTS: &[&str] = &[
    "a", "animate", "animateMotion", "animateTransform", "circle", "clipPath", "defs", "ellipse",
    "feBlend", "feColorMatrix", "feComponentTransfer", "feComposite", "feConvolveMatrix",
    "feDiffuseLighting", "feDisplacementMap", "feDistantLight", "feDropShadow", "feFlood",
    "feFuncA", "feFuncB", "feFuncG", "feFuncR", "feGaussianBlur", "feImage", "feMerge",
    "feMergeNode", "feMorphology", "feOffset", "fePointLight", "feSpecularLighting", "feSpotLight",
    "feTile", "feTurbulence", "filter", "g", "image", "line", "linearGradient", "marker", "mask",
    "mpath", "path", "pattern", "polygon", "polyline", "radialGradient", "rect", "set", "stop",
    "style", "svg", "switch", "symbol", "text", "textPath", "tspan", "use", "view",
];

#[rustfmt::skip]
const ATTRIBUTES: &[&str] = &[
    "accumulate", "additive", "alignment-baseline", "amplitude", "attributeName", "attributeType",
    "azimuth", "baseFrequency", "baseline-shift", "begin", "bias", "by", "calcMode", "class",
    "clip", "clip-path", "clip-rule", "clipPathUnits", "color", "color-interpolation",
    "color-interpolation-filters", "color-rendering", "cursor", "cx", "cy", "d", "diffuseConstant",
    "direction", "display", "divisor", "dominant-baseline", "dur", "dx", "dy", "edgeMode",
    "elevation", "end", "exponent", "fill", "fill-opacity", "fill-rule", "filter", "filterUnits",
    "flood-color", "flood-opacity", "font-family", "font-size", "font-size-adjust", "font-stretch",
    "font-style", "font-variant", "font-weight", "fr", "from", "fx", "fy", "glyph-orientation-vertical",
    "gradientTransform", "gradientUnits", "height", "href", "id", "image-rendering", "in", "in2",
    "intercept", "isolation", "k1", "k2", "k3", "k4", "kernelMatrix", "kernelUnitLength", "kerning",
    "keyPoints", "keySplines", "keyTimes", "lengthAdjust", "letter-spacing", "lighting-color",
    "limitingConeAngle", "marker-end", "marker-mid", "marker-start", "markerHeight", "markerUnits",
    "markerWidth", "mask", "mask-type", "maskContentUnits", "maskUnits", "max", "method", "min",
    "mix-blend-mode", "mode", "numOctaves", "offset", "opacity", "operator", "order", "orient",
    "origin", "overflow", "paint-order", "path", "pathLength", "patternContentUnits",
    "patternTransform", "patternUnits", "pointer-events", "points", "pointsAtX", "pointsAtY",
    "pointsAtZ", "preserveAlpha", "preserveAspectRatio", "primitiveUnits", "r", "radius", "refX",
    "refY", "repeatCount", "repeatDur", "requiredFeatures", "restart", "result", "rotate", "rx",
    "ry", "scale", "seed", "shape-rendering", "side", "slope", "spacing", "specularConstant",
    "specularExponent", "spreadMethod", "startOffset", "stdDeviation", "stitchTiles", "stop-color",
    "stop-opacity", "stroke", "stroke-dasharray", "stroke-dashoffset", "stroke-linecap",
    "stroke-linejoin", "stroke-miterlimit", "stroke-opacity", "stroke-width", "style",
    "surfaceScale", "systemLanguage", "tableValues", "targetX", "targetY", "text-anchor",
    "text-decoration", "text-rendering", "textLength", "to", "transform", "transform-origin",
    "type", "unicode-bidi", "values", "vector-effect", "version", "viewBox", "visibility", "width",
    "word-spacing", "writing-mode", "x", "x1", "x2", "xChannelSelector", "y", "y1", "y2",
    "yChannelSelector", "z", "zoomAndPan",
];

/// Elements whose text is seen.
const WORDS: &[&str] = &["text", "tspan", "textPath", "a"];

pub(crate) fn clean(view: &mut View<'_>, job: &mut Job<'_>) -> Result<Plan, Refusal> {
    if view.len() > BYTES_MAX {
        return Err(Kind::Svg.large("it"));
    }
    let bytes = view.all()?;
    Ok(Plan::of(rewritten(&bytes, job)?))
}

/// Also for pictures inside books and office files.
pub(crate) fn rewritten(bytes: &[u8], job: &mut Job<'_>) -> Result<Vec<u8>, Refusal> {
    let mut named = names(bytes);
    let mut clean = with_names(bytes, Some(named.clone()), job)?;
    // What went may have been all that pointed at a name that stayed.
    for _ in 0..ROUNDS_MAX {
        let left = names(&clean);
        if left == named {
            return Ok(clean);
        }
        clean = with_names(&clean, Some(left.clone()), job)?;
        named = left;
    }
    Err(Kind::Svg.odd("names that name each other"))
}

/// For a drawing in a page, where every other part of the page may point at its names.
pub(crate) fn part_of_a_page(bytes: &[u8], job: &mut Job<'_>) -> Result<Vec<u8>, Refusal> {
    with_names(bytes, None, job)
}

fn with_names(
    bytes: &[u8],
    named: Option<BTreeSet<String>>,
    job: &mut Job<'_>,
) -> Result<Vec<u8>, Refusal> {
    let mut rule = Svg { named, job };
    markup::rewrite(bytes, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n", Kind::Svg, &mut rule)
}

/// What is pointed at: `#name` anywhere, and the classes and names of a style sheet, which are
/// words after `.` and `#` too.
fn names(bytes: &[u8]) -> BTreeSet<String> {
    let text = String::from_utf8_lossy(bytes);
    let ends = |c: char| !(c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | ':'));
    let hashed = text.split('#').skip(1).filter_map(|rest| rest.split(ends).next());
    let timed = text.split(['"', '\'', ';', ' ']).filter_map(|word| word.split_once('.'));
    hashed.chain(timed.map(|(name, _)| name)).map(str::to_owned).collect()
}

struct Svg<'j, 'o> {
    /// What is pointed at; `None`: nobody knows, and every name stays.
    named: Option<BTreeSet<String>>,
    job: &'j mut Job<'o>,
}

impl Rule for Svg<'_, '_> {
    fn space(&self, address: &str) -> bool {
        address == SVG || address == XLINK
    }

    fn element(&mut self, element: &mut Element, _path: &[String]) -> Result<Verdict, Refusal> {
        let local = element.local.as_str();
        if !ELEMENTS.contains(&local) {
            let what = match local {
                "script" | "handler" => What::Script,
                "metadata" => What::Xmp,
                "title" | "desc" => What::Comment,
                "foreignObject" => return Err(Kind::Svg.odd("a page of HTML inside")),
                "font" | "glyph" | "missing-glyph" | "font-face" | "hkern" | "vkern" => {
                    return Err(Kind::Svg.odd("a font inside"));
                }
                _ => What::Private,
            };
            self.job.removed(what, local.len());
            return Ok(Verdict::Drop);
        }
        let animates = ["set", "animate"].contains(&local)
            && element
                .value("attributeName")
                .is_some_and(|name| name.ends_with("href") || name.starts_with("on"));
        if animates {
            self.job.removed(What::Script, local.len());
            return Ok(Verdict::Drop);
        }
        let image = local == "image" || local == "feImage";
        let mut kept = Vec::new();
        for mut one in std::mem::take(&mut element.attributes) {
            let what = match self.attribute(&mut one, image)? {
                None => {
                    kept.push(one);
                    continue;
                }
                Some(what) => what,
            };
            self.job.removed(what, one.value.len());
        }
        element.attributes = kept;
        Ok(Verdict::Keep)
    }

    fn text(&mut self, text: String, path: &[String]) -> Result<Option<String>, Refusal> {
        let inside =
            |names: &[&str]| path.last().is_some_and(|last| names.contains(&last.as_str()));
        if inside(&["style"]) {
            let sheet = markup::style(&text);
            let clean = sheet.as_deref().map(declarations);
            if clean.as_deref() != Some(text.as_str()) {
                self.job.removed(
                    What::Comment,
                    text.len().saturating_sub(clean.as_ref().map_or(0, String::len)),
                );
            }
            return Ok(clean);
        }
        if inside(WORDS) && path.iter().any(|name| name == "text") {
            self.job.kept(Kept::Content);
            return Ok(Some(text));
        }
        if !text.trim().is_empty() {
            self.job.removed(What::Comment, text.len());
        }
        Ok(None)
    }

    fn gone(&mut self, bytes: usize) {
        self.job.removed(What::Comment, bytes);
    }
}

impl Svg<'_, '_> {
    /// `None` when it stays, perhaps changed.
    fn attribute(
        &mut self,
        one: &mut markup::Attribute,
        image: bool,
    ) -> Result<Option<What>, Refusal> {
        let link = one.local == "href" && (one.space == XLINK || one.space.is_empty());
        if link {
            return self.link(one, image);
        }
        if one.space == XLINK {
            return Ok(Some(What::Private));
        }
        if one.name == "xml:space" || one.name == "xml:lang" {
            return Ok(None);
        }
        if !one.space.is_empty() || !ATTRIBUTES.contains(&one.local.as_str()) {
            let script = one.local.starts_with("on");
            return Ok(Some(if script { What::Script } else { What::Private }));
        }
        if one.local == "id" && self.named.as_ref().is_some_and(|named| !named.contains(&one.value))
        {
            return Ok(Some(What::Ids));
        }
        let before = one.value.len();
        match markup::style(&one.value) {
            None => return Ok(Some(What::Paths)),
            Some(value) if one.local == "style" => one.value = declarations(&value),
            Some(value) => one.value = value,
        }
        self.job.removed_some(What::Private, before.saturating_sub(one.value.len()));
        Ok(None)
    }

    fn link(&mut self, one: &mut markup::Attribute, image: bool) -> Result<Option<What>, Refusal> {
        if one.value.starts_with('#') {
            return Ok(None);
        }
        if !image {
            return Ok(Some(What::Paths));
        }
        match embedded::picture(&one.value, Kind::Svg, self.job)? {
            Some(clean) => one.value = clean,
            None => return Ok(Some(What::Paths)),
        }
        Ok(None)
    }
}

/// Declarations without those of one editor (`-inkscape-…`).
fn declarations(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for (n, block) in text.split_inclusive(['{', '}', ';']).enumerate() {
        let name = block.trim_start();
        if n == 0 && name == block && !name.starts_with('-') || !name.starts_with('-') {
            out.push_str(block);
        } else if block.ends_with(['{', '}']) {
            out.push_str(block.get(block.len().saturating_sub(1)..).unwrap_or_default());
        }
    }
    out
}
