//! Lambda that creates the topics, as a custom resource of the stack or invoked directly.

use shared::config::environment;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    shared::telemetry::init()?;
    operations::custom_resource::run(async || operations::topics::ensure(&environment).await).await
}
