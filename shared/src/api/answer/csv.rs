//! Rows as CSV (RFC 4180), with every digit of their numbers.

use std::borrow::Cow;
use std::fmt;

use ::csv::{Terminator, WriterBuilder};
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;

use super::encode;
use crate::api::ApiError;

/// RFC 4180: a line of names, then a line a row; a field with a comma, a quote or a line break is quoted.
pub(super) fn csv<R: Serialize>(rows: &[R]) -> Result<String, ApiError> {
    let mut text = WriterBuilder::new()
        .terminator(Terminator::CRLF)
        .from_writer(Vec::new());
    for (place, row) in rows.iter().enumerate() {
        let json = encode(row)?;
        // Raw, so that a number keeps its digits.
        let fields: Fields<'_> = serde_json::from_str(&json).map_err(|error| ApiError::internal(&error))?;
        if place == 0 {
            let names = fields.0.iter().map(|(name, _)| name);
            text.write_record(names).map_err(|error| ApiError::internal(&error))?;
        }
        let values: Result<Vec<Cow<'_, str>>, _> = fields.0.iter().map(|(_, json)| value(json)).collect();
        let values = values.map_err(|error| ApiError::internal(&error))?;
        text.write_record(values.iter().map(|value| value.as_bytes()))
            .map_err(|error| ApiError::internal(&error))?;
    }
    let bytes = text.into_inner().map_err(|error| ApiError::internal(&error))?;
    String::from_utf8(bytes).map_err(|error| ApiError::internal(&error))
}

/// The text of a JSON value: nothing for null, a string without its quotes, all else as it stands.
fn value(json: &RawValue) -> Result<Cow<'_, str>, serde_json::Error> {
    match json.get() {
        "null" => Ok(Cow::Borrowed("")),
        text if text.starts_with('"') => serde_json::from_str(text).map(Cow::Owned),
        other => Ok(Cow::Borrowed(other)),
    }
}

/// The fields of an object, in the order they were written.
struct Fields<'a>(Vec<(String, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Fields<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;
        impl<'de> Visitor<'de> for Object {
            type Value = Fields<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields<'de>, A::Error> {
                let mut fields = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    fields.push(entry);
                }
                Ok(Fields(fields))
            }
        }
        deserializer.deserialize_map(Object)
    }
}
