//! A source that corrects the won of an instant, and not of all currencies: prices in KRW of one instant are made with two wons then, and every cross is the
//! source's own all the same, because it printed it.

use std::sync::Arc;

use axum::Router;
use currency::Currency;
use history::History;
use serde::Deserialize;
use serde_json::value::RawValue;
use shared::ecb;
use shared::event::{DataProcessingCompleted, ExchangeRateUpdated};
use tests::api::Ask;
use tests::ecb::quotient;
use tests::{Services, rate};

use super::{Conversion, Latest, OfDay, data};

const DAY: &str = "2026-11-27";
const WON: &str = "1491.76";
const CORRECTED_WON: &str = "1530";
/// Units for one EUR.
const UNITS: [(&str, &str); 3] = [("EUR", "1"), ("USD", "1.1172"), ("JPY", "175.68")];
/// Each priced in the other, in both directions.
const PAIRS: [(&str, &str); 6] = [
    ("EUR", "JPY"),
    ("USD", "JPY"),
    ("EUR", "USD"),
    ("JPY", "EUR"),
    ("JPY", "USD"),
    ("USD", "EUR"),
];
/// A source that dates its rates by the day, whose crosses are of days, and one that does not, whose crosses are of instants.
const SOURCES: [(&str, &str); 2] = [("ecb", "13:15:00"), ("exchangerate_api", "00:00:01")];

/// A series by days or hours.
#[derive(Deserialize)]
struct Series {
    results: Vec<Point>,
}

#[derive(Deserialize)]
struct Point {
    open: Box<RawValue>,
    high: Box<RawValue>,
    low: Box<RawValue>,
    close: Box<RawValue>,
}

/// Both services, and what answers of them.
struct BothApis {
    services: Services,
    routes: Router,
}

impl BothApis {
    async fn start() -> Self {
        let services = Services::start().await;
        let service = Currency::new(services.store.clone(), services.cache.clone());
        let history = History::new(services.store.clone(), services.cache.clone());
        let routes = currency::api::routes(Arc::new(service)).merge(history::api::routes(Arc::new(history)));
        Self {
            services,
            routes: shared::api::with_middleware(routes),
        }
    }

    async fn deliver(&self, events: &[ExchangeRateUpdated]) {
        self.services.currency.rate_updated(events).await.unwrap();
        self.services.history.rate_updated(events).await.unwrap();
    }

    async fn ask<T: for<'de> Deserialize<'de>>(&self, path: &str) -> T {
        let reply = Ask::get(path).send(&self.routes).await;
        assert_eq!(reply.status, 200, "{path}: {}", reply.text());
        data(&reply)
    }

    /// What one unit of `priced` costs in units of `price`, as every route tells it: the one number that all of them tell.
    async fn told(&self, priced: &str, price: &str) -> String {
        let mut told = Vec::new();
        for date in ["", "&date=2026-11-27"] {
            let path = format!("/api/v1/convert?from={priced}&to={price}{date}");
            told.push((path.clone(), self.ask::<Conversion>(&path).await.rate));
        }
        for (base, target, inverse) in [(price, priced, false), (priced, price, true)] {
            let path = format!("/api/v1/currencies/latest?base={base}&symbols={target}&inverse={inverse}");
            let mut latest: Latest = self.ask(&path).await;
            told.push((path, latest.rates.remove(target).unwrap()));
            let path = format!("/api/v1/history/rates?date={DAY}&base={base}&symbols={target}&inverse={inverse}");
            let mut day: OfDay = self.ask(&path).await;
            told.push((path, day.rates.remove(target).unwrap()));
            // The second of the two is of what the first has cached.
            for span in ["period=1w", "period=1w", "from=2026-11-27", "period=1w&interval=hourly"] {
                let path = format!("/api/v1/history?base={base}&target={target}&inverse={inverse}&{span}");
                let mut series: Series = self.ask(&path).await;
                assert_eq!(series.results.len(), 1, "{path}");
                let point = series.results.remove(0);
                let prices = [point.open, point.high, point.low, point.close];
                told.extend(prices.map(|price| (path.clone(), price)));
            }
        }
        let first = told[0].1.get().to_owned();
        for (path, rate) in told {
            assert_eq!(rate.get(), first, "{priced} in {price}, by {path}");
        }
        first
    }

    /// Checks that every cross is the source's own.
    async fn check(&self, units: &[(&str, &str)], what: &str) {
        let of = |code: &str| units.iter().find(|(known, _)| *known == code).unwrap().1;
        for (priced, price) in PAIRS {
            let expected = quotient(of(price), of(priced), 10);
            assert_eq!(self.told(priced, price).await, expected, "{priced} in {price}, {what}");
        }
    }
}

/// The events of a document, made at that minute.
fn account((source, time): (&str, &str), won: &str, units: &[(&str, &str)], minute: u32) -> Vec<ExchangeRateUpdated> {
    let event = |(code, units): &(&str, &str)| {
        let krw = ecb::cross(won.parse().unwrap(), units.parse().unwrap()).unwrap();
        let recorded_at = format!("{DAY}T{time}Z");
        let updated_at = format!("{DAY}T15:{minute:02}:00Z");
        let mut event = rate(code, source, &recorded_at, &updated_at, &krw.to_string());
        event.quotation = Some(units.parse().unwrap());
        event
    };
    units.iter().map(event).collect()
}

