//! Whether a session is PostgreSQL's own. sqlx takes a lock for the time of all migrations (`pg_advisory_lock`), which belongs to a session; a pooler that lends
//! the connection to others after each transaction gives the lock to them, and the end of the lock to somebody else.
//!
//! RDS Proxy lends connections too, but keeps one that holds such a lock for its session ("Avoiding pinning an RDS Proxy", PostgreSQL,
//! <https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/rds-proxy-pinning.html>), so what is looked at is a session with a lock. PgBouncer's table of what each
//! of its modes supports: <https://www.pgbouncer.org/features.html>.

use std::time::Duration;

use chrono::Utc;
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection, PgPool, Row as _};

use super::MigrationsError;

/// How long to look. A pooler with a single connection would keep the second session waiting for ever.
const LIMIT: Duration = Duration::from_secs(10);

/// Looks from two sessions at once, one of which holds a lock, whether both are in one process of PostgreSQL, or one of them moves.
///
/// # Errors
/// [`MigrationsError::Pooler`] when they are; [`MigrationsError::Database`] when PostgreSQL is not there.
pub(super) async fn must_keep_sessions(pool: &PgPool) -> Result<(), MigrationsError> {
    let look = async {
        let options = pool.connect_options();
        let mut ours = PgConnection::connect_with(&options).await?;
        let mut other = PgConnection::connect_with(&options).await?;
        let keeps = keeps_sessions(&mut ours, &mut other).await?;
        other.close().await?;
        ours.close().await?;
        Ok::<_, sqlx::Error>(keeps)
    };
    match tokio::time::timeout(LIMIT, look).await {
        Ok(Ok(true)) => Ok(()),
        Ok(Ok(false)) => Err(MigrationsError::Pooler),
        Ok(Err(error)) => Err(error.into()),
        Err(_) => Err(sqlx::Error::PoolTimedOut.into()),
    }
}

/// Plain statements only: prepared ones are what such a pooler breaks first.
async fn keeps_sessions(ours: &mut PgConnection, other: &mut PgConnection) -> Result<bool, sqlx::Error> {
    // A lock of its own each time, so that nobody ever waits for one that was left behind.
    let key = Utc::now().timestamp_micros();
    ours.execute(AssertSqlSafe(format!("SELECT pg_advisory_lock({key})")))
        .await?;
    let before = process(ours).await?;
    // In a transaction, so that it keeps the connection that it got while ours asks again.
    other.execute("BEGIN").await?;
    let others = process(other).await?;
    let after = process(ours).await?;
    let unlock = AssertSqlSafe(format!("SELECT pg_advisory_unlock({key})"));
    if others == before {
        other.execute(unlock).await?;
    } else {
        ours.execute(unlock).await?;
    }
    other.execute("ROLLBACK").await?;
    Ok(before != others && before == after)
}

/// The process of PostgreSQL that a statement reaches now.
async fn process(session: &mut PgConnection) -> Result<i32, sqlx::Error> {
    session.fetch_one("SELECT pg_backend_pid()").await?.try_get(0)
}
