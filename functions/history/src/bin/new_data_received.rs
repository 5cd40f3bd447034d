//! Lambda for topic `new_data_received`. It wires; [`history::History::new_data_received`] decides.

use history::History;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    shared::telemetry::init()?;
    // Once per cold start, and once more when secrets were rotated; warm invocations reuse its connections.
    shared::batch::run(History::read, History::new_data_received).await
}
