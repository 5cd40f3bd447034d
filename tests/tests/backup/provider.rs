//! The European Central Bank's daily document with rates that a test chooses.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::http::header::CONTENT_TYPE;
use axum::routing::get;

/// Serves one document.
pub struct Provider {
    pub url: String,
    document: Arc<Mutex<String>>,
}

impl Provider {
    pub async fn start() -> Self {
        let document = Arc::new(Mutex::new(String::new()));
        let served = Arc::clone(&document);
        let answer = async move || ([(CONTENT_TYPE, "application/xml")], served.lock().unwrap().clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/daily.xml", listener.local_addr().unwrap());
        let router = Router::new().route("/daily.xml", get(answer));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, document }
    }

    /// From now on serves `day`: units of USD, JPY and KRW for one EUR.
    pub fn serve(&self, (day, [usd, jpy, krw]): (&str, [&str; 3])) {
        *self.document.lock().unwrap() = format!(
            "<gesmes:Envelope xmlns:gesmes='http://www.gesmes.org/xml/2002-08-01' xmlns='http://www.ecb.int/vocabulary/2002-08-01/eurofxref'>\
             <Cube><Cube time='{day}'><Cube currency='USD' rate='{usd}'/><Cube currency='JPY' rate='{jpy}'/><Cube currency='KRW' rate='{krw}'/>\
             </Cube></Cube></gesmes:Envelope>"
        );
    }
}
