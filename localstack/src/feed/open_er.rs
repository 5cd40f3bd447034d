//! ExchangeRate-API's JSON, open (`/v6/latest/USD`) and keyed (`/v6/KEY/latest/USD`).
//!
//! Source: the provider's documentation of both; at most six decimals, as it prints them.

use chrono::{DateTime, Days, NaiveTime, Utc};
use rust_decimal::Decimal;
use serde::Serialize;
use serde_json::value::RawValue;

use super::Day;

/// The provider's numbers have no more decimals than this.
const DECIMALS: u32 = 6;
const TERMS: &str = "https://www.exchangerate-api.com/terms";

/// The open answer.
#[derive(Serialize)]
pub(super) struct Open {
    result: &'static str,
    provider: &'static str,
    documentation: &'static str,
    terms_of_use: &'static str,
    #[serde(flatten)]
    times: Times,
    time_eol_unix: i64,
    base_code: String,
    rates: Box<RawValue>,
}

/// The answer to a request with a key.
#[derive(Serialize)]
pub(super) struct Keyed {
    result: &'static str,
    documentation: &'static str,
    terms_of_use: &'static str,
    #[serde(flatten)]
    times: Times,
    base_code: String,
    conversion_rates: Box<RawValue>,
}

#[derive(Serialize)]
struct Times {
    time_last_update_unix: i64,
    time_last_update_utc: String,
    time_next_update_unix: i64,
    time_next_update_utc: String,
}

/// An error, as the provider spells it.
#[derive(Serialize)]
pub(super) struct ErrorBody {
    result: &'static str,
    documentation: &'static str,
    #[serde(rename = "terms-of-use")]
    terms_of_use: &'static str,
    #[serde(rename = "error-type")]
    error_type: &'static str,
}

/// The code is no currency of that day.
pub(super) const UNSUPPORTED: ErrorBody = ErrorBody {
    result: "error",
    documentation: "https://www.exchangerate-api.com/docs/free",
    terms_of_use: TERMS,
    error_type: "unsupported-code",
};

/// What the open access says; nothing when `base` has no rate that day.
pub(super) fn open(day: &Day, base: &str) -> Option<Open> {
    Some(Open {
        result: "success",
        provider: "https://www.exchangerate-api.com",
        documentation: "https://www.exchangerate-api.com/docs/free",
        terms_of_use: TERMS,
        times: times(day)?,
        time_eol_unix: 0,
        base_code: base.to_owned(),
        rates: rates(day, base)?,
    })
}

/// What the access with a key says; nothing when `base` has no rate that day.
pub(super) fn keyed(day: &Day, base: &str) -> Option<Keyed> {
    Some(Keyed {
        result: "success",
        documentation: "https://www.exchangerate-api.com/docs",
        terms_of_use: TERMS,
        times: times(day)?,
        base_code: base.to_owned(),
        conversion_rates: rates(day, base)?,
    })
}

/// Units of every currency for one `base`, the base itself first. Written as text, so that no number passes through a float.
fn rates(day: &Day, base: &str) -> Option<Box<RawValue>> {
    let base_per_euro = day.per_euro(base)?;
    let euro = ("EUR".to_owned(), Decimal::ONE);
    let others = std::iter::once(&euro)
        .chain(&day.rates)
        .filter(|(code, _)| code != base);
    let mut fields = vec![format!("\"{base}\":1")];
    for (code, per_euro) in others {
        let rate = per_euro.checked_div(base_per_euro)?.round_dp(DECIMALS).normalize();
        fields.push(format!("\"{code}\":{rate}"));
    }
    RawValue::from_string(format!("{{{}}}", fields.join(","))).ok()
}

/// The day's rates are set at its beginning and replaced a day later.
fn times(day: &Day) -> Option<Times> {
    let moment = |date: chrono::NaiveDate| date.and_time(NaiveTime::MIN).and_utc() + chrono::TimeDelta::seconds(1);
    let last = moment(day.date);
    let next = moment(day.date.checked_add_days(Days::new(1))?);
    Some(Times {
        time_last_update_unix: last.timestamp(),
        time_last_update_utc: utc(last),
        time_next_update_unix: next.timestamp(),
        time_next_update_utc: utc(next),
    })
}

fn utc(moment: DateTime<Utc>) -> String {
    moment.format("%a, %d %b %Y %H:%M:%S +0000").to_string()
}
