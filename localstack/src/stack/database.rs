//! The database that the functions' tables are in. The tables are the migrations' business.

use servers::Postgres;
use sqlx::{Connection as _, Executor as _, PgConnection};

use super::StackError;

/// The database's name.
pub(super) const NAME: &str = "hwanyul";

/// Creates the database when it is missing.
pub(super) async fn create(postgres: &Postgres) -> Result<(), StackError> {
    let creating = |source| StackError::Database { name: NAME, source };
    let mut connection = PgConnection::connect(&postgres.url("postgres"))
        .await
        .map_err(creating)?;
    let found = sqlx::query("SELECT 1 FROM pg_database WHERE datname = $1").bind(NAME);
    if connection.fetch_optional(found).await.map_err(creating)?.is_none() {
        connection.execute("CREATE DATABASE hwanyul").await.map_err(creating)?;
    }
    connection.close().await.map_err(creating)
}
