//! The four topics, with as many partitions as `shared::event::Topic` says.

use lambda_runtime::Error;
use shared::config::{Get, KafkaConfig, parse_or, var};
use shared::publish::{TopicReport, ensure_topics};

/// Creates the topics that are missing. Those that exist are left as they are; one with too few partitions is logged and shows in the report, because
/// adding partitions would move keys to other partitions and break their order.
///
/// # Errors
/// When a variable is missing or Kafka refuses.
pub async fn ensure(get: Get<'_>) -> Result<Vec<TopicReport>, Error> {
    let replication = parse_or(
        get,
        var::KAFKA_REPLICATION,
        3_i16,
        "a whole number, at most the number of brokers",
    )?;
    let reports = ensure_topics(&KafkaConfig::read(get)?, replication).await?;
    for report in &reports {
        if report.has_too_few() {
            tracing::warn!(
                kafka.topic = report.topic,
                partitions = report.partitions,
                wanted = report.wanted,
                "Topic has too few partitions"
            );
        } else {
            tracing::info!(
                kafka.topic = report.topic,
                partitions = report.partitions,
                created = report.created,
                "Topic is there"
            );
        }
    }
    Ok(reports)
}
