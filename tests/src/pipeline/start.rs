//! How a pipeline is started: servers, feed, the template's parameters, its queues, and the emulator over all of them.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::path::Path;
use std::sync::Mutex;
use std::time::Duration;

use aws_sdk_sqs::types::QueueAttributeName;
use emulator::{Deployment, Emulator, EmulatorOptions, KafkaAccess, PartialResponse, Template};
use localstack::feed::{Feed, FeedOptions};
use localstack::stack::STACK_NAME;
use servers::{Kafka, Mongo, Options, Postgres, Redis};
use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;
use tokio::net::TcpListener;
use uuid::Uuid;

use super::{Pipeline, Proxies, Setup};
use crate::checkout::{binaries, project};
use crate::proxy::Proxy;
use crate::secrets::by_secrets;
use crate::secured::Secured;
use crate::server;

/// How long a message of the backup queue stays hidden when its redrive was killed.
const VISIBILITY_SECONDS: &str = "15";

/// The parameters for user, password, CA file and kind of security of Kafka, Redis and PostgreSQL; of those in a URL the CA file alone. Users and passwords
/// become secrets.
const SECURED_SETTINGS: [[&str; 4]; 3] = [
    ["KafkaUsername", "KafkaPassword", "KafkaCaFile", "KafkaSecurity"],
    ["", "", "RedisCaFile", ""],
    ["", "", "DatabaseCaFile", ""],
];

