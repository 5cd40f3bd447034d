//! Starting, in order: ports, template, servers, database and queues, feed, functions, topics and tables, events.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::sync::Arc;

use chrono::Utc;
use tokio::net::TcpListener;
use tokio::sync::{RwLock, watch};
use tokio::task::JoinHandle;

use super::progress::Progress;
use super::{DaemonOptions, Running};
use crate::emulator::{Emulator, EmulatorOptions, Template};
use crate::feed::{Feed, FeedOptions};
use crate::process_table::Identity;
use crate::servers::{Ports, ServerError, Servers, ServersOptions, claim, claim_exactly};
use crate::stack::interface::{self, Parts};
use crate::stack::{Endpoints, Places, StackError, State, database, parameters, queues};

/// The ports that the clients of each know; another is taken when one is in use.
const KAFKA: u16 = 9092;
const REDIS: u16 = 6379;
const POSTGRES: u16 = 5432;
const MONGO: u16 = 27_017;
const SQS: u16 = 4566;
const HTTP_API: u16 = 9000;
const LAMBDA: u16 = 9001;
const FEED: u16 = 9010;

pub(super) async fn start(
    options: &DaemonOptions,
    progress: &Progress,
    stop: watch::Sender<bool>,
) -> Result<Running, StackError> {
    let places = &options.places;
    let Chosen {
        servers: ports,
        mut endpoints,
        http_api: http_api_port,
        lambda: lambda_port,
        feed: feed_port,
    } = choose_ports(options, progress)?;
    let mut given = options.parameters.clone();
    if let Some(uri) = &options.mongodb_uri {
        given.entry("MongodbUri".to_owned()).or_insert_with(|| uri.clone());
    }
    let parameters = parameters::parameters(&endpoints, &given);
    let template = Template::load(places.template(), &parameters)?;
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

    let emulator = Emulator::start(EmulatorOptions {
        template: places.template(),
        parameters,
        bin_dir: options.bin_dir.clone(),
        kafka_bootstrap: endpoints.kafka.clone(),
        queue_urls: queue_urls.clone(),
        function_env: parameters::function_env(&endpoints),
        log_dir: places.logs(),
    })
    .await?;
    let kafka = krafka::Kafka::builder(&endpoints.kafka)
        .client_id("hwanyul-local-stack")
        .connect()
        .await;
    let kafka = kafka.map_err(|error| StackError::system("connect to Kafka")(std::io::Error::other(error)))?;
    let emulator = RwLock::new(Some(emulator));
    let parts = Arc::new(Parts {
        state: RwLock::new(state.clone()),
        emulator,
        feed,
        kafka,
        stop,
    });
    let interface = serve(&parts, lambda_port).await?;
    let http_api = serve_http_api(&parts, http_api_port).await?;
    create_and_listen(&parts, &endpoints, &template, progress).await?;
    state.is_ready = true;
    state.write(places)?;
    *parts.state.write().await = state;
    Ok(Running {
        parts,
        servers,
        interface,
        http_api,
        queue_urls,
    })
}

/// The ports of one start, and the addresses that they make.
struct Chosen {
    servers: Ports,
    endpoints: Endpoints,
    http_api: u16,
    lambda: u16,
    feed: u16,
}

