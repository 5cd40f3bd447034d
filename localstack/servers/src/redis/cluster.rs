//! A Redis Cluster of three nodes without copies, each with a third of the slots.

use std::path::Path;
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{Cmd, RedisError};
use tokio::time::{Instant, sleep};

use super::super::process::Program;
use super::super::server::{Server, ServerKind};
use super::super::{Options, ProbeError, Security, ServerError, port};
use super::{client, ping, program, url};

/// As many nodes as the smallest cluster has that can lose one.
const NODES: usize = 3;
/// Redis Cluster specification, "Key distribution model".
const SLOTS: usize = 16_384;
/// How long the nodes may take to know each other and all slots.
const LIMIT: Duration = Duration::from_secs(30);

/// A running cluster. Dropping it kills it.
#[derive(Debug)]
pub struct RedisCluster {
    nodes: Vec<Server<Node>>,
}

/// What is particular to a node.
#[derive(Debug)]
struct Node {
    security: Option<Security>,
    /// Where the nodes speak with each other. Redis would take 10,000 above its port, where outgoing connections have theirs.
    bus_port: u16,
}

impl RedisCluster {
    /// Starts the nodes below `dir` and waits until they are a cluster.
    ///
    /// # Errors
    /// [`ServerError`]; the nodes that did start are killed.
    pub async fn start(dir: &Path, security: Option<&Security>) -> Result<Self, ServerError> {
        let mut nodes = Vec::with_capacity(NODES);
        for number in 0..NODES {
            let options = Options::in_dir(dir.join(format!("redis-{number}")));
            let options = Options {
                security: security.cloned(),
                ..options
            };
            nodes.push(Server::<Node>::start(&options).await?);
        }
        let cluster = Self { nodes };
        cluster.join().await?;
        Ok(cluster)
    }

    /// The URLs of all nodes, with commas.
    #[must_use]
    pub fn url(&self) -> String {
        let urls = self
            .nodes
            .iter()
            .map(|node| url(node.port(), node.kind().security.as_ref()));
        urls.collect::<Vec<_>>().join(",")
    }

    /// How many keys each node holds.
    ///
    /// # Errors
    /// [`ServerError::Cluster`] when a node does not answer.
    pub async fn sizes(&self) -> Result<Vec<u64>, ServerError> {
        let mut sizes = Vec::new();
        for node in &self.nodes {
            let mut connection = connect(node).await?;
            let size: Result<u64, _> = redis::cmd("DBSIZE").query_async(&mut connection).await;
            sizes.push(size.map_err(failed)?);
        }
        Ok(sizes)
    }

    /// Ends all nodes, in order.
    ///
    /// # Errors
    /// The first [`ServerError`].
    pub async fn stop(self) -> Result<(), ServerError> {
        for node in self.nodes {
            node.stop().await?;
        }
        Ok(())
    }

    /// Gives each node its slots and makes all known to the first, from which they learn of each other.
    async fn join(&self) -> Result<(), ServerError> {
        let mut connections = Vec::with_capacity(NODES);
        for (number, node) in self.nodes.iter().enumerate() {
            let mut connection = connect(node).await?;
            let (first, next) = (number * SLOTS / NODES, (number + 1) * SLOTS / NODES);
            ask(
                &mut connection,
                redis::cmd("CLUSTER").arg("ADDSLOTSRANGE").arg(first).arg(next - 1),
            )
            .await?;
            connections.push(connection);
        }
        for node in self.nodes.iter().skip(1) {
            let mut meet = redis::cmd("CLUSTER");
            meet.arg("MEET")
                .arg("127.0.0.1")
                .arg(node.port())
                .arg(node.kind().bus_port);
            ask(&mut connections[0], &meet).await?;
        }
        let started = Instant::now();
        for connection in &mut connections {
            loop {
                let info = ask(connection, redis::cmd("CLUSTER").arg("INFO")).await?;
                let known = format!("cluster_known_nodes:{NODES}");
                if info.lines().any(|line| line == "cluster_state:ok") && info.lines().any(|line| line == known) {
                    break;
                }
                if started.elapsed() > LIMIT {
                    return Err(ServerError::Cluster(format!("after {} s: {info}", LIMIT.as_secs())));
                }
                sleep(Duration::from_millis(20)).await;
            }
        }
        Ok(())
    }
}

impl ServerKind for Node {
    const NAME: &str = "Redis Cluster";

    async fn prepare(options: &Options, port: u16) -> Result<(Self, Program), ServerError> {
        let bus_port = port::free_port()?;
        let bus = bus_port.to_string();
        let more = [
            "--cluster-enabled",
            "yes",
            "--cluster-port",
            &bus,
            "--cluster-node-timeout",
            "5000",
        ];
        let program = program(options, port, &more)?;
        let security = options.security.clone();
        Ok((Self { security, bus_port }, program))
    }

    async fn probe(&self, port: u16) -> Result<(), ProbeError> {
        ping(port, self.security.as_ref()).await
    }
}

async fn connect(node: &Server<Node>) -> Result<MultiplexedConnection, ServerError> {
    let client = client(node.port(), node.kind().security.as_ref()).map_err(failed)?;
    client.get_multiplexed_async_connection().await.map_err(failed)
}

async fn ask(connection: &mut MultiplexedConnection, command: &Cmd) -> Result<String, ServerError> {
    command.query_async(connection).await.map_err(failed)
}

fn failed(error: RedisError) -> ServerError {
    ServerError::Cluster(error.to_string())
}
