//! Event source mappings: each topic reaches each service once, in a group of its own, and loses nothing by its settings.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use shared::event::Topic;

use super::document::Document;

/// The services that receive all topics.
const SERVICES: [&str; 2] = ["currency", "history"];
/// Takes what the mapping of any other Kafka needs, or what that of MSK does.
fn by_kafka(self_managed: Value, msk: Value) -> Option<Value> {
    Some(json!({"Fn::If": ["SelfManagedKafka", self_managed, msk]}))
}

/// The settings that every mapping has, and what they must be; `None`: anything.
fn settings(group: &str) -> Vec<(&'static str, Option<Value>)> {
    let (nothing, brokers) = (json!({"Ref": "AWS::NoValue"}), json!({"Ref": "KafkaBootstrapServers"}));
    let endpoints = json!({"Endpoints": {"KafkaBootstrapServers": {"Fn::Split": [",", brokers]}}});
    let group = json!({ "ConsumerGroupId": group });
    vec![
        (
            "EventSourceArn",
            by_kafka(nothing.clone(), json!({"Ref": "MskClusterArn"})),
        ),
        (
            "AmazonManagedKafkaEventSourceConfig",
            by_kafka(nothing.clone(), group.clone()),
        ),
        ("SelfManagedEventSource", by_kafka(endpoints, nothing.clone())),
        ("SelfManagedKafkaEventSourceConfig", by_kafka(group, nothing.clone())),
        ("SourceAccessConfigurations", by_kafka(access(), nothing)),
        // LATEST may skip what is published while a mapping is made or changed.
        ("StartingPosition", Some(json!("TRIM_HORIZON"))),
        ("BatchSize", None),
        ("MaximumBatchingWindowInSeconds", None),
        ("FunctionResponseTypes", Some(json!(["ReportBatchItemFailures"]))),
        // A batch that fails comes again until it succeeds; what can never succeed is dead-lettered by the handler.
        ("MaximumRetryAttempts", Some(json!(-1))),
        ("MaximumRecordAgeInSeconds", Some(json!(-1))),
        // What the pollers meet, told by themselves.
        (
            "MetricsConfig",
            Some(json!({"Metrics": ["EventCount", "ErrorCount", "KafkaMetrics"]})),
        ),
        ("LoggingConfig", Some(json!({"SystemLogLevel": "WARN"}))),
        // Without it AWS takes neither these nor answers that name records, retry attempts and ages.
        ("ProvisionedPollerConfig", None),
    ]
}

/// How the pollers of any other Kafka get in: a user with a password, the CA of the brokers, and the network that they are in.
fn access() -> Value {
    let only_if = |condition: &str, access: Value| json!({"Fn::If": [condition, access, {"Ref": "AWS::NoValue"}]});
    let network = |kind: &str, prefix: &str, list: &str, place: u8| {
        let id = json!({"Fn::Select": [place, {"Ref": list}]});
        let uri = json!({"Fn::Sub": [format!("{prefix}:${{Id}}"), {"Id": id}]});
        only_if("InVpc", json!({"Type": kind, "URI": uri}))
    };
    json!([
        {"Type": "SASL_SCRAM_512_AUTH", "URI": {"Ref": "KafkaSecretArn"}},
        only_if("HasKafkaCaSecret", json!({"Type": "SERVER_ROOT_CA_CERTIFICATE", "URI": {"Ref": "KafkaCaSecretArn"}})),
        network("VPC_SUBNET", "subnet", "SubnetIds", 0),
        network("VPC_SUBNET", "subnet", "SubnetIds", 1),
        network("VPC_SECURITY_GROUP", "security_group", "SecurityGroupIds", 0),
    ])
}

/// The ids of the functions that Kafka mappings invoke, each by its alias, with the mapping's id and settings.
pub(super) fn kafka(template: &Document) -> impl Iterator<Item = (&str, &str, &Value)> {
    let mappings = template.resources("AWS::Lambda::EventSourceMapping");
    mappings.map(|(id, properties)| {
        let alias = properties["FunctionName"]["Ref"].as_str().unwrap_or_default();
        (id, alias.strip_suffix(".Alias").unwrap_or_default(), properties)
    })
}

pub(super) fn check(template: &Document) -> Vec<String> {
    let mut found = Vec::new();
    let functions = template.functions();
    for function in &functions {
        for (event, body) in function.properties["Events"].as_object().into_iter().flatten() {
            if body["Type"] == "SQS" {
                let place = format!("{}.{event}", function.id);
                found.extend(queue(template, &place, function.timeout, &body["Properties"]));
            }
        }
    }
    let mut reached: BTreeMap<(String, String), usize> = BTreeMap::new();
    for (place, function, properties) in kafka(template) {
        let Some(function) = functions.iter().find(|candidate| candidate.id == function) else {
            let name = &properties["FunctionName"];
            found.push(format!("{place}: FunctionName {name} is no function's alias"));
            continue;
        };
        let topics = properties["Topics"].as_array().cloned().unwrap_or_default();
        let [Value::String(topic)] = &topics[..] else {
            found.push(format!("{place}: Topics must be one topic"));
            continue;
        };
        let service = function.name.split('-').next().unwrap_or_default().to_owned();
        let wanted = format!("{service}-{}", topic.replace('_', "-"));
        if function.name != wanted {
            let is = &function.name;
            found.push(format!("{place}: topic {topic} belongs to {wanted}, not {is}"));
        }
        // Two mappings in one group would share the partitions, and each service get a part.
        for (name, wanted) in settings(&format!("{service}-service.{topic}")) {
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
        // A mapping is made when there is what it reads, and where its function writes.
        if template.0["Resources"][place]["DependsOn"] != json!(["Topics", "Tables"]) {
            found.push(format!("{place}: DependsOn must be [Topics, Tables]"));
        }
        *reached.entry((service, topic.clone())).or_default() += 1;
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
