//! The ingestor: asks providers for rates, checks them and publishes what is new. It stores nothing but what it needs to remember between runs
//! (Redis: circuits, due times, what was last published, what is held back), and works without that too.

pub mod circuit;
pub mod clock;
pub mod clock_sample;
pub mod config;
pub mod error;
mod events;
pub mod holding;
pub mod memory;
mod metrics;
pub mod observation;
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
use self::clock_sample::{ClockSample, Reading, correction};
pub use self::config::Config;
pub use self::error::IngestError;
use self::memory::{Memory, MemoryError};
use self::metrics::record;
use self::provider::{Http, ProviderKey};
use self::provider_chain::{ChainResult, ProviderChain, RunContext};
use self::publishing::RunScope;
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
        let context = RunContext {
            config: &self.config,
            http: &self.http,
            memory: &self.memory,
            clock: &clock,
            correlation_id: run.correlation_id,
            force: request.force,
        };
        let mut chain = ProviderChain::open(context, &order).await;
        if !request.release.is_empty() {
            let scope = RunScope {
                chain,
                run: &run,
                clock: &clock,
            };
            return self.release(&request.release, &order, scope).await;
        }
        match chain.first_quotes(&order).await {
            ChainResult::Rates(quotes, remembered) => {
                let corrected = match self.corrected(&mut chain, clock).await {
                    Ok(corrected) => corrected,
                    Err(error) => {
                        chain.save().await;
                        return Err(error);
                    }
                };
                let scope = RunScope {
                    chain,
                    run: &run,
                    clock: &corrected,
                };
                self.publish(quotes, remembered, scope, request.force).await
            }
            ChainResult::NotDue(provider) => {
                let held_back = self.held_back(provider, &mut chain).await;
                chain.save().await;
                let scope = RunScope {
                    chain,
                    run: &run,
                    clock: &clock,
                };
                let summary = Summary {
                    held_back,
                    ..scope.summary()
                };
                Ok(record(summary, &clock))
            }
            ChainResult::Nobody => {
                chain.save().await;
                Err(IngestError::AllFailed(chain.errors()))
            }
        }
    }

    /// The run's clock, set to the time that most clocks show.
    async fn corrected(&self, chain: &mut ProviderChain<'_>, clock: Clock) -> Result<Clock, IngestError> {
        if chain.clock_samples.iter().all(ClockSample::agrees) {
            return Ok(clock);
        }
        let mut samples = chain.clock_samples.clone();
        match self.clock_of_redis(&clock).await {
            Ok(sample) => samples.push(sample),
            Err(error) => chain.warn_of("redis cannot say what time it is", &error),
        }
        let correction = correction(&samples)?;
        let clocks: Vec<String> = samples.iter().map(ToString::to_string).collect();
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

    /// What Redis' clock shows.
    async fn clock_of_redis(&self, clock: &Clock) -> Result<ClockSample, MemoryError> {
        let asked = clock.now();
        let reading = Reading {
            time: self.memory.time().await?,
            resolution: TimeDelta::zero(),
            asked,
            answered: clock.now(),
        };
        Ok(ClockSample::new("redis", reading))
    }

    /// What is held back of a provider that was not asked.
    async fn held_back(&self, provider: ProviderKey, chain: &mut ProviderChain<'_>) -> Vec<HeldBack> {
        match self.memory.held(provider).await {
            Ok(held) => {
                let held_back = HeldBack::all(&held, self.config.max_jump_percent, |_| None);
                chain.log_held(provider, &held_back);
                held_back
            }
            Err(error) => {
                chain.warn_of(&format!("what is held back of {provider} is unknown"), &error);
                Vec::new()
            }
        }
    }
}
