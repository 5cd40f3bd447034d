//! Custom resources: the template's functions that create topics, tables and the like, run as CloudFormation runs them.
//!
//! Source: "Custom resource reference", AWS CloudFormation user guide. Each start sends `Create`, so they must be
//! repeatable, as they must be on AWS, where a lost answer is repeated too.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use axum::extract::{Path, State};
use axum::http::StatusCode;
use bytes::Bytes;
use serde::Deserialize;
use tokio::sync::oneshot;

use super::template::CustomResource;
use super::{EmulatorError, Inner, lock};

/// Where functions put their answers, below the base URL.
pub(super) const RESPONSE_PATH: &str = "/_cloudformation/response";

/// Answers that are waited for, by the id in their URL.
pub(super) type Waiting = Mutex<HashMap<String, oneshot::Sender<Bytes>>>;

/// What a function answers.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Answer {
    status: String,
    reason: Option<String>,
}

/// Creates one custom resource.
pub(super) async fn create(inner: &Inner, resource: &CustomResource, base_url: &str) -> Result<(), EmulatorError> {
    let failed = |reason: String| EmulatorError::CustomResource {
        logical_id: resource.logical_id.clone(),
        function: resource.function.clone(),
        reason,
    };
    let id = uuid::Uuid::new_v4().to_string();
    let (sender, receiver) = oneshot::channel();
    lock(&inner.waiting).insert(id.clone(), sender);
    let event = serde_json::json!({
        "RequestType": "Create",
        "ResponseURL": format!("{}{RESPONSE_PATH}/{id}", base_url.trim_end_matches('/')),
        "StackId": inner.template.stack_id,
        "RequestId": uuid::Uuid::new_v4(),
        "ResourceType": resource.kind,
        "LogicalResourceId": resource.logical_id,
        "ResourceProperties": resource.properties,
    });
    let run = async {
        let function = inner.function(&resource.function)?;
        let invocation = function.invoke(Bytes::from(event.to_string())).await?;
        if invocation.function_error.is_some() {
            return Err(failed(String::from_utf8_lossy(&invocation.payload).into_owned()));
        }
        let body = receiver.await.map_err(|_| failed("its answer was lost".to_owned()))?;
        let answer: Answer = serde_json::from_slice(&body)
            .map_err(|error| failed(format!("its answer is {:?}: {error}", String::from_utf8_lossy(&body))))?;
        match answer.status.as_str() {
            "SUCCESS" => Ok(()),
            "FAILED" => Err(failed(answer.reason.unwrap_or_else(|| "it gave no reason".to_owned()))),
            other => Err(failed(format!(
                "its answer's Status is {other:?}, allowed: SUCCESS, FAILED"
            ))),
        }
    };
    let result = tokio::time::timeout(resource.timeout, run).await;
    lock(&inner.waiting).remove(&id);
    result.unwrap_or_else(|_| Err(failed(format!("no answer within {} s", resource.timeout.as_secs()))))
}

/// Takes a function's answer.
pub(super) async fn receive(State(inner): State<Arc<Inner>>, Path(id): Path<String>, body: Bytes) -> StatusCode {
    let waiting = lock(&inner.waiting).remove(&id);
    match waiting.map(|sender| sender.send(body)) {
        Some(Ok(())) => StatusCode::OK,
        Some(Err(_)) | None => StatusCode::NOT_FOUND,
    }
}
