//! Lambda that creates the topics, as a custom resource of the stack or invoked directly.

use shared::config::environment;
use tokio::sync::OnceCell;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    shared::telemetry::init()?;
    let topics = OnceCell::new();
    operations::custom_resource::run(async || operations::topics::ensure(&environment, &topics).await).await
}
