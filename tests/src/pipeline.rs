//! The whole flow, from the template: a feed, Kafka, Redis, PostgreSQL and MongoDB of one test's own (so that it may kill them), and the functions' real
//! bootstraps behind the emulator.

mod start;
mod stores;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use bytes::Bytes;
use emulator::{Emulator, PartialResponse, QueueMappingStatus, Status};
use localstack::feed::Feed;
use serde_json::Value;
use servers::{Kafka, Mongo, Postgres, Redis};
use sqlx::PgPool;

use crate::proxy::Proxy;
use crate::secured::{Secured, assert_no_secret};

/// Servers, feed and emulator of one test.
pub struct Pipeline {
    /// Kafka.
    pub kafka: Kafka,
    /// Redis.
    pub redis: Redis,
    /// PostgreSQL.
    pub postgres: Postgres,
    /// MongoDB.
    pub mongo: Mongo,
    /// Functions, mappings, schedules and routes.
    pub emulator: Emulator,
    /// The base URL of the template's HTTP API, `http://127.0.0.1:PORT`.
    pub api: String,
    /// The tables.
    pub store: PgPool,
    /// The ways to the servers, when they lead through proxies.
    pub proxies: Option<Proxies>,
    /// What must be in no log and in no answer.
    pub secrets: Vec<String>,
    answers: Mutex<Vec<String>>,
    /// The ARN of each secret that the functions have, by its parameter.
    pub secret_arns: BTreeMap<String, String>,
    /// The URL of each of the template's queues, by its logical id.
    pub queue_urls: BTreeMap<String, String>,
    directory: PathBuf,
    _feed: Feed,
}

/// What a pipeline is started with, beside the template's parameters.
#[derive(Default)]
pub struct Setup<'a> {
    /// Users, passwords and certificates of the servers; without them whoever connects is let in.
    pub secured: Option<&'a Secured>,
    /// Variables of every function's environment, beside the template's.
    pub function_env: Vec<(String, String)>,
    /// Whether functions and mappings reach Kafka, Redis, PostgreSQL and SQS through proxies.
    pub is_proxied: bool,
    /// How mappings read a partial batch response; as the environment says without it.
    pub partial_response: Option<PartialResponse>,
}

/// One way to each server that functions use.
pub struct Proxies {
    /// To the broker.
    pub kafka: Proxy,
    /// To Redis.
    pub redis: Proxy,
    /// To PostgreSQL.
    pub postgres: Proxy,
    /// To SQS.
    pub sqs: Proxy,
}

impl Pipeline {
    /// Everything up, deployed and listening; the ingestor is only run by [`Pipeline::invoke`]. `parameters` go before the usual ones.
    ///
    /// # Panics
    /// When anything does not start.
    pub async fn start(parameters: &[(&str, &str)]) -> Self {
        Self::start_with(parameters, Setup::default()).await
    }

    /// The same, on secured servers where `secured` is given: the functions have nothing but their settings to get in.
    ///
    /// # Panics
    /// When anything does not start.
    pub async fn start_on(secured: Option<&Secured>, parameters: &[(&str, &str)]) -> Self {
        let setup = Setup {
            secured,
            ..Setup::default()
        };
        Self::start_with(parameters, setup).await
    }

    /// Invokes a function and answers its payload, or its error.
    ///
    /// # Errors
    /// What the function answered instead.
    ///
    /// # Panics
    /// When the function does not exist.
    pub async fn invoke(&self, function: &str, payload: Value) -> Result<Value, String> {
        let invocation = self
            .emulator
            .invoke(function, Bytes::from(payload.to_string()))
            .await
            .unwrap();
        self.answers
            .lock()
            .unwrap()
            .push(String::from_utf8_lossy(&invocation.payload).into_owned());
        let answer = serde_json::from_slice(&invocation.payload).unwrap_or(Value::Null);
        match invocation.function_error {
            None => Ok(answer),
            Some(_) => Err(answer.to_string()),
        }
    }

    /// Publishes a span of the history, resuming as often as it takes. Answers how many events were published.
    ///
    /// # Panics
    /// When the backfill fails for good.
    pub async fn backfill(&self, from: &str, to: &str) -> u64 {
        let report = self
            .invoke("operations-backfill", serde_json::json!({"from": from, "to": to}))
            .await
            .unwrap();
        assert_eq!(report["done"], true, "{report}");
        report["events"].as_u64().unwrap()
    }

    /// Waits until the backup queue is empty and every consumer group has read its topic to the end. A test that never gets there fails with the status.
    ///
    /// # Panics
    /// After five minutes.
    pub async fn caught_up(&self) -> Status {
        let started = Instant::now();
        loop {
            let status = self.emulator.status().await;
            let is_empty = |mapping: &QueueMappingStatus| (mapping.visible, mapping.hidden) == (Some(0), Some(0));
            if status.mappings.len() == 8
                && status.queue_mappings.iter().all(is_empty)
                && status.mappings.iter().all(|mapping| mapping.lag == Some(0))
            {
                return status;
            }
            assert!(started.elapsed() < Duration::from_secs(300), "still behind: {status:?}");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// The lines that a function has logged.
    #[must_use]
    pub fn log(&self, function: &str) -> Vec<Value> {
        let text =
            std::fs::read_to_string(self.directory.join("logs").join(format!("{function}.log"))).unwrap_or_default();
        text.lines()
            .filter_map(|line| serde_json::from_str(line).ok())
            .collect()
    }

    /// Ends everything, looks for secrets in all that was logged and answered, and removes the folder.
    ///
    /// # Panics
    /// When a server does not end, or a secret was written.
    pub async fn stop(self) {
        self.store.close().await;
        self.emulator.shutdown().await;
        self.kafka.stop().await.unwrap();
        self.redis.stop().await.unwrap();
        self.postgres.stop().await.unwrap();
        self.mongo.stop().await.unwrap();
        assert_no_secret(&self.directory, &self.answers.into_inner().unwrap(), &self.secrets);
        std::fs::remove_dir_all(&self.directory).unwrap();
    }
}
