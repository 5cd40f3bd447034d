//! Lambda that publishes a span of the ECB's history. It wires; [`operations::backfill::Backfill::run`] decides.

use lambda_runtime::{Error, LambdaEvent};
use operations::backfill::{Backfill, BackfillRequest};
use shared::trace::Trigger;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    shared::telemetry::init()?;
    let handle = async |backfill: &Backfill, event: &LambdaEvent<BackfillRequest>| -> Result<_, Error> {
        let time_left = event
            .context
            .deadline()
            .duration_since(std::time::SystemTime::now())
            .unwrap_or_default();
        let report = backfill.run(&event.payload, time_left).await;
        // The runtime answers with an error's own sentence alone, and the cause is what people need.
        report.map_err(|error| shared::apply::chain(&error).into())
    };
    shared::function::run(Trigger::Other, Backfill::read, handle).await
}
