//! The tables of both services. The SQL is in `migrations/`, embedded in the binary, and applied once each, in order.

use lambda_runtime::Error;
use serde::Serialize;
use shared::config::Get;
use sqlx::migrate::Migrator;
use sqlx::{PgPool, Row};
use tokio::sync::OnceCell;

static MIGRATOR: Migrator = sqlx::migrate!("./migrations");

/// What the database has now.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct MigrationReport {
    /// The newest migration.
    pub version: i64,
    /// How many there are.
    pub migrations: usize,
}

/// Applies what is missing to `DATABASE_URL`. `pool` is made at the first use.
///
/// # Errors
/// When the variable is missing, PostgreSQL is not there, or a migration fails.
pub async fn ensure(get: Get<'_>, pool: &OnceCell<PgPool>) -> Result<MigrationReport, Error> {
    let pool = pool.get_or_try_init(async || shared::store::pool(get)).await?;
    Ok(apply(pool).await?)
}

/// Applies what is missing to `pool`. Two at once wait for each other.
///
/// # Errors
/// When PostgreSQL is not there or a migration fails.
pub async fn apply(pool: &PgPool) -> Result<MigrationReport, sqlx::migrate::MigrateError> {
    MIGRATOR.run(pool).await?;
    let version = sqlx::query("SELECT max(version) FROM _sqlx_migrations")
        .fetch_one(pool)
        .await?
        .try_get(0)?;
    tracing::info!(version, "Tables are there");
    Ok(MigrationReport {
        version,
        migrations: MIGRATOR.iter().count(),
    })
}
