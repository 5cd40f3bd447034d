//! One poison record in the middle of 10,000: the others are applied, it is one dead letter, and after the fix a replay applies it.

use std::collections::BTreeMap;

use serde_json::json;
use shared::config::{KafkaConfig, KafkaSecurity};
use shared::event::{ExchangeRateUpdated, Run};
use shared::publish::Publisher;
use sqlx::{AssertSqlSafe, Row};
use tests::pipeline::Pipeline;
use tests::rate;

/// Nothing is published but what the test publishes.
const NO_RUN: (&str, &str) = ("IngestSchedule", "cron(0 0 1 1 ? 2199)");

const HISTORY: &str = "history-exchange-rate-updated";
/// The value that the store refuses, by a migration that was wrong. It is the highest of its day.
const POISON: &str = "1398.75000000000001";

/// 250 hours of 40 currencies; the dollar's value in the middle is the poison.
fn events() -> Vec<ExchangeRateUpdated> {
    let codes = tests::in_use();
    let usd = codes.iter().position(|code| code.as_str() == "USD").unwrap();
    let mut events = Vec::with_capacity(10_000);
    for hour in 0..250_u32 {
        let at = format!("2026-10-{:02}T{:02}:00:00Z", 1 + hour / 24, hour % 24);
        for place in 0..40 {
            let code = codes[(usd + place) % codes.len()].as_str();
            let value = if (place, hour) == (0, 125) {
                POISON.to_owned()
            } else {
                format!("{}.{:03}1", 1_000 + place, hour)
            };
            events.push(rate(code, "ecb", &at, &at, &value));
        }
    }
    events
}

async fn rows(pipeline: &Pipeline, query: &str) -> Vec<String> {
    let rows = sqlx::query(AssertSqlSafe(query.to_owned()))
        .fetch_all(&pipeline.store)
        .await
        .unwrap();
    rows.iter().map(|row| row.get(0)).collect()
}

