//! The Lambda emulator: runs a SAM template's functions on this machine.
//!
//! Functions, settings, triggers and custom resources come from the template alone, so what runs here is what is deployed.
//! A function is its real bootstrap in a process of its own, behind the Runtime API; an Invoke API, the routes of an HTTP API,
//! Kafka and SQS event source mappings and schedules call it. Nothing here knows what the functions do. Servers (Kafka, SQS and so
//! on) belong to `servers`; only `mapping` speaks to Kafka, and only `queue_mapping` to SQS.

mod batch_response;
mod custom_resource;
mod error;
mod filter;
mod function;
mod http_api;
mod instance;
mod invoke_api;
mod kafka;
mod mapping;
mod mapping_api;
mod options;
mod queue_mapping;
mod queues;
mod runtime_api;
mod schedule;
mod status;
mod template;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use bytes::Bytes;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

pub use error::EmulatorError;
pub use function::{Invocation, InvokeError};
pub use http_api::{ACCESS_KEY, SECRET_KEY};
pub use kafka::{KafkaAccess, KafkaSecurity};
pub use mapping::PartialResponse;
pub use options::EmulatorOptions;
pub use queues::create_queues;
pub use schedule::Expression as ScheduleExpression;
pub use status::{
    FunctionStatus, MappingState, MappingStatus, PartitionStatus, QueueMappingStatus, RouteStatus, ScheduleStatus,
    Status,
};
pub use template::{
    CorsSpec, CustomResource, Deployment, DestinationSpec, FunctionSpec, HttpApiSpec, HttpRouteSpec, KafkaSource,
    MappingSpec, PollerSpec, Queue, QueueMappingSpec, REGION, ScheduleSpec, ScheduleStyle, StartingPosition, Template,
    TemplateError, Unknown,
};

use function::Function;
use http_api::HttpApi;
use instance::Launch;
use mapping::Mapping;
use queue_mapping::QueueMapping;
use schedule::Schedule;

/// The largest event and the largest answer, in bytes: 6 MB and a little, as Lambda counts it.
pub const PAYLOAD_LIMIT: usize = 6 * 1024 * 1024 + 100;
/// How long `shutdown` waits for batches that are under way.
const SHUTDOWN_LIMIT: Duration = Duration::from_secs(10);
/// How long an instance waits for its next event before it is ended; AWS keeps some for minutes, some for hours.
const IDLE_LIMIT: Duration = Duration::from_secs(10 * 60);
/// How often instances that wait too long are looked for.
const IDLE_LOOK: Duration = Duration::from_secs(60);

/// A running emulator; clones are the same one.
#[derive(Clone)]
pub struct Emulator {
    inner: Arc<Inner>,
}

/// What the emulator's parts share.
struct Inner {
    template: Template,
    functions: Vec<Arc<Function>>,
    mappings: Vec<Arc<Mapping>>,
    queue_mappings: Vec<Arc<QueueMapping>>,
    schedules: Vec<Arc<Schedule>>,
    http_api: Arc<HttpApi>,
    waiting: custom_resource::Waiting,
    stop: watch::Sender<bool>,
    tasks: Mutex<Option<JoinSet<()>>>,
}

