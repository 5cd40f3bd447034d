//! Names of all environment variables; `template.yaml` sets the same.

/// `host:port,host:port`.
pub const KAFKA_BOOTSTRAP_SERVERS: &str = "KAFKA_BOOTSTRAP_SERVERS";
/// `plaintext`, `sasl_ssl_scram` or `msk_iam`.
pub const KAFKA_SECURITY: &str = "KAFKA_SECURITY";
/// SCRAM user.
pub const KAFKA_USERNAME: &str = "KAFKA_USERNAME";
/// SCRAM password.
pub const KAFKA_PASSWORD: &str = "KAFKA_PASSWORD";
/// Secret with `username` and `password` of Kafka's SCRAM user.
pub const KAFKA_SECRET_ARN: &str = "KAFKA_SECRET_ARN";
/// Path of a PEM file with the brokers' CA, when it is not a public one.
pub const KAFKA_CA_FILE: &str = "KAFKA_CA_FILE";
/// Copies of each partition that new topics get.
pub const KAFKA_REPLICATION: &str = "KAFKA_REPLICATION";
/// `redis://` or `rediss://`, with user and password if needed.
pub const REDIS_URL: &str = "REDIS_URL";
/// User, unless `REDIS_URL` has one.
pub const REDIS_USERNAME: &str = "REDIS_USERNAME";
/// Password, unless `REDIS_URL` has one.
pub const REDIS_PASSWORD: &str = "REDIS_PASSWORD";
/// Secret with `username` and `password` of Redis, or with its `url`.
pub const REDIS_SECRET_ARN: &str = "REDIS_SECRET_ARN";
/// Path of a PEM file with the CA of Redis's certificate, when it is not a public one.
pub const REDIS_CA_FILE: &str = "REDIS_CA_FILE";
/// `true` for a Redis Cluster (ElastiCache Serverless is one).
pub const REDIS_CLUSTER: &str = "REDIS_CLUSTER";
/// `postgres://user:password@host/database?sslmode=verify-full`.
pub const DATABASE_URL: &str = "DATABASE_URL";
/// User, unless `DATABASE_URL` has one.
pub const DATABASE_USERNAME: &str = "DATABASE_USERNAME";
/// Password, unless `DATABASE_URL` has one.
pub const DATABASE_PASSWORD: &str = "DATABASE_PASSWORD";
/// Secret with `username` and `password` of PostgreSQL, or with its `url`.
pub const DATABASE_SECRET_ARN: &str = "DATABASE_SECRET_ARN";
/// Path of a PEM file with the CA of PostgreSQL's certificate, when it is not a public one.
pub const DATABASE_CA_FILE: &str = "DATABASE_CA_FILE";
/// `mongodb://user:password@host:port/database`, or `mongodb+srv://`; database `hwanyul` unless its path names one.
pub const MONGODB_URI: &str = "MONGODB_URI";
/// User, unless `MONGODB_URI` has one.
pub const MONGODB_USERNAME: &str = "MONGODB_USERNAME";
/// Password, unless `MONGODB_URI` has one.
pub const MONGODB_PASSWORD: &str = "MONGODB_PASSWORD";
/// Secret with `username` and `password` of MongoDB, or with its `uri`.
pub const MONGODB_SECRET_ARN: &str = "MONGODB_SECRET_ARN";
/// Path of a PEM file with the CA of MongoDB's certificate, when it is not a public one; DocumentDB's is not.
pub const MONGODB_CA_FILE: &str = "MONGODB_CA_FILE";
/// Clicks that one client may make in a minute.
pub const CLICK_LIMIT_PER_MINUTE: &str = "CLICK_LIMIT_PER_MINUTE";
/// What the console's distribution sends to say who it is.
pub const EDGE_KEY: &str = "EDGE_KEY";
/// Secret with the `key` of the console's distribution.
pub const EDGE_SECRET_ARN: &str = "EDGE_SECRET_ARN";
/// Where records go that can never be applied.
pub const DEAD_LETTER_QUEUE_URL: &str = "DEAD_LETTER_QUEUE_URL";
/// Where Lambda's own API answers, when not at AWS; the variable of all AWS SDKs.
pub const LAMBDA_ENDPOINT: &str = "AWS_ENDPOINT_URL_LAMBDA";
/// Where CodeDeploy's API answers, when not at AWS.
pub const CODE_DEPLOY_ENDPOINT: &str = "AWS_ENDPOINT_URL_CODEDEPLOY";
/// The FIFO queue of events that Kafka did not acknowledge.
pub const BACKUP_QUEUE_URL: &str = "BACKUP_QUEUE_URL";
/// Seconds until an event of the backup that Kafka did not acknowledge is tried again.
pub const BACKUP_RETRY_SECONDS: &str = "BACKUP_RETRY_SECONDS";
/// `error`, `warn`, `info`, `debug` or `trace`, or a filter such as `info,krafka=warn`.
pub const LOG_LEVEL: &str = "LOG_LEVEL";
/// Where traces are sent, the base URL of an OTLP/HTTP receiver; OpenTelemetry's own variable. Without it there are none.
pub const OTLP_ENDPOINT: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";
/// Set by Lambda.
pub const FUNCTION_NAME: &str = "AWS_LAMBDA_FUNCTION_NAME";
/// Set by Lambda.
pub const AWS_REGION: &str = "AWS_REGION";
/// Set by Lambda.
pub const FUNCTION_VERSION: &str = "AWS_LAMBDA_FUNCTION_VERSION";
/// Set by Lambda: the instance's log stream, which names it.
pub const LOG_STREAM: &str = "AWS_LAMBDA_LOG_STREAM_NAME";
/// Set by Lambda, in MB.
pub const MEMORY_SIZE: &str = "AWS_LAMBDA_FUNCTION_MEMORY_SIZE";
/// Providers in the order in which they are tried, `ecb,koreaexim`.
pub const PROVIDERS: &str = "PROVIDERS";
/// `public` when the rates are shown to others, else `private`.
pub const PUBLICATION: &str = "PUBLICATION";
/// Other addresses of providers than their own: `ecb=http://127.0.0.1:9010/daily.xml,koreaexim=https://example.com/rates`.
pub const PROVIDER_URLS: &str = "PROVIDER_URLS";
/// Secret with keys of providers, each under the provider's key; the variables that it gives are named by [`crate::source::ApiKey`].
pub const PROVIDER_SECRET_ARN: &str = "PROVIDER_SECRET_ARN";
/// The ECB's whole history, zipped CSV.
pub const ECB_HISTORY_URL: &str = "ECB_HISTORY_URL";
/// Milliseconds a provider may take for one request.
pub const PROVIDER_TIMEOUT_MS: &str = "PROVIDER_TIMEOUT_MS";
/// Requests to one provider in a run.
pub const PROVIDER_ATTEMPTS: &str = "PROVIDER_ATTEMPTS";
/// A change of more percent than this is held back unless confirmed.
pub const MAX_JUMP_PERCENT: &str = "MAX_JUMP_PERCENT";
/// Percent around the base rate for `tts` and `ttb` where the source gives none.
pub const SPREAD_PERCENT: &str = "SPREAD_PERCENT";
