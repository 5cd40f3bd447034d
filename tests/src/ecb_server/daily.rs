//! The daily document, with the rates that a test gives it.

use std::fmt::Write as _;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::http::header::CONTENT_TYPE;
use axum::routing::get;
use chrono::NaiveDate;

/// Units of each currency for one EUR, as the document prints them.
pub type Printed = Vec<(String, String)>;

/// A server of the daily document.
pub struct EcbDaily {
    provider_urls: String,
    document: Arc<Mutex<String>>,
}

impl EcbDaily {
    /// Serves on a free port; nothing yet.
    ///
    /// # Panics
    /// When there is no free port.
    pub async fn start() -> Self {
        let document = Arc::new(Mutex::new(String::new()));
        let served = Arc::clone(&document);
        let answer = move || async move { ([(CONTENT_TYPE, "application/xml")], served.lock().unwrap().clone()) };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let provider_urls = format!("ecb=http://{}/eurofxref-daily.xml", listener.local_addr().unwrap());
        let router = Router::new().route("/eurofxref-daily.xml", get(answer));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self {
            provider_urls,
            document,
        }
    }

    /// The document's address, as the parameter `ProviderUrls` has it.
    #[must_use]
    pub fn provider_urls(&self) -> &str {
        &self.provider_urls
    }

    /// From now on serves these rates of this day.
    ///
    /// # Panics
    /// Never, unless a thread panicked here before.
    pub fn publish(&self, day: NaiveDate, rates: &Printed) {
        let mut text = format!(
            "<gesmes:Envelope xmlns:gesmes=\"http://www.gesmes.org/xml/2002-08-01\" xmlns=\"http://www.ecb.int/vocabulary/2002-08-01/eurofxref\"><Cube><Cube time='{day}'>"
        );
        for (code, rate) in rates {
            write!(text, "<Cube currency='{code}' rate='{rate}'/>").unwrap();
        }
        text.push_str("</Cube></Cube></gesmes:Envelope>");
        *self.document.lock().unwrap() = text;
    }
}
