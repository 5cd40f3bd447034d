//! The services Currency and History on stores of one test's own.

use std::collections::BTreeMap;

use aws_sdk_sqs::Client as Sqs;
use chrono::{DateTime, NaiveDate, Utc};
use currency::Currency;
use history::History;
use rust_decimal::Decimal;
use shared::cache::Cache;
use shared::config::RedisConfig;
use shared::currency::CurrencyCode;
use shared::dead_letter::{DeadLetter, DeadLetterPart, DeadLetters};
use sqlx::{PgPool, Row};
use uuid::Uuid;

use crate::own_stores::{own_database, own_redis_database};
use crate::queue::Queue;
use crate::{received, server};

/// A database, a Redis database and a dead-letter queue of one test's own, and the services on them.
pub struct Services {
    /// The Currency service.
    pub currency: Currency,
    /// The History service.
    pub history: History,
    /// Their caches.
    pub cache: Cache,
    /// Their store.
    pub store: PgPool,
    /// The same Redis database, for a test's own commands.
    pub redis: redis::aio::MultiplexedConnection,
    /// Their dead letters.
    pub dead_letters: DeadLetters,
    /// SQS.
    pub sqs: Sqs,
    /// The queue of the dead letters.
    pub queue_url: String,
    /// Environment variables as a function would see them.
    pub environment: BTreeMap<String, String>,
}

impl Services {
    /// Services with the tables made and nothing in it.
    pub async fn start() -> Self {
        let redis_url = own_redis_database(&server("HWANYUL_TEST_REDIS")).await;
        let database_url = own_database(&server("HWANYUL_TEST_DATABASE")).await;
        let Queue {
            url: queue_url,
            client: sqs,
        } = Queue::standard().await;
        let environment: BTreeMap<String, String> = [
            ("DATABASE_URL", database_url),
            ("REDIS_URL", redis_url.clone()),
            ("DEAD_LETTER_QUEUE_URL", queue_url.clone()),
            ("AWS_LAMBDA_FUNCTION_NAME", "the-test".to_owned()),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into();
        let get = |name: &str| environment.get(name).cloned();
        let store = shared::store::pool(&get).unwrap();
        operations::migrations::apply(&store).await.unwrap();
        let cache = Cache::new(RedisConfig::read(&get).unwrap());
        Self {
            currency: Currency::new(store.clone(), cache.clone()),
            history: History::new(store.clone(), cache.clone()),
            dead_letters: DeadLetters::read(&get).unwrap(),
            redis: redis::Client::open(redis_url)
                .unwrap()
                .get_multiplexed_async_connection()
                .await
                .unwrap(),
            cache,
            store,
            sqs,
            queue_url,
            environment,
        }
    }

    /// Empties stores and caches.
    pub async fn empty(&self) {
        sqlx::query("TRUNCATE currency.current_rate, history.rate, history.daily_rate")
            .execute(&self.store)
            .await
            .unwrap();
        redis::cmd("FLUSHDB").exec_async(&mut self.redis.clone()).await.unwrap();
    }

    /// `currency.current_rate`, by currency, each row as the payload it came from.
    pub async fn current_rates(&self) -> BTreeMap<String, String> {
        let query = "SELECT currency_code, concat_ws('|', currency_name, trim_scale(deal_base_rate), trim_scale(tts), trim_scale(ttb),
                     trim_scale(quotation), source,
                     to_char(recorded_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US'), to_char(updated_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US'))
                     FROM currency.current_rate";
        let rows = sqlx::query(query).fetch_all(&self.store).await.unwrap();
        rows.iter().map(|row| (row.get(0), row.get(1))).collect()
    }

    /// `history.rate`, by currency, source and instant: the rate, tts and quotation, and `updated_at`.
    pub async fn observations(
        &self,
    ) -> BTreeMap<(String, String, DateTime<Utc>), (Decimal, [Option<Decimal>; 2], DateTime<Utc>)> {
        let query =
            "SELECT currency_code, source, recorded_at, deal_base_rate, tts, quotation, updated_at FROM history.rate";
        let rows = sqlx::query(query).fetch_all(&self.store).await.unwrap();
        rows.iter()
            .map(|row| {
                (
                    (row.get(0), row.get(1), row.get(2)),
                    (row.get(3), [row.get(4), row.get(5)], row.get(6)),
                )
            })
            .collect()
    }

    /// `history.daily_rate`: open, high, low, close and the close's quotation by currency, source and day.
    pub async fn days(&self) -> BTreeMap<(String, String, NaiveDate), ([Decimal; 4], Option<Decimal>)> {
        let query = "SELECT currency_code, source, day, open, high, low, close, quotation FROM history.daily_rate";
        let rows = sqlx::query(query).fetch_all(&self.store).await.unwrap();
        rows.iter()
            .map(|row| {
                (
                    (row.get(0), row.get(1), row.get(2)),
                    ([row.get(3), row.get(4), row.get(5), row.get(6)], row.get(7)),
                )
            })
            .collect()
    }

    /// The cached `rate:{code}` of each of `codes` that is cached.
    pub async fn cached_rates(&self, codes: &[CurrencyCode]) -> BTreeMap<String, BTreeMap<String, String>> {
        let hashes = self.cache.rates(codes).await.unwrap();
        codes
            .iter()
            .zip(hashes)
            .filter_map(|(code, hash)| Some((code.to_string(), hash?)))
            .collect()
    }

    /// All dead letters so far, each put together from its messages; they stay hidden from a second call.
    pub async fn dead_letters(&self) -> Vec<DeadLetter> {
        let mut dead_letters: BTreeMap<Uuid, Vec<DeadLetterPart>> = BTreeMap::new();
        for body in received(&self.sqs, &self.queue_url, 3600).await {
            let message = DeadLetterPart::parse(&body).unwrap();
            dead_letters.entry(message.id).or_default().push(message);
        }
        dead_letters
            .into_values()
            .map(|messages| DeadLetter::join(messages).unwrap())
            .collect()
    }
}
