//! A browser for the page, started so that it leaves nothing behind: a profile of its own in a
//! private folder that is removed afterwards, a private window, no toolbars. The link goes to it
//! through a file only its owner can read: whoever lists processes does not see it.

use std::{
    env, fs,
    io::Write,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use tempfile::TempDir;
use tokio::process::{Child, Command};

/// Browsers whose behaviour is known, best first.
const CHROMIUMS: &[&str] = &[
    "chromium",
    "chromium-browser",
    "google-chrome-stable",
    "google-chrome",
    "brave-browser",
    "microsoft-edge",
];
const FIREFOX: &str = "firefox";
/// Tries at removing what the browser left, and the pause between them.
const REMOVALS: u32 = 20;
const PAUSE: Duration = Duration::from_millis(50);

/// A browser at work, and the folder that goes with it.
#[derive(Debug)]
pub(crate) struct Browser {
    child: Child,
    folder: TempDir,
}

impl Browser {
    /// Starts one that shows `link`; `None` where there is none, or no screen.
    pub(crate) fn start(link: &str) -> Option<Self> {
        let screen = |name: &str| env::var_os(name).is_some_and(|value| !value.is_empty());
        if cfg!(target_os = "linux") && !screen("DISPLAY") && !screen("WAYLAND_DISPLAY") {
            return None;
        }
        let (program, is_firefox) = find()?;
        let folder = folder()?;
        let file = redirect(folder.path(), link).ok()?;
        let profile = folder.path().join("profile");
        fs::create_dir(&profile).ok()?;
        let mut command = Command::new(program);
        if is_firefox {
            command.arg("--no-remote").arg("--profile").arg(&profile).arg("--private-window");
            command.arg(&file);
        } else {
            command.args(arguments(&profile)).arg(format!("--app=file://{}", file.display()));
        }
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let child = command.kill_on_drop(true).spawn().ok()?;
        Some(Self { child, folder })
    }

    /// Ends it, and removes what it left. Its helpers may write for a moment after it is gone.
    pub(crate) async fn end(mut self) {
        let _ = self.child.kill().await;
        let path = self.folder.path().to_path_buf();
        for _ in 0..REMOVALS {
            if fs::remove_dir_all(&path).is_ok() || !path.exists() {
                return;
            }
            tokio::time::sleep(PAUSE).await;
        }
    }
}

/// A private folder, in memory where the system has such a place.
fn folder() -> Option<TempDir> {
    let runtime = env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from);
    let memory = cfg!(target_os = "linux").then(|| PathBuf::from("/dev/shm"));
    let mut builder = tempfile::Builder::new();
    builder.prefix("sogon-page-");
    // Said and not assumed: the folder would be as open as the umask is.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o700));
    let places = runtime.into_iter().chain(memory).chain([env::temp_dir()]);
    places.into_iter().find_map(|place| builder.tempdir_in(place).ok())
}

/// What a Chromium is told, so that it keeps nothing and speaks to nobody.
fn arguments(profile: &Path) -> Vec<String> {
    let mut arguments = vec![format!("--user-data-dir={}", profile.display())];
    arguments.extend(
        [
            "--incognito",
            "--no-first-run",
            "--no-default-browser-check",
            "--disable-sync",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-extensions",
            "--disable-breakpad",
            "--disk-cache-size=1",
            "--no-proxy-server",
        ]
        .map(str::to_owned),
    );
    arguments
}

fn find() -> Option<(PathBuf, bool)> {
    let path = env::var_os("PATH")?;
    let at = |name: &str| {
        env::split_paths(&path).map(|folder| folder.join(name)).find(|file| file.is_file())
    };
    let chromium = CHROMIUMS.iter().find_map(|name| at(name)).map(|program| (program, false));
    chromium.or_else(|| at(FIREFOX).map(|program| (program, true)))
}

/// A page on the disk that leads to the link, for its owner's eyes only. The link works once, so
/// that the file is worth nothing as soon as the browser was there.
fn redirect(folder: &Path, link: &str) -> std::io::Result<PathBuf> {
    let path = folder.join("open.html");
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&path)?;
    // The link is made of hex digits and our own letters: nothing in it needs to be escaped.
    write!(file, "<!doctype html><meta http-equiv=\"refresh\" content=\"0;url={link}\">")?;
    Ok(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_folder_of_a_browser_is_its_owners() {
        assert!(crate::home::is_private(folder().unwrap().path()));
    }

    #[test]
    fn the_file_with_the_link_is_for_its_owner_only_and_written_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = redirect(folder.path(), "http://s0.localhost:1/#t=00").unwrap();
        assert!(crate::home::is_private(&path));
        assert!(fs::read_to_string(&path).unwrap().contains("#t=00"));
        assert!(redirect(folder.path(), "another").is_err(), "never over a file that is there");
    }
}
