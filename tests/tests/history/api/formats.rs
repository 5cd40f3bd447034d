//! Formats, tags, forecasts and health.

use super::*;

#[tokio::test]
async fn rows_come_as_csv_and_ndjson_and_an_answer_is_known_by_its_tag() {
    let (services, routes) = with_history("2026-10-01").await;
    let path = "/api/v1/history?base=USD&target=EUR&period=1d";
    let csv = get(&routes, &format!("{path}&format=csv")).await;
    assert_eq!(csv.header("content-type"), "text/csv; charset=utf-8; header=present");
    let lines: Vec<String> = csv.text().lines().map(str::to_owned).collect();
    assert_eq!(lines[0], "date,open,high,low,close,rate,change,change_percent");
    assert!(
        lines[2].starts_with("2026-10-30,1.1172,1.1172,1.1172,1.1172,1.1172,"),
        "{}",
        lines[2]
    );
    let ndjson = Ask::get(path)
        .header("accept", "application/x-ndjson")
        .send(&routes)
        .await;
    let rows: Vec<Value> = ndjson
        .text()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(Value::from(rows), data(&routes, path).await["results"]);

    let first = get(&routes, path).await;
    let tag = first.header("etag").to_owned();
    let again = Ask::get(path).header("if-none-match", &tag).send(&routes).await;
    assert_eq!(
        (
            again.status.as_u16(),
            again.body.len(),
            again.header("access-control-allow-origin")
        ),
        (304, 0, "*")
    );
    let usd = rate("USD", "ecb", "2026-10-30T13:15:00Z", "2026-10-30T18:00:00Z", "1400.5");
    services.history.rate_updated(&[usd]).await.unwrap();
    let changed = Ask::get(path).header("if-none-match", &tag).send(&routes).await;
    assert_eq!(changed.status, 200);
    assert_ne!(changed.header("etag"), tag);
}

#[tokio::test]
async fn a_forecast_says_how_it_was_chosen_and_ends_where_it_was_asked_to() {
    let (_stack, routes) = with_history("2025-06-01").await;
    let began = std::time::Instant::now();
    let all = data(&routes, "/api/v1/history/forecast/USD?days=30").await;
    println!("cold forecast in {:?}", began.elapsed());
    let week = data(&routes, "/api/v1/history/forecast/USD").await;
    assert_eq!(
        (&all["served_from"], &week["served_from"]),
        (&json!("store"), &json!("cache"))
    );
    assert_eq!(
        week["forecast"].as_array().unwrap()[..],
        all["forecast"].as_array().unwrap()[..7]
    );
    let dates: Vec<&str> = week["forecast"]
        .as_array()
        .unwrap()
        .iter()
        .map(|step| step["date"].as_str().unwrap())
        .collect();
    assert_eq!(
        dates,
        [
            "2026-11-02",
            "2026-11-03",
            "2026-11-04",
            "2026-11-05",
            "2026-11-06",
            "2026-11-09",
            "2026-11-10"
        ]
    );
    let backtest = &all["backtest"];
    assert_eq!((&backtest["horizon"], &backtest["origins"]), (&json!(30), &json!(39)));
    let error = backtest["mean_absolute_scaled_error"].as_f64().unwrap();
    assert!(
        error <= 1.0 && backtest["beats_no_change"] == json!(error < 1.0),
        "{backtest}"
    );
    for code in ["EUR", "JPY", "GBP", "CHF", "CNY", "INR", "IDR", "TRY", "BRL", "THB"] {
        let forecast = data(&routes, &format!("/api/v1/history/forecast/{code}?days=30")).await;
        let last = &forecast["forecast"][29];
        println!("{code} {} {} {last}", forecast["method"], forecast["backtest"]);
        assert!(last["lower"].as_f64().unwrap() > 0.0);
    }
}

#[tokio::test]
async fn health_is_degraded_while_the_newest_rate_is_old() {
    let (services, routes) = with_history("2026-10-01").await;
    let health = data(&routes, "/health/history").await;
    assert_eq!(
        (&health["status"], &health["stale"]),
        (&json!("degraded"), &json!(true))
    );
    assert_eq!(health["newest_recorded_at"], "2026-10-30T13:15:00Z");
    let now = chrono::Utc::now().to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
    services
        .history
        .rate_updated(&[rate("USD", "exchangerate_api", &now, &now, "1400")])
        .await
        .unwrap();
    let health = data(&routes, "/health/history").await;
    assert_eq!(
        (&health["status"], &health["stale"], &health["service"]),
        (&json!("ok"), &json!(false), &json!("history"))
    );
}
