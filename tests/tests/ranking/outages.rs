//! A server that is away is said to be away: nothing is counted, and no number is made up.

use std::time::Duration;

use tests::api::Ask;
use tests::proxy::Proxy;

use crate::{NOON, Servers, click, data, error, get};

/// A port that refuses connections.
const NOBODY: &str = "127.0.0.1:1";

#[tokio::test]
async fn without_mongodb_every_answer_is_503_and_comes_soon() {
    let mut servers = Servers::start().await;
    servers.mongodb = format!("mongodb://{NOBODY}");
    let routes = servers.routes(NOON);
    let reads = [
        "/api/v1/rankings",
        "/api/v1/rankings?format=csv",
        "/api/v1/rankings/stats/US",
    ]
    .map(Ask::get);
    for ask in reads
        .into_iter()
        .chain([click("US"), click("US").header("idempotency-key", "a")])
    {
        // The driver itself would look for a server for 30 s, and the function has 10.
        let reply = tokio::time::timeout(Duration::from_secs(20), ask.send(&routes))
            .await
            .unwrap();
        let error = error(&reply, 503, "SERVICE_UNAVAILABLE");
        assert_eq!(error["message"], "MongoDB is not available at the moment");
        assert!(!reply.header("retry-after").is_empty());
    }
    let health = data(&get(&routes, "/health/ranking").await, 503);
    assert_eq!(
        (&health["status"], &health["dependencies"]["redis"]["up"]),
        (&"down".into(), &true.into())
    );
}

#[tokio::test]
async fn without_redis_rankings_are_answered_and_clicks_are_not_counted() {
    let mut servers = Servers::start().await;
    servers.seed(&[("US", "2026-03-01", 3)]).await;
    servers.redis = format!("redis://{NOBODY}");
    let routes = servers.routes(NOON);
    for ask in [click("US"), click("US").header("idempotency-key", "a")] {
        let error = error(&ask.send(&routes).await, 503, "SERVICE_UNAVAILABLE");
        assert_eq!(error["message"], "Redis is not available at the moment");
    }
    assert_eq!(
        data(&get(&routes, "/api/v1/rankings").await, 200)["totals"]["total_clicks"],
        3
    );
    assert_eq!(
        data(&get(&routes, "/api/v1/rankings/stats/US").await, 200)["total_clicks"],
        3
    );
    assert_eq!(data(&get(&routes, "/health/ranking").await, 200)["status"], "degraded");
}

#[tokio::test]
async fn with_both_it_is_well() {
    let routes = Servers::start().await.routes(NOON);
    let health = data(&get(&routes, "/health/ranking").await, 200);
    assert_eq!(
        (&health["status"], &health["service"]),
        (&"ok".into(), &"ranking".into())
    );
}

/// Lambda freezes an instance between requests, and its connections die without its knowledge.
#[tokio::test(flavor = "multi_thread")]
async fn a_click_over_connections_that_died_in_the_meantime_counts_once() {
    let mut servers = Servers::start().await;
    let proxy = Proxy::start().await;
    servers.mongodb = proxy.before(&servers.mongodb);
    let routes = servers.routes(NOON);
    for number in 1..=5 {
        assert_eq!(data(&click("US").send(&routes).await, 201)["daily_clicks"], number);
        proxy.hang_up();
    }
    assert_eq!(
        data(&get(&routes, "/api/v1/rankings").await, 200)["totals"]["total_clicks"],
        5
    );
}
