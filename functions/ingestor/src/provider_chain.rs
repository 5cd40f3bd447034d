//! The provider chain: providers are asked in order until one answers. Around each stands its circuit and its due time, and what became of it is reported.

pub(crate) mod cross_check;
mod report;

use std::collections::BTreeMap;
use std::error::Error;

use futures::join;
use tokio::time::Instant;
use uuid::Uuid;

use crate::circuit::{Gate, ProviderState};
use crate::clock::{Clock, milliseconds};
use crate::clock_sample::ClockSample;
use crate::config::Config;
use crate::error::with_causes;
use crate::memory::{Memory, MemoryError, Remembered};
use crate::provider::{self, Http, ProviderError, ProviderKey, ProviderRequest, Quotes, RequestContext};
use crate::summary::{Outcome, ProviderReport};
use crate::validate::check_time;

/// What a run asks its providers with.
#[derive(Clone, Copy)]
pub(crate) struct RunContext<'a> {
    pub config: &'a Config,
    pub http: &'a Http,
    pub memory: &'a Memory,
    /// As the run began; corrected only once providers have said what time it is.
    pub clock: &'a Clock,
    pub correlation_id: Uuid,
    /// Ask although a provider is not due.
    pub force: bool,
}

/// The providers of one run.
pub(crate) struct ProviderChain<'a> {
    context: RunContext<'a>,
    deadline: Instant,
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
    quotes: Result<Quotes, ProviderError>,
    requests: u32,
    clock_sample: Option<ClockSample>,
    duration_ms: u64,
}

impl<'a> ProviderChain<'a> {
    /// Reads what is remembered of all providers that this run may ask.
    pub(crate) async fn open(context: RunContext<'a>, order: &[ProviderKey]) -> Self {
        let mut providers = order.to_vec();
        providers.extend(context.config.providers.iter().filter(|key| !order.contains(key)));
        // Whom to ask depends on the circuits; the client can be made while Redis is on its way.
        let (states, ()) = join!(context.memory.states(&providers), context.http.prepare());
        let mut chain = Self {
            context,
            deadline: context.clock.began() + context.config.limits.chain_deadline,
            states: BTreeMap::new(),
            is_remembered: states.is_ok(),
            reports: Vec::new(),
            warnings: Vec::new(),
            clock_samples: Vec::new(),
            writes: BTreeMap::new(),
        };
        match states {
            Ok(states) => {
                chain.states = states.read;
                for (provider, error) in states.unreadable {
                    let what = format!("the state of {provider} in redis cannot be read and begins anew");
                    chain.warn_of(&what, &error);
                }
            }
            Err(error) => chain.warn_of(
                "circuits and due times are unknown, so every provider may be asked",
                &error,
            ),
        }
        chain
    }

    /// Asks the providers in order until one answers.
    pub(crate) async fn first_quotes(&mut self, order: &[ProviderKey]) -> ChainResult {
        for provider in order.iter().copied() {
            match self.gate(provider, self.context.force) {
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
            let (fetched, remembered) = join!(self.ask(provider), self.remembered(provider));
            if let Some(quotes) = self.finish(provider, fetched, Outcome::Used) {
                let remembered = remembered.map_or_else(
                    |error| {
                        let what = format!(
                            "what {provider} published is unknown, and what is held back of it, so all is sent and no jump can be seen"
                        );
                        self.warn_of(&what, &error);
                        None
                    },
                    Some,
                );
                return ChainResult::Rates(quotes, remembered);
            }
        }
        ChainResult::Nobody
    }

    /// Keeps a sentence for the summary, and says it in the log.
    pub(crate) fn warn(&mut self, warning: String) {
        tracing::warn!(correlation_id = %self.context.correlation_id, "{warning}");
        self.warnings.push(warning);
    }

    /// The same about an error, with its causes.
    pub(crate) fn warn_of(&mut self, what: &str, error: &(dyn Error + 'static)) {
        self.warn(format!("{what}: {}", with_causes(error)));
    }

    /// Writes circuits and how the run went.
    pub(crate) async fn write(&self) -> Result<(), MemoryError> {
        self.context.memory.put_states(&self.writes).await
    }

    /// The same, where a failure is no more than a warning.
    pub(crate) async fn save(&mut self) {
        if let Err(error) = self.write().await {
            self.warn_unsaved(&error);
        }
    }

    /// Says what follows when circuits could not be written.
    pub(crate) fn warn_unsaved(&mut self, error: &MemoryError) {
        self.warn_of(
            "circuits are not remembered, so the next run does not know of this one",
            error,
        );
    }

    fn gate(&self, provider: ProviderKey, force: bool) -> Gate {
        self.states
            .get(&provider)
            .map_or(Gate::Closed, |state| state.gate(self.context.clock.now(), force))
    }

    /// Keeps other runs from asking a provider that is on probation. Two runs in the same millisecond may both get through; that does no harm.
    async fn claim(&mut self, provider: ProviderKey) {
        let state = self.states.entry(provider).or_default();
        state.claim(self.context.clock.now() + self.context.config.limits.chain_deadline);
        let fields = BTreeMap::from([(provider, state.circuit_fields())]);
        if let Err(error) = self.context.memory.put_states(&fields).await {
            self.warn_of(&format!("other runs may ask {provider} at the same time"), &error);
        }
    }

    async fn ask(&self, provider: ProviderKey) -> FetchResult {
        let RunContext {
            config, http, clock, ..
        } = self.context;
        let began = Instant::now();
        let context = RequestContext {
            http,
            limits: config.limits,
            deadline: self.deadline,
            clock,
        };
        let request = ProviderRequest::new(context, provider, &config.access[&provider]);
        let quotes = provider::fetch(&request).await;
        let quotes = quotes.and_then(|quotes| check_time(&quotes, clock.now()).map(|()| quotes));
        FetchResult {
            quotes,
            requests: request.requests(),
            clock_sample: request.clock_sample().cloned(),
            duration_ms: milliseconds(began),
        }
    }

    /// What is remembered of a provider's rates, unless Redis was away already and has been spoken of.
    async fn remembered(&self, provider: ProviderKey) -> Result<Remembered, MemoryError> {
        if self.is_remembered {
            self.context.memory.rates(provider).await
        } else {
            Err(MemoryError::NotAsked)
        }
    }
}
