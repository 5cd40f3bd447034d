//! What is cleared, computed once, and answered while a server is away.

use super::*;

#[tokio::test]
async fn an_operator_clears_what_is_cached_and_the_next_reader_fills_it() {
    let (services, routes) = with_rates().await;
    services.currency.rate_updated(&of_now()).await.unwrap();
    let cleared = Ask::get("/api/v1/currencies/cache?currency_code=USD")
        .method("DELETE")
        .signed()
        .send(&routes)
        .await;
    assert_eq!(cleared.json()["data"], json!({"currency_code": "USD", "entries": 1}));
    assert!(services.cached_rates(&["USD".parse().unwrap()]).await.is_empty());
    let served = async |path: &str| get(&routes, path).await.json()["data"]["served_from"].clone();
    assert_eq!(served("/api/v1/currencies/EUR").await, "cache");
    assert_eq!(served("/api/v1/currencies/USD").await, "store");
    assert_eq!(served("/api/v1/currencies/USD").await, "cache");
    let all = Ask::get("/api/v1/currencies/cache")
        .method("DELETE")
        .signed()
        .send(&routes)
        .await;
    assert!(all.json()["data"]["entries"].as_u64().unwrap() >= 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_miss_that_fifty_readers_have_at_once_is_computed_once() {
    let (services, _) = with_rates().await;
    services
        .cache
        .clear_rates(&CurrencyCode::all().collect::<Vec<_>>())
        .await
        .unwrap();
    let instances: Vec<Router> = (0..50)
        .map(|_| {
            let get = |name: &str| services.environment.get(name).cloned();
            let cache = Cache::new(RedisConfig::read(&get).unwrap());
            shared::api::with_middleware(currency::api::routes(Arc::new(Currency::new(
                services.store.clone(),
                cache,
            ))))
        })
        .collect();
    let readers = instances
        .into_iter()
        .map(|routes| tokio::spawn(async move { get(&routes, "/api/v1/currencies/USD").await.json() }));
    let mut from_store = 0;
    for reader in readers.collect::<Vec<_>>() {
        let answer = reader.await.unwrap();
        assert_eq!(answer["data"]["recorded_at"], "2026-10-30T13:15:00Z");
        from_store += usize::from(answer["data"]["served_from"] == "store");
    }
    assert_eq!(from_store, 1);
}

#[tokio::test]
async fn without_redis_answers_come_from_the_store_and_without_both_there_are_none() {
    let (services, _) = with_rates().await;
    services.currency.rate_updated(&of_now()).await.unwrap();
    let nowhere = |name: &str| match name {
        "REDIS_URL" => Some("redis://127.0.0.1:1".to_owned()),
        "DATABASE_URL" => Some("postgres://nobody@127.0.0.1:1/none".to_owned()),
        _ => None,
    };
    let no_redis = Cache::new(RedisConfig::read(&nowhere).unwrap());
    let service = Currency::new(services.store.clone(), no_redis.clone());
    let without_redis = shared::api::with_middleware(currency::api::routes(Arc::new(service)));
    let reply = get(&without_redis, "/api/v1/currencies/latest?base=USD").await;
    assert_eq!(reply.json()["data"]["served_from"], "store");
    assert_eq!(number(&reply, "EUR"), "1.1172");
    let health = get(&without_redis, "/health/currency").await;
    assert_eq!(
        (health.status.as_u16(), health.json()["data"]["status"].clone()),
        (200, json!("degraded"))
    );

    let no_store = shared::store::pool(&nowhere).unwrap();
    let without_store = Currency::new(no_store.clone(), services.cache.clone());
    let without_store = shared::api::with_middleware(currency::api::routes(Arc::new(without_store)));
    assert_eq!(
        get(&without_store, "/api/v1/currencies/USD").await.json()["data"]["served_from"],
        "cache"
    );
    let uncached = get(&without_store, "/api/v1/currencies/CHF").await;
    assert_eq!(
        (uncached.status.as_u16(), uncached.json()["error"]["code"].clone()),
        (503, json!("SERVICE_UNAVAILABLE"))
    );
    assert_eq!(
        (
            uncached.header("retry-after"),
            uncached.header("access-control-allow-origin")
        ),
        ("5", "*")
    );

    let neither = shared::api::with_middleware(currency::api::routes(Arc::new(Currency::new(no_store, no_redis))));
    assert_eq!(get(&neither, "/api/v1/currencies/USD").await.status, 503);
    assert_eq!(get(&neither, "/health/currency").await.status, 503);
    assert_eq!(get(&neither, "/api/v1/currencies").await.status, 200);
}
