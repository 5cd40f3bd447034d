//! The stage of the servers: their processes, the ports that lead containers to them, the database and the queues.

use std::collections::BTreeMap;

use emulator::Template;
use servers::{Servers, ServersOptions};

use super::plan::StartPlan;
use super::progress::{Progress, count};
use crate::stack::bridge::Bridge;
use crate::stack::port_forward::{PortForward, PortForwarder};
use crate::stack::{StackError, StackPaths, State, queues};

/// Starts the servers and notes their processes.
pub(super) async fn start(
    options: &ServersOptions,
    state: &mut State,
    progress: &Progress,
) -> Result<Servers, StackError> {
    let servers = Servers::start(options, |name, took| {
        progress.line(&format!("{name} answers after {:.1} s", took.as_secs_f64()));
    })
    .await?;
    let identities = servers.identities().into_iter();
    state.servers = identities.map(|(name, process)| (name.to_owned(), process)).collect();
    Ok(servers)
}

/// Forwards what functions in containers ask for, when there are any.
pub(super) async fn forward_ports(plan: &StartPlan, servers: &Servers) -> Result<Option<PortForwarder>, StackError> {
    match plan.bridge {
        Some(bridge) => forward_from(bridge, plan, servers).await.map(Some),
        None => Ok(None),
    }
}

/// Each at the port that it has on 127.0.0.1. Kafka tells its clients where it is, so those who come by the bridge have a listener of their own.
async fn forward_from(bridge: Bridge, plan: &StartPlan, servers: &Servers) -> Result<PortForwarder, StackError> {
    let forward = |server, from, to| PortForward { server, from, to };
    let same = |server, port| forward(server, port, port);
    let mut forwards = vec![
        same("Redis", servers.redis.port()),
        same("PostgreSQL", servers.postgres.port()),
        same("SQS", servers.sqs.port()),
        same("the Lambda API", plan.ports.lambda),
    ];
    let proxied = servers.kafka.proxied_port();
    forwards.extend(proxied.map(|proxied| forward("Kafka", servers.kafka.port(), proxied)));
    forwards.extend(servers.mongo.iter().map(|mongo| same("MongoDB", mongo.port())));
    forwards.extend(plan.endpoints.feed.iter().map(|_| same("the feed", plan.ports.feed)));
    PortForwarder::start(bridge, &forwards).await
}

/// Makes the template's queues, and sends the messages again that the last run saved. Gives the URLs by logical id.
pub(super) async fn create_queues(
    template: &Template,
    servers: &Servers,
    paths: &StackPaths,
    progress: &Progress,
) -> Result<BTreeMap<String, String>, StackError> {
    let client = servers.sqs.client();
    let urls = emulator::create_queues(&client, &template.queues).await?;
    let restored = queues::restore(&client, &urls, &paths.messages()).await?;
    let restored = if restored == 0 {
        String::new()
    } else {
        format!(", {} of the last run put back", count(restored, "message"))
    };
    progress.line(&format!(
        "database and {} created{restored}",
        count(urls.len(), "queue")
    ));
    Ok(urls)
}
