//! `POST /api/v1/rankings/click`.

use std::sync::Arc;

use axum::extract::State;
use axum::http::HeaderMap;
use serde::{Deserialize, Deserializer, Serialize};
use shared::api::{Answer, ApiError, Caller, Envelope, ErrorCode, ErrorEnvelope, JsonBody, Nothing, Query};
use shared::country::CountryCode;
use shared::currency::CurrencyCode;
use utoipa::ToSchema;

use super::idempotency::IdempotencyHeader;
use super::input::{self, LONGEST_USER_ID};
use crate::{Click, Clicked, IdempotencyKey, Ranking};

/// What stands for the country or the currency when neither is named.
const EITHER: &str = "country or currency_code";

/// What was clicked: a country, or a currency and with it its home country.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(untagged)]
pub enum ClickRequest {
    /// On a country.
    Country(CountryClick),
    /// On a currency.
    Currency(CurrencyClick),
}

/// A click on a country.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CountryClick {
    /// ISO 3166-1 alpha-2 code.
    #[schema(schema_with = input::known_country)]
    pub country: CountryCode,
    /// Who clicked, as the caller knows them; only keeps one user's idempotency keys apart from another's, and is not stored.
    #[schema(schema_with = input::user_of_country_click)]
    pub user_id: String,
}

/// A click on a currency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CurrencyClick {
    /// ISO 4217 code of a currency with one home country: `USD` counts for `US`. Several countries share `EUR`, so name the country instead.
    #[schema(schema_with = input::currency_with_home)]
    pub currency_code: CurrencyCode,
    /// As for a click on a country.
    #[schema(schema_with = input::user_of_currency_click)]
    pub user_id: String,
}

/// The body as it comes: its values are looked at one by one, so that each error says which.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Body {
    #[serde(default, deserialize_with = "present")]
    country: Option<String>,
    #[serde(default, deserialize_with = "present")]
    currency_code: Option<String>,
    #[serde(default, deserialize_with = "present")]
    user_id: Option<String>,
}

/// A text that may be left out, but not be null.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    String::deserialize(deserializer).map(Some)
}

impl TryFrom<Body> for ClickRequest {
    type Error = ApiError;

    fn try_from(body: Body) -> Result<Self, ApiError> {
        let allowed = "1 to 128 characters, none of them a control character";
        let user_id = body.user_id.ok_or_else(|| ApiError::missing("user_id", allowed))?;
        if !(1..=LONGEST_USER_ID).contains(&user_id.chars().count()) || user_id.chars().any(char::is_control) {
            return Err(ApiError::invalid("user_id", &user_id, allowed));
        }
        match (body.country, body.currency_code) {
            (Some(country), None) => Ok(Self::Country(CountryClick {
                country: input::country("country", &country)?,
                user_id,
            })),
            (None, Some(code)) => Ok(Self::Currency(CurrencyClick {
                currency_code: currency(&code)?,
                user_id,
            })),
            (None, None) => Err(ApiError::missing(EITHER, "a code, such as US or USD")),
            (Some(country), Some(code)) => Err(ApiError::invalid(
                EITHER,
                &format!("{country} and {code}"),
                "one of the two",
            )),
        }
    }
}

/// A currency that a click can be counted for.
fn currency(value: &str) -> Result<CurrencyCode, ApiError> {
    const NAME: &str = "currency_code";
    let allowed = "a currency code of three capital letters (ISO 4217), such as USD";
    let code: CurrencyCode = value
        .parse()
        .map_err(|_| ApiError::refused(ErrorCode::InvalidCurrencyCode, NAME, value, allowed))?;
    if CountryCode::home_of(code).is_some() {
        return Ok(code);
    }
    Err(match CountryCode::of(code).next() {
        Some(user) => {
            let allowed = format!(
                "a currency with one home country; several use {code}, so name one, such as {{\"country\": \"{user}\"}}"
            );
            ApiError::invalid(NAME, value, &allowed)
        }
        None => ApiError::invalid(
            NAME,
            value,
            "a currency that a country uses today; name the country instead",
        ),
    })
}

impl ClickRequest {
    /// The country that it counts for; none for a currency without a home, which no body is read as.
    fn country(&self) -> Option<CountryCode> {
        match self {
            Self::Country(click) => Some(click.country),
            Self::Currency(click) => CountryCode::home_of(click.currency_code),
        }
    }

    fn key(&self, key: &str) -> IdempotencyKey {
        match self {
            Self::Country(click) => IdempotencyKey::new(&click.user_id, key, format!("country {}", click.country)),
            Self::Currency(click) => {
                IdempotencyKey::new(&click.user_id, key, format!("currency_code {}", click.currency_code))
            }
        }
    }
}

