//! Lambda behind the ranking routes. It wires; [`ranking`] decides.

use std::sync::Arc;

use ranking::Ranking;

/// One thread: an instance answers one request at a time.
#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    shared::telemetry::init()?;
    // Once per cold start, and once more when secrets were rotated; warm invocations reuse its connections.
    shared::api::serve(|get| Ok(ranking::api::routes(Arc::new(Ranking::read(get)?)))).await
}
