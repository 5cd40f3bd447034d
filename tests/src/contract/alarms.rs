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
        found.extend(sums(id, alarm));
        found.extend(watched_metrics(id, alarm));
        watched.extend(watches(alarm));
    }
    for needed in needed(template) {
        if !watched.contains(&needed) {
            let (namespace, metric, of) = needed;
            found.push(format!("no alarm watches {namespace} {metric} of {of}"));
        }
    }
    found.extend(from_end_to_end(template));
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

/// What the pollers of a mapping tell, by its id and not by its function's name: "Types of metrics for Lambda functions", event source mapping metrics,
/// <https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html>.
const OF_MAPPINGS: [&str; 3] = ["PollingErrorCount", "CommitErrorCount", "MaxOffsetLag"];

fn needed(template: &Document) -> Vec<Watched> {
    let mut needed = Vec::new();
    let mut need = |namespace: &str, metric: &str, of: &str| {
        needed.push((namespace.to_owned(), metric.to_owned(), of.to_owned()));
    };
    for function in template.functions() {
        need("AWS/Lambda", "Errors", &function.id);
        need("AWS/Lambda", "Throttles", &function.id);
        for (mapping, _, _) in mappings::kafka(template).filter(|(_, id, _)| *id == function.id) {
            OF_MAPPINGS
                .iter()
                .for_each(|metric| need("AWS/Lambda", metric, mapping));
            // An answer that names records is a success to Lambda.
            for metric in [
                Metric::PublishedToStored,
                Metric::RecordsToRetry,
                Metric::RecordsApplied,
            ] {
                need(NAMESPACE, metric.name(), &function.id);
            }
        }
        let mut events = function.properties["Events"].as_object().into_iter().flatten();
        if events.any(|(_, event)| event["Type"] == "HttpApi") {
            need(NAMESPACE, Metric::ServerErrors.name(), &function.id);
        }
        if function.name == "ingestor" {
            for metric in [
                Metric::RatesStale,
                Metric::RatesHeldBack,
                Metric::EventsPublished,
                Metric::RatesPublished,
            ] {
                need(NAMESPACE, metric.name(), &function.id);
            }
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

/// What waits, and what was published, is compared with what each handler applied: by one alarm each, since neither says anything alone.
fn from_end_to_end(template: &Document) -> Vec<String> {
    let alarms: Vec<Vec<Watched>> = template
        .resources("AWS::CloudWatch::Alarm")
        .map(|(_, alarm)| watches(alarm))
        .collect();
    let compares = |metric: &str, of: &str, function: &str| {
        let watches =
            |watched: &[Watched], metric: &str, of: &str| watched.iter().any(|(_, m, o)| m == metric && o == of);
        let applied = Metric::RecordsApplied.name();
        alarms
            .iter()
            .any(|watched| watches(watched, metric, of) && watches(watched, applied, function))
    };
    let mut found = Vec::new();
    for (mapping, function, _) in mappings::kafka(template) {
        if !compares("MaxOffsetLag", mapping, function) {
            found.push(format!(
                "no alarm compares what waits for {mapping} with what {function} applied"
            ));
        }
        for function_of_runs in template.functions().iter().filter(|one| one.name == "ingestor") {
            if !compares(Metric::EventsPublished.name(), &function_of_runs.id, function) {
                found.push(format!(
                    "no alarm compares what was published with what {function} applied"
                ));
            }
        }
    }
    found
}

/// What an alarm watches, itself or by an expression over several.
pub(super) fn watches(alarm: &Value) -> Vec<Watched> {
    let several = alarm["Metrics"].as_array().into_iter().flatten();
    let metrics = several.map(|metric| &metric["MetricStat"]["Metric"]);
    metrics.chain([alarm]).filter_map(watch).collect()
}

/// An expression uses every metric of its alarm, and names none that is not there.
fn sums(id: &str, alarm: &Value) -> Vec<String> {
    let metrics = alarm["Metrics"].as_array().map_or(&[][..], Vec::as_slice);
    let expressions: Vec<&str> = metrics
        .iter()
        .filter_map(|metric| metric["Expression"].as_str())
        .collect();
    let ids: BTreeSet<&str> = metrics.iter().filter_map(|metric| metric["Id"].as_str()).collect();
    let is_name = |character: char| character.is_ascii_alphanumeric() || character == '_';
    let mut named: BTreeSet<&str> = BTreeSet::new();
    for expression in &expressions {
        if expression.contains("METRICS()") {
            named.extend(&ids);
        }
        // Functions and operators are in capitals.
        let words = expression.split(|character| !is_name(character));
        named.extend(words.filter(|word| word.starts_with(|first: char| first.is_ascii_lowercase())));
    }
    let mut found: Vec<String> = named
        .difference(&ids)
        .map(|name| format!("{id}: an expression names {name}, which is none of its metrics"))
        .collect();
    let answers = metrics.iter().filter(|metric| metric["ReturnData"] != false).count();
    if !metrics.is_empty() && answers != 1 {
        found.push(format!("{id}: {answers} of its metrics are what it judges, not one"));
    }
    for metric in metrics.iter().filter(|metric| metric["ReturnData"] == false) {
        let name = metric["Id"].as_str().unwrap_or_default();
        if !named.contains(name) {
            found.push(format!("{id}: no expression uses {name}"));
        }
    }
    found
}

/// How an alarm on a metric has to judge: statistic, seconds until it goes off at the most, and the value above which it does.
const WATCHED: [(&str, &str, u64, u64); 5] = [
    // A record that waits is what counts, not how many do: one of ten a day is as late as a thousand.
    ("MaxOffsetLag", "Minimum", 600, 0),
    ("PollingErrorCount", "Sum", 300, 0),
    ("RecordsToRetry", "Sum", 900, 0),
    ("PublishedToStored", "Maximum", 300, 60_000),
    ("EventsPublished", "Sum", 3_600, 0),
];

fn watched_metrics(id: &str, alarm: &Value) -> Vec<String> {
    let several = alarm["Metrics"].as_array().into_iter().flatten();
    let stats = several
        .map(|metric| &metric["MetricStat"])
        .filter(|stat| stat.is_object());
    let mut found = Vec::new();
    for stat in stats {
        let name = stat["Metric"]["MetricName"].as_str().unwrap_or_default();
        let Some((_, statistic, seconds, above)) = WATCHED.iter().find(|(metric, ..)| *metric == name) else {
            continue;
        };
        let periods = alarm["EvaluationPeriods"].as_u64().unwrap_or_default();
        let takes = stat["Period"].as_u64().unwrap_or_default() * periods;
        if stat["Stat"] != *statistic || takes != *seconds || alarm["Threshold"] != *above {
            found.push(format!(
                "{id}: {name} is judged by {} after {takes} s above {}, not by {statistic} after {seconds} s above {above}",
                stat["Stat"], alarm["Threshold"]
            ));
        }
    }
    found
}

fn watch(metric: &Value) -> Option<Watched> {
    let [dimension] = &metric["Dimensions"].as_array()?[..] else {
        return None;
    };
    let namespace = metric["Namespace"].as_str()?;
    let (name, attribute) = match namespace {
        "AWS/Lambda" if OF_MAPPINGS.iter().any(|name| metric["MetricName"] == *name) => {
            ("EventSourceMappingUUID", None)
        }
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
