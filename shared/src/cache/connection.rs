//! One connection, to a single Redis or to a cluster, made when first needed and replaced when it dies (as it does while a function is frozen).
//!
//! What breaks is tried again at once. What is refused (a password, a certificate) is not: the refusal stands for a moment for everybody, and then Redis
//! is asked once more, because its side of it may have been mended.

use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;
use redis::aio::{ConnectionLike, ConnectionManager, ConnectionManagerConfig};
use redis::cluster::ClusterClientBuilder;
use redis::cluster_async::ClusterConnection;
use redis::{Client, Cmd, RedisError, RedisResult, TlsCertificates, Value};
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::CacheError;
use super::connect_failure::{Failure, failure, is_refused_login};
use crate::config::RedisConfig;
use crate::trace::{self, in_span};

const CONNECTION_TIMEOUT: Duration = Duration::from_secs(2);
const RESPONSE_TIMEOUT: Duration = Duration::from_secs(5);
/// A connection that died while frozen fails its first command; the next one goes over a new connection.
const ATTEMPTS: u32 = 3;
/// How long a refusal is believed. An invocation asks several things of Redis, and a read API many times a second.
const REFUSAL_STANDS: Duration = Duration::from_secs(5);

#[derive(Clone)]
pub(super) struct Connection {
    config: RedisConfig,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    server: Option<Server>,
    refused: Option<RefusedLogin>,
}

/// That Redis did not let us in, when and why.
struct RefusedLogin {
    at: Instant,
    reason: String,
    error: RedisError,
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
            state: Arc::default(),
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
        in_span(trace::redis(commands), self.attempts(commands)).await
    }

    async fn attempts(&self, commands: &[Cmd]) -> Result<Vec<RedisResult<Value>>, CacheError> {
        let mut attempt = 1;
        loop {
            let server = self.server().await?;
            match once(server, commands).await {
                Ok(answers) => return Ok(answers),
                Err(error) => {
                    // A connection that was made again in the meantime can be refused, too, and would stay so.
                    if let Failure::Refused(reason) = failure(&self.config, &error) {
                        return Err(self.state.lock().await.refuse(reason, error));
                    }
                    if attempt == ATTEMPTS || error.is_timeout() || !error.is_io_error() {
                        return Err(error.into());
                    }
                    tracing::debug!(attempt, error = %error, "Redis connection broke; trying again");
                    attempt += 1;
                }
            }
        }
    }

    /// The connection, made now if there is none. Whoever comes while it is being made waits for it.
    async fn server(&self) -> Result<Server, CacheError> {
        let mut state = self.state.lock().await;
        if let Some(server) = &state.server {
            return Ok(server.clone());
        }
        if let Some(refused) = &state.refused
            && refused.at.elapsed() < REFUSAL_STANDS
        {
            return Err(refused.again());
        }
        let mut attempt = 1;
        loop {
            let error = match connect(&self.config).await {
                Ok(server) => {
                    *state = State {
                        server: Some(server.clone()),
                        refused: None,
                    };
                    return Ok(server);
                }
                Err(error) => error,
            };
            let is_last = attempt == ATTEMPTS || error.is_timeout() || !error.is_io_error();
            match failure(&self.config, &error) {
                Failure::Refused(reason) => return Err(state.refuse(reason, error)),
                Failure::Mismatch(reason) if is_last => return Err(state.refuse(reason, error)),
                Failure::Away if is_last => return Err(error.into()),
                Failure::Mismatch(_) | Failure::Away => {
                    tracing::debug!(attempt, error = %error, "Could not connect to Redis; trying again");
                    attempt += 1;
                }
            }
        }
    }
}

impl State {
    /// Remembers the refusal, and drops a connection that it has made useless.
    fn refuse(&mut self, reason: String, error: RedisError) -> CacheError {
        self.server = None;
        let refused = self.refused.insert(RefusedLogin {
            at: Instant::now(),
            reason,
            error,
        });
        refused.again()
    }
}

impl RefusedLogin {
    fn again(&self) -> CacheError {
        CacheError::Refused {
            reason: self.reason.clone(),
            source: self.error.clone(),
        }
    }
}

async fn once(server: Server, commands: &[Cmd]) -> RedisResult<Vec<RedisResult<Value>>> {
    match server {
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
        Err(error) if is_broken(&error) || is_refused_login(&error) => Err(error),
        answer => Ok(answer),
    });
    sorted.collect()
}

fn is_broken(error: &RedisError) -> bool {
    error.is_io_error() || error.is_timeout() || error.is_connection_dropped() || error.is_connection_refusal()
}

async fn connect(config: &RedisConfig) -> RedisResult<Server> {
    let certificates = config.ca_file.as_ref().map(|file| TlsCertificates {
        client_tls: None,
        root_cert: Some(file.pem().to_vec()),
    });
    if config.cluster {
        let client = ClusterClientBuilder::new(config.url.split(','))
            .connection_timeout(CONNECTION_TIMEOUT)
            .response_timeout(RESPONSE_TIMEOUT)
            .retries(2);
        let client = match certificates {
            Some(certificates) => client.certs(certificates),
            None => client,
        };
        return client.build()?.get_async_connection().await.map(Server::Cluster);
    }
    // Attempts are counted by whoever asks, who knows which of them are worth repeating.
    let settings = ConnectionManagerConfig::new()
        .set_connection_timeout(Some(CONNECTION_TIMEOUT))
        .set_response_timeout(Some(RESPONSE_TIMEOUT))
        .set_number_of_retries(0);
    let client = match certificates {
        Some(certificates) => Client::build_with_tls(config.url.as_str(), certificates)?,
        None => Client::open(config.url.as_str())?,
    };
    let mut connection = ConnectionManager::new_with_config(client, settings).await?;
    // Whoever has not said who they are is told so in answer to a short command; after a long one Redis hangs up without a word.
    match redis::cmd("PING").exec_async(&mut connection).await {
        Err(error) if error.code() == Some("NOAUTH") || is_broken(&error) => Err(error),
        Ok(()) | Err(_) => Ok(Server::Single(connection)),
    }
}
