//! The four topics, with as many partitions as `shared::event::Topic` says.

use shared::config::{ConfigError, Get, KafkaConfig, parse_or, var};
use shared::kafka::{TopicReport, Topics, TopicsError};

use crate::failure::{Classified, Kind};

impl Classified for TopicsError {
    fn kind(&self) -> Kind {
        match self {
            Self::Kafka(_) => Kind::TopicsKafka,
            Self::Topic { .. } => Kind::TopicsRefused,
        }
    }
}

/// The topics that there have to be. Connects at the first use.
pub struct WantedTopics {
    topics: Topics,
    replication: i16,
}

impl WantedTopics {
    /// As `KAFKA_*` say, with `KAFKA_REPLICATION` copies each (3 unless set).
    ///
    /// # Errors
    /// [`ConfigError`] names the variable.
    pub fn read(get: Get<'_>) -> Result<Self, ConfigError> {
        Ok(Self {
            topics: Topics::new(KafkaConfig::read(get)?),
            replication: parse_or(
                get,
                var::KAFKA_REPLICATION,
                3,
                "a whole number, at most the number of brokers",
            )?,
        })
    }

    /// Creates the topics that are missing. Those that exist are left as they are; one with too few partitions is logged and shows in the report, because
    /// adding partitions would move keys to other partitions and break their order.
    ///
    /// # Errors
    /// When Kafka refuses.
    pub async fn ensure(&self) -> Result<Vec<TopicReport>, TopicsError> {
        let reports = self.topics.ensure(self.replication).await?;
        log(&reports);
        Ok(reports)
    }
}

fn log(reports: &[TopicReport]) {
    for report in reports {
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
}
