//! Lambda that creates the topics, as a custom resource of the stack or invoked directly.

use operations::topics::WantedTopics;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    shared::telemetry::init()?;
    operations::custom_resource::run(WantedTopics::read, WantedTopics::ensure).await
}
