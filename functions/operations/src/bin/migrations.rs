//! Lambda that creates and changes the tables, as a custom resource of the stack or invoked directly.

use shared::config::environment;
use tokio::sync::OnceCell;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    shared::telemetry::init()?;
    let pool = OnceCell::new();
    operations::custom_resource::run(async || operations::migrations::ensure(&environment, &pool).await).await
}
