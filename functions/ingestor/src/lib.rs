//! The ingestor: asks providers for rates, checks them and publishes what is new. It stores nothing but what it needs to remember between runs
//! (Redis: circuits, due times, what was last published), and works without that too.

mod chain;
pub mod circuit;
pub mod clock;
pub mod config;
pub mod error;
mod events;
pub mod http;
mod measure;
pub mod memory;
pub mod provider;
pub mod published;
pub mod request;
pub mod summary;
pub mod validate;
pub mod version;
pub mod witness;

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use futures::join;
use shared::cache::Cache;
use shared::event::Run;
use shared::publish::{BackupQueue, Publisher};

use self::chain::{Chain, FirstAnswer};
use self::clock::Clock;
pub use self::config::Config;
pub use self::error::IngestError;
use self::http::Http;
use self::measure::measured;
use self::memory::Memory;
use self::provider::{Quote, Quotes};
use self::published::Published;
pub use self::request::Request;
pub use self::summary::Summary;
use self::summary::{EventCounts, HeldBack};
use self::witness::{Witness, correction};

/// Seconds after a provider's own time at which it is asked again, so that not everybody asks in the same second.
const DUE_JITTER_SECONDS: std::ops::RangeInclusive<i64> = 30..=300;
/// A provider's slip in its next time must not silence it for longer.
const LATEST_DUE: TimeDelta = TimeDelta::hours(48);

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
    /// [`IngestError::ClocksDisagree`] when nobody knows what time it is; nothing is published then. The others name what is wrong with the request.
    pub async fn run(&self, request: Request, now: DateTime<Utc>) -> Result<Summary, IngestError> {
        let clock = Clock::starting_at(now);
        let order = self.config.order(request.provider)?;
        let run = Run::new(events::PUBLISHER).within(shared::trace::current());
        shared::trace::correlated(run.correlation_id);
        let parts = (&self.config, &self.http, &self.memory);
        let mut chain = Chain::open(parts, &clock, run.correlation_id, &order, request.force).await;
        match chain.first_answer(&order).await {
            FirstAnswer::Rates(quotes, published) => match self.true_time(&mut chain, clock).await {
                Ok(clock) => {
                    self.publish(quotes, published, chain, &run, &clock, request.force)
                        .await
                }
                Err(error) => {
                    self.save(&mut chain).await;
                    Err(error)
                }
            },
            FirstAnswer::NotDue => {
                self.save(&mut chain).await;
                Ok(measured(summary(&chain, &run, &clock), &clock))
            }
            FirstAnswer::Nobody => {
                self.save(&mut chain).await;
                Err(IngestError::AllFailed(chain.errors()))
            }
        }
    }

    /// The run's clock, set to the time that most clocks show.
    async fn true_time(&self, chain: &mut Chain<'_>, clock: Clock) -> Result<Clock, IngestError> {
        if chain.witnesses.iter().all(Witness::agrees) {
            return Ok(clock);
        }
        let mut witnesses = chain.witnesses.clone();
        let asked = clock.now();
        match self.memory.time().await {
            Ok(time) => witnesses.push(Witness::new("redis", (time, TimeDelta::zero()), asked, clock.now())),
            Err(reason) => chain.warn(format!("redis cannot say what time it is: {reason}")),
        }
        let correction = correction(&witnesses)?;
        let clocks: Vec<String> = witnesses.iter().map(ToString::to_string).collect();
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

    async fn publish(
        &self,
        mut quotes: Quotes,
        published: Option<Published>,
        mut chain: Chain<'_>,
        run: &Run,
        clock: &Clock,
        force: bool,
    ) -> Result<Summary, IngestError> {
        if let Some(percent) = self.config.spread_percent {
            validate::apply_spread(&mut quotes, percent);
        }
        let collected_at = clock.timestamp()?;
        let is_known = published.is_some();
        let published = published.unwrap_or_default();
        let jumps = validate::jumps(&quotes, &published, self.config.max_jump_percent);
        let unconfirmed = chain.unconfirmed(jumps, quotes.provider).await;
        let collected = (collected_at, clock.elapsed_ms());
        let held_back: Vec<HeldBack> = unconfirmed
            .iter()
            .map(|jump| HeldBack::new(jump, self.config.max_jump_percent))
            .collect();
        for held in &held_back {
            tracing::warn!(
                correlation_id = %run.correlation_id, provider.key = %quotes.provider, currency_code = %held.currency_code,
                "Rate held back: {}", held.reason
            );
        }
        let is_held = |quote: &&Quote| held_back.iter().any(|held| held.currency_code == quote.code);
        let was_published = |quote: &&Quote| published.contains(quote, quotes.recorded_at);
        let accepted: Vec<&Quote> = quotes.rates.iter().filter(|quote| !is_held(quote)).collect();
        let already_published = if force {
            0
        } else {
            accepted.iter().filter(|quote| was_published(quote)).count()
        };
        let fresh: Vec<Quote> = accepted
            .into_iter()
            .filter(|quote| force || !was_published(quote))
            .copied()
            .collect();

        let version = version::next(published.clock(), clock.timestamp()?);
        // What is about to be replaced is forgotten first. If the new values could then not be remembered, and the source went back to the former ones, those would
        // be taken for published, and the stores would keep what was withdrawn.
        let replaced = if is_known {
            published.replaced(&fresh, quotes.recorded_at)
        } else {
            Published::every_field(&fresh)
        };
        match self.memory.forget(quotes.provider, &replaced).await {
            Err(reason) if is_known => {
                self.save(&mut chain).await;
                return Err(IngestError::Memory(reason));
            }
            Err(reason) => chain.warn(format!(
                "what redis may hold of {} is not forgotten: {reason}",
                quotes.provider
            )),
            Ok(()) => {}
        }
        // Remembered before anything carries it, so that no later run falls behind it.
        let clock_field = Published::clock_field(version);
        if let Err(reason) = self.memory.put_published(quotes.provider, &[clock_field]).await {
            chain.warn(format!("when this run was is not remembered in redis: {reason}"));
        }
        let (sent, saved) = join!(
            events::publish(&self.publisher, run, &quotes, &fresh, collected, version, clock),
            chain.save()
        );
        if let Err(reason) = saved {
            chain.warn(unsaved(&reason));
        }
        let sent = sent?;
        if let Some(reason) = sent.away {
            // The publisher has logged it.
            chain.warnings.push(format!(
                "kafka did not acknowledge {} events in time, so they wait in the backup queue: {reason}",
                sent.backed_up
            ));
        }
        self.remember(&quotes, &fresh, &published, held_back.is_empty(), &mut chain, clock)
            .await;
        let summary = Summary {
            source: Some(quotes.provider),
            recorded_at: Some(quotes.recorded_at),
            events: sent.events,
            backed_up: sent.backed_up,
            already_published,
            held_back,
            left_out: quotes.left_out,
            ..summary(&chain, run, clock)
        };
        Ok(measured(summary, clock))
    }

    /// Remembers what was published, now that all of it is acknowledged, and when the provider is due again.
    async fn remember(
        &self,
        quotes: &Quotes,
        fresh: &[Quote],
        published: &Published,
        is_complete: bool,
        chain: &mut Chain<'_>,
        clock: &Clock,
    ) {
        let fields = published.fields(fresh, quotes.recorded_at);
        let mut due = BTreeMap::new();
        // A rate that is held back may be confirmed by the next run, so that one has to ask.
        if let Some(next_update) = quotes.next_update.filter(|_| is_complete) {
            let next = next_update + TimeDelta::seconds(rand::random_range(DUE_JITTER_SECONDS));
            due.insert(
                quotes.provider,
                vec![circuit::due_field(next.min(clock.now() + LATEST_DUE))],
            );
        }
        let (kept, noted) = join!(
            self.memory.put_published(quotes.provider, &fields),
            self.memory.put_states(&due)
        );
        if let Err(reason) = kept {
            chain.warn(format!(
                "what was published is not remembered, so the next run sends it again: {reason}"
            ));
        }
        if let Err(reason) = noted {
            chain.warn(format!(
                "when {} is due is not remembered, so the next run asks it again: {reason}",
                quotes.provider
            ));
        }
    }

    async fn save(&self, chain: &mut Chain<'_>) {
        if let Err(reason) = chain.save().await {
            chain.warn(unsaved(&reason));
        }
    }
}

fn unsaved(reason: &str) -> String {
    format!("circuits are not remembered, so the next run does not know of this one: {reason}")
}

/// The summary of a run that published nothing.
fn summary(chain: &Chain<'_>, run: &Run, clock: &Clock) -> Summary {
    Summary {
        correlation_id: run.correlation_id,
        source: None,
        recorded_at: None,
        providers: chain.all_reports(),
        events: EventCounts::default(),
        backed_up: 0,
        already_published: 0,
        held_back: Vec::new(),
        left_out: Vec::new(),
        warnings: chain.warnings.clone(),
        duration_ms: clock.elapsed_ms(),
    }
}
