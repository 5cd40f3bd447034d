//! HTTP as providers are asked: bounded in time and size, repeated where that may help, silent about URLs (keys are in them).

mod request;
mod response;

use reqwest::Client;
use shared::error_chain::error_chain;
use tokio::sync::OnceCell;

pub use self::request::{ProviderRequest, RequestContext, RequestLimits};
pub use self::response::ProviderResponse;
use super::error::ProviderError;

/// The client, made at the first request: reading the root certificates takes longer than all else at a cold start.
#[derive(Default)]
pub struct Http {
    client: OnceCell<Client>,
}

impl Http {
    /// Makes the client ahead of the first request; a failure comes up there.
    pub async fn prepare(&self) {
        if let Err(error) = self.client().await {
            tracing::debug!(error = error_chain(&error), "The HTTP client cannot be made");
        }
    }

    async fn client(&self) -> Result<&Client, ProviderError> {
        let build = async || {
            Client::builder()
                .user_agent(concat!("hwanyul/", env!("CARGO_PKG_VERSION")))
                .redirect(reqwest::redirect::Policy::limited(3))
                // A referrer would carry the key in the URL to whoever we are sent to.
                .referer(false)
                .build()
        };
        self.client.get_or_try_init(build).await.map_err(ProviderError::Request)
    }
}
