//! Which parts there are, and what they point at.

use std::collections::BTreeSet;

use crate::clean::{
    Job, Refusal, What,
    markup::{Element, Rule, Verdict},
};

const PACKAGE: &str = "http://schemas.openxmlformats.org/package/2006/";

/// `[Content_Types].xml`: parts that went are not in it, and a document without macros is not said
/// to have some.
pub(super) struct Types<'t, 'o> {
    pub(super) dropped: &'t BTreeSet<String>,
    pub(super) job: &'t mut Job<'o>,
}

impl Rule for Types<'_, '_> {
    fn space(&self, address: &str) -> bool {
        address.starts_with(PACKAGE)
    }

    fn element(&mut self, element: &mut Element, _: &[String]) -> Result<Verdict, Refusal> {
        let part = element.value("PartName").map(|name| name.trim_start_matches('/'));
        if part.is_some_and(|part| self.dropped.iter().any(|name| name.eq_ignore_ascii_case(part)))
        {
            return Ok(Verdict::Drop);
        }
        let macros = element.value("ContentType").is_some_and(|kind| kind.contains("vbaProject"));
        if macros {
            return Ok(Verdict::Drop);
        }
        element
            .attributes
            .retain(|one| matches!(one.local.as_str(), "PartName" | "ContentType" | "Extension"));
        for one in &mut element.attributes {
            if one.local == "ContentType" && one.value.contains(".macroEnabled") {
                one.value = plain(&one.value);
            }
        }
        Ok(Verdict::Keep)
    }

    fn text(&mut self, _: String, _: &[String]) -> Result<Option<String>, Refusal> {
        Ok(None)
    }

    fn gone(&mut self, bytes: usize) {
        self.job.removed(What::Comment, bytes);
    }
}

/// The kind of the same document without macros.
fn plain(kind: &str) -> String {
    let form = if kind.contains("word") {
        "wordprocessingml.document"
    } else if kind.contains("excel") {
        "spreadsheetml.sheet"
    } else {
        "presentationml.presentation"
    };
    format!("application/vnd.openxmlformats-officedocument.{form}.main+xml")
}

/// A part's relationships: to parts that are there, and to pages of the web.
pub(super) struct Relations<'t, 'o> {
    pub(super) dropped: &'t BTreeSet<String>,
    pub(super) folder: String,
    pub(super) job: &'t mut Job<'o>,
}

/// The folder that targets in `name` (`a/_rels/b.xml.rels`) are counted from.
pub(super) fn folder(name: &str) -> String {
    name.rsplit_once("_rels/").map_or(String::new(), |(folder, _)| folder.to_owned())
}

impl Relations<'_, '_> {
    fn target(&self, target: &str) -> String {
        if let Some(whole) = target.strip_prefix('/') {
            return whole.to_owned();
        }
        let mut parts: Vec<&str> = self.folder.split('/').filter(|part| !part.is_empty()).collect();
        for part in target.split('/') {
            match part {
                ".." => {
                    parts.pop();
                }
                "." | "" => {}
                part => parts.push(part),
            }
        }
        parts.join("/")
    }
}

impl Rule for Relations<'_, '_> {
    fn space(&self, address: &str) -> bool {
        address.starts_with(PACKAGE)
    }

    fn element(&mut self, element: &mut Element, _: &[String]) -> Result<Verdict, Refusal> {
        if element.local != "Relationship" {
            return Ok(Verdict::Keep);
        }
        let kind = element.value("Type").unwrap_or_default().to_owned();
        let target = element.value("Target").unwrap_or_default().to_owned();
        let gone = self.target(&target);
        let template =
            ["attachedTemplate", "mailMergeSource", "mailMergeHeaderSource", "recipientData"];
        if template.iter().any(|end| kind.ends_with(end)) {
            self.job.removed(What::Paths, target.len());
            return Ok(Verdict::Drop);
        }
        if element.value("TargetMode") != Some("External") {
            let known = self.dropped.iter().any(|name| name.eq_ignore_ascii_case(&gone));
            let metadata =
                kind.contains("metadata/core-properties") || kind.ends_with("/thumbnail");
            return Ok(if known || metadata { Verdict::Drop } else { Verdict::Keep });
        }
        let web =
            ["http://", "https://", "mailto:", "#"].iter().any(|begin| target.starts_with(begin));
        if !(kind.ends_with("/hyperlink") && web) && target != "about:blank" {
            // A picture or a table elsewhere would be fetched, and a path names a person's folders.
            self.job.removed(What::Paths, target.len());
            for one in &mut element.attributes {
                if one.local == "Target" {
                    one.value = "about:blank".to_owned();
                }
            }
        }
        Ok(Verdict::Keep)
    }

    fn text(&mut self, _: String, _: &[String]) -> Result<Option<String>, Refusal> {
        Ok(None)
    }

    fn gone(&mut self, bytes: usize) {
        self.job.removed(What::Comment, bytes);
    }
}
