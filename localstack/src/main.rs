//! The command `localstack`, behind the scripts in `localstack/`. It reads arguments; `localstack::commands` does the work.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use chrono::NaiveDate;
use clap::{Args, Parser, Subcommand};
use emulator::{PartialResponse, with_causes};
use localstack::commands::{self, DeadLetters, UpOptions};
use localstack::stack::daemon::{self, DaemonOptions};
use localstack::stack::{ConsoleMode, Places};
use localstack::wrapper;
use tracing_subscriber::EnvFilter;

/// The whole flow on one machine: real servers, the functions, their events.
#[derive(Parser)]
#[command(name = "localstack", version)]
struct Cli {
    /// The checkout.
    #[arg(long, global = true, default_value = concat!(env!("CARGO_MANIFEST_DIR"), "/.."), hide = true)]
    root: PathBuf,
    /// Where the stack keeps data, logs and state: `.stack` in the checkout without it
    #[arg(long, global = true, env = "HWANYUL_STACK_DIR", hide = true)]
    stack_dir: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Start everything and return when it is ready
    #[command(
        override_usage = "./localstack/up [--live] [--no-build] [--parameter NAME=VALUE]... [--feed-days DAYS] [--feed-step SECONDS] [--api-port PORT] [--console MODE] [--console-port PORT] [--partial-response READING] [--docker]"
    )]
    Up(Run),
    /// End everything; data stays
    #[command(override_usage = "./localstack/down")]
    Down,
    /// Show endpoints, functions, routes, lag, topics and the providers' last run
    #[command(override_usage = "./localstack/status [--json]")]
    Status {
        /// The same for programs
        #[arg(long)]
        json: bool,
    },
    /// Call a function and print its answer
    #[command(override_usage = "./localstack/invoke FUNCTION [EVENT.json]")]
    Invoke {
        /// Its name, as in template.yaml
        function: String,
        /// A file with the event; an empty object without it
        event: Option<PathBuf>,
    },
    /// Publish the ECB's history and wait until it is stored
    #[command(override_usage = "./localstack/backfill [--from YYYY-MM-DD] [--to YYYY-MM-DD]")]
    Backfill {
        /// First day, such as 1999-01-04
        #[arg(long)]
        from: Option<NaiveDate>,
        /// Last day
        #[arg(long)]
        to: Option<NaiveDate>,
    },
    /// List, show, send again or remove what could not be applied
    #[command(
        subcommand,
        override_usage = "./localstack/dead-letters list|show|replay|purge [OPTION]..."
    )]
    DeadLetters(DeadLetters),
    /// Show the last lines of functions and servers
    #[command(override_usage = "./localstack/logs [FUNCTION] [-f] [-n LINES]")]
    Logs {
        /// A function, kafka, redis, postgres, mongo, sqs or stack; all without it
        function: Option<String>,
        /// Go on with what they write next
        #[arg(short, long)]
        follow: bool,
        /// How many lines of each
        #[arg(short = 'n', long, default_value_t = 20)]
        lines: usize,
    },
    /// Give `sam local` the functions and addresses of the running stack, for containers
    #[command(override_usage = "./localstack/sam-env [--build-dir DIR]")]
    SamEnv {
        /// Where `sam build` left the bootstraps, such as .aws-sam/build; those that `up` built without it
        #[arg(long, value_name = "DIR")]
        build_dir: Option<PathBuf>,
    },
    /// End everything and remove its data
    #[command(override_usage = "./localstack/reset")]
    Reset,
    /// Run a command with servers of its own: HWANYUL_TEST_KAFKA, HWANYUL_TEST_REDIS, HWANYUL_TEST_DATABASE, HWANYUL_TEST_MONGODB,
    /// HWANYUL_TEST_SQS
    Servers {
        /// The command and its arguments, after --
        #[arg(last = true, required = true)]
        command: Vec<OsString>,
    },
    /// The process that `up` starts
    #[command(hide = true)]
    Daemon(Run),
}

