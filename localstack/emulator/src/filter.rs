//! `FilterCriteria`: which records reach the function.
//!
//! Source: "Filtering events from Amazon MSK and self-managed Apache Kafka event sources" and "Filter rule syntax", AWS Lambda developer
//! guide. Kafka mappings filter on `value` alone. A value of another format than the pattern's is not filtered, as the
//! guide's table says: only metadata would be, and there is no such filter.

mod error;
mod pattern;

use serde_json::Value as Json;

use pattern::{Node, Rule};

pub(crate) use error::FilterError;

/// The filters of one mapping; a record passes when one of them lets it. Without any, every record passes.
#[derive(Debug, Clone, Default)]
pub struct Filters {
    texts: Vec<String>,
    patterns: Vec<Pattern>,
}

/// One filter.
#[derive(Debug, Clone)]
enum Pattern {
    /// `{}`: every record.
    Anything,
    /// `{"value": [..]}`: values that are plain text.
    Text(Vec<Rule>),
    /// `{"value": {..}}`: values that are JSON.
    Json(Node),
}

impl PartialEq for Filters {
    fn eq(&self, other: &Self) -> bool {
        self.texts == other.texts
    }
}

impl Eq for Filters {}

impl Filters {
    /// Adds a filter, as JSON text.
    ///
    /// # Errors
    /// [`FilterError`] says what is allowed instead.
    pub(crate) fn add(&mut self, text: &str) -> Result<(), FilterError> {
        self.patterns.push(read(text)?);
        self.texts.push(text.to_owned());
        Ok(())
    }

    /// The filters, as they were written.
    pub(crate) fn texts(&self) -> impl Iterator<Item = &str> {
        self.texts.iter().map(String::as_str)
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.patterns.len()
    }

    /// Whether every record passes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.patterns.is_empty()
    }

    /// Whether a record with this value reaches the function. A tombstone, and bytes that are not UTF-8, are not filtered.
    #[must_use]
    pub fn matches(&self, value: Option<&[u8]>) -> bool {
        if self.is_empty() {
            return true;
        }
        let Some(text) = value.and_then(|value| std::str::from_utf8(value).ok()) else {
            return true;
        };
        let json = serde_json::from_str::<Json>(text).ok().filter(Json::is_object);
        self.patterns.iter().any(|pattern| match (pattern, &json) {
            (Pattern::Json(node), Some(json)) => node.matches(json),
            (Pattern::Text(rules), None) => pattern::any_matches(rules, Some(&Json::String(text.to_owned()))),
            (Pattern::Anything, _) | (Pattern::Json(_), None) | (Pattern::Text(_), Some(_)) => true,
        })
    }
}

fn read(text: &str) -> Result<Pattern, FilterError> {
    let Ok(Json::Object(mut fields)) = serde_json::from_str::<Json>(text) else {
        return Err(FilterError::Shape);
    };
    let value = fields.remove("value");
    if let Some((field, _)) = fields.iter().next() {
        return Err(FilterError::OtherThanValue(field.clone()));
    }
    match value {
        None => Ok(Pattern::Anything),
        Some(Json::Array(rules)) => Ok(Pattern::Text(pattern::rules("value", &rules)?)),
        Some(Json::Object(fields)) => Ok(Pattern::Json(Node::read("value", &fields)?)),
        Some(_) => Err(FilterError::Shape),
    }
}

#[cfg(test)]
mod tests;
