//! The tables of both services. The SQL is in `migrations/`, embedded in the binary, and applied once each, in order.

mod pooler;

use serde::Serialize;
use sqlx::migrate::{MigrateError, Migration, MigrationType, Migrator};
use sqlx::{PgPool, Row, SqlSafeStr as _};

use crate::failure::{Classified, Kind};

macro_rules! migrations {
    ($($version:literal $name:literal),+ $(,)?) => {
        [$(($version, $name, include_str!(concat!("../migrations/", $version, "_", $name, ".sql")))),+]
    };
}

/// Version, name and SQL of each. Named here instead of by `sqlx::migrate!`, whose macro has all of sqlx and its TLS compiled once more for the machine that
/// builds: minutes of every cold build.
const MIGRATIONS: [(&str, &str, &str); 9] = migrations![
    "0001" "currency",
    "0002" "history",
    "0003" "history_by_day",
    "0004" "history_read",
    "0005" "history_days_by_key",
    "0006" "version_by_value",
    "0007" "quotation_current",
    "0008" "quotation_history",
    "0009" "quotation_days",
];

/// What the database has now.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct MigrationReport {
    /// The newest migration.
    pub version: i64,
    /// How many there are.
    pub migrations: usize,
}

/// Why the tables are not there.
#[derive(Debug, thiserror::Error)]
pub enum MigrationsError {
    /// PostgreSQL could not be reached, or refused us.
    #[error("cannot look at the database")]
    Database(#[from] sqlx::Error),
    /// Statements of one session reach PostgreSQL by connections of several.
    #[error(
        "DATABASE_URL leads to a pooler that lends a session's connection to others between two transactions, as PgBouncer does with pool_mode \
         transaction: migrations hold a lock for a session, which would be another's then; give PostgreSQL's own address, or pool_mode session"
    )]
    Pooler,
    /// A migration could not be applied, or is not the one that was.
    #[error("cannot migrate")]
    Migrate(#[from] MigrateError),
}

impl Classified for MigrationsError {
    fn kind(&self) -> Kind {
        match self {
            Self::Database(_) | Self::Migrate(MigrateError::Execute(_)) => Kind::MigrationsDatabase,
            Self::Pooler => Kind::MigrationsPooler,
            Self::Migrate(
                MigrateError::VersionMissing(_)
                | MigrateError::VersionMismatch(_)
                | MigrateError::VersionTooOld(..)
                | MigrateError::VersionTooNew(..)
                | MigrateError::Dirty(_),
            ) => Kind::MigrationsChanged,
            // sqlx may add further ones.
            Self::Migrate(_) => Kind::MigrationsFailed,
        }
    }
}

/// Applies what is missing to `pool`. Two at once wait for each other.
///
/// # Errors
/// [`MigrationsError`] when PostgreSQL is not there, is behind a pooler that keeps no session together, or a migration fails.
pub async fn apply(pool: &PgPool) -> Result<MigrationReport, MigrationsError> {
    pooler::must_keep_sessions(pool).await?;
    migrator().run(pool).await?;
    let version = sqlx::query("SELECT max(version) FROM _sqlx_migrations")
        .fetch_one(pool)
        .await?
        .try_get(0)?;
    tracing::info!(version, "Tables are there");
    Ok(MigrationReport {
        version,
        migrations: MIGRATIONS.len(),
    })
}

fn migrator() -> Migrator {
    let migration = |(version, name, sql): &(&str, &str, &'static str)| {
        // As the macro reads a file's name; a version is digits, which a test holds.
        let version = version.parse().unwrap_or_default();
        let description = name.replace('_', " ").into();
        Migration::new(version, description, MigrationType::Simple, sql.into_sql_str(), false)
    };
    let mut migrator = Migrator::with_migrations(MIGRATIONS.iter().map(migration).collect());
    // A deployment that is rolled back asks the former build for its tables again. It gets on with those of the next, as it did during the deployment.
    migrator.set_ignore_missing(true);
    migrator
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_is_a_migration_once() {
        let files = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/migrations")).unwrap();
        let mut files: Vec<String> = files
            .map(|file| file.unwrap().file_name().into_string().unwrap())
            .collect();
        files.sort();
        let named: Vec<String> = MIGRATIONS
            .iter()
            .map(|(version, name, _)| format!("{version}_{name}.sql"))
            .collect();
        assert_eq!(files, named);
        let versions: Vec<i64> = migrator().iter().map(|migration| migration.version).collect();
        assert_eq!(versions, [1, 2, 3, 4, 5, 6, 7, 8, 9]);
    }
}
