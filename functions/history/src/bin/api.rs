//! Lambda behind the history routes. It wires; [`history::api`] decides.

use std::sync::Arc;

use history::History;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    shared::telemetry::init()?;
    // Once per cold start, and once more when secrets were rotated; warm invocations reuse its connections.
    shared::api::serve(|get| Ok(history::api::routes(Arc::new(History::read(get)?)))).await
}
