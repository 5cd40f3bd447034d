//! Rows as CSV (RFC 4180), with every digit of their numbers.

use std::fmt;

use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;

use super::encode;
use crate::api::ApiError;

/// RFC 4180: a line of names, then a line a row; a field with a comma, a quote or a line break is quoted.
pub(super) fn csv<R: Serialize>(rows: &[R]) -> Result<String, ApiError> {
    let mut text = String::new();
    for (place, row) in rows.iter().enumerate() {
        let json = encode(row)?;
        // Raw, so that a number keeps its digits.
        let fields: Fields<'_> = serde_json::from_str(&json).map_err(|error| ApiError::internal(&error))?;
        if place == 0 {
            let names: Vec<String> = fields.0.iter().map(|(name, _)| quoted(name)).collect();
            text.push_str(&(names.join(",") + "\r\n"));
        }
        let value = |value: &RawValue| match value.get() {
            "null" => Ok(String::new()),
            json if json.starts_with('"') => serde_json::from_str::<String>(json).map(|text| quoted(&text)),
            json => Ok(quoted(json)),
        };
        let values: Result<Vec<String>, _> = fields.0.iter().map(|(_, json)| value(json)).collect();
        text.push_str(&(values.map_err(|error| ApiError::internal(&error))?.join(",") + "\r\n"));
    }
    Ok(text)
}

fn quoted(field: &str) -> String {
    if field.contains([',', '"', '\r', '\n']) {
        format!("\"{}\"", field.replace('"', "\"\""))
    } else {
        field.to_owned()
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
