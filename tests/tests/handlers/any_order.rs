//! Order does not matter, repetition does not matter: any shuffle, duplication, split into batches and interleaving over the four topics ends in the same
//! stores and caches, and they are those of a plain computation.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use proptest::prelude::*;
use proptest::sample::Index;
use rust_decimal::Decimal;
use shared::apply::ApplyError;
use shared::cache::CacheError;
use shared::currency::CurrencyCode;
use shared::event::{CacheInvalidation, CacheKey, DataProcessingCompleted, ExchangeRateUpdated, NewDataReceived};
use shared::time::Timestamp;
use sqlx::Row;
use tests::{Services, rate};

/// A price and its quotation.
type Observed = (Decimal, Option<Decimal>);

const CODES: [&str; 3] = ["EUR", "JPY", "USD"];

/// A generated observation: few currencies, sources, instants and values, so that most of them meet.
fn observation() -> impl Strategy<Value = ExchangeRateUpdated> {
    (
        0..3_usize,
        0..2_usize,
        0..6_u32,
        0..3_u32,
        1..4_u32,
        prop::option::of(1..3_u32),
        prop::option::of(1..3_u32),
    )
        .prop_map(|(code, source, slot, edition, value, tts, quotation)| {
            let recorded = format!("2026-10-{}T{:02}:15:00Z", 29 + slot / 3, 1 + (slot % 3) * 8);
            let mut event = rate(
                CODES[code],
                ["ecb", "koreaexim"][source],
                &recorded,
                &format!("2026-10-31T0{edition}:00:00.000001Z"),
                &format!("{value}.5"),
            );
            event.tts = tts.map(|tts| format!("{tts}.75").parse().unwrap());
            event.quotation = quotation.map(|quotation| format!("{quotation}.25").parse().unwrap());
            event
        })
}

/// What is delivered: batches of observations, with events of the other topics between them.
#[derive(Debug, Clone)]
enum Delivery {
    Rates(Vec<ExchangeRateUpdated>),
    Other(u8),
}

fn deliveries() -> impl Strategy<Value = (Vec<ExchangeRateUpdated>, Vec<Delivery>)> {
    (
        prop::collection::vec(observation(), 1..24),
        prop::collection::vec(any::<Index>(), 0..12),
    )
        .prop_flat_map(|(events, repeated)| {
            let mut sent = events.clone();
            sent.extend(repeated.iter().map(|index| index.get(&events).clone()));
            (
                Just(events),
                Just(sent).prop_shuffle(),
                prop::collection::vec((1..7_usize, prop::option::of(0..6_u8)), 1..12),
            )
                .prop_map(|(events, sent, splits)| {
                    let mut rest = &sent[..];
                    let mut deliveries = Vec::new();
                    for (size, other) in splits.iter().cycle() {
                        let (batch, later) = rest.split_at((*size).min(rest.len()));
                        deliveries.push(Delivery::Rates(batch.to_vec()));
                        deliveries.extend(other.map(Delivery::Other));
                        rest = later;
                        if rest.is_empty() {
                            break;
                        }
                    }
                    (events, deliveries)
                })
        })
}

/// Applies a batch as a mapping does: it comes again when more clears than a refresh bears passed at the same time.
async fn comes_again(apply: impl AsyncFn() -> Result<(), ApplyError>) {
    for _ in 0..100 {
        match apply().await {
            Ok(()) => return,
            Err(ApplyError::Cache(CacheError::Unstable(_))) => tokio::task::yield_now().await,
            Err(error) => panic!("{error:?}"),
        }
    }
    panic!("a batch came a hundred times and was never applied");
}

