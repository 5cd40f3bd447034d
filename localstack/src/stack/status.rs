//! What the stack says of itself: `GET /_stack/status`, and `status --json`.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, Utc};
use emulator::Status;
use futures::future::try_join_all;
use krafka::admin::{AdminClient, ListTopicsOptions};
use krafka::error::KrafkaError;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use servers::topic_ends;

use super::{Endpoints, INGESTOR, State};
use crate::feed::FeedStatus;

/// How long Kafka may take to list topics and their ends.
const KAFKA_LIMIT: Duration = Duration::from_secs(5);

/// The whole stack.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct StackStatus {
    /// When it was started.
    pub started_at: DateTime<Utc>,
    /// Whether it asks the providers themselves.
    pub live: bool,
    /// Where everything is.
    pub endpoints: Endpoints,
    /// The servers.
    pub servers: Vec<ServerStatus>,
    /// Where the feed stands, when there is one.
    pub feed: Option<FeedStatus>,
    /// Each provider's last run, as the ingestor reported it; empty before its first.
    pub providers: Vec<Value>,
    /// Kafka's topics; absent while Kafka cannot be asked.
    pub topics: Option<Vec<TopicStatus>>,
    /// Functions, event source mappings and schedules.
    pub lambda: Status,
}

/// One server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServerStatus {
    /// Its name, as `logs` takes it.
    pub name: String,
    /// Its process.
    pub pid: u32,
    /// Whether the process runs.
    pub is_running: bool,
}

/// One topic.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TopicStatus {
    /// Its name.
    pub name: String,
    /// Its partitions.
    pub partitions: Vec<PartitionEnd>,
}

/// One partition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartitionEnd {
    /// Its number.
    pub partition: i32,
    /// The offset after its last record.
    pub end: i64,
}

pub(super) fn servers(state: &State) -> Vec<ServerStatus> {
    let status = |(name, process): (&String, &servers::process_table::Identity)| ServerStatus {
        name: name.clone(),
        pid: process.pid,
        is_running: process.is_alive(),
    };
    state.servers.iter().map(status).collect()
}

/// The `providers` of the ingestor's last response.
pub(super) fn providers(status: &Status) -> Vec<Value> {
    let ingestor = status.functions.iter().find(|function| function.name == INGESTOR);
    let response = ingestor.and_then(|function| function.last_response.as_deref());
    let fields = response.and_then(|response| serde_json::from_str::<BTreeMap<String, Value>>(response.get()).ok());
    match fields.and_then(|mut fields| fields.remove("providers")) {
        Some(Value::Array(providers)) => providers,
        _ => Vec::new(),
    }
}

/// The topics with their ends, without Kafka's own.
pub(super) async fn topics(admin: &AdminClient) -> Option<Vec<TopicStatus>> {
    let asked = async {
        let names = admin.list_topics(ListTopicsOptions::default()).await?;
        let topics = names
            .into_iter()
            .filter(|name| !name.starts_with("__"))
            .map(async |name| {
                let ends = topic_ends(admin, &name).await?;
                let partitions = ends
                    .into_iter()
                    .map(|(partition, end)| PartitionEnd { partition, end })
                    .collect();
                Ok::<_, KrafkaError>(TopicStatus { name, partitions })
            });
        try_join_all(topics).await
    };
    match tokio::time::timeout(KAFKA_LIMIT, asked).await {
        Ok(Ok(topics)) => Some(topics),
        Ok(Err(error)) => {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "Could not ask Kafka for its topics"
            );
            None
        }
        Err(_) => {
            tracing::warn!("Kafka did not list its topics within {} s", KAFKA_LIMIT.as_secs());
            None
        }
    }
}
