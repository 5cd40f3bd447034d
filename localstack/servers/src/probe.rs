//! Whether a server that is starting answers yet, and what it says while it does not.

use krafka::error::KrafkaError;
use redis::RedisError;

/// Why a server is not ready yet.
#[derive(Debug, thiserror::Error)]
pub enum ProbeError {
    /// Nothing listens on its port, or the connection broke.
    #[error(transparent)]
    Connect(#[from] std::io::Error),
    /// It took too long.
    #[error("no answer in {seconds} s")]
    Slow {
        /// How long it had.
        seconds: u64,
    },
    /// Kafka answered otherwise.
    #[error(transparent)]
    Kafka(#[from] KrafkaError),
    /// The broker has not registered with its controller.
    #[error("the broker is not yet a member of its cluster")]
    Fenced,
    /// PostgreSQL answered otherwise.
    #[error(transparent)]
    Postgres(#[from] sqlx::Error),
    /// Redis answered otherwise.
    #[error(transparent)]
    Redis(#[from] RedisError),
    /// MongoDB answered otherwise.
    #[error("ping was answered with {0}")]
    Mongo(String),
    /// SQS answered otherwise.
    #[error("{0}")]
    Sqs(String),
}

/// Whether something listens on the port; asked first, because a protocol's own client may wait long for a refused connection.
pub(super) async fn connect(port: u16) -> Result<(), ProbeError> {
    tokio::net::TcpStream::connect(("127.0.0.1", port)).await?;
    Ok(())
}
