//! The console's server: the built page with the headers that the template gives it, the HTTP API beside it, and what the page reads of the pipeline.
//!
//! Everything is on one address, as behind the template's distribution, so the page asks nobody else. `routes` lists the addresses below `/pipeline`; `access` says
//! who may ask for them. `snapshots` and what it uses read how the pipeline fares, `traces` keeps the runs, `run`, `poison`, `dead_letters` and `servers` do what
//! buttons ask for. `static_files` serves the page.

mod access;
mod api_error;
mod cache_entries;
mod cache_metrics;
mod dead_letters;
mod held_rates;
mod json_body;
mod poison;
mod routes;
mod run;
mod servers;
mod snapshots;
mod state;
mod static_files;
mod timeline;
mod topic_throughput;
mod traces;

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::routing::get;
use emulator::Template;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use self::dead_letters::DeadLetterCache;
use self::snapshots::Snapshots;
use self::traces::TraceBuffer;
use super::context::StackContext;
use super::{StackError, StackPaths};

pub use self::routes::document;
pub(super) use self::static_files::is_built;

/// Seconds from one request of the page for the rates to the next: the feed moves every four.
const POLL_SECONDS: u64 = 2;

/// What the routes below `/pipeline` share: the stack, and what the console remembers between two requests.
#[derive(Clone)]
pub(super) struct Console {
    context: Arc<StackContext>,
    snapshots: Arc<Snapshots>,
    traces: Arc<TraceBuffer>,
    dead_letters: Arc<DeadLetterCache>,
    may_control: bool,
}

impl Console {
    /// The console of a stack with the functions and topics of `template`, whose functions' caches are in `redis`, a URL. Nothing is served yet.
    pub(super) fn new(context: Arc<StackContext>, template: &Template, redis: &str, may_control: bool) -> Self {
        let readers = template.http_routes.iter().map(|route| route.function.clone());
        let readers = readers.collect::<std::collections::BTreeSet<_>>();
        Self {
            snapshots: Arc::new(Snapshots::new(template, &readers, redis, context.paths.logs())),
            traces: Arc::new(TraceBuffer::new(readers)),
            dead_letters: Arc::default(),
            context,
            may_control,
        }
    }

    /// The stack that it shows.
    pub(super) fn stack(&self) -> &Arc<StackContext> {
        &self.context
    }

    /// Where functions send their spans.
    pub(super) fn trace_receiver(&self) -> Router {
        traces::receiver(Arc::clone(&self.traces))
    }
}

/// Serves the console until the handle is aborted.
pub(super) async fn serve(
    console: Console,
    paths: &StackPaths,
    listener: TcpListener,
) -> Result<JoinHandle<()>, StackError> {
    let address = listener
        .local_addr()
        .map_err(StackError::system("find the console's port"))?;
    let pipeline = if console.may_control { "control" } else { "view" };
    let is_replay = !console.context.state.read().await.live;
    let config = serde_json::json!({"pipeline": pipeline, "poll_seconds": POLL_SECONDS, "replay": is_replay});
    let http_api = match console.context.emulator().await {
        Some(emulator) => emulator.http_api_router(&["/api/{*rest}", "/health/{*rest}", "/openapi.json"]),
        None => Router::new(),
    };
    let control = axum::middleware::from_fn_with_state(console.clone(), access::control);
    let own_page = axum::middleware::from_fn_with_state(address.port(), access::own_page);
    let pipeline = routes::reads()
        .merge(routes::controls().route_layer(control))
        .route_layer(own_page)
        .with_state(console);
    let router = Router::new()
        .route("/config.json", get(async move || axum::Json(config)))
        .merge(pipeline)
        .fallback_service(static_files::files(paths));
    let router = static_files::with_headers(router, paths)?.merge(http_api);
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    Ok(tokio::spawn(async move {
        if let Err(error) = axum::serve(listener, service).await {
            tracing::error!(error = &error as &dyn std::error::Error, "The console ended");
        }
    }))
}
