//! DOCX, XLSX and PPTX (ECMA-376): the parts that are the document, with the names of people, the
//! numbers of sessions and the traces of places taken out of their XML.

mod relations;
mod words;

use std::collections::BTreeSet;

use super::package::{Package, Part, ending, media};
use crate::clean::{Job, Kept, Kind, Plan, Refusal, View, What, markup};

/// How a part of XML begins.
const HEAD: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n";

/// Parts that are not the document, by how their names begin or end.
const OTHERS: &[(&str, What)] = &[
    ("docprops/", What::Tags),
    ("docmetadata/", What::Tags),
    ("customxml/", What::Private),
    ("customui/", What::Script),
    ("_xmlsignatures/", What::Signature),
    ("word/people.xml", What::People),
    ("word/commentsids.xml", What::Ids),
    ("word/commentsextended.xml", What::Ids),
    ("word/commentsextensible.xml", What::Times),
    ("word/webextensions/", What::Script),
    ("xl/webextensions/", What::Script),
    ("ppt/webextensions/", What::Script),
    ("xl/persons/", What::People),
    ("xl/threadedcomments/", What::People),
    ("xl/revisions/", What::History),
    ("xl/calcchain.xml", What::Settings),
    ("xl/volatiledependencies.xml", What::Settings),
    ("ppt/changesinfos/", What::History),
    ("ppt/revisioninfo.xml", What::History),
    ("ppt/tags/", What::Tags),
    ("ppt/authors.xml", What::People),
];

/// The same wherever they lie.
const ANYWHERE: &[(&str, What)] = &[
    ("printersettings", What::Settings),
    ("vbaproject", What::Script),
    ("vbadata", What::Script),
    ("macrosheets/", What::Script),
    ("/thumbnail", What::Thumbnail),
];

pub(crate) fn clean(view: &mut View<'_>, job: &mut Job<'_>) -> Result<Plan, Refusal> {
    let package = Package::read(view, Kind::Ooxml, job)?;
    let dropped: BTreeSet<String> =
        package.names().into_iter().filter(|name| other(name).is_some()).collect();
    package.rewrite(view, "[Content_Types].xml", job, &mut |name, bytes, job| {
        if let Some(what) = other(name) {
            return Ok(Part::Drop(what));
        }
        part(name, bytes, &dropped, job)
    })
}

fn other(name: &str) -> Option<What> {
    let name = name.to_ascii_lowercase();
    let begins = OTHERS.iter().find(|(begin, _)| name.starts_with(begin));
    let holds = || ANYWHERE.iter().find(|(part, _)| name.contains(part));
    begins.or_else(holds).map(|(_, what)| *what)
}

fn part(
    name: &str,
    bytes: &[u8],
    dropped: &BTreeSet<String>,
    job: &mut Job<'_>,
) -> Result<Part, Refusal> {
    if name == "[Content_Types].xml" {
        let mut rule = relations::Types { dropped, job };
        return Ok(Part::New(markup::rewrite(bytes, HEAD, Kind::Ooxml, &mut rule)?));
    }
    match ending(name).as_str() {
        "rels" => {
            let mut rule = relations::Relations { dropped, folder: relations::folder(name), job };
            Ok(Part::New(markup::rewrite(bytes, HEAD, Kind::Ooxml, &mut rule)?))
        }
        "xml" | "vml" => {
            if name.contains("connections.xml") || name.contains("activeX") {
                return Err(Kind::Ooxml.odd("data from elsewhere"));
            }
            let mut rule = words::Words::new(name, job);
            Ok(Part::New(markup::rewrite(bytes, HEAD, Kind::Ooxml, &mut rule)?))
        }
        "odttf" | "fntdata" => {
            job.kept(Kept::Fonts);
            Ok(Part::Same)
        }
        "emf" | "wmf" => Err(Kind::Ooxml.odd("a drawing of the Windows form; put it in as PNG")),
        _ => media(name, bytes, job),
    }
}
