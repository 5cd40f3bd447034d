//! Lambda `ingestor`, invoked on a schedule or by hand. It wires; `ingestor::Ingestor` decides.

use chrono::Utc;
use ingestor::{Config, IngestError, Ingestor, Request, Summary};
use lambda_runtime::{Error, LambdaEvent};
use serde_json::Value;
use shared::config::Get;
use shared::error_chain::error_chain;
use shared::function::Instance;
use shared::trace::{self, Trigger};

#[tokio::main]
async fn main() -> Result<(), Error> {
    shared::telemetry::init()?;
    let build = |get: Get<'_>| Config::read(get).map(Ingestor::new);
    let handle = async |ingestor: &Ingestor, event: &LambdaEvent<Value>| answer(ingestor, event.payload.clone()).await;
    let instance = Instance::start(build)
        .await
        .inspect_err(|error| tracing::error!(error = error_chain(error), "The ingestor cannot start"))?;
    instance.serve(Trigger::Other, handle, Result::is_err).await
}

async fn answer(ingestor: &Ingestor, input: Value) -> Result<Summary, IngestError> {
    if Request::is_scheduled(&input) {
        trace::triggered_by(Trigger::Timer);
    }
    let run = async { ingestor.run(Request::from_input(input)?, Utc::now()).await };
    run.await
        .inspect_err(|error| tracing::error!(error = error_chain(error), "The run failed"))
}
