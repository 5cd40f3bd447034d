//! Lambda's API of event source mappings, as far as the AWS CLI and SDKs need it to see, pause and resume Kafka mappings.
//!
//! Source: "ListEventSourceMappings", "GetEventSourceMapping" and "UpdateEventSourceMapping", AWS Lambda API reference. The template decides
//! everything but `Enabled`; a mapping is not created or deleted here.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde_json::{Map, Value, json};

use super::error::error_response;
use crate::aws::{PAYLOAD_LIMIT, function_arn, function_name};
use crate::mapping::Mapping;
use crate::stack::Stack;
use crate::status::MappingState;
use crate::template::{DestinationSpec, KafkaSource, StartingPosition};

const PATH: &str = "/2015-03-31/event-source-mappings";

pub(super) fn router(stack: Arc<Stack>) -> Router {
    Router::new()
        .route(PATH, get(list))
        .route(&format!("{PATH}/"), get(list))
        .route(&format!("{PATH}/{{uuid}}"), get(get_one).put(update))
        .with_state(stack)
}

async fn list(State(stack): State<Arc<Stack>>, Query(query): Query<BTreeMap<String, String>>) -> Response {
    let function = query.get("FunctionName").map(|name| function_name(name));
    let source = query.get("EventSourceArn");
    let mappings: Vec<Value> = stack
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

async fn get_one(State(stack): State<Arc<Stack>>, Path(uuid): Path<String>) -> Response {
    match stack.mapping(&uuid) {
        Some(mapping) => axum::Json(configuration(mapping)).into_response(),
        None => not_found(),
    }
}

async fn update(State(stack): State<Arc<Stack>>, Path(uuid): Path<String>, body: Body) -> Response {
    let Some(mapping) = stack.mapping(&uuid) else {
        return not_found();
    };
    let Ok(body) = to_bytes(body, PAYLOAD_LIMIT).await else {
        let message = format!("the request is larger than {PAYLOAD_LIMIT} bytes");
        return error_response(StatusCode::PAYLOAD_TOO_LARGE, "RequestTooLargeException", &message);
    };
    let invalid = |message: &str| error_response(StatusCode::BAD_REQUEST, "InvalidParameterValueException", message);
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

fn not_found() -> Response {
    let message = "The resource you requested does not exist.";
    error_response(StatusCode::NOT_FOUND, "ResourceNotFoundException", message)
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
