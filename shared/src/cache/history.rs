//! `history:*`, `stats:*`, `analysis:*`: computed results of one currency, behind one fence.

use std::time::Duration;

use redis::{Value, from_redis_value};

use super::key::{self, AnalysisKind, Interval};
use super::script::{self, ScriptCall};
use super::{Cache, CacheError, lease, new_token, number, ttl};
use crate::currency::CurrencyCode;
use crate::period::Period;

/// A kind of computed results.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Family {
    /// `history:*`, 24 keys a currency.
    History,
    /// `stats:*`, 6 keys a currency.
    Stats,
    /// `analysis:*`, 12 keys a currency.
    Analysis,
}

impl Family {
    /// Every key that this family can have for `code`.
    #[must_use]
    pub fn keys(self, code: CurrencyCode) -> Vec<String> {
        let periods = Period::ALL.into_iter();
        match self {
            Self::History => periods
                .flat_map(|period| {
                    Interval::ALL
                        .iter()
                        .map(move |interval| key::history(code, period, *interval))
                })
                .collect(),
            Self::Stats => periods.map(|period| key::stats(code, period)).collect(),
            Self::Analysis => periods
                .flat_map(|period| {
                    AnalysisKind::ALL
                        .iter()
                        .map(move |kind| key::analysis(code, *kind, period))
                })
                .collect(),
        }
    }
}

/// The right to cache results of one currency, until its next clear. Taken before the computation begins.
#[derive(Debug, Clone)]
pub struct Lease {
    code: CurrencyCode,
    token: String,
}

impl Cache {
    /// A lease for results of `code`.
    ///
    /// # Errors
    /// [`CacheError`] when Redis cannot be asked.
    pub async fn lease_history(&self, code: CurrencyCode) -> Result<Lease, CacheError> {
        let call = ScriptCall {
            keys: vec![key::history_fence(code)],
            arguments: vec![new_token(), ttl::FENCE.as_secs().to_string()],
        };
        let token = self.scripts(&script::LEASE, &[call]).await?.pop().unwrap_or(Value::Nil);
        Ok(Lease {
            code,
            token: lease(token)?.0,
        })
    }

    /// Caches a computed result under one of the [`Family::keys`], unless a clear came since the lease. Answers whether it is cached.
    ///
    /// # Errors
    /// [`CacheError`] when Redis cannot be asked.
    pub async fn put_computed(&self, lease: &Lease, key: &str, value: &str, ttl: Duration) -> Result<bool, CacheError> {
        let keys = vec![key.to_owned(), key::history_fence(lease.code)];
        let arguments = vec![lease.token.clone(), ttl.as_secs().to_string(), value.to_owned()];
        let answer = self
            .scripts(&script::PUT_IF, &[ScriptCall { keys, arguments }])
            .await?
            .pop()
            .unwrap_or(Value::Int(0));
        Ok(number(answer)? == 1)
    }

    /// A cached result, if there is one.
    ///
    /// # Errors
    /// [`CacheError`] when Redis cannot be asked.
    pub async fn computed(&self, key: &str) -> Result<Option<String>, CacheError> {
        let command = redis::cmd("GET").arg(key).to_owned();
        let value = self.connection.run(&[command]).await?.pop().unwrap_or(Value::Nil);
        Ok(from_redis_value(value).map_err(redis::RedisError::from)?)
    }

    /// Removes every result of these families for `codes`, by name, in one round trip. Answers how many there were.
    ///
    /// # Errors
    /// [`CacheError`] when Redis cannot be asked.
    pub async fn clear_history(&self, codes: &[CurrencyCode], families: &[Family]) -> Result<u64, CacheError> {
        let fence_ttl = ttl::FENCE.as_secs().to_string();
        let calls: Vec<_> = codes
            .iter()
            .map(|code| {
                let mut keys = vec![key::history_fence(*code)];
                keys.extend(families.iter().flat_map(|family| family.keys(*code)));
                ScriptCall {
                    keys,
                    arguments: vec![new_token(), fence_ttl.clone()],
                }
            })
            .collect();
        let answers = self.scripts(&script::CLEAR, &calls).await?;
        answers
            .into_iter()
            .try_fold(0, |sum, answer| Ok(sum + number(answer)?.unsigned_abs()))
    }
}