/// How mappings read a partial batch response in this run of the tests: `HWANYUL_PARTIAL_RESPONSE`, `only-named` without it.
fn partial_response() -> PartialResponse {
    std::env::var("HWANYUL_PARTIAL_RESPONSE").map_or_else(|_| PartialResponse::default(), |name| name.parse().unwrap())
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

/// The servers of one pipeline, and what they were started with.
struct Servers {
    kafka: Kafka,
    redis: Redis,
    postgres: Postgres,
    mongo: Mongo,
    feed: Feed,
    /// Of Kafka, Redis and PostgreSQL.
    options: [Options; 3],
}

impl Servers {
    async fn start(directory: &Path, secured: Option<&Secured>, proxies: Option<&Proxies>) -> Self {
        let on = |name: &str| Options {
            security: secured.map(Secured::current),
            ..Options::in_dir(directory.join(name))
        };
        let mut options = ["kafka", "redis", "postgres"].map(on);
        options[0].proxy = proxies.map(|proxies| SocketAddrV4::new(Ipv4Addr::LOCALHOST, proxies.kafka.port()));
        let on_mongo = Options::in_dir(directory.join("mongo"));
        let (kafka, redis, postgres, mongo) = tokio::try_join!(
            Kafka::start(&options[0]),
            Redis::start(&options[1]),
            Postgres::start(&options[2]),
            Mongo::start(&on_mongo)
        )
        .unwrap();
        let feed = Feed::start(FeedOptions {
            archive: project().join("tests/fixtures/ecb-eurofxref-hist.zip"),
            port: 0,
            days: 0,
            step_seconds: 3600,
        });
        let feed = feed.await.unwrap();
        let admin = PgPool::connect(&postgres.url("postgres")).await.unwrap();
        sqlx::query("CREATE DATABASE hwanyul").execute(&admin).await.unwrap();
        admin.close().await;
        Self {
            kafka,
            redis,
            postgres,
            mongo,
            feed,
            options,
        }
    }

    /// The template's parameters, before any of a test's own, and what functions reach SQS by.
    fn parameters(&self, proxies: Option<&Proxies>) -> (BTreeMap<String, String>, String) {
        let (mut bootstrap, mut redis_url) = (self.kafka.bootstrap(), self.redis.url());
        let (mut database_url, mut sqs_url) = (self.postgres.url("hwanyul"), server("HWANYUL_TEST_SQS"));
        if let Some(proxies) = proxies {
            proxies.kafka.lead_to(self.kafka.proxied_port().unwrap());
            bootstrap = format!("127.0.0.1:{}", proxies.kafka.port());
            redis_url = proxies.redis.before(&redis_url);
            database_url = proxies.postgres.before(&database_url);
            sqs_url = proxies.sqs.before(&sqs_url);
        }
        let of_feed = |path: &str| format!("{}/{path}", self.feed.url());
        let mut given: BTreeMap<String, String> = [
            ("KafkaBootstrapServers", bootstrap),
            ("KafkaSecurity", "plaintext".to_owned()),
            ("KafkaReplication", "1".to_owned()),
            ("RedisUrl", redis_url),
            ("DatabaseUrl", database_url),
            ("MongodbUri", format!("{}/hwanyul", self.mongo.url())),
            // There is no distribution here, and so no key of it.
            ("Console", "false".to_owned()),
            ("IngestSchedule", "rate(1 day)".to_owned()),
            ("PublicationSchedule", String::new()),
            ("BackupRetrySeconds", "1".to_owned()),
            ("ProviderUrls", self.feed.provider_urls()),
            ("EcbHistoryUrl", of_feed("stats/eurofxref/eurofxref-hist.zip")),
            ("KoreaeximApiKey", Uuid::new_v4().simple().to_string()),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into();
        for (options, settings) in self.options.iter().zip(SECURED_SETTINGS) {
            if let Some(security) = &options.security {
                let ca_file = security.certificate.ca_file().display().to_string();
                let (user, password) = (security.user.clone(), security.password.clone());
                let values = [user, password, ca_file, "sasl_ssl_scram".to_owned()];
                let named = settings.iter().zip(values).filter(|(name, _)| !name.is_empty());
                given.extend(named.map(|(name, value)| ((*name).to_owned(), value)));
            }
        }
        (given, sqs_url)
    }

    /// What must be in no log and in no answer because it makes certificates.
    fn certificate_secrets(&self) -> Vec<String> {
        let secured = self.options.iter().filter_map(|options| options.security.as_ref());
        secured.flat_map(|security| security.certificate.secrets()).collect()
    }
}

/// The template's queues, made under names of this test's own: the URL of each by its logical id.
async fn create_queues(template: &Path, deployment: &Deployment) -> BTreeMap<String, String> {
    let sqs = aws_sdk_sqs::Client::new(&aws_config::load_from_env().await);
    let mut urls = BTreeMap::new();
    for queue in Template::load(template, deployment).unwrap().queues {
        let suffix = if queue.fifo { ".fifo" } else { "" };
        let name = format!("{}-{}{suffix}", queue.logical_id, Uuid::new_v4().simple());
        let attribute = |(name, value): (&String, &String)| {
            // A redrive that is killed leaves its messages hidden for so long: six minutes in the template, which no test waits for.
            let is_shortened = name == "VisibilityTimeout" && queue.fifo;
            let value = if is_shortened { VISIBILITY_SECONDS } else { value };
            (QueueAttributeName::from(name.as_str()), value.to_owned())
        };
        let attributes = queue.attributes.iter().map(attribute).collect();
        let request = sqs.create_queue().queue_name(name).set_attributes(Some(attributes));
        let created = request.send().await.unwrap();
        urls.insert(queue.logical_id, created.queue_url.unwrap());
    }
    urls
}

impl Pipeline {
    /// The same, set up otherwise.
    ///
    /// # Panics
    /// When anything does not start.
    pub async fn start_with(parameters: &[(&str, &str)], setup: Setup<'_>) -> Self {
        let directory = std::env::temp_dir().join(format!("hwanyul-test-{}", Uuid::new_v4().simple()));
        let proxies = match setup.is_proxied {
            true => Some(Proxies::start().await),
            false => None,
        };
        let servers = Servers::start(&directory, setup.secured, proxies.as_ref()).await;
        let (mut given, sqs_url) = servers.parameters(proxies.as_ref());
        let own = parameters.iter();
        given.extend(own.map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        let (given, mut secrets) = by_secrets(given).await;
        let secret_arns = given.iter().filter(|(name, _)| name.ends_with("SecretArn"));
        let secret_arns = secret_arns.map(|(name, arn)| (name.clone(), arn.clone())).collect();
        let template = project().join("template.yaml");
        let mut deployment = Deployment::new(STACK_NAME, given);
        let queue_urls = create_queues(&template, &deployment).await;
        deployment.queue_urls.clone_from(&queue_urls);
        // LocalStack takes any, and this one is found if it is written anywhere.
        let aws_secret = Uuid::new_v4().simple().to_string();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
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
        secrets.extend(servers.certificate_secrets());
        // Through the proxy, pollers suffer what functions suffer.
        let access = match &proxies {
            Some(proxies) => format!("127.0.0.1:{}", proxies.kafka.port()),
            None => servers.kafka.plain_bootstrap(),
        };
        let access = KafkaAccess::plaintext(access);
        let emulator = Emulator::start(EmulatorOptions {
            deployment,
            function_env: function_env.into_iter().chain(setup.function_env).collect(),
            partial_response: setup.partial_response.unwrap_or_else(partial_response),
            ..EmulatorOptions::new(template, binaries(), access, directory.join("logs"))
        });
        let emulator = emulator.await.unwrap();
        let router = emulator.router();
        tokio::spawn(async move { axum::serve(listener, router).await });
        emulator.deploy(&base_url).await.unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let api = format!("http://{}", listener.local_addr().unwrap());
        emulator.serve_http_api(listener);
        emulator.start_events().await.unwrap();
        let store = PgPoolOptions::new()
            .max_connections(4)
            .acquire_timeout(Duration::from_secs(60));
        let store = store.connect(&servers.postgres.url("hwanyul")).await.unwrap();
        Self {
            kafka: servers.kafka,
            redis: servers.redis,
            postgres: servers.postgres,
            mongo: servers.mongo,
            _feed: servers.feed,
            emulator,
            api,
            store,
            proxies,
            secrets,
            answers: Mutex::default(),
            secret_arns,
            queue_urls,
            directory,
        }
    }
}
