//! One connection, to a single Redis or to a cluster, made when first needed and replaced when it dies (as it does while a function is frozen).

use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;
use redis::aio::{ConnectionLike, ConnectionManager, ConnectionManagerConfig};
use redis::cluster::ClusterClientBuilder;
use redis::cluster_async::ClusterConnection;
use redis::{Client, Cmd, RedisError, RedisResult, Value};
use tokio::sync::OnceCell;

use super::CacheError;
use crate::config::RedisConfig;

const CONNECTION_TIMEOUT: Duration = Duration::from_secs(2);
const RESPONSE_TIMEOUT: Duration = Duration::from_secs(5);
/// A connection that died while frozen fails its first command; the next one goes over a new connection.
const ATTEMPTS: u32 = 3;

#[derive(Clone)]
pub(super) struct Connection {
    config: RedisConfig,
    server: Arc<OnceCell<Server>>,
}

#[derive(Clone)]
enum Server {
    Single(ConnectionManager),
    Cluster(ClusterConnection),
}

impl Connection {
    pub(super) fn new(config: RedisConfig) -> Self {
        Self {
            config,
            server: Arc::new(OnceCell::new()),
        }
    }

    /// All answers, or the first error.
    pub(super) async fn run(&self, commands: &[Cmd]) -> Result<Vec<Value>, CacheError> {
        self.try_run(commands)
            .await?
            .into_iter()
            .map(|answer| answer.map_err(CacheError::from))
            .collect()
    }

    /// One answer for each command. Commands may be sent more than once when a connection breaks: all of ours may be repeated.
    pub(super) async fn try_run(&self, commands: &[Cmd]) -> Result<Vec<RedisResult<Value>>, CacheError> {
        if commands.is_empty() {
            return Ok(Vec::new());
        }
        let mut attempt = 1;
        loop {
            match self.once(commands).await {
                Ok(answers) => return Ok(answers),
                Err(error) if attempt < ATTEMPTS && !error.is_timeout() && error.is_io_error() => {
                    tracing::debug!(attempt, error = %error, "Redis connection broke; trying again");
                    attempt += 1;
                }
                Err(error) => return Err(error.into()),
            }
        }
    }

    async fn once(&self, commands: &[Cmd]) -> RedisResult<Vec<RedisResult<Value>>> {
        match self.server.get_or_try_init(|| connect(&self.config)).await?.clone() {
            Server::Single(mut connection) => match commands {
                [command] => unless_broken(vec![one(connection, command).await]),
                _ => {
                    let mut pipeline = redis::Pipeline::with_capacity(commands.len());
                    for command in commands {
                        pipeline.add_command(command.clone());
                    }
                    pipeline.ignore_errors().query_async(&mut connection).await
                }
            },
            // A pipeline goes to one node; commands for several go side by side instead, each to its own.
            Server::Cluster(connection) => {
                let answers = commands.iter().map(|command| one(connection.clone(), command));
                unless_broken(join_all(answers).await)
            }
        }
    }
}

/// The answer to one command; the raw one can be an error that Redis sent.
async fn one(mut connection: impl ConnectionLike, command: &Cmd) -> RedisResult<Value> {
    connection
        .req_packed_command(command)
        .await
        .and_then(Value::extract_error)
}

/// The answers, or the first error that is the connection's and not a command's.
fn unless_broken(answers: Vec<RedisResult<Value>>) -> RedisResult<Vec<RedisResult<Value>>> {
    let sorted = answers.into_iter().map(|answer| match answer {
        Err(error) if is_broken(&error) => Err(error),
        answer => Ok(answer),
    });
    sorted.collect()
}

fn is_broken(error: &RedisError) -> bool {
    error.is_io_error() || error.is_timeout() || error.is_connection_dropped() || error.is_connection_refusal()
}

async fn connect(config: &RedisConfig) -> RedisResult<Server> {
    if config.cluster {
        let client = ClusterClientBuilder::new(config.url.split(','))
            .connection_timeout(CONNECTION_TIMEOUT)
            .response_timeout(RESPONSE_TIMEOUT)
            .retries(2)
            .build()?;
        return client.get_async_connection().await.map(Server::Cluster);
    }
    let settings = ConnectionManagerConfig::new()
        .set_connection_timeout(Some(CONNECTION_TIMEOUT))
        .set_response_timeout(Some(RESPONSE_TIMEOUT))
        .set_number_of_retries(1)
        .set_min_delay(Duration::from_millis(20));
    ConnectionManager::new_with_config(Client::open(config.url.as_str())?, settings)
        .await
        .map(Server::Single)
}
