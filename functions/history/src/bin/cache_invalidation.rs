//! Lambda for topic `cache_invalidation`. It wires; [`history::History::cache_invalidated`] decides.

use history::History;
use shared::config::environment;
use shared::event::CacheInvalidation;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    shared::telemetry::init()?;
    let service = History::read(&environment)?; // Once per cold start; warm invocations reuse its connections.
    shared::batch::run(&environment, async |events: &[CacheInvalidation]| {
        service.cache_invalidated(events).await
    })
    .await
}
