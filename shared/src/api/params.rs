//! Query and path parameters. Nothing is guessed: an unknown, repeated, empty or malformed one is refused by name.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use axum::extract::{FromRequestParts, RawPathParams};
use axum::http::request::Parts;
use chrono::{DateTime, Datelike, NaiveDate, TimeDelta, Utc};
use rust_decimal::Decimal;
use utoipa::IntoParams;
use utoipa::openapi::path::ParameterIn;

use super::error::{ApiError, ErrorCode};
use super::format::Format;
use crate::currency::CurrencyCode;

/// What a currency parameter may be.
const CURRENCY_ALLOWED: &str = "a currency code of three capital letters (ISO 4217), such as USD";
/// The longest query string that is read, in bytes; API Gateway itself allows some 10 kB for line and headers.
const LONGEST_QUERY: usize = 4096;

/// The parameters of one query string, by name.
#[derive(Debug, Clone, Default)]
pub struct Params(BTreeMap<String, String>);

/// A query's type: its documented parameters are the ones that are allowed.
pub trait FromParams: IntoParams + Sized {
    /// Reads the parameters.
    ///
    /// # Errors
    /// [`ApiError`] names the parameter, its value and what is allowed.
    fn from_params(params: &Params) -> Result<Self, ApiError>;
}

/// No parameters at all.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Nothing {}

impl FromParams for Nothing {
    fn from_params(_: &Params) -> Result<Self, ApiError> {
        Ok(Self {})
    }
}

/// The query string, read as `T`; anything that `T` does not document is refused.
#[derive(Debug)]
pub struct Query<T>(pub T);

impl<T: FromParams, S: Sync> FromRequestParts<S> for Query<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let documented = T::into_params(|| Some(ParameterIn::Query));
        let allowed: Vec<&str> = documented.iter().map(|parameter| parameter.name.as_str()).collect();
        T::from_params(&Params::parse(parts.uri.query().unwrap_or_default(), &allowed)?).map(Self)
    }
}

/// The path's one parameter, a currency.
#[derive(Debug, Clone, Copy)]
pub struct PathCode(pub CurrencyCode);

impl<S: Send + Sync> FromRequestParts<S> for PathCode {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let params = RawPathParams::from_request_parts(parts, state)
            .await
            .map_err(|_| ApiError::invalid("path", parts.uri.path(), "percent-encoded UTF-8"))?;
        let (name, value) = params.iter().next().unwrap_or(("code", ""));
        currency(name, value).map(Self)
    }
}

