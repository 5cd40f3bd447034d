//! Lambda for topic `data_processing_completed`. It wires; [`currency::Currency::processing_completed`] decides.

use currency::Currency;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    shared::telemetry::init()?;
    // Once per cold start, and once more when secrets were rotated; warm invocations reuse its connections.
    shared::batch::run(Currency::read, Currency::processing_completed).await
}
