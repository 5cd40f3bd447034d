//! Starting, in order: ports, template, servers, database and queues, feed, functions, topics and tables, events.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{Days, Utc};
use emulator::{Deployment, Emulator, EmulatorOptions, KafkaAccess, Template};
use servers::process_table::Identity;
use servers::{Servers, ServersOptions};
use tokio::net::TcpListener;
use tokio::sync::{RwLock, watch};
use tokio::task::JoinHandle;

use super::ports::{Chosen, choose};
use super::progress::Progress;
use super::{DaemonOptions, Running};
use crate::feed::{Feed, FeedOptions};
use crate::stack::bridge::Bridge;
use crate::stack::console::{self, DeadLetterCache, Looks, Traces};
use crate::stack::control::Control;
use crate::stack::guard;
use crate::stack::interface::{self, Parts};
use crate::stack::relay::{Lead, Relay};
use crate::stack::table::Table;
use crate::stack::{
    BACKFILL, ConsoleMode, Endpoints, Places, STACK_NAME, StackError, State, database, parameters, queues,
};

/// How long Kafka may take for a question of the stack itself.
const KAFKA_LIMIT: Duration = Duration::from_secs(4);

pub(super) async fn start(
    options: &DaemonOptions,
    progress: &Progress,
    stop: watch::Sender<bool>,
) -> Result<Running, StackError> {
    let places = &options.places;
    let Chosen {
        servers: ports,
        mut endpoints,
        console: console_port,
        http_api: http_api_port,
        lambda: lambda_port,
        feed: feed_port,
    } = choose(options, progress)?;
    let bridge = match options.docker {
        true => Some(Bridge::find().await?),
        false => None,
    };
    endpoints.docker = bridge.map(|bridge| bridge.address);
    let mut given = options.parameters.clone();
    if let Some(uri) = &options.mongodb_uri {
        given.entry("MongodbUri".to_owned()).or_insert_with(|| uri.clone());
    }
    let parameters = parameters::parameters(&endpoints, &given);
    let mut deployment = Deployment::new(STACK_NAME, parameters.clone());
    let template = Template::load(places.template(), &deployment)?;
    let mut state = State {
        process: Identity::own()
            .ok_or_else(|| StackError::system("read /proc")(std::io::ErrorKind::NotFound.into()))?,
        servers: BTreeMap::new(),
        started_at: Utc::now(),
        live: options.live,
        is_ready: false,
        endpoints: endpoints.clone(),
        parameters: parameters.clone(),
    };
    state.write(places)?;

    let servers = ServersOptions {
        dir: places.data(),
        log_dir: places.logs(),
        ports,
        with_mongo: options.mongodb_uri.is_none(),
        kafka_proxy: bridge
            .zip(ports.kafka)
            .map(|(bridge, port)| SocketAddrV4::new(bridge.address, port)),
    };
    let servers = Servers::start(&servers, |name, took| {
        progress.line(&format!("{name} answers after {:.1} s", took.as_secs_f64()));
    })
    .await?;
    state.servers = servers
        .identities()
        .into_iter()
        .map(|(name, process)| (name.to_owned(), process))
        .collect();
    let relay = match bridge {
        Some(bridge) => Some(Relay::start(bridge, &leads(&servers, &endpoints, lambda_port, feed_port)).await?),
        None => None,
    };
    let feed = start_feed(options, feed_port).await?;
    database::create(&servers.postgres).await?;
    let queue_urls = create_queues(&template, &servers, places, progress).await?;
    let named = template
        .queues
        .iter()
        .filter_map(|queue| Some((queue.name.clone(), queue_urls.get(&queue.logical_id)?.clone())));
    endpoints.queues = named.collect();
    state.endpoints = endpoints.clone();
    state.write(places)?;

    // Those of the functions, which may be others than the stack's own.
    let [database_url, redis_url] =
        ["DatabaseUrl", "RedisUrl"].map(|name| parameters.get(name).cloned().unwrap_or_default());
    deployment.queue_urls.clone_from(&queue_urls);
    let emulator = Emulator::start(EmulatorOptions {
        partial_response: options.partial_response,
        // LocalStack serves both at one address.
        s3_endpoint: Some(endpoints.sqs.clone()),
        template: places.template(),
        deployment,
        bin_dir: options.bin_dir.clone(),
        kafka: KafkaAccess::plaintext(&endpoints.kafka),
        function_env: parameters::function_env(&endpoints),
        log_dir: places.logs(),
        // The feed's days go by in seconds.
        schedules_in_seconds: true,
    })
    .await?;
    let kafka = krafka::Kafka::builder(&endpoints.kafka)
        .client_id("hwanyul-local-stack")
        .connect_timeout(KAFKA_LIMIT)
        .request_timeout(KAFKA_LIMIT)
        .connect()
        .await;
    let kafka = kafka.map_err(|error| StackError::system("connect to Kafka")(std::io::Error::other(error)))?;
    let queues = template.queues.iter().filter_map(|queue| {
        Some((
            queue.logical_id.clone(),
            (queue.name.clone(), queue_urls.get(&queue.logical_id)?.clone()),
        ))
    });
    let parts = Arc::new(Parts {
        state: RwLock::new(state),
        emulator: RwLock::new(Some(emulator)),
        feed,
        kafka,
        sqs: servers.sqs.client(),
        queues: queues.collect(),
        control: Control::new(servers),
        table: Table::new(&database_url),
        looks: Looks::new(&template, &redis_url, places.logs()),
        dead_letters: DeadLetterCache::default(),
        traces: Traces::new(console::readers(&template)),
        places: places.clone(),
        stop,
    });
    let interface = serve(&parts, lambda_port, endpoints.docker).await?;
    let http_api = serve_http_api(&parts, http_api_port).await?;
    let console = serve_console(&parts, options, console_port, progress).await?;
    create_and_listen(&parts, &endpoints, &template, progress).await?;
    // Buttons may have started servers since, so it is the state that they wrote.
    let mut state = parts.state.write().await;
    state.is_ready = true;
    state.write(places)?;
    drop(state);
    Ok(Running {
        parts,
        interface,
        http_api,
        console,
        queue_urls,
        relay,
    })
}

