//! What becomes of records that fail, which records are taken, and by how many pollers.

use std::time::Duration;

use serde_json::Value as Json;

use crate::filter::Filters;
use crate::template::error::TemplateError;
use crate::template::intrinsic::json_text;
use crate::template::properties::Properties;
use crate::template::spec::{DestinationSpec, PollerSpec};

/// What Lambda makes of "retry for ever" when there is a destination for what is discarded.
const RETRIES_WITH_DESTINATION: u32 = 10;
/// How many filters a mapping may have, and how many AWS allows without asking for more.
const MAX_FILTERS: usize = 20;
const DEFAULT_FILTER_QUOTA: usize = 5;

/// Properties of failures, filters and pollers.
pub(super) struct DeliveryOptions {
    pub(super) maximum_retry_attempts: Option<u32>,
    pub(super) maximum_record_age: Option<Duration>,
    pub(super) bisects: bool,
    pub(super) destination: Option<DestinationSpec>,
    pub(super) filters: Filters,
    pub(super) pollers: PollerSpec,
    pub(super) warnings: Vec<String>,
}

pub(super) fn read(
    properties: &Properties<'_>,
    topic: &str,
    reports_failures: bool,
) -> Result<DeliveryOptions, TemplateError> {
    let retries = properties.whole("MaximumRetryAttempts", -1..=10_000)?;
    let destination = destination(properties, topic)?;
    let pollers = pollers(properties)?;
    let mut options = DeliveryOptions {
        maximum_retry_attempts: retries.and_then(|retries| u32::try_from(retries).ok()),
        maximum_record_age: age(properties)?,
        bisects: properties.flag("BisectBatchOnFunctionError", false)?,
        filters: filters(properties)?,
        destination,
        pollers,
        warnings: Vec::new(),
    };
    if options.destination.is_some() && options.maximum_retry_attempts.is_none() {
        options.maximum_retry_attempts = Some(RETRIES_WITH_DESTINATION);
    }
    if !pollers.is_provisioned {
        let asked = [
            ("MaximumRetryAttempts", retries.is_some_and(|retries| retries >= 0)),
            ("MaximumRecordAgeInSeconds", options.maximum_record_age.is_some()),
            ("BisectBatchOnFunctionError", options.bisects),
            ("FunctionResponseTypes", reports_failures),
            (
                "DestinationConfig with a kafka:// topic",
                matches!(options.destination, Some(DestinationSpec::Topic { .. })),
            ),
        ];
        let asked = asked.into_iter().filter(|(_, is_asked)| *is_asked);
        options.warnings.extend(
            asked.map(|(name, _)| format!("{name} works here, but AWS takes it only with ProvisionedPollerConfig")),
        );
    }
    if options.filters.len() > DEFAULT_FILTER_QUOTA {
        options.warnings.push(format!(
            "FilterCriteria has {} filters; AWS allows {DEFAULT_FILTER_QUOTA} until asked for more",
            options.filters.len()
        ));
    }
    Ok(options)
}

fn age(properties: &Properties<'_>) -> Result<Option<Duration>, TemplateError> {
    const AGE: &str = "MaximumRecordAgeInSeconds";
    match properties.whole(AGE, -1..=604_800)? {
        None | Some(-1) => Ok(None),
        Some(seconds) if seconds >= 60 => Ok(Some(Duration::from_secs(seconds.unsigned_abs()))),
        Some(seconds) => Err(properties.property_error(AGE, Some(&seconds.into()), "-1, or 60 to 604800 seconds")),
    }
}

/// `None` also for SNS, which is listed as unsupported.
fn destination(properties: &Properties<'_>, topic: &str) -> Result<Option<DestinationSpec>, TemplateError> {
    const ALLOWED: &str =
        "the ARN of a standard SQS queue, arn:aws:s3:::BUCKET, or kafka://TOPIC with another topic than the mapping's";
    const PROPERTY: &str = "DestinationConfig.OnFailure.Destination";
    let Some(text) = destination_text(properties)? else {
        return Ok(None);
    };
    let refused = || Err(properties.property_error(PROPERTY, Some(&text.clone().into()), ALLOWED));
    if let Some(name) = text.strip_prefix("kafka://") {
        if name.is_empty() || name == topic {
            return refused();
        }
        return Ok(Some(DestinationSpec::Topic { name: name.to_owned() }));
    }
    if let Some(name) = text.strip_prefix("arn:aws:s3:::") {
        if name.is_empty() || name.contains('/') {
            return refused();
        }
        return Ok(Some(DestinationSpec::Bucket { name: name.to_owned() }));
    }
    if text.starts_with("arn:aws:sqs:") && !text.ends_with(".fifo") {
        return Ok(Some(DestinationSpec::Queue { arn: text }));
    }
    if text.starts_with("arn:aws:sns:") {
        return Ok(None);
    }
    refused()
}

