//! Lambda for topic `new_data_received`. It wires; [`currency::Currency::new_data_received`] decides.

use currency::Currency;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    shared::telemetry::init()?;
    // Once per cold start, and once more when secrets were rotated; warm invocations reuse its connections.
    shared::batch::run(Currency::read, Currency::new_data_received).await
}
