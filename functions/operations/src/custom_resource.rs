//! CloudFormation custom resources: a function is told to create, update or delete, and reports to a URL that it is given. The same function can be
//! invoked directly with any other JSON, and then answers with its report.
//!
//! Protocol: AWS CloudFormation User Guide, "Custom resource request and response objects".

use std::time::Duration;

use lambda_runtime::{Error, LambdaEvent};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use shared::config::{ConfigError, Get};
use shared::function::Instance;
use shared::trace::Trigger;

use crate::failure::{Classified, Failure, Kind};

/// Why CloudFormation cannot be answered.
#[derive(Debug, thiserror::Error)]
pub enum ProtocolError {
    /// It asks for something that there is not.
    #[error("request type {0:?}: allowed are Create, Update and Delete")]
    RequestType(String),
    /// It does not take the answer. The address is a key to it, so it is not repeated.
    #[error("cannot tell CloudFormation how it ended")]
    NotReported(#[source] reqwest::Error),
}

impl Classified for ProtocolError {
    fn kind(&self) -> Kind {
        match self {
            Self::RequestType(_) => Kind::RequestType,
            Self::NotReported(_) => Kind::NotReported,
        }
    }
}

/// What CloudFormation asks.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Request {
    request_type: String,
    #[serde(rename = "ResponseURL")]
    response_url: String,
    stack_id: String,
    request_id: String,
    logical_resource_id: String,
    physical_resource_id: Option<String>,
}

/// Serves a function whose `work` makes something exist that may exist already, with the service that `build` makes.
///
/// A deletion is acknowledged and does nothing: topics and tables hold data, which outlives a stack.
///
/// # Errors
/// When the Runtime API ends.
pub async fn run<S, R: Serialize, F: Into<Failure>>(
    build: impl Fn(Get<'_>) -> Result<S, ConfigError>,
    work: impl AsyncFn(&S) -> Result<R, F>,
) -> Result<(), Error> {
    let work = &async |service: &S| work(service).await.map_err(Into::<Failure>::into);
    match Instance::start(&build).await {
        Ok(instance) => {
            let handle = async |service: &S, event: &LambdaEvent<Value>| {
                handle(&event.payload, async || work(service).await).await
            };
            instance.serve(Trigger::Other, handle, Result::is_err).await
        }
        // A function that ends tells CloudFormation nothing, which then waits for an hour. This one says what is wrong, until it can start.
        Err(_) => {
            let handle = async |(): &(), event: &LambdaEvent<Value>| {
                let start = async || work(Instance::start(&build).await?.service()).await;
                handle(&event.payload, start).await
            };
            shared::function::run(Trigger::Other, |_| Ok(()), handle).await
        }
    }
}

async fn handle<R: Serialize>(event: &Value, work: impl AsyncFn() -> Result<R, Failure>) -> Result<Value, Failure> {
    let work = async || serde_json::to_value(work().await?).map_err(|error| Failure::answer(&error));
    let Ok(request) = Request::deserialize(event) else {
        return work().await;
    };
    let outcome = match request.request_type.as_str() {
        "Create" | "Update" => work().await,
        "Delete" => Ok(Value::Null),
        other => Err(ProtocolError::RequestType(other.to_owned()).into()),
    };
    let (status, reason) = match &outcome {
        Ok(_) => ("SUCCESS", String::new()),
        Err(failure) => ("FAILED", failure.to_string()),
    };
    let physical = request
        .physical_resource_id
        .unwrap_or_else(|| request.logical_resource_id.clone());
    let report = json!({
        "Status": status, "Reason": reason, "PhysicalResourceId": physical, "StackId": request.stack_id,
        "RequestId": request.request_id, "LogicalResourceId": request.logical_resource_id,
        "Data": {"Report": outcome.as_ref().map(ToString::to_string).unwrap_or_default()},
    });
    tell(&request.response_url, report.to_string()).await?;
    outcome
}

async fn tell(url: &str, report: String) -> Result<(), ProtocolError> {
    let not_reported = |error: reqwest::Error| ProtocolError::NotReported(error.without_url());
    let client = reqwest::Client::builder()
        .timeout(Duration::from_secs(10))
        .build()
        .map_err(not_reported)?;
    let answer = client.put(url).body(report).send().await.map_err(not_reported)?;
    answer.error_for_status().map_err(not_reported)?;
    Ok(())
}
