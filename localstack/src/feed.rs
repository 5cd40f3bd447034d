//! The feed: stands in for the rate providers, with the European Central Bank's real history in each provider's own format.
//!
//! It has a current day that starts some business days before the newest of the history and moves on to it, so that rates
//! change while one watches. Daily documents know that day and none after it; the archive is whole, as the backfill reads it.
//! No number here is made up: what the ECB does not quote on a day is not served.

mod clock;
mod ecb;
mod history;
mod koreaexim;
mod open_er;
mod routes;

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

pub use clock::{Clock, Hold};
pub use history::{Day, History, HistoryError};
pub use routes::provider_urls;

/// What a feed serves, and how fast its days go by.
#[derive(Debug, Clone)]
pub struct FeedOptions {
    /// The ECB's `eurofxref-hist.zip`.
    pub archive: PathBuf,
    /// The port on 127.0.0.1; 0 for any free one.
    pub port: u16,
    /// How many business days before the newest it starts.
    pub days: usize,
    /// Seconds from one business day to the next; at least 1.
    pub step_seconds: u64,
}

/// Where a feed stands, as `GET /feed` answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeedStatus {
    /// The day it serves.
    pub day: NaiveDate,
    /// The newest day of the history, where it stays.
    pub newest: NaiveDate,
    /// Seconds from one business day to the next.
    pub step_seconds: u64,
}

/// Why there is no feed.
#[derive(Debug, thiserror::Error)]
pub enum FeedError {
    /// The history cannot be read.
    #[error(transparent)]
    History(#[from] HistoryError),
    /// The port cannot be had.
    #[error("the feed could not listen on port {port}")]
    Listen {
        /// The port.
        port: u16,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The pace makes no sense.
    #[error("the feed's step must be at least 1 second, got {0}")]
    Step(u64),
    /// It would start before the history.
    #[error("the feed can start 0 to {most} business days before the newest, got {days}")]
    Days {
        /// What was asked.
        days: usize,
        /// What the history has.
        most: usize,
    },
}

/// A running feed. Dropping it ends it.
#[derive(Debug)]
pub struct Feed {
    address: SocketAddr,
    clock: Arc<Clock>,
    server: JoinHandle<()>,
}

impl Feed {
    /// Reads the history and serves its first day; days go by from [`Feed::begin`] on.
    ///
    /// # Errors
    /// [`FeedError`] says what is wrong with the history, the pace or the port.
    pub async fn start(options: FeedOptions) -> Result<Self, FeedError> {
        let history = Arc::new(History::read(&options.archive)?);
        let clock = Arc::new(Clock::new(&history, options.days, options.step_seconds)?);
        let listening = |source| FeedError::Listen {
            port: options.port,
            source,
        };
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, options.port))
            .await
            .map_err(listening)?;
        let address = listener.local_addr().map_err(listening)?;
        let router = routes::router(history, Arc::clone(&clock));
        let server = tokio::spawn(async move {
            if let Err(error) = axum::serve(listener, router).await {
                tracing::error!(error = &error as &dyn std::error::Error, "The feed ended");
            }
        });
        Ok(Self { address, clock, server })
    }

    /// Lets the days go by. A second call changes nothing.
    pub fn begin(&self) {
        self.clock.begin();
    }

    /// Keeps it at its day until the hold is dropped.
    #[must_use]
    pub fn hold(&self) -> Hold<'_> {
        self.clock.hold()
    }

    /// `http://127.0.0.1:PORT`
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Its address for each provider that it stands in for, as `PROVIDER_URLS` has them.
    #[must_use]
    pub fn provider_urls(&self) -> String {
        routes::provider_urls(&self.url())
    }

    /// Where it stands.
    #[must_use]
    pub fn status(&self) -> FeedStatus {
        self.clock.status()
    }
}

impl Drop for Feed {
    fn drop(&mut self) {
        self.server.abort();
    }
}