/// Count a click
///
/// Counts one click for a country on the present Korean day (KST, UTC+9), and tells where the country stands with it. Send `Idempotency-Key`, and a
/// request may be repeated until it is answered: it counts once, on the day it was first sent. A client, known by its address, may click 100 times
/// a minute. Nothing is counted when the request is refused or limited, nor while Redis is away, because a count that anyone could inflate would be a
/// made-up one. After 503 a click without a key may or may not have been counted; with a key, repeat it.
#[utoipa::path(post, path = "/api/v1/rankings/click", operation_id = "click", tag = "Ranking",
    params(IdempotencyHeader, Nothing), request_body = ClickRequest, responses(
    (status = 201, description = "The click is counted, or was before under the same key.", body = Envelope<Clicked>),
    (status = 400, description = "Body, header or parameter is not allowed. Nothing was counted.", body = ErrorEnvelope),
    (status = 429, description = "Too many clicks of this client; `Retry-After` says when to come again. Nothing was counted.", body = ErrorEnvelope),
    (status = 500, description = "The service failed.", body = ErrorEnvelope),
    (status = 503, description = "MongoDB or Redis is away.", body = ErrorEnvelope),
))]
pub(super) async fn click(
    State(service): State<Arc<Ranking>>,
    _: Query<Nothing>,
    caller: Caller,
    headers: HeaderMap,
    IdempotencyHeader { key }: IdempotencyHeader,
    JsonBody(body): JsonBody<Body>,
) -> Result<Answer, ApiError> {
    let request = ClickRequest::try_from(body)?;
    let country = request
        .country()
        .ok_or_else(|| ApiError::missing("country", "a code, such as US"))?;
    let click = Click {
        country,
        client: service.clients.of(&caller.address, &headers),
        key: key.map(|key| request.key(&key)),
    };
    Answer::created(&service.click(&click).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Result<ClickRequest, ApiError> {
        let body: Body = serde_json::from_str(json).unwrap();
        body.try_into()
    }

    #[test]
    fn a_currency_counts_for_its_home() {
        let country = |json: &str| read(json).unwrap().country().map(CountryCode::as_str);
        assert_eq!(country(r#"{"currency_code":"USD","user_id":"u"}"#), Some("US"));
        assert_eq!(country(r#"{"country":"DE","user_id":"u"}"#), Some("DE"));
    }

    #[test]
    fn what_is_wrong_is_named_with_what_is_allowed() {
        for (json, code, message) in [
            (
                r#"{"country":"us","user_id":"u"}"#,
                ErrorCode::InvalidCountryCode,
                "country is \"us\": allowed is a country code",
            ),
            (
                r#"{"currency_code":"US","user_id":"u"}"#,
                ErrorCode::InvalidCurrencyCode,
                "currency_code is \"US\": allowed is a currency",
            ),
            (
                r#"{"currency_code":"EUR","user_id":"u"}"#,
                ErrorCode::InvalidParameter,
                "several use EUR, so name one, such as {\"country\": \"AD\"}",
            ),
            (
                r#"{"currency_code":"DEM","user_id":"u"}"#,
                ErrorCode::InvalidParameter,
                "a currency that a country uses today",
            ),
            (
                r#"{"user_id":"u"}"#,
                ErrorCode::MissingParameter,
                "country or currency_code is missing",
            ),
            (r#"{"country":"US"}"#, ErrorCode::MissingParameter, "user_id is missing"),
            (
                r#"{"country":"US","currency_code":"USD","user_id":"u"}"#,
                ErrorCode::InvalidParameter,
                "allowed is one of the two",
            ),
            (
                r#"{"country":"US","user_id":""}"#,
                ErrorCode::InvalidParameter,
                "user_id is \"\": allowed is 1 to 128 characters",
            ),
            (
                r#"{"country":"US","user_id":"a\u0000"}"#,
                ErrorCode::InvalidParameter,
                "none of them a control character",
            ),
            (
                r#"{"country":"US","user_id":"a\u0085"}"#,
                ErrorCode::InvalidParameter,
                "none of them a control character",
            ),
        ] {
            let error = read(json).unwrap_err();
            assert_eq!(error.code, code, "{json}");
            assert!(error.message.contains(message), "{json}: {}", error.message);
        }
        let user = |length| read(&format!(r#"{{"country":"US","user_id":"{}"}}"#, "가".repeat(length)));
        assert!(user(128).is_ok() && user(129).is_err());
    }

    #[test]
    fn null_is_no_value_and_an_unknown_field_no_field() {
        for json in [
            r#"{"country":null,"currency_code":"USD","user_id":"u"}"#,
            r#"{"country":{"$ne":null},"user_id":"u"}"#,
            r#"{"country":"US","user_id":7}"#,
            r#"{"country":"US","user_id":"u","count":5}"#,
            r#"{"country":"US","country":"KR","user_id":"u"}"#,
            r#"["US",null,"u"]"#,
            "null",
        ] {
            assert!(serde_json::from_str::<Body>(json).is_err(), "{json}");
        }
    }
}
