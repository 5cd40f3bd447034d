//! A release: somebody has decided that what is held back is true.

use shared::currency::CurrencyCode;

use crate::Ingestor;
use crate::clock::Clock;
use crate::clock_sample::correction;
use crate::error::IngestError;
use crate::events::{Batch, Collected};
use crate::holding::{Held, Released, requested};
use crate::memory::Remembered;
use crate::metrics::record;
use crate::provider::key::ProviderKey;
use crate::publishing::{Baseline, RunScope};
use crate::summary::{HeldBack, Summary};

impl Ingestor {
    /// Publishes what is held back of `codes`, of the first provider of `order` that has anything of it. No provider is asked, so it works while none
    /// answers or has anything new.
    pub(crate) async fn release(
        &self,
        codes: &[CurrencyCode],
        order: &[ProviderKey],
        mut scope: RunScope<'_>,
    ) -> Result<Summary, IngestError> {
        self.check_clock(scope.clock).await?;
        let mut known = Vec::new();
        for provider in order.iter().copied() {
            let remembered = self.memory.rates(provider).await.map_err(IngestError::Memory)?;
            let released = self.released(provider, &remembered, codes);
            if released.updates.is_empty() {
                known.push(format!("of {provider} {}", named(&remembered.held)));
                known.extend(released.refused);
                continue;
            }
            for reason in &released.refused {
                scope.chain.warn(format!(
                    "not released: {reason}; of {provider} {}",
                    named(&remembered.held)
                ));
            }
            return self.publish_released(provider, &remembered, released, scope).await;
        }
        Err(IngestError::NotHeld(known.join("; ")))
    }

    fn released(&self, provider: ProviderKey, remembered: &Remembered, codes: &[CurrencyCode]) -> Released {
        let Remembered { published, held } = remembered;
        let base = provider.source().quotes_against;
        requested(held, published, codes, base, self.config.max_jump_percent)
    }

    async fn publish_released(
        &self,
        provider: ProviderKey,
        remembered: &Remembered,
        released: Released,
        mut scope: RunScope<'_>,
    ) -> Result<Summary, IngestError> {
        let batch = Batch {
            provider,
            data_count: released.updates.len(),
            collected: Collected {
                at: scope.clock.timestamp()?,
                in_ms: scope.clock.elapsed_ms(),
            },
            fresh: released.updates,
        };
        let baseline = Baseline {
            published: &remembered.published,
            held: &remembered.held,
            is_known: true,
        };
        let sent = self.send(&batch, baseline, &released.held, &mut scope).await?;
        let held_back = HeldBack::all(&released.held, self.config.max_jump_percent, |_| None);
        scope.chain.log_held(provider, &held_back);
        let summary = Summary {
            source: Some(provider),
            recorded_at: batch.fresh.last().map(|update| update.recorded_at),
            events: sent.report.events,
            backed_up: sent.report.backed_up,
            held_back,
            ..scope.summary()
        };
        Ok(record(summary, scope.clock))
    }

    /// No provider says what time it is, so Redis does, which has to answer anyway. Of two clocks that differ nobody knows which is right.
    async fn check_clock(&self, clock: &Clock) -> Result<(), IngestError> {
        let redis = self.clock_of_redis(clock).await.map_err(IngestError::Memory)?;
        correction(&[redis])?;
        Ok(())
    }
}

fn named(held: &Held) -> String {
    let codes: Vec<&str> = held.keys().map(|code| code.as_str()).collect();
    if codes.is_empty() {
        "nothing is held back".to_owned()
    } else {
        format!("there is held back {}", codes.join(", "))
    }
}
