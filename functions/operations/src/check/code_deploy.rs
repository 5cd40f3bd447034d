//! Three calls of CodeDeploy's API, in JSON.
//!
//! Source: "ListDeploymentTargets", "BatchGetDeploymentTargets" and "PutLifecycleEventHookExecutionStatus", AWS CodeDeploy API reference.

use std::time::Duration;

use aws_config::SdkConfig;
use serde_json::{Value, json};

use crate::signed::{Signed, SignedError};

/// How long one call may take.
const LIMIT: Duration = Duration::from_secs(10);
/// Characters of an answer that are repeated in an error.
const QUOTED: usize = 500;

/// Why CodeDeploy says nothing.
#[derive(Debug, thiserror::Error)]
pub(super) enum CodeDeployError {
    #[error("CodeDeploy's {action} has no answer")]
    Call { action: &'static str, source: SignedError },
    #[error("CodeDeploy's answer to {action} cannot be read")]
    Answer {
        action: &'static str,
        source: reqwest::Error,
    },
    #[error("CodeDeploy refuses {action}: {status} {text}")]
    Refused {
        action: &'static str,
        status: u16,
        text: String,
    },
    #[error("deployment {0} has no version of a function")]
    Nothing(String),
}

/// A function and its version, or an alias of it.
pub(super) struct FunctionVersion {
    pub(super) function: String,
    pub(super) version: String,
}

/// The API.
pub(super) struct CodeDeploy {
    api: Signed,
}

impl CodeDeploy {
    /// `endpoint` is for elsewhere than AWS.
    pub(super) fn new(config: SdkConfig, endpoint: Option<String>) -> Self {
        Self {
            api: Signed::new(config, "codedeploy", endpoint),
        }
    }

    /// The functions that a deployment leads to new versions, each with its new version.
    pub(super) async fn versions(&self, deployment: &str) -> Result<Vec<FunctionVersion>, CodeDeployError> {
        let listed = self
            .call("ListDeploymentTargets", &json!({"deploymentId": deployment}))
            .await?;
        let asked = json!({"deploymentId": deployment, "targetIds": listed["targetIds"]});
        let targets = self.call("BatchGetDeploymentTargets", &asked).await?;
        let targets = targets["deploymentTargets"].as_array().into_iter().flatten();
        let version = |target: &Value| {
            let function = &target["lambdaTarget"]["lambdaFunctionInfo"];
            let text = |name: &str| function[name].as_str().map(str::to_owned);
            Some(FunctionVersion {
                function: text("functionName")?,
                version: text("targetVersion")?,
            })
        };
        let versions: Vec<FunctionVersion> = targets.filter_map(version).collect();
        if versions.is_empty() {
            return Err(CodeDeployError::Nothing(deployment.to_owned()));
        }
        Ok(versions)
    }

    /// Says whether traffic may come.
    pub(super) async fn tell(&self, deployment: &str, hook: &str, succeeded: bool) -> Result<(), CodeDeployError> {
        let status = if succeeded { "Succeeded" } else { "Failed" };
        let verdict = json!({"deploymentId": deployment, "lifecycleEventHookExecutionId": hook, "status": status});
        self.call("PutLifecycleEventHookExecutionStatus", &verdict)
            .await
            .map(drop)
    }

    async fn call(&self, action: &'static str, payload: &Value) -> Result<Value, CodeDeployError> {
        let target = format!("CodeDeploy_20141006.{action}");
        let headers = [
            ("content-type", "application/x-amz-json-1.1"),
            ("x-amz-target", target.as_str()),
        ];
        let response = self
            .api
            .post("/", &headers, payload.to_string().into_bytes(), LIMIT)
            .await;
        let response = response.map_err(|source| CodeDeployError::Call { action, source })?;
        let status = response.status();
        if status.is_success() {
            return response
                .json()
                .await
                .map_err(|source| CodeDeployError::Answer { action, source });
        }
        let text = response
            .text()
            .await
            .map_err(|source| CodeDeployError::Answer { action, source })?;
        Err(CodeDeployError::Refused {
            action,
            status: status.as_u16(),
            text: shared::dead_letter::shortened(&text, QUOTED),
        })
    }
}
