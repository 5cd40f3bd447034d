//! A clear costs what it touches: a million unrelated keys change nothing, and no command searches.

use std::collections::BTreeMap;

use servers::{Options, Redis};
use shared::cache::{Cache, Family};
use shared::config::RedisConfig;
use shared::currency::CurrencyCode;

/// Calls by command, since the server started.
async fn calls(connection: &mut redis::aio::MultiplexedConnection) -> BTreeMap<String, u64> {
    let text: String = redis::cmd("INFO")
        .arg("commandstats")
        .query_async(connection)
        .await
        .unwrap();
    let line = |line: &str| {
        let (command, rest) = line.strip_prefix("cmdstat_")?.split_once(":calls=")?;
        Some((command.to_owned(), rest.split(',').next()?.parse().ok()?))
    };
    text.lines().filter_map(line).collect()
}

/// What one clear of USD in every cache costs.
async fn cost(cache: &Cache, connection: &mut redis::aio::MultiplexedConnection) -> BTreeMap<String, u64> {
    let before = calls(connection).await;
    cache.clear_rates(&[CurrencyCode::USD]).await.unwrap();
    cache
        .clear_history(
            &[CurrencyCode::USD],
            &[Family::History, Family::Stats, Family::Analysis],
        )
        .await
        .unwrap();
    let mut cost = calls(connection).await;
    cost.remove("info"); // Our own question.
    for (command, count) in before {
        cost.entry(command).and_modify(|now| *now -= count);
    }
    cost.retain(|_, count| *count > 0);
    cost
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clearing_costs_the_same_among_a_million_other_keys_and_never_searches() {
    // A server of its own, because the counters are the whole server's.
    let directory = std::env::temp_dir().join(format!("hwanyul-closed-keys-{}", uuid::Uuid::new_v4().simple()));
    let server = Redis::start(&Options::in_dir(&directory)).await.unwrap();
    let client = redis::Client::open(server.url()).unwrap();
    let mut connection = client.get_multiplexed_async_connection().await.unwrap();
    connection.set_response_timeout(std::time::Duration::from_secs(60));
    let cache = Cache::new(RedisConfig {
        url: server.url(),
        cluster: false,
        ca_file: None,
    });
    cost(&cache, &mut connection).await; // The first teaches the server our scripts.
    let alone = cost(&cache, &mut connection).await;

    for chunk in 0..100 {
        let mut mset = redis::cmd("MSET");
        for key in 0..10_000 {
            mset.arg(format!("unrelated:{}", chunk * 10_000 + key)).arg(1);
        }
        mset.exec_async(&mut connection).await.unwrap();
    }
    let keys: u64 = redis::cmd("DBSIZE").query_async(&mut connection).await.unwrap();
    assert!(keys > 1_000_000);
    let among_many = cost(&cache, &mut connection).await;
    assert_eq!(among_many, alone);
    assert!(!alone.contains_key("keys") && !alone.contains_key("scan"), "{alone:?}");
    assert_eq!((alone["evalsha"], alone["unlink"]), (2, 2), "{alone:?}");
    server.stop().await.unwrap();
    std::fs::remove_dir_all(directory).unwrap();
}
