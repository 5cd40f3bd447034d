//! Lambda for topic `exchange_rate_updated`. It wires; [`history::History::rate_updated`] decides.

use history::History;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    shared::telemetry::init()?;
    // Once per cold start, and once more when secrets were rotated; warm invocations reuse its connections.
    shared::batch::run(History::read, History::rate_updated).await
}