async fn deliver(services: &Services, delivery: &Delivery) {
    let time = "2026-10-31T12:00:00Z".parse().unwrap();
    let (source, id) = ("ecb".to_owned(), uuid::Uuid::nil());
    match delivery {
        Delivery::Rates(events) => {
            comes_again(async || services.currency.rate_updated(events).await).await;
            services.history.rate_updated(events).await.unwrap();
        }
        Delivery::Other(0) => {
            let event = [NewDataReceived {
                source,
                data_count: 1,
                collection_time: time,
                processing_time_ms: 1,
                correlation_id: id,
            }];
            comes_again(async || services.currency.new_data_received(&event).await).await;
            services.history.new_data_received(&event).await.unwrap();
        }
        Delivery::Other(1) => {
            let event = [DataProcessingCompleted {
                source,
                total_processed: 1,
                processing_time_ms: 1,
                completed_at: time,
                correlation_id: id,
            }];
            comes_again(async || services.currency.processing_completed(&event).await).await;
            services.history.processing_completed(&event).await.unwrap();
        }
        Delivery::Other(which) => {
            let key = CODES
                .get(usize::from(*which) - 2)
                .map_or(CacheKey::All, |code| CacheKey::One(code.parse().unwrap()));
            let event = [CacheInvalidation {
                cache_keys: vec![key],
                invalidation_type: "manual".into(),
                invalidated_at: time,
                source,
            }];
            comes_again(async || services.currency.cache_invalidated(&event).await).await;
            services.history.cache_invalidated(&event).await.unwrap();
        }
    }
}

/// The slow, plain computation: the newest of all for each currency, the newest version of each observation, each day's prices.
async fn check(services: &Services, events: &[ExchangeRateUpdated]) {
    let codes: Vec<CurrencyCode> = CODES.iter().map(|code| code.parse().unwrap()).collect();
    let cached = services.cached_rates(&codes).await;
    let current = services.current_rates().await;
    for code in CODES {
        let of_code = events.iter().filter(|event| event.currency_code.as_str() == code);
        let Some(newest) = of_code.max_by(|left, right| left.cmp_version(right)) else {
            assert!(!current.contains_key(code) && !cached.contains_key(code));
            continue;
        };
        let optional = |rate: Option<shared::rate::Rate>| rate.map(|rate| rate.to_string()).unwrap_or_default();
        let hash = &cached[code];
        assert_eq!(hash.len(), 9);
        assert_eq!(hash["quotation"], optional(newest.quotation));
        assert_eq!(hash["deal_base_rate"], newest.deal_base_rate.to_string());
        assert_eq!(
            (&hash["tts"], &hash["ttb"], &hash["source"]),
            (&optional(newest.tts), &String::new(), &newest.source)
        );
        assert_eq!(
            (&hash["recorded_at"], &hash["updated_at"]),
            (&newest.recorded_at.to_string(), &newest.updated_at.to_string())
        );
        let times =
            [newest.recorded_at, newest.updated_at].map(|time| time.utc().format("%Y-%m-%d %H:%M:%S%.6f").to_string());
        let mut row = vec![newest.currency_name.clone(), newest.deal_base_rate.to_string()];
        row.extend(newest.tts.map(|rate| rate.to_string()));
        row.extend(newest.quotation.map(|rate| rate.to_string()));
        row.extend([newest.source.clone(), times[0].clone(), times[1].clone()]);
        assert_eq!(current[code], row.join("|"));
    }
    let mut newest_versions: BTreeMap<_, &ExchangeRateUpdated> = BTreeMap::new();
    for event in events {
        let key = (
            event.currency_code.to_string(),
            event.source.clone(),
            event.recorded_at.utc(),
        );
        let kept = newest_versions.entry(key).or_insert(event);
        if event.cmp_version(kept).is_gt() {
            *kept = event;
        }
    }
    let expected: BTreeMap<_, _> = newest_versions
        .iter()
        .map(|(key, event)| {
            (
                key.clone(),
                (
                    event.deal_base_rate.decimal(),
                    [event.tts, event.quotation].map(|rate| rate.map(|rate| rate.decimal())),
                    event.updated_at.utc(),
                ),
            )
        })
        .collect();
    let observations = services.observations().await;
    assert_eq!(observations, expected);
    // The two services agree: a currency's rate is its source's newest observation.
    for code in CODES {
        if let Some(hash) = cached.get(code) {
            let at: Timestamp = hash["recorded_at"].parse().unwrap();
            let observed = &observations[&(code.to_owned(), hash["source"].clone(), at.utc())];
            let deal = hash["deal_base_rate"].parse::<Decimal>().unwrap();
            let others = ["tts", "quotation"].map(|name| hash[name].parse().ok());
            assert_eq!(
                *observed,
                (deal, others, hash["updated_at"].parse::<Timestamp>().unwrap().utc()),
                "{code}"
            );
            let newest = observations
                .keys()
                .filter(|(of, ..)| of == code)
                .map(|(.., at)| *at)
                .max();
            assert_eq!(newest, Some(at.utc()), "{code}");
        }
    }
    let mut days: BTreeMap<(String, String, NaiveDate), Vec<Observed>> = BTreeMap::new();
    for ((code, source, recorded_at), event) in &newest_versions {
        days.entry((code.clone(), source.clone(), recorded_at.date_naive()))
            .or_default()
            .push((
                event.deal_base_rate.decimal(),
                event.quotation.map(|quotation| quotation.decimal()),
            ));
    }
    let prices = |day: &Vec<Observed>| {
        let (rates, quotations): (Vec<Decimal>, Vec<Option<Decimal>>) = day.iter().copied().unzip();
        let (high, low) = (*rates.iter().max().unwrap(), *rates.iter().min().unwrap());
        let last = rates.len() - 1;
        ([rates[0], high, low, rates[last]], quotations[last])
    };
    assert_eq!(
        services.days().await,
        days.iter().map(|(key, rates)| (key.clone(), prices(rates))).collect()
    );
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap()
}