#[derive(Args)]
struct Run {
    /// Ask the providers themselves instead of the feed
    #[arg(long)]
    live: bool,
    /// Business days before the newest at which the feed starts
    #[arg(long, env = "FEED_DAYS", default_value_t = 5, value_name = "DAYS")]
    feed_days: usize,
    /// Seconds from one business day of the feed to the next
    #[arg(long, env = "FEED_STEP", default_value_t = 4, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..))]
    feed_step: u64,
    /// Port of the HTTP API; 9000, or another when that is in use, without it
    #[arg(long, env = "HWANYUL_API_PORT", value_name = "PORT", value_parser = clap::value_parser!(u16).range(1..))]
    api_port: Option<u16>,
    /// What the console shows of the pipeline: control lets it be worked with from the page, view only looks, off serves no page
    #[arg(long, env = "HWANYUL_CONSOLE", value_enum, default_value_t, value_name = "MODE")]
    console: ConsoleMode,
    /// Port of the console; 8000, or another when that is in use, without it
    #[arg(long, env = "HWANYUL_CONSOLE_PORT", value_name = "PORT", value_parser = clap::value_parser!(u16).range(1..))]
    console_port: Option<u16>,
    /// What a partial batch response of a function means for the records that it does not name
    #[arg(
        long,
        env = "HWANYUL_PARTIAL_RESPONSE",
        value_enum,
        default_value_t,
        value_name = "READING"
    )]
    partial_response: PartialResponse,
    /// Let functions in containers reach the stack, at the address of Docker's bridge, for `sam local`
    #[arg(long)]
    docker: bool,
    /// A parameter of template.yaml, such as Providers=ecb,koreaexim; may be repeated
    #[arg(long = "parameter", value_name = "NAME=VALUE", value_parser = parse_parameter)]
    parameters: Vec<(String, String)>,
}

#[tokio::main]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    let filter = EnvFilter::try_from_env("LOG_LEVEL").unwrap_or_else(|_| EnvFilter::new("warn,localstack=info"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(false)
        .init();
    match run(cli).await {
        Ok(status) => status,
        Err(error) => {
            eprintln!("{}", with_causes(error.as_ref()));
            ExitCode::FAILURE
        }
    }
}

async fn run(cli: Cli) -> Result<ExitCode, Box<dyn std::error::Error>> {
    let root = cli
        .root
        .canonicalize()
        .map_err(|error| format!("the checkout {}: {error}", cli.root.display()))?;
    let places = match cli.stack_dir {
        Some(dir) => Places::new(root).keeping(std::path::absolute(dir)?),
        None => Places::new(root),
    };
    match cli.command {
        Command::Up(run) => {
            let parameters = run
                .parameters
                .iter()
                .map(|(name, value)| format!("{name}={value}"))
                .collect();
            let options = UpOptions {
                live: run.live,
                feed_days: run.feed_days,
                feed_step: run.feed_step,
                api_port: run.api_port,
                console: run.console,
                console_port: run.console_port,
                partial_response: run.partial_response,
                docker: run.docker,
                parameters,
            };
            commands::up(&places, &options).await?;
        }
        Command::Down => commands::down(&places).await?,
        Command::Status { json } => commands::status(&places, json).await?,
        Command::Invoke { function, event } => commands::invoke(&places, &function, event.as_deref()).await?,
        Command::Backfill { from, to } => commands::backfill(&places, from, to).await?,
        Command::DeadLetters(command) => commands::dead_letters(&places, command).await?,
        Command::Logs {
            function,
            follow,
            lines,
        } => commands::logs(&places, function.as_deref(), lines, follow).await?,
        Command::SamEnv { build_dir } => commands::sam_env(&places, build_dir.as_deref())?,
        Command::Reset => commands::reset(&places).await?,
        Command::Servers { command } => return Ok(ExitCode::from(wrapper::run(&command).await?)),
        Command::Daemon(run) => daemon::run(daemon_options(places, run)?, Box::new(std::io::stdout())).await?,
    }
    Ok(ExitCode::SUCCESS)
}

fn daemon_options(places: Places, run: Run) -> Result<DaemonOptions, Box<dyn std::error::Error>> {
    let own = std::env::current_exe()?;
    let bin_dir = own.parent().ok_or("this program is in no folder")?.to_path_buf();
    let parameters: BTreeMap<String, String> = run.parameters.iter().cloned().collect();
    let (live, feed_days, feed_step) = (run.live, run.feed_days, run.feed_step);
    Ok(DaemonOptions {
        places,
        live,
        feed_days,
        feed_step,
        api_port: run.api_port,
        console: run.console,
        console_port: run.console_port,
        partial_response: run.partial_response,
        // From the environment alone, because a command line is for all to see, and the URI may hold a password.
        mongodb_uri: std::env::var("MONGODB_URI").ok().filter(|uri| !uri.is_empty()),
        bin_dir,
        docker: run.docker,
        parameters,
    })
}

fn parse_parameter(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("must be NAME=VALUE, such as Providers=ecb,koreaexim".to_owned()),
    }
}
