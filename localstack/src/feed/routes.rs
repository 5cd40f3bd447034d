//! The feed's addresses: each provider's own paths, and `GET /feed`.

use std::sync::Arc;

use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use chrono::{DateTime, NaiveDate, TimeDelta};
use serde::Deserialize;

use super::{Clock, Day, FeedStatus, History, ecb, koreaexim, open_er};

const ECB_DAILY: &str = "/stats/eurofxref/eurofxref-daily.xml";
const KOREAEXIM: &str = "/site/program/financial/exchangeJSON";

/// The address of each provider that a feed at `url` stands in for, as `PROVIDER_URLS` has them.
#[must_use]
pub fn provider_urls(url: &str) -> String {
    // ExchangeRate-API's is scheme and host alone.
    format!("ecb={url}{ECB_DAILY},exchangerate_api={url},koreaexim={url}{KOREAEXIM}")
}

/// What is served.
#[derive(Clone)]
struct Served {
    history: Arc<History>,
    clock: Arc<Clock>,
}

/// The bank's parameters.
#[derive(Deserialize)]
struct Exchange {
    authkey: Option<String>,
    searchdate: Option<String>,
    data: Option<String>,
}

pub(super) fn router(history: Arc<History>, clock: Arc<Clock>) -> Router {
    Router::new()
        .route("/feed", get(status))
        .route(ECB_DAILY, get(ecb_daily))
        .route("/stats/eurofxref/eurofxref-hist-90d.xml", get(ecb_ninety_days))
        .route("/stats/eurofxref/eurofxref-hist.zip", get(ecb_archive))
        .route("/v6/latest/{base}", get(open_latest))
        .route("/v6/{key}/latest/{base}", get(keyed_latest))
        .route(KOREAEXIM, get(exchange))
        .with_state(Served { history, clock })
}

impl Served {
    /// The current day's rates. The clock walks over days of the history, so there always are some.
    fn today(&self) -> &Day {
        self.history
            .on(self.clock.day())
            .unwrap_or_else(|| self.history.newest())
    }
}

async fn status(State(served): State<Served>) -> Json<FeedStatus> {
    Json(served.clock.status())
}

async fn ecb_daily(State(served): State<Served>) -> Response {
    xml(ecb::document(std::iter::once(served.today())))
}

async fn ecb_ninety_days(State(served): State<Served>) -> Response {
    let today = served.clock.day();
    let since = today - TimeDelta::days(ecb::NINETY_DAYS);
    xml(ecb::document(
        served
            .history
            .days()
            .iter()
            .filter(|day| since <= day.date && day.date <= today),
    ))
}

/// Answers that it is the same to whoever names its date, or a later one (RFC 9110, 13.1.3).
async fn ecb_archive(State(served): State<Served>, headers: HeaderMap) -> Response {
    let modified = served.history.modified();
    let dated = [(
        header::LAST_MODIFIED,
        modified.format("%a, %d %b %Y %H:%M:%S GMT").to_string(),
    )];
    let since = headers
        .get(header::IF_MODIFIED_SINCE)
        .and_then(|since| DateTime::parse_from_rfc2822(since.to_str().ok()?).ok());
    if since.is_some_and(|since| modified <= since) {
        return (StatusCode::NOT_MODIFIED, dated).into_response();
    }
    let kind = [(header::CONTENT_TYPE, "application/zip")];
    (kind, dated, served.history.archive()).into_response()
}

async fn open_latest(State(served): State<Served>, Path(base): Path<String>) -> Response {
    match open_er::open(served.today(), &base) {
        Some(answer) => Json(answer).into_response(),
        None => (StatusCode::NOT_FOUND, Json(open_er::UNSUPPORTED)).into_response(),
    }
}

async fn keyed_latest(State(served): State<Served>, Path((_key, base)): Path<(String, String)>) -> Response {
    match open_er::keyed(served.today(), &base) {
        Some(answer) => Json(answer).into_response(),
        None => (StatusCode::NOT_FOUND, Json(open_er::UNSUPPORTED)).into_response(),
    }
}

/// A day without rates, one that has not come yet included, is an empty array, as on a holiday.
async fn exchange(State(served): State<Served>, Query(asked): Query<Exchange>) -> Response {
    if asked.authkey.is_none_or(|key| key.is_empty()) {
        return Json(koreaexim::refused(koreaexim::ResultCode::Key)).into_response();
    }
    if asked.data.as_deref() != Some("AP01") {
        return Json(koreaexim::refused(koreaexim::ResultCode::Data)).into_response();
    }
    let today = served.clock.day();
    let date = match asked.searchdate.as_deref() {
        None | Some("") => Some(today),
        // The bank takes dates with and without hyphens.
        Some(text) => NaiveDate::parse_from_str(&text.replace('-', ""), "%Y%m%d").ok(),
    };
    let day = date
        .filter(|date| *date <= today)
        .and_then(|date| served.history.on(date));
    Json(day.and_then(koreaexim::rows).unwrap_or_default()).into_response()
}

fn xml(document: String) -> Response {
    ([(header::CONTENT_TYPE, "text/xml")], document).into_response()
}
