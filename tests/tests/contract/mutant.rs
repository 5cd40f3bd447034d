//! Changes of a template, each with what it is in words.

use serde_json::Value;
use tests::contract::Document;

/// A change of the template, and in words what it is.
pub type Mutant = (String, Document);

/// The template without what stands at `pointer`.
pub fn without(template: &Document, pointer: &str) -> Mutant {
    let mut changed = template.clone();
    let (parent, last) = pointer.rsplit_once('/').unwrap();
    match changed.0.pointer_mut(parent).unwrap() {
        Value::Object(fields) => assert!(fields.remove(&last.replace("~1", "/")).is_some(), "{pointer}"),
        Value::Array(items) => drop(items.remove(last.parse().unwrap())),
        _ => panic!("{pointer}"),
    }
    (format!("without {pointer}"), changed)
}

/// The template with `value` at `pointer`.
pub fn with(template: &Document, pointer: &str, value: Value) -> Mutant {
    let mut changed = template.clone();
    let (parent, last) = pointer.rsplit_once('/').unwrap();
    let what = format!("{value} at {pointer}");
    match changed.0.pointer_mut(parent).unwrap() {
        Value::Array(items) => items[last.parse::<usize>().unwrap()] = value,
        fields => fields[last] = value,
    }
    (what, changed)
}

/// Every template from which one statement, action or resource of the statements at `at` is taken.
pub fn statements(template: &Document, at: &str) -> Vec<Mutant> {
    let mut mutants = Vec::new();
    for (place, statement) in template.0.pointer(at).unwrap().as_array().unwrap().iter().enumerate() {
        mutants.push(without(template, &format!("{at}/{place}")));
        for list in ["Action", "Resource"] {
            let count = statement[list].as_array().map_or(0, Vec::len);
            mutants.extend((0..count).map(|item| without(template, &format!("{at}/{place}/{list}/{item}"))));
        }
    }
    mutants
}
