//! Lambda behind the ranking routes. It wires; [`ranking`] decides.

use std::sync::Arc;

use ranking::Ranking;
use shared::config::environment;

/// One thread: an instance answers one request at a time.
#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    shared::telemetry::init()?;
    let ranking = Ranking::read(&environment)?;
    shared::api::serve(ranking::api::routes(Arc::new(ranking))).await
}
