//! Files by their paths: for a terminal of the owner, and never for a page, which must not be able
//! to name a place on the disk.

use std::path::Path;

use serde_json::{Value, json};

use super::Asked;
use crate::{
    app::Place,
    home::{Home, Refusal},
    shape,
};

/// `{conversation, path}`: a file to be sent; it is looked at and sent like one of a page.
pub(super) async fn begin<H: Home>(
    place: &Place<H>,
    home: &H,
    asked: &Asked<'_>,
) -> Result<Value, Refusal> {
    home.attended();
    let to = asked.conversation()?;
    let (parcel, name, bytes) = home.parcel_at(Path::new(asked.text("path")?)).await?;
    home.fits(bytes).await?;
    let id = place.tray.begin(to, name.clone(), bytes, parcel)?;
    place.tray.at(&id, |one| {
        one.taken = bytes;
        Ok(())
    })?;
    Ok(json!({ "parcel": id, "file": name, "bytes": bytes }))
}

/// `{conversation, id, path, allow}`: a file, or a note as a recording, to a place outside the home.
pub(super) async fn save<H: Home>(home: &H, asked: &Asked<'_>) -> Result<Value, Refusal> {
    home.attended();
    let (conversation, message) = (asked.conversation()?, asked.message("id")?);
    let path = asked.text("path")?;
    if let Some(held) = home.judge(conversation, message).await?.filter(|_| !asked.yes("allow")) {
        return Ok(shape::held(&held));
    }
    let path = home.write_out(conversation, message, Path::new(path)).await?;
    Ok(json!({ "path": path.display().to_string() }))
}
