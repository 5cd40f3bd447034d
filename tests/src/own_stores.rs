//! A part of a shared server that belongs to one test: a database of PostgreSQL, one of Redis.

use sqlx::{AssertSqlSafe, PgPool};
use uuid::Uuid;

/// A Redis database that no other test uses, empty.
pub async fn own_redis_database(url: &str) -> String {
    let mut connection = redis::Client::open(url)
        .unwrap()
        .get_multiplexed_async_connection()
        .await
        .unwrap();
    let taken: u64 = redis::cmd("INCR")
        .arg("databases-taken")
        .query_async(&mut connection)
        .await
        .unwrap();
    let own = format!("{}/{}", url.trim_end_matches('/'), 1 + taken % 1000);
    let mut connection = redis::Client::open(own.as_str())
        .unwrap()
        .get_multiplexed_async_connection()
        .await
        .unwrap();
    redis::cmd("FLUSHDB").exec_async(&mut connection).await.unwrap();
    own
}

/// A PostgreSQL database that no other test uses, empty.
pub async fn own_database(url: &str) -> String {
    let name = format!("test_{}", Uuid::new_v4().simple());
    let pool = PgPool::connect(url).await.unwrap();
    sqlx::query(AssertSqlSafe(format!("CREATE DATABASE {name}")))
        .execute(&pool)
        .await
        .unwrap();
    pool.close().await;
    format!("{}/{name}", url.rsplit_once('/').unwrap().0)
}
