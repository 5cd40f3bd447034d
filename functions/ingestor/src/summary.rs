//! What a run answers.

use rust_decimal::Decimal;
use serde::{Serialize, Serializer, ser};
use serde_json::value::RawValue;
use shared::currency::CurrencyCode;
use shared::rate::Rate;
use shared::time::Timestamp;
use uuid::Uuid;

use crate::provider::{LeftOut, ProviderKey};
use crate::validate::Jump;

/// What a run did.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Summary {
    /// In every event and log line of the run.
    pub correlation_id: Uuid,
    /// Whose rates were published; null when the provider was not due.
    pub source: Option<ProviderKey>,
    /// When the source had set them.
    pub recorded_at: Option<Timestamp>,
    /// What became of each provider, in the order in which they were considered.
    pub providers: Vec<ProviderReport>,
    /// Events published and acknowledged, by Kafka or by the backup queue.
    pub events: EventCounts,
    /// Those of them that wait in the backup queue, because Kafka did not acknowledge them in time.
    pub backed_up: usize,
    /// Rates that were published by an earlier run.
    pub already_published: usize,
    /// Rates that changed too much to be believed.
    pub held_back: Vec<HeldBack>,
    /// What else was in the document.
    pub left_out: Vec<LeftOut>,
    /// What the run had to do without.
    pub warnings: Vec<String>,
    /// Milliseconds from the run's start to its end.
    pub duration_ms: u64,
}

/// What became of one provider.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ProviderReport {
    /// Which.
    pub provider: ProviderKey,
    /// What became of it.
    pub outcome: Outcome,
    /// Why, where there is a why.
    pub error: Option<String>,
    /// HTTP requests made.
    pub attempts: u32,
    /// Milliseconds they took.
    pub duration_ms: u64,
    /// Usable rates in its answer.
    pub rates: usize,
    /// When it had set them.
    pub recorded_at: Option<Timestamp>,
}

/// What became of a provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Its rates are the run's.
    Used,
    /// It gave none.
    Failed,
    /// Its newest rates are published and it will have no newer yet.
    NotDue,
    /// It was left alone, because it failed often or asked for a pause.
    CircuitOpen,
    /// Another answered first.
    NotNeeded,
    /// It was asked about a jump and has about the same rate for one currency at least.
    Confirmed,
    /// It was asked about a jump and confirmed none.
    Disagreed,
}

impl Outcome {
    /// As in the summary.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Used => "used",
            Self::Failed => "failed",
            Self::NotDue => "not_due",
            Self::CircuitOpen => "circuit_open",
            Self::NotNeeded => "not_needed",
            Self::Confirmed => "confirmed",
            Self::Disagreed => "disagreed",
        }
    }
}

/// Events per topic.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct EventCounts {
    /// One, when a provider answered.
    pub new_data_received: usize,
    /// One for each new rate.
    pub exchange_rate_updated: usize,
    /// One, when any rate is new.
    pub cache_invalidation: usize,
    /// One, when a provider answered.
    pub data_processing_completed: usize,
}

/// A rate that changed too much to be believed.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct HeldBack {
    /// Whose.
    pub currency_code: CurrencyCode,
    /// The newest rate that the source published.
    pub previous: Rate,
    /// The rate that is held back.
    pub rate: Rate,
    /// The difference.
    #[serde(serialize_with = "number")]
    pub change_percent: Decimal,
    /// Why, and what other providers had to say.
    pub reason: String,
}

impl HeldBack {
    /// A jump that nobody confirmed.
    #[must_use]
    pub fn new(jump: &Jump, max_percent: Decimal) -> Self {
        let Jump {
            quote,
            previous,
            previous_at,
            change_percent,
            opinions,
        } = jump;
        let said = if opinions.is_empty() {
            "there is no second provider to ask".to_owned()
        } else {
            opinions.join(", ")
        };
        let reason = format!(
            "changed by {change_percent} % since {previous_at}, more than MAX_JUMP_PERCENT {max_percent}: {said}"
        );
        Self {
            currency_code: quote.code,
            previous: *previous,
            rate: quote.deal_base_rate,
            change_percent: *change_percent,
            reason,
        }
    }
}

fn number<S: Serializer>(value: &Decimal, serializer: S) -> Result<S::Ok, S::Error> {
    RawValue::from_string(value.to_string())
        .map_err(ser::Error::custom)?
        .serialize(serializer)
}
