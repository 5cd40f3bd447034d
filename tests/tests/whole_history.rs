//! The whole history, through Kafka and the functions, to the last digit.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde_json::json;
use sqlx::Row;
use tests::ecb;
use tests::ecb_server::EcbArchive;
use tests::pipeline::Pipeline;

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

/// Every observation of the file: by currency and day, KRW for one unit and what the file prints.
fn expected() -> BTreeMap<(String, NaiveDate), (String, Decimal)> {
    let text = ecb::csv();
    let mut lines = text.lines();
    let headers: Vec<&str> = lines.next().unwrap().split(',').collect();
    let krw_place = headers.iter().position(|header| *header == "KRW").unwrap();
    let mut expected = BTreeMap::new();
    for line in lines {
        let cells: Vec<&str> = line.split(',').collect();
        let day: NaiveDate = cells[0].parse().unwrap();
        for (code, cell) in headers.iter().zip(&cells).skip(1) {
            if !code.is_empty() && *code != "KRW" && *cell != "N/A" && !cell.is_empty() {
                let printed = Decimal::from_str_exact(cell).unwrap().normalize();
                expected.insert(((*code).to_owned(), day), (cross(cells[krw_place], cell), printed));
            }
        }
        let euro = (cross(cells[krw_place], "1"), Decimal::ONE);
        expected.insert(("EUR".to_owned(), day), euro);
    }
    expected
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_observation_of_the_ecb_is_stored_to_the_last_digit() {
    let expected = expected();
    assert_eq!(expected.len(), 221_702);
    assert_eq!(
        expected[&("USD".to_owned(), "2026-10-30".parse().unwrap())],
        (
            "1335.26673827425707".to_owned(),
            Decimal::from_str_exact("1.1172").unwrap()
        )
    );

    let first = "2026-10-30T15:05:07Z".parse().unwrap();
    let archive = EcbArchive::start(first).await;
    let pipeline = Pipeline::start(&[("EcbHistoryUrl", archive.url())]).await;
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
    let rows = sqlx::query("SELECT currency_code, recorded_at, deal_base_rate, source, quotation FROM history.rate")
        .fetch_all(&pipeline.store)
        .await
        .unwrap();
    assert_eq!(rows.len(), 221_702);
    for row in &rows {
        let (code, at): (String, chrono::DateTime<chrono::Utc>) = (row.get(0), row.get(1));
        let (rate, source, quotation): (Decimal, String, Decimal) = (row.get(2), row.get(3), row.get(4));
        let stored = (rate.normalize().to_string(), quotation.normalize());
        assert_eq!(
            (stored, source.as_str()),
            (expected[&(code.clone(), at.date_naive())].clone(), "ecb"),
            "{code} {at}"
        );
    }
    let days: i64 = sqlx::query(
        "SELECT count(*) FROM history.daily_rate WHERE open = close AND high = low AND open = high AND quotation > 0",
    )
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
    assert_eq!(
        archive.unchanged(),
        1,
        "the second backfill asks, and is told that the file is the same"
    );

    // Rows of a build that knew of no quotation get it from the same file, and nothing else of them changes.
    for statement in [
        "UPDATE history.rate SET quotation = NULL WHERE recorded_at BETWEEN '2020-01-01' AND '2021-01-01'",
        "UPDATE history.daily_rate SET quotation = NULL WHERE day BETWEEN '2020-01-01' AND '2020-12-31'",
    ] {
        sqlx::query(statement).execute(&pipeline.store).await.unwrap();
    }
    assert_ne!(pipeline.stores().await, stores);
    assert!(pipeline.backfill("2020-01-01", "2020-12-31").await > 8_000);
    pipeline.caught_up().await;
    assert_eq!(pipeline.stores().await, stores);

    a_corrected_file_wins(&pipeline, &archive, &writers).await;
    pipeline.stop().await;
}

/// The newest day and one long past, with rates lower and higher than they were and a column that nobody knows, in a file that is later than all that is
/// stored: a warm instance publishes it, both services and all caches have it, and once more changes nothing. What the ingestor publishes afterwards wins.
async fn a_corrected_file_wins(pipeline: &Pipeline, archive: &EcbArchive, writers: &impl AsyncFn() -> Vec<i64>) {
    // Of each day: KRW, the cell of USD and what it shall be (a lower rate), the cell of JPY and what it shall be (a higher one).
    let corrections = [
        ("2026-10-30", "1491.76", ("1.1172", "1.1181"), ("175.68", "175.31")),
        ("2020-01-02", "1298.24", ("1.1193", "1.1199"), ("121.75", "121.7")),
    ];
    let mut csv = ecb::csv();
    for (day, _, usd, jpy) in corrections {
        let line = csv.lines().find(|line| line.starts_with(day)).unwrap().to_owned();
        let corrected = line.replacen(&format!(",{},", usd.0), &format!(",{},", usd.1), 1);
        let corrected = corrected.replacen(&format!(",{},", jpy.0), &format!(",{},", jpy.1), 1);
        assert!(line.contains(usd.0) && line.contains(jpy.0) && corrected.contains(usd.1) && corrected.contains(jpy.1));
        csv = csv.replacen(&line, &corrected, 1);
    }
    let csv = csv.replace(",\n", ",7.5,\n").replacen(",7.5,", ",XQX,", 1);

    let answer = async |path: &str| {
        reqwest::get(format!("{}{path}", pipeline.api))
            .await
            .unwrap()
            .text()
            .await
            .unwrap()
    };
    let series = "/api/v1/history?target=USD&period=1w";
    let paths = [
        series,
        "/api/v1/history/stats?target=USD&period=1w",
        "/api/v1/history/compare?targets=USD,JPY&period=1m",
    ];
    for path in paths {
        // Twice, so that it is cached.
        assert_eq!(
            answer(path).await.contains("1335.26673"),
            answer(path).await.contains("1335.26673")
        );
    }
    let former = answer(series).await;
    assert!(former.contains("1335.26673827425707"), "{former}");

    // A new second, so that it is later than what the ingestor has published in this one.
    let modified = chrono::Utc::now() + chrono::TimeDelta::seconds(1);
    tokio::time::sleep(std::time::Duration::from_millis(1_200)).await;
    archive.publish(&csv, Some(modified));
    let publish = async || {
        for (day, ..) in corrections {
            let report = pipeline
                .invoke("operations-backfill", json!({"from": day, "to": day}))
                .await
                .unwrap();
            assert_eq!(
                (&report["done"], &report["dated_by"]),
                (&json!(true), &json!("last_modified")),
                "{report}"
            );
            assert_eq!(
                report["last_modified"],
                json!(modified.format("%Y-%m-%dT%H:%M:%SZ").to_string())
            );
            assert_eq!(
                (&report["left_out_count"], &report["left_out"][0]["column"]),
                (&json!(1), &json!("XQX")),
                "{report}"
            );
        }
        pipeline.caught_up().await;
    };
    publish().await;
    let stored = async |table: &str, code: &str, day: &str| -> String {
        let (rate, at) = match table {
            "daily_rate" => ("close", "day"),
            _ => ("deal_base_rate", "(recorded_at AT TIME ZONE 'UTC')::date"),
        };
        let schema = if table == "current_rate" { "currency" } else { "history" };
        let query = format!(
            "SELECT trim_scale({rate})::text FROM {schema}.{table} WHERE currency_code = '{code}' AND {at} = '{day}'"
        );
        sqlx::query(sqlx::AssertSqlSafe(query))
            .fetch_one(&pipeline.store)
            .await
            .unwrap()
            .get(0)
    };
    for (day, krw, usd, jpy) in corrections {
        for (code, cell) in [("USD", usd), ("JPY", jpy)] {
            let expected = cross(krw, cell.1);
            assert_ne!(expected, cross(krw, cell.0));
            assert_eq!(stored("rate", code, day).await, expected, "{code} {day}");
            assert_eq!(stored("daily_rate", code, day).await, expected, "{code} {day}");
            if day == "2026-10-30" {
                assert_eq!(stored("current_rate", code, day).await, expected);
                assert_eq!(pipeline.cached_rate(code).await["deal_base_rate"], expected);
            }
        }
    }
    let now = answer(series).await;
    let (before, after) = (cross("1491.76", "1.1172"), cross("1491.76", "1.1181"));
    assert!(now.contains(&after) && !now.contains(&before), "{now}");
    for path in paths {
        // Digits of the former rate in whatever was computed of it.
        assert!(!answer(path).await.contains(&before[..10]), "{path}");
    }

    let written_by = writers().await;
    publish().await;
    assert_eq!(writers().await, written_by, "the corrected file wrote rows again");

    // A file without a date fills gaps and corrects nothing, and says so.
    archive.publish(&ecb::csv(), None);
    let report = pipeline
        .invoke("operations-backfill", json!({"from": "2026-10-30", "to": "2026-10-30"}))
        .await
        .unwrap();
    assert_eq!(
        (&report["dated_by"], &report["left_out_count"]),
        (&json!("recorded_at"), &json!(0)),
        "{report}"
    );
    pipeline.caught_up().await;
    assert_eq!(writers().await, written_by, "a file without a date corrected something");

    // The ingestor forgets what it has published, and publishes the day as its source shows it: afterwards, so it stands.
    let mut redis = pipeline
        .redis
        .client()
        .unwrap()
        .get_multiplexed_async_connection()
        .await
        .unwrap();
    redis::cmd("DEL")
        .arg("published:ecb")
        .exec_async(&mut redis)
        .await
        .unwrap();
    pipeline.invoke("ingestor", json!({"force": true})).await.unwrap();
    pipeline.caught_up().await;
    archive.publish(&csv, Some(modified));
    publish().await;
    assert_eq!(stored("current_rate", "USD", "2026-10-30").await, before);
    assert_eq!(stored("rate", "USD", "2026-10-30").await, before);
    assert_eq!(pipeline.cached_rate("USD").await["deal_base_rate"], before);
}
