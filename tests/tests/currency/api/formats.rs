//! Tags, formats, and what a list costs.

use super::*;

#[tokio::test]
async fn the_tag_changes_when_and_only_when_the_data_do() {
    let (services, routes) = with_rates().await;
    let path = "/api/v1/currencies/latest?base=USD";
    let first = get(&routes, path).await;
    let tag = first.header("etag").to_owned();
    assert_eq!(first.json()["data"]["served_from"], "store");
    // Weak, because the bodies of one tag differ in when they were made and where they were read.
    assert!(tag.starts_with("W/\""), "{tag}");
    // From the cache, by another instance, and after the same observation came again: the same data, the same tag.
    assert_eq!(get(&routes, path).await.json()["data"]["served_from"], "cache");
    assert_eq!(get(&self::routes(&services), path).await.header("etag"), tag);
    services.currency.rate_updated(&october_30()).await.unwrap();
    let unchanged = Ask::get(path).header("if-none-match", &tag).send(&routes).await;
    assert_eq!((unchanged.status.as_u16(), unchanged.body.len()), (304, 0));
    assert_eq!(
        (
            unchanged.header("etag"),
            unchanged.header("access-control-allow-origin")
        ),
        (&*tag, "*")
    );
    // One digit of one rate: other data, another tag.
    let newer = rate("EUR", "ecb", "2026-10-30T13:15:00Z", "2026-11-02T15:05:00Z", "1491.77");
    services.currency.rate_updated(&[newer]).await.unwrap();
    let changed = Ask::get(path).header("if-none-match", &tag).send(&routes).await;
    assert_eq!(changed.status, 200);
    assert_ne!(changed.header("etag"), tag);
}

#[tokio::test]
async fn latest_of_150_codes_is_one_round_trip_to_redis() {
    let services = Services::start().await;
    let today = Utc::now().date_naive();
    let codes: Vec<CurrencyCode> = CurrencyCode::all()
        .filter(|code| *code != CurrencyCode::KRW && !code.is_withdrawn_on(today))
        .take(150)
        .collect();
    // Of now: of rates that are weeks old it would be asked how far their source is.
    let now = of_now()[0].recorded_at.to_string();
    let rates: Vec<_> = codes
        .iter()
        .map(|code| rate(code.as_str(), "ecb", &now, &now, "7"))
        .collect();
    services.currency.rate_updated(&rates).await.unwrap();
    let routes = routes(&services);
    let symbols: Vec<&str> = codes.iter().map(|code| code.as_str()).collect();
    let path = format!("/api/v1/currencies/latest?symbols={}", symbols.join(","));
    // Connected before it is measured.
    assert_eq!(get(&routes, &path).await.json()["data"]["served_from"], "cache");
    // Redis counts what its connections read: one pipeline arrives in one read while it is below the buffer of 16 kB.
    let reads = async || -> u64 {
        let stats: String = redis::cmd("INFO")
            .arg("stats")
            .query_async(&mut services.redis.clone())
            .await
            .unwrap();
        let line = stats
            .lines()
            .find_map(|line| line.strip_prefix("total_reads_processed:"))
            .unwrap();
        line.trim().parse().unwrap()
    };
    let mut fewest = u64::MAX;
    // Other tests use the same server, so the quietest of several counts; two round trips could never show one.
    for _ in 0..50 {
        let before = reads().await;
        let reply = get(&routes, &path).await;
        let after = reads().await;
        assert_eq!(reply.json()["data"]["rates"].as_object().unwrap().len(), 150);
        // The second INFO is one of the reads.
        fewest = fewest.min(after - before - 1);
    }
    assert_eq!(fewest, 1);
}

#[tokio::test]
async fn rows_are_the_same_in_every_format() {
    let (_stack, routes) = with_rates().await;
    let csv = Ask::get("/api/v1/currencies/latest")
        .header("accept", "text/csv")
        .send(&routes)
        .await;
    assert!(csv.header("content-type").starts_with("text/csv"));
    let lines: Vec<String> = csv.text().lines().map(str::to_owned).collect();
    assert_eq!(lines[0], "currency_code,rate,unit,source,recorded_at");
    assert_eq!(lines[3], "USD,1335.26673827425707,KRW per USD,ecb,2026-10-30T13:15:00Z");
    let ndjson = get(&routes, "/api/v1/currencies/latest?format=ndjson").await;
    assert_eq!(ndjson.header("content-type"), "application/x-ndjson");
    assert!(
        ndjson
            .text()
            .lines()
            .nth(2)
            .unwrap()
            .contains("\"rate\":1335.26673827425707,")
    );
    assert_eq!((lines.len(), ndjson.text().lines().count()), (4, 3));
}
