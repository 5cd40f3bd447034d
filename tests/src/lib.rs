//! What the flow tests stand on: the real servers that `./tests/run` starts, and a corner of each that belongs to one test.

pub mod api;
pub mod archive;
pub mod asyncapi;
pub mod contract;
pub mod docker;
pub mod documents;
pub mod ecb;
pub mod faults;
pub mod fuzz;
pub mod openapi;
pub mod pipeline;
pub mod receiver;
pub mod rie;
pub mod rotation;
pub mod sam;
pub mod samples;
pub mod secrets;
pub mod secured;
pub mod services;

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
use shared::event::ExchangeRateUpdated;
use sqlx::{AssertSqlSafe, PgPool, Row};
use uuid::Uuid;

/// The value of a variable that `./tests/run` sets.
#[must_use]
pub fn server(name: &str) -> String {
    std::env::var(name)
        .unwrap_or_else(|_| panic!("{name} is not set: these tests need real servers, run them with ./tests/run"))
}

/// A program that `./localstack/install` put into the cache.
///
/// # Panics
/// When it is not there.
#[must_use]
pub fn tool(path: &str) -> std::path::PathBuf {
    let cache = std::env::var("HWANYUL_CACHE")
        .map(std::path::PathBuf::from)
        .unwrap_or_else(|_| {
            let base = std::env::var("XDG_CACHE_HOME").map(std::path::PathBuf::from);
            base.unwrap_or_else(|_| std::path::PathBuf::from(std::env::var("HOME").unwrap()).join(".cache"))
                .join("hwanyul")
        });
    let program = cache.join(path);
    assert!(
        program.exists(),
        "{} is missing: run ./localstack/install all",
        program.display()
    );
    program
}

/// A database, a Redis database and a dead-letter queue of one test's own, and the services on them.
pub struct Stack {
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

impl Stack {
    /// A stack with the tables made and nothing in it.
    pub async fn start() -> Self {
        let redis_url = own_redis_database(&server("HWANYUL_TEST_REDIS")).await;
        let database_url = own_database(&server("HWANYUL_TEST_DATABASE")).await;
        let sqs = Sqs::new(&aws_config::load_from_env().await);
        let queue = sqs
            .create_queue()
            .queue_name(format!("dead-letters-{}", Uuid::new_v4().simple()))
            .send()
            .await
            .unwrap();
        let queue_url = queue.queue_url().unwrap().to_owned();
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

/// The bodies of all messages that are visible, which stay hidden for so many seconds.
pub async fn received(sqs: &Sqs, queue_url: &str, hidden_seconds: i32) -> Vec<String> {
    let mut bodies = Vec::new();
    loop {
        let request = sqs.receive_message().queue_url(queue_url).max_number_of_messages(10);
        let answer = request.visibility_timeout(hidden_seconds).send().await.unwrap();
        if answer.messages().is_empty() {
            return bodies;
        }
        bodies.extend(
            answer
                .messages()
                .iter()
                .map(|message| message.body().unwrap().to_owned()),
        );
    }
}

/// A Redis database that no other test uses, empty.
pub async fn own_redis_database(url: &str) -> String {
    let mut connection = redis::Client::open(url)
        .unwrap()
        .get_multiplexed_async_connection()
        .await
        .unwrap();
    let taken: u64 = redis::cmd("INCR")
        .arg("databases-taken")
        .query_async(&mut connection)
        .await
        .unwrap();
    let own = format!("{}/{}", url.trim_end_matches('/'), 1 + taken % 1000);
    let mut connection = redis::Client::open(own.as_str())
        .unwrap()
        .get_multiplexed_async_connection()
        .await
        .unwrap();
    redis::cmd("FLUSHDB").exec_async(&mut connection).await.unwrap();
    own
}

/// A PostgreSQL database that no other test uses, empty.
pub async fn own_database(url: &str) -> String {
    let name = format!("test_{}", Uuid::new_v4().simple());
    let pool = PgPool::connect(url).await.unwrap();
    sqlx::query(AssertSqlSafe(format!("CREATE DATABASE {name}")))
        .execute(&pool)
        .await
        .unwrap();
    pool.close().await;
    format!("{}/{name}", url.rsplit_once('/').unwrap().0)
}

/// The currencies that have rates today: neither the one that rates are told in nor one that was withdrawn.
#[must_use]
pub fn in_use() -> Vec<CurrencyCode> {
    let is_in_use = |code: &CurrencyCode| *code != CurrencyCode::KRW && code.currency().last_day.is_none();
    CurrencyCode::all().filter(is_in_use).collect()
}

/// A rate of these values, without a quotation, as builds before it published them.
#[must_use]
pub fn rate(
    code: &str,
    source: &str,
    recorded_at: &str,
    updated_at: &str,
    deal_base_rate: &str,
) -> ExchangeRateUpdated {
    let code: CurrencyCode = code.parse().unwrap();
    ExchangeRateUpdated {
        currency_code: code,
        currency_name: code.currency().korean.to_owned(),
        deal_base_rate: deal_base_rate.parse().unwrap(),
        tts: None,
        ttb: None,
        quotation: None,
        source: source.to_owned(),
        recorded_at: recorded_at.parse().unwrap(),
        updated_at: updated_at.parse().unwrap(),
    }
}

/// Lambda's event for these values of one partition, from offset 100 on; a value without base64 of its own is encoded.
#[must_use]
pub fn kafka_event(topic: &str, values: &[RawRecord<'_>]) -> String {
    let records: Vec<String> = values
        .iter()
        .zip(100..)
        .map(|(value, offset)| value.json(topic, offset))
        .collect();
    format!(
        r#"{{"eventSource":"aws:kafka","bootstrapServers":"b:9098","records":{{"{topic}-0":[{}]}}}}"#,
        records.join(",")
    )
}

/// One record of an event made by hand.
pub enum RawRecord<'a> {
    /// This value, base64 encoded.
    Value(&'a [u8]),
    /// This text where base64 should be.
    Text(&'a str),
    /// No value.
    Tombstone,
    /// This value, and headers as JSON.
    WithHeaders(&'a [u8], &'a str),
}

impl RawRecord<'_> {
    fn json(&self, topic: &str, offset: i64) -> String {
        let (value, headers) = match self {
            Self::Value(value) => (format!("\"{}\"", base64_simd::STANDARD.encode_to_string(value)), "[]"),
            Self::Text(text) => (serde_json::to_string(text).unwrap(), "[]"),
            Self::Tombstone => ("null".to_owned(), "[]"),
            Self::WithHeaders(value, headers) => (
                format!("\"{}\"", base64_simd::STANDARD.encode_to_string(value)),
                *headers,
            ),
        };
        format!(
            r#"{{"topic":"{topic}","partition":0,"offset":{offset},"timestamp":1761829200000,"timestampType":"CREATE_TIME","key":"VVNE","value":{value},"headers":{headers}}}"#
        )
    }
}
