//! Documents that are archives of parts.

use crate::clean::{
    Job, Kind, Plan, Refusal, View, What,
    pack::zip::{self, Archive, Member, Writer},
};

/// What becomes of a part.
#[derive(Debug)]
pub(super) enum Part {
    /// It is not in the copy.
    Drop(What),
    /// It stays, byte for byte.
    Same,
    /// It is this.
    New(Vec<u8>),
}

/// Says of a part, by its name and bytes, what becomes of it.
pub(super) type Judge<'j> = dyn FnMut(&str, &[u8], &mut Job<'_>) -> Result<Part, Refusal> + 'j;

/// The parts of a document.
pub(super) struct Package {
    archive: Archive,
    kind: Kind,
}

impl Package {
    pub(super) fn read(
        view: &mut View<'_>,
        kind: Kind,
        job: &mut Job<'_>,
    ) -> Result<Self, Refusal> {
        let archive = Archive::read(view, kind)?;
        zip::said(&archive, job);
        Ok(Self { archive, kind })
    }

    /// The names of all parts that are no folders.
    pub(super) fn names(&self) -> Vec<String> {
        self.files().map(Member::path).collect()
    }

    fn files(&self) -> impl Iterator<Item = &Member> {
        self.archive.members.iter().filter(|member| !member.is_folder())
    }

    /// A part's bytes, if it is there.
    pub(super) fn part(
        &self,
        view: &mut View<'_>,
        name: &str,
        job: &mut Job<'_>,
    ) -> Result<Option<Vec<u8>>, Refusal> {
        let found = self.files().find(|member| member.path() == name);
        found.map(|member| Archive::open(view, member, self.kind, job)).transpose()
    }

    /// Writes the document anew, each part as `judge` says; a part named `first` comes first.
    pub(super) fn rewrite(
        &self,
        view: &mut View<'_>,
        first: &str,
        job: &mut Job<'_>,
        judge: &mut Judge<'_>,
    ) -> Result<Plan, Refusal> {
        let mut files: Vec<&Member> = self.files().collect();
        files.sort_by_key(|member| member.path() != first);
        let mut out = Writer::default();
        for member in files {
            job.member(self.kind)?;
            let name = member.path();
            let bytes = Archive::open(view, member, self.kind, job)?;
            match judge(&name, &bytes, job).map_err(|why| match why {
                why @ Refusal::Inside { .. } => why,
                why => why.inside(&name),
            })? {
                Part::Drop(what) => job.removed(what, bytes.len()),
                Part::New(new) if new != bytes => out.put(member, &new)?,
                Part::New(_) | Part::Same => zip::same(view, member, &mut out)?,
            }
        }
        out.finish()
    }
}

/// A picture, sound or film in a document, cleaned like any other.
pub(super) fn media(name: &str, bytes: &[u8], job: &mut Job<'_>) -> Result<Part, Refusal> {
    if bytes.is_empty() {
        return Ok(Part::Same);
    }
    let (_, clean) = crate::clean::nested(bytes.to_vec(), name, job)?;
    Ok(Part::New(clean))
}

/// The ending of a name, in small letters.
pub(super) fn ending(name: &str) -> String {
    name.rsplit_once('.').map_or("", |(_, ending)| ending).to_ascii_lowercase()
}
