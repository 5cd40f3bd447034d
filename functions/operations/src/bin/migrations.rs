//! Lambda that creates and changes the tables, as a custom resource of the stack or invoked directly.

use shared::config::environment;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    shared::telemetry::init()?;
    operations::custom_resource::run(async || operations::migrations::ensure(&environment).await).await
}
