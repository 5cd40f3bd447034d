//! The emulator itself: it builds the stack of a template, starts it, and ends it.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use bytes::Bytes;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

use crate::error::EmulatorError;
use crate::function::Function;
use crate::instance::check_setpriv;
use crate::invocation::{Invocation, InvokeError};
use crate::options::EmulatorOptions;
use crate::stack::Stack;
use crate::status::Status;
use crate::sync::lock;
use crate::template::Template;
use crate::{custom_resource, lambda_api, mapping, queue_mapping};

/// How long `shutdown` waits for batches that are under way.
const SHUTDOWN_LIMIT: Duration = Duration::from_secs(10);
/// How long an instance waits for its next event before it is ended; AWS keeps some for minutes, some for hours.
const IDLE_LIMIT: Duration = Duration::from_secs(10 * 60);
/// How often instances that wait too long are looked for.
const IDLE_CHECK_INTERVAL: Duration = Duration::from_secs(60);

/// A running emulator; clones are the same one.
#[derive(Clone)]
pub struct Emulator {
    stack: Arc<Stack>,
    running: Arc<Running>,
}

/// The tasks that clones of an emulator share.
struct Running {
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
        template.remove_missing_queues(|queue| !options.deployment.queue_urls.contains_key(&queue.logical_id));
        check_setpriv().map_err(|source| EmulatorError::System {
            what: "could not find setpriv".to_owned(),
            source,
        })?;
        tokio::fs::create_dir_all(&options.log_dir)
            .await
            .map_err(|source| EmulatorError::System {
                what: format!("could not create the log folder {}", options.log_dir.display()),
                source,
            })?;
        let stack = Arc::new(Stack::new(template, &options)?);
        let stop = watch::Sender::new(false);
        tokio::spawn(end_idle(stack.functions.clone(), stop.subscribe()));
        Ok(Self {
            stack,
            running: Arc::new(Running {
                stop,
                tasks: Mutex::new(None),
            }),
        })
    }

    /// The Lambda API and the addresses that custom resources respond to; the caller serves it on a port. It keeps no emulator running: when the last
    /// [`Emulator`] is dropped, mappings and schedules end.
    pub fn router(&self) -> Router {
        lambda_api::router(&self.stack)
    }

    /// Serves the routes of the template's `HttpApi` events as an API Gateway HTTP API does, until the handle is aborted.
    pub fn serve_http_api(&self, listener: TcpListener) -> JoinHandle<()> {
        self.stack.http_api.serve(listener)
    }

    /// The routes of the template's `HttpApi` events that begin as `paths` do (axum's patterns), to be served beside others.
    pub fn http_api_router(&self, paths: &[&str]) -> Router {
        self.stack.http_api.router(paths)
    }

    /// Creates the template's custom resources, in the order of their dependencies. They are created again at every start.
    ///
    /// # Errors
    /// [`EmulatorError::CustomResource`] names the first that failed and why; those after it were not tried.
    pub async fn deploy(&self, base_url: &str) -> Result<(), EmulatorError> {
        let stack = &self.stack;
        for resource in &stack.template.custom_resources {
            let request = custom_resource::CreateRequest {
                resource,
                stack_id: &stack.template.stack_id,
                base_url,
            };
            let function = stack.function(&resource.function)?;
            custom_resource::create(&request, function, &stack.pending_responses).await?;
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
        let mut tasks = lock(&self.running.tasks);
        if tasks.is_some() {
            return Err(EmulatorError::AlreadyStarted);
        }
        let tasks = tasks.insert(JoinSet::new());
        let stop = || self.running.stop.subscribe();
        for mapping in &self.stack.mappings {
            tasks.spawn(mapping::run(Arc::clone(mapping), stop()));
        }
        for mapping in &self.stack.queue_mappings {
            tasks.spawn(queue_mapping::run(Arc::clone(mapping), stop()));
        }
        for schedule in &self.stack.schedules {
            tasks.spawn(Arc::clone(schedule).run(stop()));
        }
        Ok(())
    }

    /// Invokes a function and waits for its response.
    ///
    /// # Errors
    /// [`InvokeError`] when the event did not reach the function. A function that failed is an [`Invocation`] with
    /// `function_error` set.
    pub async fn invoke(&self, function: &str, payload: Bytes) -> Result<Invocation, InvokeError> {
        self.stack.function(function)?.invoke(payload).await
    }

    /// What runs and how it fares. Kafka is asked for the lag and SQS for what waits; while they cannot be reached, that is absent.
    pub async fn status(&self) -> Status {
        self.status_within(Duration::MAX, Duration::MAX).await
    }

    /// The same, when neither is to be waited for longer than that.
    pub async fn status_within(&self, kafka_limit: Duration, sqs_limit: Duration) -> Status {
        self.stack.status(kafka_limit, sqs_limit).await
    }

    /// Pauses a Kafka mapping (false), or resumes it where it stopped (true). The id is its status' `uuid`. Returns whether there is such a
    /// mapping; it has paused when its state is `Disabled`.
    pub fn enable_mapping(&self, uuid: &str, is_enabled: bool) -> bool {
        let mapping = self.stack.mapping(uuid);
        mapping.is_some_and(|mapping| {
            mapping.enable(is_enabled);
            true
        })
    }

    /// Ends the instances that have waited for an event for `limit` or longer, as happens by itself after ten minutes.
    pub async fn end_idle(&self, limit: Duration) {
        for function in &self.stack.functions {
            function.end_idle(limit).await;
        }
    }

    /// Ends everything: mappings after the batch that is under way (ten seconds at most), then every function's process.
    pub async fn shutdown(self) {
        self.running.stop.send_replace(true);
        let tasks = lock(&self.running.tasks).take();
        if let Some(mut tasks) = tasks {
            let all_ended = async { while tasks.join_next().await.is_some() {} };
            if tokio::time::timeout(SHUTDOWN_LIMIT, all_ended).await.is_err() {
                tracing::warn!("Ended while batches were under way; they will be delivered again");
                tasks.shutdown().await;
            }
        }
        for function in &self.stack.functions {
            function.shutdown().await;
        }
    }
}

/// Ends instances that have been idle too long, until the emulator ends.
async fn end_idle(functions: Vec<Arc<Function>>, mut stop: watch::Receiver<bool>) {
    let mut check = tokio::time::interval(IDLE_CHECK_INTERVAL);
    // `changed` fails when the emulator is gone, and it only ever changes to "stop".
    while tokio::select! { _ = stop.changed() => false, _ = check.tick() => true } {
        for function in &functions {
            function.end_idle(IDLE_LIMIT).await;
        }
    }
}
