//! The XML of a document: what it says stays; who wrote it, when, in which session and from which
//! folder goes.

use crate::clean::{
    Job, Kept, Refusal, What,
    markup::{Attribute, Element, Rule, Verdict},
};

/// Whose names may stand in a document. All are Microsoft's or the standard's.
const SPACES: &[&str] = &[
    "http://schemas.openxmlformats.org/",
    "http://purl.oclc.org/ooxml/",
    "http://schemas.microsoft.com/office/",
    "http://schemas.microsoft.com/ink/",
    "urn:schemas-microsoft-com:",
    "http://www.w3.org/",
];

/// Elements that are about the making of the document.
const GONE: &[(&str, What)] = &[
    ("rsids", What::Ids),
    ("docId", What::Ids),
    ("creationId", What::Ids),
    ("modId", What::Ids),
    ("revisionPtr", What::Ids),
    ("attachedTemplate", What::Paths),
    ("absPath", What::Paths),
    ("mailMerge", What::Paths),
    ("dataBinding", What::Private),
    ("docVars", What::Private),
    ("documentProtection", What::Settings),
    ("writeProtection", What::Settings),
    ("fileSharing", What::People),
    ("fileVersion", What::Encoder),
    ("fileRecoveryPr", What::Settings),
    ("proofState", What::Settings),
    ("customData", What::Private),
    ("custDataLst", What::Private),
    ("smartTagPr", What::Private),
    ("webPublishing", What::Paths),
    ("customWorkbookViews", What::People),
    ("smartTagType", What::Private),
];

/// Extensions that hold nothing but a number made by chance.
const EXTENSIONS: &[&str] = &[
    "{FF2B5EF4-FFF2-40B4-BE49-F238E27FC236}",
    "{0D108BD9-81ED-4DB2-BD59-A6C34878D82A}",
    "{9D8B030D-6E8A-4147-A177-3AD203B41FA5}",
    "{C3380CC4-5D6E-409C-BE32-E72D297353CC}",
    "{BB962C8B-B14F-4D97-AF65-F5344CB8AC3E}",
    "{D42A27DB-BD31-4B8C-83A1-F6EECF244321}",
    "{6950BFC3-D8DA-4A85-94F7-54DA5524770B}",
];

pub(super) struct Words<'j, 'o> {
    authors: bool,
    job: &'j mut Job<'o>,
}

impl<'j, 'o> Words<'j, 'o> {
    pub(super) fn new(name: &str, job: &'j mut Job<'o>) -> Self {
        Self { authors: name.to_ascii_lowercase().contains("commentauthors"), job }
    }

    /// Whether an attribute stays, perhaps changed.
    fn stays(&mut self, element: &str, one: &mut Attribute) -> bool {
        let local = one.local.as_str();
        let revision = one.space.contains("/revision") || one.space.ends_with("/word/2010/wordml");
        let what = match local {
            _ if local.starts_with("rsid") => What::Ids,
            "paraId" | "textId" | "uid" | "durableId" if !one.space.is_empty() || revision => {
                What::Ids
            }
            "documentId" | "lastGUID" | "presenceInfo" | "userId" | "providerId" | "personId" => {
                What::Ids
            }
            "gfxdata" => What::Private,
            "date" | "dateUtc" | "dt" if !one.value.is_empty() && dated(element) => What::Times,
            "author" | "initials" if !one.value.is_empty() => {
                self.job.removed(What::People, one.value.len());
                one.value.clear();
                return true;
            }
            "name" | "userName" if self.authors || element == "userInfo" => {
                self.job.removed_some(What::People, one.value.len());
                one.value.clear();
                return true;
            }
            // Names and descriptions of pictures are mostly the names of their files.
            "name" | "descr" | "title" | "alt" if pictured(element) && file_name(&one.value) => {
                self.job.removed(What::Paths, one.value.len());
                one.value.clear();
                return true;
            }
            "codeName" | "filterPrivacy" if element == "workbookPr" => What::Settings,
            "lastSavedBy" | "appName" | "lastEdited" | "lowestEdited" | "rupBuild" => What::Encoder,
            _ => return true,
        };
        self.job.removed(what, one.value.len());
        false
    }
}

/// Elements whose date says when somebody worked.
fn dated(element: &str) -> bool {
    !matches!(element, "sdtPr" | "dateFormat" | "docPartObj" | "fullDate" | "pivotCacheDefinition")
}

fn pictured(element: &str) -> bool {
    matches!(element, "docPr" | "cNvPr" | "shape" | "imagedata" | "rect")
}

fn file_name(value: &str) -> bool {
    let ending = value.rsplit_once('.').map_or("", |(_, ending)| ending);
    let short =
        (2..=5).contains(&ending.len()) && ending.chars().all(|c| c.is_ascii_alphanumeric());
    value.contains('\\') || value.contains("://") || value.starts_with('/') || short
}

impl Rule for Words<'_, '_> {
    fn space(&self, address: &str) -> bool {
        SPACES.iter().any(|space| address.starts_with(space))
    }

    fn element(&mut self, element: &mut Element, _: &[String]) -> Result<Verdict, Refusal> {
        let local = element.local.clone();
        if let Some((_, what)) = GONE.iter().find(|(name, _)| *name == local) {
            self.job.removed(*what, local.len());
            return Ok(Verdict::Drop);
        }
        let number =
            local == "ext" && element.value("uri").is_some_and(|uri| EXTENSIONS.contains(&uri));
        if number {
            self.job.removed(What::Ids, 38_u8);
            return Ok(Verdict::Drop);
        }
        if matches!(local.as_str(), "ins" | "del" | "comment" | "cm") {
            self.job.kept(Kept::Review);
        }
        let settings = local == "pageSetup";
        let mut kept = Vec::new();
        for mut one in std::mem::take(&mut element.attributes) {
            // The settings of a printer are not in the copy.
            let printer = settings && one.local == "id" && one.space.ends_with("/relationships");
            if !printer && self.stays(&local, &mut one) {
                kept.push(one);
            }
        }
        element.attributes = kept;
        Ok(Verdict::Keep)
    }

    fn text(&mut self, text: String, path: &[String]) -> Result<Option<String>, Refusal> {
        // A table's remarks name their authors in a list.
        let author = matches!(path, [.., a, b] if a == "authors" && b == "author");
        if author {
            self.job.removed_some(What::People, text.len());
            return Ok(None);
        }
        Ok(Some(text))
    }

    fn gone(&mut self, bytes: usize) {
        self.job.removed(What::Comment, bytes);
    }
}
