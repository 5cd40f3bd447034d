//! Publishing: what a document has that is new, what is released with it, and what is remembered of both.

mod held_state;
mod run_scope;
mod send;

use std::collections::BTreeMap;

use chrono::TimeDelta;
use shared::currency::CurrencyCode;
use shared::held::HeldRate;
use shared::time::Timestamp;

pub(crate) use self::run_scope::RunScope;
pub(crate) use self::send::Baseline;
use crate::circuit;
use crate::error::IngestError;
use crate::events::{Batch, Collected};
use crate::holding::{Decision, Rules, Update, decide};
use crate::memory::Remembered;
use crate::metrics::record;
use crate::provider::Quotes;
use crate::provider_chain::cross_check::CrossCheck;
use crate::summary::{Dropped, HeldBack, Summary};
use crate::{Ingestor, validate};

/// Seconds after a provider's own time at which it is asked again, so that not everybody asks in the same second.
const DUE_JITTER_SECONDS: std::ops::RangeInclusive<i64> = 30..=300;
/// A provider's slip in its next time must not silence it for longer.
const LATEST_DUE: TimeDelta = TimeDelta::hours(48);

impl Ingestor {
    /// Publishes what is new in a provider's document, and what is released with it. With `force` it publishes what is published already, too.
    pub(crate) async fn publish(
        &self,
        mut quotes: Quotes,
        remembered: Option<Remembered>,
        mut scope: RunScope<'_>,
        force: bool,
    ) -> Result<Summary, IngestError> {
        if let Some(percent) = self.config.spread_percent {
            validate::apply_spread(&mut quotes, percent);
        }
        let is_known = remembered.is_some();
        let Remembered { published, held } = remembered.unwrap_or_default();
        let baseline = Baseline {
            published: &published,
            held: &held,
            is_known,
        };
        let collected_at = scope.clock.timestamp()?;
        let rules = self.rules(baseline, collected_at);
        let (decision, checks) = decide_with_cross_checks(&quotes, baseline, rules, &mut scope).await;
        let held_back = self.report_held(&quotes, &decision, &checks, &scope);
        let dropped = report_dropped(&quotes, &decision, &scope);
        let is_new = |update: &&Update| force || !published.contains(&update.quote, update.recorded_at);
        let fresh: Vec<Update> = decision.updates.iter().filter(is_new).copied().collect();
        let already_published = decision.updates.len() - fresh.len();
        let batch = Batch {
            provider: quotes.provider,
            data_count: quotes.rates.len(),
            collected: Collected {
                at: collected_at,
                in_ms: scope.clock.elapsed_ms(),
            },
            fresh,
        };
        let sent = self.send(&batch, baseline, &decision.held, &mut scope).await?;
        // A rate that is held back may be confirmed by the next run, so that one has to ask.
        let is_complete = held_back.is_empty() || quotes.provider.source().counts_requests;
        if sent.is_held && is_complete {
            self.note_due(&quotes, &mut scope).await;
        }
        let summary = Summary {
            source: Some(quotes.provider),
            recorded_at: Some(quotes.recorded_at),
            events: sent.report.events,
            backed_up: sent.report.backed_up,
            already_published,
            held_back,
            dropped,
            left_out: [quotes.left_out, decision.left_out].concat(),
            ..scope.summary()
        };
        Ok(record(summary, scope.clock))
    }

    /// What is held back from now on will be dated by `now`, so that has to be later than what is published already.
    fn rules(&self, baseline: Baseline<'_>, collected_at: Timestamp) -> Rules {
        let given = baseline.published.clock();
        Rules {
            max_jump_percent: self.config.max_jump_percent,
            now: given.map_or(collected_at, |given| given.next().max(collected_at)),
        }
    }

    /// Says in the log what is held back, and what other providers have of it.
    fn report_held(
        &self,
        quotes: &Quotes,
        decision: &Decision,
        checks: &[CrossCheck],
        scope: &RunScope<'_>,
    ) -> Vec<HeldBack> {
        let findings = |code| {
            let check = checks.iter().find(|check| check.code == code);
            check.map(|check| check.findings.clone())
        };
        let held_back = HeldBack::all(&decision.held, self.config.max_jump_percent, findings);
        scope.chain.log_held(quotes.provider, &held_back);
        held_back
    }

    /// Remembers when the provider is due again.
    async fn note_due(&self, quotes: &Quotes, scope: &mut RunScope<'_>) {
        let Some(next_update) = quotes.next_update else {
            return;
        };
        let next = next_update + TimeDelta::seconds(rand::random_range(DUE_JITTER_SECONDS));
        let due = vec![circuit::due_field(next.min(scope.clock.now() + LATEST_DUE))];
        let written = self.memory.put_states(&BTreeMap::from([(quotes.provider, due)])).await;
        if let Err(error) = written {
            let what = format!(
                "when {} is due is not remembered, so the next run asks it again",
                quotes.provider
            );
            scope.chain.warn_of(&what, &error);
        }
    }
}

/// Says in the log what was held back and is contradicted.
fn report_dropped(quotes: &Quotes, decision: &Decision, scope: &RunScope<'_>) -> Vec<Dropped> {
    let of_rate = |(code, rate): &(CurrencyCode, HeldRate)| {
        Dropped::new(*code, rate.clone(), quotes.provider, quotes.recorded_at)
    };
    let dropped: Vec<Dropped> = decision.dropped.iter().map(of_rate).collect();
    for one in &dropped {
        tracing::warn!(
            correlation_id = %scope.run.correlation_id, provider.key = %quotes.provider, currency_code = %one.currency_code,
            recorded_at = %one.rate.recorded_at, "Rate dropped that was held back: {}", one.reason
        );
    }
    dropped
}

/// The decision about a document, after other providers were compared with what it would hold back.
async fn decide_with_cross_checks(
    quotes: &Quotes,
    baseline: Baseline<'_>,
    rules: Rules,
    scope: &mut RunScope<'_>,
) -> (Decision, Vec<CrossCheck>) {
    let Baseline { published, held, .. } = baseline;
    let decision = decide(quotes, published, held, &BTreeMap::new(), rules);
    let mut checks = CrossCheck::of(&decision.held);
    scope.chain.cross_check(&mut checks, quotes.provider).await;
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
