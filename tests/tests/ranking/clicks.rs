//! Every click counts, and counts once for its key.

use std::collections::BTreeSet;
use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;

use futures::future::join_all;
use mongodb::bson::{Document, doc};
use ranking::IdempotencyKey;
use ranking::store::RECENT_KEYS;
use serde_json::{Value, json};

use crate::{NOON, Servers, click, click_with, data, error, get};

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_parallel_clicks_over_eight_instances_count_exactly_a_thousand() {
    let servers = Servers::start().await;
    let instances: Vec<_> = (0..8).map(|_| servers.routes(NOON)).collect();
    let clicks = (0..1000).map(|number| {
        let routes = instances[number % 8].clone();
        // Every other one with a key of its own.
        let ask = if number % 16 < 8 {
            click("US")
        } else {
            click("US").header("idempotency-key", &format!("key-{number}"))
        };
        tokio::spawn(async move { data(&ask.send(&routes).await, 201)["daily_clicks"].as_u64().unwrap() })
    });
    let counts: BTreeSet<u64> = join_all(clicks).await.into_iter().map(Result::unwrap).collect();
    assert_eq!(counts, (1..=1000).collect());
    assert_eq!(servers.stored().await, 1000);
    let stats = data(&get(&instances[0], "/api/v1/rankings/stats/US?days=1").await, 200);
    assert_eq!(stats["total_clicks"], 1000);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_key_fifty_times_at_once_counts_once_and_is_answered_alike() {
    let servers = Servers::start().await;
    let instances: Vec<_> = (0..8).map(|_| servers.routes(NOON)).collect();
    let clicks = (0..50).map(|number| {
        let routes = instances[number % 8].clone();
        // Others count in between, so that a later look would give another answer.
        let others = [click("US"), click("JP")].map(|ask| (ask, routes.clone()));
        let other = others.map(|(ask, routes)| tokio::spawn(async move { ask.send(&routes).await }));
        let keyed = tokio::spawn(async move { click("US").header("idempotency-key", "the key").send(&routes).await });
        async { (keyed.await.unwrap(), join_all(other).await) }
    });
    let answers: Vec<Value> = join_all(clicks)
        .await
        .iter()
        .map(|(reply, _)| data(reply, 201))
        .collect();
    assert!(answers.iter().all(|answer| answer == &answers[0]), "{answers:?}");
    assert_eq!(servers.stored().await, 101);
}

#[tokio::test]
async fn an_answer_says_where_the_country_stands() {
    let servers = Servers::start().await;
    servers
        .seed(&[
            ("US", "2026-02-28", 4),
            ("JP", "2026-03-01", 2),
            ("CN", "2026-03-01", 1),
        ])
        .await;
    let routes = servers.routes(NOON);
    let by_currency = click_with(&json!({ "currency_code": "USD", "user_id": "user-1" }))
        .send(&routes)
        .await;
    assert_eq!(by_currency.header("cache-control"), "no-store");
    assert_eq!(
        data(&by_currency, 201),
        json!({"country_code": "US", "currency_code": "USD", "daily_clicks": 1, "total_clicks": 5, "current_rank": 2, "date": "2026-03-01"})
    );
    let again = data(&click("US").send(&routes).await, 201);
    assert_eq!((&again["daily_clicks"], &again["current_rank"]), (&json!(2), &json!(1)));
}

#[tokio::test]
async fn a_key_is_its_users_own_and_without_one_each_request_counts() {
    let servers = Servers::start().await;
    let routes = servers.routes(NOON);
    let daily = async |user: &str, key: Option<&str>| {
        let ask = click_with(&json!({ "country": "US", "user_id": user }));
        let ask = key.into_iter().fold(ask, |ask, key| ask.header("idempotency-key", key));
        data(&ask.send(&routes).await, 201)["daily_clicks"].clone()
    };
    assert_eq!(daily("user-1", None).await, 1);
    assert_eq!(daily("user-1", None).await, 2);
    assert_eq!(daily("user-1", Some("a")).await, 3);
    assert_eq!(daily("user-2", Some("a")).await, 4);
    assert_eq!(daily("user-1", Some("b")).await, 5);
    assert_eq!(daily("user-1", Some("a")).await, 3);
    assert_eq!(servers.stored().await, 5);
}

#[tokio::test]
async fn a_key_with_another_body_is_refused() {
    let servers = Servers::start().await;
    let routes = servers.routes(NOON);
    data(&click("US").header("idempotency-key", "a").send(&routes).await, 201);
    for body in [
        json!({"country": "JP", "user_id": "user-1"}),
        json!({"currency_code": "USD", "user_id": "user-1"}),
    ] {
        let reply = click_with(&body).header("idempotency-key", "a").send(&routes).await;
        let error = error(&reply, 400, "INVALID_PARAMETER");
        assert!(
            error["message"].as_str().unwrap().contains("the same body, country US"),
            "{error}"
        );
    }
    assert_eq!(servers.stored().await, 1);
}

/// An instance dies behind each step of a click; the request is repeated at another instance, on the day after.
#[tokio::test]
async fn a_click_half_done_is_finished_by_its_retry_on_its_own_day() {
    let servers = Servers::start().await;
    for (number, steps_done) in (1..).zip(["reserved", "counted", "completed"]) {
        let (country, user) = ("US".parse().unwrap(), format!("user-{steps_done}"));
        let died = servers.instance(NOON);
        let key = IdempotencyKey::new(&user, "a", "country US".to_owned());
        let record = died.store().reserve(&key, country, died.today()).await.unwrap();
        if steps_done != "reserved" {
            let clicks = died.store().count_once(country, record.day, &key.id).await.unwrap();
            if steps_done == "completed" {
                let counts = died.store().click_counts(country, record.day, clicks).await.unwrap();
                died.store().complete(&key.id, counts).await.unwrap();
            }
        }
        for _ in 0..2 {
            let retry = click_with(&json!({ "country": "US", "user_id": user })).header("idempotency-key", "a");
            let answer = data(&retry.send(&servers.routes("2026-03-02T03:00:00Z")).await, 201);
            assert_eq!(
                (&answer["daily_clicks"], &answer["date"]),
                (&json!(number), &json!("2026-03-01")),
                "{steps_done}"
            );
        }
        assert_eq!(servers.stored().await, number, "{steps_done}");
    }
}

/// The instance dies at each place where it waits for a server, at the moment when the answer has come; the request is repeated at another one.
#[tokio::test]
async fn a_click_cut_off_anywhere_and_repeated_counts_once() {
    let servers = Servers::start().await;
    let [first, second] = [servers.routes(NOON), servers.routes(NOON)];
    for instance in [&first, &second] {
        // Connected, so that the cut falls into the click.
        data(&click("JP").send(instance).await, 201);
    }
    for clicks in 1.. {
        let ask = click("US").header("idempotency-key", &format!("key-{clicks}"));
        let cut = cut_off(clicks, ask.send(&first)).await;
        let answer = data(&ask.send(&second).await, 201);
        assert_eq!(answer["daily_clicks"], clicks, "cut off at the {clicks}th place");
        assert_eq!(servers.stored().await, 2 + i64::try_from(clicks).unwrap());
        if let Some(reply) = cut {
            assert_eq!(data(&reply, 201), answer);
            // Redis, a ping, three operations for the key and two for the counts.
            assert!(clicks > 7, "a click waits at more places than {clicks}");
            break;
        }
    }
}

/// What `work` answers, unless it has to wait `places` times before it can.
async fn cut_off<T>(places: usize, work: impl Future<Output = T>) -> Option<T> {
    let mut work = pin!(work);
    let mut polls = 0;
    poll_fn(move |context| {
        polls += 1;
        if polls > places {
            Poll::Ready(None)
        } else {
            work.as_mut().poll(context).map(Some)
        }
    })
    .await
}

#[tokio::test]
async fn a_day_remembers_its_last_thousand_keys() {
    let servers = Servers::start().await;
    let instance = servers.instance(NOON);
    let keys = usize::try_from(RECENT_KEYS).unwrap();
    let country = "US".parse().unwrap();
    for number in 0..keys + 5 {
        instance
            .store()
            .count_once(country, instance.today(), &format!("key-{number}"))
            .await
            .unwrap();
    }
    // The oldest that is remembered.
    instance
        .store()
        .count_once(country, instance.today(), "key-5")
        .await
        .unwrap();
    let days = servers.database().await.collection::<Document>("clicks");
    let day = days.find_one(doc! { "_id": "2026-03-01:US" }).await.unwrap().unwrap();
    assert_eq!(day.get_array("recent").unwrap().len(), keys);
    assert_eq!(day.get_i64("clicks").unwrap(), i64::from(RECENT_KEYS) + 5);
}

#[tokio::test]
async fn neither_user_nor_key_is_stored() {
    let servers = Servers::start().await;
    let body = json!({ "country": "US", "user_id": "kim@example.com" });
    data(
        &click_with(&body)
            .header("idempotency-key", "a-secret-key")
            .send(&servers.routes(NOON))
            .await,
        201,
    );
    let database = servers.database().await;
    for name in ["clicks", "claims"] {
        let stored = database
            .collection::<Document>(name)
            .find_one(doc! {})
            .await
            .unwrap()
            .unwrap()
            .to_string();
        assert!(
            !stored.contains("kim@example.com") && !stored.contains("a-secret-key"),
            "{stored}"
        );
    }
}
