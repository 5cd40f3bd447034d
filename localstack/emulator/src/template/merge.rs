//! Globals: how SAM merges `Globals.Function` into each function's properties.

use serde_yaml_ng::{Mapping, Value};

/// `properties` over `globals`: mappings are merged, lists are joined with the globals first, everything else is replaced.
///
/// Source: "Globals section of the AWS SAM template", AWS SAM developer guide.
pub(super) fn with_globals(globals: Option<&Value>, properties: &Mapping) -> Mapping {
    match globals {
        Some(Value::Mapping(globals)) => merge_mappings(globals, properties),
        _ => properties.clone(),
    }
}

fn merge_mappings(globals: &Mapping, local: &Mapping) -> Mapping {
    let mut merged = globals.clone();
    for (key, value) in local {
        let value = match merged.get(key) {
            Some(global) => merge(global, value),
            None => value.clone(),
        };
        merged.insert(key.clone(), value);
    }
    merged
}

fn merge(global: &Value, local: &Value) -> Value {
    match (global, local) {
        (Value::Mapping(global), Value::Mapping(local)) if !is_intrinsic(global) && !is_intrinsic(local) => {
            Value::Mapping(merge_mappings(global, local))
        }
        (Value::Sequence(global), Value::Sequence(local)) => {
            Value::Sequence(global.iter().chain(local).cloned().collect())
        }
        (_, local) => local.clone(),
    }
}

/// Whether a mapping is an intrinsic function in its long form, such as `Fn::If: [..]`.
fn is_intrinsic(mapping: &Mapping) -> bool {
    mapping.len() == 1
        && mapping
            .keys()
            .all(|key| key.as_str().is_some_and(|key| key == "Ref" || key.starts_with("Fn::")))
}
