//! The Lambda emulator: runs a SAM template's functions on this machine.
//!
//! Functions, settings, triggers and custom resources come from the template alone, so what runs here is what is deployed.
//! A function is its real bootstrap in a process of its own, behind the Runtime API; an Invoke API, Kafka event source
//! mappings and schedules call it. Nothing here knows what the functions do. Servers (Kafka, SQS and so on) belong to
//! `servers`, and only `mapping` speaks to Kafka.

mod custom_resource;
mod function;
mod instance;
mod invoke_api;
mod mapping;
mod runtime_api;
mod schedule;
mod status;
mod template;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use bytes::Bytes;
use tokio::sync::watch;
use tokio::task::JoinSet;

pub use function::{Invocation, InvokeError};
pub use status::{FunctionStatus, MappingState, MappingStatus, PartitionStatus, ScheduleStatus, Status};
pub use template::{
    CustomResource, FunctionSpec, KafkaSource, MappingSpec, Queue, ScheduleSpec, ScheduleStyle, StartingPosition,
    Template, TemplateError,
};

use function::Function;
use mapping::Mapping;
use schedule::Schedule;

/// The largest event and the largest answer, in bytes: 6 MB and a little, as Lambda counts it.
pub const PAYLOAD_LIMIT: usize = 6 * 1024 * 1024 + 100;
/// How long `shutdown` waits for batches that are under way.
const SHUTDOWN_LIMIT: Duration = Duration::from_secs(10);

/// What an emulator runs, and against which servers.
#[derive(Debug, Clone)]
pub struct EmulatorOptions {
    /// The SAM template.
    pub template: PathBuf,
    /// Values for its parameters, as for `sam deploy --parameter-overrides`.
    pub parameters: BTreeMap<String, String>,
    /// The folder of the bootstraps, each named as its function's `Metadata.BuildProperties.Binary`.
    pub bin_dir: PathBuf,
    /// Where Kafka mappings poll: `host:port`, several with commas.
    pub kafka_bootstrap: String,
    /// The URL of each queue of the template, by its logical id.
    pub queue_urls: BTreeMap<String, String>,
    /// What Lambda itself would set for a function: region, credentials, endpoints.
    pub function_env: BTreeMap<String, String>,
    /// Where each function's output goes, to `<function>.log`.
    pub log_dir: PathBuf,
}

