//! What is remembered of each provider between runs, in Redis so that all instances share it: its circuit, when it is due, how its last run went.
//!
//! Hash `provider:{key}`; times are RFC 3339, an empty value means none:
//! `failures` in a row, `open_until`, `next_allowed_at`, and of the last run that asked it `last_asked_at`, `last_outcome`, `last_error`,
//! `last_duration_ms`, `last_rates`, `last_recorded_at`.

use std::collections::BTreeMap;

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};

use crate::provider::error::ProviderError;

/// Failed runs in a row after which a provider is left alone.
const FAILURES_TO_OPEN: u32 = 3;
const FIRST_OPEN: TimeDelta = TimeDelta::seconds(60);
const LONGEST_OPEN: TimeDelta = TimeDelta::minutes(15);
/// For how long 429 without `Retry-After` is respected: what open.er-api.com says its own limit lasts.
const RATE_LIMIT_PAUSE: TimeDelta = TimeDelta::minutes(20);
/// A `Retry-After` of more is cut: a provider's slip must not stop us for good.
const LONGEST_PAUSE: TimeDelta = TimeDelta::hours(24);

/// Circuit and due time of one provider. The default is that of a provider never asked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProviderState {
    failures: u32,
    open_until: Option<DateTime<Utc>>,
    next_allowed_at: Option<DateTime<Utc>>,
}

/// A field of a provider's state that cannot be read.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{field} is {value:?}")]
pub struct UnreadableState {
    field: &'static str,
    value: String,
}

/// Whether a provider may be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gate {
    /// Yes.
    Closed,
    /// Yes, by one run: it failed often and its pause is over.
    HalfOpen,
    /// Not before this time: it failed too often, or asked for a pause.
    Open(DateTime<Utc>),
    /// There is no need to before this time: its newest rates are published.
    NotDue(DateTime<Utc>),
}

impl ProviderState {
    /// Reads a hash; fields that are absent are as those of a provider never asked.
    ///
    /// # Errors
    /// [`UnreadableState`] names the field and its value.
    pub fn from_hash(hash: &BTreeMap<String, String>) -> Result<Self, UnreadableState> {
        let text = |name: &str| hash.get(name).filter(|value| !value.is_empty());
        let unreadable = |field, value: &String| UnreadableState {
            field,
            value: value.clone(),
        };
        let time = |name: &'static str| -> Result<Option<DateTime<Utc>>, UnreadableState> {
            let parsed =
                text(name).map(|value| DateTime::parse_from_rfc3339(value).map_err(|_| unreadable(name, value)));
            Ok(parsed.transpose()?.map(|time| time.to_utc()))
        };
        let failures = text("failures")
            .map(|value| value.parse().map_err(|_| unreadable("failures", value)))
            .transpose()?;
        Ok(Self {
            failures: failures.unwrap_or(0),
            open_until: time("open_until")?,
            next_allowed_at: time("next_allowed_at")?,
        })
    }

    /// The circuit's fields.
    #[must_use]
    pub fn circuit_fields(&self) -> Vec<(String, String)> {
        vec![
            ("failures".to_owned(), self.failures.to_string()),
            ("open_until".to_owned(), shown(self.open_until)),
        ]
    }

    /// Whether the provider may be asked at `now`. `force` passes the due time, not the circuit: that one protects the provider.
    #[must_use]
    pub fn gate(&self, now: DateTime<Utc>, force: bool) -> Gate {
        match (self.open_until, self.next_allowed_at) {
            (Some(until), _) if until > now => Gate::Open(until),
            (_, Some(until)) if until > now && !force => Gate::NotDue(until),
            (Some(_), _) => Gate::HalfOpen,
            (None, _) => Gate::Closed,
        }
    }

    /// One run goes through; until it is over the others find the circuit open.
    pub fn claim(&mut self, until: DateTime<Utc>) {
        self.open_until = Some(until);
    }

    /// The provider gave rates.
    pub fn succeeded(&mut self) {
        self.failures = 0;
        self.open_until = None;
    }

    /// The provider gave none. After three runs in a row it is left alone for 60 s, then twice as long each time, at most 15 minutes.
    pub fn failed(&mut self, error: &ProviderError, now: DateTime<Utc>) {
        self.failures = self.failures.saturating_add(1);
        let pause = match error {
            ProviderError::RateLimited(wanted) => {
                let wanted = wanted.map(|wait| TimeDelta::from_std(wait).unwrap_or(LONGEST_PAUSE));
                Some(wanted.unwrap_or(RATE_LIMIT_PAUSE).min(LONGEST_PAUSE))
            }
            _ => None,
        };
        let opened = self.failures.checked_sub(FAILURES_TO_OPEN).map(|doublings| {
            let factor = 1_i32.checked_shl(doublings.min(10)).unwrap_or(i32::MAX);
            (FIRST_OPEN * factor).min(LONGEST_OPEN)
        });
        // Of two reasons the longer pause; none leaves the circuit closed.
        self.open_until = pause.max(opened).map(|length| now + length);
    }
}

