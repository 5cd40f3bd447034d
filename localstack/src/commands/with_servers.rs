//! `localstack servers -- COMMAND`: runs a command with servers of its own, and leaves nothing behind.

mod processes;

use std::ffi::OsString;
use std::os::unix::process::ExitStatusExt as _;
use std::process::ExitStatus;

use rustix::process::{Signal, getpid, set_child_subreaper};
use servers::process_table::descendants;
use servers::{Ports, Postgres, ServerError, Servers, ServersOptions};
use tokio::process::Command;
use tokio::time::Instant;

use self::processes::{Interruption, end, end_all, leftovers};

/// Exit status of a command that a signal ended: 128 and the signal's number, as shells have it.
const SIGNALLED: i32 = 128;

/// Why the command could not be run.
#[derive(Debug, thiserror::Error)]
pub enum WithServersError {
    /// A server does not run.
    #[error(transparent)]
    Server(#[from] ServerError),
    /// The command cannot be started or watched.
    #[error("could not {what}")]
    System {
        /// What was tried.
        what: String,
        /// Why it failed.
        #[source]
        source: std::io::Error,
    },
    /// There is no command.
    #[error("no command; usage: localstack servers -- COMMAND [ARGUMENT]...")]
    NoCommand,
}

impl WithServersError {
    fn system(what: impl Into<String>) -> impl FnOnce(std::io::Error) -> Self {
        let what = what.into();
        move |source| Self::System { what, source }
    }
}

/// Runs `command` with `HWANYUL_TEST_KAFKA`, `HWANYUL_TEST_REDIS`, `HWANYUL_TEST_DATABASE`, `HWANYUL_TEST_MONGODB` and
/// `HWANYUL_TEST_SQS` set to new servers, and ends everything when it ends or a signal comes. Gives the status to exit with.
///
/// # Errors
/// [`WithServersError`]; nothing is left running then either.
pub async fn with_servers(command: &[OsString]) -> Result<u8, WithServersError> {
    let Some((program, args)) = command.split_first() else {
        return Err(WithServersError::NoCommand);
    };
    // What the command leaves behind becomes our child, and so can be found and ended.
    set_child_subreaper(Some(getpid())).map_err(|error| WithServersError::system("adopt orphans")(error.into()))?;
    let mut interrupted = Interruption::new().map_err(WithServersError::system("watch for signals"))?;
    // Others may enter: PostgreSQL runs as another user when we are root.
    let dir = tempfile::Builder::new()
        .prefix("hwanyul-servers-")
        .permissions(std::os::unix::fs::PermissionsExt::from_mode(0o755))
        .tempdir()
        .map_err(WithServersError::system("make a temporary folder"))?;
    let options = ServersOptions {
        dir: dir.path().into(),
        log_dir: dir.path().join("logs"),
        ports: Ports::default(),
        with_mongo: true,
        kafka_proxy: None,
    };

    let ended = run(&options, program, args, &mut interrupted).await;
    // Whatever happened, nothing of ours runs on; only then can the folder be removed.
    end_all(|| descendants(std::process::id()))
        .await
        .map_err(WithServersError::system("end what is left"))?;
    remove_postgres(&options)?;
    dir.close()
        .map_err(WithServersError::system("remove the temporary folder"))?;
    ended
}

async fn run(
    options: &ServersOptions,
    program: &OsString,
    args: &[OsString],
    interrupted: &mut Interruption,
) -> Result<u8, WithServersError> {
    let began = Instant::now();
    let servers = tokio::select! {
        servers = Servers::start(options, |_, _| ()) => servers?,
        signal = interrupted.next() => return Ok(exit_of_signal(signal)),
    };
    let named = endpoints(&servers);
    let addresses: Vec<&str> = named.iter().map(|(_, address)| address.as_str()).collect();
    eprintln!(
        "servers ready in {:.1} s: {}",
        began.elapsed().as_secs_f64(),
        addresses.join(" ")
    );

    let mut child = Command::new("setpriv")
        .args(["--pdeathsig", "KILL", "--"])
        .arg(program)
        .args(args)
        .envs(named)
        .spawn()
        .map_err(WithServersError::system("start the command"))?;
    let status = tokio::select! {
        status = child.wait() => exit_of(status.map_err(WithServersError::system("wait for the command"))?),
        signal = interrupted.next() => {
            end(&mut child, &servers, signal).await.map_err(WithServersError::system("end the command"))?;
            exit_of_signal(signal)
        }
    };
    end_all(|| leftovers(&servers))
        .await
        .map_err(WithServersError::system("end what the command left"))?;
    servers.stop().await?;
    Ok(status)
}

fn endpoints(servers: &Servers) -> Vec<(&'static str, String)> {
    let mut endpoints = vec![
        ("HWANYUL_TEST_KAFKA", servers.kafka.bootstrap()),
        ("HWANYUL_TEST_REDIS", servers.redis.url()),
        ("HWANYUL_TEST_DATABASE", servers.postgres.url("postgres")),
    ];
    endpoints.extend(
        servers
            .mongo
            .as_ref()
            .map(|mongo| ("HWANYUL_TEST_MONGODB", mongo.url())),
    );
    endpoints.push(("HWANYUL_TEST_SQS", servers.sqs.url()));
    endpoints
}

/// PostgreSQL's data is elsewhere when the user `postgres` cannot reach the temporary folder.
fn remove_postgres(options: &ServersOptions) -> Result<(), WithServersError> {
    let data = Postgres::data_dir(&options.dir.join("postgres"));
    if !data.exists() {
        return Ok(());
    }
    let removed = std::fs::remove_dir_all(&data);
    removed.map_err(WithServersError::system(format!("remove {}", data.display())))
}

fn exit_of(status: ExitStatus) -> u8 {
    let code = status
        .code()
        .or_else(|| status.signal().map(|signal| SIGNALLED + signal));
    code.and_then(|code| u8::try_from(code).ok()).unwrap_or(1)
}

fn exit_of_signal(signal: Signal) -> u8 {
    u8::try_from(SIGNALLED + signal.as_raw()).unwrap_or(1)
}