impl Emulator {
    /// Reads the template and checks that everything it names is there. Nothing is invoked yet.
    ///
    /// # Errors
    /// [`EmulatorError`] names what is wrong with the template, or what is missing.
    pub async fn start(options: EmulatorOptions) -> Result<Self, EmulatorError> {
        let mut template = Template::load(&options.template, &options.deployment)?;
        template.leave_out_queues(|queue| !options.deployment.queue_urls.contains_key(&queue.logical_id));
        instance::check_setpriv().map_err(|source| EmulatorError::System {
            what: "could not find setpriv".to_owned(),
            source,
        })?;
        tokio::fs::create_dir_all(&options.log_dir)
            .await
            .map_err(|source| EmulatorError::System {
                what: format!("could not create the log folder {}", options.log_dir.display()),
                source,
            })?;
        let mut functions: Vec<Arc<Function>> = Vec::with_capacity(template.functions.len());
        for spec in &template.functions {
            if functions.iter().any(|function| function.name() == spec.name) {
                return Err(EmulatorError::DuplicateFunction {
                    name: spec.name.clone(),
                });
            }
            functions.push(Arc::new(Function::new(spec.clone(), Launch::new(&options, spec)?)));
        }
        let find = |name: &str| functions.iter().find(|function| function.name() == name).cloned();
        let queue_url = |arn: &str| {
            let queue = template.queues.iter().find(|queue| queue.arn() == arn)?;
            options.deployment.queue_urls.get(&queue.logical_id).cloned()
        };
        let offsets = Arc::new(mapping::Offsets::new(&options.kafka));
        let mut mappings = Vec::with_capacity(template.mappings.len());
        for spec in &template.mappings {
            if let Some(function) = find(&spec.function) {
                let mapping = Mapping::new(spec.clone(), function, Arc::clone(&offsets), &options, queue_url)?;
                mappings.push(Arc::new(mapping));
            }
        }
        let mut queue_mappings = Vec::with_capacity(template.queue_mappings.len());
        for spec in &template.queue_mappings {
            let queue = template.queues.iter().find(|queue| queue.name == spec.queue_name());
            let url = queue.and_then(|queue| options.deployment.queue_urls.get(&queue.logical_id));
            if let (Some(url), Some(function)) = (url, find(&spec.function)) {
                queue_mappings.push(Arc::new(QueueMapping::new(spec.clone(), function, url)));
            }
        }
        let mut schedules = Vec::with_capacity(template.schedules.len());
        for spec in &template.schedules {
            if spec.is_in_seconds && !options.schedules_in_seconds {
                return Err(EmulatorError::ScheduleInSeconds {
                    schedule: spec.name.clone(),
                    expression: spec.expression.clone(),
                });
            }
            schedules.extend(find(&spec.function).map(|function| Arc::new(Schedule::new(spec.clone(), function))));
        }
        let http_api = Arc::new(HttpApi::new(&template.http_api, &template.http_routes, &functions));
        let stop = watch::Sender::new(false);
        tokio::spawn(end_idle(functions.clone(), stop.subscribe()));
        Ok(Self {
            inner: Arc::new(Inner {
                template,
                functions,
                mappings,
                queue_mappings,
                schedules,
                http_api,
                waiting: Mutex::default(),
                stop,
                tasks: Mutex::new(None),
            }),
        })
    }

    /// The Invoke API and the addresses that custom resources answer to; the caller serves it on a port.
    pub fn router(&self) -> Router {
        invoke_api::router(Arc::clone(&self.inner))
    }

    /// Serves the routes of the template's `HttpApi` events as an API Gateway HTTP API does, until the handle is aborted.
    pub fn serve_http_api(&self, listener: TcpListener) -> JoinHandle<()> {
        self.inner.http_api.serve(listener)
    }

    /// The routes of the template's `HttpApi` events that begin as `paths` do (axum's patterns), to be served beside others.
    pub fn http_api_router(&self, paths: &[&str]) -> Router {
        self.inner.http_api.router(paths)
    }

    /// Creates the template's custom resources, in the order of their dependencies. They are created again at every start.
    ///
    /// # Errors
    /// [`EmulatorError::CustomResource`] names the first that failed and why; those after it were not tried.
    pub async fn deploy(&self, base_url: &str) -> Result<(), EmulatorError> {
        for resource in &self.inner.template.custom_resources {
            custom_resource::create(&self.inner, resource, base_url).await?;
            tracing::info!(
                resource.id = resource.logical_id,
                "Created {} {}",
                resource.kind,
                resource.logical_id
            );
        }
        Ok(())
    }

    /// Starts the mappings and the schedules.
    ///
    /// # Errors
    /// [`EmulatorError::AlreadyStarted`] when it was called before.
    pub async fn start_events(&self) -> Result<(), EmulatorError> {
        let mut tasks = lock(&self.inner.tasks);
        if tasks.is_some() {
            return Err(EmulatorError::AlreadyStarted);
        }
        let running = tasks.insert(JoinSet::new());
        for mapping in &self.inner.mappings {
            running.spawn(Arc::clone(mapping).run(self.inner.stop.subscribe()));
        }
        for mapping in &self.inner.queue_mappings {
            running.spawn(Arc::clone(mapping).run(self.inner.stop.subscribe()));
        }
        for schedule in &self.inner.schedules {
            running.spawn(Arc::clone(schedule).run(self.inner.stop.subscribe()));
        }
        Ok(())
    }

