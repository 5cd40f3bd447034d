//! Alarms: everything that can go wrong has one, and each one is needed.

use std::collections::BTreeSet;

use serde_json::Value;
use shared::metrics::{DIMENSION, Metric, NAMESPACE};

use super::document::Document;
use super::mappings;

/// What somebody watches: namespace, metric, and the value of its one dimension, a logical id.
pub(super) type Watched = (String, String, String);

pub(super) fn check(template: &Document) -> Vec<String> {
    let mut found = Vec::new();
    let mut watched = BTreeSet::new();
    for (id, alarm) in template.resources("AWS::CloudWatch::Alarm") {
        found.extend(incomplete(id, alarm));
        watched.extend(watches(alarm));
    }
    for needed in needed(template) {
        if !watched.contains(&needed) {
            let (namespace, metric, of) = needed;
            found.push(format!("no alarm watches {namespace} {metric} of {of}"));
        }
    }
    if template.resources("AWS::CloudWatch::Dashboard").count() != 1 {
        found.push("there is no dashboard".to_owned());
    }
    found
}

/// What an alarm lacks that every alarm has.
pub(super) fn incomplete(id: &str, alarm: &Value) -> Vec<String> {
    let needed = [
        "AlarmDescription",
        "AlarmActions",
        "TreatMissingData",
        "Threshold",
        "EvaluationPeriods",
    ];
    let lacking = needed.into_iter().filter(|name| alarm[name].is_null());
    lacking.map(|name| format!("{id}: {name} is missing")).collect()
}

fn needed(template: &Document) -> Vec<Watched> {
    let mut needed = Vec::new();
    let mut need = |namespace: &str, metric: &str, of: &str| {
        needed.push((namespace.to_owned(), metric.to_owned(), of.to_owned()));
    };
    for function in template.functions() {
        need("AWS/Lambda", "Errors", &function.id);
        need("AWS/Lambda", "Throttles", &function.id);
        if mappings::kafka(template).any(|(_, id, _)| id == function.id) {
            need("AWS/Lambda", "OffsetLag", &function.id);
        }
        if function.name.ends_with("-exchange-rate-updated") {
            need(NAMESPACE, Metric::PublishedToStored.name(), &function.id);
        }
        if function.name == "ingestor" {
            need(NAMESPACE, Metric::RatesStale.name(), &function.id);
            need(NAMESPACE, Metric::RatesHeldBack.name(), &function.id);
        }
    }
    for (id, queue) in template.resources("AWS::SQS::Queue") {
        // Of a queue that something empties, how long it takes; of the other, whether there is anything.
        let is_read = queue["FifoQueue"] == Value::Bool(true);
        let metric = if is_read {
            "ApproximateAgeOfOldestMessage"
        } else {
            "ApproximateNumberOfMessagesVisible"
        };
        need("AWS/SQS", metric, id);
    }
    for (id, _) in template.resources("AWS::Serverless::HttpApi") {
        need("AWS/ApiGateway", "5xx", id);
        need("AWS/ApiGateway", "Latency", id);
    }
    needed
}

/// What an alarm watches, itself or by an expression over several.
pub(super) fn watches(alarm: &Value) -> Vec<Watched> {
    let several = alarm["Metrics"].as_array().into_iter().flatten();
    let metrics = several.map(|metric| &metric["MetricStat"]["Metric"]);
    metrics.chain([alarm]).filter_map(watch).collect()
}

fn watch(metric: &Value) -> Option<Watched> {
    let [dimension] = &metric["Dimensions"].as_array()?[..] else {
        return None;
    };
    let namespace = metric["Namespace"].as_str()?;
    let (name, attribute) = match namespace {
        "AWS/Lambda" => ("FunctionName", None),
        "AWS/SQS" => ("QueueName", Some("QueueName")),
        "AWS/ApiGateway" => ("ApiId", None),
        "AWS/ElastiCache" => ("clusterId", None),
        "AWS/RDS" if metric["MetricName"] == "ACUUtilization" => ("DBClusterIdentifier", None),
        "AWS/RDS" => ("ProxyName", None),
        _ => (DIMENSION, None),
    };
    if dimension["Name"] != name {
        return None;
    }
    let value = &dimension["Value"];
    let of = match attribute {
        None => value["Ref"].as_str()?,
        Some(attribute) => value["Fn::GetAtt"][0]
            .as_str()
            .filter(|_| value["Fn::GetAtt"][1] == attribute)?,
    };
    let metric = metric["MetricName"].as_str()?;
    Some((namespace.to_owned(), metric.to_owned(), of.to_owned()))
}