/// Why the emulator cannot do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum EmulatorError {
    /// The template cannot be run.
    #[error(transparent)]
    Template(#[from] TemplateError),
    /// A function's bootstrap is missing.
    #[error("function {function}: no bootstrap at {path}; build it first")]
    MissingBootstrap {
        /// The function.
        function: String,
        /// Where it should be.
        path: String,
    },
    /// Two functions of the template have one name.
    #[error("two functions are named {name}, names must be unique")]
    DuplicateFunction {
        /// The name.
        name: String,
    },
    /// A queue of the template was not created.
    #[error("queue {logical_id} of the template has no URL")]
    MissingQueue {
        /// The queue.
        logical_id: String,
    },
    /// A folder or program that the emulator needs is missing.
    #[error("{what}")]
    System {
        /// What was tried.
        what: String,
        /// Why it failed.
        #[source]
        source: std::io::Error,
    },
    /// A function could not be invoked.
    #[error(transparent)]
    Invoke(#[from] InvokeError),
    /// A custom resource could not be created.
    #[error("custom resource {logical_id} (function {function}) failed: {reason}")]
    CustomResource {
        /// The resource.
        logical_id: String,
        /// The function behind it.
        function: String,
        /// What it said.
        reason: String,
    },
    /// The events were started before.
    #[error("the events are already started")]
    AlreadyStarted,
}

/// A running emulator.
pub struct Emulator {
    inner: Arc<Inner>,
}

/// What the emulator's parts share.
struct Inner {
    template: Template,
    functions: Vec<Arc<Function>>,
    mappings: Vec<Arc<Mapping>>,
    schedules: Vec<Arc<Schedule>>,
    waiting: custom_resource::Waiting,
    offsets: mapping::Offsets,
    stop: watch::Sender<bool>,
    tasks: Mutex<Option<JoinSet<()>>>,
}

impl Emulator {
    /// Reads the template and checks that everything it names is there. Nothing is invoked yet.
    ///
    /// # Errors
    /// [`EmulatorError`] names what is wrong with the template, or what is missing.
    pub async fn start(options: EmulatorOptions) -> Result<Self, EmulatorError> {
        let template = Template::load_with_queues(&options.template, &options.parameters, &options.queue_urls)?;
        if let Some(queue) = template
            .queues
            .iter()
            .find(|queue| !options.queue_urls.contains_key(&queue.logical_id))
        {
            return Err(EmulatorError::MissingQueue {
                logical_id: queue.logical_id.clone(),
            });
        }
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
            functions.push(Arc::new(Function::new(spec.clone(), launch(&options, spec)?)));
        }
        let find = |name: &str| functions.iter().find(|function| function.name() == name).cloned();
        let mut mappings = Vec::with_capacity(template.mappings.len());
        for spec in &template.mappings {
            if let Some(function) = find(&spec.function) {
                mappings.push(Arc::new(Mapping::new(spec.clone(), function, &options.kafka_bootstrap)));
            }
        }
        let mut schedules = Vec::with_capacity(template.schedules.len());
        for spec in &template.schedules {
            let schedule = find(&spec.function).and_then(|function| Schedule::new(spec.clone(), function));
            schedules.extend(schedule.map(Arc::new));
        }
        Ok(Self {
            inner: Arc::new(Inner {
                template,
                functions,
                mappings,
                schedules,
                waiting: Mutex::default(),
                offsets: mapping::Offsets::new(&options.kafka_bootstrap),
                stop: watch::Sender::new(false),
                tasks: Mutex::new(None),
            }),
        })
    }

    /// The Invoke API and the addresses that custom resources answer to; the caller serves it on a port.
    #[must_use]
    pub fn router(&self) -> Router {
        invoke_api::router(Arc::clone(&self.inner))
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

    /// Starts the Kafka mappings and the schedules.
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

    /// What runs and how it fares. Kafka is asked for the lag; while it cannot be reached, the lag is absent.
    pub async fn status(&self) -> Status {
        let inner = &self.inner;
        let mappings = inner.mappings.iter().map(|mapping| mapping.status(&inner.offsets));
        Status {
            functions: inner.functions.iter().map(|function| function.status()).collect(),
            mappings: futures::future::join_all(mappings).await,
            schedules: inner.schedules.iter().map(|schedule| schedule.status()).collect(),
            unsupported_events: inner.template.unsupported_events.clone(),
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

fn launch(options: &EmulatorOptions, spec: &FunctionSpec) -> Result<instance::Launch, EmulatorError> {
    let system = |what: String| move |source| EmulatorError::System { what, source };
    let bootstrap = options.bin_dir.join(&spec.binary);
    if !bootstrap.is_file() {
        return Err(EmulatorError::MissingBootstrap {
            function: spec.name.clone(),
            path: bootstrap.display().to_string(),
        });
    }
    // The process runs in another folder, so the paths must not depend on this one.
    let absolute = |path: &std::path::Path| {
        path.canonicalize()
            .map_err(system(format!("could not find {}", path.display())))
    };
    // What the template sets wins over what Lambda would set, except for Lambda's reserved names, which `instance` adds.
    let mut environment = options.function_env.clone();
    environment.extend(spec.environment.clone());
    Ok(instance::Launch {
        bootstrap: absolute(&bootstrap)?,
        task_root: absolute(&options.bin_dir)?,
        log: absolute(&options.log_dir)?.join(format!("{}.log", spec.name)),
        environment,
    })
}

/// Locks; a thread that panicked while it held the lock left counts and lists that are still whole.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// An error with its causes, in one line.
fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}
