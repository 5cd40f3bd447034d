//! Which ports a start uses, and the addresses that follow from them.

use std::collections::BTreeMap;

use servers::{Ports, ServerError, claim, claim_exactly};

use super::progress::Progress;
use crate::stack::{ConsoleMode, Endpoints, StackOptions, database};

/// The ports that the clients of each know; another is taken when one is in use.
const KAFKA: u16 = 9092;
const REDIS: u16 = 6379;
const POSTGRES: u16 = 5432;
const MONGO: u16 = 27_017;
const SQS: u16 = 4566;
const CONSOLE: u16 = 8000;
const HTTP_API: u16 = 9000;
const LAMBDA: u16 = 9001;
const FEED: u16 = 9010;

/// The ports of one start.
pub(super) struct ChosenPorts {
    pub(super) servers: Ports,
    pub(super) console: u16,
    pub(super) http_api: u16,
    pub(super) lambda: u16,
    pub(super) feed: u16,
}

/// Chooses a port for everything that listens: its usual one, or another when that is in use. Gives the addresses that follow, too.
pub(super) fn choose(options: &StackOptions, progress: &Progress) -> Result<(ChosenPorts, Endpoints), ServerError> {
    let live = options.live;
    let choose = |name: &str, wanted| {
        let claim = claim(wanted)?;
        if let Some(taken) = &claim.taken {
            progress.line(&format!(
                "port {} is in use by {}: {name} takes {} instead",
                taken.port, taken.owner, claim.port
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
    let console = match (options.console, options.console_port) {
        (ConsoleMode::Off, _) => 0,
        (_, Some(port)) => claim_exactly("the console", port)?,
        (_, None) => choose("the console", CONSOLE)?,
    };
    let lambda = choose("the Lambda API", LAMBDA)?;
    let feed = if live { 0 } else { choose("the feed", FEED)? };
    let endpoints = Endpoints {
        kafka: format!("127.0.0.1:{kafka}"),
        redis: format!("redis://127.0.0.1:{redis}"),
        database: format!("postgres://postgres@127.0.0.1:{postgres}/{}", database::NAME),
        mongo: match (&options.mongodb_uri, mongo) {
            (Some(uri), _) => uri.without_password(),
            (None, port) => format!("mongodb://127.0.0.1:{}/{}", port.unwrap_or(MONGO), database::NAME),
        },
        sqs: format!("http://127.0.0.1:{sqs}"),
        api: format!("http://127.0.0.1:{http_api}"),
        lambda: format!("http://127.0.0.1:{lambda}"),
        feed: (!live).then(|| format!("http://127.0.0.1:{feed}")),
        console: (options.console != ConsoleMode::Off).then(|| format!("http://127.0.0.1:{console}")),
        docker: None,
        queues: BTreeMap::new(),
    };
    let ports = Ports {
        kafka: Some(kafka),
        redis: Some(redis),
        postgres: Some(postgres),
        mongo,
        sqs: Some(sqs),
    };
    let chosen = ChosenPorts {
        servers: ports,
        console,
        http_api,
        lambda,
        feed,
    };
    Ok((chosen, endpoints))
}
