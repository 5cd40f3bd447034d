//! A client's clicks are limited, by all instances together.

use futures::future::join_all;
use serde_json::json;

use crate::{NOON, Servers, click, click_with, data, error};

#[tokio::test]
async fn the_hundred_and_first_click_of_a_client_in_a_minute_is_refused_by_every_instance() {
    let servers = Servers::start().await;
    let instances = [servers.routes(NOON), servers.routes(NOON)];
    let both = &instances;
    let replies = (0..100).map(|number| async move { click("US").from("198.51.100.7").send(&both[number % 2]).await });
    for reply in join_all(replies).await {
        data(&reply, 201);
    }
    for instance in &instances {
        // A header is no address.
        let reply = click("US")
            .from("198.51.100.7")
            .header("x-forwarded-for", "198.51.100.8")
            .send(instance)
            .await;
        let error = error(&reply, 429, "RATE_LIMIT_EXCEEDED");
        let seconds: u64 = reply.header("retry-after").parse().unwrap();
        assert!((1..=60).contains(&seconds), "{seconds}");
        assert_eq!(error["details"]["retry_after"], seconds);
        assert!(
            error["message"]
                .as_str()
                .unwrap()
                .contains("more than 100 clicks a minute"),
            "{error}"
        );
    }
    assert_eq!(servers.stored().await, 100);
    data(&click("US").from("198.51.100.8").send(&instances[0]).await, 201);
}

#[tokio::test]
async fn a_refused_body_costs_nothing_and_a_repeated_key_does() {
    let mut servers = Servers::start().await;
    servers.limit = "2";
    let routes = servers.routes(NOON);
    for _ in 0..3 {
        let refused = click_with(&json!({ "country": "U", "user_id": "user-1" }))
            .from("198.51.100.7")
            .send(&routes)
            .await;
        error(&refused, 400, "INVALID_COUNTRY_CODE");
    }
    let keyed = click("US").from("198.51.100.7").header("idempotency-key", "a");
    let first = data(&keyed.send(&routes).await, 201);
    assert_eq!(data(&keyed.send(&routes).await, 201), first);
    error(&keyed.send(&routes).await, 429, "RATE_LIMIT_EXCEEDED");
}
