//! What each function gives.

use serde_json::Value as Json;
use serde_yaml_ng::Value;

use super::{Location, Resolver, cidr, json_text};
use crate::template::error::TemplateError;

impl Resolver<'_> {
    pub(super) fn call(
        &self,
        function: &str,
        argument: &Value,
        at: Location<'_>,
        depth: usize,
    ) -> Result<Option<Json>, TemplateError> {
        let text = |value: &Value| self.text(value, at, depth);
        let list = |count: usize, shape: &str| match argument {
            Value::Sequence(items) if items.len() == count => Ok(items),
            other => Err(self.property_error(at, Some(other), &format!("{function} takes {shape}"))),
        };
        Ok(Some(match function {
            "Ref" => return self.reference(&text(argument)?, at, depth),
            "GetAtt" => {
                let name = match argument {
                    Value::Sequence(parts) => parts.iter().map(text).collect::<Result<Vec<_>, _>>()?.join("."),
                    other => text(other)?,
                };
                Json::String(self.attribute(&name, at, depth)?)
            }
            "Sub" => Json::String(self.substitute(argument, at, depth)?),
            "If" => {
                let items = list(3, "[condition, then, else]")?;
                let is_so = self.condition(&text(&items[0])?, at)?;
                return self.resolve_at_depth(&items[if is_so { 1 } else { 2 }], at, depth);
            }
            "Join" => {
                let items = list(2, "[delimiter, [values]]")?;
                let values = self.texts(&items[1], at, depth)?;
                Json::String(values.join(&text(&items[0])?))
            }
            "Split" => {
                let items = list(2, "[delimiter, text]")?;
                let (delimiter, whole) = (text(&items[0])?, text(&items[1])?);
                Json::from(whole.split(delimiter.as_str()).map(str::to_owned).collect::<Vec<_>>())
            }
            "Select" => {
                let items = list(2, "[index, [values]]")?;
                let mut values = self.items(&items[1], at, depth)?;
                let index = text(&items[0])?.parse::<usize>().ok();
                match index.filter(|index| *index < values.len()) {
                    Some(index) => values.swap_remove(index),
                    None => {
                        let allowed = format!("an index below {}", values.len());
                        return Err(self.property_error(at, Some(&items[0]), &allowed));
                    }
                }
            }
            "FindInMap" => return self.find_in_map(argument, at, depth),
            "Length" => Json::from(self.items(argument, at, depth)?.len()),
            "ToJsonString" => match self.resolve_at_depth(argument, at, depth)? {
                Some(value @ (Json::Object(_) | Json::Array(_))) => Json::String(value.to_string()),
                _ => return Err(self.property_error(at, Some(argument), "ToJsonString takes a mapping or a list")),
            },
            "Base64" => Json::String(base64_simd::STANDARD.encode_to_string(text(argument)?)),
            "Cidr" => self.cidr(argument, at, depth)?,
            "Equals" | "And" | "Or" | "Not" | "Condition" => Json::Bool(self.evaluate(function, argument, at)?),
            "ImportValue" => return Err(self.unresolved_call(at, function, argument, "which another stack exports")),
            "GetAZs" => return Err(self.unresolved_call(at, function, argument, "which is the account's own")),
            "Transform" => return Err(self.unresolved_call(at, function, argument, "a macro, which AWS runs")),
            other => return Err(self.unresolved_call(at, other, argument, "which is not evaluated here")),
        }))
    }

    /// `!FindInMap [map, key, key]`, with `AWS::LanguageExtensions` also `[.., {DefaultValue: ..}]`.
    fn find_in_map(&self, argument: &Value, at: Location<'_>, depth: usize) -> Result<Option<Json>, TemplateError> {
        let (keys, default) = match argument {
            Value::Sequence(items) if items.len() == 3 => (items.as_slice(), None),
            Value::Sequence(items) if items.len() == 4 && items[3].get("DefaultValue").is_some() => {
                (&items[..3], items[3].get("DefaultValue"))
            }
            other => {
                let allowed = "FindInMap takes [map, key, key], and {DefaultValue: value} behind them";
                return Err(self.property_error(at, Some(other), allowed));
            }
        };
        let keys: Vec<String> = keys
            .iter()
            .map(|key| self.text(key, at, depth))
            .collect::<Result<_, _>>()?;
        let mut found = self.mappings.get(keys[0].as_str());
        for key in &keys[1..] {
            // A key that is written as a number is one too.
            let is_it = |(name, _): &(&Value, &Value)| super::parameter::scalar(name).as_ref() == Some(key);
            let inner = found.and_then(Value::as_mapping);
            found = inner
                .and_then(|mapping| mapping.iter().find(is_it))
                .map(|(_, value)| value);
        }
        match found.or(default) {
            Some(value) => self.resolve_at_depth(value, at, depth),
            None => Err(self.unresolved(
                at,
                format!("!FindInMap {}", keys.join(".")),
                "which section Mappings does not have",
            )),
        }
    }

    /// `!Cidr [block, count, bits]`.
    fn cidr(&self, argument: &Value, at: Location<'_>, depth: usize) -> Result<Json, TemplateError> {
        const ALLOWED: &str =
            "Cidr takes [block, count, bits], such as [10.0.0.0/16, 4, 8], and so many blocks must fit";
        let refused = || self.property_error(at, Some(argument), ALLOWED);
        let values = match argument {
            Value::Sequence(items) if (2..=3).contains(&items.len()) => self.items(argument, at, depth)?,
            _ => return Err(refused()),
        };
        let number = |index: usize| values.get(index).and_then(json_text)?.parse().ok();
        let block = values.first().and_then(json_text);
        let blocks = match (block, number(1), values.len()) {
            (Some(block), Some(count), 2) => cidr::blocks(&block, count, None),
            (Some(block), Some(count), _) => number(2).and_then(|bits| cidr::blocks(&block, count, Some(bits))),
            _ => None,
        };
        blocks.map(Json::from).ok_or_else(refused)
    }
}
