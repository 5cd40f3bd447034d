//! How the types of `shared` look in the API's description.

use std::borrow::Cow;

use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, Schema, SchemaFormat, SchemaType, Type};
use utoipa::{PartialSchema, ToSchema};

use crate::country::CountryCode;
use crate::currency::CurrencyCode;
use crate::number::Number;
use crate::time::Timestamp;

fn text(description: &str, pattern: &str, example: &str) -> RefOr<Schema> {
    ObjectBuilder::new()
        .schema_type(SchemaType::Type(Type::String))
        .description(Some(description))
        .pattern(Some(pattern))
        .examples([example])
        .into()
}

impl PartialSchema for CurrencyCode {
    fn schema() -> RefOr<Schema> {
        text("ISO 4217 currency code.", "^[A-Z]{3}$", "USD")
    }
}

impl ToSchema for CurrencyCode {
    fn name() -> Cow<'static, str> {
        "CurrencyCode".into()
    }
}

impl PartialSchema for CountryCode {
    fn schema() -> RefOr<Schema> {
        text("ISO 3166-1 alpha-2 country code.", "^[A-Z]{2}$", "US")
    }
}

impl ToSchema for CountryCode {
    fn name() -> Cow<'static, str> {
        "CountryCode".into()
    }
}

impl PartialSchema for Timestamp {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(SchemaType::Type(Type::String))
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)))
            .description(Some("RFC 3339, UTC, at most microseconds."))
            .into()
    }
}

impl ToSchema for Timestamp {
    fn name() -> Cow<'static, str> {
        "Timestamp".into()
    }
}

impl PartialSchema for Number {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(SchemaType::Type(Type::Number))
            .description(Some(
                "A decimal without exponent and without trailing zeros. Read it as a decimal, not as a float.",
            ))
            .into()
    }
}

impl ToSchema for Number {
    fn name() -> Cow<'static, str> {
        "Number".into()
    }
}
