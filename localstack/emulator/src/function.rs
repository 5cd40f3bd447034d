//! A function of the template: its instances, its concurrency limit, and the statistics of its invocations.

mod statistics;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use chrono::Utc;
use tokio::sync::{Semaphore, watch};
use tokio::time::Instant;

use crate::aws::PAYLOAD_LIMIT;
use crate::instance::{Instance, InvocationEnd, LaunchConfig};
use crate::invocation::{Invocation, InvokeError};
use crate::runtime_api::FunctionResponse;
use crate::status::FunctionStatus;
use crate::sync::lock;
use crate::template::FunctionSpec;

use statistics::InvocationStatistics;

/// How many instances a function may have that reserves no concurrency: a laptop is not a region, but fifty readers at once
/// have one each.
const DEFAULT_CONCURRENCY: u32 = 64;
/// How long an invocation waits for a free instance. AWS throttles at once and its callers try again; this saves them the trip.
const CONCURRENCY_WAIT: Duration = Duration::from_secs(10);

/// One function.
pub(super) struct Function {
    spec: FunctionSpec,
    launch: LaunchConfig,
    concurrency_limit: u32,
    concurrency: Semaphore,
    /// Instances that wait for an event; the last used is the next used.
    idle: Mutex<Vec<IdleInstance>>,
    instances: Arc<AtomicUsize>,
    statistics: Mutex<InvocationStatistics>,
    shutdown: watch::Sender<bool>,
}

/// What an invocation ended with.
struct InvocationResult {
    payload: Bytes,
    function_error: Option<&'static str>,
    is_timeout: bool,
    log_tail: Vec<u8>,
}

/// An instance that waits for an event.
struct IdleInstance {
    instance: Instance,
    since: Instant,
}

impl Function {
    pub(super) fn new(spec: FunctionSpec, launch: LaunchConfig) -> Self {
        let concurrency_limit = spec.reserved_concurrency.unwrap_or(DEFAULT_CONCURRENCY);
        Self {
            concurrency: Semaphore::new(usize::try_from(concurrency_limit).unwrap_or(usize::MAX)),
            spec,
            launch,
            concurrency_limit,
            idle: Mutex::default(),
            instances: Arc::default(),
            statistics: Mutex::default(),
            shutdown: watch::Sender::new(false),
        }
    }

    pub(super) fn name(&self) -> &str {
        &self.spec.name
    }

    pub(super) fn timeout(&self) -> Duration {
        self.spec.timeout
    }

    /// Invokes the function. Like on AWS, the invocation goes on when the caller stops waiting for it.
    pub(super) async fn invoke(self: &Arc<Self>, payload: Bytes) -> Result<Invocation, InvokeError> {
        let size = payload.len();
        if size > PAYLOAD_LIMIT {
            return Err(InvokeError::TooLarge {
                function: self.spec.name.clone(),
                size,
            });
        }
        self.deliver(payload).await
    }

    /// Like [`Function::invoke`], without the limit: a single record may be larger than an event should be.
    pub(super) async fn deliver(self: &Arc<Self>, payload: Bytes) -> Result<Invocation, InvokeError> {
        let function = Arc::clone(self);
        let run = tokio::spawn(async move {
            let mut shutdown = function.shutdown.subscribe();
            tokio::select! {
                result = function.run(payload) => result,
                _ = shutdown.wait_for(|is_shutting_down| *is_shutting_down) => Err(function.shutdown_error()),
            }
        });
        run.await.unwrap_or_else(|_| Err(self.shutdown_error()))
    }

    pub(super) fn status(&self) -> FunctionStatus {
        lock(&self.statistics).status(&self.spec, self.instances.load(Ordering::Relaxed))
    }

    /// Ends every instance; invocations that are under way end with [`InvokeError::ShuttingDown`].
    pub(super) async fn shutdown(&self) {
        self.shutdown.send_replace(true);
        let idle = std::mem::take(&mut *lock(&self.idle));
        for IdleInstance { mut instance, .. } in idle {
            instance.kill().await;
        }
    }

    /// Ends the instances that have waited for `limit` or longer.
    pub(super) async fn end_idle(&self, limit: Duration) {
        let now = Instant::now();
        // Dropped, they would be killed as well, but nobody would wait for their end.
        let old: Vec<IdleInstance> = lock(&self.idle)
            .extract_if(.., |idle| now.duration_since(idle.since) >= limit)
            .collect();
        for IdleInstance { mut instance, .. } in old {
            instance.kill().await;
        }
    }

