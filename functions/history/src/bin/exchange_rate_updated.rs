//! Lambda for topic `exchange_rate_updated`. It wires; [`history::History::rate_updated`] decides.

use history::History;
use shared::config::environment;
use shared::event::ExchangeRateUpdated;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    shared::telemetry::init()?;
    let service = History::read(&environment)?; // Once per cold start; warm invocations reuse its connections.
    shared::batch::run(&environment, async |events: &[ExchangeRateUpdated]| {
        service.rate_updated(events).await
    })
    .await
}
