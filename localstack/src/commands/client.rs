//! The running stack, over HTTP.

use bytes::Bytes;

use super::CommandError;
use crate::feed::FeedStatus;
use crate::stack::{StackPaths, StackStatus, State};

/// A running, ready stack.
pub(super) struct Client {
    pub(super) state: State,
    http: reqwest::Client,
}

/// What a function answered.
pub(super) struct InvokeResponse {
    pub(super) payload: Bytes,
    pub(super) is_error: bool,
}

impl Client {
    /// Finds the stack of a checkout.
    pub(super) fn find(paths: &StackPaths) -> Result<Self, CommandError> {
        let state = State::running(paths)?.ok_or(CommandError::NotRunning)?;
        if !state.is_ready {
            return Err(CommandError::Starting);
        }
        // Everything is on this machine, whatever proxy the environment names.
        Ok(Self {
            state,
            http: reqwest::Client::builder().no_proxy().build()?,
        })
    }

    pub(super) async fn status(&self) -> Result<StackStatus, CommandError> {
        let response = self
            .http
            .get(format!("{}/_stack/status", self.state.endpoints.lambda))
            .send()
            .await?;
        Ok(successful(response).await?.json().await?)
    }

    pub(super) async fn feed(&self) -> Result<Option<FeedStatus>, CommandError> {
        let Some(feed) = &self.state.endpoints.feed else {
            return Ok(None);
        };
        let response = self.http.get(format!("{feed}/feed")).send().await?;
        Ok(Some(successful(response).await?.json().await?))
    }

    pub(super) async fn invoke(&self, function: &str, payload: Bytes) -> Result<InvokeResponse, CommandError> {
        let known: Vec<String> = self
            .status()
            .await?
            .lambda
            .functions
            .into_iter()
            .map(|function| function.name)
            .collect();
        if !known.iter().any(|name| name == function) {
            return Err(CommandError::UnknownFunction {
                name: function.to_owned(),
                known: known.join(", "),
            });
        }
        let url = format!(
            "{}/2015-03-31/functions/{function}/invocations",
            self.state.endpoints.lambda
        );
        let response = successful(self.http.post(url).body(payload).send().await?).await?;
        let is_error = response.headers().contains_key("x-amz-function-error");
        Ok(InvokeResponse {
            payload: response.bytes().await?,
            is_error,
        })
    }
}

async fn successful(response: reqwest::Response) -> Result<reqwest::Response, CommandError> {
    if response.status().is_success() {
        return Ok(response);
    }
    Err(CommandError::Status {
        status: response.status().as_u16(),
        text: response.text().await?,
    })
}
