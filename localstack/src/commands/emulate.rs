//! `emulate`: the emulator alone, on any SAM template, with servers that somebody else runs.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::path::PathBuf;

use aws_sdk_sqs::config::{BehaviorVersion, Credentials, Region};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

use super::{CommandError, say};
use crate::emulator::{
    ACCESS_KEY, Emulator, EmulatorError, EmulatorOptions, KafkaAccess, MappingState, PartialResponse, REGION,
    SECRET_KEY, Template,
};
use crate::stack::queues;

/// What to run, and with which servers.
#[derive(Debug, Clone)]
pub struct EmulateOptions {
    /// The SAM template.
    pub template: PathBuf,
    /// Where bootstraps are that are not in their function's `CodeUri`; the template's folder without it.
    pub bin_dir: Option<PathBuf>,
    /// The Kafka that mappings poll.
    pub kafka: KafkaAccess,
    /// The template's parameters.
    pub parameters: BTreeMap<String, String>,
    /// Environment variables of every function.
    pub env: BTreeMap<String, String>,
    /// Where the template's queues are made.
    pub sqs_endpoint: Option<String>,
    /// Where buckets are.
    pub s3_endpoint: Option<String>,
    /// The port of the Lambda API; 0 for any.
    pub port: u16,
    /// The port of the template's HTTP API; 0 for any.
    pub api_port: u16,
    /// How mappings read a partial batch response.
    pub partial_response: PartialResponse,
    /// Where each function's output goes.
    pub log_dir: PathBuf,
}

/// Runs the template until SIGINT or SIGTERM, and says what runs and where.
///
/// # Errors
/// [`CommandError`] says what is missing.
pub async fn emulate(options: EmulateOptions) -> Result<(), CommandError> {
    let mut interrupt = signal(SignalKind::interrupt()).map_err(CommandError::system("watch for signals"))?;
    let mut terminate = signal(SignalKind::terminate()).map_err(CommandError::system("watch for signals"))?;
    let template = Template::load(&options.template, &options.parameters).map_err(EmulatorError::from)?;
    let queue_urls = create_queues(&template, options.sqs_endpoint.as_deref()).await?;
    let folder = options
        .template
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    let bin_dir = options.bin_dir.clone().or_else(|| folder.map(Into::into));
    let mut emulator = EmulatorOptions::new(
        &options.template,
        bin_dir.unwrap_or_else(|| PathBuf::from(".")),
        options.kafka.clone(),
        &options.log_dir,
    );
    emulator.parameters.clone_from(&options.parameters);
    emulator.queue_urls = queue_urls;
    emulator.function_env = function_env(&options);
    emulator.partial_response = options.partial_response;
    emulator.s3_endpoint.clone_from(&options.s3_endpoint);
    let emulator = Emulator::start(emulator).await?;

    let (lambda, lambda_url) = listen(options.port).await?;
    let router = emulator.router();
    let serving = tokio::spawn(async move {
        if let Err(error) = axum::serve(lambda, router).await {
            tracing::error!(error = &error as &dyn std::error::Error, "The Lambda API ended");
        }
    });
    say(format_args!("Lambda API   {lambda_url}"));
    let mut http_api = None;
    if !template.http_routes.is_empty() {
        let (listener, url) = listen(options.api_port).await?;
        http_api = Some(emulator.serve_http_api(listener));
        say(format_args!("HTTP API     {url}"));
    }
    let run = async {
        emulator.deploy(&lambda_url).await?;
        emulator.start_events().await?;
        describe(&emulator, &template, &options).await;
        say("ready");
        std::future::pending().await
    };
    let ended: Result<(), CommandError> = tokio::select! {
        failed = run => failed,
        _ = interrupt.recv() => Ok(()),
        _ = terminate.recv() => Ok(()),
    };
    emulator.shutdown().await;
    serving.abort();
    if let Some(http_api) = http_api {
        http_api.abort();
    }
    ended
}

/// What functions find in their environment: what Lambda would set, and what the options add.
fn function_env(options: &EmulateOptions) -> BTreeMap<String, String> {
    let mut environment: BTreeMap<String, String> = [
        ("AWS_REGION", REGION),
        ("AWS_ACCESS_KEY_ID", ACCESS_KEY),
        ("AWS_SECRET_ACCESS_KEY", SECRET_KEY),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into();
    for (name, url) in [
        ("AWS_ENDPOINT_URL_SQS", &options.sqs_endpoint),
        ("AWS_ENDPOINT_URL_S3", &options.s3_endpoint),
    ] {
        environment.extend(url.clone().map(|url| (name.to_owned(), url)));
    }
    environment.extend(options.env.clone());
    environment
}

async fn create_queues(template: &Template, endpoint: Option<&str>) -> Result<BTreeMap<String, String>, CommandError> {
    if template.queues.is_empty() {
        return Ok(BTreeMap::new());
    }
    let Some(endpoint) = endpoint else {
        let names: Vec<&str> = template.queues.iter().map(|queue| queue.name.as_str()).collect();
        return Err(CommandError::NoSqs {
            queues: names.join(", "),
        });
    };
    let config = aws_sdk_sqs::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(REGION))
        .endpoint_url(endpoint)
        .credentials_provider(Credentials::new(ACCESS_KEY, SECRET_KEY, None, None, "local stack"))
        .build();
    Ok(queues::create(&aws_sdk_sqs::Client::from_conf(config), &template.queues).await?)
}

async fn listen(port: u16) -> Result<(TcpListener, String), CommandError> {
    let listening = |what: String| CommandError::system(what);
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))
        .await
        .map_err(listening(format!(
            "listen on port {port}; choose another with --port and --api-port"
        )))?;
    let address = listener
        .local_addr()
        .map_err(listening("ask for the port".to_owned()))?;
    Ok((listener, format!("http://{address}")))
}

/// One line for each function, mapping, schedule and route, for what is not run, and for each value that is not known.
async fn describe(emulator: &Emulator, template: &Template, options: &EmulateOptions) {
    let status = emulator.status().await;
    for function in &status.functions {
        let log = options.log_dir.join(format!("{}.log", function.name));
        say(format_args!("function     {} (log {})", function.name, log.display()));
    }
    for mapping in &status.mappings {
        let paused = if mapping.state == MappingState::Disabled {
            ", paused"
        } else {
            ""
        };
        say(format_args!(
            "mapping      {} -> {} as {}{paused} ({})",
            mapping.topic, mapping.function, mapping.consumer_group, mapping.uuid
        ));
        mapping
            .warnings
            .iter()
            .for_each(|warning| say(format_args!("  note       {warning}")));
    }
    for schedule in &status.schedules {
        say(format_args!(
            "schedule     {} -> {}",
            schedule.expression, schedule.function
        ));
    }
    for route in &status.routes {
        say(format_args!("route        {} -> {}", route.route, route.function));
    }
    for event in &status.unsupported_events {
        say(format_args!("not run      {event}"));
    }
    for (kind, ids) in &template.other_resources {
        say(format_args!("not run      {kind} ({})", ids.join(", ")));
    }
    for unknown in &template.unknown {
        match unknown.variable().filter(|name| options.env.contains_key(*name)) {
            Some(name) => say(format_args!("given        {}: {name}, by --env", unknown.logical_id)),
            None => say(format_args!("not known    {unknown}")),
        }
    }
}
