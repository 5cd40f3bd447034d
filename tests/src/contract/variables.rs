//! Variables: the template sets for each function what it reads, and nothing else.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::Value;
use shared::config::secret::secret_of;

use super::document::Document;
use crate::rie::{Bootstrap, answer_and_log};
use crate::samples::event;

/// The names that `functions` read, found by running them with everything of the environment logged: once as in `environment`, and where Kafka is used once
/// more with a user, which wants further variables.
pub async fn read_variables(
    functions: &BTreeSet<String>,
    environment: &BTreeMap<String, String>,
) -> BTreeMap<String, BTreeSet<String>> {
    let mut all = BTreeMap::new();
    for function in functions {
        let mut read = names(function, environment, Duration::from_secs(60)).await;
        if read.contains("KAFKA_SECURITY") {
            let mut secured = environment.clone();
            for (name, value) in [
                ("KAFKA_BOOTSTRAP_SERVERS", "127.0.0.1:1"),
                ("KAFKA_SECURITY", "sasl_ssl_scram"),
                ("KAFKA_USERNAME", "nobody"),
                ("KAFKA_PASSWORD", "nothing"),
            ] {
                secured.insert(name.to_owned(), value.to_owned());
            }
            // There is no such Kafka, and nobody waits for an answer.
            read.extend(names(function, &secured, Duration::from_secs(2)).await);
        }
        all.insert(function.clone(), read);
    }
    all
}

async fn names(function: &str, environment: &BTreeMap<String, String>, limit: Duration) -> BTreeSet<String> {
    let mut environment = environment.clone();
    environment.insert("LOG_LEVEL".to_owned(), "trace".to_owned());
    let bootstrap = Bootstrap::of_this_machine(function);
    let (_, log) = answer_and_log(&bootstrap, &event(function), &environment, limit).await;
    let lines = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let read = lines.filter(|line| line["message"] == "Environment variable read");
    read.filter_map(|line| line["name"].as_str().map(str::to_owned))
        .collect()
}

/// Whether Lambda, or an AWS SDK's convention, sets a variable.
fn is_set_elsewhere(name: &str) -> bool {
    name.starts_with("AWS_")
}

/// Whether a secret gives a variable whose ARN is set. It may give a server's address too, but AWS's own secrets do not, so that is wanted all the same.
fn is_given(name: &str, set: &BTreeSet<String>) -> bool {
    let is_address = name.ends_with("_URL") || name.ends_with("_URI");
    !is_address && secret_of(name).is_some_and(|secret| set.contains(secret.arn))
}

pub(super) fn check(template: &Document, read: &BTreeMap<String, BTreeSet<String>>) -> Vec<String> {
    let mut found = Vec::new();
    let names = |value: &Value| -> BTreeSet<String> {
        let variables = value["Environment"]["Variables"].as_object();
        variables.into_iter().flatten().map(|(name, _)| name.clone()).collect()
    };
    let of_all = names(&template.0["Globals"]["Function"]);
    for function in template.functions() {
        let mut set = names(&function.properties);
        set.extend(of_all.iter().cloned());
        let nothing = BTreeSet::new();
        let read = read.get(&function.name).unwrap_or(&nothing);
        let lacking = read
            .iter()
            .filter(|name| !is_set_elsewhere(name) && !set.contains(*name) && !is_given(name, &set));
        found.extend(lacking.map(|name| format!("{}: it reads {name}, which is not set", function.name)));
        let surplus = set.difference(read);
        found.extend(surplus.map(|name| format!("{}: nothing reads {name}, which is set", function.name)));
    }
    found
}
