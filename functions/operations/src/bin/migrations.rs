//! Lambda that creates and changes the tables, as a custom resource of the stack or invoked directly.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    shared::telemetry::init()?;
    operations::custom_resource::run(shared::store::pool, operations::migrations::apply).await
}
