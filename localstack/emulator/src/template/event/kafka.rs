//! Reads Kafka event source mappings. Names, ranges and defaults: `AWS::Lambda::EventSourceMapping`, AWS CloudFormation reference.

mod delivery;

use std::time::Duration;

use serde_json::Value as Json;
use uuid::Uuid;

use crate::aws::cluster_arn;
use crate::template::error::TemplateError;
use crate::template::properties::Properties;
use crate::template::spec::{KafkaSource, MappingSpec, StartingPosition};

pub(super) use delivery::has_sns_destination;

/// The batching window of a mapping that sets none.
const DEFAULT_WINDOW: Duration = Duration::from_millis(500);

/// From an event of type `MSK` or `SelfManagedKafka`.
pub(super) fn from_event(
    event: &Properties<'_>,
    kind: &str,
    function: &str,
    name: &str,
) -> Result<MappingSpec, TemplateError> {
    let source = if kind == "MSK" {
        msk(event, "Stream", name)?
    } else {
        KafkaSource::SelfManaged
    };
    let group = event.text("ConsumerGroupId")?;
    read(event, source, group, function, name)
}

/// From an `AWS::Lambda::EventSourceMapping`.
pub(super) fn from_resource(
    resource: &Properties<'_>,
    function: &str,
    name: &str,
) -> Result<MappingSpec, TemplateError> {
    let (source, config) = if resource.has("EventSourceArn")? {
        (
            msk(resource, "EventSourceArn", name)?,
            "AmazonManagedKafkaEventSourceConfig",
        )
    } else {
        (KafkaSource::SelfManaged, "SelfManagedKafkaEventSourceConfig")
    };
    let group = match resource.nested(config)? {
        Some(config) => {
            if let Some(mode) = config.text("ConsumptionMode")?.filter(|mode| mode != "Stream") {
                return Err(config.unresolved("ConsumptionMode", mode, "and only Stream is emulated"));
            }
            config.text("ConsumerGroupId")?
        }
        None => None,
    };
    read(resource, source, group, function, name)
}

/// The cluster, for which the Kafka of `--kafka` stands in. One whose ARN is not known is called after the mapping.
fn msk(properties: &Properties<'_>, property: &str, mapping: &str) -> Result<KafkaSource, TemplateError> {
    let own = cluster_arn(&properties.deployment().physical_name(mapping));
    match properties.text_or_listed_as(property, &own)? {
        Some(arn) => Ok(KafkaSource::Msk { arn }),
        None => Err(properties.property_error(property, None, "the ARN of an MSK cluster")),
    }
}

fn read(
    properties: &Properties<'_>,
    source: KafkaSource,
    group: Option<String>,
    function: &str,
    name: &str,
) -> Result<MappingSpec, TemplateError> {
    let topics = properties.resolved_texts("Topics")?;
    let [topic] = topics.as_slice() else {
        return Err(properties.property_error("Topics", Some(&topics.into()), "a list of exactly one topic"));
    };
    let window = properties.whole("MaximumBatchingWindowInSeconds", 0..=300)?;
    let responses = properties.texts("FunctionResponseTypes")?;
    if let Some(other) = responses.iter().find(|response| *response != "ReportBatchItemFailures") {
        return Err(properties.property_error(
            "FunctionResponseTypes",
            Some(&other.clone().into()),
            "ReportBatchItemFailures",
        ));
    }
    if let Some(group) = &group
        && !(1..=200).contains(&group.chars().count())
    {
        return Err(properties.property_error("ConsumerGroupId", Some(&group.clone().into()), "1 to 200 characters"));
    }
    let delivery = delivery::read(properties, topic, !responses.is_empty())?;
    let id = format!("{}/{name}", properties.deployment().stack_id());
    Ok(MappingSpec {
        uuid: Uuid::new_v5(&Uuid::NAMESPACE_URL, id.as_bytes()),
        name: name.to_owned(),
        function: function.to_owned(),
        source,
        topic: topic.clone(),
        consumer_group: group.unwrap_or_else(|| properties.deployment().physical_name(name)),
        starting_position: starting_position(properties)?,
        batch_size: properties
            .whole("BatchSize", 1..=10_000)?
            .and_then(|size| usize::try_from(size).ok())
            .unwrap_or(100),
        window: window.map_or(DEFAULT_WINDOW, |seconds| Duration::from_secs(seconds.unsigned_abs())),
        report_item_failures: !responses.is_empty(),
        maximum_retry_attempts: delivery.maximum_retry_attempts,
        maximum_record_age: delivery.maximum_record_age,
        bisects: delivery.bisects,
        destination: delivery.destination,
        filters: delivery.filters,
        pollers: delivery.pollers,
        is_enabled: properties.flag("Enabled", true)?,
        warnings: delivery.warnings,
    })
}

fn starting_position(properties: &Properties<'_>) -> Result<StartingPosition, TemplateError> {
    const ALLOWED: &str = "TRIM_HORIZON, LATEST, AT_TIMESTAMP";
    let position = properties.required_text("StartingPosition", ALLOWED)?;
    match position.as_str() {
        "TRIM_HORIZON" => Ok(StartingPosition::TrimHorizon),
        "LATEST" => Ok(StartingPosition::Latest),
        "AT_TIMESTAMP" => {
            const TIMESTAMP: &str = "StartingPositionTimestamp";
            let value = properties.value(TIMESTAMP)?;
            let seconds = value
                .as_ref()
                .and_then(Json::as_f64)
                .or_else(|| value.as_ref()?.as_str()?.parse().ok());
            // AWS counts seconds since 1970, with a fraction; far below 2^53 milliseconds, so the float is exact enough.
            let milliseconds = seconds
                .map(|seconds| (seconds * 1_000.0) as i64)
                .filter(|time| *time >= 0);
            milliseconds.map(StartingPosition::AtTimestamp).ok_or_else(|| {
                properties.property_error(TIMESTAMP, value.as_ref(), "seconds since 1970-01-01T00:00:00Z")
            })
        }
        _ => Err(properties.property_error("StartingPosition", Some(&position.into()), ALLOWED)),
    }
}
