//! A function of the template: its instances, its concurrency limit, and the record of its invocations.

mod invocation;
mod record;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use chrono::Utc;
use tokio::sync::{Semaphore, watch};
use tokio::time::Instant;

use super::instance::{Ending, Instance, Launch};
use super::runtime_api::Answer;
use super::status::FunctionStatus;
use super::template::FunctionSpec;
use super::{PAYLOAD_LIMIT, lock};

pub use invocation::{Invocation, InvokeError};
use record::Record;

/// How many instances a function may have that reserves no concurrency: a laptop is not a region, but fifty readers at once
/// have one each.
const DEFAULT_CONCURRENCY: u32 = 64;
/// How long an invocation waits for a free instance. AWS throttles at once and its callers try again; this saves them the trip.
const QUEUE_LIMIT: Duration = Duration::from_secs(10);

/// One function.
pub(super) struct Function {
    spec: FunctionSpec,
    launch: Launch,
    limit: u32,
    slots: Semaphore,
    /// Instances that wait for an event; the last used is the next used.
    idle: Mutex<Vec<Idle>>,
    instances: Arc<AtomicUsize>,
    record: Mutex<Record>,
    ending: watch::Sender<bool>,
}

/// How an invocation ended.
struct Ended {
    payload: Bytes,
    function_error: Option<&'static str>,
    is_timeout: bool,
    log_tail: Vec<u8>,
}

/// An instance that waits for an event.
struct Idle {
    instance: Instance,
    since: Instant,
}

impl Function {
    pub(super) fn new(spec: FunctionSpec, launch: Launch) -> Self {
        let limit = spec.reserved_concurrency.unwrap_or(DEFAULT_CONCURRENCY);
        Self {
            slots: Semaphore::new(usize::try_from(limit).unwrap_or(usize::MAX)),
            spec,
            launch,
            limit,
            idle: Mutex::default(),
            instances: Arc::default(),
            record: Mutex::default(),
            ending: watch::Sender::new(false),
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
            let mut ending = function.ending.subscribe();
            tokio::select! {
                result = function.run(payload) => result,
                _ = ending.wait_for(|ending| *ending) => Err(function.ending_error()),
            }
        });
        run.await.unwrap_or_else(|_| Err(self.ending_error()))
    }

    pub(super) fn status(&self) -> FunctionStatus {
        lock(&self.record).status(&self.spec, self.instances.load(Ordering::Relaxed))
    }

    /// Ends every instance; invocations that are under way end with [`InvokeError::Ending`].
    pub(super) async fn end(&self) {
        self.ending.send_replace(true);
        let idle = std::mem::take(&mut *lock(&self.idle));
        for Idle { mut instance, .. } in idle {
            instance.kill().await;
        }
    }

    /// Ends the instances that have waited for `limit` or longer.
    pub(super) async fn end_idle(&self, limit: Duration) {
        let now = Instant::now();
        // Dropped, they would be killed as well, but nobody would wait for their end.
        let old: Vec<Idle> = lock(&self.idle)
            .extract_if(.., |idle| now.duration_since(idle.since) >= limit)
            .collect();
        for Idle { mut instance, .. } in old {
            instance.kill().await;
        }
    }

    async fn run(&self, payload: Bytes) -> Result<Invocation, InvokeError> {
        // Nothing frees a slot where there is none: AWS refuses at once as well.
        if self.limit == 0 {
            return Err(self.throttled());
        }
        let _slot = match tokio::time::timeout(QUEUE_LIMIT, self.slots.acquire()).await {
            Ok(Ok(slot)) => slot,
            Ok(Err(_)) => return Err(self.ending_error()),
            Err(_) => return Err(self.throttled()),
        };
        let request_id = uuid::Uuid::new_v4().to_string();
        lock(&self.record).begin(Utc::now());
        loop {
            let mut instance = match self.warm() {
                Some(instance) => instance,
                None => {
                    let began = Instant::now();
                    let mut instance = self.spawn().await?;
                    if let Err(error) = instance.ready(&request_id).await {
                        instance.note(&error);
                        let ended = Ended {
                            payload: error,
                            function_error: Some("Unhandled"),
                            is_timeout: false,
                            log_tail: instance.tail(),
                        };
                        return Ok(self.finish(request_id, ended, began.elapsed()));
                    }
                    instance
                }
            };
            let began = Instant::now();
            let ending = instance.invoke(&self.spec, &request_id, payload.clone()).await;
            let duration = began.elapsed();
            let (payload, function_error, is_timeout) = match ending {
                Ending::NotTaken => continue,
                Ending::Answered(Answer::Response(payload)) => (payload, None, false),
                Ending::Answered(Answer::Error(payload)) => (payload, Some("Unhandled"), false),
                Ending::Exited(payload) => (payload, Some("Unhandled"), false),
                Ending::TimedOut(payload) => (payload, Some("Unhandled"), true),
            };
            // Before another may have the instance: from then on its log is that one's.
            let is_alive = instance.is_alive();
            if !is_alive {
                instance.note(&payload);
            }
            let log_tail = instance.tail();
            if is_alive {
                self.keep(instance);
            }
            let ended = Ended {
                payload,
                function_error,
                is_timeout,
                log_tail,
            };
            return Ok(self.finish(request_id, ended, duration));
        }
    }

    /// An instance that waits for an event.
    fn warm(&self) -> Option<Instance> {
        let mut idle = lock(&self.idle);
        while let Some(Idle { mut instance, .. }) = idle.pop() {
            if instance.is_alive() {
                return Some(instance);
            }
        }
        None
    }

    fn keep(&self, instance: Instance) {
        let mut idle = lock(&self.idle);
        // Looked at under the lock: `end` raises it before it empties the list.
        if !*self.ending.borrow() {
            let since = Instant::now();
            idle.push(Idle { instance, since });
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

    fn finish(&self, request_id: String, ended: Ended, duration: Duration) -> Invocation {
        let is_error = ended.function_error.is_some();
        lock(&self.record).end(&ended.payload, is_error, ended.is_timeout, duration);
        if is_error {
            tracing::warn!(
                function.name = self.spec.name,
                invocation.id = request_id,
                "{} failed: {}",
                self.spec.name,
                record::shown(&ended.payload)
            );
        }
        Invocation {
            payload: ended.payload,
            function_error: ended.function_error.map(str::to_owned),
            duration,
            request_id,
            log_tail: ended.log_tail,
        }
    }

    fn throttled(&self) -> InvokeError {
        InvokeError::Throttled {
            function: self.spec.name.clone(),
            limit: self.limit,
        }
    }

    fn ending_error(&self) -> InvokeError {
        InvokeError::Ending {
            function: self.spec.name.clone(),
        }
    }
}