#[test]
fn any_order_ends_in_the_same_stores_and_caches() {
    let runtime = runtime();
    let services = runtime.block_on(Services::start());
    let config = ProptestConfig {
        cases: 300,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    proptest!(config, |((events, deliveries) in deliveries())| {
        runtime.block_on(async {
            services.empty().await;
            for delivery in &deliveries {
                deliver(&services, delivery).await;
            }
            check(&services, &events).await;
        });
    });
}

#[test]
fn deliveries_at_the_same_time_end_in_the_same_stores_and_caches() {
    let runtime = runtime();
    let services = runtime.block_on(Services::start());
    let config = ProptestConfig {
        cases: 200,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    proptest!(config, |((events, deliveries) in deliveries())| {
        runtime.block_on(async {
            services.empty().await;
            futures::future::join_all(deliveries.iter().map(|delivery| deliver(&services, delivery))).await;
            check(&services, &events).await;
        });
    });
}

/// Rows of a build whose versions were two instants and a digest.
#[tokio::test]
async fn the_migration_gives_stored_rows_the_versions_of_today() {
    let services = Services::start().await;
    let usd = |deal: &str, tts: Option<&str>| {
        let mut event = rate(
            "USD",
            "ecb",
            "2026-10-30T13:15:00Z",
            "2026-10-30T15:00:00.000001Z",
            deal,
        );
        event.tts = tts.map(|tts| tts.parse().unwrap());
        event
    };
    let version = async || -> String {
        let row = sqlx::query("SELECT version FROM currency.current_rate")
            .fetch_one(&services.store)
            .await
            .unwrap();
        row.get(0)
    };
    for event in [
        usd("1335.26673827425707", None),
        usd("1000000000000", Some("0.0000000001")),
        usd("0.000000000123456789012345678", Some("1350.5")),
    ] {
        services.empty().await;
        services
            .currency
            .rate_updated(std::slice::from_ref(&event))
            .await
            .unwrap();
        sqlx::query("UPDATE currency.current_rate SET version = left(version, 36) || right(version, 40)")
            .execute(&services.store)
            .await
            .unwrap();
        let former = version().await;
        assert!(former.len() == 76 && former < event.version());
        // A second time changes nothing.
        for _ in 0..2 {
            sqlx::query(include_str!(
                "../../../functions/operations/migrations/0006_version_by_value.sql"
            ))
            .execute(&services.store)
            .await
            .unwrap();
            assert_eq!(version().await, event.version());
        }
    }
}