/// The highest of 6 October, as a reader of the week sees it; the series is cached then.
async fn high(pipeline: &Pipeline) -> String {
    let url = format!("{}/api/v1/history?target=USD&period=1w&format=csv", pipeline.api);
    let text = reqwest::get(url).await.unwrap().text().await.unwrap();
    let day = text.lines().find(|line| line.starts_with("2026-10-06,"));
    // date, open, high, ...
    day.and_then(|day| day.split(',').nth(2))
        .unwrap_or_else(|| panic!("{text}"))
        .to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_poison_record_among_ten_thousand_is_dead_lettered_and_applied_after_the_fix() {
    let pipeline = Pipeline::start(&[NO_RUN]).await;
    let wrong = format!("ALTER TABLE history.rate ADD CONSTRAINT wrong CHECK (deal_base_rate <> {POISON}) NOT VALID");
    sqlx::query(AssertSqlSafe(wrong))
        .execute(&pipeline.store)
        .await
        .unwrap();
    let events = events();
    assert_eq!(events.len(), 10_000);
    let run = Run::new("/test");
    let published: Vec<_> = events
        .iter()
        .map(|event| run.event(event, event.updated_at).unwrap())
        .collect();
    let config = KafkaConfig {
        bootstrap_servers: pipeline.kafka.bootstrap(),
        security: KafkaSecurity::Plaintext,
    };
    Publisher::new(config).publish(&published).await.unwrap();
    pipeline.caught_up().await;

    // 9,999 are applied by History, and Currency has all of them.
    assert_eq!(
        rows(&pipeline, "SELECT count(*)::text FROM history.rate").await,
        ["9999"]
    );
    let newest: BTreeMap<String, String> = events
        .iter()
        .map(|event| {
            (
                event.currency_code.to_string(),
                format!("{} {}", event.currency_code, event.deal_base_rate),
            )
        })
        .collect();
    let current = rows(
        &pipeline,
        "SELECT currency_code || ' ' || deal_base_rate FROM currency.current_rate ORDER BY 1",
    )
    .await;
    assert_eq!(current, newest.into_values().collect::<Vec<_>>());
    assert_eq!(high(&pipeline).await, "1000.1431");
    let days = "SELECT concat_ws('|', day, open, high, low, close, observations) FROM history.daily_rate WHERE currency_code = 'USD' ORDER BY 1";
    let days_before = rows(&pipeline, days).await;

    // One dead letter with everything in it.
    let listed = pipeline
        .invoke("operations-redrive", json!({"action": "list"}))
        .await
        .unwrap();
    assert_eq!((&listed["matched"], &listed["hidden"]), (&json!(1), &json!(0)));
    let id = &listed["letters"][0]["id"];
    let shown = pipeline
        .invoke("operations-redrive", json!({"action": "show", "id": id}))
        .await
        .unwrap();
    let (letter, record) = (&shown["letter"], &shown["records"][0]);
    assert_eq!(
        (&letter["function"], &letter["topic"], &letter["error_code"]),
        (
            &json!(HISTORY),
            &json!("exchange_rate_updated"),
            &json!("VALUE_REFUSED")
        )
    );
    assert!(
        letter["reason"]
            .as_str()
            .unwrap()
            .contains("violates check constraint \"wrong\""),
        "{letter}"
    );
    assert!(
        letter["timestamp"].is_string() && letter["refused_at"].is_string(),
        "{letter}"
    );
    assert_eq!(record["key"], json!({"text": "USD"}));
    let poison = events
        .iter()
        .position(|event| event.deal_base_rate.to_string() == POISON)
        .unwrap();
    assert_eq!(
        record["payload"]["text"],
        serde_json::to_string(&events[poison]).unwrap()
    );
    let headers: BTreeMap<String, String> = record["headers"]
        .as_array()
        .unwrap()
        .iter()
        .map(|header| {
            (
                header[0].as_str().unwrap().to_owned(),
                header[1]["text"].as_str().unwrap().to_owned(),
            )
        })
        .collect();
    let sent: BTreeMap<String, String> = published[poison]
        .headers()
        .map(|(name, value)| (name.to_owned(), value))
        .into();
    assert_eq!(headers, sent);

    // Before the fix a replay is refused again, and nothing is lost or doubled.
    let again = pipeline
        .invoke("operations-redrive", json!({"action": "replay"}))
        .await
        .unwrap();
    assert_eq!(
        (&again["replayed"], &again["letters"][0]["outcome"]),
        (&json!(0), &json!("refused"))
    );

    // The fix, and the replay.
    sqlx::query("ALTER TABLE history.rate DROP CONSTRAINT wrong")
        .execute(&pipeline.store)
        .await
        .unwrap();
    let replayed = pipeline
        .invoke("operations-redrive", json!({"action": "replay"}))
        .await
        .unwrap();
    assert_eq!((&replayed["replayed"], &replayed["failed"]), (&json!(1), &json!(0)));
    assert_eq!(
        rows(&pipeline, "SELECT count(*)::text FROM history.rate").await,
        ["10000"]
    );
    let listed = pipeline
        .invoke("operations-redrive", json!({"action": "list"}))
        .await
        .unwrap();
    assert_eq!((&listed["matched"], &listed["hidden"]), (&json!(0), &json!(0)));

    // The day has its true high, the other days are as they were, and a reader who had the old series cached has the new one.
    let days_after = rows(&pipeline, days).await;
    let changed: Vec<&String> = days_after.iter().filter(|day| !days_before.contains(day)).collect();
    assert_eq!(
        changed,
        [&format!("2026-10-06|1000.1201|{POISON}|1000.1201|1000.1431|24")]
    );
    assert_eq!(high(&pipeline).await, POISON);
    assert_eq!(pipeline.cached_rate("USD").await["deal_base_rate"], "1000.2491");
    pipeline.stop().await;
}