/// What functions in containers ask: each at the port that it has on 127.0.0.1. Kafka tells its clients where it is, so those who come by the bridge have a
/// listener of their own.
fn leads(servers: &Servers, endpoints: &Endpoints, lambda: u16, feed: u16) -> Vec<Lead> {
    let lead = |server, from, to| Lead { server, from, to };
    let same = |server, port| lead(server, port, port);
    let mut leads = vec![
        same("Redis", servers.redis.port()),
        same("PostgreSQL", servers.postgres.port()),
        same("SQS", servers.sqs.port()),
        same("the Lambda API", lambda),
    ];
    let proxied = servers.kafka.proxied_port();
    leads.extend(proxied.map(|proxied| lead("Kafka", servers.kafka.port(), proxied)));
    leads.extend(servers.mongo.iter().map(|mongo| same("MongoDB", mongo.port())));
    leads.extend(endpoints.feed.iter().map(|_| same("the feed", feed)));
    leads
}

async fn start_feed(options: &DaemonOptions, port: u16) -> Result<Option<Feed>, StackError> {
    if options.live {
        return Ok(None);
    }
    let (days, step_seconds) = (options.feed_days, options.feed_step);
    Ok(Some(
        Feed::start(FeedOptions {
            archive: options.places.archive(),
            port,
            days,
            step_seconds,
        })
        .await?,
    ))
}

async fn create_queues(
    template: &Template,
    servers: &Servers,
    places: &Places,
    progress: &Progress,
) -> Result<BTreeMap<String, String>, StackError> {
    let client = servers.sqs.client();
    let urls = emulator::create_queues(&client, &template.queues).await?;
    let kept = queues::restore(&client, &urls, &places.messages()).await?;
    let kept = if kept == 0 {
        String::new()
    } else {
        format!(", {} of the last run put back", count(kept, "message"))
    };
    progress.line(&format!("database and {} created{kept}", count(urls.len(), "queue")));
    Ok(urls)
}

/// Serves the Invoke API and the stack's own addresses.
async fn serve(parts: &Arc<Parts>, port: u16, bridge: Option<Ipv4Addr>) -> Result<JoinHandle<()>, StackError> {
    let listening = StackError::system(format!("listen on port {port}"));
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))
        .await
        .map_err(listening)?;
    let mut router = interface::router(Arc::clone(parts)).merge(console::receiver(Arc::clone(&parts.traces)));
    if let Some(emulator) = parts.emulator().await {
        router = router.merge(emulator.router());
    }
    let router = router.layer(axum::middleware::from_fn_with_state(bridge, guard::programs_only));
    Ok(tokio::spawn(async move {
        if let Err(error) = axum::serve(listener, router).await {
            tracing::error!(error = &error as &dyn std::error::Error, "The Lambda API ended");
        }
    }))
}

