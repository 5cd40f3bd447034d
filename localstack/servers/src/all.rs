//! All servers together, started at the same time.

use std::net::SocketAddrV4;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::{Kafka, Mongo, Options, Postgres, Redis, Server, ServerError, ServerKind, Sqs};
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
    /// MongoDB's.
    pub mongo: Option<u16>,
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
    /// Whether MongoDB is one of them; it is not when a real one is used.
    pub with_mongo: bool,
    /// As [`Options::proxy`].
    pub kafka_proxy: Option<SocketAddrV4>,
}

/// The running servers. Dropping them kills them.
#[derive(Debug)]
pub struct Servers {
    /// Apache Kafka.
    pub kafka: Kafka,
    /// Redis.
    pub redis: Redis,
    /// PostgreSQL.
    pub postgres: Postgres,
    /// MongoDB's protocol, when it is one of them.
    pub mongo: Option<Mongo>,
    /// LocalStack's SQS.
    pub sqs: Sqs,
}

impl Servers {
    /// Starts all at once; `ready` hears of each when it answers, with the time it took.
    ///
    /// # Errors
    /// The first [`ServerError`]; the servers that did start are killed.
    pub async fn start(options: &ServersOptions, ready: impl Fn(&'static str, Duration)) -> Result<Self, ServerError> {
        let starting = Starting {
            options,
            ready,
            began: Instant::now(),
        };
        let ports = &options.ports;
        let (kafka, redis, postgres, mongo, sqs) = tokio::try_join!(
            starting.one("kafka", ports.kafka),
            starting.one("redis", ports.redis),
            starting.one("postgres", ports.postgres),
            async {
                match options.with_mongo {
                    true => starting.one("mongo", ports.mongo).await.map(Some),
                    false => Ok(None),
                }
            },
            starting.one("sqs", ports.sqs),
        )?;
        Ok(Self {
            kafka,
            redis,
            postgres,
            mongo,
            sqs,
        })
    }

    /// Ends all at once, in order.
    ///
    /// # Errors
    /// The first [`ServerError`]; the others have ended all the same.
    pub async fn stop(self) -> Result<(), ServerError> {
        let mongo = async {
            match self.mongo {
                Some(mongo) => mongo.stop().await,
                None => Ok(()),
            }
        };
        let (kafka, redis, postgres, mongo, sqs) = tokio::join!(
            self.kafka.stop(),
            self.redis.stop(),
            self.postgres.stop(),
            mongo,
            self.sqs.stop()
        );
        kafka.and(redis).and(postgres).and(mongo).and(sqs)
    }

    /// Their processes, each with its name.
    #[must_use]
    pub fn identities(&self) -> Vec<(&'static str, Identity)> {
        let all = [
            ("kafka", self.kafka.identity()),
            ("redis", self.redis.identity()),
            ("postgres", self.postgres.identity()),
            ("mongo", self.mongo.as_ref().and_then(Mongo::identity)),
            ("sqs", self.sqs.identity()),
        ];
        all.into_iter()
            .filter_map(|(name, identity)| Some((name, identity?)))
            .collect()
    }
}

/// A start that is under way.
struct Starting<'a, R> {
    options: &'a ServersOptions,
    ready: R,
    began: Instant,
}

impl<R: Fn(&'static str, Duration)> Starting<'_, R> {
    async fn one<K: ServerKind>(&self, name: &str, port: Option<u16>) -> Result<Server<K>, ServerError> {
        let options = Options {
            dir: self.options.dir.join(name),
            log: self.options.log_dir.join(format!("{name}.log")),
            port,
            security: None,
            proxy: self.options.kafka_proxy,
        };
        let server = Server::start(&options).await?;
        (self.ready)(K::NAME, self.began.elapsed());
        Ok(server)
    }
}
