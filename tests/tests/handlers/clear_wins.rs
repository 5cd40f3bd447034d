//! A reader that computed before a clear and writes after it leaves nothing behind; an older row never replaces a newer one.

use shared::batch::handle;
use shared::cache::{AnalysisKind, Family, Interval, key};
use shared::currency::CurrencyCode;
use shared::dead_letter::RefusalCode;
use shared::event::{CacheInvalidation, CacheKey, DataProcessingCompleted, ExchangeRateUpdated, NewDataReceived};
use shared::period::Period;
use std::time::Duration;
use tests::api::Ask;
use tests::{RawRecord, Services, kafka_event, rate};

fn usd() -> CurrencyCode {
    CurrencyCode::USD
}

fn on_day(day: &str, value: &str) -> ExchangeRateUpdated {
    rate(
        "USD",
        "ecb",
        &format!("{day}T13:15:00Z"),
        &format!("{day}T15:00:00Z"),
        value,
    )
}

#[tokio::test]
async fn a_rate_read_before_a_clear_is_not_cached_after_it() {
    let services = Services::start().await;
    let row = on_day("2026-10-30", "1335.27");
    let leases = services.cache.lease_rates(&[usd()]).await.unwrap();
    services.cache.clear_rates(&[usd()]).await.unwrap();
    assert!(!services.cache.put_rate(&leases, &row).await.unwrap());
    assert!(services.cached_rates(&[usd()]).await.is_empty());

    let leases = services.cache.lease_rates(&[usd()]).await.unwrap();
    assert!(
        services.cache.put_rate(&leases, &row).await.unwrap(),
        "without a clear in between it is cached"
    );
    assert_eq!(
        services.cached_rates(&[usd()]).await["USD"]["deal_base_rate"],
        "1335.27"
    );
}

#[tokio::test]
async fn a_rate_read_before_a_newer_one_arrived_is_not_cached_after_it() {
    let services = Services::start().await;
    let (older, newer) = (on_day("2026-10-29", "1337.29"), on_day("2026-10-30", "1335.27"));
    services
        .currency
        .rate_updated(std::slice::from_ref(&older))
        .await
        .unwrap();
    let leases = services.cache.lease_rates(&[usd()]).await.unwrap();
    services
        .currency
        .rate_updated(std::slice::from_ref(&newer))
        .await
        .unwrap();
    assert!(!services.cache.put_rate(&leases, &older).await.unwrap());
    assert_eq!(
        services.cached_rates(&[usd()]).await["USD"]["deal_base_rate"],
        "1335.27"
    );
}

#[tokio::test]
async fn a_writer_with_an_older_row_never_replaces_a_newer_one_even_after_a_clear() {
    let services = Services::start().await;
    let (older, newer) = (on_day("2026-10-29", "1337.29"), on_day("2026-10-30", "1335.27"));
    let leases = services.cache.lease_rates(&[usd()]).await.unwrap();
    services.cache.refresh_rates(&leases, &[newer]).await.unwrap();
    assert_eq!(
        services
            .cache
            .refresh_rates(&leases, std::slice::from_ref(&older))
            .await
            .unwrap()
            .outdated,
        [usd()]
    );
    services.cache.clear_rates(&[usd()]).await.unwrap();
    assert_eq!(
        services.cache.refresh_rates(&leases, &[older]).await.unwrap().lost,
        [usd()],
        "what was read before the clear has to be read again"
    );
    assert!(services.cached_rates(&[usd()]).await.is_empty());
}

/// A build that took any date has stored and cached a rate of 2099, and somebody has repaired the store by hand.
#[tokio::test]
async fn after_a_repair_an_operators_clear_has_the_true_rate_cached_and_later_ones_taken() {
    for by_route in [true, false] {
        let services = Services::start().await;
        let routes = tests::read_apis::all(&services, None);
        let served = async || Ask::get("/api/v1/currencies/USD").send(&routes).await.text();
        let (wrong, truth, next) = (
            on_day("2099-01-01", "1.5"),
            on_day("2026-10-29", "1337.29"),
            on_day("2026-10-30", "1335.27"),
        );
        services
            .currency
            .rate_updated(std::slice::from_ref(&wrong))
            .await
            .unwrap();
        services
            .currency
            .rate_updated(std::slice::from_ref(&next))
            .await
            .unwrap();
        assert!(served().await.contains("\"deal_base_rate\":1.5,"));
        let of_a_late_writer = services.cache.lease_rates(&[usd()]).await.unwrap();

        sqlx::query("DELETE FROM currency.current_rate WHERE recorded_at > now()")
            .execute(&services.store)
            .await
            .unwrap();
        services
            .currency
            .rate_updated(std::slice::from_ref(&truth))
            .await
            .unwrap();
        if by_route {
            let clear = Ask::get("/api/v1/currencies/cache?currency_code=USD");
            assert_eq!(clear.method("DELETE").signed().send(&routes).await.status, 200);
        } else {
            let event = CacheInvalidation {
                cache_keys: vec![CacheKey::One(usd())],
                invalidation_type: "manual".into(),
                invalidated_at: "2026-10-30T15:00:00Z".parse().unwrap(),
                source: "ecb".into(),
            };
            services.currency.cache_invalidated(&[event]).await.unwrap();
            assert_eq!(
                services.cached_rates(&[usd()]).await["USD"]["deal_base_rate"],
                "1337.29"
            );
        }
        // Whoever had read the wrong row before cannot put it back.
        let late = services
            .cache
            .refresh_rates(&of_a_late_writer, std::slice::from_ref(&wrong))
            .await
            .unwrap();
        assert_eq!((late.lost, late.written), (vec![usd()], vec![]));
        assert!(!services.cache.put_rate(&of_a_late_writer, &wrong).await.unwrap());
        assert!(
            served().await.contains("\"deal_base_rate\":1337.29,"),
            "{}",
            served().await
        );

        let again = serde_json::to_vec(&wrong).unwrap();
        let apply = async |events: &[ExchangeRateUpdated]| services.currency.rate_updated(events).await;
        let event = kafka_event("exchange_rate_updated", &[RawRecord::Value(&again)]);
        handle(&event, &services.dead_letters, &apply).await.unwrap();
        assert_eq!(services.dead_letters().await[0].error_code, RefusalCode::NotYet);

        services
            .currency
            .rate_updated(std::slice::from_ref(&next))
            .await
            .unwrap();
        assert_eq!(
            services.cached_rates(&[usd()]).await["USD"]["deal_base_rate"],
            "1335.27"
        );
        assert!(served().await.contains("\"deal_base_rate\":1335.27,"));
    }
}

