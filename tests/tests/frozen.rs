//! What a function finds after Lambda has frozen it: its connections are dead, and nobody told it. The next batch is applied all the same.

use flows::{Stack, rate};
use sqlx::{Connection, PgConnection};

#[tokio::test]
async fn connections_that_died_in_the_meantime_are_replaced_within_the_batch() {
    let stack = Stack::start().await;
    let on_day = |day: &str, value: &str| {
        [rate(
            "USD",
            "ecb",
            &format!("2026-10-{day}T13:15:00Z"),
            &format!("2026-10-{day}T15:00:00Z"),
            value,
        )]
    };
    let mut outside = PgConnection::connect(&stack.environment["DATABASE_URL"]).await.unwrap();
    for (day, value) in [("28", "1340.1"), ("29", "1337.2"), ("30", "1335.3")] {
        let killed = sqlx::query(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()",
        );
        assert!(
            killed.execute(&mut outside).await.unwrap().rows_affected() > 0,
            "there was no connection to kill"
        );
        let mut redis = stack.redis.clone();
        redis::cmd("CLIENT")
            .arg(&["KILL", "TYPE", "normal", "SKIPME", "yes"])
            .exec_async(&mut redis)
            .await
            .unwrap();

        stack.currency.rate_updated(&on_day(day, value)).await.unwrap();
        stack.history.rate_updated(&on_day(day, value)).await.unwrap();
        let cached = stack.cached_rates(&["USD".parse().unwrap()]).await;
        assert_eq!(cached["USD"]["deal_base_rate"], value);
    }
    assert_eq!(stack.observations().await.len(), 3);
}
