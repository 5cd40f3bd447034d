//! A second opinion on jumps, from the other providers of the chain.

use super::Chain;
use crate::circuit::Gate;
use crate::provider::{ProviderKey, Quotes};
use crate::summary::Outcome;
use crate::validate::{Jump, Opinion, opinion};

impl Chain<'_> {
    /// Asks the other providers of the settings, one after the other, until every jump is confirmed. Answers with the jumps that nobody confirmed.
    ///
    /// A provider that is not due is not asked: by its own word it has nothing newer than what it published, so that is its opinion.
    pub(crate) async fn unconfirmed(&mut self, mut jumps: Vec<Jump>, used: ProviderKey) -> Vec<Jump> {
        for provider in self.config.providers.clone() {
            let was_considered = self.reports.iter().any(|report| report.provider == provider);
            if jumps.is_empty() || provider == used {
                continue;
            }
            if was_considered {
                say(&mut jumps, &format!("{provider} gave no rates"));
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
                Gate::NotDue(until) => (self.not_due(provider, until).await, false),
                Gate::HalfOpen => {
                    self.claim(provider).await;
                    (self.second(provider).await, true)
                }
                Gate::Closed => (self.second(provider).await, true),
            };
            let Some(second) = second else {
                say(&mut jumps, &format!("{provider} gave no rates"));
                continue;
            };
            let before = jumps.len();
            jumps.retain_mut(|jump| match opinion(jump, &second) {
                Opinion::Confirms => false,
                Opinion::Silent => {
                    jump.opinions.push(format!("{provider} has no rate of it"));
                    true
                }
                Opinion::Differs(rate, percent) => {
                    jump.opinions
                        .push(format!("{provider} has {rate}, from which it differs by {percent} %"));
                    true
                }
            });
            let outcome = if jumps.len() < before {
                Outcome::Confirmed
            } else {
                Outcome::Disagreed
            };
            self.opined(provider, outcome, is_asked, &second);
        }
        jumps
    }

    async fn second(&mut self, provider: ProviderKey) -> Option<Quotes> {
        let asked = self.ask(provider).await;
        self.settle(provider, asked, Outcome::Disagreed)
    }

    async fn not_due(&mut self, provider: ProviderKey, until: impl std::fmt::Display) -> Option<Quotes> {
        let published = self.published(provider).await.ok().flatten();
        let quotes = published.and_then(|published| published.as_quotes(provider));
        if quotes.is_none() {
            let reason = format!("has nothing new before {until}, and what it published is unknown");
            self.report(provider, Outcome::NotDue, Some(reason), None);
        }
        quotes
    }

    fn opined(&mut self, provider: ProviderKey, outcome: Outcome, is_asked: bool, quotes: &Quotes) {
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

fn say(jumps: &mut [Jump], sentence: &str) {
    for jump in jumps {
        jump.opinions.push(sentence.to_owned());
    }
}
