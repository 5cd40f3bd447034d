//! Kafka event source mappings. Names, ranges and defaults: `AWS::Lambda::EventSourceMapping`, AWS CloudFormation reference.

mod control;

use std::time::Duration;

use serde_json::Value as Json;
use uuid::Uuid;

use crate::filter::Filters;
use crate::template::TemplateError;
use crate::template::intrinsic::cluster_arn;
use crate::template::properties::Properties;

pub(super) use control::has_sns_destination;
pub use control::{DestinationSpec, PollerSpec};

/// What a Kafka event says it comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KafkaSource {
    /// Amazon MSK: `eventSource` is `aws:kafka`, and the event carries the cluster's ARN.
    Msk {
        /// The cluster.
        arn: String,
    },
    /// Any other Kafka: `eventSource` is `SelfManagedKafka`.
    SelfManaged,
}

/// Where a partition starts that the group has never committed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StartingPosition {
    /// At its first record.
    TrimHorizon,
    /// At its end.
    Latest,
    /// At the first record of this time or later, in milliseconds since 1970.
    AtTimestamp(i64),
}

/// One Kafka event source mapping.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MappingSpec {
    /// Its id in the API; the same at every start, because the stack's name and the template make it.
    pub uuid: Uuid,
    /// Its logical id; for a function's event the function's and the event's, joined, as SAM names it.
    pub name: String,
    /// The function's name.
    pub function: String,
    /// What its events say they come from.
    pub source: KafkaSource,
    /// The one topic.
    pub topic: String,
    /// `ConsumerGroupId`, else one made of the mapping's name, so that progress outlives a restart.
    pub consumer_group: String,
    /// `StartingPosition`.
    pub starting_position: StartingPosition,
    /// `BatchSize`: 1 to 10,000 records, 100 when unset.
    pub batch_size: usize,
    /// `MaximumBatchingWindowInSeconds`; 500 ms when unset.
    pub window: Duration,
    /// Whether `FunctionResponseTypes` has `ReportBatchItemFailures`.
    pub report_item_failures: bool,
    /// `MaximumRetryAttempts`; `None` (unset or -1) retries for ever. With a destination, for ever is 10.
    pub maximum_retry_attempts: Option<u32>,
    /// `MaximumRecordAgeInSeconds`; `None` (unset or -1) is any age.
    pub maximum_record_age: Option<Duration>,
    /// `BisectBatchOnFunctionError`.
    pub bisects: bool,
    /// `DestinationConfig.OnFailure`.
    pub destination: Option<DestinationSpec>,
    /// `FilterCriteria`.
    pub filters: Filters,
    /// `ProvisionedPollerConfig`.
    pub pollers: PollerSpec,
    /// `Enabled`.
    pub is_enabled: bool,
    /// What works here and not in AWS, or is better done otherwise.
    pub warnings: Vec<String>,
}

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
                return Err(config.unknown("ConsumptionMode", mode, "and only Stream is emulated"));
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
    match properties.known_or(property, &own)? {
        Some(arn) => Ok(KafkaSource::Msk { arn }),
        None => Err(properties.refuse(property, None, "the ARN of an MSK cluster")),
    }
}

fn read(
    properties: &Properties<'_>,
    source: KafkaSource,
    group: Option<String>,
    function: &str,
    name: &str,
) -> Result<MappingSpec, TemplateError> {
    let topics = properties.needed_texts("Topics")?;
    let [topic] = topics.as_slice() else {
        return Err(properties.refuse("Topics", Some(&topics.into()), "a list of exactly one topic"));
    };
    let window = properties.whole("MaximumBatchingWindowInSeconds", 0..=300)?;
    let responses = properties.texts("FunctionResponseTypes")?;
    if let Some(other) = responses.iter().find(|response| *response != "ReportBatchItemFailures") {
        return Err(properties.refuse(
            "FunctionResponseTypes",
            Some(&other.clone().into()),
            "ReportBatchItemFailures",
        ));
    }
    if let Some(group) = &group
        && !(1..=200).contains(&group.chars().count())
    {
        return Err(properties.refuse("ConsumerGroupId", Some(&group.clone().into()), "1 to 200 characters"));
    }
    let control = control::read(properties, topic, !responses.is_empty())?;
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
        maximum_retry_attempts: control.maximum_retry_attempts,
        maximum_record_age: control.maximum_record_age,
        bisects: control.bisects,
        destination: control.destination,
        filters: control.filters,
        pollers: control.pollers,
        is_enabled: properties.flag("Enabled", true)?,
        warnings: control.warnings,
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
            milliseconds
                .map(StartingPosition::AtTimestamp)
                .ok_or_else(|| properties.refuse(TIMESTAMP, value.as_ref(), "seconds since 1970-01-01T00:00:00Z"))
        }
        _ => Err(properties.refuse("StartingPosition", Some(&position.into()), ALLOWED)),
    }
}