/// The field that says when the provider is due again.
#[must_use]
pub fn due_field(next_allowed_at: DateTime<Utc>) -> (String, String) {
    ("next_allowed_at".to_owned(), shown(Some(next_allowed_at)))
}

fn shown(time: Option<DateTime<Utc>>) -> String {
    time.map(|time| time.to_rfc3339_opts(SecondsFormat::AutoSi, true))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn now() -> DateTime<Utc> {
        "2026-10-30T13:15:00Z".parse().unwrap()
    }

    fn pauses(state: &mut ProviderState, failures: u32) -> Vec<Option<i64>> {
        let fail = |_| {
            state.failed(&ProviderError::Status(500), now());
            state.open_until.map(|until| (until - now()).num_seconds())
        };
        (0..failures).map(fail).collect()
    }

    #[test]
    fn the_third_failure_opens_and_each_further_one_doubles_up_to_a_quarter_of_an_hour() {
        let mut state = ProviderState::default();
        assert_eq!(
            pauses(&mut state, 8),
            [
                None,
                None,
                Some(60),
                Some(120),
                Some(240),
                Some(480),
                Some(900),
                Some(900)
            ]
        );
        assert_eq!(
            pauses(
                &mut ProviderState {
                    failures: u32::MAX,
                    ..state.clone()
                },
                1
            ),
            [Some(900)]
        );
        state.succeeded();
        assert_eq!(state.gate(now(), false), Gate::Closed);
    }

    #[test]
    fn an_open_circuit_lets_one_run_through_when_its_pause_is_over() {
        let mut state = ProviderState::default();
        pauses(&mut state, 3);
        let later = now() + TimeDelta::seconds(60);
        assert_eq!(state.gate(now(), true), Gate::Open(later));
        assert_eq!(state.gate(later, false), Gate::HalfOpen);
        state.claim(later + TimeDelta::seconds(30));
        assert_eq!(state.gate(later, false), Gate::Open(later + TimeDelta::seconds(30)));
    }

    #[test]
    fn retry_after_opens_at_once() {
        let mut state = ProviderState::default();
        state.failed(&ProviderError::RateLimited(Some(Duration::from_secs(300))), now());
        assert_eq!(state.gate(now(), false), Gate::Open(now() + TimeDelta::seconds(300)));
        let mut state = ProviderState::default();
        state.failed(&ProviderError::RateLimited(Some(Duration::MAX)), now());
        assert_eq!(state.gate(now(), false), Gate::Open(now() + LONGEST_PAUSE));
    }

    #[test]
    fn a_state_survives_its_hash() {
        let mut state = ProviderState::default();
        pauses(&mut state, 3);
        let mut hash: BTreeMap<String, String> = state.circuit_fields().into_iter().collect();
        hash.extend([due_field(now() + TimeDelta::hours(1))]);
        let read = ProviderState::from_hash(&hash).unwrap();
        assert_eq!(
            read,
            ProviderState {
                next_allowed_at: Some(now() + TimeDelta::hours(1)),
                ..state
            }
        );
        assert_eq!(
            read.gate(now() + TimeDelta::minutes(2), false),
            Gate::NotDue(now() + TimeDelta::hours(1))
        );
        assert_eq!(read.gate(now() + TimeDelta::minutes(2), true), Gate::HalfOpen);
        hash.insert("open_until".to_owned(), "tomorrow".to_owned());
        assert_eq!(
            ProviderState::from_hash(&hash).map_err(|error| error.to_string()),
            Err("open_until is \"tomorrow\"".to_owned())
        );
    }
}
