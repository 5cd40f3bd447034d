//! The whole flow, from the template: a feed, Kafka, Redis, PostgreSQL and MongoDB of one test's own (so that it may kill them), and the functions' real
//! bootstraps behind the emulator.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{Ipv4Addr, SocketAddrV4};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use aws_sdk_sqs::types::QueueAttributeName;
use bytes::Bytes;
use emulator::{
    Deployment, Emulator, EmulatorOptions, KafkaAccess, PartialResponse, QueueMappingStatus, Status, Template,
};
use localstack::feed::{Feed, FeedOptions};
use localstack::stack::STACK_NAME;
use serde_json::Value;
use servers::{Kafka, Mongo, Options, Postgres, Redis};
use shared::dead_letter::{DeadLetter, DeadLetterPart};
use sqlx::postgres::PgPoolOptions;
use sqlx::{AssertSqlSafe, PgPool, Row};
use uuid::Uuid;

use crate::faults::proxy::Proxy;
use crate::secrets::by_secrets;
use crate::secured::{Secured, assert_no_secret};
use crate::server;

/// The project's folder.
#[must_use]
pub fn project() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// How long a message of the backup queue stays hidden when its redrive was killed.
const VISIBILITY_SECONDS: &str = "15";

/// How mappings read a partial batch response in this run of the tests: `HWANYUL_PARTIAL_RESPONSE`, `only-named` without it.
fn partial_response() -> PartialResponse {
    std::env::var("HWANYUL_PARTIAL_RESPONSE").map_or_else(|_| PartialResponse::default(), |name| name.parse().unwrap())
}

/// The folder of the functions' bootstraps: where this test's own binary was built.
///
/// # Panics
/// When the test's path is unknown.
#[must_use]
pub fn binaries() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let folder = test.parent().unwrap();
    if folder.ends_with("deps") {
        folder.parent().unwrap().to_owned()
    } else {
        folder.to_owned()
    }
}

/// The parameters for user, password, CA file and kind of security of Kafka, Redis and PostgreSQL; of those in a URL the CA file alone. Users and passwords
/// become secrets.
const SECURED_SETTINGS: [[&str; 4]; 3] = [
    ["KafkaUsername", "KafkaPassword", "KafkaCaFile", "KafkaSecurity"],
    ["", "", "RedisCaFile", ""],
    ["", "", "DatabaseCaFile", ""],
];

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

impl Proxies {
    async fn start() -> Self {
        let (kafka, redis, postgres, sqs) =
            tokio::join!(Proxy::start(), Proxy::start(), Proxy::start(), Proxy::start());
        Self {
            kafka,
            redis,
            postgres,
            sqs,
        }
    }
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

