//! Where the door is. Guest and host must find the same place from the home's folder alone: a
//! guest started by a timer may not have the host's environment.

use std::{
    env, fs,
    hash::{DefaultHasher, Hash, Hasher},
    io,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use crate::home::{self, Home};

/// The longest path every Unix takes for a socket, its ending zero included, is 104 bytes.
const PATH_BYTES_MAX: usize = 103;

/// Where the door may be, the usual place first: in the home's folder; or, where the path is too
/// long or the file system has no sockets, in a private folder beside other temporary files.
pub(super) fn places(home: &Home) -> Vec<PathBuf> {
    let mut hasher = DefaultHasher::new();
    home.folder().hash(&mut hasher);
    let name = format!("{:016x}", hasher.finish());
    let uid = rustix::process::geteuid().as_raw();
    let places =
        [home.folder().join(".door"), env::temp_dir().join(format!("sogon-{uid}")).join(name)];
    let fits = |path: &PathBuf| path.as_os_str().len() <= PATH_BYTES_MAX;
    places.into_iter().filter(fits).collect()
}

/// Makes sure that the folder of a door is ours alone; makes it if need be.
///
/// # Errors
/// `PermissionDenied` when somebody else made it, or can write to it.
pub(super) fn secure(door: &Path) -> io::Result<()> {
    let folder = door.parent().ok_or(io::ErrorKind::NotFound)?;
    home::private_folder(folder)?;
    let about = fs::symlink_metadata(folder)?;
    let ours = about.uid() == rustix::process::geteuid().as_raw();
    if about.is_dir() && ours && about.mode() & 0o022 == 0 {
        return Ok(());
    }
    Err(io::ErrorKind::PermissionDenied.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_path_has_a_door_elsewhere() {
        let short = Home::at(PathBuf::from("/h"));
        assert_eq!(places(&short).first(), Some(&PathBuf::from("/h/.door")));
        let long = Home::at(PathBuf::from(format!("/h/{}", "a".repeat(120))));
        let other = Home::at(PathBuf::from(format!("/h/{}", "b".repeat(120))));
        assert!(!places(&long).is_empty() || env::temp_dir().as_os_str().len() > 60);
        assert_ne!(places(&long), places(&other));
    }

    #[test]
    fn a_folder_others_can_write_to_is_no_place_for_a_door() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let door = folder.path().join("d/door");
        secure(&door).unwrap();
        fs::set_permissions(folder.path().join("d"), fs::Permissions::from_mode(0o777)).unwrap();
        assert!(secure(&door).is_err());
    }
}
