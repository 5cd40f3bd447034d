//! All four servers together, started at the same time.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::{Kafka, Options, Postgres, Redis, ServerError, Sqs};
use crate::process_table::Identity;

/// The ports to use; any free one where none is given.
#[derive(Debug, Clone, Copy, Default)]
pub struct Ports {
    /// Kafka's.
    pub kafka: Option<u16>,
    /// Redis's.
    pub redis: Option<u16>,
    /// PostgreSQL's.
    pub postgres: Option<u16>,
    /// SQS's.
    pub sqs: Option<u16>,
}

/// Where all servers live.
#[derive(Debug, Clone)]
pub struct ServersOptions {
    /// The folder of their data, one folder each.
    pub dir: PathBuf,
    /// The folder of their logs, one file each.
    pub log_dir: PathBuf,
    /// Their ports.
    pub ports: Ports,
}

/// The four running servers. Dropping them kills them.
#[derive(Debug)]
pub struct Servers {
    /// Apache Kafka.
    pub kafka: Kafka,
    /// Redis.
    pub redis: Redis,
    /// PostgreSQL.
    pub postgres: Postgres,
    /// LocalStack's SQS.
    pub sqs: Sqs,
}

impl Servers {
    /// Starts all four at once; `ready` hears of each when it answers, with the time it took.
    ///
    /// # Errors
    /// The first [`ServerError`]; the servers that did start are killed.
    pub async fn start(options: &ServersOptions, ready: impl Fn(&'static str, Duration)) -> Result<Self, ServerError> {
        let started = Instant::now();
        let place = |name: &str, port| Options {
            dir: options.dir.join(name),
            log: options.log_dir.join(format!("{name}.log")),
            port,
        };
        let (kafka, redis) = (place("kafka", options.ports.kafka), place("redis", options.ports.redis));
        let (postgres, sqs) = (
            place("postgres", options.ports.postgres),
            place("sqs", options.ports.sqs),
        );
        let (kafka, redis, postgres, sqs) = tokio::try_join!(
            async {
                Kafka::start(&kafka)
                    .await
                    .inspect(|_| ready("Kafka", started.elapsed()))
            },
            async {
                Redis::start(&redis)
                    .await
                    .inspect(|_| ready("Redis", started.elapsed()))
            },
            async {
                Postgres::start(&postgres)
                    .await
                    .inspect(|_| ready("PostgreSQL", started.elapsed()))
            },
            async { Sqs::start(&sqs).await.inspect(|_| ready("SQS", started.elapsed())) },
        )?;
        Ok(Self {
            kafka,
            redis,
            postgres,
            sqs,
        })
    }

    /// Ends all four at once, in order.
    ///
    /// # Errors
    /// The first [`ServerError`]; the others have ended all the same.
    pub async fn stop(self) -> Result<(), ServerError> {
        let (kafka, redis, postgres, sqs) = tokio::join!(
            self.kafka.stop(),
            self.redis.stop(),
            self.postgres.stop(),
            self.sqs.stop()
        );
        kafka.and(redis).and(postgres).and(sqs)
    }

    /// Their processes, each with its name.
    #[must_use]
    pub fn identities(&self) -> Vec<(&'static str, Identity)> {
        let all = [
            ("kafka", self.kafka.identity()),
            ("redis", self.redis.identity()),
            ("postgres", self.postgres.identity()),
            ("sqs", self.sqs.identity()),
        ];
        all.into_iter()
            .filter_map(|(name, identity)| Some((name, identity?)))
            .collect()
    }
}
