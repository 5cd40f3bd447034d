//! What every stage of one run needs: its providers, its identity and its clock.

use shared::event::Run;

use crate::clock::Clock;
use crate::provider_chain::ProviderChain;
use crate::summary::Summary;

/// One run, once its providers were asked.
pub(crate) struct RunScope<'a> {
    pub chain: ProviderChain<'a>,
    pub run: &'a Run,
    /// Set to the time that most clocks show.
    pub clock: &'a Clock,
}

impl RunScope<'_> {
    /// The summary of a run that published nothing.
    pub(crate) fn summary(&self) -> Summary {
        Summary {
            providers: self.chain.all_reports(),
            warnings: self.chain.warnings.clone(),
            ..Summary::nothing(self.run.correlation_id, self.clock.elapsed_ms())
        }
    }
}
