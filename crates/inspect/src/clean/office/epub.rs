//! EPUB 2 and 3: pages, styles and pictures; of the book's description its title and language.

use super::package::{Package, Part, ending, media};
use crate::clean::{
    Job, Kept, Kind, Plan, Refusal, View, What,
    markup::{self, Element, Rule, Verdict},
};

const HEAD: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
/// The number every book must have, and which is no book's.
const NOBODY: &str = "urn:uuid:00000000-0000-0000-0000-000000000000";

const SPACES: &[&str] = &[
    "http://www.w3.org/",
    "http://www.idpf.org/",
    "http://purl.org/dc/elements/1.1/",
    "urn:oasis:names:tc:opendocument:xmlns:container",
    "http://www.daisy.org/z3986/",
];

pub(crate) fn clean(view: &mut View<'_>, job: &mut Job<'_>) -> Result<Plan, Refusal> {
    let package = Package::read(view, Kind::Epub, job)?;
    let encrypted = package.part(view, "META-INF/encryption.xml", job)?.is_some();
    if encrypted || package.names().iter().any(|name| name == "META-INF/rights.xml") {
        return Err(Refusal::Encrypted { kind: Kind::Epub });
    }
    package.rewrite(view, "mimetype", job, &mut |name, bytes, job| part(name, bytes, job))
}

fn part(name: &str, bytes: &[u8], job: &mut Job<'_>) -> Result<Part, Refusal> {
    if name == "mimetype" {
        return Ok(Part::Same);
    }
    if name.starts_with("META-INF/") && name != "META-INF/container.xml" {
        return Ok(Part::Drop(What::Private));
    }
    match ending(name).as_str() {
        "opf" | "ncx" | "xhtml" | "html" | "htm" | "xml" | "smil" => {
            let mut rule = Book { job };
            let head = match ending(name).as_str() {
                "xhtml" | "html" | "htm" => {
                    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!DOCTYPE html>\n"
                }
                _ => HEAD,
            };
            Ok(Part::New(markup::rewrite(bytes, head, Kind::Epub, &mut rule)?))
        }
        "css" => {
            let text = std::str::from_utf8(bytes)
                .map_err(|_| Kind::Epub.odd("a style that is not UTF-8"))?;
            let clean = sheet(text);
            job.removed_some(What::Comment, bytes.len().saturating_sub(clean.len()));
            Ok(Part::New(clean.into_bytes()))
        }
        "ttf" | "otf" | "woff" | "woff2" => {
            job.kept(Kept::Fonts);
            Ok(Part::Same)
        }
        "js" => Ok(Part::Drop(What::Script)),
        "plist" | "xpgt" => Ok(Part::Drop(What::Private)),
        _ => {
            let name_only = name.rsplit_once('/').map_or(name, |(_, file)| file);
            if name_only == ".DS_Store" || name_only == "calibre_bookmarks.txt" {
                return Ok(Part::Drop(What::Private));
            }
            media(name, bytes, job)
        }
    }
}

/// A style sheet without its comments.
fn sheet(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("/*") {
        out.push_str(before);
        rest = after.split_once("*/").map_or("", |(_, later)| later);
    }
    out.push_str(rest);
    out
}

struct Book<'j, 'o> {
    job: &'j mut Job<'o>,
}

impl Rule for Book<'_, '_> {
    fn space(&self, address: &str) -> bool {
        SPACES.iter().any(|space| address.starts_with(space))
    }

    fn element(&mut self, element: &mut Element, path: &[String]) -> Result<Verdict, Refusal> {
        let local = element.local.clone();
        let dublin = element.space == "http://purl.org/dc/elements/1.1/";
        let js = element.value("href").is_some_and(|href| href.ends_with(".js"));
        let what = match local.as_str() {
            "script" => Some(What::Script),
            "item" if js => Some(What::Script),
            _ if dublin && !matches!(local.as_str(), "title" | "language" | "identifier") => {
                Some(What::Tags)
            }
            "meta" if !plain_meta(element, path) => Some(What::Tags),
            "link" if path.last().is_some_and(|last| last == "metadata") => Some(What::Tags),
            "docAuthor" => Some(What::People),
            "iframe" | "object" | "embed" | "form" => {
                return Err(Kind::Epub.odd("a page with moving parts"));
            }
            _ => None,
        };
        if let Some(what) = what {
            self.job.removed(what, local.len());
            return Ok(Verdict::Drop);
        }
        let job = &mut *self.job;
        element.attributes.retain_mut(|one| {
            let source = matches!(one.local.as_str(), "src" | "poster" | "srcset")
                || one.local == "href" && matches!(local.as_str(), "link" | "image" | "use");
            let what = if one.local.starts_with("on") {
                What::Script
            } else if one.local.starts_with("data-") {
                What::Private
            } else if source && one.value.contains(':') {
                What::Paths
            } else if one.local == "content" && ncx_id(path) && one.value != NOBODY {
                job.removed(What::Ids, one.value.len());
                one.value = NOBODY.to_owned();
                return true;
            } else {
                return true;
            };
            job.removed(what, one.value.len());
            false
        });
        Ok(Verdict::Keep)
    }

    fn text(&mut self, text: String, path: &[String]) -> Result<Option<String>, Refusal> {
        let own = path.last().map_or("", String::as_str);
        match own {
            "identifier" if !text.trim().is_empty() && text != NOBODY => {
                self.job.removed(What::Ids, text.len());
                Ok(Some(NOBODY.to_owned()))
            }
            // When a book was last changed must be said.
            "meta" if text.contains('T') && text != "1970-01-01T00:00:00Z" => {
                self.job.removed(What::Times, text.len());
                Ok(Some("1970-01-01T00:00:00Z".to_owned()))
            }
            _ => Ok(Some(text)),
        }
    }

    fn gone(&mut self, bytes: usize) {
        self.job.removed(What::Comment, bytes);
    }
}

fn ncx_id(path: &[String]) -> bool {
    matches!(path, [a, b] if a == "ncx" && b == "head")
}

/// Words about a page that it needs: its letters, its size, the cover's name, and when it changed.
fn plain_meta(element: &Element, path: &[String]) -> bool {
    let name = element.value("name").unwrap_or_default();
    let property = element.value("property").unwrap_or_default();
    element.value("charset").is_some()
        || element.value("http-equiv").is_some_and(|what| what.eq_ignore_ascii_case("content-type"))
        || matches!(name, "viewport" | "cover")
        || property == "dcterms:modified"
        || property.starts_with("rendition:")
        || ncx_id(path)
            && matches!(name, "dtb:uid" | "dtb:depth" | "dtb:totalPageCount" | "dtb:maxPageNumber")
}
