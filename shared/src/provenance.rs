//! Where an answer's rates come from and how old they are: what both services that answer rates say of them. Nothing here touches Redis, PostgreSQL or the
//! clock.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::schedule;
use crate::source::priority;
use crate::time::Timestamp;

/// The sources of an answer, and the newest observation of each currency in it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Provenance {
    /// Every source of any rate, in the order in which they count.
    sources: Vec<String>,
    /// For each currency, whose its newest observation is and when it was made.
    newest: Vec<(String, Timestamp)>,
}

impl Provenance {
    /// Adds a source of some rate.
    pub fn add_source(&mut self, source: &str) {
        if !self.sources.iter().any(|known| known == source) {
            self.sources.push(source.to_owned());
            // They are named in the order in which they count.
            self.sources
                .sort_by(|one, other| priority(one).cmp(&priority(other)).then_with(|| one.cmp(other)));
        }
    }

    /// Adds a currency's newest observation.
    pub fn add_newest(&mut self, source: &str, recorded_at: Timestamp) {
        self.add_source(source);
        self.newest.push((source.to_owned(), recorded_at));
    }

    /// Adds all of another.
    pub fn add(&mut self, other: &Self) {
        for source in &other.sources {
            self.add_source(source);
        }
        self.newest.extend(other.newest.iter().cloned());
    }

    /// The sources with commas between, in the order in which they count; `None` of none.
    #[must_use]
    pub fn source(&self) -> Option<String> {
        (!self.sources.is_empty()).then(|| self.sources.join(","))
    }

    /// The same in alphabetical order, as answers of current rates name them; empty of none.
    #[must_use]
    pub fn source_by_name(&self) -> String {
        let mut sources: Vec<&str> = self.sources.iter().map(String::as_str).collect();
        sources.sort_unstable();
        sources.join(",")
    }

    /// The newest instant that all currencies have reached: a rate of two is as old as the older one. `None` of none.
    #[must_use]
    pub fn recorded_at(&self) -> Option<Timestamp> {
        self.newest.iter().map(|(_, recorded_at)| *recorded_at).min()
    }

    /// Whether any is older at `now` than its source's own schedule allows; `None` where there is nothing that could be.
    #[must_use]
    pub fn is_stale(&self, now: DateTime<Utc>) -> Option<bool> {
        let is_old = |(source, at): &(String, Timestamp)| schedule::is_stale(source, *at, now);
        (!self.newest.is_empty()).then(|| self.newest.iter().any(is_old))
    }

    /// When the first of them may be followed by another: until then an answer made of them holds. `None` of none.
    #[must_use]
    pub fn next_update(&self) -> Option<DateTime<Utc>> {
        let of_each = self.newest.iter();
        of_each.map(|(source, at)| schedule::earliest_next(source, *at)).min()
    }
}

/// The provenance of rates, from the source and the instant of each.
impl<'a> FromIterator<(&'a str, Timestamp)> for Provenance {
    fn from_iter<I: IntoIterator<Item = (&'a str, Timestamp)>>(rates: I) -> Self {
        let mut provenance = Self::default();
        for (source, recorded_at) in rates {
            provenance.add_newest(source, recorded_at);
        }
        provenance
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_are_named_in_the_order_in_which_they_count() {
        let mut provenance = Provenance::default();
        assert_eq!((provenance.source(), provenance.source_by_name().as_str()), (None, ""));
        for source in ["zeta", "koreaexim", "exchangerate_api", "alpha", "ecb", "zeta"] {
            provenance.add_source(source);
        }
        assert_eq!(
            provenance.source().as_deref(),
            Some("ecb,koreaexim,exchangerate_api,alpha,zeta")
        );
        assert_eq!(provenance.source_by_name(), "alpha,ecb,exchangerate_api,koreaexim,zeta");
    }

    #[test]
    fn a_pair_is_as_old_as_its_older_currency() {
        let now = "2026-10-31T12:00:00Z".parse().unwrap();
        let nothing = Provenance::default();
        assert_eq!((nothing.is_stale(now), nothing.next_update()), (None, None));
        let (friday, thursday): (Timestamp, Timestamp) = (
            "2026-10-30T13:15:00Z".parse().unwrap(),
            "2026-10-29T00:02:31Z".parse().unwrap(),
        );
        let mut provenance: Provenance = [("ecb", friday)].into_iter().collect();
        assert_eq!(provenance.is_stale(now), Some(false));
        provenance.add_newest("exchangerate_api", thursday);
        assert_eq!(provenance.is_stale(now), Some(true));
        assert_eq!(provenance.recorded_at(), Some(thursday));
        assert_eq!(provenance.next_update(), Some("2026-10-30T00:02:31Z".parse().unwrap()));
    }
}
