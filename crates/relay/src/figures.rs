//! What a relay counts: sums only, never who or which log.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use serde_json::{Map, Value};

use crate::store::Holdings;

macro_rules! figures {
    ($($(#[doc = $what:literal])+ $name:ident: $kind:ident,)+) => {
        /// Counters since the relay started.
        #[derive(Debug, Default)]
        pub(crate) struct Figures {
            $($(#[doc = $what])+ pub(crate) $name: AtomicU64,)+
        }

        impl Figures {
            /// Name, kind, meaning and value of each.
            fn all(&self) -> Vec<(&'static str, Kind, &'static str, u64)> {
                vec![$((
                    stringify!($name),
                    Kind::$kind,
                    concat!($($what),+),
                    self.$name.load(Relaxed),
                )),+]
            }
        }
    };
}

#[derive(Clone, Copy)]
enum Kind {
    Counter,
    Gauge,
}

figures! {
    /// Connections open now.
    connections: Gauge,
    /// Connections taken.
    arrivals: Counter,
    /// Connections closed at once because there were too many.
    turned_away: Counter,
    /// Full TLS sessions, all post-quantum.
    sessions_full: Counter,
    /// Resumed TLS sessions.
    sessions_resumed: Counter,
    /// Connections that spoke something else.
    strangers: Counter,
    /// Boxes appended, each durable.
    appends: Counter,
    /// Boxes that were already there.
    repeats: Counter,
    /// Requests refused.
    refused: Counter,
    /// Questions for boxes.
    reads: Counter,
    /// Boxes given out.
    boxes_out: Counter,
    /// Connections dropped because they took nothing of what waited for them.
    stalled: Counter,
    /// Single datagrams answered.
    packets: Counter,
    /// Single datagrams that were nobody's, came twice or were too many.
    packets_dropped: Counter,
    /// Bytes received, TLS included.
    bytes_in: Counter,
    /// Bytes sent, TLS included.
    bytes_out: Counter,
}

/// Adds to a figure.
pub(crate) fn add(figure: &AtomicU64, count: usize) {
    figure.fetch_add(u64::try_from(count).unwrap_or(u64::MAX), Relaxed);
}

impl Figures {
    /// One JSON object.
    pub(crate) fn json(&self, holdings: Holdings) -> String {
        let kept = kept(holdings).into_iter().map(|(name, _, value)| (name, value));
        let counted = self.all().into_iter().map(|(name, _, _, value)| (name, value));
        let map: Map<String, Value> =
            kept.chain(counted).map(|(name, value)| (name.to_owned(), value.into())).collect();
        Value::from(map).to_string()
    }

    /// The text format of Prometheus.
    pub(crate) fn prometheus(&self, holdings: Holdings) -> String {
        let kept = kept(holdings);
        let kept = kept.into_iter().map(|(name, what, value)| (name, Kind::Gauge, what, value));
        kept.chain(self.all())
            .map(|(name, kind, what, value)| {
                let (kind, end) = match kind {
                    Kind::Counter => ("counter", "_total"),
                    Kind::Gauge => ("gauge", ""),
                };
                let name = format!("sogon_relay_{name}{end}");
                let what = what.trim();
                format!("# HELP {name} {what}\n# TYPE {name} {kind}\n{name} {value}\n")
            })
            .collect()
    }
}

fn kept(holdings: Holdings) -> [(&'static str, &'static str, u64); 3] {
    let Holdings { boxes, logs, bytes } = holdings;
    [
        ("boxes", "Boxes kept.", boxes),
        ("logs", "Logs whose last place is remembered.", logs),
        ("bytes", "Bytes of boxes kept.", bytes),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_come_as_json_and_as_text() {
        let figures = Figures::default();
        add(&figures.appends, 3);
        let holdings = Holdings { boxes: 5, logs: 2, bytes: 1600 };
        let json: Value = serde_json::from_str(&figures.json(holdings)).unwrap();
        assert_eq!((&json["appends"], &json["boxes"]), (&Value::from(3), &Value::from(5)));
        let text = figures.prometheus(holdings);
        assert!(text.contains("# TYPE sogon_relay_appends_total counter\n"));
        assert!(text.contains("\nsogon_relay_appends_total 3\n"));
        assert!(text.contains("\nsogon_relay_bytes 1600\n"));
    }
}
