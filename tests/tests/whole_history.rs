//! The whole history, through Kafka and the functions, to the last digit.

use std::collections::BTreeMap;
use std::io::Read;

use chrono::NaiveDate;
use flows::pipeline::{Pipeline, project};
use rust_decimal::Decimal;
use serde_json::json;
use sqlx::Row;

/// KRW for one unit, by an independent way: whole numbers and long division, rounded half to even at 18 significant digits.
fn cross(krw: &str, units: &str) -> String {
    let scaled = |text: &str| {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        (format!("{whole}{fraction}").parse::<u128>().unwrap(), fraction.len())
    };
    let ((mut dividend, krw_scale), (divisor, units_scale)) = (scaled(krw), scaled(units));
    // One digit at a time until there are 18 of them; then what is left decides the rounding.
    let mut exponent = units_scale as i32 - krw_scale as i32;
    let mut quotient = dividend / divisor;
    dividend %= divisor;
    while quotient < 10_u128.pow(17) && (dividend > 0 || quotient == 0) {
        dividend *= 10;
        quotient = quotient * 10 + dividend / divisor;
        dividend %= divisor;
        exponent -= 1;
    }
    if dividend * 2 > divisor || (dividend * 2 == divisor && quotient % 2 == 1) {
        quotient += 1;
    }
    while exponent < 0 && quotient % 10 == 0 {
        quotient /= 10;
        exponent += 1;
    }
    if exponent > 0 {
        quotient *= 10_u128.pow(exponent.unsigned_abs());
        exponent = 0;
    }
    let scale = exponent.unsigned_abs() as usize;
    let digits = format!("{quotient:0>width$}", width = scale + 1);
    let (whole, fraction) = digits.split_at(digits.len() - scale);
    if fraction.is_empty() {
        whole.to_owned()
    } else {
        format!("{whole}.{fraction}")
    }
}

/// Every observation of the file: by currency and day, KRW for one unit.
fn expected() -> BTreeMap<(String, NaiveDate), String> {
    let file = std::fs::File::open(project().join("tests/fixtures/ecb-eurofxref-hist.zip")).unwrap();
    let mut text = String::new();
    zip::ZipArchive::new(file)
        .unwrap()
        .by_index(0)
        .unwrap()
        .read_to_string(&mut text)
        .unwrap();
    let mut lines = text.lines();
    let headers: Vec<&str> = lines.next().unwrap().split(',').collect();
    let krw_place = headers.iter().position(|header| *header == "KRW").unwrap();
    let mut expected = BTreeMap::new();
    for line in lines {
        let cells: Vec<&str> = line.split(',').collect();
        let day: NaiveDate = cells[0].parse().unwrap();
        for (code, cell) in headers.iter().zip(&cells).skip(1) {
            if !code.is_empty() && *code != "KRW" && *cell != "N/A" && !cell.is_empty() {
                expected.insert(((*code).to_owned(), day), cross(cells[krw_place], cell));
            }
        }
        expected.insert(("EUR".to_owned(), day), cross(cells[krw_place], "1"));
    }
    expected
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_observation_of_the_ecb_is_stored_to_the_last_digit() {
    let expected = expected();
    assert_eq!(expected.len(), 221_702);
    assert_eq!(
        expected[&("USD".to_owned(), "2026-10-30".parse().unwrap())],
        "1335.26673827425707"
    );

    let pipeline = Pipeline::start(&[]).await;
    pipeline.invoke("ingestor", json!({})).await.unwrap();
    pipeline.caught_up().await;
    let before = (
        pipeline.stores().await["currency.current_rate"].clone(),
        pipeline.cached_rate("USD").await,
    );
    assert_eq!(before.0.len(), 29);
    assert_eq!(before.1["recorded_at"], "2026-10-30T13:15:00Z");

    assert_eq!(pipeline.backfill("1999-01-04", "2026-10-30").await, 221_702);
    pipeline.caught_up().await;
    let rows = sqlx::query("SELECT currency_code, recorded_at, deal_base_rate, source FROM history.rate")
        .fetch_all(&pipeline.store)
        .await
        .unwrap();
    assert_eq!(rows.len(), 221_702);
    for row in &rows {
        let (code, at): (String, chrono::DateTime<chrono::Utc>) = (row.get(0), row.get(1));
        let (rate, source): (Decimal, String) = (row.get(2), row.get(3));
        assert_eq!(
            (rate.normalize().to_string(), source.as_str()),
            (expected[&(code.clone(), at.date_naive())].clone(), "ecb"),
            "{code} {at}"
        );
    }
    let days: i64 =
        sqlx::query("SELECT count(*) FROM history.daily_rate WHERE open = close AND high = low AND open = high")
            .fetch_one(&pipeline.store)
            .await
            .unwrap()
            .get(0);
    assert_eq!(days, 221_702);

    // Nothing moved back by a day: currencies that the newest day quotes are as they were; those that ended long ago have their last rate.
    let current = pipeline.stores().await["currency.current_rate"].clone();
    assert!(before.0.iter().all(|row| current.contains(row)));
    assert_eq!(current.len(), 41); // 41 columns of the file but KRW, and EUR.
    let cached = pipeline.cached_rate("USD").await;
    assert_eq!(cached, before.1);

    let stores = pipeline.stores().await;
    // xmin is the transaction that wrote a row, so a row written again shows even when its values are the same.
    let writers = async || -> Vec<i64> {
        let query = "SELECT coalesce(sum(xmin::text::bigint), 0)::bigint FROM history.rate UNION ALL SELECT sum(xmin::text::bigint)::bigint FROM history.daily_rate
                     UNION ALL SELECT sum(xmin::text::bigint)::bigint FROM currency.current_rate";
        sqlx::query(query)
            .fetch_all(&pipeline.store)
            .await
            .unwrap()
            .iter()
            .map(|row| row.get(0))
            .collect()
    };
    let written_by = writers().await;
    assert_eq!(pipeline.backfill("1999-01-04", "2026-10-30").await, 221_702);
    pipeline.caught_up().await;
    assert_eq!(pipeline.stores().await, stores);
    assert_eq!(writers().await, written_by, "a second backfill wrote rows again");
    pipeline.stop().await;
}
