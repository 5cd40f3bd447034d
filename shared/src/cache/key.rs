//! Key patterns. The one place; braces are Redis Cluster hash tags, so that a fenced write and its fence share a slot.

use std::fmt;

use crate::currency::CurrencyCode;
use crate::period::Period;

macro_rules! tokens {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $text:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum $name { $($(#[$variant_doc])* $variant),+ }

        impl $name {
            /// All of them: the key space is closed.
            pub const ALL: &[Self] = &[$(Self::$variant),+];
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(match self { $(Self::$variant => $text),+ })
            }
        }
    };
}

tokens! {
    /// The distance of two points in a series.
    Interval {
        /// One hour; only for periods up to a week.
        Hourly = "1h",
        /// One day.
        Daily = "1d",
        /// One ISO week.
        Weekly = "1w",
        /// One month.
        Monthly = "1mo",
    }
}

tokens! {
    /// What an `analysis:*` entry holds.
    AnalysisKind {
        /// One currency's part of a comparison.
        Compare = "compare",
        /// A forecast.
        Forecast = "forecast",
    }
}

/// `rate:USD`: a hash of the payload's fields.
#[must_use]
pub fn rate(code: CurrencyCode) -> String {
    format!("rate:{code}")
}

/// `{rate:USD}:guard`: in the slot of `rate:USD`, because a key without braces is its own hash tag. Fields: `token`, replaced by every clear and every
/// write; `cleared`, the token of an operator's last clear; `floor`, the minimum version: that of the newest row cached since an operator last cleared it, below
/// which nothing is cached again.
#[must_use]
pub fn rate_fence(code: CurrencyCode) -> String {
    format!("{{rate:{code}}}:guard")
}

/// `history:{USD}:1w:1d`: the series of one currency against KRW.
#[must_use]
pub fn history(code: CurrencyCode, period: Period, interval: Interval) -> String {
    format!("history:{{{code}}}:{period}:{interval}")
}

/// `stats:{USD}:1w`.
#[must_use]
pub fn stats(code: CurrencyCode, period: Period) -> String {
    format!("stats:{{{code}}}:{period}")
}

/// `analysis:{USD}:forecast:1y`.
#[must_use]
pub fn analysis(code: CurrencyCode, kind: AnalysisKind, period: Period) -> String {
    format!("analysis:{{{code}}}:{kind}:{period}")
}

/// `guard:{USD}`: the fence of the history, statistics and analysis of one currency. Field: `token`.
#[must_use]
pub fn history_fence(code: CurrencyCode) -> String {
    format!("guard:{{{code}}}")
}

/// `held:ecb`: what is held back of a source's rates, by currency.
#[must_use]
pub fn held(source: &str) -> String {
    format!("held:{source}")
}

/// `published:ecb`: what a source last published, by currency.
#[must_use]
pub fn published(source: &str) -> String {
    format!("published:{source}")
}

/// `provider:ecb`: the state of one provider, shared by all instances of the ingestor.
#[must_use]
pub fn provider(key: &str) -> String {
    format!("provider:{key}")
}

/// `turn:history:{USD}:1w:1d`: held by the one reader that computes that entry.
#[must_use]
pub fn single_flight_lock(name: &str) -> String {
    format!("turn:{name}")
}

/// `limit:click:203.0.113.7`: how many clicks a client made in its present minute.
#[must_use]
pub fn click_limit(client: &str) -> String {
    format!("limit:click:{client}")
}