    /// Invokes a function and waits for its answer.
    ///
    /// # Errors
    /// [`InvokeError`] when the event did not reach the function. A function that failed is an [`Invocation`] with
    /// `function_error` set.
    pub async fn invoke(&self, function: &str, payload: Bytes) -> Result<Invocation, InvokeError> {
        self.inner.function(function)?.invoke(payload).await
    }

    /// What runs and how it fares. Kafka is asked for the lag and SQS for what waits; while they cannot be reached, that is absent.
    pub async fn status(&self) -> Status {
        self.status_within(Duration::MAX, Duration::MAX).await
    }

    /// The same, when neither is to be waited for longer than that.
    pub async fn status_within(&self, kafka_limit: Duration, sqs_limit: Duration) -> Status {
        let inner = &self.inner;
        // Queues first: what a function has moved from a queue to Kafka is then in the lag.
        let queue_mappings = inner.queue_mappings.iter().map(|mapping| mapping.status(sqs_limit));
        let queue_mappings = futures::future::join_all(queue_mappings).await;
        let mappings = inner.mappings.iter().map(|mapping| mapping.status(kafka_limit));
        Status {
            functions: inner.functions.iter().map(|function| function.status()).collect(),
            mappings: futures::future::join_all(mappings).await,
            queue_mappings,
            schedules: inner.schedules.iter().map(|schedule| schedule.status()).collect(),
            routes: inner.http_api.status(),
            unsupported_events: inner.template.unsupported_events.clone(),
        }
    }

    /// Pauses a Kafka mapping (false), or resumes it where it stopped (true). The id is its status' `uuid`. Gives whether there is such a
    /// mapping; it has paused when its state is `Disabled`.
    pub fn enable_mapping(&self, uuid: &str, is_enabled: bool) -> bool {
        let mapping = self.inner.mapping(uuid);
        mapping.is_some_and(|mapping| {
            mapping.enable(is_enabled);
            true
        })
    }

    /// Ends the instances that have waited for an event for `limit` or longer, as happens by itself after ten minutes.
    pub async fn end_idle(&self, limit: Duration) {
        for function in &self.inner.functions {
            function.end_idle(limit).await;
        }
    }

    /// Ends everything: mappings after the batch that is under way (ten seconds at most), then every function's process.
    pub async fn shutdown(self) {
        self.inner.stop.send_replace(true);
        let tasks = lock(&self.inner.tasks).take();
        if let Some(mut tasks) = tasks {
            let all_ended = async { while tasks.join_next().await.is_some() {} };
            if tokio::time::timeout(SHUTDOWN_LIMIT, all_ended).await.is_err() {
                tracing::warn!("Ended while batches were under way; they will be delivered again");
                tasks.shutdown().await;
            }
        }
        for function in &self.inner.functions {
            function.end().await;
        }
    }
}

impl Inner {
    fn mapping(&self, uuid: &str) -> Option<&Arc<Mapping>> {
        self.mappings
            .iter()
            .find(|mapping| mapping.spec().uuid.to_string() == uuid)
    }

    fn function(&self, name: &str) -> Result<&Arc<Function>, InvokeError> {
        self.functions
            .iter()
            .find(|function| function.name() == name)
            .ok_or_else(|| {
                let known: Vec<&str> = self.functions.iter().map(|function| function.name()).collect();
                InvokeError::UnknownFunction {
                    name: name.to_owned(),
                    known: known.join(", "),
                }
            })
    }
}

/// Ends instances that nobody needs any more, until the emulator ends.
async fn end_idle(functions: Vec<Arc<Function>>, mut stop: watch::Receiver<bool>) {
    let mut look = tokio::time::interval(IDLE_LOOK);
    // `changed` fails when the emulator is gone, and it only ever changes to "stop".
    while tokio::select! { _ = stop.changed() => false, _ = look.tick() => true } {
        for function in &functions {
            function.end_idle(IDLE_LIMIT).await;
        }
    }
}

/// Locks; a thread that panicked while it held the lock left counts and lists that are still whole.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// An error with its causes, in one line.
#[must_use]
pub fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let more = error.to_string();
        // Some libraries repeat their cause in their own text.
        if !text.contains(&more) {
            text = format!("{text}: {more}");
        }
        cause = error.source();
    }
    text
}
