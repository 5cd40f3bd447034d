//! What became of each provider: its circuit moves, and the log and the summary record it.

use super::{FetchResult, ProviderChain};
use crate::error::with_causes;
use crate::provider::key::ProviderKey;
use crate::provider::quotes::Quotes;
use crate::summary::{HeldBack, Outcome, ProviderReport};
use shared::error_chain::error_chain;

impl ProviderChain<'_> {
    /// Says in the log what is held back of a provider.
    pub(crate) fn log_held(&self, provider: ProviderKey, held_back: &[HeldBack]) {
        for held in held_back {
            tracing::warn!(
                correlation_id = %self.context.correlation_id, provider.key = %provider, currency_code = %held.currency_code,
                publications = held.recorded_at.len(), held_since = %held.held_since,
                "Rate held back: {}. The request {} publishes it", held.reason, held.release
            );
        }
    }

    /// Why each provider gave nothing.
    pub(crate) fn errors(&self) -> Vec<(ProviderKey, String)> {
        let error = |report: &ProviderReport| (report.provider, report.error.clone().unwrap_or_default());
        self.reports.iter().map(error).collect()
    }

    /// The reports, with those providers that nobody had to ask.
    pub(crate) fn all_reports(&self) -> Vec<ProviderReport> {
        let unasked = self
            .context
            .config
            .providers
            .iter()
            .filter(|key| self.reports.iter().all(|report| report.provider != **key));
        let not_needed = unasked.map(|key| blank_report(*key, Outcome::NotNeeded, None));
        self.reports.iter().cloned().chain(not_needed).collect()
    }

    /// Moves the circuit, reports and logs.
    pub(super) fn finish(&mut self, provider: ProviderKey, fetched: FetchResult, success: Outcome) -> Option<Quotes> {
        let now = self.context.clock.now();
        let state = self.states.entry(provider).or_default();
        let mut report = blank_report(provider, success, None);
        report.attempts = fetched.requests;
        report.duration_ms = fetched.duration_ms;
        self.clock_samples.extend(fetched.clock_sample);
        let quotes = match fetched.quotes {
            Ok(quotes) => {
                state.succeeded();
                report.rates = quotes.rates.len();
                report.recorded_at = Some(quotes.recorded_at);
                Some(quotes)
            }
            Err(error) => {
                state.failed(&error, now);
                report.outcome = Outcome::Failed;
                report.error = Some(with_causes(&error));
                tracing::warn!(
                    correlation_id = %self.context.correlation_id,
                    provider.key = %provider,
                    attempts = fetched.requests,
                    duration_ms = fetched.duration_ms,
                    error = error_chain(&error),
                    "Provider {provider} failed"
                );
                None
            }
        };
        let mut fields = state.circuit_fields();
        let shown = |name: &str, value: String| (format!("last_{name}"), value);
        fields.extend([
            shown("asked_at", now.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true)),
            shown("outcome", report.outcome.as_str().to_owned()),
            shown("error", report.error.clone().unwrap_or_default()),
            shown("duration_ms", report.duration_ms.to_string()),
            shown("rates", report.rates.to_string()),
            shown(
                "recorded_at",
                report.recorded_at.map(|time| time.to_string()).unwrap_or_default(),
            ),
        ]);
        self.writes.insert(provider, fields);
        self.reports.push(report);
        quotes
    }

    /// Reports a provider that was not asked.
    pub(super) fn report(
        &mut self,
        provider: ProviderKey,
        outcome: Outcome,
        error: Option<String>,
        quotes: Option<&Quotes>,
    ) {
        let mut report = blank_report(provider, outcome, error);
        report.rates = quotes.map_or(0, |quotes| quotes.rates.len());
        report.recorded_at = quotes.map(|quotes| quotes.recorded_at);
        tracing::info!(
            correlation_id = %self.context.correlation_id,
            provider.key = %provider,
            outcome = outcome.as_str(),
            reason = report.error,
            "Provider {provider} was not asked"
        );
        self.reports.push(report);
    }
}

fn blank_report(provider: ProviderKey, outcome: Outcome, error: Option<String>) -> ProviderReport {
    ProviderReport {
        provider,
        outcome,
        error,
        attempts: 0,
        duration_ms: 0,
        rates: 0,
        recorded_at: None,
    }
}
