//! The four topics, with as many partitions as `shared::event::Topic` says.

use lambda_runtime::Error;
use shared::config::{Get, KafkaConfig, parse_or, var};
use shared::publish::{TopicReport, Topics};
use tokio::sync::OnceCell;

/// Creates the topics that are missing. Those that exist are left as they are; one with too few partitions is logged and shows in the report, because
/// adding partitions would move keys to other partitions and break their order. `topics` is made at the first use.
///
/// # Errors
/// When a variable is missing or Kafka refuses.
pub async fn ensure(get: Get<'_>, topics: &OnceCell<Topics>) -> Result<Vec<TopicReport>, Error> {
    let replication = parse_or(
        get,
        var::KAFKA_REPLICATION,
        3_i16,
        "a whole number, at most the number of brokers",
    )?;
    let make = async || KafkaConfig::read(get).map(Topics::new);
    let reports = topics.get_or_try_init(make).await?.ensure(replication).await?;
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
