//! Lambda for topic `exchange_rate_updated`. It wires; [`currency::Currency::rate_updated`] decides.

use currency::Currency;
use shared::config::environment;
use shared::event::ExchangeRateUpdated;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    shared::telemetry::init()?;
    let service = Currency::read(&environment)?; // Once per cold start; warm invocations reuse its connections.
    shared::batch::run(&environment, async |events: &[ExchangeRateUpdated]| {
        service.rate_updated(events).await
    })
    .await
}
