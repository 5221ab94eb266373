//! The words of the terminal: those of the app, and a few of its own for keys and days.

use fluent_bundle::{FluentArgs, FluentBundle, FluentResource};
use jiff::{Timestamp, Zoned, tz::TimeZone};

use super::shown::Membership;
use crate::plain;

/// The languages, by tag, and the words that only the terminal has.
const OWN: &[(&str, &str)] = &[
    ("en", include_str!("../../words/chat/en.ftl")),
    ("ko", include_str!("../../words/chat/ko.ftl")),
    ("ko-KP", include_str!("../../words/chat/ko-KP.ftl")),
    ("zh-Hans", include_str!("../../words/chat/zh-Hans.ftl")),
];

/// The words of one language.
pub(crate) struct Tongue {
    bundle: FluentBundle<FluentResource>,
    tag: &'static str,
}

impl Tongue {
    /// The language of a tag such as `ko`, `ko-KP`, `zh_CN.UTF-8`; English for any other.
    pub(crate) fn of(tag: &str) -> Self {
        let tag = tag.split(['.', '@']).next().unwrap_or_default().replace('_', "-");
        let tag = match tag.split('-').next() {
            Some("ko") if tag.ends_with("-KP") => "ko-KP",
            Some("ko") => "ko",
            Some("zh") => "zh-Hans",
            _ => "en",
        };
        let mut bundle = FluentBundle::new(tag.parse().into_iter().collect());
        // Marks of direction around what is put in would be one more thing on a terminal.
        bundle.set_use_isolating(false);
        for text in sogon_app::fluent(tag).unwrap_or_default() {
            add(&mut bundle, text);
        }
        let own = |wanted: &str| OWN.iter().find(|(tag, _)| *tag == wanted).map(|(_, text)| *text);
        if tag == "ko-KP" {
            add(&mut bundle, own("ko").unwrap_or_default());
        }
        add(&mut bundle, own(tag).unwrap_or_default());
        Self { bundle, tag }
    }

    pub(crate) fn tag(&self) -> &'static str {
        self.tag
    }

    /// Whether there is such a message.
    pub(crate) fn knows(&self, id: &str) -> bool {
        self.bundle.has_message(id)
    }

    /// A message without holes.
    pub(crate) fn word(&self, id: &str) -> String {
        self.tell(id, &[])
    }

    /// A message with `args` put in. One that is missing gives its id.
    pub(crate) fn tell(&self, id: &str, args: &[(&str, &str)]) -> String {
        let Some(pattern) = self.bundle.get_message(id).and_then(|message| message.value()) else {
            return id.to_owned();
        };
        let mut values = FluentArgs::new();
        for (key, value) in args {
            match value.parse::<u32>() {
                Ok(number) if *key == "count" => values.set(*key, number),
                _ => values.set(*key, plain::line(value)),
            }
        }
        self.bundle.format_pattern(pattern, Some(&values), &mut Vec::new()).into_owned()
    }

    /// Who came or went.
    pub(crate) fn membership(&self, its: &Membership) -> String {
        self.tell(&its.words, &[("who", &its.who), ("by", &its.by)])
    }

    /// The time of day.
    pub(crate) fn time(&self, at_s: u64) -> String {
        local(at_s).strftime("%H:%M").to_string()
    }

    /// The line above the first message of a day.
    pub(crate) fn day(&self, at_s: u64, now_s: u64) -> String {
        let (day, today) = (local(at_s), local(now_s));
        let written = self.date(&day);
        match today.date().duration_since(day.date()).as_hours() {
            0 => self.tell("today", &[("day", &written)]),
            24 => self.tell("yesterday", &[("day", &written)]),
            _ => written,
        }
    }

    /// How the list says when: a time today, or a day.
    pub(crate) fn brief(&self, at_s: u64, now_s: u64) -> String {
        let (day, today) = (local(at_s), local(now_s));
        if day.date() == today.date() {
            return self.time(at_s);
        }
        let form = if day.year() == today.year() { "%m-%d" } else { "%Y-%m-%d" };
        day.strftime(form).to_string()
    }

    fn date(&self, day: &Zoned) -> String {
        let [year, month, date] = ["%Y", "%-m", "%-d"].map(|form| day.strftime(form).to_string());
        self.tell("chat-day", &[("year", &year), ("month", &month), ("day", &date)])
    }
}

/// Which day a moment is in, where its reader is.
pub(crate) fn same_day(one_s: u64, other_s: u64) -> bool {
    local(one_s).date() == local(other_s).date()
}

impl std::fmt::Debug for Tongue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Tongue({})", self.tag)
    }
}

fn add(bundle: &mut FluentBundle<FluentResource>, text: &str) {
    // A line that does not parse is missing, and a test misses it.
    let resource = FluentResource::try_new(text.to_owned());
    bundle.add_resource_overriding(resource.unwrap_or_else(|(resource, _)| resource));
}

/// A clock that is beyond the calendar shows the calendar's end.
fn local(at_s: u64) -> Zoned {
    let at = i64::try_from(at_s).ok().and_then(|s| Timestamp::from_second(s).ok());
    at.unwrap_or(Timestamp::MAX).to_zoned(TimeZone::system())
}
