//! Lambda behind the routes of current rates. It wires; [`currency::api`] decides.

use std::sync::Arc;

use currency::Currency;
use shared::config::environment;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    shared::telemetry::init()?;
    let service = Currency::read(&environment)?; // Once per cold start; warm invocations reuse its connections.
    shared::api::serve(currency::api::routes(Arc::new(service))).await
}
