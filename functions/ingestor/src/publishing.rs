//! Publishing: what a document has that is new, what is released with it, and what is remembered of both.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use futures::join;
use shared::currency::CurrencyCode;
use shared::event::Run;

use crate::clock::Clock;
use crate::events::{self, Batch};
use crate::holding::{Decision, Held, Rules, Update, decide};
use crate::memory::Remembered;
use crate::metrics::record;
use crate::provider::{ProviderKey, Quotes};
use crate::provider_chain::ProviderChain;
use crate::provider_chain::cross_check::CrossCheck;
use crate::published_rates::PublishedRates;
use crate::summary::{Dropped, HeldBack, Summary};
use crate::{IngestError, Ingestor, circuit, unsaved, validate, version};

/// Seconds after a provider's own time at which it is asked again, so that not everybody asks in the same second.
const DUE_JITTER_SECONDS: std::ops::RangeInclusive<i64> = 30..=300;
/// A provider's slip in its next time must not silence it for longer.
const LATEST_DUE: TimeDelta = TimeDelta::hours(48);

/// What is held back before a run and after it.
pub(crate) struct Holding<'a> {
    pub before: &'a Held,
    pub after: &'a Held,
}

impl Ingestor {
    /// Publishes what is new in a provider's answer, and what is released with it.
    pub(crate) async fn publish(
        &self,
        mut quotes: Quotes,
        remembered: Option<Remembered>,
        mut chain: ProviderChain<'_>,
        run: &Run,
        clock: &Clock,
        force: bool,
    ) -> Result<Summary, IngestError> {
        if let Some(percent) = self.config.spread_percent {
            validate::apply_spread(&mut quotes, percent);
        }
        let is_known = remembered.is_some();
        let Remembered { published, held } = remembered.unwrap_or_default();
        // What is held back from now on will be dated by this, so it has to be later than what is published already.
        let collected_at = clock.timestamp()?;
        let now = published
            .clock()
            .map_or(collected_at, |given| given.next().max(collected_at));
        let rules = Rules {
            max_jump_percent: self.config.max_jump_percent,
            now,
        };
        let (decision, checks) = decide_with_cross_checks(&quotes, &published, &held, rules, &mut chain).await;
        let Decision {
            updates,
            held: after,
            dropped,
            left_out,
        } = decision;
        let findings = |code| {
            checks
                .iter()
                .find(|check| check.code == code)
                .map(|check| check.findings.clone())
        };
        let held_back = HeldBack::all(&after, self.config.max_jump_percent, findings);
        chain.log_held(quotes.provider, &held_back);
        let dropped: Vec<Dropped> = dropped
            .into_iter()
            .map(|(code, rate)| Dropped::new(code, rate, quotes.provider, quotes.recorded_at))
            .collect();
        for one in &dropped {
            tracing::warn!(
                correlation_id = %run.correlation_id, provider.key = %quotes.provider, currency_code = %one.currency_code,
                recorded_at = %one.rate.recorded_at, "Rate dropped that was held back: {}", one.reason
            );
        }
        let (known, new): (Vec<Update>, Vec<Update>) = updates
            .iter()
            .partition(|update| !force && published.contains(&update.quote, update.recorded_at));
        let batch = Batch {
            provider: quotes.provider,
            data_count: quotes.rates.len(),
            collected: (collected_at, clock.elapsed_ms()),
            fresh: new,
        };
        let holding = Holding {
            before: &held,
            after: &after,
        };
        let (sent, is_held) = self
            .send(&batch, (&published, is_known), holding, &mut chain, run, clock)
            .await?;
        // A rate that is held back may be confirmed by the next run, so that one has to ask.
        let is_complete = held_back.is_empty() || quotes.provider.counts_requests();
        if is_held && is_complete {
            self.note_due(&quotes, &mut chain, clock).await;
        }
        let summary = Summary {
            source: Some(quotes.provider),
            recorded_at: Some(quotes.recorded_at),
            events: sent.events,
            backed_up: sent.backed_up,
            already_published: known.len(),
            held_back,
            dropped,
            left_out: [quotes.left_out, left_out].concat(),
            ..crate::summary(&chain, run, clock)
        };
        Ok(record(summary, clock))
    }

