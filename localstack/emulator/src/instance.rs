//! One running copy of a function: its process, and the Runtime API it talks to.

mod launch;
mod log;

use std::process::{ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use chrono::Utc;
use tokio::process::{Child, Command};
use tokio::sync::oneshot;

use crate::aws::{REGION, function_arn};
use crate::runtime_api::{FunctionResponse, InitState, InvocationRequest, RuntimeApi, error_json};
use crate::template::FunctionSpec;

pub(super) use launch::{LaunchConfig, check_setpriv};

use log::ProcessLog;

/// How long a function may take from its start to its first `next`, as on AWS.
const INIT_LIMIT: Duration = Duration::from_secs(10);

/// How an invocation on one instance ended.
pub(super) enum InvocationEnd {
    /// The function responded; the instance can be used again.
    Responded(FunctionResponse),
    /// The process ended without a response.
    Exited(Bytes),
    /// The process had ended before it took the event, so the event may go to another instance.
    NotTaken,
    /// The function took too long, and its process was killed.
    TimedOut(Bytes),
}

/// One running copy of a function. Dropping it kills its process.
pub(super) struct Instance {
    child: Child,
    api: RuntimeApi,
    log: Arc<ProcessLog>,
    _counted: Counted,
}

/// Counts an instance as long as it exists.
struct Counted(Arc<AtomicUsize>);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Instance {
    /// Starts the process. It is killed when this process dies, however that happens.
    pub(super) async fn spawn(
        spec: &FunctionSpec,
        launch: &LaunchConfig,
        instances: &Arc<AtomicUsize>,
    ) -> std::io::Result<Self> {
        let api = RuntimeApi::start().await?;
        let (log, stdout, stderr) = ProcessLog::start(&launch.log)?;
        let stream = format!(
            "{}/[$LATEST]{}",
            Utc::now().format("%Y/%m/%d"),
            uuid::Uuid::new_v4().simple()
        );
        let child = Command::new("setpriv")
            .args(["--pdeathsig", "KILL", "--"])
            .arg(&launch.bootstrap)
            .current_dir(&launch.task_root)
            .env_clear()
            .envs(&launch.environment)
            .envs([
                ("AWS_LAMBDA_RUNTIME_API", api.address.to_string()),
                ("AWS_LAMBDA_FUNCTION_NAME", spec.name.clone()),
                ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", spec.memory_mb.to_string()),
                ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST".to_owned()),
                ("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand".to_owned()),
                ("AWS_LAMBDA_LOG_GROUP_NAME", format!("/aws/lambda/{}", spec.name)),
                ("AWS_LAMBDA_LOG_STREAM_NAME", stream),
                ("AWS_DEFAULT_REGION", REGION.to_owned()),
                ("LAMBDA_TASK_ROOT", launch.task_root.display().to_string()),
                ("_HANDLER", spec.handler.clone()),
                ("PATH", "/usr/local/bin:/usr/bin:/bin".to_owned()),
                ("TZ", ":UTC".to_owned()),
            ])
            .stdin(Stdio::null())
            .stdout(stdout)
            .stderr(stderr)
            .kill_on_drop(true)
            .spawn()?;
        instances.fetch_add(1, Ordering::Relaxed);
        Ok(Self {
            child,
            api,
            log,
            _counted: Counted(Arc::clone(instances)),
        })
    }

    /// Whether the process still runs.
    pub(super) fn is_alive(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// What it has written during its last invocation, the end of it; before the first, since its start.
    pub(super) fn log_tail(&self) -> Vec<u8> {
        self.log.tail()
    }

    /// Adds to the function's log what the function could not write itself: why its process is gone.
    pub(super) fn append_log(&self, error: &[u8]) {
        self.log.append_line(error);
    }

    /// Waits until the function asks for its first event; the error is what an invocation then responds with.
    pub(super) async fn ready(&mut self, request_id: &str) -> Result<(), Bytes> {
        let mut init = self.api.init.clone();
        tokio::select! {
            biased;
            changed = init.wait_for(|init| *init != InitState::Starting) => match changed.map(|init| init.clone()) {
                Ok(InitState::Failed(error)) => Err(error),
                Ok(InitState::Ready | InitState::Starting) => Ok(()),
                Err(_) => Err(error_json("Runtime.ExitError", "the runtime API ended")),
            },
            status = self.child.wait() => match &*self.api.init.borrow() {
                InitState::Failed(error) => Err(error.clone()),
                InitState::Ready | InitState::Starting => Err(exit_error(request_id, status)),
            },
            () = tokio::time::sleep(INIT_LIMIT) => Err(error_json(
                "Sandbox.Timedout",
                &format!("RequestId: {request_id} Error: Init phase timed out after {:.2} seconds", INIT_LIMIT.as_secs_f64()),
            )),
        }
    }

    /// Hands the event to the function and waits for its response.
    pub(super) async fn invoke(&mut self, spec: &FunctionSpec, request_id: &str, payload: Bytes) -> InvocationEnd {
        let (reply, mut response) = oneshot::channel();
        let timeout_ms = i64::try_from(spec.timeout.as_millis()).unwrap_or(i64::MAX);
        let Ok(function_arn) = function_arn(&spec.name).parse() else {
            return InvocationEnd::Exited(error_json(
                "InvalidFunctionName",
                &format!("{:?} cannot stand in a header", spec.name),
            ));
        };
        let request = InvocationRequest {
            request_id: request_id.to_owned(),
            payload,
            deadline_ms: Utc::now().timestamp_millis().saturating_add(timeout_ms),
            function_arn,
            trace_id: trace_id(),
            reply,
        };
        self.log.begin();
        if self.api.requests.try_send(request).is_err() {
            return InvocationEnd::NotTaken;
        }
        tokio::select! {
            biased;
            response = &mut response => match response {
                Ok(response) => InvocationEnd::Responded(response),
                Err(_) => InvocationEnd::NotTaken,
            },
            status = self.child.wait() => match response.try_recv() {
                Ok(response) => InvocationEnd::Responded(response),
                Err(_) if self.api.has_unanswered_request() => InvocationEnd::Exited(exit_error(request_id, status)),
                Err(_) => InvocationEnd::NotTaken,
            },
            () = tokio::time::sleep(spec.timeout) => {
                self.kill().await;
                let message = format!("RequestId: {request_id} Error: Task timed out after {:.2} seconds", spec.timeout.as_secs_f64());
                InvocationEnd::TimedOut(error_json("Sandbox.Timedout", &message))
            }
        }
    }

    /// Kills the process and waits until it is gone.
    pub(super) async fn kill(&mut self) {
        if let Err(error) = self.child.kill().await {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "Could not kill a function's process"
            );
        }
    }
}

fn exit_error(request_id: &str, status: std::io::Result<ExitStatus>) -> Bytes {
    let status = status.map_or_else(|error| error.to_string(), |status| status.to_string());
    error_json(
        "Runtime.ExitError",
        &format!("RequestId: {request_id} Error: Runtime exited with error: {status}"),
    )
}

/// A new X-Ray trace that is not sampled.
fn trace_id() -> String {
    let random = uuid::Uuid::new_v4().simple().to_string();
    let parent = uuid::Uuid::new_v4().simple().to_string();
    format!(
        "Root=1-{:08x}-{};Parent={};Sampled=0",
        Utc::now().timestamp(),
        &random[..24],
        &parent[..16]
    )
}
