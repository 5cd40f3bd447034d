//! Event source mappings: each topic reaches each service once, in a group of its own, and loses nothing by its settings.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use shared::event::Topic;

use super::document::Document;

/// The services that receive all topics.
const SERVICES: [&str; 2] = ["currency", "history"];
/// The settings that every mapping has, and what they must be; `None`: anything.
fn settings() -> [(&'static str, Option<Value>); 8] {
    [
        ("Stream", Some(json!({"Ref": "MskClusterArn"}))),
        // LATEST may skip what is published while a mapping is made or changed.
        ("StartingPosition", Some(json!("TRIM_HORIZON"))),
        ("BatchSize", None),
        ("MaximumBatchingWindowInSeconds", None),
        ("FunctionResponseTypes", Some(json!(["ReportBatchItemFailures"]))),
        // A batch that fails comes again until it succeeds; what can never succeed is put aside by the handler.
        ("MaximumRetryAttempts", Some(json!(-1))),
        ("MaximumRecordAgeInSeconds", Some(json!(-1))),
        // Without it AWS takes none of the three above.
        ("ProvisionedPollerConfig", None),
    ]
}

pub(super) fn check(template: &Document) -> Vec<String> {
    let mut found = Vec::new();
    let mut groups: BTreeMap<String, String> = BTreeMap::new();
    let mut reached: BTreeMap<(String, String), usize> = BTreeMap::new();
    for function in template.functions() {
        for (event, body) in function.properties["Events"].as_object().into_iter().flatten() {
            let (place, properties) = (format!("{}.{event}", function.id), &body["Properties"]);
            match body["Type"].as_str() {
                Some("MSK") => {}
                Some("SQS") => {
                    found.extend(queue(template, &place, function.timeout, properties));
                    continue;
                }
                _ => continue,
            }
            let topics = properties["Topics"].as_array().cloned().unwrap_or_default();
            let [Value::String(topic)] = &topics[..] else {
                found.push(format!("{place}: Topics must be one topic"));
                continue;
            };
            let service = function.name.split('-').next().unwrap_or_default().to_owned();
            let wanted = format!("{service}-{}", topic.replace('_', "-"));
            if function.name != wanted {
                found.push(format!(
                    "{place}: topic {topic} belongs to {wanted}, not {}",
                    function.name
                ));
            }
            *reached.entry((service.clone(), topic.clone())).or_default() += 1;
            let group = properties["ConsumerGroupId"].as_str().unwrap_or_default().to_owned();
            if group != format!("{service}-service.{topic}") {
                found.push(format!(
                    "{place}: consumer group {group:?} is not {service}-service.{topic}"
                ));
            }
            if let Some(other) = groups.insert(group.clone(), place.clone()) {
                found.push(format!("{place}: shares consumer group {group} with {other}"));
            }
            for (name, wanted) in settings() {
                let is = &properties[name];
                match wanted {
                    _ if is.is_null() => found.push(format!("{place}: {name} is missing")),
                    Some(wanted) if *is != wanted => found.push(format!("{place}: {name} is {is}, not {wanted}")),
                    _ => {}
                }
            }
            let pollers = &properties["ProvisionedPollerConfig"];
            for name in ["MinimumPollers", "MaximumPollers", "PollerGroupName"] {
                if pollers[name].is_null() {
                    found.push(format!("{place}: ProvisionedPollerConfig.{name} is missing"));
                }
            }
        }
    }
    for service in SERVICES {
        for topic in Topic::ALL {
            let times = reached.get(&(service.to_owned(), topic.name().to_owned()));
            if times.copied().unwrap_or_default() != 1 {
                let times = times.copied().unwrap_or_default();
                found.push(format!("{topic} reaches {service} by {times} mappings, not by one"));
            }
        }
    }
    found
}

/// The function behind a queue must be done long before its messages come back.
fn queue(template: &Document, place: &str, timeout: u64, properties: &Value) -> Vec<String> {
    let mut found = Vec::new();
    let queue = properties["Queue"]["Fn::GetAtt"][0].as_str().unwrap_or_default();
    let visibility = template.0["Resources"][queue]["Properties"]["VisibilityTimeout"].as_u64();
    if visibility.unwrap_or(30) < 6 * timeout {
        found.push(format!(
            "{place}: VisibilityTimeout {visibility:?} of {queue} is less than six times Timeout {timeout}"
        ));
    }
    if properties["FunctionResponseTypes"] != json!(["ReportBatchItemFailures"]) {
        found.push(format!(
            "{place}: FunctionResponseTypes must be [ReportBatchItemFailures]"
        ));
    }
    if properties["ScalingConfig"]["MaximumConcurrency"].is_null() {
        found.push(format!("{place}: ScalingConfig.MaximumConcurrency is missing"));
    }
    found
}
