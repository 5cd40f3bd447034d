//! `history.rate` and `history.daily_rate`, by way of the functions that the migrations make: `history.store` writes, the others are for reading.

mod series;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use shared::event::ExchangeRateUpdated;
use shared::rate::Rate;
use shared::trace::{in_span, postgres};
use sqlx::{PgPool, Row};

pub(crate) use self::series::{DayWindow, legs, newest_common_day, newest_day, ping, ticks};

/// Stores the observations of a batch and the prices of their days in one round trip and one transaction. Answers how many were new or corrected.
pub(crate) async fn store(pool: &PgPool, events: &[ExchangeRateUpdated]) -> Result<i64, sqlx::Error> {
    // One statement may touch a row once only, so of observations named twice the newest is sent. `history.store` compares updated_at and the four
    // values in the same order; names alone, which it does not keep, change nothing.
    let mut newest: BTreeMap<_, &ExchangeRateUpdated> = BTreeMap::new();
    for event in events {
        let known = newest
            .entry((event.currency_code, event.source.as_str(), event.recorded_at))
            .or_insert(event);
        if event.cmp_version(known).is_gt() {
            *known = event;
        }
    }
    let events: Vec<&ExchangeRateUpdated> = newest.into_values().collect();
    let codes: Vec<&str> = events.iter().map(|event| event.currency_code.as_str()).collect();
    let sources: Vec<&str> = events.iter().map(|event| event.source.as_str()).collect();
    let recorded: Vec<DateTime<Utc>> = events.iter().map(|event| event.recorded_at.utc()).collect();
    let rates: Vec<Decimal> = events.iter().map(|event| event.deal_base_rate.decimal()).collect();
    let tts: Vec<Option<Decimal>> = events.iter().map(|event| event.tts.map(Rate::decimal)).collect();
    let ttb: Vec<Option<Decimal>> = events.iter().map(|event| event.ttb.map(Rate::decimal)).collect();
    let updated: Vec<DateTime<Utc>> = events.iter().map(|event| event.updated_at.utc()).collect();
    let quotations: Vec<Option<Decimal>> = events.iter().map(|event| event.quotation.map(Rate::decimal)).collect();
    let query = sqlx::query("SELECT history.store($1, $2, $3, $4, $5, $6, $7, $8)")
        .bind(codes)
        .bind(sources)
        .bind(recorded)
        .bind(rates)
        .bind(tts)
        .bind(ttb)
        .bind(updated)
        .bind(quotations);
    let row = in_span(postgres("SELECT history.store"), query.fetch_one(pool)).await?;
    row.try_get(0)
}
