//! The provider chain: providers are asked in order until one answers. Around each stands its circuit and its due time, and what became of it is reported.

pub(crate) mod cross_check;
mod report;

use std::collections::BTreeMap;

use futures::join;
use tokio::time::Instant;
use uuid::Uuid;

use crate::circuit::{Gate, ProviderState};
use crate::clock::{Clock, milliseconds};
use crate::clock_sample::ClockSample;
use crate::config::Config;
use crate::http::{Http, ProviderRequest};
use crate::memory::{Memory, Remembered};
use crate::provider::{ProviderError, ProviderKey, Quotes};
use crate::summary::{Outcome, ProviderReport};
use crate::validate::check_time;

/// The providers of one run.
pub(crate) struct ProviderChain<'a> {
    pub(crate) config: &'a Config,
    http: &'a Http,
    memory: &'a Memory,
    clock: &'a Clock,
    correlation_id: Uuid,
    deadline: Instant,
    force: bool,
    /// Empty when Redis cannot be asked: every provider may be, then.
    states: BTreeMap<ProviderKey, ProviderState>,
    is_remembered: bool,
    pub(crate) reports: Vec<ProviderReport>,
    pub(crate) warnings: Vec<String>,
    /// The clocks of the providers that were asked.
    pub(crate) clock_samples: Vec<ClockSample>,
    writes: BTreeMap<ProviderKey, Vec<(String, String)>>,
}

/// Who answered first.
pub(crate) enum ChainResult {
    /// This provider, and what is remembered of its rates (`None`: unknown).
    Rates(Quotes, Option<Remembered>),
    /// Nobody was asked: this provider, whose turn it was, has nothing new.
    NotDue(ProviderKey),
    /// Nobody.
    Nobody,
}

/// What asking a provider came to.
struct FetchResult {
    outcome: Result<Quotes, ProviderError>,
    requests: u32,
    clock_sample: Option<ClockSample>,
    duration_ms: u64,
}

impl<'a> ProviderChain<'a> {
    /// Reads what is remembered of all providers that this run may ask.
    pub(crate) async fn open(
        (config, http, memory): (&'a Config, &'a Http, &'a Memory),
        clock: &'a Clock,
        correlation_id: Uuid,
        order: &[ProviderKey],
        force: bool,
    ) -> Self {
        let mut providers = order.to_vec();
        providers.extend(config.providers.iter().filter(|key| !order.contains(key)));
        let (mut states, mut warnings, mut is_remembered) = (BTreeMap::new(), Vec::new(), true);
        // Whom to ask depends on the circuits; the client can be made while Redis is on its way.
        let (remembered, ()) = join!(memory.states(&providers), http.prepare());
        match remembered {
            Ok(read) => (states, warnings) = read,
            Err(reason) => {
                is_remembered = false;
                warnings.push(format!(
                    "circuits and due times are unknown, so every provider may be asked: {reason}"
                ));
            }
        }
        for warning in &warnings {
            tracing::warn!(correlation_id = %correlation_id, "{warning}");
        }
        let deadline = clock.began() + config.chain_deadline;
        let (reports, writes) = (Vec::new(), BTreeMap::new());
        Self {
            config,
            http,
            memory,
            clock,
            correlation_id,
            deadline,
            force,
            states,
            is_remembered,
            reports,
            warnings,
            clock_samples: Vec::new(),
            writes,
        }
    }

    /// Asks the providers in order until one answers.
    pub(crate) async fn first_quotes(&mut self, order: &[ProviderKey]) -> ChainResult {
        for provider in order.iter().copied() {
            match self.gate(provider, self.force) {
                Gate::NotDue(until) => {
                    self.report(
                        provider,
                        Outcome::NotDue,
                        Some(format!("has nothing new before {until}")),
                        None,
                    );
                    return ChainResult::NotDue(provider);
                }
                Gate::Open(until) => {
                    self.report(
                        provider,
                        Outcome::CircuitOpen,
                        Some(format!("left alone until {until}")),
                        None,
                    );
                    continue;
                }
                Gate::HalfOpen => self.claim(provider).await,
                Gate::Closed => {}
            }
            let (asked, remembered) = join!(self.ask(provider), self.remembered(provider));
            if let Some(quotes) = self.finish(provider, asked, Outcome::Used) {
                let remembered = remembered.unwrap_or_else(|reason| {
                    self.warn(format!(
                        "what {provider} published is unknown, and what is held back of it, so all is sent and no jump can be seen: {reason}"
                    ));
                    None
                });
                return ChainResult::Rates(quotes, remembered);
            }
        }
        ChainResult::Nobody
    }

    /// Keeps a sentence for the summary, and says it in the log.
    pub(crate) fn warn(&mut self, warning: String) {
        tracing::warn!(correlation_id = %self.correlation_id, "{warning}");
        self.warnings.push(warning);
    }

    /// Writes circuits and how the run went.
    pub(crate) async fn save(&self) -> Result<(), String> {
        self.memory.put_states(&self.writes).await
    }

    fn gate(&self, provider: ProviderKey, force: bool) -> Gate {
        self.states
            .get(&provider)
            .map_or(Gate::Closed, |state| state.gate(self.clock.now(), force))
    }

    /// Keeps other runs from asking a provider that is on probation. Two runs in the same millisecond may both get through; that does no harm.
    async fn claim(&mut self, provider: ProviderKey) {
        let state = self.states.entry(provider).or_default();
        state.claim(self.clock.now() + self.config.chain_deadline);
        let fields = BTreeMap::from([(provider, state.circuit_fields())]);
        if let Err(reason) = self.memory.put_states(&fields).await {
            self.warn(format!("other runs may ask {provider} at the same time: {reason}"));
        }
    }

    async fn ask(&self, provider: ProviderKey) -> FetchResult {
        let began = Instant::now();
        let request = ProviderRequest::new(self.http, self.config, provider.as_str(), self.deadline, self.clock);
        let outcome = provider.fetch(self.config, &request, self.clock.now()).await;
        let outcome = outcome.and_then(|quotes| check_time(&quotes, self.clock.now()).map(|()| quotes));
        FetchResult {
            outcome,
            requests: request.requests(),
            clock_sample: request.clock_sample().cloned(),
            duration_ms: milliseconds(began),
        }
    }

    /// `Ok(None)` when Redis was away already and has been spoken of.
    async fn remembered(&self, provider: ProviderKey) -> Result<Option<Remembered>, String> {
        if self.is_remembered {
            self.memory.rates(provider).await.map(Some)
        } else {
            Err("redis could not be asked before".to_owned())
        }
    }
}
