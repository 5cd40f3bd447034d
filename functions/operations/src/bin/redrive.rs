//! Lambda behind the backup queue, which also administers dead letters. It wires; [`operations::redrive::Redrive::handle`] decides.

use lambda_runtime::{Error, LambdaEvent};
use operations::failure::Failure;
use operations::redrive::Redrive;
use serde_json::value::RawValue;
use shared::trace::Trigger;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    shared::telemetry::init()?;
    let handle = async |redrive: &Redrive, event: &LambdaEvent<Box<RawValue>>| -> Result<Box<RawValue>, Failure> {
        let deadline = event.context.deadline();
        let time_left = deadline
            .duration_since(std::time::SystemTime::now())
            .unwrap_or_default();
        Ok(redrive.handle(event.payload.get(), time_left).await?)
    };
    shared::function::run(Trigger::Other, Redrive::read, handle).await
}
