//! The cross-check of a jump with the other providers of the chain.

use rust_decimal::Decimal;
use shared::currency::CurrencyCode;
use shared::held::HeldRate;
use shared::rate::Rate;
use shared::time::Timestamp;

use super::ProviderChain;
use crate::circuit::Gate;
use crate::holding::{Held, percent_between};
use crate::provider::key::ProviderKey;
use crate::provider::quotes::Quotes;
use crate::summary::Outcome;

/// A second provider confirms a jump when its own rate differs from the new one by at most 2 percent: sources fix their rates at different hours of
/// different days, and currencies seldom move more between them, while a slipped decimal point or a swapped pair differs by far more.
const CONFIRM_WITHIN_PERCENT: Decimal = Decimal::TWO;

/// A currency that is held back, to be compared with what other providers have.
#[derive(Debug, Clone)]
pub(crate) struct CrossCheck {
    /// Whose. KRW stands for whole documents.
    pub code: CurrencyCode,
    /// What is held back, oldest first: of KRW all rates of each document.
    observations: Vec<(Timestamp, Vec<(CurrencyCode, Rate)>)>,
    /// The newest that another provider confirms.
    pub confirmed: Option<Timestamp>,
    /// What was found at other providers, in words.
    pub findings: Vec<String>,
}

impl CrossCheck {
    /// A check of each currency that is held back, or of the documents as a whole.
    pub(crate) fn of(held: &Held) -> Vec<Self> {
        let new = |code, observations| Self {
            code,
            observations,
            confirmed: None,
            findings: Vec::new(),
        };
        if let Some(documents) = held.get(&CurrencyCode::KRW) {
            let rates_of = |recorded_at: Timestamp| {
                let of_that_time =
                    held.iter()
                        .filter(|(code, _)| **code != CurrencyCode::KRW)
                        .flat_map(move |(code, rates)| {
                            let rates = rates.iter().filter(move |rate| rate.recorded_at == recorded_at);
                            rates.map(|rate| (*code, rate.deal_base_rate))
                        });
                (recorded_at, of_that_time.collect())
            };
            let observations = documents.iter().map(|rate| rates_of(rate.recorded_at)).collect();
            return vec![new(CurrencyCode::KRW, observations)];
        }
        let alone = held.iter().map(|(code, rates)| {
            let observation = |rate: &HeldRate| (rate.recorded_at, vec![(*code, rate.deal_base_rate)]);
            new(*code, rates.iter().map(observation).collect())
        });
        alone.collect()
    }

    /// Compares it with the rates of a second provider; whether these confirm any of it.
    fn compare(&mut self, second: &Quotes) -> bool {
        let rate_of = |code: CurrencyCode| second.rates.iter().find(|quote| quote.code == code);
        let about = |rates: &[(CurrencyCode, Rate)]| {
            let both = rates
                .iter()
                .filter_map(|(code, rate)| Some((*rate, rate_of(*code)?.deal_base_rate)));
            both.map(|(rate, other)| (other, percent_between(rate, other)))
                .collect::<Vec<_>>()
        };
        let is_close = |(_, percent): &&(Rate, Decimal)| percent.abs() <= CONFIRM_WITHIN_PERCENT;
        for (recorded_at, rates) in self.observations.iter().rev() {
            let compared = about(rates);
            if compared.iter().filter(is_close).count() * 2 > compared.len() {
                self.confirmed = Some(*recorded_at);
                return true;
            }
        }
        let compared = self
            .observations
            .last()
            .map(|(_, rates)| about(rates))
            .unwrap_or_default();
        let provider = second.provider;
        self.findings.push(match compared.as_slice() {
            [] => format!("{provider} has no rate of it"),
            [(rate, percent)] => format!("{provider} has {rate}, from which it differs by {percent} %"),
            several => format!(
                "{provider} has about the same rate for {} of {} currencies",
                several.iter().filter(is_close).count(),
                several.len()
            ),
        });
        false
    }
}

impl ProviderChain<'_> {
    /// Asks the other providers of the settings, one after the other, until every currency is confirmed.
    ///
    /// A provider that is not due is not asked: by its own word it has nothing newer than what it published, so that is what it is compared by.
    pub(crate) async fn cross_check(&mut self, checks: &mut [CrossCheck], used: ProviderKey) {
        for provider in self.context.config.providers.clone() {
            let was_considered = self.reports.iter().any(|report| report.provider == provider);
            if checks.iter().all(|check| check.confirmed.is_some()) || provider == used {
                continue;
            }
            if was_considered {
                note(checks, &format!("{provider} gave no rates"));
                continue;
            }
            let (second, is_asked) = match self.gate(provider, false) {
                Gate::Open(until) => {
                    self.report(
                        provider,
                        Outcome::CircuitOpen,
                        Some(format!("left alone until {until}")),
                        None,
                    );
                    (None, false)
                }
                Gate::NotDue(until) => (self.published_quotes(provider, until).await, false),
                Gate::HalfOpen => {
                    self.claim(provider).await;
                    (self.second_quotes(provider).await, true)
                }
                Gate::Closed => (self.second_quotes(provider).await, true),
            };
            let Some(second) = second else {
                note(checks, &format!("{provider} gave no rates"));
                continue;
            };
            let mut has_confirmed = false;
            for check in checks.iter_mut().filter(|check| check.confirmed.is_none()) {
                has_confirmed |= check.compare(&second);
            }
            let outcome = if has_confirmed {
                Outcome::Confirmed
            } else {
                Outcome::Disagreed
            };
            self.record_cross_check(provider, outcome, is_asked, &second);
        }
    }

    async fn second_quotes(&mut self, provider: ProviderKey) -> Option<Quotes> {
        let fetched = self.ask(provider).await;
        self.finish(provider, fetched, Outcome::Disagreed)
    }

    /// What a provider published that has nothing newer.
    async fn published_quotes(&mut self, provider: ProviderKey, until: impl std::fmt::Display) -> Option<Quotes> {
        let remembered = self.remembered(provider).await.ok();
        let quotes = remembered.and_then(|remembered| remembered.published.as_quotes(provider));
        if quotes.is_none() {
            let reason = format!("has nothing new before {until}, and what it published is unknown");
            self.report(provider, Outcome::NotDue, Some(reason), None);
        }
        quotes
    }

    fn record_cross_check(&mut self, provider: ProviderKey, outcome: Outcome, is_asked: bool, quotes: &Quotes) {
        if !is_asked {
            self.report(
                provider,
                outcome,
                Some("not due, so what it last published was compared".to_owned()),
                Some(quotes),
            );
            return;
        }
        for report in self.reports.iter_mut().filter(|report| report.provider == provider) {
            report.outcome = outcome;
        }
        if let Some(fields) = self.writes.get_mut(&provider) {
            for (_, value) in fields.iter_mut().filter(|(name, _)| name == "last_outcome") {
                outcome.as_str().clone_into(value);
            }
        }
    }
}

fn note(checks: &mut [CrossCheck], sentence: &str) {
    for check in checks {
        check.findings.push(sentence.to_owned());
    }
}
