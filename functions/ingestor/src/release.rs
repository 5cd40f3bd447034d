//! A release: somebody has decided that what is held back is true.

use chrono::TimeDelta;
use shared::currency::CurrencyCode;
use shared::event::Run;

use crate::clock::Clock;
use crate::clock_sample::{ClockSample, correction};
use crate::events::Batch;
use crate::holding::{Held, Released, requested};
use crate::memory::Remembered;
use crate::metrics::record;
use crate::provider::ProviderKey;
use crate::provider_chain::ProviderChain;
use crate::publishing::Holding;
use crate::summary::{HeldBack, Summary};
use crate::{IngestError, Ingestor};

impl Ingestor {
    /// Publishes what is held back of `codes`, of the first provider of `order` that has anything of it. No provider is asked, so it works while none
    /// answers or has anything new.
    pub(crate) async fn release(
        &self,
        codes: &[CurrencyCode],
        order: &[ProviderKey],
        mut chain: ProviderChain<'_>,
        run: &Run,
        clock: Clock,
    ) -> Result<Summary, IngestError> {
        self.check_clock(&clock).await?;
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
                chain.warn(format!(
                    "not released: {reason}; of {provider} {}",
                    named(&remembered.held)
                ));
            }
            return self
                .publish_released(provider, &remembered, released, chain, run, &clock)
                .await;
        }
        Err(IngestError::NotHeld(known.join("; ")))
    }

    fn released(&self, provider: ProviderKey, remembered: &Remembered, codes: &[CurrencyCode]) -> Released {
        let Remembered { published, held } = remembered;
        requested(
            held,
            published,
            codes,
            provider.quotes_against(),
            self.config.max_jump_percent,
        )
    }

    async fn publish_released(
        &self,
        provider: ProviderKey,
        remembered: &Remembered,
        released: Released,
        mut chain: ProviderChain<'_>,
        run: &Run,
        clock: &Clock,
    ) -> Result<Summary, IngestError> {
        let batch = Batch {
            provider,
            data_count: released.updates.len(),
            collected: (clock.timestamp()?, clock.elapsed_ms()),
            fresh: released.updates,
        };
        let holding = Holding {
            before: &remembered.held,
            after: &released.held,
        };
        let published = (&remembered.published, true);
        let (sent, _) = self.send(&batch, published, holding, &mut chain, run, clock).await?;
        let held_back = HeldBack::all(&released.held, self.config.max_jump_percent, |_| None);
        chain.log_held(provider, &held_back);
        let summary = Summary {
            source: Some(provider),
            recorded_at: batch.fresh.last().map(|update| update.recorded_at),
            events: sent.events,
            backed_up: sent.backed_up,
            held_back,
            ..crate::summary(&chain, run, clock)
        };
        Ok(record(summary, clock))
    }

    /// No provider says what time it is, so Redis does, which has to answer anyway. Of two clocks that differ nobody knows which is right.
    async fn check_clock(&self, clock: &Clock) -> Result<(), IngestError> {
        let asked = clock.now();
        let time = self.memory.time().await.map_err(IngestError::Memory)?;
        let redis = ClockSample::new("redis", (time, TimeDelta::zero()), asked, clock.now());
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
