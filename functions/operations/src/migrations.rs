//! The tables of both services. The SQL is in `migrations/`, embedded in the binary, and applied once each, in order.

use serde::Serialize;
use sqlx::migrate::Migrator;
use sqlx::{PgPool, Row};

static MIGRATOR: Migrator = sqlx::migrate!("./migrations");

/// What the database has now.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct MigrationReport {
    /// The newest migration.
    pub version: i64,
    /// How many there are.
    pub migrations: usize,
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
