//! `localstack servers -- COMMAND` leaves nothing behind, however it ends.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Child, Command, ExitStatus};
use std::time::{Duration, Instant};

use rustix::process::Signal;
use servers::process_table::{Identity, descendants};

/// How long anything here may take before it counts as failed.
const LIMIT: Duration = Duration::from_secs(120);

/// A folder for temporary files that PostgreSQL's user may enter.
fn folder() -> tempfile::TempDir {
    tempfile::Builder::new()
        .permissions(std::fs::Permissions::from_mode(0o755))
        .tempdir()
        .unwrap()
}

fn servers(tmp: &Path, script: &str) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_localstack"));
    command
        .args(["servers", "--", "sh", "-c", script])
        .env("TMPDIR", tmp)
        .spawn()
        .unwrap()
}

/// Looks until `found` gives something.
fn until<T>(what: &str, mut found: impl FnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(found) = found() {
            return found;
        }
        assert!(began.elapsed() < LIMIT, "{what} did not happen");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Waits until the command has written `file`; gives all processes then.
fn all_running(child: &Child, file: &Path) -> Vec<Identity> {
    until("the command", || file.exists().then_some(()));
    let all = descendants(child.id());
    let names: Vec<String> = all.iter().filter_map(|process| process.name()).collect();
    for server in ["java", "redis-server", "postgres", "python", "sleep"] {
        assert!(
            names.iter().any(|name| name.starts_with(server)),
            "{server} is not among {names:?}"
        );
    }
    all
}

fn end(mut child: Child, signal: Signal, all: &[Identity]) -> ExitStatus {
    Identity::of(child.id()).unwrap().signal(signal).unwrap();
    let status = child.wait().unwrap();
    until("the end of every process", || {
        all.iter().all(|process| !process.is_alive()).then_some(())
    });
    status
}

/// The command starts two processes that would outlive it.
const ENDLESS: &str = "setsid sleep 600 & sleep 600 & touch \"$TMPDIR/started\"; wait";

#[test]
fn a_signal_ends_command_and_servers_and_removes_their_folder() {
    for (signal, code) in [(Signal::TERM, 143), (Signal::INT, 130), (Signal::HUP, 129)] {
        let tmp = folder();
        let child = servers(tmp.path(), ENDLESS);
        let all = all_running(&child, &tmp.path().join("started"));
        let status = end(child, signal, &all);
        assert_eq!(status.code(), Some(code));
        let left: Vec<_> = std::fs::read_dir(tmp.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect();
        assert_eq!(left, ["started"]);
    }
}

#[test]
fn killed_outright_no_server_outlives_it() {
    let tmp = folder();
    let child = servers(tmp.path(), "touch \"$TMPDIR/started\"; exec sleep 600");
    let all = all_running(&child, &tmp.path().join("started"));
    end(child, Signal::KILL, &all);
}

#[test]
fn the_command_gets_five_addresses_and_its_status_is_passed_on() {
    let tmp = folder();
    let script = "echo $HWANYUL_TEST_KAFKA $HWANYUL_TEST_REDIS $HWANYUL_TEST_DATABASE $HWANYUL_TEST_SQS $HWANYUL_TEST_MONGODB >\"$TMPDIR/said\"; exit 7";
    let status = servers(tmp.path(), script).wait().unwrap();
    assert_eq!(status.code(), Some(7));
    let said = std::fs::read_to_string(tmp.path().join("said")).unwrap();
    let addresses: Vec<&str> = said.split_whitespace().collect();
    let [kafka, redis, database, sqs, mongo] = addresses[..] else {
        panic!("{said}")
    };
    assert!(kafka.starts_with("127.0.0.1:"));
    assert!(redis.starts_with("redis://127.0.0.1:"));
    assert!(database.starts_with("postgres://postgres@127.0.0.1:") && database.ends_with("/postgres"));
    assert!(sqs.starts_with("http://127.0.0.1:"));
    assert!(mongo.starts_with("mongodb://127.0.0.1:"));
}

#[test]
fn without_a_command_it_says_how_to_use_it() {
    let output = Command::new(env!("CARGO_BIN_EXE_localstack"))
        .arg("servers")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(
        String::from_utf8_lossy(&output.stderr).contains("-- <COMMAND>..."),
        "{output:?}"
    );
}
