//! Lambda behind the routes of current rates. It wires; [`currency::api`] decides.

use std::sync::Arc;

use currency::Currency;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    shared::telemetry::init()?;
    // Once per cold start, and once more when secrets were rotated; warm invocations reuse its connections.
    shared::api::serve(|get| Ok(currency::api::routes(Arc::new(Currency::read(get)?)))).await
}
