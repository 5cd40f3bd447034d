//! The command `localstack`, behind the scripts in `localstack/`. It reads arguments; `localstack::commands` does the work.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use chrono::NaiveDate;
use clap::{Parser, Subcommand};
use emulator::with_causes;
use localstack::commands::{self, DeadLetters};
use localstack::stack::daemon;
use localstack::stack::{StackOptions, StackPaths};
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
    Up(StackOptions),
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
    Daemon(StackOptions),
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
    let paths = match cli.stack_dir {
        Some(dir) => StackPaths::new(root).with_stack_dir(std::path::absolute(dir)?),
        None => StackPaths::new(root),
    };
    match cli.command {
        Command::Up(options) => commands::up(&paths, &options).await?,
        Command::Down => commands::down(&paths).await?,
        Command::Status { json } => commands::status(&paths, json).await?,
        Command::Invoke { function, event } => commands::invoke(&paths, &function, event.as_deref()).await?,
        Command::Backfill { from, to } => commands::backfill(&paths, from, to).await?,
        Command::DeadLetters(command) => commands::dead_letters(&paths, command).await?,
        Command::Logs {
            function,
            follow,
            lines,
        } => commands::logs(&paths, function.as_deref(), lines, follow).await?,
        Command::SamEnv { build_dir } => commands::sam_env(&paths, build_dir.as_deref())?,
        Command::Reset => commands::reset(&paths).await?,
        Command::Servers { command } => return Ok(ExitCode::from(commands::with_servers(&command).await?)),
        Command::Daemon(options) => daemon::run(&paths, &options, Box::new(std::io::stdout())).await?,
    }
    Ok(ExitCode::SUCCESS)
}
