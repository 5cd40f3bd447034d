//! What is held back, as Redis remembers it: all of before and after a run while it publishes, and then what is left.

use futures::join;
use shared::currency::CurrencyCode;

use super::run_scope::RunScope;
use crate::Ingestor;
use crate::holding::Held;
use crate::provider::key::ProviderKey;

impl Ingestor {
    /// Remembers all that is held back, before and after the run. Answers whether it is remembered.
    pub(crate) async fn put_held(
        &self,
        provider: ProviderKey,
        before: &Held,
        after: &Held,
        scope: &mut RunScope<'_>,
    ) -> bool {
        let mut all = after.clone();
        for (code, rates) in before {
            let of_code = all.entry(*code).or_default();
            for rate in rates {
                if of_code.iter().all(|other| other.recorded_at != rate.recorded_at) {
                    of_code.push(rate.clone());
                }
            }
            of_code.sort_by_key(|rate| rate.recorded_at);
        }
        match self.memory.put_held(provider, &all).await {
            Ok(()) => true,
            Err(error) => {
                let what = format!(
                    "what is held back of {provider} is not remembered, so the next run has to ask for it again"
                );
                scope.chain.warn_of(&what, &error);
                false
            }
        }
    }

    /// Ends the holding of what was released, contradicted or corrected.
    pub(crate) async fn drop_held(&self, provider: ProviderKey, before: &Held, after: &Held, scope: &mut RunScope<'_>) {
        let gone = |code: &CurrencyCode| !after.contains_key(code);
        let gone: Vec<CurrencyCode> = before.keys().copied().filter(gone).collect();
        let is_less = |code: &CurrencyCode, rates: &Vec<_>| before.get(code).is_some_and(|old| old != rates);
        let less = after.iter().filter(|(code, rates)| is_less(code, rates));
        let less: Held = less.map(|(code, rates)| (*code, rates.clone())).collect();
        let (dropped, put) = join!(
            self.memory.drop_held(provider, &gone),
            self.memory.put_held(provider, &less)
        );
        for error in [dropped, put].into_iter().filter_map(Result::err) {
            let what = format!("what is no longer held back of {provider} is still remembered, and is compared again");
            scope.chain.warn_of(&what, &error);
        }
    }
}