#[tokio::test]
async fn a_writer_whose_fence_redis_lost_reads_again() {
    let services = Services::start().await;
    let leases = services.cache.lease_rates(&[usd()]).await.unwrap();
    redis::cmd("FLUSHDB")
        .exec_async(&mut services.redis.clone())
        .await
        .unwrap();
    let refreshed = services
        .cache
        .refresh_rates(&leases, &[on_day("2026-10-30", "1335.27")])
        .await
        .unwrap();
    assert_eq!((refreshed.lost, refreshed.written), (vec![usd()], vec![]));
    assert!(services.cached_rates(&[usd()]).await.is_empty());
}

/// For each family: its key, and the handler calls that clear it.
#[tokio::test]
async fn a_result_computed_before_a_clear_is_not_cached_after_it() {
    let services = Services::start().await;
    let history = key::history(usd(), Period::Week, Interval::Daily);
    let stats = key::stats(usd(), Period::Year);
    let analysis = key::analysis(usd(), AnalysisKind::Forecast, Period::Year);
    let time = "2026-10-30T15:00:00Z".parse().unwrap();
    let run = uuid::Uuid::nil();
    let new = NewDataReceived {
        source: "ecb".into(),
        data_count: 1,
        collection_time: time,
        processing_time_ms: 1,
        correlation_id: run,
    };
    let done = DataProcessingCompleted {
        source: "ecb".into(),
        total_processed: 1,
        processing_time_ms: 1,
        completed_at: time,
        correlation_id: run,
    };
    let invalid = CacheInvalidation {
        cache_keys: vec![CacheKey::One(usd())],
        invalidation_type: "rate_update".into(),
        invalidated_at: time,
        source: "ecb".into(),
    };
    let updated = [on_day("2026-10-30", "1335.27")];
    for (cleared_by, keys) in [
        ("exchange_rate_updated", vec![&history, &stats, &analysis]),
        ("cache_invalidation", vec![&history, &stats]),
        ("data_processing_completed", vec![&stats]),
        ("new_data_received", vec![&analysis]),
    ] {
        for key in keys {
            let before = services.cache.lease_history(usd()).await.unwrap();
            assert!(
                services
                    .cache
                    .put_computed(&before, key, "1", Duration::from_secs(60))
                    .await
                    .unwrap()
            );
            match cleared_by {
                "exchange_rate_updated" => services.history.rate_updated(&updated).await.unwrap(),
                "cache_invalidation" => services
                    .history
                    .cache_invalidated(std::slice::from_ref(&invalid))
                    .await
                    .unwrap(),
                "data_processing_completed" => services
                    .history
                    .processing_completed(std::slice::from_ref(&done))
                    .await
                    .unwrap(),
                _ => services
                    .history
                    .new_data_received(std::slice::from_ref(&new))
                    .await
                    .unwrap(),
            }
            assert_eq!(
                services.cache.computed(key).await.unwrap(),
                None,
                "{cleared_by} clears {key}"
            );
            assert!(
                !services
                    .cache
                    .put_computed(&before, key, "old", Duration::from_secs(60))
                    .await
                    .unwrap(),
                "{cleared_by}, {key}"
            );
            assert_eq!(
                services.cache.computed(key).await.unwrap(),
                None,
                "{cleared_by} wins over {key}"
            );
        }
    }
}

#[tokio::test]
async fn the_key_space_is_closed() {
    let keys: Vec<usize> = [Family::History, Family::Stats, Family::Analysis]
        .map(|family| family.keys(usd()).len())
        .into();
    assert_eq!(keys, [24, 6, 12]);
}
