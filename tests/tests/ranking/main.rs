//! The Ranking service on the real protocol: MongoDB's (or a real MongoDB, if `HWANYUL_TEST_MONGODB` names one) and Redis'.

mod behind_edge;
mod clicks;
mod limits;
mod outages;
mod own_authority;
mod rankings;
mod refusals;

use axum::Router;
use chrono::{DateTime, Utc};
use mongodb::bson::{Document, doc};
use mongodb::{Client, Database};
use ranking::Ranking;
use serde_json::{Value, json};
use shared::api::with_middleware;
use std::sync::Arc;
use tests::api::{Ask, Reply};
use tests::{own_redis_database, server};
use uuid::Uuid;

/// Noon in Korea on a Sunday.
const NOON: &str = "2026-03-01T03:00:00Z";

/// A database of each server that belongs to one test.
struct Servers {
    mongodb: String,
    redis: String,
    limit: &'static str,
}

impl Servers {
    /// Databases as an instance has left them that started before.
    async fn start() -> Self {
        let servers = Self::cold().await;
        servers.instance(NOON).store().ensure_indexes().await.unwrap();
        servers
    }

    /// Databases with nothing in them.
    async fn cold() -> Self {
        let name = format!("test_{}", Uuid::new_v4().simple());
        Self {
            mongodb: format!("{}/{name}", server("HWANYUL_TEST_MONGODB").trim_end_matches('/')),
            redis: own_redis_database(&server("HWANYUL_TEST_REDIS")).await,
            limit: "",
        }
    }

    /// An instance of the function with connections of its own, at `now`.
    fn instance(&self, now: &str) -> Ranking {
        let now: DateTime<Utc> = now.parse().unwrap();
        let get = |name: &str| match name {
            "MONGODB_URI" => Some(self.mongodb.clone()),
            "REDIS_URL" => Some(self.redis.clone()),
            "CLICK_LIMIT_PER_MINUTE" => Some(self.limit.to_owned()),
            _ => None,
        };
        Ranking::read(&get).unwrap().with_clock(move || now)
    }

    /// The routes of another instance.
    fn routes(&self, now: &str) -> Router {
        routes(self.instance(now))
    }

    /// Counts this many clicks of these countries on these days.
    async fn seed(&self, clicks: &[(&str, &str, u64)]) {
        let store = self.instance(NOON);
        for (country, day, count) in clicks {
            for _ in 0..*count {
                store
                    .store()
                    .count(country.parse().unwrap(), day.parse().unwrap())
                    .await
                    .unwrap();
            }
        }
    }

    /// The same database, for a test's own look at it.
    async fn database(&self) -> Database {
        let client = Client::with_uri_str(&self.mongodb).await.unwrap();
        client.default_database().unwrap()
    }

    /// All clicks that are stored.
    async fn stored(&self) -> i64 {
        let days = self.database().await.collection::<Document>("clicks");
        let mut cursor = days.find(doc! {}).await.unwrap();
        let mut sum = 0;
        while cursor.advance().await.unwrap() {
            sum += cursor.deserialize_current().unwrap().get_i64("clicks").unwrap();
        }
        sum
    }
}

fn routes(instance: Ranking) -> Router {
    with_middleware(ranking::api::routes(Arc::new(instance)))
}

/// A click on a country, of a client that has not clicked yet.
fn click(country: &str) -> Ask {
    click_with(&json!({ "country": country, "user_id": "user-1" }))
}

fn click_with(body: &Value) -> Ask {
    Ask::post("/api/v1/rankings/click", body).from(&format!("client-{}", Uuid::new_v4()))
}

async fn get(routes: &Router, path_and_query: &str) -> Reply {
    Ask::get(path_and_query).send(routes).await
}

/// The data of a success with this status.
fn data(reply: &Reply, status: u16) -> Value {
    assert_eq!(reply.status.as_u16(), status, "{}", reply.text());
    let body = reply.json();
    assert_eq!(body["success"], true);
    body["data"].clone()
}

/// The error of a failure with this status and code.
fn error(reply: &Reply, status: u16, code: &str) -> Value {
    assert_eq!(reply.status.as_u16(), status, "{}", reply.text());
    let body = reply.json();
    assert_eq!(
        (&body["success"], &body["error"]["code"]),
        (&json!(false), &json!(code)),
        "{body}"
    );
    assert_eq!(reply.header("cache-control"), "no-store");
    body["error"].clone()
}
