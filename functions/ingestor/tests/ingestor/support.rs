//! What a test needs: providers on loopback, a Redis database of its own, and the events of its runs.

pub mod http;
mod kafka;
pub mod logs;
pub mod queue;

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Utc};
use ingestor::summary::{Outcome, ProviderReport, Summary};
use ingestor::{Config, Ingestor, Request};
use serde_json::Value;
use shared::event::Topic;
use shared::held::HeldRate;
use tests::queue::Queue;
use tests::{own_redis_database, server};
use uuid::Uuid;

use self::http::Server;
pub use self::kafka::Published;

/// Half an hour past midnight in Korea, three hours after the ECB set its rates of the fixtures.
pub fn now() -> DateTime<Utc> {
    "2026-10-30T16:30:00Z".parse().unwrap()
}

pub const ECB: &str = "/ecb";
pub const EXCHANGERATE_API: &str = "/v6/latest/USD";
pub const KOREAEXIM: &str = "/exim";

pub fn fixture(name: &str) -> String {
    let path = format!("{}/../../tests/fixtures/providers/{name}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

pub fn ecb() -> String {
    fixture("ecb-2026-10-30.xml")
}

pub fn koreaexim() -> String {
    fixture("koreaexim-20261030.json")
}

pub fn exchangerate_api() -> String {
    fixture("exchangerate-api-open.json")
}

pub struct Stack {
    pub http: Server,
    pub redis_url: String,
    pub backup: Queue,
    kafka: kafka::Reader,
}

impl Stack {
    pub async fn start() -> Self {
        logs::keep();
        let redis_url = own_redis_database(&server("HWANYUL_TEST_REDIS")).await;
        let kafka = kafka::Reader::start(server("HWANYUL_TEST_KAFKA")).await;
        let backup = Queue::fifo().await;
        let http = Server::start().await;
        http.answer(ECB, [http::Reply::xml(ecb())]);
        http.answer(KOREAEXIM, [http::Reply::json(koreaexim())]);
        http.answer(EXCHANGERATE_API, [http::Reply::json(exchangerate_api())]);
        Self {
            http,
            redis_url,
            backup,
            kafka,
        }
    }

    /// Settings of a private chain ECB, Korea Eximbank, changed by `changes`.
    pub fn config(&self, changes: &[(&str, &str)]) -> Config {
        let mut settings: HashMap<String, String> = HashMap::from([
            ("PROVIDERS", "ecb,koreaexim".to_owned()),
            ("PUBLICATION", "private".to_owned()),
            (
                "PROVIDER_URLS",
                format!(
                    "ecb={url}{ECB},exchangerate_api={url},koreaexim={url}{KOREAEXIM}",
                    url = self.http.url
                ),
            ),
            ("KOREAEXIM_API_KEY", "secret-key".to_owned()),
            ("PROVIDER_TIMEOUT_MS", "2000".to_owned()),
            ("PROVIDER_ATTEMPTS", "2".to_owned()),
            ("KAFKA_BOOTSTRAP_SERVERS", self.kafka.bootstrap_servers.clone()),
            ("REDIS_URL", self.redis_url.clone()),
            ("BACKUP_QUEUE_URL", self.backup.url.clone()),
        ])
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect();
        settings.extend(
            changes
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned())),
        );
        Config::read(&|name| settings.get(name).cloned()).unwrap()
    }

    pub fn ingestor(&self, changes: &[(&str, &str)]) -> Ingestor {
        Ingestor::new(self.config(changes))
    }

    /// The events of one run, of each topic and partition in order.
    pub async fn events(&self, correlation_id: Uuid) -> Vec<Published> {
        let events = self.kafka.since_start().await;
        events
            .into_iter()
            .filter(|event| event.header("correlation-id") == Some(&correlation_id.to_string()))
            .collect()
    }

    /// The events of all runs that began on the day of `now`. Tests share the topics, so a test that asks this runs on a day of its own.
    pub async fn events_of_day(&self, now: DateTime<Utc>) -> Vec<Published> {
        let day = now.date_naive().to_string();
        let events = self.kafka.since_start().await;
        events
            .into_iter()
            .filter(|event| event.header("ce_time").is_some_and(|time| time.starts_with(&day)))
            .collect()
    }

    /// The rates that are remembered as published by a source.
    pub async fn remembered(&self, source: &str) -> BTreeMap<String, String> {
        let mut fields = self.hash(&format!("published:{source}")).await;
        // What the run was dated is remembered before anything is published.
        fields.remove("clock");
        fields
    }

    /// The same Redis for a user who may read and remove, but run no script, which is how things are written.
    pub async fn redis_that_writes_nothing(&self) -> String {
        let mut connection = connect(&self.redis_url).await;
        let user = format!("u{}", Uuid::new_v4().simple());
        redis::cmd("ACL")
            .arg(&["SETUSER", &user, "on", ">secret", "~*", "+@all", "-@scripting"])
            .exec_async(&mut connection)
            .await
            .unwrap();
        self.redis_url.replace("redis://", &format!("redis://{user}:secret@"))
    }

    /// What is held back of a source, by currency.
    pub async fn held(&self, source: &str) -> BTreeMap<String, Vec<HeldRate>> {
        let fields = self.hash(&format!("held:{source}")).await;
        let read = |(code, text): (String, String)| (code, serde_json::from_str(&text).unwrap());
        fields.into_iter().map(read).collect()
    }

    /// Redis loses all that it holds.
    pub async fn forget(&self) {
        let mut connection = connect(&self.redis_url).await;
        redis::cmd("FLUSHDB").exec_async(&mut connection).await.unwrap();
    }

    pub async fn put_hash(&self, key: &str, fields: &BTreeMap<String, String>) {
        let mut connection = connect(&self.redis_url).await;
        let fields: Vec<_> = fields.iter().collect();
        redis::cmd("HSET")
            .arg(key)
            .arg(&fields)
            .exec_async(&mut connection)
            .await
            .unwrap();
    }

    pub async fn hash(&self, key: &str) -> BTreeMap<String, String> {
        let mut connection = connect(&self.redis_url).await;
        redis::cmd("HGETALL")
            .arg(key)
            .query_async(&mut connection)
            .await
            .unwrap()
    }
}

