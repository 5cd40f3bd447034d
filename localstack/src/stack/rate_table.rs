//! A fault in History's table that is put in on purpose, and taken out again: a check that refuses a rate that is true. It is what a wrong migration does, so the
//! record that meets it is refused, dead-lettered, and applied by a replay after the fault is removed; no number is invented for it.

use std::time::Duration;

use sqlx::postgres::{PgConnection, PgPool, PgPoolOptions};
use sqlx::{AssertSqlSafe, Row as _};

/// The check's name.
const CHECK: &str = "put_in_by_the_console";
/// How long PostgreSQL may take.
const LIMIT: Duration = Duration::from_secs(2);
/// A change of the table waits no longer for those who use it, because everybody after it would wait, too.
const LOCK_LIMIT: &str = "SET LOCAL lock_timeout = '2s'";

/// History's table of observations.
pub(super) struct RateTable {
    pool: Option<PgPool>,
}

impl RateTable {
    /// The table in `database`, a URL; nothing is connected yet.
    pub(super) fn new(database: &str) -> Self {
        // One for a change that waits, one for those who read meanwhile.
        let options = PgPoolOptions::new().max_connections(2).acquire_timeout(LIMIT);
        let pool = options.connect_lazy(database);
        if let Err(error) = &pool {
            tracing::warn!(
                error = error as &dyn std::error::Error,
                "The console cannot reach PostgreSQL"
            );
        }
        Self { pool: pool.ok() }
    }

    fn pool(&self) -> Result<&PgPool, sqlx::Error> {
        self.pool.as_ref().ok_or(sqlx::Error::PoolClosed)
    }

    /// Whether the fault is in; false while PostgreSQL cannot be asked.
    pub(super) async fn has_fault(&self) -> bool {
        let asked = async {
            let found = sqlx::query("SELECT 1 FROM pg_constraint WHERE conname = $1").bind(CHECK);
            found.fetch_optional(self.pool()?).await
        };
        matches!(tokio::time::timeout(LIMIT, asked).await, Ok(Ok(Some(_))))
    }

    /// Lets the table refuse the newest rate of USD. Rows that are there stay; gives whether there is such a rate. After an error it is as it was.
    pub(super) async fn inject_fault(&self) -> Result<bool, sqlx::Error> {
        let mut change = self.pool()?.begin().await?;
        sqlx::query(LOCK_LIMIT).execute(&mut *change).await?;
        let newest = "SELECT deal_base_rate::text FROM history.rate WHERE currency_code = 'USD' ORDER BY recorded_at DESC, updated_at DESC LIMIT 1";
        let Some(row) = sqlx::query(newest).fetch_optional(&mut *change).await? else {
            return Ok(false);
        };
        let rate: String = row.try_get(0)?;
        drop_check(&mut change).await?;
        // The digits come from a numeric column, so they are digits.
        let check = format!(
            "ALTER TABLE history.rate ADD CONSTRAINT {CHECK} CHECK (NOT (currency_code = 'USD' AND deal_base_rate = {rate})) NOT VALID"
        );
        sqlx::query(AssertSqlSafe(check)).execute(&mut *change).await?;
        change.commit().await?;
        Ok(true)
    }

    /// Takes the fault out, if it is in.
    pub(super) async fn remove_fault(&self) -> Result<(), sqlx::Error> {
        let mut change = self.pool()?.begin().await?;
        sqlx::query(LOCK_LIMIT).execute(&mut *change).await?;
        drop_check(&mut change).await?;
        change.commit().await
    }
}

async fn drop_check(change: &mut PgConnection) -> Result<(), sqlx::Error> {
    let drop_constraint = format!("ALTER TABLE history.rate DROP CONSTRAINT IF EXISTS {CHECK}");
    sqlx::query(AssertSqlSafe(drop_constraint))
        .execute(change)
        .await
        .map(|_| ())
}
