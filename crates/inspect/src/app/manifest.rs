//! What an app says about itself, and what of it lets it watch.

use super::axml::{self, Attribute, Tag};

/// An app's manifest.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Manifest {
    /// Its package.
    pub package: String,
    /// Its version, as people read it.
    pub version: String,
    /// It runs as another app or as the system.
    pub shared_user: String,
    /// What it asks for.
    pub permissions: Vec<String>,
    /// Its parts.
    pub components: Vec<Component>,
    /// It can be looked into by a debugger.
    pub debuggable: bool,
}

/// A part of an app.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Component {
    /// activity, activity-alias, service, receiver or provider.
    pub kind: String,
    /// Its class.
    pub name: String,
    /// What others need to start it.
    pub permission: String,
    /// What it answers to: actions and categories.
    pub answers: Vec<String>,
    /// It is there after installation.
    pub enabled: bool,
}

const NAME: u32 = 0x0101_0003;
const PERMISSION: u32 = 0x0101_0006;
const SHARED_USER: u32 = 0x0101_000B;
const ENABLED: u32 = 0x0101_000E;
const DEBUGGABLE: u32 = 0x0101_000F;
const VERSION_NAME: u32 = 0x0101_021C;

/// Permissions with which one can watch somebody, without their `android.permission.`.
const WATCHING: &[&str] = &[
    "ACCESS_BACKGROUND_LOCATION",
    "ACCESS_FINE_LOCATION",
    "BIND_ACCESSIBILITY_SERVICE",
    "BIND_DEVICE_ADMIN",
    "BIND_NOTIFICATION_LISTENER_SERVICE",
    "CAMERA",
    "CAPTURE_AUDIO_OUTPUT",
    "CAPTURE_SECURE_VIDEO_OUTPUT",
    "GET_ACCOUNTS",
    "INJECT_EVENTS",
    "INSTALL_PACKAGES",
    "MANAGE_EXTERNAL_STORAGE",
    "MOUNT_UNMOUNT_FILESYSTEMS",
    "PACKAGE_USAGE_STATS",
    "PROCESS_OUTGOING_CALLS",
    "READ_CALL_LOG",
    "READ_CONTACTS",
    "READ_FRAME_BUFFER",
    "READ_LOGS",
    "READ_SMS",
    "RECEIVE_SMS",
    "RECORD_AUDIO",
    "SYSTEM_ALERT_WINDOW",
    "WRITE_SECURE_SETTINGS",
];

/// Whether a permission, by its whole name, lets an app watch somebody.
#[must_use]
pub fn watches(permission: &str) -> bool {
    let name = permission.strip_prefix("android.permission.");
    name.is_some_and(|name| WATCHING.contains(&name))
}

/// A power that a part has once the owner, or somebody with the device in hand, allowed it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Power {
    /// It administers the device: it can lock and wipe it and not be taken off.
    DeviceAdmin,
    /// It sees and operates every screen.
    Accessibility,
    /// It reads every notification.
    Notifications,
    /// All traffic goes through it.
    Vpn,
    /// Every key pressed goes through it.
    Keyboard,
}

impl Power {
    /// Its name in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::DeviceAdmin => "device-admin",
            Self::Accessibility => "accessibility",
            Self::Notifications => "notifications",
            Self::Vpn => "vpn",
            Self::Keyboard => "keyboard",
        }
    }

    fn of(permission: &str) -> Option<Self> {
        Some(match permission.strip_prefix("android.permission.BIND_")? {
            "DEVICE_ADMIN" => Self::DeviceAdmin,
            "ACCESSIBILITY_SERVICE" => Self::Accessibility,
            "NOTIFICATION_LISTENER_SERVICE" => Self::Notifications,
            "VPN_SERVICE" => Self::Vpn,
            "INPUT_METHOD" => Self::Keyboard,
            _ => return None,
        })
    }
}

impl Manifest {
    /// Reads a manifest in binary XML; `None` when it is none.
    #[must_use]
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let mut manifest = Self::default();
        let mut path: Vec<String> = Vec::new();
        for tag in axml::read(bytes)? {
            let (name, attributes) = match tag {
                Tag::Open { name, attributes } => (name, attributes),
                Tag::Close => {
                    path.pop();
                    continue;
                }
            };
            manifest.element(&name, &path, &attributes);
            path.push(name);
        }
        (!manifest.package.is_empty()).then_some(manifest)
    }

    fn element(&mut self, name: &str, path: &[String], attributes: &[Attribute]) {
        let of = |id: u32, word: &str| {
            let found = attributes.iter().find(|one| one.id == id || one.name == word);
            found.map(|one| one.value.clone()).unwrap_or_default()
        };
        match name {
            "manifest" => {
                let package = attributes.iter().find(|one| one.name == "package");
                self.package = package.map(|one| one.value.clone()).unwrap_or_default();
                self.version = of(VERSION_NAME, "versionName");
                self.shared_user = of(SHARED_USER, "sharedUserId");
            }
            "application" => self.debuggable = of(DEBUGGABLE, "debuggable") == "true",
            "uses-permission" | "uses-permission-sdk-23" => {
                self.permissions.push(of(NAME, "name"));
            }
            "activity" | "activity-alias" | "service" | "receiver" | "provider" => {
                self.components.push(Component {
                    kind: name.to_owned(),
                    name: of(NAME, "name"),
                    permission: of(PERMISSION, "permission"),
                    answers: Vec::new(),
                    enabled: of(ENABLED, "enabled") != "false",
                });
            }
            "action" | "category" if path.last().is_some_and(|last| last == "intent-filter") => {
                if let Some(component) = self.components.last_mut() {
                    component.answers.push(of(NAME, "name"));
                }
            }
            _ => {}
        }
    }

    /// What it asks for that lets it watch, in order.
    #[must_use]
    pub fn watching(&self) -> Vec<&str> {
        let own = self.permissions.iter();
        let mut watching: Vec<&str> = own
            .filter_map(|name| name.strip_prefix("android.permission."))
            .filter(|name| WATCHING.contains(name))
            .collect();
        watching.sort_unstable();
        watching.dedup();
        watching
    }

    /// The powers its parts can be given, in order.
    #[must_use]
    pub fn powers(&self) -> Vec<Power> {
        let parts = self.components.iter();
        let mut powers: Vec<Power> = parts.filter_map(|part| Power::of(&part.permission)).collect();
        powers.sort_unstable();
        powers.dedup();
        powers
    }

    /// It has parts, and none that stands among the apps its owner sees.
    #[must_use]
    pub fn hidden(&self) -> bool {
        let shown = self.components.iter().any(|part| {
            part.kind.starts_with("activity")
                && part.enabled
                && part.answers.iter().any(|name| name == "android.intent.category.LAUNCHER")
        });
        !shown && !self.components.is_empty()
    }

    /// It starts with the device.
    #[must_use]
    pub fn starts_at_boot(&self) -> bool {
        let mut answers = self.components.iter().flat_map(|part| &part.answers);
        answers.any(|name| name == "android.intent.action.BOOT_COMPLETED")
    }
}
