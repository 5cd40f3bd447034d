//! What must hold between `template.yaml` and the code, checked without an account: triggers, rights, variables, queues, alarms, secrets.
//!
//! [`violations`] answers sentences. A mutation test takes one thing after the other out of the template and expects at least one each time.

mod alarms;
mod deployment;
mod document;
mod edge;
mod mappings;
mod rights;
mod schedules;
mod secrets;
mod servers;
mod variables;

use std::collections::{BTreeMap, BTreeSet};

pub use self::document::{Document, Function};
pub use self::rights::{Right, rights};
pub use self::servers::server_violations;
pub use self::variables::read_variables;

/// What the code is, as far as the template has to know it.
pub struct Known {
    /// The rights that each function's code needs, by function name.
    pub rights: BTreeMap<String, BTreeSet<Right>>,
    /// The variables that each function reads, by function name.
    pub variables: BTreeMap<String, BTreeSet<String>>,
    /// The binaries that the workspace's functions build.
    pub binaries: BTreeSet<String>,
    /// The number of the newest migration.
    pub newest_migration: u32,
}

/// Everything in which the template and the code disagree.
#[must_use]
pub fn violations(template: &Document, known: &Known) -> Vec<String> {
    let mut found = mappings::check(template);
    found.extend(functions(template, known));
    found.extend(rights::check(template, &known.rights));
    found.extend(variables::check(template, &known.variables));
    found.extend(alarms::check(template));
    found.extend(secrets::check(template));
    found.extend(edge::check(template));
    found.extend(schedules::check(template));
    found.extend(deployment::check(template, known.newest_migration));
    found
}

/// Every binary is one function of its name, and none runs longer than a Kafka mapping or its queue allows.
fn functions(template: &Document, known: &Known) -> Vec<String> {
    let mut found = Vec::new();
    let mut names = BTreeSet::new();
    for function in template.functions() {
        let (id, name) = (&function.id, &function.name);
        if function.binary != *name {
            found.push(format!(
                "{id}: FunctionName {name} and Binary {} differ",
                function.binary
            ));
        }
        if !names.insert(name.clone()) {
            found.push(format!("{id}: another function is called {name} too"));
        }
        if !known.binaries.contains(&function.binary) {
            found.push(format!("{id}: no package builds {}", function.binary));
        }
        // AWS refuses a Kafka mapping to a function that may run longer than 14 minutes.
        if function.timeout > 840 {
            found.push(format!("{id}: Timeout {} is above 840", function.timeout));
        }
    }
    let missing = known.binaries.difference(&names);
    found.extend(missing.map(|binary| format!("no function runs {binary}")));
    found
}