    async fn run(&self, payload: Bytes) -> Result<Invocation, InvokeError> {
        // Nothing ever becomes free where nothing may run: AWS throttles at once as well.
        if self.concurrency_limit == 0 {
            return Err(self.throttled());
        }
        let _permit = match tokio::time::timeout(CONCURRENCY_WAIT, self.concurrency.acquire()).await {
            Ok(Ok(permit)) => permit,
            Ok(Err(_)) => return Err(self.shutdown_error()),
            Err(_) => return Err(self.throttled()),
        };
        let request_id = uuid::Uuid::new_v4().to_string();
        lock(&self.statistics).begin(Utc::now());
        loop {
            let mut instance = match self.take_warm() {
                Some(instance) => instance,
                None => {
                    let began = Instant::now();
                    let mut instance = self.spawn().await?;
                    if let Err(error) = instance.ready(&request_id).await {
                        instance.append_log(&error);
                        let result = InvocationResult {
                            payload: error,
                            function_error: Some("Unhandled"),
                            is_timeout: false,
                            log_tail: instance.log_tail(),
                        };
                        return Ok(self.finish(request_id, result, began.elapsed()));
                    }
                    instance
                }
            };
            let began = Instant::now();
            let end = instance.invoke(&self.spec, &request_id, payload.clone()).await;
            let duration = began.elapsed();
            let (payload, function_error, is_timeout) = match end {
                InvocationEnd::NotTaken => continue,
                InvocationEnd::Responded(FunctionResponse::Success(payload)) => (payload, None, false),
                InvocationEnd::Responded(FunctionResponse::Error(payload)) => (payload, Some("Unhandled"), false),
                InvocationEnd::Exited(payload) => (payload, Some("Unhandled"), false),
                InvocationEnd::TimedOut(payload) => (payload, Some("Unhandled"), true),
            };
            // Before another may have the instance: from then on its log is that one's.
            let is_alive = instance.is_alive();
            if !is_alive {
                instance.append_log(&payload);
            }
            let log_tail = instance.log_tail();
            if is_alive {
                self.return_to_pool(instance);
            }
            let result = InvocationResult {
                payload,
                function_error,
                is_timeout,
                log_tail,
            };
            return Ok(self.finish(request_id, result, duration));
        }
    }

    /// An instance that waits for an event.
    fn take_warm(&self) -> Option<Instance> {
        let mut idle = lock(&self.idle);
        while let Some(IdleInstance { mut instance, .. }) = idle.pop() {
            if instance.is_alive() {
                return Some(instance);
            }
        }
        None
    }

    fn return_to_pool(&self, instance: Instance) {
        let mut idle = lock(&self.idle);
        // Checked under the lock: `shutdown` is raised before the list is emptied.
        if !*self.shutdown.borrow() {
            let since = Instant::now();
            idle.push(IdleInstance { instance, since });
        }
    }

    async fn spawn(&self) -> Result<Instance, InvokeError> {
        Instance::spawn(&self.spec, &self.launch, &self.instances)
            .await
            .map_err(|source| InvokeError::Spawn {
                function: self.spec.name.clone(),
                bootstrap: self.launch.bootstrap.display().to_string(),
                source,
            })
    }

    fn finish(&self, request_id: String, result: InvocationResult, duration: Duration) -> Invocation {
        let is_error = result.function_error.is_some();
        lock(&self.statistics).end(&result.payload, is_error, result.is_timeout, duration);
        if is_error {
            tracing::warn!(
                function.name = self.spec.name,
                invocation.id = request_id,
                "{} failed: {}",
                self.spec.name,
                statistics::shown(&result.payload)
            );
        }
        Invocation {
            payload: result.payload,
            function_error: result.function_error.map(str::to_owned),
            duration,
            request_id,
            log_tail: result.log_tail,
        }
    }

    fn throttled(&self) -> InvokeError {
        InvokeError::Throttled {
            function: self.spec.name.clone(),
            limit: self.concurrency_limit,
        }
    }

    fn shutdown_error(&self) -> InvokeError {
        InvokeError::ShuttingDown {
            function: self.spec.name.clone(),
        }
    }
}
