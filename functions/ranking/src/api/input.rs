//! What routes of this part read alike, and how it looks in the API's description: a country in the path, the values of a click's body.

use axum::extract::{FromRequestParts, RawPathParams};
use axum::http::request::Parts;
use shared::api::{ApiError, ErrorCode};
use shared::country::CountryCode;
use shared::currency::CurrencyCode;
use utoipa::openapi::Required;
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{ObjectBuilder, SchemaType, Type};
use utoipa::{IntoParams, openapi};

/// The longest user id, in characters.
pub(super) const LONGEST_USER_ID: usize = 128;

/// The path's one parameter, a country.
#[derive(Debug, Clone, Copy)]
pub(super) struct PathCountry {
    /// The country.
    pub(super) country: CountryCode,
}

// By hand, because the derive leaves out that it is required, and its description, where the schema is one of our own.
impl IntoParams for PathCountry {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let country = ParameterBuilder::new()
            .name("country")
            .parameter_in(ParameterIn::Path)
            .required(Required::True)
            .description(Some("ISO 3166-1 alpha-2 code."))
            .schema(Some(known_country()));
        vec![country.build()]
    }
}

impl<S: Send + Sync> FromRequestParts<S> for PathCountry {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let params = RawPathParams::from_request_parts(parts, state)
            .await
            .map_err(|_| ApiError::invalid("path", parts.uri.path(), "percent-encoded UTF-8"))?;
        let value = params.iter().next().map_or("", |(_, value)| value);
        Ok(Self {
            country: country("country", value)?,
        })
    }
}

/// A country.
pub(super) fn country(name: &str, value: &str) -> Result<CountryCode, ApiError> {
    let allowed = "a country code of two capital letters (ISO 3166-1 alpha-2), such as US";
    value
        .parse()
        .map_err(|_| ApiError::refused(ErrorCode::InvalidCountryCode, name, value, allowed))
}

/// The schema of a country that is asked for: exactly the codes that are known.
pub(super) fn known_country() -> openapi::Object {
    codes(CountryCode::all().map(CountryCode::as_str), "US")
}

/// The schema of a currency that a click can be counted for: exactly those with a home country.
pub(super) fn currency_with_home() -> openapi::Object {
    let with_home = CurrencyCode::all().filter(|code| CountryCode::home_of(*code).is_some());
    codes(with_home.map(CurrencyCode::as_str), "USD")
}

/// The schema of who clicked on a country.
pub(super) fn user_of_country_click() -> openapi::Object {
    user_id(
        "Who clicked, as the caller knows them; only keeps one user's idempotency keys apart from another's, and is not stored. 1 to 128 characters, none\n\
         of them a control character.",
    )
}

/// The schema of who clicked on a currency.
pub(super) fn user_of_currency_click() -> openapi::Object {
    user_id("As for a click on a country.")
}

fn user_id(description: &str) -> openapi::Object {
    let mut user_id = ObjectBuilder::new()
        .schema_type(SchemaType::Type(Type::String))
        .description(Some(description))
        .min_length(Some(1))
        .max_length(Some(LONGEST_USER_ID))
        .pattern(Some(r"^[^\u0000-\u001f\u007f-\u009f]+$"))
        .build();
    user_id.example = Some("user-42".into());
    user_id
}

fn codes(allowed: impl Iterator<Item = &'static str>, example: &str) -> openapi::Object {
    ObjectBuilder::new()
        .schema_type(SchemaType::Type(Type::String))
        .enum_values(Some(allowed))
        .examples([example])
        .build()
}
