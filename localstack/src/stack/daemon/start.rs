//! Starting, as a list of stages: plan, servers, feed, database and queues, functions, addresses, first events. What a stage does is in its own room.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use emulator::{Emulator, EmulatorOptions, KafkaAccess, Template};
use servers::Servers;
use tokio::sync::{RwLock, watch};

use super::listeners::Listeners;
use super::plan::StartPlan;
use super::progress::Progress;
use super::{first_events, server_processes};
use crate::feed::{Feed, FeedOptions};
use crate::stack::console::Console;
use crate::stack::context::{QueueAddress, StackContext};
use crate::stack::paths::bin_dir;
use crate::stack::port_forward::PortForwarder;
use crate::stack::rate_table::RateTable;
use crate::stack::server_control::ServerControl;
use crate::stack::{ConsoleMode, StackError, StackOptions, StackPaths, database, parameters};

/// How long Kafka may take for a question of the stack itself.
const KAFKA_LIMIT: Duration = Duration::from_secs(4);

/// A stack that is up.
pub(super) struct Running {
    pub(super) context: Arc<StackContext>,
    pub(super) listeners: Listeners,
    pub(super) queue_urls: BTreeMap<String, String>,
    pub(super) port_forwarder: Option<PortForwarder>,
}

pub(super) async fn start(
    paths: &StackPaths,
    options: &StackOptions,
    progress: &Progress,
    stop: watch::Sender<bool>,
) -> Result<Running, StackError> {
    let plan = StartPlan::make(paths, options, progress).await?;
    let mut state = plan.initial_state(options)?;
    state.write(paths)?;

    let servers = server_processes::start(&plan.servers(paths, options), &mut state, progress).await?;
    let port_forwarder = server_processes::forward_ports(&plan, &servers).await?;
    let feed = start_feed(paths, options, plan.ports.feed).await?;
    database::create(&servers.postgres).await?;
    let queue_urls = server_processes::create_queues(&plan.template, &servers, paths, progress).await?;
    let queues = queue_addresses(&plan.template, &queue_urls);
    state.endpoints.queues = queues
        .values()
        .map(|queue| (queue.name.clone(), queue.url.clone()))
        .collect();
    state.write(paths)?;

    let emulator = Emulator::start(emulator_options(&plan, paths, options, &queue_urls)?).await?;
    let kafka = connect_to_kafka(&servers).await?;
    let context = Arc::new(StackContext {
        state: RwLock::new(state),
        emulator: RwLock::new(Some(emulator)),
        feed,
        kafka,
        sqs: servers.sqs.client(),
        queues,
        servers: ServerControl::new(servers),
        // Those of the functions, which may be others than the stack's own.
        rate_table: RateTable::new(plan.parameter("DatabaseUrl")),
        paths: paths.clone(),
        stop,
    });
    let may_control = options.console == ConsoleMode::Control;
    let console = Console::new(
        Arc::clone(&context),
        &plan.template,
        plan.parameter("RedisUrl"),
        may_control,
    );
    let listeners = Listeners::open(&plan, paths, options, &console, progress).await?;
    first_events::start(&context, &plan.template, &plan.endpoints.lambda, progress).await?;
    // Buttons may have started servers since, so it is the state that they wrote.
    let mut state = context.state.write().await;
    state.is_ready = true;
    state.write(paths)?;
    drop(state);
    Ok(Running {
        context,
        listeners,
        queue_urls,
        port_forwarder,
    })
}

async fn start_feed(paths: &StackPaths, options: &StackOptions, port: u16) -> Result<Option<Feed>, StackError> {
    if options.live {
        return Ok(None);
    }
    let feed = Feed::start(FeedOptions {
        archive: paths.archive(),
        port,
        days: options.feed_days,
        step_seconds: options.feed_step,
    });
    Ok(Some(feed.await?))
}

/// Name and URL of each queue, by logical id.
fn queue_addresses(template: &Template, urls: &BTreeMap<String, String>) -> BTreeMap<String, QueueAddress> {
    let address = |queue: &emulator::Queue| {
        let url = urls.get(&queue.logical_id)?.clone();
        let name = queue.name.clone();
        Some((queue.logical_id.clone(), QueueAddress { name, url }))
    };
    template.queues.iter().filter_map(address).collect()
}

fn emulator_options(
    plan: &StartPlan,
    paths: &StackPaths,
    options: &StackOptions,
    queue_urls: &BTreeMap<String, String>,
) -> Result<EmulatorOptions, StackError> {
    Ok(EmulatorOptions {
        partial_response: options.partial_response,
        // LocalStack serves both at one address.
        s3_endpoint: Some(plan.endpoints.sqs.clone()),
        template: paths.template(),
        deployment: plan.deployment(queue_urls),
        bin_dir: bin_dir()?,
        kafka: KafkaAccess::plaintext(&plan.endpoints.kafka),
        function_env: parameters::function_env(&plan.endpoints),
        log_dir: paths.logs(),
        // The feed's days go by in seconds.
        schedules_in_seconds: true,
    })
}

async fn connect_to_kafka(servers: &Servers) -> Result<krafka::Kafka, StackError> {
    let kafka = krafka::Kafka::builder(servers.kafka.bootstrap())
        .client_id("hwanyul-local-stack")
        .connect_timeout(KAFKA_LIMIT)
        .request_timeout(KAFKA_LIMIT)
        .connect()
        .await;
    kafka.map_err(|error| StackError::system("connect to Kafka")(std::io::Error::other(error)))
}
