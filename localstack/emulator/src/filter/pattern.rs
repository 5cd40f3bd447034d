//! Patterns: which values of a field match. The part of EventBridge's language that Lambda's filters have.

use serde_json::{Map, Value as Json};

use super::error::FilterError;

/// What an object must have: all of its fields, and one of each `$or`.
#[derive(Debug, Clone)]
pub(super) struct Node {
    fields: Vec<(String, Field)>,
    alternatives: Vec<Vec<Node>>,
}

#[derive(Debug, Clone)]
enum Field {
    Object(Node),
    /// The value, or an element of the list, must match one of these.
    Leaf(Vec<Rule>),
}

/// What a value must be.
#[derive(Debug, Clone)]
pub(super) enum Rule {
    Exact(Json),
    Prefix(TextPattern),
    Suffix(TextPattern),
    Equals(TextPattern),
    AnythingBut(Vec<Rule>),
    Numeric(Vec<(Comparison, f64)>),
    Exists(bool),
}

#[derive(Debug, Clone)]
pub(super) struct TextPattern {
    text: String,
    ignores_case: bool,
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Comparison {
    Equal,
    Below,
    AtMost,
    Above,
    AtLeast,
}

impl Node {
    pub(super) fn read(path: &str, fields: &Map<String, Json>) -> Result<Self, FilterError> {
        let mut node = Self {
            fields: Vec::new(),
            alternatives: Vec::new(),
        };
        for (name, pattern) in fields {
            let path = format!("{path}.{name}");
            match (name.as_str(), pattern) {
                ("$or", Json::Array(nodes)) if nodes.len() > 1 => {
                    let nodes = nodes.iter().map(|node| match node {
                        Json::Object(fields) => Self::read(&path, fields),
                        _ => Err(FilterError::AlternativeNotAnObject(path.clone())),
                    });
                    node.alternatives.push(nodes.collect::<Result<_, _>>()?);
                }
                ("$or", _) => return Err(FilterError::TooFewAlternatives(path)),
                (_, Json::Object(fields)) => {
                    node.fields
                        .push((name.clone(), Field::Object(Self::read(&path, fields)?)));
                }
                (_, Json::Array(list)) => node.fields.push((name.clone(), Field::Leaf(rules(&path, list)?))),
                _ => return Err(FilterError::Field(path)),
            }
        }
        Ok(node)
    }

    pub(super) fn matches(&self, value: &Json) -> bool {
        if let Json::Array(items) = value {
            return items.iter().any(|item| self.matches(item));
        }
        self.fields.iter().all(|(name, field)| {
            let found = value.get(name);
            match field {
                Field::Object(node) => match found {
                    Some(found) => node.matches(found),
                    // Nothing there: only `exists: false` can match below.
                    None => node.matches(&Json::Null),
                },
                Field::Leaf(rules) => any_matches(rules, found),
            }
        }) && self
            .alternatives
            .iter()
            .all(|nodes| nodes.iter().any(|node| node.matches(value)))
    }
}

/// Whether one of the rules matches the value, or an element of it when it is a list.
pub(super) fn any_matches(rules: &[Rule], value: Option<&Json>) -> bool {
    match value {
        Some(Json::Array(items)) => items.iter().any(|item| any_matches(rules, Some(item))),
        // Only a leaf can match; of an object, nothing is there for these rules.
        Some(Json::Object(_)) => rules.iter().any(|rule| rule.matches(None)),
        leaf => rules.iter().any(|rule| rule.matches(leaf)),
    }
}

pub(super) fn rules(path: &str, list: &[Json]) -> Result<Vec<Rule>, FilterError> {
    if list.is_empty() {
        return Err(FilterError::EmptyList(path.to_owned()));
    }
    list.iter().map(|rule| Rule::read(path, rule)).collect()
}

impl Rule {
    fn read(path: &str, rule: &Json) -> Result<Self, FilterError> {
        let Json::Object(fields) = rule else {
            return if rule.is_array() {
                Err(FilterError::Rule(path.to_owned()))
            } else {
                Ok(Self::Exact(rule.clone()))
            };
        };
        let mut fields = fields.iter();
        let (Some((operator, argument)), None) = (fields.next(), fields.next()) else {
            return Err(FilterError::SeveralOperators(path.to_owned()));
        };
        match (operator.as_str(), argument) {
            ("prefix", argument) => TextPattern::read(argument).map(Self::Prefix),
            ("suffix", argument) => TextPattern::read(argument).map(Self::Suffix),
            ("equals-ignore-case", Json::String(text)) => Some(Self::Equals(TextPattern {
                text: text.to_lowercase(),
                ignores_case: true,
            })),
            ("anything-but", Json::Array(list)) if list.iter().all(is_text_or_number) && !list.is_empty() => {
                Some(Self::AnythingBut(list.iter().cloned().map(Self::Exact).collect()))
            }
            ("anything-but", argument) if is_text_or_number(argument) => {
                Some(Self::AnythingBut(vec![Self::Exact(argument.clone())]))
            }
            ("anything-but", Json::Object(_)) => Some(Self::AnythingBut(vec![Self::read(path, argument)?])),
            ("numeric", Json::Array(list)) => comparisons(list).map(Self::Numeric),
            ("exists", Json::Bool(exists)) => Some(Self::Exists(*exists)),
            _ => None,
        }
        .ok_or_else(|| FilterError::Rule(path.to_owned()))
    }

