//! Lambda behind the history routes. It wires; [`history::api`] decides.

use std::sync::Arc;

use history::History;
use shared::config::environment;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    shared::telemetry::init()?;
    let service = History::read(&environment)?; // Once per cold start; warm invocations reuse its connections.
    shared::api::serve(history::api::routes(Arc::new(service))).await
}
