//! The parts of the page, as they lie in `page/`: what is in the repository is what runs.

/// A part: its path, its kind, its bytes.
pub(crate) struct Asset {
    pub(crate) path: &'static str,
    pub(crate) kind: &'static str,
    pub(crate) bytes: &'static [u8],
}

const HTML: &str = "text/html; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";
const STYLE: &str = "text/css; charset=utf-8";
const DRAWING: &str = "image/svg+xml";

macro_rules! assets {
    ($($path:literal $file:literal $kind:ident;)+) => {
        /// All of them.
        pub(crate) const ASSETS: &[Asset] = &[$(Asset {
            path: $path,
            kind: $kind,
            bytes: include_bytes!(concat!("../page/", $file)),
        },)+];
    };
}

assets! {
    "/" "index.html" HTML;
    "/try" "try.html" HTML;
    "/icon.svg" "icon.svg" DRAWING;
    "/app.css" "app.css" STYLE;
    "/try.css" "try.css" STYLE;
    "/main.js" "main.js" SCRIPT;
    "/dom.js" "dom.js" SCRIPT;
    "/net.js" "net.js" SCRIPT;
    "/words.js" "words.js" SCRIPT;
    "/when.js" "when.js" SCRIPT;
    "/icons.js" "icons.js" SCRIPT;
    "/list.js" "list.js" SCRIPT;
    "/pane.js" "pane.js" SCRIPT;
    "/bubble.js" "bubble.js" SCRIPT;
    "/composer.js" "composer.js" SCRIPT;
    "/file.js" "file.js" SCRIPT;
    "/parcel.js" "parcel.js" SCRIPT;
    "/voice.js" "voice.js" SCRIPT;
    "/mic.js" "mic.js" SCRIPT;
    "/gallery.js" "gallery.js" SCRIPT;
    "/picture.js" "picture.js" SCRIPT;
    "/sheet.js" "sheet.js" SCRIPT;
    "/invite.js" "invite.js" SCRIPT;
    "/scan.js" "scan.js" SCRIPT;
    "/people.js" "people.js" SCRIPT;
    "/house.js" "house.js" SCRIPT;
    "/relays.js" "relays.js" SCRIPT;
    "/save.js" "save.js" SCRIPT;
    "/reading.js" "reading.js" SCRIPT;
    "/settings.js" "settings.js" SCRIPT;
    "/watchers.js" "watchers.js" SCRIPT;
    "/cover.js" "cover.js" SCRIPT;
    "/calls.js" "calls.js" SCRIPT;
    "/callsound.js" "callsound.js" SCRIPT;
    "/callworklet.js" "callworklet.js" SCRIPT;
    "/try.js" "try.js" SCRIPT;
}

/// The part at a path.
pub(crate) fn at(path: &str) -> Option<&'static Asset> {
    ASSETS.iter().find(|asset| asset.path == path)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    /// What the first page may weigh, uncompressed.
    const PAGE_BYTES_MAX: usize = 150_000;
    /// Parts that are fetched when somebody needs them; no part of the first page imports them.
    const LATER: &[&str] = &[
        "/parcel.js",
        "/voice.js",
        "/mic.js",
        "/gallery.js",
        "/picture.js",
        "/people.js",
        "/relays.js",
        "/save.js",
        "/reading.js",
        "/settings.js",
        "/invite.js",
        "/scan.js",
        "/watchers.js",
        "/callsound.js",
        "/callworklet.js",
    ];

    #[test]
    fn every_file_of_the_page_is_served_and_the_first_page_is_light() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/page");
        assert_eq!(fs::read_dir(folder).unwrap().count(), ASSETS.len());
        let first =
            |asset: &&Asset| !asset.path.starts_with("/try") && !LATER.contains(&asset.path);
        let own: Vec<_> = ASSETS.iter().filter(first).collect();
        for asset in &own {
            let text = String::from_utf8_lossy(asset.bytes);
            let at_once = |path: &&str| text.contains(&format!("from \".{path}\""));
            assert_eq!(LATER.iter().find(|path| at_once(path)), None, "{}", asset.path);
        }
        let weight: usize = own.iter().map(|asset| asset.bytes.len()).sum();
        let words = crate::words::table("ko").unwrap().len();
        assert!(weight + words < PAGE_BYTES_MAX, "{weight} + {words}");
    }

    #[test]
    fn nothing_makes_markup_or_scripts_out_of_strings_or_leaves_something_behind() {
        let banned = [
            "innerHTML",
            "outerHTML",
            "insertAdjacentHTML",
            "document.write",
            "eval(",
            "Function(",
            "localStorage",
            "sessionStorage",
            "indexedDB",
            "document.cookie",
            "caches.",
            "DOMParser",
            "setAttribute(\"on",
            "javascript:",
            "serviceWorker",
            "style=",
        ];
        for asset in ASSETS {
            let text = String::from_utf8_lossy(asset.bytes);
            for word in banned {
                assert!(!text.contains(word), "{} says {word}", asset.path);
            }
            let links = text.match_indices("http").filter(|(at, _)| {
                let rest = text.get(*at..).unwrap_or_default();
                let outside = rest.starts_with("http://") || rest.starts_with("https://");
                outside && !rest.starts_with("http://www.w3.org/2000/svg")
            });
            assert_eq!(links.count(), 0, "{} names another place", asset.path);
        }
    }
}