    /// The same, set up otherwise.
    ///
    /// # Panics
    /// When anything does not start.
    pub async fn start_with(parameters: &[(&str, &str)], setup: Setup<'_>) -> Self {
        let secured = setup.secured;
        let directory = std::env::temp_dir().join(format!("hwanyul-test-{}", Uuid::new_v4().simple()));
        let place = |name: &str| Options::in_dir(directory.join(name));
        let secure = |options: Options, secured: Option<&Secured>| Options {
            security: secured.map(Secured::current),
            ..options
        };
        let proxies = match setup.is_proxied {
            true => Some(Proxies::start().await),
            false => None,
        };
        let (mut on_kafka, on_redis) = (secure(place("kafka"), secured), secure(place("redis"), secured));
        on_kafka.proxy = proxies
            .as_ref()
            .map(|proxies| SocketAddrV4::new(Ipv4Addr::LOCALHOST, proxies.kafka.port()));
        let (on_postgres, on_mongo) = (secure(place("postgres"), secured), place("mongo"));
        let (kafka, redis, postgres, mongo) = tokio::try_join!(
            Kafka::start(&on_kafka),
            Redis::start(&on_redis),
            Postgres::start(&on_postgres),
            Mongo::start(&on_mongo)
        )
        .unwrap();
        let archive = project().join("tests/fixtures/ecb-eurofxref-hist.zip");
        let feed = Feed::start(FeedOptions {
            archive,
            port: 0,
            days: 0,
            step_seconds: 3600,
        })
        .await
        .unwrap();
        let admin = PgPool::connect(&postgres.url("postgres")).await.unwrap();
        sqlx::query("CREATE DATABASE hwanyul").execute(&admin).await.unwrap();
        admin.close().await;

        let (mut bootstrap, mut redis_url) = (kafka.bootstrap(), redis.url());
        let (mut database_url, mut sqs_url) = (postgres.url("hwanyul"), server("HWANYUL_TEST_SQS"));
        if let Some(proxies) = &proxies {
            proxies.kafka.lead_to(kafka.proxied_port().unwrap());
            bootstrap = format!("127.0.0.1:{}", proxies.kafka.port());
            redis_url = proxies.redis.before(&redis_url);
            database_url = proxies.postgres.before(&database_url);
            sqs_url = proxies.sqs.before(&sqs_url);
        }
        let mut given: BTreeMap<String, String> = [
            ("KafkaBootstrapServers", bootstrap),
            ("KafkaSecurity", "plaintext".to_owned()),
            ("KafkaReplication", "1".to_owned()),
            ("RedisUrl", redis_url),
            ("DatabaseUrl", database_url),
            ("MongodbUri", format!("{}/hwanyul", mongo.url())),
            // There is no distribution here, and so no key of it.
            ("Console", "false".to_owned()),
            ("IngestSchedule", "rate(1 day)".to_owned()),
            ("EcbSchedule", String::new()),
            ("BackupRetrySeconds", "1".to_owned()),
            ("EcbUrl", format!("{}/stats/eurofxref/eurofxref-daily.xml", feed.url())),
            (
                "EcbHistoryUrl",
                format!("{}/stats/eurofxref/eurofxref-hist.zip", feed.url()),
            ),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into();
        given.insert(
            "KoreaeximUrl".to_owned(),
            format!("{}/site/program/financial/exchangeJSON", feed.url()),
        );
        given.insert("KoreaeximApiKey".to_owned(), Uuid::new_v4().simple().to_string());
        for (options, settings) in [&on_kafka, &on_redis, &on_postgres].into_iter().zip(SECURED_SETTINGS) {
            if let Some(security) = &options.security {
                let ca_file = security.certificate.ca_file().display().to_string();
                let values = [
                    security.user.clone(),
                    security.password.clone(),
                    ca_file,
                    "sasl_ssl_scram".to_owned(),
                ];
                let named = settings.iter().zip(values).filter(|(name, _)| !name.is_empty());
                given.extend(named.map(|(name, value)| ((*name).to_owned(), value)));
            }
        }
        given.extend(
            parameters
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned())),
        );
        let (given, mut secrets) = by_secrets(given).await;
        let is_of_secret = |(name, _): &(&String, &String)| name.ends_with("SecretArn");
        let secret_arns = given.iter().filter(is_of_secret);
        let secret_arns = secret_arns.map(|(name, arn)| (name.clone(), arn.clone())).collect();
        let template = project().join("template.yaml");
        let sqs = aws_sdk_sqs::Client::new(&aws_config::load_from_env().await);
        let mut deployment = Deployment::new(STACK_NAME, given);
        let mut queue_urls = BTreeMap::new();
        for queue in Template::load(&template, &deployment).unwrap().queues {
            let created = sqs
                .create_queue()
                .queue_name(format!(
                    "{}-{}{}",
                    queue.logical_id,
                    Uuid::new_v4().simple(),
                    if queue.fifo { ".fifo" } else { "" }
                ))
                .set_attributes(Some(
                    queue
                        .attributes
                        .iter()
                        .map(|(name, value)| match name.as_str() {
                            // A redrive that is killed leaves its messages hidden for so long: six minutes in the template, which no test waits for.
                            "VisibilityTimeout" if queue.fifo => (name, VISIBILITY_SECONDS),
                            _ => (name, value.as_str()),
                        })
                        .map(|(name, value)| (QueueAttributeName::from(name.as_str()), value.to_owned()))
                        .collect(),
                ))
                .send()
                .await
                .unwrap();
            queue_urls.insert(queue.logical_id, created.queue_url().unwrap().to_owned());
        }
        // LocalStack takes any, and this one is found if it is written anywhere.
        let aws_secret = Uuid::new_v4().simple().to_string();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base_url = format!("http://{}", listener.local_addr().unwrap());
        let function_env = [
            ("AWS_ENDPOINT_URL_LAMBDA", base_url.clone()),
            ("AWS_REGION", "us-east-1".to_owned()),
            ("AWS_ACCESS_KEY_ID", "local".to_owned()),
            ("AWS_SECRET_ACCESS_KEY", aws_secret.clone()),
            ("AWS_ENDPOINT_URL_SQS", sqs_url),
            ("AWS_ENDPOINT_URL_SECRETS_MANAGER", server("HWANYUL_TEST_SQS")),
        ];
        let function_env = function_env.map(|(name, value)| (name.to_owned(), value));
        secrets.push(aws_secret);
        let certificates = [&on_kafka, &on_redis, &on_postgres];
        let certificates = certificates.iter().filter_map(|options| options.security.as_ref());
        secrets.extend(certificates.flat_map(|security| security.certificate.secrets()));
        // Through the proxy, pollers suffer what functions suffer.
        let access = match &proxies {
            Some(proxies) => format!("127.0.0.1:{}", proxies.kafka.port()),
            None => kafka.plain_bootstrap(),
        };
        deployment.queue_urls.clone_from(&queue_urls);
        let emulator = Emulator::start(EmulatorOptions {
            deployment,
            function_env: function_env.into_iter().chain(setup.function_env).collect(),
            partial_response: setup.partial_response.unwrap_or_else(partial_response),
            ..EmulatorOptions::new(
                template,
                binaries(),
                KafkaAccess::plaintext(access),
                directory.join("logs"),
            )
        })
        .await
        .unwrap();
        let router = emulator.router();
        tokio::spawn(async move { axum::serve(listener, router).await });
        emulator.deploy(&base_url).await.unwrap();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let api = format!("http://{}", listener.local_addr().unwrap());
        emulator.serve_http_api(listener);
        emulator.start_events().await.unwrap();
        let store = PgPoolOptions::new()
            .max_connections(4)
            .acquire_timeout(Duration::from_secs(60))
            .connect(&postgres.url("hwanyul"))
            .await
            .unwrap();
        Self {
            kafka,
            redis,
            postgres,
            mongo,
            emulator,
            api,
            store,
            proxies,
            secrets,
            answers: Mutex::default(),
            secret_arns,
            queue_urls,
            directory,
            _feed: feed,
        }
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

