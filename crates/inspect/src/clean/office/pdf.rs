//! PDF (ISO 32000-2): walked from its catalogue, and what the walk finds written anew into a file
//! without history. Pages, text, fonts, pictures, outlines and forms stay; descriptions, scripts,
//! attachments, signatures and private parts are not walked into.

mod keys;
mod stream;

use std::collections::BTreeMap;

use lopdf::{Dictionary, Document, LoadOptions, Object, ObjectId};

use crate::clean::{Job, Kept, Kind, Plan, Refusal, View, What};

const BYTES_MAX: u64 = 192 << 20;
const OBJECT_STREAM_MAX: usize = 64 << 20;
const DEPTH_MAX: usize = 120;

pub(crate) fn clean(view: &mut View<'_>, job: &mut Job<'_>) -> Result<Plan, Refusal> {
    if view.len() > BYTES_MAX {
        return Err(Kind::Pdf.large("it"));
    }
    let bytes = view.all()?;
    let options =
        LoadOptions { max_decompressed_size: Some(OBJECT_STREAM_MAX), ..LoadOptions::default() };
    let old = Document::load_mem_with_options(&bytes, options)
        .map_err(|_| Kind::Pdf.damaged("it cannot be read"))?;
    if old.trailer.has(b"Encrypt") || old.is_encrypted() {
        return Err(Refusal::Encrypted { kind: Kind::Pdf });
    }
    let root = old.trailer.get(b"Root").and_then(Object::as_reference);
    let root = root.map_err(|_| Kind::Pdf.damaged("it has no catalogue"))?;
    if let Ok(id) = old.trailer.get(b"Info") {
        job.removed(What::Tags, size(&old, id));
    }
    if old.trailer.has(b"ID") {
        job.removed(What::Ids, 32_u8);
    }
    let ends = bytes.windows(5).filter(|window| *window == b"%%EOF").count();
    job.removed_some(What::History, ends.saturating_sub(1));
    let mut walk = Walk { old: &old, numbers: BTreeMap::new(), todo: Vec::new(), job };
    let root = walk.number(root);
    let mut new = Document::with_version(version(&old));
    new.trailer.set("Root", Object::Reference(root));
    let mut at = 0_usize;
    while let Some(id) = walk.todo.get(at).copied() {
        at = at.saturating_add(1);
        let number = walk.number(id);
        let object = old.get_object(id).cloned().unwrap_or(Object::Null);
        let object = walk.object(&object, b"", 0)?.unwrap_or(Object::Null);
        new.objects.insert(number, object);
    }
    walk.job.removed_some(What::History, old.objects.len().saturating_sub(at));
    walk.job.kept(Kept::Content);
    new.max_id = u32::try_from(at).map_err(|_| Kind::Pdf.large("its list of objects"))?;
    let mut out = Vec::new();
    new.save_to(&mut out).map_err(|_| Kind::Pdf.damaged("it cannot be written anew"))?;
    // What stands behind the end of the old file, or before its beginning, is not walked either.
    let tail = bytes.windows(5).rposition(|window| window == b"%%EOF");
    let tail = tail.map_or(0, |at| bytes.len().saturating_sub(at.saturating_add(6)));
    walk.job.removed_some(What::Tail, tail.saturating_sub(1));
    Ok(Plan::of(out))
}

/// The version: new enough for the form it is written in.
fn version(old: &Document) -> &'static str {
    if old.version.starts_with("2.") { "2.0" } else { "1.7" }
}

fn size(old: &Document, object: &Object) -> usize {
    let body = object.as_reference().ok().and_then(|id| old.get_object(id).ok());
    body.and_then(|body| body.as_dict().ok())
        .map_or(1, |dictionary| dictionary.len().saturating_mul(16))
}

/// A walk through the old document.
struct Walk<'d, 'j, 'o> {
    old: &'d Document,
    numbers: BTreeMap<ObjectId, ObjectId>,
    todo: Vec<ObjectId>,
    job: &'j mut Job<'o>,
}

