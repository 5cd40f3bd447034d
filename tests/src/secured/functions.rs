//! The functions' real bootstraps with settings of a test's own, and nothing that feeds them: each is invoked by hand.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use bytes::Bytes;
use emulator::{Deployment, Emulator, EmulatorOptions, KafkaAccess, Template};
use localstack::feed::{Feed, FeedOptions};
use localstack::stack::STACK_NAME;
use serde_json::Value;
use shared::config::{KafkaConfig, KafkaSecurity};
use shared::kafka::Topics;
use uuid::Uuid;

use super::assert_no_secret;
use crate::checkout::{binaries, project};
use crate::secrets::by_secrets;
use crate::{own_database, own_redis_database, server};

/// Settings with which every function works, on the plain servers that `./tests/run` starts.
pub struct Functions {
    parameters: BTreeMap<String, String>,
    directory: PathBuf,
    feed: Feed,
}

/// What came of one invocation.
pub struct Seen {
    /// The payload, or the error.
    pub answer: Result<Value, String>,
    /// What the function logged.
    pub log: String,
}

impl Functions {
    /// With topics and tables, and with nothing in them.
    ///
    /// # Panics
    /// When a server does not answer.
    pub async fn new() -> Self {
        let archive = project().join("tests/fixtures/ecb-eurofxref-hist.zip");
        let feed = FeedOptions {
            archive,
            port: 0,
            days: 0,
            step_seconds: 3600,
        };
        let feed = Feed::start(feed).await.unwrap();
        let database = own_database(&server("HWANYUL_TEST_DATABASE")).await;
        let store = sqlx::PgPool::connect(&database).await.unwrap();
        operations::migrations::apply(&store).await.unwrap();
        store.close().await;
        let kafka = KafkaConfig {
            bootstrap_servers: server("HWANYUL_TEST_KAFKA"),
            security: KafkaSecurity::Plaintext,
        };
        Topics::new(kafka.clone()).ensure(1).await.unwrap();
        let parameters = [
            ("KafkaBootstrapServers", server("HWANYUL_TEST_KAFKA")),
            ("KafkaSecurity", "plaintext".to_owned()),
            ("KafkaReplication", "1".to_owned()),
            ("RedisUrl", own_redis_database(&server("HWANYUL_TEST_REDIS")).await),
            ("DatabaseUrl", database),
            ("MongodbUri", format!("{}/hwanyul", server("HWANYUL_TEST_MONGODB"))),
            // There is no distribution here, and so no key of it.
            ("Console", "false".to_owned()),
            ("ProviderUrls", feed.provider_urls()),
            (
                "EcbHistoryUrl",
                format!("{}/stats/eurofxref/eurofxref-hist.zip", feed.url()),
            ),
            ("LogLevel", "debug".to_owned()),
        ];
        Self {
            parameters: parameters.map(|(name, value)| (name.to_owned(), value)).into(),
            directory: std::env::temp_dir().join(format!("hwanyul-test-{}", Uuid::new_v4().simple())),
            feed,
        }
    }

    /// The settings with other ones in place of some.
    #[must_use]
    pub fn with(&self, changes: &[(&str, String)]) -> BTreeMap<String, String> {
        let mut parameters = self.parameters.clone();
        parameters.extend(changes.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
        parameters
    }

    /// A cold start with these settings, users and passwords in secrets, and one invocation. No password of theirs may stand in the log or in the answer.
    ///
    /// # Panics
    /// When the emulator does not start, or a secret was written.
    pub async fn invoke(&self, parameters: BTreeMap<String, String>, function: &str, event: &str) -> Seen {
        let (parameters, mut secrets) = by_secrets(parameters).await;
        let template = project().join("template.yaml");
        let kafka = KafkaAccess::plaintext(parameters["KafkaBootstrapServers"].clone());
        let mut deployment = Deployment::new(STACK_NAME, parameters);
        let queues = Template::load(&template, &deployment).unwrap().queues;
        // Where nothing listens: what Kafka does not take must not be rescued unseen.
        let queue_urls = queues
            .into_iter()
            .map(|queue| (queue.logical_id, "http://127.0.0.1:1/queue".to_owned()));
        deployment.queue_urls = queue_urls.collect();
        let place = self.directory.join(Uuid::new_v4().simple().to_string());
        let aws_secret = Uuid::new_v4().simple().to_string();
        let function_env = [
            ("AWS_REGION", "us-east-1"),
            ("AWS_ACCESS_KEY_ID", "local"),
            ("AWS_SECRET_ACCESS_KEY", &aws_secret),
            ("AWS_ENDPOINT_URL_SQS", "http://127.0.0.1:1"),
            ("AWS_ENDPOINT_URL_SECRETS_MANAGER", &server("HWANYUL_TEST_SQS")),
            ("AWS_MAX_ATTEMPTS", "1"),
        ];
        secrets.push(aws_secret.clone());
        let function_env = function_env.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let emulator = Emulator::start(EmulatorOptions {
            deployment,
            function_env: function_env.into(),
            ..EmulatorOptions::new(template, binaries(), kafka, place.join("logs"))
        })
        .await
        .unwrap();
        let invocation = emulator.invoke(function, Bytes::from(event.to_owned())).await.unwrap();
        emulator.shutdown().await;
        let text = String::from_utf8_lossy(&invocation.payload).into_owned();
        let log = fs::read_to_string(place.join("logs").join(format!("{function}.log"))).unwrap_or_default();
        assert_no_secret(&place, std::slice::from_ref(&text), &secrets);
        assert!(
            !text.contains("timed out after"),
            "{function} ran into its timeout: {log}"
        );
        Seen {
            answer: match invocation.function_error {
                None => Ok(serde_json::from_str(&text).unwrap_or(Value::Null)),
                Some(_) => Err(text),
            },
            log,
        }
    }

    /// Ends the feed and removes what was logged.
    ///
    /// # Panics
    /// When the folder cannot be removed.
    pub fn stop(self) {
        drop(self.feed);
        fs::remove_dir_all(&self.directory).unwrap();
    }
}
