//! Lambda that publishes a span of the ECB's history. It wires; [`operations::backfill::Backfill::run`] decides.

use lambda_runtime::{Error, LambdaEvent};
use operations::backfill::{Backfill, BackfillReport, BackfillRequest};
use operations::failure::Failure;
use serde_json::value::RawValue;
use shared::trace::Trigger;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    shared::telemetry::init()?;
    let handle = async |backfill: &Backfill, event: &LambdaEvent<Box<RawValue>>| -> Result<BackfillReport, Failure> {
        let time_left = event
            .context
            .deadline()
            .duration_since(std::time::SystemTime::now())
            .unwrap_or_default();
        let request = BackfillRequest::parse(event.payload.get())?;
        Ok(backfill.run(&request, time_left).await?)
    };
    shared::function::run(Trigger::Other, Backfill::read, handle).await
}