impl Walk<'_, '_, '_> {
    /// The new number of an object; one that is met first is walked later.
    fn number(&mut self, id: ObjectId) -> ObjectId {
        if let Some(known) = self.numbers.get(&id) {
            return *known;
        }
        self.todo.push(id);
        let number = (u32::try_from(self.todo.len()).unwrap_or(u32::MAX), 0);
        self.numbers.insert(id, number);
        number
    }

    fn look<'v>(&'v self, object: &'v Object) -> &'v Object {
        match object {
            Object::Reference(id) => self.old.get_object(*id).unwrap_or(&Object::Null),
            object => object,
        }
    }

    /// An object as it is in the copy; `None` leaves it out of what holds it.
    fn object(
        &mut self,
        object: &Object,
        key: &[u8],
        depth: usize,
    ) -> Result<Option<Object>, Refusal> {
        if depth > DEPTH_MAX {
            return Err(Kind::Pdf.large("things inside each other"));
        }
        let depth = depth.saturating_add(1);
        Ok(Some(match object {
            Object::Reference(id) => {
                let unwanted = match self.old.get_object(*id) {
                    Ok(target) => self.unwanted(target, key),
                    // A reference to nothing is the same as nothing.
                    Err(_) => return Ok(Some(Object::Null)),
                };
                if let Some(what) = unwanted {
                    self.job.removed(what, 1_u8);
                    return Ok(None);
                }
                Object::Reference(self.number(*id))
            }
            Object::Array(all) => {
                let mut kept = Vec::with_capacity(all.len());
                for one in all {
                    kept.extend(self.object(one, key, depth)?);
                }
                Object::Array(kept)
            }
            Object::Dictionary(own) => match self.unwanted(object, key) {
                Some(what) => {
                    self.job.removed(what, 1_u8);
                    return Ok(None);
                }
                None => Object::Dictionary(self.dictionary(own, depth)?),
            },
            Object::Stream(own) => {
                let fresh = stream::clean(self.old, own, self.job)?;
                let dictionary = self.dictionary(&fresh.dict, depth)?;
                let mut made = lopdf::Stream::new(dictionary, fresh.content);
                made.allows_compression = false;
                Object::Stream(made)
            }
            plain => plain.clone(),
        }))
    }

    fn dictionary(&mut self, own: &Dictionary, depth: usize) -> Result<Dictionary, Refusal> {
        let shape = keys::shape(own);
        if shape == keys::Shape::Catalogue && own.has(b"Collection") {
            return Err(Kind::Pdf.odd("a collection of files"));
        }
        let mut made = Dictionary::new();
        for (key, value) in own {
            if let Some(what) = keys::gone(shape, key, own) {
                if self.look(value) != &Object::Null {
                    self.job.removed(what, key.len());
                }
                continue;
            }
            let value = match (shape, key.as_slice()) {
                // Of all named things only places in the document are its reader's.
                (keys::Shape::Catalogue, b"Names") => self.names(value, depth)?,
                _ => self.object(value, key, depth)?,
            };
            if let Some(value) = value {
                made.set(key.clone(), value);
            }
        }
        Ok(made)
    }

    fn names(&mut self, value: &Object, depth: usize) -> Result<Option<Object>, Refusal> {
        let Ok(all) = self.look(value).as_dict().cloned() else { return Ok(None) };
        let mut made = Dictionary::new();
        for (key, value) in &all {
            if key == b"Dests" {
                if let Some(value) = self.object(value, key, depth)? {
                    made.set(key.clone(), value);
                }
            } else {
                let what = if key == b"JavaScript" { What::Script } else { What::Attachment };
                self.job.removed(what, key.len());
            }
        }
        Ok((!made.is_empty()).then_some(Object::Dictionary(made)))
    }

    /// Whether something that is pointed at must not be in the copy.
    fn unwanted(&self, target: &Object, key: &[u8]) -> Option<What> {
        let dictionary = match target {
            Object::Dictionary(own) => own,
            Object::Stream(own) => &own.dict,
            _ => return None,
        };
        let name = |key: &[u8]| {
            let value = dictionary.get(key).ok().map(|value| self.look(value));
            value.and_then(|value| value.as_name().ok()).unwrap_or_default()
        };
        match (name(b"Type"), name(b"S"), name(b"Subtype")) {
            (b"Metadata" | b"EmbeddedFile" | b"Filespec" | b"F", ..) => Some(What::Attachment),
            (b"Sig" | b"DocTimeStamp", ..) if key == b"V" => Some(What::Signature),
            (_, _, b"FileAttachment" | b"Movie" | b"Sound" | b"Screen" | b"RichMedia" | b"3D")
                if key == b"Annots" =>
            {
                Some(What::Attachment)
            }
            (_, b"JavaScript" | b"Rendition", _) if keys::ACTIONS.contains(&key) => {
                Some(What::Script)
            }
            (
                _,
                b"Launch" | b"SubmitForm" | b"ImportData" | b"GoToR" | b"GoToE" | b"Movie"
                | b"Sound",
                _,
            ) if keys::ACTIONS.contains(&key) => Some(What::Paths),
            (_, b"URI", _) if keys::ACTIONS.contains(&key) => {
                let uri = dictionary.get(b"URI").ok().map(|uri| self.look(uri));
                let uri = uri.and_then(|uri| uri.as_str().ok()).unwrap_or_default();
                uri.to_ascii_lowercase().starts_with(b"file:").then_some(What::Paths)
            }
            _ => None,
        }
    }
}