/// The same as builds published them that knew of no quotation.
fn without_quotations(mut events: Vec<ExchangeRateUpdated>) -> Vec<ExchangeRateUpdated> {
    events.iter_mut().for_each(|event| event.quotation = None);
    events
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn crosses_are_the_sources_own_while_prices_in_krw_are_of_two_wons() {
    let apis = BothApis::start().await;
    for source in SOURCES {
        apis.services.empty().await;
        apis.deliver(&account(source, WON, &UNITS, 0)).await;
        apis.check(&UNITS, "of one won").await;
        // The document with another won, as its partitions apply it, has no yen or holds it back.
        let corrected = account(source, CORRECTED_WON, &UNITS[..2], 30);
        for event in corrected {
            apis.deliver(&[event]).await;
            apis.check(&UNITS, "of two wons").await;
        }
        assert_eq!(apis.told("EUR", "JPY").await, "175.68");
        assert_eq!(apis.told("USD", "JPY").await, "157.2502685");
        // Prices in KRW are what was published last of each.
        assert_eq!(apis.told("EUR", "KRW").await, CORRECTED_WON);
        assert_eq!(apis.told("JPY", "KRW").await, quotient(WON, "175.68", 18));
        // And when the yen comes after all.
        apis.deliver(&account(source, CORRECTED_WON, &UNITS[2..], 45)).await;
        apis.check(&UNITS, "of the corrected won").await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_without_quotations_cross_as_before_until_they_come_again_with_them() {
    let apis = BothApis::start().await;
    for source in SOURCES {
        apis.services.empty().await;
        let former = account(source, WON, &UNITS, 0);
        apis.deliver(&without_quotations(former.clone())).await;
        apis.check(&UNITS, "of one won").await;
        apis.deliver(&account(source, CORRECTED_WON, &UNITS[..2], 30)).await;
        // Nothing says what the source printed of the yen.
        assert_eq!(apis.told("EUR", "JPY").await, "180.1834075");
        assert_eq!(apis.told("EUR", "USD").await, "1.1172");
        // What has the same values and a quotation fills it in, and does not stand before what is newer.
        apis.deliver(&former).await;
        apis.check(&UNITS, "after they came again").await;
        assert_eq!(apis.told("EUR", "KRW").await, CORRECTED_WON);
        apis.deliver(&without_quotations(former)).await;
        apis.check(&UNITS, "after the former came once more").await;
    }
}

/// While a new build is deployed, functions of the one before it write too: what they replace must not keep the quotation of what was there.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_build_without_quotations_replaces_loses_its_quotation() {
    // As that build stored.
    const UPSERT: &str = "
        INSERT INTO currency.current_rate AS kept SELECT * FROM (SELECT $1, $2, $3::numeric, NULL::numeric, NULL::numeric, $4, $5::timestamptz,
               $6::timestamptz, $7) AS batch (currency_code, currency_name, deal_base_rate, tts, ttb, source, recorded_at, updated_at, version)
        ON CONFLICT (currency_code) DO UPDATE
            SET currency_name = excluded.currency_name, deal_base_rate = excluded.deal_base_rate, tts = excluded.tts, ttb = excluded.ttb,
                source = excluded.source, recorded_at = excluded.recorded_at, updated_at = excluded.updated_at, version = excluded.version
            WHERE excluded.version > kept.version";
    const STORE: &str = "SELECT history.store(ARRAY[$1], ARRAY[$2], ARRAY[$3::timestamptz], ARRAY[$4::numeric], ARRAY[NULL::numeric], ARRAY[NULL::numeric], ARRAY[$5::timestamptz])";
    let apis = BothApis::start().await;
    let corrected = [("EUR", "1"), ("USD", "1.2"), ("JPY", "180")];
    for source in SOURCES {
        apis.services.empty().await;
        apis.deliver(&account(source, WON, &UNITS, 0)).await;
        apis.check(&UNITS, "before").await;
        for event in without_quotations(account(source, WON, &corrected, 30)) {
            let (code, version) = (event.currency_code.as_str(), event.version());
            let (recorded_at, updated_at) = (event.recorded_at.utc(), event.updated_at.utc());
            let upsert = sqlx::query(UPSERT).bind(code).bind(&event.currency_name);
            let upsert = upsert.bind(event.deal_base_rate.decimal()).bind(&event.source);
            let upsert = upsert.bind(recorded_at).bind(updated_at).bind(version);
            upsert.execute(&apis.services.store).await.unwrap();
            let store = sqlx::query(STORE).bind(code).bind(&event.source).bind(recorded_at);
            let store = store.bind(event.deal_base_rate.decimal()).bind(updated_at);
            store.execute(&apis.services.store).await.unwrap();
        }
        let completed = DataProcessingCompleted {
            source: source.0.to_owned(),
            total_processed: 3,
            processing_time_ms: 1,
            completed_at: format!("{DAY}T15:31:00Z").parse().unwrap(),
            correlation_id: uuid::Uuid::nil(),
        };
        let completed = [completed];
        apis.services.currency.processing_completed(&completed).await.unwrap();
        let all = shared::currency::CurrencyCode::all().collect::<Vec<_>>();
        let families = [shared::cache::Family::History];
        apis.services.cache.clear_history(&all, &families).await.unwrap();
        apis.check(&corrected, "after the former build").await;
        apis.deliver(&account(source, WON, &UNITS, 45)).await;
        apis.check(&UNITS, "after this build").await;
    }
}
