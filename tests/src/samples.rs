//! What every function needs to answer its sample event of `tests/events`: servers, a feed, and the environment that points to them.

use std::collections::BTreeMap;

use localstack::feed::{Feed, FeedOptions};
use shared::config::{KafkaConfig, KafkaSecurity};
use shared::kafka::Topics;

use crate::checkout::project;
use crate::queue::Queue;
use crate::{Services, server};

/// Servers and settings for any function, run by itself.
pub struct Samples {
    /// Stores, caches and dead letters.
    pub services: Services,
    /// The environment of any function.
    pub environment: BTreeMap<String, String>,
    _feed: Feed,
}

impl Samples {
    /// Topics and tables made, nothing in them.
    ///
    /// # Panics
    /// When a server does not answer.
    pub async fn start() -> Self {
        let services = Services::start().await;
        let kafka = KafkaConfig {
            bootstrap_servers: server("HWANYUL_TEST_KAFKA"),
            security: KafkaSecurity::Plaintext,
        };
        Topics::new(kafka.clone()).ensure(1).await.unwrap();
        let archive = project().join("tests/fixtures/ecb-eurofxref-hist.zip");
        let feed = Feed::start(FeedOptions {
            archive,
            port: 0,
            days: 0,
            step_seconds: 3600,
        })
        .await
        .unwrap();
        let mut environment = services.environment.clone();
        let database = uuid::Uuid::new_v4().simple();
        for (name, value) in [
            ("BACKUP_QUEUE_URL", Queue::fifo().await.url),
            ("KAFKA_BOOTSTRAP_SERVERS", kafka.bootstrap_servers),
            ("KAFKA_REPLICATION", "1".to_owned()),
            (
                "MONGODB_URI",
                format!("{}/samples_{database}", server("HWANYUL_TEST_MONGODB")),
            ),
            ("PROVIDER_URLS", feed.provider_urls()),
            (
                "ECB_HISTORY_URL",
                format!("{}/stats/eurofxref/eurofxref-hist.zip", feed.url()),
            ),
        ] {
            environment.insert(name.to_owned(), value);
        }
        Self {
            services,
            environment,
            _feed: feed,
        }
    }
}

/// The sample event of a function: its own, or its topic's.
///
/// # Panics
/// When there is none.
#[must_use]
pub fn event(function: &str) -> String {
    std::fs::read_to_string(project().join(event_file(function))).unwrap()
}

/// The file of [`event`], as it is named from the checkout.
///
/// # Panics
/// When there is none.
#[must_use]
pub fn event_file(function: &str) -> String {
    let topic = function.split_once('-').map_or("", |(_, topic)| topic);
    let files = [function, topic].map(|name| format!("tests/events/{name}.json"));
    let found = files.into_iter().find(|file| project().join(file).exists());
    found.unwrap_or_else(|| panic!("no sample event for {function}"))
}
