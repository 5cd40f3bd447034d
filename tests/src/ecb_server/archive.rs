//! The ECB's history as a server of files has it: with a tag, and with a date where it is given one.

use std::io::{Cursor, Write as _};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use chrono::{DateTime, Utc};
use zip::write::SimpleFileOptions;

use crate::ecb::csv;

/// A server of one file.
pub struct EcbArchive {
    url: String,
    served: Arc<Mutex<Served>>,
}

#[derive(Default)]
struct Served {
    zip: Vec<u8>,
    modified: Option<DateTime<Utc>>,
    edition: usize,
    unchanged: usize,
}

impl EcbArchive {
    /// Serves the fixture on a free port.
    ///
    /// # Panics
    /// When there is no free port, or no fixture.
    pub async fn start(modified: DateTime<Utc>) -> Self {
        let served = Arc::new(Mutex::new(Served::default()));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/eurofxref-hist.zip", listener.local_addr().unwrap());
        let router = Router::new()
            .route("/eurofxref-hist.zip", get(answer))
            .with_state(Arc::clone(&served));
        tokio::spawn(async move { axum::serve(listener, router).await });
        let archive = Self { url, served };
        archive.publish(&csv(), Some(modified));
        archive
    }

    /// The file's address.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// From now on serves this CSV, modified then.
    ///
    /// # Panics
    /// When it cannot be packed.
    pub fn publish(&self, csv: &str, modified: Option<DateTime<Utc>>) {
        let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
        zip.start_file("eurofxref-hist.csv", SimpleFileOptions::default())
            .unwrap();
        zip.write_all(csv.as_bytes()).unwrap();
        let mut served = self.served.lock().unwrap();
        served.zip = zip.finish().unwrap().into_inner();
        served.modified = modified;
        served.edition += 1;
    }

    /// How many requests were answered with 304.
    ///
    /// # Panics
    /// Never, unless a thread panicked here before.
    #[must_use]
    pub fn unchanged(&self) -> usize {
        self.served.lock().unwrap().unchanged
    }
}

async fn answer(State(served): State<Arc<Mutex<Served>>>, headers: HeaderMap) -> Response {
    let mut served = served.lock().unwrap();
    let mut about = HeaderMap::new();
    let tag = format!("\"{}\"", served.edition);
    about.insert(header::ETAG, tag.parse().unwrap());
    if let Some(modified) = served.modified {
        let date = modified.format("%a, %d %b %Y %H:%M:%S GMT").to_string();
        about.insert(header::LAST_MODIFIED, date.parse().unwrap());
    }
    if headers
        .get(header::IF_NONE_MATCH)
        .is_some_and(|given| given.as_bytes() == tag.as_bytes())
    {
        served.unchanged += 1;
        return (StatusCode::NOT_MODIFIED, about).into_response();
    }
    (about, served.zip.clone()).into_response()
}
