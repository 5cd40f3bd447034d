//! Custom resources: the template's functions that create topics, tables and the like, run as CloudFormation runs them.
//!
//! Source: "Custom resource reference", AWS CloudFormation user guide. Each start sends `Create`, so they must be
//! repeatable, as they must be on AWS, where a lost response is repeated too.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use axum::http::StatusCode;
use bytes::Bytes;
use serde::Deserialize;
use tokio::sync::oneshot;

use crate::error::EmulatorError;
use crate::function::Function;
use crate::sync::lock;
use crate::template::CustomResource;

/// Where functions put their responses, below the base URL.
pub(crate) const RESPONSE_PATH: &str = "/_cloudformation/response";

/// Responses that are waited for, by the id in their URL.
#[derive(Default)]
pub(crate) struct PendingResponses(Mutex<HashMap<String, oneshot::Sender<Bytes>>>);

/// What is created, and where its function responds.
pub(crate) struct CreateRequest<'a> {
    pub(crate) resource: &'a CustomResource,
    pub(crate) stack_id: &'a str,
    pub(crate) base_url: &'a str,
}

/// What a function puts to the response URL.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ResourceResponse {
    status: String,
    reason: Option<String>,
}

impl PendingResponses {
    fn register(&self, id: &str) -> oneshot::Receiver<Bytes> {
        let (sender, receiver) = oneshot::channel();
        lock(&self.0).insert(id.to_owned(), sender);
        receiver
    }

    fn forget(&self, id: &str) {
        lock(&self.0).remove(id);
    }

    /// Takes a function's response: 404 when it is not waited for.
    pub(crate) fn receive(&self, id: &str, body: Bytes) -> StatusCode {
        let pending = lock(&self.0).remove(id);
        match pending.map(|sender| sender.send(body)) {
            Some(Ok(())) => StatusCode::OK,
            Some(Err(_)) | None => StatusCode::NOT_FOUND,
        }
    }
}

/// Creates one custom resource with the function behind it.
pub(crate) async fn create(
    request: &CreateRequest<'_>,
    function: &Arc<Function>,
    pending: &PendingResponses,
) -> Result<(), EmulatorError> {
    let resource = request.resource;
    let failed = |reason: String| EmulatorError::CustomResource {
        logical_id: resource.logical_id.clone(),
        function: resource.function.clone(),
        reason,
    };
    let id = uuid::Uuid::new_v4().to_string();
    let receiver = pending.register(&id);
    let event = serde_json::json!({
        "RequestType": "Create",
        "ResponseURL": format!("{}{RESPONSE_PATH}/{id}", request.base_url.trim_end_matches('/')),
        "StackId": request.stack_id,
        "RequestId": uuid::Uuid::new_v4(),
        "ResourceType": resource.kind,
        "LogicalResourceId": resource.logical_id,
        "ResourceProperties": resource.properties,
    });
    let run = async {
        let invocation = function.invoke(Bytes::from(event.to_string())).await?;
        if invocation.function_error.is_some() {
            return Err(failed(String::from_utf8_lossy(&invocation.payload).into_owned()));
        }
        let body = receiver.await.map_err(|_| failed("its answer was lost".to_owned()))?;
        let response: ResourceResponse = serde_json::from_slice(&body)
            .map_err(|error| failed(format!("its answer is {:?}: {error}", String::from_utf8_lossy(&body))))?;
        match response.status.as_str() {
            "SUCCESS" => Ok(()),
            "FAILED" => Err(failed(
                response.reason.unwrap_or_else(|| "it gave no reason".to_owned()),
            )),
            other => Err(failed(format!(
                "its answer's Status is {other:?}, allowed: SUCCESS, FAILED"
            ))),
        }
    };
    let result = tokio::time::timeout(resource.timeout, run).await;
    pending.forget(&id);
    result.unwrap_or_else(|_| Err(failed(format!("no answer within {} s", resource.timeout.as_secs()))))
}