/// Serves the page and what it asks for, unless nobody wants it.
async fn serve_console(
    parts: &Arc<Parts>,
    options: &DaemonOptions,
    port: u16,
    progress: &Progress,
) -> Result<Option<JoinHandle<()>>, StackError> {
    if options.console == ConsoleMode::Off {
        return Ok(None);
    }
    if !console::is_built(&options.places) {
        progress.line("the console is not built, so its address says only that: ./console/build builds it");
    }
    console::serve(Arc::clone(parts), options.console, &options.places, port)
        .await
        .map(Some)
}

/// Serves the template's routes.
async fn serve_http_api(parts: &Parts, port: u16) -> Result<Option<JoinHandle<()>>, StackError> {
    let listening = StackError::system(format!("listen on port {port}"));
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))
        .await
        .map_err(listening)?;
    let emulator = parts.emulator().await;
    Ok(emulator.map(|emulator| emulator.serve_http_api(listener)))
}

/// Has the template's custom resources make topics and tables, then lets events flow.
async fn create_and_listen(
    parts: &Parts,
    endpoints: &Endpoints,
    template: &Template,
    progress: &Progress,
) -> Result<(), StackError> {
    if let Some(emulator) = parts.emulator().await {
        emulator.deploy(&endpoints.lambda).await?;
        progress.line(&format!(
            "{} deployed, topics and tables created",
            count(template.functions.len(), "function")
        ));
        mend(parts, progress).await?;
        emulator.start_events().await?;
    }
    if let (Some(feed), Some(emulator)) = (&parts.feed, parts.emulator().await) {
        give_history(&emulator, feed, template, progress).await?;
        feed.begin();
    }
    let mappings = count(template.mappings.len(), "event source mapping");
    progress.line(&format!(
        "{mappings} and {} started",
        count(template.schedules.len(), "schedule")
    ));
    Ok(())
}

/// A fault that somebody put into the table, and that the last stack ended with, would refuse true rates for ever.
async fn mend(parts: &Parts, progress: &Progress) -> Result<(), StackError> {
    if parts.table.is_broken().await {
        let mending = |error| StackError::system("mend History's table")(std::io::Error::other(error));
        parts.table.mend().await.map_err(mending)?;
        progress.line("History's table takes every rate again: the console's fault of the last run was still in it");
    }
    Ok(())
}

/// Has a year and a month before the feed's first day published, so that series, statistics and forecasts have something to tell from the beginning. On a
/// stack that has them already it changes nothing.
async fn give_history(
    emulator: &Emulator,
    feed: &Feed,
    template: &Template,
    progress: &Progress,
) -> Result<(), StackError> {
    const DAYS: Days = Days::new(400);
    const LIMIT: Duration = Duration::from_secs(30);
    if !template.functions.iter().any(|function| function.name == BACKFILL) {
        return Ok(());
    }
    let to = feed.status().day;
    let from = to.checked_sub_days(DAYS).unwrap_or(to);
    let publishing = |reason: String| StackError::system("publish the past year")(std::io::Error::other(reason));
    let request = serde_json::json!({"from": from, "to": to}).to_string();
    let done = emulator.invoke(BACKFILL, request.into()).await;
    let done = done.map_err(|error| publishing(error.to_string()))?;
    let answer = String::from_utf8_lossy(&done.payload).into_owned();
    if done.function_error.is_some() {
        return Err(publishing(answer));
    }
    let report: serde_json::Value =
        serde_json::from_slice(&done.payload).map_err(|error| publishing(format!("{error}: {answer}")))?;
    if report["left_out_count"] != 0 {
        progress.line(&format!(
            "left out of the history, because it cannot be read: {} columns, lines and cells, the first of them {}",
            report["left_out_count"], report["left_out"][0]
        ));
    }
    // Whoever asks when this is ready shall find them; a mapping that stands still must not keep the rest from starting.
    let started = Instant::now();
    while started.elapsed() < LIMIT
        && !emulator
            .status()
            .await
            .mappings
            .iter()
            .all(|mapping| mapping.lag == Some(0))
    {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    progress.line(&format!(
        "rates of {from} to {to} are there, for history, statistics and forecasts"
    ));
    Ok(())
}

fn count(number: usize, what: &str) -> String {
    if number == 1 {
        format!("1 {what}")
    } else {
        format!("{number} {what}s")
    }
}
