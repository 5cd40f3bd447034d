//! Sending a batch between what has to be remembered before and after it. A run may end at any place in here: what it had sent is then sent again, and
//! nothing is taken for published that was not.

use futures::join;
use shared::time::Timestamp;

use super::run_scope::RunScope;
use crate::error::IngestError;
use crate::events::{self, Batch, PublishReport};
use crate::holding::Held;
use crate::published_rates::PublishedRates;
use crate::{Ingestor, version};

/// What is remembered of a source when a run begins to publish.
#[derive(Clone, Copy)]
pub(crate) struct Baseline<'a> {
    pub published: &'a PublishedRates,
    pub held: &'a Held,
    /// Whether Redis said so; else both are empty and Redis may hold anything.
    pub is_known: bool,
}

/// A batch that was sent, all of it acknowledged.
pub(crate) struct Sent {
    pub report: PublishReport,
    /// Whether all that is held back is remembered.
    pub is_held: bool,
}

impl Ingestor {
    /// Publishes a batch; `held` is what is held back after it.
    ///
    /// # Errors
    /// [`IngestError::Publish`] when not all is acknowledged, [`IngestError::Memory`] when Redis cannot be told to forget what is about to be replaced.
    pub(crate) async fn send(
        &self,
        batch: &Batch,
        baseline: Baseline<'_>,
        held: &Held,
        scope: &mut RunScope<'_>,
    ) -> Result<Sent, IngestError> {
        let is_held = self.put_held(batch.provider, baseline.held, held, scope).await;
        let version = version::next(baseline.published.clock(), scope.clock.timestamp()?);
        self.forget_replaced(batch, baseline, scope).await?;
        self.remember_version(batch, version, scope).await;
        let report = self.publish_events(batch, version, scope).await?;
        self.remember_published(batch, baseline, held, scope).await;
        Ok(Sent { report, is_held })
    }

    /// What is about to be replaced is forgotten first. If the new values could then not be remembered, and the source went back to the former ones, those
    /// would be taken for published, and the stores would keep what was withdrawn.
    async fn forget_replaced(
        &self,
        batch: &Batch,
        baseline: Baseline<'_>,
        scope: &mut RunScope<'_>,
    ) -> Result<(), IngestError> {
        let replaced = if baseline.is_known {
            baseline.published.replaced(&batch.fresh)
        } else {
            PublishedRates::every_field(&batch.fresh)
        };
        match self.memory.forget(batch.provider, &replaced).await {
            Ok(()) => Ok(()),
            Err(error) if baseline.is_known => {
                scope.chain.save().await;
                Err(IngestError::Memory(error))
            }
            Err(error) => {
                let what = format!("what redis may hold of {} is not forgotten", batch.provider);
                scope.chain.warn_of(&what, &error);
                Ok(())
            }
        }
    }

    /// Remembered before anything carries it, so that no later run falls behind it.
    async fn remember_version(&self, batch: &Batch, version: Timestamp, scope: &mut RunScope<'_>) {
        let clock_field = PublishedRates::clock_field(version);
        if let Err(error) = self.memory.put_published(batch.provider, &[clock_field]).await {
            scope
                .chain
                .warn_of("when this run was is not remembered in redis", &error);
        }
    }

    /// Publishes the events, while the circuits are written.
    async fn publish_events(
        &self,
        batch: &Batch,
        version: Timestamp,
        scope: &mut RunScope<'_>,
    ) -> Result<PublishReport, IngestError> {
        let (published, written) = join!(
            events::publish(&self.publisher, scope.run, batch, version, scope.clock),
            scope.chain.write()
        );
        if let Err(error) = written {
            scope.chain.warn_unsaved(&error);
        }
        let report = published?;
        if let Some(reason) = &report.away {
            // The publisher has logged it.
            scope.chain.warnings.push(format!(
                "kafka did not acknowledge {} events in time, so they wait in the backup queue: {reason}",
                report.backed_up
            ));
        }
        Ok(report)
    }

    async fn remember_published(&self, batch: &Batch, baseline: Baseline<'_>, held: &Held, scope: &mut RunScope<'_>) {
        let fields = baseline.published.fields(&batch.fresh);
        match self.memory.put_published(batch.provider, &fields).await {
            // What was released is held for as long as it is not known to be published.
            Ok(()) => self.drop_held(batch.provider, baseline.held, held, scope).await,
            Err(error) => scope.chain.warn_of(
                "what was published is not remembered, so the next run sends it again",
                &error,
            ),
        }
    }
}