    fn matches(&self, value: Option<&Json>) -> bool {
        match (self, value) {
            (Self::Exists(wanted), value) => value.is_some() == *wanted,
            (_, None) => false,
            (Self::Exact(Json::Number(wanted)), Some(Json::Number(number))) => wanted.as_f64() == number.as_f64(),
            (Self::Exact(wanted), Some(value)) => wanted == value,
            (Self::AnythingBut(rules), Some(value)) => !rules.iter().any(|rule| rule.matches(Some(value))),
            (Self::Numeric(comparisons), Some(value)) => value.as_f64().is_some_and(|number| {
                comparisons
                    .iter()
                    .all(|(comparison, limit)| comparison.holds(number, *limit))
            }),
            (Self::Prefix(prefix), Some(Json::String(text))) => prefix.folded(text).starts_with(&prefix.text),
            (Self::Suffix(suffix), Some(Json::String(text))) => suffix.folded(text).ends_with(&suffix.text),
            (Self::Equals(equal), Some(Json::String(text))) => equal.folded(text) == equal.text,
            (Self::Prefix(_) | Self::Suffix(_) | Self::Equals(_), Some(_)) => false,
        }
    }
}

impl TextPattern {
    /// Text, or `{"equals-ignore-case": text}`.
    fn read(argument: &Json) -> Option<Self> {
        match argument {
            Json::String(text) => Some(Self {
                text: text.clone(),
                ignores_case: false,
            }),
            _ => Some(Self {
                text: argument.get("equals-ignore-case")?.as_str()?.to_lowercase(),
                ignores_case: true,
            }),
        }
    }

    fn folded(&self, text: &str) -> String {
        if self.ignores_case {
            text.to_lowercase()
        } else {
            text.to_owned()
        }
    }
}

impl Comparison {
    fn holds(self, number: f64, limit: f64) -> bool {
        match self {
            Self::Equal => number == limit,
            Self::Below => number < limit,
            Self::AtMost => number <= limit,
            Self::Above => number > limit,
            Self::AtLeast => number >= limit,
        }
    }
}

/// `[">", 0, "<=", 5]`: one or two comparisons, all of which must hold.
fn comparisons(list: &[Json]) -> Option<Vec<(Comparison, f64)>> {
    if !matches!(list.len(), 2 | 4) {
        return None;
    }
    list.chunks(2)
        .map(|pair| {
            let comparison = match pair[0].as_str()? {
                "=" => Comparison::Equal,
                "<" => Comparison::Below,
                "<=" => Comparison::AtMost,
                ">" => Comparison::Above,
                ">=" => Comparison::AtLeast,
                _ => return None,
            };
            Some((comparison, pair[1].as_f64()?))
        })
        .collect()
}

fn is_text_or_number(value: &Json) -> bool {
    value.is_string() || value.is_number()
}
