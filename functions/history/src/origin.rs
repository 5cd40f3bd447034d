//! Where an answer's rates come from and how old they are.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use shared::api::Freshness;
use shared::schedule;
use shared::source::priority;
use shared::time::Timestamp;

/// The sources of an answer, and the newest observation of each currency in it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct Origin {
    /// Every source of any point.
    sources: Vec<String>,
    /// For each currency, whose its newest observation is and when it was made.
    newest: Vec<(String, Timestamp)>,
}

impl Origin {
    /// Adds a source of some point.
    pub(crate) fn add_source(&mut self, source: &str) {
        if !self.sources.iter().any(|known| known == source) {
            self.sources.push(source.to_owned());
            // They are named in the order in which they count.
            self.sources
                .sort_by(|one, other| priority(one).cmp(&priority(other)).then_with(|| one.cmp(other)));
        }
    }

    /// Adds a currency's newest observation.
    pub(crate) fn add_newest(&mut self, source: &str, recorded_at: Timestamp) {
        self.add_source(source);
        self.newest.push((source.to_owned(), recorded_at));
    }

    /// Adds all of another.
    pub(crate) fn add(&mut self, other: &Self) {
        for source in &other.sources {
            self.add_source(source);
        }
        self.newest.extend(other.newest.iter().cloned());
    }

    /// The sources with commas between, in the order in which they count; `None` of none.
    pub(crate) fn source(&self) -> Option<String> {
        (!self.sources.is_empty()).then(|| self.sources.join(","))
    }

    /// The newest instant that all currencies have reached: a rate of two is as old as the older one.
    pub(crate) fn recorded_at(&self) -> Option<Timestamp> {
        self.newest.iter().map(|(_, recorded_at)| *recorded_at).min()
    }

    /// Whether any is older than its source's own schedule allows; true where there is nothing.
    pub(crate) fn is_stale(&self, now: DateTime<Utc>) -> bool {
        self.newest.is_empty()
            || self
                .newest
                .iter()
                .any(|(source, at)| schedule::is_stale(source, *at, now))
    }

    /// Until the first of them may be followed by another.
    pub(crate) fn freshness(&self) -> Freshness {
        let next = self
            .newest
            .iter()
            .map(|(source, at)| schedule::earliest_next(source, *at))
            .min();
        next.map_or(Freshness::Revalidate, Freshness::Until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_are_named_in_the_order_in_which_they_count() {
        let mut origin = Origin::default();
        assert_eq!(origin.source(), None);
        for source in ["zeta", "exchangerate_api", "alpha", "ecb", "zeta"] {
            origin.add_source(source);
        }
        assert_eq!(origin.source().as_deref(), Some("ecb,exchangerate_api,alpha,zeta"));
    }

    #[test]
    fn a_pair_is_as_old_as_its_older_currency() {
        let mut origin = Origin::default();
        let now = "2026-10-31T12:00:00Z".parse().unwrap();
        assert!(origin.is_stale(now));
        origin.add_newest("ecb", "2026-10-30T13:15:00Z".parse().unwrap());
        assert!(!origin.is_stale(now));
        origin.add_newest("exchangerate_api", "2026-10-29T00:02:31Z".parse().unwrap());
        assert!(origin.is_stale(now));
        assert_eq!(origin.recorded_at().unwrap().to_string(), "2026-10-29T00:02:31Z");
    }
}
