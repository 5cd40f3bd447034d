//! Changes of a template, each with what it is in words.

use serde_json::{Value, json};
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

/// Every template from which one statement, action or resource of the statements at `at` is taken, or where a statement's condition is another.
pub fn statements(template: &Document, at: &str) -> Vec<Mutant> {
    let mut mutants = Vec::new();
    for place in 0..template.0.pointer(at).unwrap().as_array().unwrap().len() {
        let at = format!("{at}/{place}");
        mutants.push(without(template, &at));
        let (at, conditions) = conditions(template, &at);
        mutants.extend(conditions);
        for list in ["Action", "Resource"] {
            let count = template.0.pointer(&at).unwrap()[list].as_array().map_or(0, Vec::len);
            mutants.extend((0..count).map(|item| without(template, &format!("{at}/{list}/{item}"))));
        }
    }
    mutants
}

/// Where the policy or statement at `at` stands, and every template in which its condition is another, or decides nothing.
pub fn conditions(template: &Document, at: &str) -> (String, Vec<Mutant>) {
    let part = template.0.pointer(at).unwrap();
    if !part["Fn::If"].is_array() {
        return (at.to_owned(), Vec::new());
    }
    let mutants = vec![
        with(template, &format!("{at}/Fn::If/0"), json!("InVpc")),
        with(template, &format!("{at}/Fn::If/2"), part["Fn::If"][1].clone()),
    ];
    (format!("{at}/Fn::If/1"), mutants)
}