    /// Publishes a batch between what has to be remembered before and after it. Answers what was sent, and whether all that is held back is remembered.
    pub(crate) async fn send(
        &self,
        batch: &Batch,
        (published, is_known): (&PublishedRates, bool),
        holding: Holding<'_>,
        chain: &mut ProviderChain<'_>,
        run: &Run,
        clock: &Clock,
    ) -> Result<(events::PublishReport, bool), IngestError> {
        let provider = batch.provider;
        let is_held = self.put_held(provider, &holding, chain).await;
        let version = version::next(published.clock(), clock.timestamp()?);
        // What is about to be replaced is forgotten first. If the new values could then not be remembered, and the source went back to the former ones, those would
        // be taken for published, and the stores would keep what was withdrawn.
        let replaced = if is_known {
            published.replaced(&batch.fresh)
        } else {
            PublishedRates::every_field(&batch.fresh)
        };
        match self.memory.forget(provider, &replaced).await {
            Err(reason) if is_known => {
                self.save(chain).await;
                return Err(IngestError::Memory(reason));
            }
            Err(reason) => chain.warn(format!("what redis may hold of {provider} is not forgotten: {reason}")),
            Ok(()) => {}
        }
        // Remembered before anything carries it, so that no later run falls behind it.
        let clock_field = PublishedRates::clock_field(version);
        if let Err(reason) = self.memory.put_published(provider, &[clock_field]).await {
            chain.warn(format!("when this run was is not remembered in redis: {reason}"));
        }
        let (sent, saved) = join!(
            events::publish(&self.publisher, run, batch, version, clock),
            chain.save()
        );
        if let Err(reason) = saved {
            chain.warn(unsaved(&reason));
        }
        let sent = sent?;
        if let Some(reason) = &sent.away {
            // The publisher has logged it.
            chain.warnings.push(format!(
                "kafka did not acknowledge {} events in time, so they wait in the backup queue: {reason}",
                sent.backed_up
            ));
        }
        match self
            .memory
            .put_published(provider, &published.fields(&batch.fresh))
            .await
        {
            // What was released is held for as long as it is not known to be published.
            Ok(()) => self.drop_held(provider, &holding, chain).await,
            Err(reason) => chain.warn(format!(
                "what was published is not remembered, so the next run sends it again: {reason}"
            )),
        }
        Ok((sent, is_held))
    }

    /// Remembers all that is held back, before and after the run.
    async fn put_held(&self, provider: ProviderKey, holding: &Holding<'_>, chain: &mut ProviderChain<'_>) -> bool {
        let mut all = holding.after.clone();
        for (code, rates) in holding.before {
            let kept = all.entry(*code).or_default();
            for rate in rates {
                if kept.iter().all(|other| other.recorded_at != rate.recorded_at) {
                    kept.push(rate.clone());
                }
            }
            kept.sort_by_key(|rate| rate.recorded_at);
        }
        match self.memory.put_held(provider, &all).await {
            Ok(()) => true,
            Err(reason) => {
                chain.warn(format!(
                    "what is held back of {provider} is not remembered, so the next run has to ask for it again: {reason}"
                ));
                false
            }
        }
    }

    /// Ends the holding of what was released, contradicted or corrected.
    async fn drop_held(&self, provider: ProviderKey, holding: &Holding<'_>, chain: &mut ProviderChain<'_>) {
        let gone = |code: &CurrencyCode| !holding.after.contains_key(code);
        let gone: Vec<CurrencyCode> = holding.before.keys().copied().filter(gone).collect();
        let is_less = |code: &CurrencyCode, rates: &Vec<_>| holding.before.get(code).is_some_and(|old| old != rates);
        let less = holding.after.iter().filter(|(code, rates)| is_less(code, rates));
        let less: Held = less.map(|(code, rates)| (*code, rates.clone())).collect();
        let (dropped, put) = join!(
            self.memory.drop_held(provider, &gone),
            self.memory.put_held(provider, &less)
        );
        for reason in [dropped, put].into_iter().filter_map(Result::err) {
            chain.warn(format!(
                "what is no longer held back of {provider} is still remembered, and is judged again: {reason}"
            ));
        }
    }

    /// Remembers when the provider is due again.
    async fn note_due(&self, quotes: &Quotes, chain: &mut ProviderChain<'_>, clock: &Clock) {
        let Some(next_update) = quotes.next_update else {
            return;
        };
        let next = next_update + TimeDelta::seconds(rand::random_range(DUE_JITTER_SECONDS));
        let due = vec![circuit::due_field(next.min(clock.now() + LATEST_DUE))];
        if let Err(reason) = self.memory.put_states(&BTreeMap::from([(quotes.provider, due)])).await {
            chain.warn(format!(
                "when {} is due is not remembered, so the next run asks it again: {reason}",
                quotes.provider
            ));
        }
    }
}

/// The decision about a document, after other providers were heard about what it would hold back.
async fn decide_with_cross_checks(
    quotes: &Quotes,
    published: &PublishedRates,
    held: &Held,
    rules: Rules,
    chain: &mut ProviderChain<'_>,
) -> (Decision, Vec<CrossCheck>) {
    let decision = decide(quotes, published, held, &BTreeMap::new(), rules);
    let mut checks = CrossCheck::of(&decision.held);
    chain.cross_check(&mut checks, quotes.provider).await;
    let confirmed: BTreeMap<_, _> = checks
        .iter()
        .filter_map(|check| Some((check.code, check.confirmed?)))
        .collect();
    if confirmed.is_empty() {
        (decision, checks)
    } else {
        (decide(quotes, published, held, &confirmed, rules), checks)
    }
}
