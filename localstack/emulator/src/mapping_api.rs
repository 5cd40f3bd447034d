//! Lambda's API of event source mappings, as far as the AWS CLI and SDKs need it to see, pause and resume Kafka mappings.
//!
//! Source: "ListEventSourceMappings", "GetEventSourceMapping" and "UpdateEventSourceMapping", AWS Lambda API reference. The template decides
//! everything but `Enabled`; a mapping is not created or deleted here. Signatures are not looked at.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde_json::{Map, Value, json};

use super::invoke_api::{function_name, refuse};
use super::mapping::Mapping;
use super::status::MappingState;
use super::template::{DestinationSpec, KafkaSource, StartingPosition, function_arn};
use super::{Inner, PAYLOAD_LIMIT};

const PATH: &str = "/2015-03-31/event-source-mappings";

pub(super) fn router(inner: Arc<Inner>) -> Router {
    Router::new()
        .route(PATH, get(list))
        .route(&format!("{PATH}/"), get(list))
        .route(&format!("{PATH}/{{uuid}}"), get(one).put(update))
        .with_state(inner)
}

async fn list(State(inner): State<Arc<Inner>>, Query(query): Query<BTreeMap<String, String>>) -> Response {
    let function = query.get("FunctionName").map(|name| function_name(name));
    let source = query.get("EventSourceArn");
    let mappings: Vec<Value> = inner
        .mappings
        .iter()
        .filter(|mapping| function.is_none_or(|name| name == mapping.spec().function))
        .filter(|mapping| {
            source.is_none_or(|wanted| matches!(&mapping.spec().source, KafkaSource::Msk { arn } if arn == wanted))
        })
        .map(|mapping| configuration(mapping))
        .collect();
    axum::Json(json!({ "EventSourceMappings": mappings })).into_response()
}

async fn one(State(inner): State<Arc<Inner>>, Path(uuid): Path<String>) -> Response {
    match inner.mapping(&uuid) {
        Some(mapping) => axum::Json(configuration(mapping)).into_response(),
        None => unknown(),
    }
}

async fn update(State(inner): State<Arc<Inner>>, Path(uuid): Path<String>, body: Body) -> Response {
    let Some(mapping) = inner.mapping(&uuid) else {
        return unknown();
    };
    let Ok(body) = to_bytes(body, PAYLOAD_LIMIT).await else {
        let message = format!("the request is larger than {PAYLOAD_LIMIT} bytes");
        return refuse(StatusCode::PAYLOAD_TOO_LARGE, "RequestTooLargeException", &message);
    };
    let invalid = |message: &str| refuse(StatusCode::BAD_REQUEST, "InvalidParameterValueException", message);
    let Ok(changes) = serde_json::from_slice::<Map<String, Value>>(&body) else {
        return invalid(r#"the request is not a JSON object such as {"Enabled": false}"#);
    };
    for (name, value) in &changes {
        match (name.as_str(), value) {
            ("Enabled", Value::Bool(_)) => {}
            ("Enabled", _) => return invalid(&format!("Enabled is {value}, allowed: true, false")),
            ("UUID", _) => {}
            _ => {
                return invalid(&format!(
                    "{name} cannot be changed here, only Enabled; change the template"
                ));
            }
        }
    }
    if let Some(Value::Bool(is_enabled)) = changes.get("Enabled") {
        mapping.enable(*is_enabled);
    }
    (StatusCode::ACCEPTED, axum::Json(configuration(mapping))).into_response()
}

fn unknown() -> Response {
    let message = "The resource you requested does not exist.";
    refuse(StatusCode::NOT_FOUND, "ResourceNotFoundException", message)
}

/// `EventSourceMappingConfiguration`.
fn configuration(mapping: &Mapping) -> Value {
    let spec = mapping.spec();
    let has_ended = matches!(mapping.state(), MappingState::Disabled | MappingState::Stopped);
    let state = match (mapping.is_enabled(), has_ended) {
        (true, false) => "Enabled",
        (true, true) => "Enabling",
        (false, true) => "Disabled",
        (false, false) => "Disabling",
    };
    let mut configuration = json!({
        "UUID": spec.uuid.to_string(),
        "FunctionArn": function_arn(&spec.function),
        "State": state,
        "Topics": [spec.topic],
        "BatchSize": spec.batch_size,
        "StartingPosition": match spec.starting_position {
            StartingPosition::TrimHorizon => "TRIM_HORIZON",
            StartingPosition::Latest => "LATEST",
            StartingPosition::AtTimestamp(_) => "AT_TIMESTAMP",
        },
        "BisectBatchOnFunctionError": spec.bisects,
        "MaximumRetryAttempts": spec.maximum_retry_attempts.map_or(-1, i64::from),
        "MaximumRecordAgeInSeconds": spec.maximum_record_age.map_or(Value::from(-1), |age| age.as_secs().into()),
        "FunctionResponseTypes": spec.report_item_failures.then_some("ReportBatchItemFailures").into_iter().collect::<Vec<_>>(),
    });
    let mut set = |name: &str, value: Value| configuration[name] = value;
    // 500 ms cannot be said in seconds; AWS leaves it out as well.
    if spec.window.subsec_millis() == 0 {
        set("MaximumBatchingWindowInSeconds", spec.window.as_secs().into());
    }
    let group = json!({ "ConsumerGroupId": spec.consumer_group });
    match &spec.source {
        KafkaSource::Msk { arn } => {
            set("EventSourceArn", arn.as_str().into());
            set("AmazonManagedKafkaEventSourceConfig", group);
        }
        KafkaSource::SelfManaged => set("SelfManagedKafkaEventSourceConfig", group),
    }
    if let StartingPosition::AtTimestamp(milliseconds) = spec.starting_position {
        set("StartingPositionTimestamp", (milliseconds as f64 / 1_000.0).into());
    }
    if let Some(destination) = &spec.destination {
        let destination = match destination {
            DestinationSpec::Queue { arn } => arn.clone(),
            DestinationSpec::Bucket { name } => format!("arn:aws:s3:::{name}"),
            DestinationSpec::Topic { name } => format!("kafka://{name}"),
        };
        set(
            "DestinationConfig",
            json!({ "OnFailure": { "Destination": destination } }),
        );
    }
    if !spec.filters.is_empty() {
        let filters: Vec<Value> = spec.filters.texts().map(|text| json!({ "Pattern": text })).collect();
        set("FilterCriteria", json!({ "Filters": filters }));
    }
    if spec.pollers.is_provisioned {
        let pollers = json!({ "MinimumPollers": spec.pollers.minimum, "MaximumPollers": spec.pollers.maximum });
        set("ProvisionedPollerConfig", pollers);
    }
    configuration
}
