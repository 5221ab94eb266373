//! Taking off what would betray the sender: a new file with the same content and nothing else.
//!
//! Each format has a rewriter that carries over what it knows to be content and nothing else, and
//! refuses a file in which content could lie where it does not understand it. [`clean`] makes the
//! copy a plan of new bytes and stretches of the source, so large films need little memory;
//! [`clean_bytes`] and [`clean_file`] carry it out and inspect what came of it ([`audit`]) with
//! parsers that share nothing with the rewriters.
//!
//! Start with [`image::jpeg`], the shortest rewriter of a format with everything in it.

mod anew;
mod audit;
mod av;
mod boxes;
mod embedded;
mod file;
mod image;
mod job;
mod kind;
mod marks;
mod markup;
mod office;
mod pack;
mod page;
mod plan;
mod reader;
mod refusal;
mod report;
mod source;

use std::io::{Cursor, Write};

use serde::{Deserialize, Serialize};

pub(crate) use self::file::{Order, copy_behind_walls};
pub use self::{
    file::{Copied, Workshop, clean_file, clean_open, sweep},
    kind::Kind,
    refusal::Refusal,
    report::{Kept, Removed, Report, What},
    source::Source,
};
use self::{job::Job, marks::Bare, plan::Plan, source::View};
use crate::tags::natisign;

/// How to clean.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Options {
    /// How much is taken off.
    pub scope: Scope,
    /// What happens to pictures.
    pub pictures: Pictures,
    /// Archives inside archives, at most so many deep.
    pub depth_max: u8,
    /// Members of archives, at most so many in all.
    pub members_max: u32,
    /// Bytes that packed things may unfold to, all together.
    pub unfolded_bytes_max: u64,
}

/// How much is taken off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Scope {
    /// All that tells who made it.
    Everything,
    /// Marks of watched devices and nothing else, of a file of any kind: where a mark was added, the
    /// bytes are those of the file before it.
    Marks,
}

/// What happens to the points of a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Pictures {
    /// Each stays what it is.
    Exact,
    /// The picture is decoded and encoded anew. Weak invisible marks do not survive that, strong
    /// ones and a sensor's noise may; a JPEG loses a little sharpness and everything gets a new
    /// size. Only single pictures of JPEG, PNG, WebP and BMP.
    Anew,
    /// As [`Pictures::Anew`] for a picture with a longer side than this, which is drawn smaller; one
    /// that is not longer, or moves, stays what it is.
    Fitted {
        /// Points of the longest side.
        side: u32,
    },
}

impl Default for Options {
    fn default() -> Self {
        Self {
            scope: Scope::Everything,
            pictures: Pictures::Exact,
            depth_max: 4,
            members_max: 20_000,
            unfolded_bytes_max: 1 << 30,
        }
    }
}

/// A clean copy that is not written yet.
#[derive(Debug)]
pub struct Cleaned {
    /// What the file is.
    pub kind: Kind,
    /// What was taken off and what was left.
    pub report: Report,
    plan: Plan,
}

impl Cleaned {
    /// How many bytes the copy has.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.plan.len()
    }

    /// Writes the copy. `source` is the one it was made from, unchanged.
    ///
    /// # Errors
    /// [`Refusal::Io`] when `source` cannot be read or `out` cannot be written.
    pub fn write(&self, source: &mut dyn Source, out: &mut dyn Write) -> Result<(), Refusal> {
        Ok(self.plan.write(source, out)?)
    }
}

/// Plans a clean copy of `source`. What was written must still pass [`inspect_copy`].
///
/// # Errors
/// Why it cannot be cleaned.
pub fn clean(source: &mut dyn Source, options: &Options) -> Result<Cleaned, Refusal> {
    let mut job = Job::new(options);
    let mut view = View::whole(source)?;
    let (kind, plan) = match options.scope {
        Scope::Everything => one(&mut view, &mut job)?,
        Scope::Marks => marks::alone(&mut view, &mut job)?,
    };
    if plan.burst() {
        return Err(kind.large("its index"));
    }
    Ok(Cleaned { kind, report: job.report(), plan })
}

/// Looks at a clean copy beside the file it was made from: whether every byte of it is accounted
/// for, whether the content is the same, and whether cleaning it again changes nothing.
///
/// # Errors
/// [`Refusal::Unverified`] says what is wrong; throw the copy away.
pub fn inspect_copy(
    cleaned: &Cleaned,
    source: &mut dyn Source,
    copy: &mut dyn Source,
    options: &Options,
) -> Result<(), Refusal> {
    audit::copy(cleaned.kind, source, copy, options)
}

