//! Runs a template and says what runs and where.

use std::collections::BTreeMap;
use std::error::Error;
use std::io::Write as _;
use std::net::Ipv4Addr;
use std::path::PathBuf;

use aws_sdk_sqs::config::{BehaviorVersion, Credentials, Region};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

use emulator::{
    ACCESS_KEY, Deployment, Emulator, EmulatorError, EmulatorOptions, MappingState, REGION, SECRET_KEY, Template,
    create_queues,
};

use super::options::Options;

/// 128 and the number of SIGPIPE, as shells have it.
const BROKEN_PIPE: i32 = 141;

/// Why the emulator cannot run.
#[derive(Debug, thiserror::Error)]
enum RunError {
    #[error("could not watch for signals: {0}")]
    Signals(#[source] std::io::Error),
    #[error("could not listen on port {port}; choose another with --port and --api-port: {source}")]
    Listen { port: u16, source: std::io::Error },
}

/// Prints a line. Nobody reads any more, as after `| head`: then this ends the process, as it ends every program that prints.
fn print_line(line: impl std::fmt::Display) {
    if writeln!(std::io::stdout(), "{line}").is_err() {
        std::process::exit(BROKEN_PIPE);
    }
}

/// Runs the template until SIGINT or SIGTERM, and says what runs and where.
pub(super) async fn run(options: Options) -> Result<(), Box<dyn Error>> {
    let mut interrupt = signal(SignalKind::interrupt()).map_err(RunError::Signals)?;
    let mut terminate = signal(SignalKind::terminate()).map_err(RunError::Signals)?;
    let parameters = options.parameters.iter().cloned().collect();
    let mut deployment = Deployment::new(&options.stack_name, parameters);
    let template = Template::load(&options.template, &deployment).map_err(EmulatorError::from)?;
    deployment.queue_urls = queue_urls(&template, options.sqs_endpoint.as_deref()).await?;
    let folder = options
        .template
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    let bin_dir = options.bin_dir.clone().or_else(|| folder.map(Into::into));
    let mut emulator = EmulatorOptions::new(
        &options.template,
        bin_dir.unwrap_or_else(|| PathBuf::from(".")),
        options.kafka_access()?,
        &options.log_dir,
    );
    emulator.deployment = deployment;
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
    print_line(format_args!("Lambda API   {lambda_url}"));
    let mut http_api = None;
    if !template.http_routes.is_empty() {
        let (listener, url) = listen(options.api_port).await?;
        http_api = Some(emulator.serve_http_api(listener));
        print_line(format_args!("HTTP API     {url}"));
    }
    let run = async {
        emulator.deploy(&lambda_url).await?;
        emulator.start_events().await?;
        describe(&emulator, &template, &options).await;
        print_line("ready");
        std::future::pending().await
    };
    let ended: Result<(), EmulatorError> = tokio::select! {
        failed = run => failed,
        _ = interrupt.recv() => Ok(()),
        _ = terminate.recv() => Ok(()),
    };
    emulator.shutdown().await;
    serving.abort();
    if let Some(http_api) = http_api {
        http_api.abort();
    }
    ended.map_err(Into::into)
}

/// What functions find in their environment: what Lambda would set, and what the options add.
fn function_env(options: &Options) -> BTreeMap<String, String> {
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
    environment.extend(options.env.iter().cloned());
    environment
}

/// The template's queues, made on the SQS that was named; none without one.
async fn queue_urls(template: &Template, endpoint: Option<&str>) -> Result<BTreeMap<String, String>, Box<dyn Error>> {
    if template.queues.is_empty() {
        return Ok(BTreeMap::new());
    }
    let Some(endpoint) = endpoint else {
        let ids: Vec<&str> = template.queues.iter().map(|queue| queue.logical_id.as_str()).collect();
        print_line(format_args!(
            "not run      AWS::SQS::Queue ({}): --sqs-endpoint http://HOST:PORT says where SQS is",
            ids.join(", ")
        ));
        return Ok(BTreeMap::new());
    };
    let config = aws_sdk_sqs::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(REGION))
        .endpoint_url(endpoint)
        .credentials_provider(Credentials::new(ACCESS_KEY, SECRET_KEY, None, None, "emulator"))
        .build();
    Ok(create_queues(&aws_sdk_sqs::Client::from_conf(config), &template.queues).await?)
}

async fn listen(port: u16) -> Result<(TcpListener, String), RunError> {
    let refused = |source| RunError::Listen { port, source };
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await;
    let listener = listener.map_err(refused)?;
    let address = listener.local_addr().map_err(refused)?;
    Ok((listener, format!("http://{address}")))
}

/// One line for each function, mapping, schedule and route, for what is not run, and for each value that is not known.
async fn describe(emulator: &Emulator, template: &Template, options: &Options) {
    let status = emulator.status().await;
    for function in &status.functions {
        let log = options.log_dir.join(format!("{}.log", function.name));
        print_line(format_args!("function     {} (log {})", function.name, log.display()));
    }
    for mapping in &status.mappings {
        let paused = if mapping.state == MappingState::Disabled {
            ", paused"
        } else {
            ""
        };
        print_line(format_args!(
            "mapping      {} -> {} as {}{paused} ({})",
            mapping.topic, mapping.function, mapping.consumer_group, mapping.uuid
        ));
        mapping
            .warnings
            .iter()
            .for_each(|warning| print_line(format_args!("  note       {warning}")));
    }
    for schedule in &status.schedules {
        print_line(format_args!(
            "schedule     {} -> {}",
            schedule.expression, schedule.function
        ));
    }
    for route in &status.routes {
        print_line(format_args!("route        {} -> {}", route.route, route.function));
    }
    for event in &status.unsupported_events {
        print_line(format_args!("not run      {event}"));
    }
    for (kind, ids) in &template.other_resources {
        print_line(format_args!("not run      {kind} ({})", ids.join(", ")));
    }
    for value in &template.unresolved {
        match value
            .variable()
            .filter(|name| options.env.iter().any(|(given, _)| given == name))
        {
            Some(name) => print_line(format_args!("given        {}: {name}, by --env", value.logical_id)),
            None => print_line(format_args!("not known    {value}")),
        }
    }
}
