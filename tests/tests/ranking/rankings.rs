//! What rankings and statistics say of the clicks that are stored.

use futures::TryStreamExt;
use mongodb::IndexModel;
use mongodb::bson::{Document, doc};
use serde_json::{Value, json};
use tests::api::Ask;

use crate::{NOON, Servers, click, data, get};

/// `field` of each row.
fn column(data: &Value, field: &str) -> Vec<Value> {
    data["ranking"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row[field].clone())
        .collect()
}

#[tokio::test]
async fn ties_share_a_rank_and_changes_are_against_the_day_before() {
    let servers = Servers::start().await;
    servers
        .seed(&[
            ("US", "2026-02-28", 3),
            ("JP", "2026-02-28", 2),
            ("CN", "2026-02-28", 1),
            ("GB", "2026-02-28", 1),
        ])
        .await;
    servers
        .seed(&[
            ("JP", "2026-03-01", 3),
            ("US", "2026-03-01", 2),
            ("CN", "2026-03-01", 2),
            ("AU", "2026-03-01", 1),
        ])
        .await;
    let reply = get(&servers.routes(NOON), "/api/v1/rankings").await;
    let data = data(&reply, 200);
    assert_eq!(
        json!([
            column(&data, "country_code"),
            column(&data, "rank"),
            column(&data, "score"),
            column(&data, "percentage")
        ]),
        json!([
            ["JP", "CN", "US", "AU"],
            [1, 2, 2, 4],
            [3, 2, 2, 1],
            [37.5, 25, 25, 12.5]
        ])
    );
    assert_eq!(
        json!([
            column(&data, "change"),
            column(&data, "change_value"),
            column(&data, "previous_rank")
        ]),
        json!([["UP", "UP", "DOWN", "NEW"], [1, 1, -1, null], [2, 3, 1, null]])
    );
    assert_eq!(data["totals"], json!({"total_clicks": 8, "countries": 4}));
    assert_eq!(
        data["pagination"],
        json!({"limit": 10, "offset": 0, "total": 4, "has_more": false})
    );
    assert_eq!(
        json!([data["period"], data["date"], data["from"], data["to"]]),
        json!(["daily", "2026-03-01", "2026-03-01", "2026-03-01"])
    );
    let first = &data["ranking"][0];
    assert_eq!(
        json!([first["country_name"], first["country_name_en"], first["currency_code"]]),
        json!(["일본", "Japan", "JPY"])
    );
    // The digits as they are printed.
    assert!(reply.text().contains(r#""percentage":37.5,"#), "{}", reply.text());
}

#[tokio::test]
async fn a_week_is_an_iso_week_and_a_month_a_calendar_month() {
    let servers = Servers::start().await;
    servers
        .seed(&[
            ("US", "2026-02-15", 1), // Sunday, the last day of the week before.
            ("JP", "2026-02-16", 1), // Monday.
            ("JP", "2026-02-22", 1), // Sunday.
            ("CN", "2026-02-23", 9), // Monday after.
            ("US", "2026-01-31", 1),
            ("CN", "2026-03-01", 9),
        ])
        .await;
    let routes = servers.routes(NOON);
    let weekly = data(
        &get(&routes, "/api/v1/rankings?period=weekly&date=2026-02-18").await,
        200,
    );
    assert_eq!(
        json!([weekly["from"], weekly["to"], weekly["date"]]),
        json!(["2026-02-16", "2026-02-22", "2026-02-18"])
    );
    assert_eq!(
        json!([column(&weekly, "country_code"), column(&weekly, "score")]),
        json!([["JP"], [2]])
    );
    assert_eq!(weekly["ranking"][0]["change"], "NEW");
    let before = data(
        &get(&routes, "/api/v1/rankings?period=weekly&date=2026-02-15").await,
        200,
    );
    assert_eq!(column(&before, "country_code"), [json!("US")]);

    let monthly = data(
        &get(&routes, "/api/v1/rankings?period=monthly&date=2026-02-28").await,
        200,
    );
    assert_eq!(
        json!([monthly["from"], monthly["to"]]),
        json!(["2026-02-01", "2026-02-28"])
    );
    assert_eq!(
        json!([
            column(&monthly, "country_code"),
            column(&monthly, "score"),
            column(&monthly, "previous_rank")
        ]),
        json!([["CN", "JP", "US"], [9, 2, 1], [null, null, 1]])
    );
    // Today is in a month that is not over.
    let present = data(&get(&routes, "/api/v1/rankings?period=monthly").await, 200);
    assert_eq!(
        json!([present["from"], present["to"]]),
        json!(["2026-03-01", "2026-03-31"])
    );
}

#[tokio::test]
async fn a_click_counts_on_the_korean_day() {
    let servers = Servers::start().await;
    let date = async |now: &str| data(&click("US").send(&servers.routes(now)).await, 201)["date"].clone();
    assert_eq!(date("2026-02-28T14:59:59.999Z").await, "2026-02-28");
    assert_eq!(date("2026-02-28T15:00:00Z").await, "2026-03-01");
    let routes = servers.routes("2026-02-28T15:00:00Z");
    let today = data(&get(&routes, "/api/v1/rankings").await, 200);
    assert_eq!(
        json!([today["date"], today["ranking"][0]["change"]]),
        json!(["2026-03-01", "SAME"])
    );
    let stats = data(&get(&routes, "/api/v1/rankings/stats/US?days=2").await, 200);
    assert_eq!(
        stats["daily"],
        json!([{"date": "2026-02-28", "clicks": 1}, {"date": "2026-03-01", "clicks": 1}])
    );
}

#[tokio::test]
async fn pages_join_without_gap_or_overlap() {
    let servers = Servers::start().await;
    let codes = ["AU", "CA", "CH", "CN", "GB", "JP", "US"];
    for (code, clicks) in codes.iter().zip([1, 1, 2, 2, 2, 3, 4]) {
        servers.seed(&[(code, "2026-03-01", clicks)]).await;
    }
    let routes = servers.routes(NOON);
    let all = data(&get(&routes, "/api/v1/rankings").await, 200);
    let mut joined = Vec::new();
    for offset in [0, 3, 6] {
        let page = data(
            &get(&routes, &format!("/api/v1/rankings?limit=3&offset={offset}")).await,
            200,
        );
        assert_eq!(
            page["pagination"],
            json!({"limit": 3, "offset": offset, "total": 7, "has_more": offset < 6})
        );
        assert_eq!(page["totals"], all["totals"]);
        joined.extend(page["ranking"].as_array().unwrap().clone());
    }
    assert_eq!(json!(joined), all["ranking"]);
    let behind = data(&get(&routes, "/api/v1/rankings?offset=10000").await, 200);
    assert_eq!(
        json!([behind["ranking"], behind["pagination"]["has_more"]]),
        json!([[], false])
    );
}

#[tokio::test]
async fn the_rows_come_as_csv_and_ndjson() {
    let servers = Servers::start().await;
    servers.seed(&[("US", "2026-03-01", 2), ("JP", "2026-03-01", 1)]).await;
    let routes = servers.routes(NOON);
    let csv = get(&routes, "/api/v1/rankings?format=csv").await;
    assert_eq!(
        csv.text(),
        "rank,country_code,country_name,country_name_en,currency_code,score,percentage,change,change_value,previous_rank\r\n\
         1,US,미국,United States,USD,2,66.66666667,NEW,,\r\n\
         2,JP,일본,Japan,JPY,1,33.33333333,NEW,,\r\n"
    );
    let ndjson = Ask::get("/api/v1/rankings?limit=1")
        .header("accept", "application/x-ndjson")
        .send(&routes)
        .await;
    assert_eq!(ndjson.header("content-type"), "application/x-ndjson");
    assert_eq!(ndjson.text().lines().count(), 1);
    assert_eq!(ndjson.json()["percentage"], 66.666_666_67);
}

#[tokio::test]
async fn the_tag_changes_with_the_clicks_and_only_with_them() {
    let servers = Servers::start().await;
    servers.seed(&[("US", "2026-03-01", 2), ("JP", "2026-03-01", 1)]).await;
    let tag = async || {
        get(&servers.routes(NOON), "/api/v1/rankings")
            .await
            .header("etag")
            .to_owned()
    };
    let before = tag().await;
    assert_eq!(tag().await, before);
    let unchanged = Ask::get("/api/v1/rankings").header("if-none-match", &before);
    let reply = unchanged.send(&servers.routes(NOON)).await;
    assert_eq!((reply.status.as_u16(), reply.body.len()), (304, 0));
    assert_eq!(reply.header("cache-control"), "public, no-cache");
    servers.seed(&[("JP", "2026-03-01", 1)]).await;
    assert_ne!(tag().await, before);
    assert_eq!(unchanged.send(&servers.routes(NOON)).await.status, 200);
}

#[tokio::test]
async fn statistics_list_days_without_clicks() {
    let servers = Servers::start().await;
    servers
        .seed(&[
            ("US", "2026-02-22", 9),
            ("US", "2026-02-23", 1),
            ("US", "2026-03-01", 2),
            ("JP", "2026-03-01", 5),
        ])
        .await;
    let routes = servers.routes(NOON);
    let stats = data(&get(&routes, "/api/v1/rankings/stats/US").await, 200);
    let clicks: Vec<Value> = stats["daily"]
        .as_array()
        .unwrap()
        .iter()
        .map(|day| day["clicks"].clone())
        .collect();
    assert_eq!(json!(clicks), json!([1, 0, 0, 0, 0, 0, 2]));
    assert_eq!(
        json!([
            stats["total_clicks"],
            stats["average_clicks"],
            stats["best_day"],
            stats["from"],
            stats["to"],
            stats["days"]
        ]),
        json!([3, 0.428_571_428_6, {"date": "2026-03-01", "clicks": 2}, "2026-02-23", "2026-03-01", 7])
    );
    assert_eq!(
        json!([
            stats["country_code"],
            stats["country_name"],
            stats["country_name_en"],
            stats["currency_code"]
        ]),
        json!(["US", "미국", "United States", "USD"])
    );
    let month = data(&get(&routes, "/api/v1/rankings/stats/US?days=30").await, 200);
    assert_eq!(
        json!([month["daily"].as_array().unwrap().len(), month["total_clicks"]]),
        json!([30, 12])
    );
    let none = data(&get(&routes, "/api/v1/rankings/stats/KR?days=1").await, 200);
    assert_eq!(
        json!([none["total_clicks"], none["average_clicks"], none["best_day"]]),
        json!([0, 0, null])
    );
}

#[tokio::test]
async fn the_first_request_makes_the_indexes() {
    let servers = Servers::cold().await;
    let routes = servers.routes(NOON);
    data(&get(&routes, "/api/v1/rankings").await, 200);
    // A second instance finds them made.
    data(&get(&servers.routes(NOON), "/api/v1/rankings").await, 200);
    let database = servers.database().await;
    let indexes = async |name: &str| -> Vec<IndexModel> {
        database
            .collection::<Document>(name)
            .list_indexes()
            .await
            .unwrap()
            .try_collect()
            .await
            .unwrap()
    };
    // A server may give a key's direction back as another kind of number.
    let keys = |index: &IndexModel| -> Vec<String> {
        let sign = |direction: &mongodb::bson::Bson| {
            if direction.to_string().starts_with('-') {
                "-"
            } else {
                ""
            }
        };
        index
            .keys
            .iter()
            .map(|(key, direction)| format!("{}{key}", sign(direction)))
            .collect()
    };
    let clicks: Vec<Vec<String>> = indexes("clicks").await.iter().map(keys).collect();
    for wanted in [["date", "-clicks", "country_code"], ["country_code", "date", "clicks"]] {
        assert!(clicks.iter().any(|keys| keys == &wanted), "{clicks:?}");
    }
    assert_eq!(clicks.len(), 3, "{clicks:?}");
    let records = indexes("claims").await;
    let expiry = records
        .iter()
        .find(|index| index.keys.contains_key("created_at"))
        .unwrap();
    assert_eq!(
        expiry.options.as_ref().unwrap().expire_after.unwrap(),
        ranking::store::IDEMPOTENCY_TTL
    );
}

#[tokio::test]
async fn a_document_of_other_hands_is_an_error_and_not_a_number() {
    let servers = Servers::start().await;
    let days = servers.database().await.collection::<Document>("clicks");
    days.insert_one(doc! { "_id": "2026-03-01:??", "country_code": "??", "date": "2026-03-01", "clicks": 1_i64 })
        .await
        .unwrap();
    let reply = get(&servers.routes(NOON), "/api/v1/rankings").await;
    crate::error(&reply, 500, "INTERNAL_SERVER_ERROR");
}