async fn connect(url: &str) -> redis::aio::MultiplexedConnection {
    let client = redis::Client::open(url).unwrap();
    client.get_multiplexed_async_connection().await.unwrap()
}

/// An address nobody listens on.
pub async fn closed_port() -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    listener.local_addr().unwrap().to_string()
}

pub fn report<'a>(summary: &'a Summary, provider: &str) -> &'a ProviderReport {
    summary
        .providers
        .iter()
        .find(|report| report.provider.as_str() == provider)
        .unwrap()
}

/// Asserts that `provider` failed with `error` in its text after `attempts` requests.
pub fn assert_failed(summary: &Summary, provider: &str, error: &str, attempts: u32) {
    let report = report(summary, provider);
    assert_eq!(report.outcome, Outcome::Failed, "{report:?}");
    assert!(report.error.as_deref().unwrap().contains(error), "{report:?}");
    assert_eq!(report.attempts, attempts, "{report:?}");
}

/// Asserts that the run's rates are those of `source`, all of them published, and answers with the payloads by currency.
pub async fn assert_published(stack: &Stack, summary: &Summary, source: &str) -> BTreeMap<String, Value> {
    assert_eq!(summary.source.unwrap().as_str(), source);
    let rates = report(summary, source).rates;
    let events = stack.events(summary.correlation_id).await;
    let of = |topic: Topic| events.iter().filter(|event| event.topic == topic.name()).count();
    assert_eq!((of(Topic::NewDataReceived), of(Topic::DataProcessingCompleted)), (1, 1));
    assert_eq!(
        (of(Topic::ExchangeRateUpdated), of(Topic::CacheInvalidation)),
        (rates, 1)
    );
    let updates = events
        .iter()
        .filter(|event| event.topic == Topic::ExchangeRateUpdated.name());
    let payloads: BTreeMap<String, Value> = updates.map(|event| (event.key.clone(), event.json())).collect();
    assert!(payloads.values().all(|payload| payload["source"] == source));
    // One that quotes against the won has printed nothing but the rate itself.
    let is_quoted = source != "koreaexim";
    let has_quotation = |payload: &Value| payload.get("quotation").is_some_and(Value::is_number);
    assert!(payloads.values().all(|payload| has_quotation(payload) == is_quoted));
    payloads
}

pub const FORCE: Request = Request {
    provider: None,
    force: true,
    release: Vec::new(),
    check: false,
};