fn choose_ports(options: &DaemonOptions, progress: &Progress) -> Result<Chosen, ServerError> {
    let live = options.live;
    let choose = |name: &str, wanted| {
        let claim = claim(wanted)?;
        if let Some((taken, owner)) = &claim.taken {
            progress.line(&format!(
                "port {taken} is in use by {owner}: {name} takes {} instead",
                claim.port
            ));
        }
        Ok::<u16, ServerError>(claim.port)
    };
    let (kafka, redis) = (choose("Kafka", KAFKA)?, choose("Redis", REDIS)?);
    let (postgres, sqs) = (choose("PostgreSQL", POSTGRES)?, choose("SQS", SQS)?);
    let mongo = match &options.mongodb_uri {
        Some(_) => None,
        None => Some(choose("MongoDB", MONGO)?),
    };
    let http_api = match options.api_port {
        Some(port) => claim_exactly("the HTTP API", port)?,
        None => choose("the HTTP API", HTTP_API)?,
    };
    let lambda = choose("the Lambda API", LAMBDA)?;
    let feed = if live { 0 } else { choose("the feed", FEED)? };
    let endpoints = Endpoints {
        kafka: format!("127.0.0.1:{kafka}"),
        redis: format!("redis://127.0.0.1:{redis}"),
        database: format!("postgres://postgres@127.0.0.1:{postgres}/{}", database::NAME),
        mongo: match (&options.mongodb_uri, mongo) {
            (Some(uri), _) => without_password(uri),
            (None, port) => format!("mongodb://127.0.0.1:{}/{}", port.unwrap_or(MONGO), database::NAME),
        },
        sqs: format!("http://127.0.0.1:{sqs}"),
        api: format!("http://127.0.0.1:{http_api}"),
        lambda: format!("http://127.0.0.1:{lambda}"),
        feed: (!live).then(|| format!("http://127.0.0.1:{feed}")),
        queues: BTreeMap::new(),
    };
    let ports = Ports {
        kafka: Some(kafka),
        redis: Some(redis),
        postgres: Some(postgres),
        mongo,
        sqs: Some(sqs),
    };
    Ok(Chosen {
        servers: ports,
        endpoints,
        http_api,
        lambda,
        feed,
    })
}

/// A URI as it may be shown: who logs in, and with what, is left out.
fn without_password(uri: &str) -> String {
    let Some((scheme, rest)) = uri.split_once("://") else {
        return "***".to_owned();
    };
    let (hosts, path) = match rest.split_once('/') {
        Some((hosts, path)) => (hosts, format!("/{path}")),
        None => (rest, String::new()),
    };
    match hosts.rsplit_once('@') {
        Some((_, hosts)) => format!("{scheme}://***@{hosts}{path}"),
        None => uri.to_owned(),
    }
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
    let urls = queues::create(&client, &template.queues).await?;
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
async fn serve(parts: &Arc<Parts>, port: u16) -> Result<JoinHandle<()>, StackError> {
    let listening = StackError::system(format!("listen on port {port}"));
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))
        .await
        .map_err(listening)?;
    let mut router = interface::router(Arc::clone(parts));
    if let Some(emulator) = parts.emulator.read().await.as_ref() {
        router = router.merge(emulator.router());
    }
    Ok(tokio::spawn(async move {
        if let Err(error) = axum::serve(listener, router).await {
            tracing::error!(error = &error as &dyn std::error::Error, "The Lambda API ended");
        }
    }))
}

/// Serves the template's routes.
async fn serve_http_api(parts: &Parts, port: u16) -> Result<Option<JoinHandle<()>>, StackError> {
    let listening = StackError::system(format!("listen on port {port}"));
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))
        .await
        .map_err(listening)?;
    let emulator = parts.emulator.read().await;
    Ok(emulator.as_ref().map(|emulator| emulator.serve_http_api(listener)))
}

/// Has the template's custom resources make topics and tables, then lets events flow.
async fn create_and_listen(
    parts: &Parts,
    endpoints: &Endpoints,
    template: &Template,
    progress: &Progress,
) -> Result<(), StackError> {
    if let Some(emulator) = parts.emulator.read().await.as_ref() {
        emulator.deploy(&endpoints.lambda).await?;
        progress.line(&format!(
            "{} deployed, topics and tables created",
            count(template.functions.len(), "function")
        ));
        emulator.start_events().await?;
    }
    if let Some(feed) = &parts.feed {
        feed.begin();
    }
    let mappings = count(template.mappings.len(), "event source mapping");
    progress.line(&format!(
        "{mappings} and {} started",
        count(template.schedules.len(), "schedule")
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shown_uri_has_no_password() {
        for (uri, shown) in [
            ("mongodb://127.0.0.1:27017/hwanyul", "mongodb://127.0.0.1:27017/hwanyul"),
            (
                "mongodb+srv://me:p@ss@a.example,b.example/x?w=1",
                "mongodb+srv://***@a.example,b.example/x?w=1",
            ),
            ("mongodb://me:secret@a.example", "mongodb://***@a.example"),
            ("secret", "***"),
        ] {
            assert_eq!(without_password(uri), shown);
        }
    }
}
