//! OpenDocument (OASIS ODF 1.3): content, styles and pictures; who wrote it, settings, thumbnails,
//! macros and caches go.

use std::collections::BTreeSet;

use super::package::{Package, Part, ending, media};
use crate::clean::{
    Job, Kept, Kind, Plan, Refusal, View, What,
    markup::{self, Element, Rule, Verdict},
};

const HEAD: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";

const SPACES: &[&str] = &[
    "urn:oasis:names:tc:opendocument:xmlns:",
    "http://www.w3.org/",
    "http://openoffice.org/",
    "urn:org:documentfoundation:names:experimental:",
    "http://purl.org/dc/elements/1.1/",
];

const OTHERS: &[(&str, What)] = &[
    ("meta.xml", What::Tags),
    ("settings.xml", What::Settings),
    ("Thumbnails/", What::Thumbnail),
    ("Configurations2/", What::Settings),
    ("layout-cache", What::Settings),
    ("manifest.rdf", What::Xmp),
    ("Basic/", What::Script),
    ("Scripts/", What::Script),
    ("Dialogs/", What::Script),
    ("ObjectReplacements/", What::Thumbnail),
    ("Versions/", What::History),
    ("VersionList.xml", What::History),
    ("META-INF/documentsignatures.xml", What::Signature),
    ("META-INF/macrosignatures.xml", What::Signature),
];

pub(crate) fn clean(view: &mut View<'_>, job: &mut Job<'_>) -> Result<Plan, Refusal> {
    let package = Package::read(view, Kind::Odf, job)?;
    let dropped: BTreeSet<String> =
        package.names().into_iter().filter(|name| other(name).is_some()).collect();
    package.rewrite(view, "mimetype", job, &mut |name, bytes, job| match other(name) {
        Some(what) => Ok(Part::Drop(what)),
        None => part(name, bytes, &dropped, job),
    })
}

/// Also of the documents inside a document, which lie in folders of their own.
fn other(name: &str) -> Option<What> {
    let own = name
        .rsplit_once("Object ")
        .and_then(|(_, rest)| rest.split_once('/'))
        .map(|(_, rest)| rest);
    let fits = |name: &str| {
        OTHERS.iter().find(|(begin, _)| name.starts_with(begin)).map(|(_, what)| *what)
    };
    fits(name).or_else(|| own.and_then(fits))
}

fn part(
    name: &str,
    bytes: &[u8],
    dropped: &BTreeSet<String>,
    job: &mut Job<'_>,
) -> Result<Part, Refusal> {
    if name == "mimetype" {
        return Ok(Part::Same);
    }
    match ending(name).as_str() {
        "xml" | "rdf" => {
            let mut rule = Odf { dropped, job };
            Ok(Part::New(markup::rewrite(bytes, HEAD, Kind::Odf, &mut rule)?))
        }
        "ttf" | "otf" => {
            job.kept(Kept::Fonts);
            Ok(Part::Same)
        }
        _ => media(name, bytes, job),
    }
}

struct Odf<'t, 'o> {
    dropped: &'t BTreeSet<String>,
    job: &'t mut Job<'o>,
}

impl Rule for Odf<'_, '_> {
    fn space(&self, address: &str) -> bool {
        SPACES.iter().any(|space| address.starts_with(space))
    }

    fn element(&mut self, element: &mut Element, path: &[String]) -> Result<Verdict, Refusal> {
        let local = element.local.as_str();
        if local == "encryption-data" {
            return Err(Refusal::Encrypted { kind: Kind::Odf });
        }
        if local == "file-entry" {
            let path = element.value("full-path").unwrap_or_default();
            let folder = path.ends_with('/') && path != "/";
            let gone = folder && self.dropped.iter().any(|name| name.starts_with(path));
            return Ok(match self.dropped.contains(path) || gone || other(path).is_some() {
                true => Verdict::Drop,
                false => Verdict::Keep,
            });
        }
        let what = match local {
            "meta" | "settings" if path.len() == 1 => Some(What::Tags),
            "scripts" | "event-listeners" => Some(What::Script),
            "creator-initials" | "sender-initials" => Some(What::People),
            "author-name" if path.iter().any(|name| name == "metadata") => Some(What::People),
            _ => None,
        };
        if let Some(what) = what {
            self.job.removed(what, local.len());
            return Ok(Verdict::Drop);
        }
        if matches!(local, "annotation" | "tracked-changes") {
            self.job.kept(Kept::Review);
        }
        let people = matches!(
            local,
            "annotation" | "change-info" | "insertion" | "deletion" | "format-change"
        );
        let job = &mut *self.job;
        element.attributes.retain(|one| {
            let what = match one.local.as_str() {
                "rsid" | "paragraph-rsid" => What::Ids,
                "chg-author" | "chg-date-time" | "creator" | "date" if people => What::People,
                "actuate" if one.value == "onLoad" => return true,
                "href" if outside(&one.value, local) => What::Paths,
                _ => return true,
            };
            job.removed(what, one.value.len());
            false
        });
        Ok(Verdict::Keep)
    }

    fn text(&mut self, text: String, path: &[String]) -> Result<Option<String>, Refusal> {
        let own = path.last().map_or("", String::as_str);
        let what = match own {
            "creator" => What::People,
            "date" if path.len() > 1 && text.contains('T') => What::Times,
            _ => return Ok(Some(text)),
        };
        let ours = match what {
            What::Times => "1970-01-01T00:00:00",
            _ => "",
        };
        if text != ours {
            self.job.removed(what, text.len());
        }
        Ok(Some(ours.to_owned()))
    }

    fn gone(&mut self, bytes: usize) {
        self.job.removed(What::Comment, bytes);
    }
}

/// Links of words to the web stay; pictures, objects and templates elsewhere do not.
fn outside(value: &str, element: &str) -> bool {
    let inside = value.starts_with('#')
        || value.is_empty()
        || !value.contains(':') && !value.starts_with("..") && !value.starts_with('/');
    let web = value.starts_with("http://")
        || value.starts_with("https://")
        || value.starts_with("mailto:");
    !(inside || element == "a" && web)
}
