//! Which ports a start uses, and the addresses that follow from them.

use std::collections::BTreeMap;

use servers::{Ports, ServerError, claim, claim_exactly};

use super::DaemonOptions;
use super::progress::Progress;
use crate::stack::{ConsoleMode, Endpoints, database};

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

/// The ports of one start, and the addresses that they make.
pub(super) struct Chosen {
    pub(super) servers: Ports,
    pub(super) endpoints: Endpoints,
    pub(super) console: u16,
    pub(super) http_api: u16,
    pub(super) lambda: u16,
    pub(super) feed: u16,
}

/// Chooses a port for everything that listens: its usual one, or another when that is in use.
pub(super) fn choose(options: &DaemonOptions, progress: &Progress) -> Result<Chosen, ServerError> {
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
            (Some(uri), _) => without_password(uri),
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
    Ok(Chosen {
        servers: ports,
        endpoints,
        console,
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
