//! What a function finds after Lambda has frozen it: its connections are dead, and nobody told it. The next batch is applied all the same.

use sqlx::{Connection, PgConnection};
use tests::{Services, rate};

#[tokio::test]
async fn connections_that_died_in_the_meantime_are_replaced_within_the_batch() {
    let services = Services::start().await;
    let on_day = |day: &str, value: &str| {
        [rate(
            "USD",
            "ecb",
            &format!("2026-10-{day}T13:15:00Z"),
            &format!("2026-10-{day}T15:00:00Z"),
            value,
        )]
    };
    let mut outside = PgConnection::connect(&services.environment["DATABASE_URL"])
        .await
        .unwrap();
    // The first batch connects.
    services.currency.rate_updated(&on_day("27", "1341.7")).await.unwrap();
    services.history.rate_updated(&on_day("27", "1341.7")).await.unwrap();
    for (day, value) in [("28", "1340.1"), ("29", "1337.2"), ("30", "1335.3")] {
        let killed = sqlx::query(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()",
        );
        assert!(
            killed.execute(&mut outside).await.unwrap().rows_affected() > 0,
            "there was no connection to kill"
        );
        assert!(
            kill_other_connections(&services).await > 0,
            "there was no connection to Redis to kill"
        );

        services.currency.rate_updated(&on_day(day, value)).await.unwrap();
        services.history.rate_updated(&on_day(day, value)).await.unwrap();
        let cached = services.cached_rates(&["USD".parse().unwrap()]).await;
        assert_eq!(cached["USD"]["deal_base_rate"], value);
    }
    assert_eq!(services.observations().await.len(), 4);
}

/// Kills the connections to the test's own Redis database, but for the test's: other tests have theirs on the same server. Answers how many.
async fn kill_other_connections(services: &Services) -> usize {
    let mut redis = services.redis.clone();
    let client = |command: &'static str| redis::cmd("CLIENT").arg(command).to_owned();
    let own: String = client("INFO").query_async(&mut redis).await.unwrap();
    let all: String = client("LIST").query_async(&mut redis).await.unwrap();
    let value = |line: &str, name: &str| {
        let mut fields = line.split_whitespace().filter_map(|field| field.split_once('='));
        fields.find(|(key, _)| *key == name).unwrap().1.to_owned()
    };
    let is_other = |line: &&str| value(line, "db") == value(&own, "db") && value(line, "id") != value(&own, "id");
    let others: Vec<String> = all.lines().filter(is_other).map(|line| value(line, "id")).collect();
    for id in &others {
        client("KILL").arg(&["ID", id]).exec_async(&mut redis).await.unwrap();
    }
    others.len()
}