    /// Everything that the services keep, as text: each table's rows in order.
    ///
    /// # Panics
    /// When PostgreSQL does not answer.
    pub async fn stores(&self) -> BTreeMap<&'static str, Vec<String>> {
        let mut stores = BTreeMap::new();
        for (table, columns) in [
            // updated_at is the clock of whoever published, so two runs differ in it.
            (
                "currency.current_rate",
                "currency_code, currency_name, deal_base_rate, tts, ttb, quotation, source, recorded_at",
            ),
            (
                "history.rate",
                "currency_code, source, recorded_at, deal_base_rate, tts, ttb, quotation",
            ),
            (
                "history.daily_rate",
                "currency_code, source, day, open, high, low, close, quotation, observations",
            ),
        ] {
            let query = format!("SELECT ({columns})::text FROM {table} ORDER BY 1");
            let rows = sqlx::query(AssertSqlSafe(query)).fetch_all(&self.store).await.unwrap();
            stores.insert(table, rows.iter().map(|row| row.get(0)).collect());
        }
        stores
    }

    /// The hash `rate:{code}`.
    ///
    /// # Panics
    /// When Redis does not answer.
    pub async fn cached_rate(&self, code: &str) -> BTreeMap<String, String> {
        let mut redis = self
            .redis
            .client()
            .unwrap()
            .get_multiplexed_async_connection()
            .await
            .unwrap();
        redis::cmd("HGETALL")
            .arg(format!("rate:{code}"))
            .query_async(&mut redis)
            .await
            .unwrap()
    }

    /// How many messages a queue of the template holds, visible or not.
    ///
    /// # Panics
    /// When there is no such queue, or SQS does not answer.
    pub async fn messages(&self, queue: &str) -> u64 {
        let sqs = aws_sdk_sqs::Client::new(&aws_config::load_from_env().await);
        let request = sqs.get_queue_attributes().queue_url(&self.queue_urls[queue]);
        let answer = request.attribute_names(QueueAttributeName::All).send().await.unwrap();
        let of = |name: QueueAttributeName| -> u64 {
            let value = answer.attributes().and_then(|attributes| attributes.get(&name));
            value.map_or(0, |value| value.parse().unwrap())
        };
        of(QueueAttributeName::ApproximateNumberOfMessages)
            + of(QueueAttributeName::ApproximateNumberOfMessagesNotVisible)
            + of(QueueAttributeName::ApproximateNumberOfMessagesDelayed)
    }

    /// Receives and deletes every dead letter; gives each one's function, topic, error code and payload. The same record put aside twice counts as one.
    ///
    /// # Panics
    /// When SQS does not answer, or a letter is not whole.
    pub async fn take_dead_letters(&self) -> BTreeSet<String> {
        let sqs = aws_sdk_sqs::Client::new(&aws_config::load_from_env().await);
        let url = &self.queue_urls["DeadLetterQueue"];
        let mut messages: BTreeMap<Uuid, Vec<DeadLetterPart>> = BTreeMap::new();
        loop {
            let request = sqs.receive_message().queue_url(url).max_number_of_messages(10);
            let answer = request.send().await.unwrap();
            if answer.messages().is_empty() {
                break;
            }
            for message in answer.messages() {
                let part = DeadLetterPart::parse(message.body().unwrap()).unwrap();
                messages.entry(part.id).or_default().push(part);
                let receipt = message.receipt_handle().unwrap();
                sqs.delete_message()
                    .queue_url(url)
                    .receipt_handle(receipt)
                    .send()
                    .await
                    .unwrap();
            }
        }
        let essential = |messages| {
            let letter = DeadLetter::join(messages).unwrap();
            let (record, code) = (&letter.record, letter.error_code);
            format!("{} {} {code:?} {:?}", letter.function, record.topic, record.value)
        };
        messages.into_values().map(essential).collect()
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
