//! Lambda that CodeDeploy asks before traffic goes to a new version of a function. It wires; [`operations::check::Check::handle`] decides.

use lambda_runtime::{Error, LambdaEvent};
use operations::check::{Check, CheckReport};
use operations::failure::Failure;
use serde_json::value::RawValue;
use shared::trace::Trigger;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    shared::telemetry::init()?;
    let handle = async |check: &Check, event: &LambdaEvent<Box<RawValue>>| -> Result<CheckReport, Failure> {
        Ok(check.handle(event.payload.get()).await?)
    };
    shared::function::run(Trigger::Other, Check::read, handle).await
}
