//! Lambda for topic `data_processing_completed`. It wires; [`currency::Currency::processing_completed`] decides.

use currency::Currency;
use shared::config::environment;
use shared::event::DataProcessingCompleted;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    shared::telemetry::init()?;
    let service = Currency::read(&environment)?; // Once per cold start; warm invocations reuse its connections.
    shared::batch::run(&environment, async |events: &[DataProcessingCompleted]| {
        service.processing_completed(events).await
    })
    .await
}
