//! Secrets: no value in the template, no parameter for one, and none that shows what a URL may hold.

use serde_json::Value;

use super::document::Document;

/// Names of what is nothing but a secret.
const SECRETS: [&str; 4] = ["password", "apikey", "secret", "token"];
/// Names of what may hold one: URLs of servers can carry passwords.
const ADDRESSES: [&str; 3] = ["redisurl", "databaseurl", "mongodburi"];

fn ends_with(name: &str, words: &[&str]) -> bool {
    let name = name.to_ascii_lowercase().replace('_', "");
    words.iter().any(|word| name.ends_with(word))
}

pub(super) fn check(template: &Document) -> Vec<String> {
    let mut found = Vec::new();
    for (name, parameter) in template.0["Parameters"].as_object().into_iter().flatten() {
        if ends_with(name, &SECRETS) {
            found.push(format!(
                "parameter {name} is a secret, which Secrets Manager should keep"
            ));
        }
        if !ends_with(name, &ADDRESSES) {
            continue;
        }
        if parameter["NoEcho"] != true {
            found.push(format!("parameter {name} shows a secret: NoEcho must be true"));
        }
        if parameter["Default"].as_str().is_some_and(|text| !text.is_empty()) {
            found.push(format!("parameter {name} has a secret as default"));
        }
    }
    for function in template.functions() {
        let variables = function.properties["Environment"]["Variables"].as_object();
        for (name, value) in variables.into_iter().flatten() {
            if (ends_with(name, &SECRETS) || ends_with(name, &ADDRESSES)) && value.is_string() {
                found.push(format!("{}: variable {name} is a secret in plain text", function.name));
            }
        }
    }
    for (id, queue) in template.resources("AWS::SQS::Queue") {
        if queue["SqsManagedSseEnabled"] != Value::Bool(true) {
            found.push(format!("{id}: SqsManagedSseEnabled must be true"));
        }
        if queue["MessageRetentionPeriod"] != 1_209_600 {
            found.push(format!(
                "{id}: MessageRetentionPeriod must be 14 days, what AWS allows at most"
            ));
        }
    }
    found
}
