//! The console's server: the built page with the headers that the template gives it, the HTTP API beside it, and what the page is told of the pipeline.
//!
//! Everything is on one address, as behind the template's distribution, so the page asks nobody else. `page` serves files, `guard` says who may tell the stack
//! what to do, `look` and what it uses read how the pipeline fares, `traces` keeps the runs, `run`, `poison`, `dead_letters` and `servers` do what buttons ask for.

mod body;
mod cache;
mod dead_letters;
mod description;
mod flow;
mod guard;
mod held;
mod look;
mod page;
mod poison;
mod reads;
mod run;
mod servers;
mod state;
mod timeline;
mod traces;

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use axum::Router;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use clap::ValueEnum;
use serde::Serialize;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use utoipa::ToSchema;

use super::interface::Parts;
use super::{Places, StackError};

pub(super) use self::dead_letters::DeadLetterCache;
pub use self::description::document;
pub(super) use self::look::{Looks, readers};
pub(super) use self::page::is_built;
pub(super) use self::traces::{Traces, receiver};

/// Seconds from one look of the page at the rates to the next: the feed moves every four.
const POLL_SECONDS: u64 = 2;

/// What the console shows of the pipeline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum ConsoleMode {
    /// It is seen and can be worked with: runs, poison, servers that are stopped and started.
    #[default]
    Control,
    /// It is seen.
    View,
    /// There is no console.
    Off,
}

/// What the routes below `/pipeline` share.
#[derive(Clone)]
struct Console {
    parts: Arc<Parts>,
    may_control: bool,
}

/// Why the console does not do what it was asked to.
#[derive(Debug, Serialize, ToSchema)]
struct Refusal {
    #[serde(skip)]
    status: StatusCode,
    /// A sentence.
    error: String,
}

impl Refusal {
    fn new(status: StatusCode, error: impl Into<String>) -> Self {
        Self {
            status,
            error: error.into(),
        }
    }

    fn stopping() -> Self {
        Self::unavailable("the stack is stopping")
    }

    fn unavailable(error: impl Into<String>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, error)
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        (self.status, axum::Json(self)).into_response()
    }
}

/// Serves the console on `port` until the handle is aborted.
pub(super) async fn serve(
    parts: Arc<Parts>,
    mode: ConsoleMode,
    places: &Places,
    port: u16,
) -> Result<JoinHandle<()>, StackError> {
    let listening = StackError::system(format!("listen on port {port}"));
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))
        .await
        .map_err(listening)?;
    let may_control = mode == ConsoleMode::Control;
    let pipeline = if may_control { "control" } else { "view" };
    let is_replay = !parts.state.read().await.live;
    let config = serde_json::json!({"pipeline": pipeline, "poll_seconds": POLL_SECONDS, "replay": is_replay});
    let http_api = match parts.emulator().await {
        Some(emulator) => emulator.http_api_router(&["/api/{*rest}", "/health/{*rest}", "/openapi.json"]),
        None => Router::new(),
    };
    let console = Console { parts, may_control };
    let control = axum::middleware::from_fn_with_state(console.clone(), guard::control);
    let own_page = axum::middleware::from_fn_with_state(port, guard::own_page);
    let told = description::tells().route_layer(control);
    let own = description::looks()
        .merge(told)
        .route_layer(own_page)
        .with_state(console);
    let router = Router::new()
        .route("/config.json", get(async move || axum::Json(config)))
        .merge(own)
        .fallback_service(page::files(places));
    let router = page::with_headers(router, places)?.merge(http_api);
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    Ok(tokio::spawn(async move {
        if let Err(error) = axum::serve(listener, service).await {
            tracing::error!(error = &error as &dyn std::error::Error, "The console ended");
        }
    }))
}
