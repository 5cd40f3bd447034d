//! The ingestor: asks providers for rates, checks them and publishes what is new. It stores nothing but what it needs to remember between runs
//! (Redis: circuits, due times, what was last published, what is held back), and works without that too.

pub mod circuit;
pub mod clock;
pub mod clock_sample;
pub mod config;
pub mod error;
mod events;
pub mod holding;
pub mod http;
pub mod memory;
mod metrics;
pub mod provider;
mod provider_chain;
pub mod published_rates;
mod publishing;
mod release;
pub mod request;
pub mod summary;
pub mod validate;
pub mod version;

use chrono::{DateTime, TimeDelta, Utc};
use shared::cache::Cache;
use shared::event::Run;
use shared::publish::{BackupQueue, Publisher};

use self::clock::Clock;
use self::clock_sample::{ClockSample, correction};
pub use self::config::Config;
pub use self::error::IngestError;
use self::http::Http;
use self::memory::Memory;
use self::metrics::record;
use self::provider::ProviderKey;
use self::provider_chain::{ChainResult, ProviderChain};
pub use self::request::Request;
use self::summary::HeldBack;
pub use self::summary::Summary;

/// Asks providers for rates and publishes what is new. Made once per cold start; connects when first needed.
pub struct Ingestor {
    config: Config,
    http: Http,
    memory: Memory,
    publisher: Publisher,
}

impl Ingestor {
    /// An ingestor that has not connected to anything yet.
    #[must_use]
    pub fn new(config: Config) -> Self {
        let memory = Memory::new(Cache::new(config.redis.clone()));
        let publisher = Publisher::with_backup(config.kafka.clone(), BackupQueue::new(config.backup_queue_url.clone()));
        Self {
            config,
            http: Http::default(),
            memory,
            publisher,
        }
    }

    /// One run, beginning at `now`.
    ///
    /// # Errors
    /// [`IngestError::AllFailed`] when no provider gave rates; nothing is published then. [`IngestError::Publish`] when neither Kafka nor the
    /// backup queue acknowledges an event: some may have been published, none is remembered, and the next run publishes them all.
    /// [`IngestError::Memory`] when Redis remembers other values and cannot be told to forget them; nothing is published then.
    /// [`IngestError::ClocksDisagree`] when nobody knows what time it is; nothing is published then. [`IngestError::NotHeld`] when none of what is to be
    /// released is held back. The others name what is wrong with the request.
    pub async fn run(&self, request: Request, now: DateTime<Utc>) -> Result<Summary, IngestError> {
        let clock = Clock::starting_at(now);
        let order = self.config.order(request.provider)?;
        let run = Run::new(events::PUBLISHER).within(shared::trace::current());
        shared::trace::correlated(run.correlation_id);
        if request.check {
            return Ok(Summary::nothing(run.correlation_id, clock.elapsed_ms()));
        }
        let parts = (&self.config, &self.http, &self.memory);
        let mut chain = ProviderChain::open(parts, &clock, run.correlation_id, &order, request.force).await;
        if !request.release.is_empty() {
            return self.release(&request.release, &order, chain, &run, clock).await;
        }
        match chain.first_quotes(&order).await {
            ChainResult::Rates(quotes, remembered) => match self.true_time(&mut chain, clock).await {
                Ok(clock) => {
                    self.publish(quotes, remembered, chain, &run, &clock, request.force)
                        .await
                }
                Err(error) => {
                    self.save(&mut chain).await;
                    Err(error)
                }
            },
            ChainResult::NotDue(provider) => {
                let held_back = self.held_back(provider, &mut chain).await;
                self.save(&mut chain).await;
                let summary = Summary {
                    held_back,
                    ..summary(&chain, &run, &clock)
                };
                Ok(record(summary, &clock))
            }
            ChainResult::Nobody => {
                self.save(&mut chain).await;
                Err(IngestError::AllFailed(chain.errors()))
            }
        }
    }

    /// The run's clock, set to the time that most clocks show.
    async fn true_time(&self, chain: &mut ProviderChain<'_>, clock: Clock) -> Result<Clock, IngestError> {
        if chain.clock_samples.iter().all(ClockSample::agrees) {
            return Ok(clock);
        }
        let mut clock_samples = chain.clock_samples.clone();
        let asked = clock.now();
        match self.memory.time().await {
            Ok(time) => clock_samples.push(ClockSample::new("redis", (time, TimeDelta::zero()), asked, clock.now())),
            Err(reason) => chain.warn(format!("redis cannot say what time it is: {reason}")),
        }
        let correction = correction(&clock_samples)?;
        let clocks: Vec<String> = clock_samples.iter().map(ToString::to_string).collect();
        let clocks = clocks.join(", ");
        if correction.is_zero() {
            // A provider whose clock is a little wrong would be spoken of in every run.
            tracing::debug!(clocks, "This machine's clock is right, another is not");
        } else {
            chain.warn(format!(
                "this machine's clock is wrong, the run is dated by others: {clocks}"
            ));
        }
        Ok(clock.set_by(correction))
    }

    /// What is held back of a provider that was not asked.
    async fn held_back(&self, provider: ProviderKey, chain: &mut ProviderChain<'_>) -> Vec<HeldBack> {
        match self.memory.held(provider).await {
            Ok(held) => {
                let held_back = HeldBack::all(&held, self.config.max_jump_percent, |_| None);
                chain.log_held(provider, &held_back);
                held_back
            }
            Err(reason) => {
                chain.warn(format!("what is held back of {provider} is unknown: {reason}"));
                Vec::new()
            }
        }
    }

    async fn save(&self, chain: &mut ProviderChain<'_>) {
        if let Err(reason) = chain.save().await {
            chain.warn(unsaved(&reason));
        }
    }
}

fn unsaved(reason: &str) -> String {
    format!("circuits are not remembered, so the next run does not know of this one: {reason}")
}

/// The summary of a run that published nothing.
fn summary(chain: &ProviderChain<'_>, run: &Run, clock: &Clock) -> Summary {
    Summary {
        providers: chain.all_reports(),
        warnings: chain.warnings.clone(),
        ..Summary::nothing(run.correlation_id, clock.elapsed_ms())
    }
}
