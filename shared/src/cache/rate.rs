//! `rate:{code}`: one hash a currency, written only forward in time.

mod row;

use std::collections::BTreeMap;

use redis::{Value, from_redis_value};

use self::row::{fields, row};
use super::script::{self, ScriptCall};
use super::{Cache, CacheError, key, lease, new_token, number, ttl};
use crate::currency::CurrencyCode;
use crate::event::ExchangeRateUpdated;

/// The tokens under which rows may be cached; taken before the rows are read.
#[derive(Debug, Clone, Default)]
pub struct RateLeases(BTreeMap<CurrencyCode, (String, String)>);

impl RateLeases {
    /// The token of `code`, and the last clear by an operator; without a lease an empty token, which no fence has.
    fn of(&self, code: CurrencyCode) -> (String, String) {
        self.0.get(&code).cloned().unwrap_or_default()
    }

    fn token(&self, code: CurrencyCode) -> String {
        self.of(code).0
    }
}

/// What became of the rows handed to [`Cache::refresh_rates`].
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Refreshed {
    /// Cached.
    pub written: Vec<CurrencyCode>,
    /// Not cached, because a newer row was cached already.
    pub outdated: Vec<CurrencyCode>,
    /// Not cached, because Redis lost its fence or an operator cleared in between: take a lease and read again.
    pub lost: Vec<CurrencyCode>,
}

/// What is known of one currency from its entry alone.
#[derive(Debug, Clone, PartialEq)]
pub enum CachedRate {
    /// It has this rate.
    Row(Box<ExchangeRateUpdated>),
    /// The store had no rate for it when a reader looked, and nothing was stored since.
    Absent,
    /// Nothing: look into the store.
    Unknown,
}

/// The field of an entry that says that the store has no row.
const ABSENT: &str = "absent";

impl Cache {
    /// The entries of `codes`, in one round trip and in their order.
    ///
    /// # Errors
    /// [`CacheError`] when Redis cannot be asked or an entry cannot be read.
    pub async fn cached_rates(&self, codes: &[CurrencyCode]) -> Result<Vec<CachedRate>, CacheError> {
        let read = |(code, hash): (&CurrencyCode, Option<BTreeMap<String, String>>)| match hash {
            None => Ok(CachedRate::Unknown),
            Some(hash) if hash.contains_key(ABSENT) => Ok(CachedRate::Absent),
            Some(hash) => row(&hash)
                .map(|row| CachedRate::Row(Box::new(row)))
                .map_err(|error| CacheError::Entry {
                    key: key::rate(*code),
                    source: error.into(),
                }),
        };
        codes.iter().zip(self.rates(codes).await?).map(read).collect()
    }

    /// What a reader does after misses: caches `rows`, and for the codes of `absent` that the store has none, all unless a clear or a write came since
    /// its leases. One round trip.
    ///
    /// # Errors
    /// [`CacheError`] when Redis cannot be asked.
    pub async fn put_rates(
        &self,
        leases: &RateLeases,
        rows: &[ExchangeRateUpdated],
        absent: &[CurrencyCode],
    ) -> Result<(), CacheError> {
        let call = |code: CurrencyCode, fields: Vec<String>| {
            let mut arguments = vec![leases.token(code), ttl::RATE.as_secs().to_string()];
            arguments.extend(fields);
            ScriptCall {
                keys: vec![key::rate(code), key::rate_fence(code)],
                arguments,
            }
        };
        let present = rows.iter().map(|row| call(row.currency_code, fields(row).to_vec()));
        let missing = absent
            .iter()
            .map(|code| call(*code, vec![ABSENT.to_owned(), "1".to_owned()]));
        let calls: Vec<_> = present.chain(missing).collect();
        self.scripts(&script::PUT_HASH_IF, &calls).await.map(drop)
    }

    /// Tokens for `codes`, in one round trip.
    ///
    /// # Errors
    /// [`CacheError`] when Redis cannot be asked.
    pub async fn lease_rates(&self, codes: &[CurrencyCode]) -> Result<RateLeases, CacheError> {
        let fence_ttl = ttl::FENCE.as_secs().to_string();
        let calls: Vec<_> = codes
            .iter()
            .map(|code| ScriptCall {
                keys: vec![key::rate_fence(*code)],
                arguments: vec![new_token(), fence_ttl.clone()],
            })
            .collect();
        let tokens = self.scripts(&script::LEASE, &calls).await?;
        let pairs = codes.iter().zip(tokens).map(|(code, token)| Ok((*code, lease(token)?)));
        pairs.collect::<Result<_, CacheError>>().map(RateLeases)
    }

