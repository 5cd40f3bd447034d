//! Lambda for topic `new_data_received`. It wires; [`currency::Currency::new_data_received`] decides.

use currency::Currency;
use shared::config::environment;
use shared::event::NewDataReceived;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    shared::telemetry::init()?;
    let service = Currency::read(&environment)?; // Once per cold start; warm invocations reuse its connections.
    shared::batch::run(&environment, async |events: &[NewDataReceived]| {
        service.new_data_received(events).await
    })
    .await
}
