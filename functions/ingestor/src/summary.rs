//! What a run answers.

use std::collections::BTreeSet;

use rust_decimal::Decimal;
use serde::{Serialize, Serializer, ser};
use serde_json::value::RawValue;
use shared::currency::CurrencyCode;
use shared::held::HeldRate;
use shared::rate::Rate;
use shared::time::Timestamp;
use uuid::Uuid;

use crate::holding::Held;
use crate::provider::{OmittedRow, ProviderKey};

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
    /// What is held back when the run ends, because it changed too much to be believed.
    pub held_back: Vec<HeldBack>,
    /// What was held back until now and was contradicted by the next publication.
    pub dropped: Vec<Dropped>,
    /// What else was in the document.
    pub left_out: Vec<OmittedRow>,
    /// What the run had to do without.
    pub warnings: Vec<String>,
    /// Milliseconds from the run's start to its end.
    pub duration_ms: u64,
}

impl Summary {
    /// Of a run that asked nobody and published nothing.
    #[must_use]
    pub fn nothing(correlation_id: Uuid, duration_ms: u64) -> Self {
        Self {
            correlation_id,
            source: None,
            recorded_at: None,
            providers: Vec::new(),
            events: EventCounts::default(),
            backed_up: 0,
            already_published: 0,
            held_back: Vec::new(),
            dropped: Vec::new(),
            left_out: Vec::new(),
            warnings: Vec::new(),
            duration_ms,
        }
    }
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

/// A currency of which something is held back. KRW stands for whole documents.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct HeldBack {
    /// Whose.
    pub currency_code: CurrencyCode,
    /// The instants of all that is held back, oldest first.
    pub recorded_at: Vec<Timestamp>,
    /// KRW for one unit, the newest.
    pub rate: Rate,
    /// The newest in the source's own quotation, by which jumps are found.
    pub quotation: Rate,
    /// The newest quotation that the source published.
    pub previous: Rate,
    /// The difference of the two.
    #[serde(serialize_with = "number")]
    pub change_percent: String,
    /// Since when something of it is held back.
    pub held_since: Timestamp,
    /// Why, and what was found at other providers.
    pub reason: String,
    /// The request that publishes it all the same.
    pub release: String,
}

/// An observation that was held back and will not be published by itself.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Dropped {
    /// Whose. KRW stands for a whole document.
    pub currency_code: CurrencyCode,
    /// What it was.
    #[serde(flatten)]
    pub rate: HeldRate,
    /// Why, and what publishes it all the same.
    pub reason: String,
}

impl HeldBack {
    /// All that is held back, with what was found of it at other providers: a line for the whole documents, and one for each currency that is held by itself.
    #[must_use]
    pub fn all(held: &Held, max_percent: Decimal, findings: impl Fn(CurrencyCode) -> Option<Vec<String>>) -> Vec<Self> {
        let documents = held.get(&CurrencyCode::KRW).into_iter().flatten();
        let documents: BTreeSet<Timestamp> = documents.map(|rate| rate.recorded_at).collect();
        let is_shown = |code: &CurrencyCode, rates: &[HeldRate]| {
            *code == CurrencyCode::KRW || rates.iter().any(|rate| !documents.contains(&rate.recorded_at))
        };
        let shown = held.iter().filter(|(code, rates)| is_shown(code, rates));
        shown
            .filter_map(|(code, rates)| Self::new(*code, rates, max_percent, findings(*code)))
            .collect()
    }

    fn new(
        code: CurrencyCode,
        rates: &[HeldRate],
        max_percent: Decimal,
        findings: Option<Vec<String>>,
    ) -> Option<Self> {
        let (newest, oldest) = (rates.last()?, rates.first()?);
        let found = match findings.as_deref() {
            None => String::new(),
            Some([]) => ": there is no second provider to ask".to_owned(),
            Some(findings) => format!(": {}", findings.join(", ")),
        };
        let seems = newest
            .swapped_with
            .map_or_else(String::new, |other| format!(", and seems to be {other}'s in its place"));
        let HeldRate {
            change_percent,
            previous_at,
            ..
        } = newest;
        Some(Self {
            currency_code: code,
            recorded_at: rates.iter().map(|rate| rate.recorded_at).collect(),
            rate: newest.deal_base_rate,
            quotation: newest.quotation,
            previous: newest.previous,
            change_percent: change_percent.clone(),
            held_since: oldest.held_since,
            reason: format!(
                "changed by {change_percent} % since {previous_at}, limit MAX_JUMP_PERCENT {max_percent}{seems}{found}"
            ),
            release: format!("{{\"release\":[\"{code}\"]}}"),
        })
    }
}

impl Dropped {
    /// What the publication of `recorded_at` contradicts.
    #[must_use]
    pub fn new(code: CurrencyCode, rate: HeldRate, provider: ProviderKey, recorded_at: Timestamp) -> Self {
        let source = provider.source();
        let all_the_same = if source.has_history {
            format!(
                "operations-backfill publishes what the {}'s history has of that day",
                source.name
            )
        } else {
            "nothing publishes it later".to_owned()
        };
        let reason = format!(
            "changed by {} % since {}, and was back at {recorded_at}: {all_the_same}",
            rate.change_percent, rate.previous_at
        );
        Self {
            currency_code: code,
            rate,
            reason,
        }
    }
}

fn number<S: Serializer>(text: &str, serializer: S) -> Result<S::Ok, S::Error> {
    RawValue::from_string(text.to_owned())
        .map_err(ser::Error::custom)?
        .serialize(serializer)
}