    /// Clears and fills the entries of `rows` in one step for readers, unless a newer row is there. All in one round trip.
    ///
    /// `leases` must have been taken before the rows were read from the store.
    ///
    /// # Errors
    /// [`CacheError`] when Redis cannot be asked.
    pub async fn refresh_rates(
        &self,
        leases: &RateLeases,
        rows: &[ExchangeRateUpdated],
    ) -> Result<Refreshed, CacheError> {
        let (entry_ttl, fence_ttl) = (ttl::RATE.as_secs().to_string(), ttl::FENCE.as_secs().to_string());
        let calls: Vec<_> = rows
            .iter()
            .map(|row| {
                let (lease, cleared) = leases.of(row.currency_code);
                let (entry_ttl, fence_ttl) = (entry_ttl.clone(), fence_ttl.clone());
                let mut arguments = vec![lease, row.version(), entry_ttl, fence_ttl, new_token(), cleared];
                arguments.extend(fields(row));
                ScriptCall {
                    keys: vec![key::rate(row.currency_code), key::rate_fence(row.currency_code)],
                    arguments,
                }
            })
            .collect();
        let mut refreshed = Refreshed::default();
        for (row, answer) in rows.iter().zip(self.scripts(&script::REFRESH, &calls).await?) {
            let outcome = match number(answer)? {
                1 => &mut refreshed.written,
                0 => &mut refreshed.outdated,
                _ => &mut refreshed.lost,
            };
            outcome.push(row.currency_code);
        }
        Ok(refreshed)
    }

    /// Removes the entries of `codes`, which had no row when the store was read under `leases`, unless somebody cached a row since.
    ///
    /// # Errors
    /// [`CacheError`] when Redis cannot be asked.
    pub async fn drop_rates(&self, leases: &RateLeases, codes: &[CurrencyCode]) -> Result<(), CacheError> {
        let fence_ttl = ttl::FENCE.as_secs().to_string();
        let calls: Vec<_> = codes
            .iter()
            .map(|code| {
                let lease = leases.token(*code);
                ScriptCall {
                    keys: vec![key::rate(*code), key::rate_fence(*code)],
                    arguments: vec![lease, new_token(), fence_ttl.clone()],
                }
            })
            .collect();
        self.scripts(&script::DROP_IF, &calls).await.map(drop)
    }

    /// What a reader does after a miss: caches `row` if neither a clear nor a newer row came since its lease. Answers whether it is cached.
    ///
    /// # Errors
    /// [`CacheError`] when Redis cannot be asked.
    pub async fn put_rate(&self, leases: &RateLeases, row: &ExchangeRateUpdated) -> Result<bool, CacheError> {
        let lease = leases.token(row.currency_code);
        let mut arguments = vec![lease, ttl::RATE.as_secs().to_string()];
        arguments.extend(fields(row));
        let keys = vec![key::rate(row.currency_code), key::rate_fence(row.currency_code)];
        let answer = self
            .scripts(&script::PUT_HASH_IF, &[ScriptCall { keys, arguments }])
            .await?
            .pop()
            .unwrap_or(Value::Int(0));
        Ok(number(answer)? == 1)
    }

    /// Removes the entries of `codes`, makes what readers and writers are computing for them worthless, and forgets which row was the newest ever cached,
    /// so that what the store has next is cached whatever it is. Answers how many entries there were.
    ///
    /// # Errors
    /// [`CacheError`] when Redis cannot be asked.
    pub async fn clear_rates(&self, codes: &[CurrencyCode]) -> Result<u64, CacheError> {
        let fence_ttl = ttl::FENCE.as_secs().to_string();
        let calls: Vec<_> = codes
            .iter()
            .map(|code| ScriptCall {
                keys: vec![key::rate_fence(*code), key::rate(*code)],
                arguments: vec![new_token(), fence_ttl.clone()],
            })
            .collect();
        let answers = self.scripts(&script::FORGET, &calls).await?;
        answers
            .into_iter()
            .try_fold(0, |sum, answer| Ok(sum + number(answer)?.unsigned_abs()))
    }

    /// Does to `codes` what [`Cache::clear_rates`] does, but leaves the entries for the refresh that follows, so that no reader misses one in between.
    ///
    /// # Errors
    /// [`CacheError`] when Redis cannot be asked.
    pub async fn forget_newest(&self, codes: &[CurrencyCode]) -> Result<(), CacheError> {
        let fence_ttl = ttl::FENCE.as_secs().to_string();
        let calls: Vec<_> = codes
            .iter()
            .map(|code| ScriptCall {
                keys: vec![key::rate_fence(*code)],
                arguments: vec![new_token(), fence_ttl.clone()],
            })
            .collect();
        self.scripts(&script::FORGET, &calls).await.map(drop)
    }

    /// The cached hashes of `codes`, in one round trip; `None` for each that is not cached.
    ///
    /// # Errors
    /// [`CacheError`] when Redis cannot be asked.
    pub async fn rates(&self, codes: &[CurrencyCode]) -> Result<Vec<Option<BTreeMap<String, String>>>, CacheError> {
        let commands: Vec<_> = codes
            .iter()
            .map(|code| redis::cmd("HGETALL").arg(key::rate(*code)).to_owned())
            .collect();
        let answers = self.connection.run(&commands).await?;
        let read = |answer| -> Result<_, CacheError> {
            let hash: BTreeMap<String, String> = from_redis_value(answer).map_err(redis::RedisError::from)?;
            Ok((!hash.is_empty()).then_some(hash))
        };
        answers.into_iter().map(read).collect()
    }
}