/// Whether the mapping's destination is an SNS topic.
pub(in crate::template::event) fn has_sns_destination(properties: &Properties<'_>) -> Result<bool, TemplateError> {
    let destination = destination_text(properties)?;
    Ok(destination.is_some_and(|destination| destination.starts_with("arn:aws:sns:")))
}

fn destination_text(properties: &Properties<'_>) -> Result<Option<String>, TemplateError> {
    let config = properties.value("DestinationConfig")?;
    let destination = config.and_then(|config| config.pointer("/OnFailure/Destination").cloned());
    match destination {
        None | Some(Json::Null) => Ok(None),
        Some(Json::String(text)) => Ok(Some(text)),
        other => Err(properties.property_error("DestinationConfig.OnFailure.Destination", other.as_ref(), "text")),
    }
}

fn filters(properties: &Properties<'_>) -> Result<Filters, TemplateError> {
    const CRITERIA: &str = "FilterCriteria";
    let mut filters = Filters::default();
    let Some(criteria) = properties.value(CRITERIA)? else {
        return Ok(filters);
    };
    let list = criteria.get("Filters").and_then(Json::as_array);
    let Some(list) = list.filter(|list| list.len() <= MAX_FILTERS) else {
        let allowed = format!("Filters: a list of at most {MAX_FILTERS} patterns");
        return Err(properties.property_error(CRITERIA, Some(&criteria), &allowed));
    };
    for (index, filter) in list.iter().enumerate() {
        let name = format!("{CRITERIA}.Filters.{index}.Pattern");
        let pattern = filter.get("Pattern");
        let Some(text) = pattern.and_then(Json::as_str) else {
            return Err(properties.property_error(&name, pattern, "a pattern as JSON text"));
        };
        filters
            .add(text)
            .map_err(|allowed| properties.property_error(&name, pattern, &allowed.to_string()))?;
    }
    Ok(filters)
}

fn pollers(properties: &Properties<'_>) -> Result<PollerSpec, TemplateError> {
    const CONFIG: &str = "ProvisionedPollerConfig";
    let Some(config) = properties.value(CONFIG)? else {
        return Ok(PollerSpec {
            minimum: 1,
            maximum: 1,
            is_provisioned: false,
        });
    };
    let count = |name: &str, most: usize| match config.get(name) {
        None | Some(Json::Null) => Ok(None),
        found => found
            .and_then(json_text)
            .and_then(|text| text.parse().ok())
            .filter(|count| (1..=most).contains(count))
            .map(Some)
            .ok_or_else(|| {
                let allowed = format!("a whole number from 1 to {most}");
                properties.property_error(&format!("{CONFIG}.{name}"), found, &allowed)
            }),
    };
    let minimum = count("MinimumPollers", 200)?.unwrap_or(1);
    let maximum = count("MaximumPollers", 2_000)?.unwrap_or(200);
    if maximum < minimum {
        let allowed = format!("at least MinimumPollers, which is {minimum}");
        return Err(properties.property_error(&format!("{CONFIG}.MaximumPollers"), Some(&maximum.into()), &allowed));
    }
    let group = config.get("PollerGroupName").filter(|group| !group.is_null());
    if let Some(group) = group
        && !group
            .as_str()
            .is_some_and(|name| (1..=128).contains(&name.chars().count()))
    {
        return Err(properties.property_error(
            &format!("{CONFIG}.PollerGroupName"),
            Some(group),
            "1 to 128 characters",
        ));
    }
    Ok(PollerSpec {
        minimum,
        maximum,
        is_provisioned: true,
    })
}