/// Cleans a file in memory and inspects the copy.
///
/// # Errors
/// Why it cannot be cleaned.
pub fn clean_bytes(bytes: &[u8], options: &Options) -> Result<(Vec<u8>, Cleaned), Refusal> {
    let cleaned = clean(&mut Cursor::new(bytes), options)?;
    let copy = cleaned.plan.bytes(bytes)?;
    inspect_copy(&cleaned, &mut Cursor::new(bytes), &mut Cursor::new(&copy), options)?;
    Ok((copy, cleaned))
}

/// Plans the copy of one file, at whatever depth, its marks first.
fn one(view: &mut View<'_>, job: &mut Job<'_>) -> Result<(Kind, Plan), Refusal> {
    let taken = marks::take_off(view, job)?;
    let planned = match taken.bare {
        Bare::Beginning(end) if end == view.len() => unmarked(view, job),
        Bare::Beginning(end) => unmarked(&mut view.part(0, end)?, job),
        Bare::Bytes(bytes) => of_bytes(&bytes, job),
    };
    match planned {
        Err(Refusal::Damaged { kind, .. }) if taken.overwritten => {
            Err(kind.damaged("a device wrote its mark over a part of it, which is lost"))
        }
        // Words have no end of their own, so such a mark would be taken for more of them.
        Ok((Kind::Text | Kind::Any, _)) if taken.own => Err(marks::unbounded()),
        Ok((Kind::Html, plan)) if taken.own && plan.ends_with(natisign::SELFSIGN) => {
            Err(marks::unbounded())
        }
        planned => planned,
    }
}

/// Plans the copy of bytes that are not as they lie in the source.
fn of_bytes(bytes: &[u8], job: &mut Job<'_>) -> Result<(Kind, Plan), Refusal> {
    let mut source = Cursor::new(bytes);
    let (kind, plan) = unmarked(&mut View::whole(&mut source)?, job)?;
    match plan.burst() {
        true => Err(kind.large("its index")),
        false => Ok((kind, Plan::of(plan.bytes(bytes)?))),
    }
}

/// Plans the copy of a file that has no marks any more.
fn unmarked(view: &mut View<'_>, job: &mut Job<'_>) -> Result<(Kind, Plan), Refusal> {
    let kind = kind::detect(view)?;
    view.of(kind);
    let plan = match kind {
        Kind::Jpeg => image::jpeg::clean(view, job),
        Kind::Png => image::png::clean(view, job),
        Kind::WebP => image::webp::clean(view, job),
        Kind::Gif => image::gif::clean(view, job),
        Kind::Heif => image::heif::clean(view, job),
        Kind::Tiff => image::tiff::clean(view, job),
        Kind::Bmp => image::bmp::clean(view, job),
        Kind::Svg => image::svg::clean(view, job),
        Kind::Mp3 => av::mp3::clean(view, job),
        Kind::Flac => av::flac::clean(view, job),
        Kind::Ogg => av::ogg::clean(view, job),
        Kind::Wav => av::wav::clean(view, job),
        Kind::Mp4 => av::mp4::clean(view, job),
        Kind::Avi => av::avi::clean(view, job),
        Kind::Matroska => av::matroska::clean(view, job),
        Kind::Pdf => office::pdf::clean(view, job),
        Kind::Ooxml => office::ooxml::clean(view, job),
        Kind::Odf => office::odf::clean(view, job),
        Kind::Epub => office::epub::clean(view, job),
        Kind::Zip => pack::zip::clean(view, job),
        Kind::Tar => pack::tar::clean(view, job),
        Kind::Html => page::clean(view, job),
        Kind::Text | Kind::Any => {
            let mut plan = Plan::default();
            plan.copy(0, view.len());
            Ok(plan)
        }
    }?;
    match job.options.pictures {
        Pictures::Exact => Ok((kind, plan)),
        Pictures::Anew => Ok((kind, anew::encode(kind, plan, view, job)?)),
        Pictures::Fitted { side } => Ok((kind, anew::fit(kind, plan, view, job, side)?)),
    }
}

/// Cleans something that was unpacked from a file, `path` being its name there.
fn nested(bytes: Vec<u8>, path: &str, job: &mut Job<'_>) -> Result<(Kind, Vec<u8>), Refusal> {
    let mut source = Cursor::new(bytes.as_slice());
    let mut view = View::whole(&mut source)?;
    let (kind, plan) = job.inside(path, |job| one(&mut view, job))?;
    match plan.burst() {
        true => Err(kind.large("its index")),
        false => Ok((kind, plan.bytes(&bytes)?)),
    }
}
