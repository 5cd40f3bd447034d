//! (g) A half year of one pair, uncached, with ten thousand and with ten million observations in the store.

use std::sync::Arc;

use history::History;
use shared::cache::Family;
use shared::currency::CurrencyCode;

use crate::times::{Times, report, timed};
use tests::Services;
use tests::api::Ask;

const PATH: &str = "/api/v1/history?base=USD&target=EUR&period=6m&interval=daily";
const SAMPLES: usize = 200;

/// One observation a day for the currencies named and so many days back, of these sources, with the prices of their days.
const FILL: &str = "
    WITH added AS (
        INSERT INTO history.rate (currency_code, source, recorded_at, deal_base_rate, updated_at)
        SELECT code, source, day + interval '13 hours 15 minutes', 1000 + extract(doy FROM day) + extract(year FROM day) / 100, day + interval '15 hours'
          FROM unnest($1::text[]) AS code, unnest($2::text[]) AS source,
               generate_series('2026-10-30T00:00:00Z'::timestamptz - make_interval(days => $3 - 1), '2026-10-30T00:00:00Z', interval '1 day') AS day
        RETURNING *
    )
    INSERT INTO history.daily_rate (currency_code, source, day, open, high, low, close, observations)
    SELECT currency_code, source, (recorded_at AT TIME ZONE 'UTC')::date, deal_base_rate, deal_base_rate, deal_base_rate, deal_base_rate, 1 FROM added";

/// Measures and prints.
///
/// # Panics
/// When PostgreSQL or Redis does not answer.
pub async fn run() {
    let services = Services::start().await;
    let pair = ["EUR", "USD"];
    fill(&services, &pair, &["ecb"], 1000).await;
    let others: Vec<&str> = CurrencyCode::all()
        .map(CurrencyCode::as_str)
        .filter(|code| !pair.contains(code) && *code != "KRW")
        .collect();
    fill(&services, &others[..8], &["ecb"], 1000).await;
    let (few, few_rows) = (measure(&services).await, rows(&services).await);
    for part in others[8..].chunks(19) {
        fill(&services, part, &["ecb", "koreaexim", "exchangerate_api"], 19_500).await;
    }
    sqlx::query("VACUUM ANALYZE history.rate")
        .execute(&services.store)
        .await
        .unwrap();
    sqlx::query("VACUUM ANALYZE history.daily_rate")
        .execute(&services.store)
        .await
        .unwrap();
    let (many, many_rows) = (measure(&services).await, rows(&services).await);
    report(
        &format!("(g) history 6m daily, uncached, {many_rows} rows"),
        many.median(),
        &format!("{few_rows} rows"),
        few.median(),
        "goal <= 1.2",
    );
}

async fn fill(services: &Services, codes: &[&str], sources: &[&str], days: i32) {
    sqlx::query(FILL)
        .bind(codes)
        .bind(sources)
        .bind(days)
        .execute(&services.store)
        .await
        .unwrap();
}

async fn rows(services: &Services) -> i64 {
    sqlx::query_scalar("SELECT count(*) FROM history.rate")
        .fetch_one(&services.store)
        .await
        .unwrap()
}

async fn measure(services: &Services) -> Times {
    let routes = shared::api::with_middleware(history::api::routes(Arc::new(History::new(
        services.store.clone(),
        services.cache.clone(),
    ))));
    let pair: Vec<CurrencyCode> = ["EUR", "USD"].map(|code| code.parse().unwrap()).into();
    let mut times = Vec::new();
    for sample in 0..SAMPLES + 20 {
        services
            .cache
            .clear_history(&pair, &[Family::History, Family::Stats, Family::Analysis])
            .await
            .unwrap();
        let ask = Ask::get(PATH);
        let (reply, took) = timed(ask.send(&routes)).await;
        assert_eq!(
            (reply.status.as_u16(), &reply.json()["data"]["served_from"]),
            (200, &"store".into())
        );
        if sample >= 20 {
            times.push(took);
        }
    }
    Times::new(times)
}