impl Params {
    /// Reads `query`, whose parameters must be among `allowed`, each at most once and with a value.
    ///
    /// # Errors
    /// [`ApiError`] with `INVALID_PARAMETER` names the first at fault.
    pub fn parse(query: &str, allowed: &[&str]) -> Result<Self, ApiError> {
        if query.len() > LONGEST_QUERY {
            let length = format!("{} bytes long", query.len());
            return Err(ApiError::invalid("query string", &length, "at most 4096 bytes"));
        }
        if let Some(broken) = broken_escape(query) {
            return Err(ApiError::invalid(
                "query string",
                broken,
                "percent-encoded UTF-8, such as %EB%8B%AC",
            ));
        }
        let mut params = BTreeMap::new();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            if !allowed.contains(&name.as_ref()) {
                let known = if allowed.is_empty() {
                    "no parameter at all".to_owned()
                } else {
                    allowed.join(", ")
                };
                return Err(ApiError::invalid("parameter", &name, &known));
            }
            if value.is_empty() {
                return Err(ApiError::invalid(
                    &name,
                    "",
                    "a value; leave the parameter out for its default",
                ));
            }
            if value.contains(char::REPLACEMENT_CHARACTER) || value.chars().any(char::is_control) {
                return Err(ApiError::invalid(
                    &name,
                    &value,
                    "UTF-8 text without control characters",
                ));
            }
            if let Some(first) = params.insert(name.clone().into_owned(), value.clone().into_owned()) {
                return Err(ApiError::invalid(
                    &name,
                    &format!("{first}, {value}"),
                    "one value; the parameter is repeated",
                ));
            }
        }
        Ok(Self(params))
    }

    /// The value as it came.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// A currency.
    ///
    /// # Errors
    /// `INVALID_CURRENCY_CODE`.
    pub fn currency(&self, name: &str) -> Result<Option<CurrencyCode>, ApiError> {
        self.text(name).map(|value| currency(name, value)).transpose()
    }

    /// A currency that must be there.
    ///
    /// # Errors
    /// `MISSING_PARAMETER` or `INVALID_CURRENCY_CODE`.
    pub fn required_currency(&self, name: &str) -> Result<CurrencyCode, ApiError> {
        self.currency(name)?
            .ok_or_else(|| ApiError::missing(name, CURRENCY_ALLOWED))
    }

    /// Currencies with commas between, each at most once, as many as `count` allows; in the order given.
    ///
    /// # Errors
    /// `INVALID_CURRENCY_CODE` names the first that is none, `INVALID_PARAMETER` one that is repeated or a wrong number.
    pub fn currencies(&self, name: &str, count: RangeInclusive<usize>) -> Result<Option<Vec<CurrencyCode>>, ApiError> {
        let Some(text) = self.text(name) else { return Ok(None) };
        let mut codes = Vec::new();
        for part in text.split(',') {
            let code = currency(name, part)?;
            if codes.contains(&code) {
                return Err(ApiError::invalid(
                    name,
                    text,
                    &format!("each currency once; {code} is repeated"),
                ));
            }
            codes.push(code);
        }
        if count.contains(&codes.len()) {
            Ok(Some(codes))
        } else {
            let allowed = format!("{} to {} currencies with commas between", count.start(), count.end());
            Err(ApiError::invalid(name, text, &allowed))
        }
    }

    /// `true` or `false`; false when it is not there.
    ///
    /// # Errors
    /// `INVALID_PARAMETER`.
    pub fn flag(&self, name: &str) -> Result<bool, ApiError> {
        match self.text(name) {
            None | Some("false") => Ok(false),
            Some("true") => Ok(true),
            Some(other) => Err(ApiError::invalid(name, other, "true or false")),
        }
    }

    /// A whole number in `range`.
    ///
    /// # Errors
    /// `INVALID_PARAMETER`.
    pub fn number(&self, name: &str, range: RangeInclusive<u32>) -> Result<Option<u32>, ApiError> {
        let read = |text: &str| {
            let is_plain = text.bytes().all(|byte| byte.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
            let number = is_plain
                .then(|| text.parse().ok())
                .flatten()
                .filter(|number| range.contains(number));
            let allowed = || format!("a whole number from {} to {}", range.start(), range.end());
            number.ok_or_else(|| ApiError::invalid(name, text, &allowed()))
        };
        self.text(name).map(read).transpose()
    }

    /// A day, `YYYY-MM-DD`, from 1970 to [`newest_day`].
    ///
    /// # Errors
    /// `INVALID_PARAMETER`.
    pub fn date(&self, name: &str) -> Result<Option<NaiveDate>, ApiError> {
        let latest = newest_day(Utc::now());
        let read = |text: &str| {
            let day = day(text).filter(|day| day.year() >= 1970 && *day <= latest);
            day.ok_or_else(|| {
                ApiError::invalid(name, text, &format!("a day from 1970-01-01 to {latest}, as YYYY-MM-DD"))
            })
        };
        self.text(name).map(read).transpose()
    }

    /// An amount of money above 0: at most 15 digits, and behind a point at most 10 more.
    ///
    /// # Errors
    /// `INVALID_PARAMETER`.
    pub fn amount(&self, name: &str) -> Result<Option<Decimal>, ApiError> {
        let digits = |part: &str, most: usize| {
            (1..=most).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit())
        };
        let read = |text: &str| {
            let is_plain = match text.split_once('.') {
                None => digits(text, 15),
                Some((whole, fraction)) => digits(whole, 15) && digits(fraction, 10),
            };
            let amount = is_plain.then(|| Decimal::from_str_exact(text).ok()).flatten();
            let allowed = "a decimal number above 0 with at most 15 digits, and at most 10 behind the point";
            amount
                .filter(|amount| *amount > Decimal::ZERO)
                .ok_or_else(|| ApiError::invalid(name, text, allowed))
        };
        self.text(name).map(read).transpose()
    }

    /// `json`, `csv` or `ndjson`.
    ///
    /// # Errors
    /// `INVALID_PARAMETER`.
    pub fn format(&self, name: &str) -> Result<Option<Format>, ApiError> {
        let read = |text: &str| match text {
            "json" => Ok(Format::Json),
            "csv" => Ok(Format::Csv),
            "ndjson" => Ok(Format::Ndjson),
            other => Err(ApiError::invalid(name, other, "json, csv or ndjson")),
        };
        self.text(name).map(read).transpose()
    }
}

fn currency(name: &str, value: &str) -> Result<CurrencyCode, ApiError> {
    value
        .parse()
        .map_err(|_| ApiError::refused(ErrorCode::InvalidCurrencyCode, name, value, CURRENCY_ALLOWED))
}

/// The newest day that may be asked for: today in Korea, which is a day ahead of UTC for nine hours (KST, UTC+9 all year).
fn newest_day(now: DateTime<Utc>) -> NaiveDate {
    (now + TimeDelta::hours(9)).date_naive()
}

/// `YYYY-MM-DD` and nothing else. chrono's own parser also takes signs, blanks and missing digits ("+2026-1-01", "2026- 1-01").
fn day(text: &str) -> Option<NaiveDate> {
    let is_plain = text.len() == 10
        && text.bytes().enumerate().all(|(place, byte)| match place {
            4 | 7 => byte == b'-',
            _ => byte.is_ascii_digit(),
        });
    is_plain.then(|| text.parse().ok()).flatten()
}

/// The first `%` that two hexadecimal digits do not follow, with what follows instead.
fn broken_escape(query: &str) -> Option<&str> {
    let places = query.match_indices('%').map(|(place, _)| place);
    places.map(|place| &query[place..]).find(|rest| {
        let digits = rest.as_bytes().get(1..3);
        !digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
    })
}

#[cfg(test)]
mod tests;
