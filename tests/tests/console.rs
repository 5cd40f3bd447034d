//! The console in a real browser, on a stack of its own: what is in `tests/console`, by Playwright with Debian's Chromium.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use localstack::stack::{StackPaths, State};
use rustix::process::Signal;
use servers::free_port;
use servers::process_table::Identity;
use tests::checkout::{binaries, project};

/// Business days that the feed goes through, one every four seconds: more than the tests take, so that rates keep changing.
const FEED_DAYS: &str = "400";
/// How long the stack may take to end.
const END_LIMIT: Duration = Duration::from_secs(60);

/// A stack with the built console, in a folder of its own. It dies with the test.
struct Stack {
    daemon: Child,
    console: String,
    dir: tempfile::TempDir,
}

impl Stack {
    fn start() -> Self {
        // PostgreSQL's user has to get in.
        let permissions = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        let dir = tempfile::Builder::new()
            .prefix("hwanyul-console-")
            .permissions(permissions)
            .tempdir()
            .unwrap();
        let (console, api) = (free_port().unwrap(), free_port().unwrap());
        let log = std::fs::File::create(dir.path().join("daemon.log")).unwrap();
        let mut command = Command::new("setpriv");
        command
            .args(["--pdeathsig", "TERM", "--"])
            .arg(binaries().join("localstack"));
        command
            .arg("--root")
            .arg(project())
            .arg("--stack-dir")
            .arg(dir.path().join("stack"));
        command.args(["daemon", "--feed-days", FEED_DAYS]);
        command.args(["--console-port", &console.to_string(), "--api-port", &api.to_string()]);
        let mut daemon = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .unwrap();
        let lines = BufReader::new(daemon.stdout.take().unwrap());
        let stack = Self {
            daemon,
            console: format!("http://127.0.0.1:{console}"),
            dir,
        };
        stack.until_ready(lines);
        stack
    }

    fn until_ready(&self, lines: BufReader<ChildStdout>) {
        let mut said = String::new();
        for line in lines.lines().map_while(Result::ok) {
            if line == localstack::stack::daemon::READY {
                return;
            }
            said += &format!("{line}\n");
        }
        let log = std::fs::read_to_string(self.dir.path().join("daemon.log")).unwrap_or_default();
        panic!("the stack does not start:\n{said}{log}");
    }
}

impl Drop for Stack {
    fn drop(&mut self) {
        if let Some(daemon) = Identity::of(self.daemon.id()) {
            daemon.signal(Signal::TERM).unwrap();
        }
        let deadline = Instant::now() + END_LIMIT;
        while matches!(self.daemon.try_wait(), Ok(None)) && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(50));
        }
        // It has killed its servers by then; if not, they die with it.
        if matches!(self.daemon.try_wait(), Ok(None)) {
            self.daemon.kill().unwrap();
            self.daemon.wait().unwrap();
        }
    }
}

/// The cache that `localstack/install` fills.
fn cache() -> PathBuf {
    let folder = |name: &str| std::env::var_os(name).map(PathBuf::from);
    folder("HWANYUL_CACHE")
        .or_else(|| Some(folder("XDG_CACHE_HOME")?.join("hwanyul")))
        .unwrap_or_else(|| folder("HOME").unwrap().join(".cache/hwanyul"))
}

/// A command of Node.js, as it is installed with the tools.
fn node(program: &str, folder: &Path) -> Command {
    let bin = cache().join("node/bin");
    let mut command = Command::new(bin.join(program));
    let path = std::env::var("PATH").unwrap();
    command
        .current_dir(folder)
        .env("PATH", format!("{}:{path}", bin.display()));
    command
}

fn succeed(mut command: Command) {
    let status = command.status().unwrap();
    assert!(status.success(), "{command:?}: {status}");
}

/// What any page of the web can send anywhere without asking the browser for leave: a dead letter's end, or the stack's.
async fn a_page_cannot_reach_the_lambda_api(stack: &Stack) {
    let places = StackPaths::new(project()).with_stack_dir(stack.dir.path().join("stack"));
    let lambda = State::running(&places).unwrap().unwrap().endpoints.lambda;
    let client = reqwest::Client::new();
    for (path, body) in [
        (
            "/2015-03-31/functions/operations-redrive/invocations",
            r#"{"action":"purge","all":true}"#,
        ),
        ("/_stack/stop", ""),
    ] {
        for (name, value) in [
            ("origin", "https://elsewhere.invalid"),
            ("sec-fetch-site", "cross-site"),
        ] {
            let request = client.post(format!("{lambda}{path}")).header(name, value).body(body);
            let answer = request.send().await.unwrap();
            assert_eq!(answer.status(), 403, "{path} {name}");
        }
    }
    let request = client.get(format!("{lambda}/_stack/status"));
    assert_eq!(request.send().await.unwrap().status(), 200);
}

/// What a run would hold back is put into Redis, and the page is told of it until it is gone.
async fn what_is_held_back_is_told(stack: &Stack, redis: &str) {
    let client = reqwest::Client::new();
    let held = async || {
        let request = client.get(format!("{}/pipeline/state", stack.console)).send();
        request.await.unwrap().json::<serde_json::Value>().await.unwrap()["held"].clone()
    };
    let mut connection = redis::Client::open(redis)
        .unwrap()
        .get_multiplexed_async_connection()
        .await
        .unwrap();
    // The two publications after the Swiss franc was let go, as the ECB's file has them. The local chain does not ask this source, so no run touches its hash.
    let rate = |day: &str, quotation: &str, percent: &str| {
        format!(
            r#"{{"recorded_at":"{day}T13:15:00Z","deal_base_rate":1200,"tts":null,"ttb":null,"quotation":{quotation},"previous":1.2010,"previous_at":"2015-01-14T13:15:00Z","change_percent":"{percent}","held_since":"{day}T15:05:00Z"}}"#
        )
    };
    let list = format!(
        "[{},{}]",
        rate("2015-01-15", "1.0280", "-14.4047"),
        rate("2015-01-16", "1.0128", "-15.6703")
    );
    let key = shared::cache::key::held("koreaexim");
    let told = serde_json::json!([{
        "source": "koreaexim", "currency_code": "CHF", "held_since": "2015-01-15T15:05:00Z", "observations": 2,
        "previous": "1.201", "previous_at": "2015-01-14T13:15:00Z", "quotation": "1.0128", "recorded_at": "2015-01-16T13:15:00Z",
        "change_percent": "-15.6703",
    }]);
    let until = async |wanted: serde_json::Value| {
        let deadline = Instant::now() + Duration::from_secs(20);
        loop {
            // A look is good for a second.
            let mine = held().await;
            let mine: Vec<_> = mine
                .as_array()
                .into_iter()
                .flatten()
                .filter(|one| one["source"] == "koreaexim")
                .cloned()
                .collect();
            if serde_json::Value::from(mine.clone()) == wanted {
                return;
            }
            assert!(Instant::now() < deadline, "{mine:?} is told, not {wanted}");
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    };
    until(serde_json::json!([])).await;
    let () = redis::cmd("HSET")
        .arg(&key)
        .arg("CHF")
        .arg(list)
        .query_async(&mut connection)
        .await
        .unwrap();
    until(told).await;
    // What cannot be read is not taken for nothing.
    let () = redis::cmd("HSET")
        .arg(&key)
        .arg("TRY")
        .arg("[]")
        .query_async(&mut connection)
        .await
        .unwrap();
    let deadline = Instant::now() + Duration::from_secs(20);
    while !held().await.is_null() {
        assert!(
            Instant::now() < deadline,
            "a list without a rate is taken for something"
        );
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    let () = redis::cmd("DEL").arg(&key).query_async(&mut connection).await.unwrap();
    until(serde_json::json!([])).await;
}

#[tokio::test]
async fn people_see_rates_arrive_and_can_watch_the_promises_hold() {
    succeed(Command::new(project().join("console/build")));
    let folder = project().join("tests/console");
    let mut install = node("npm", &folder);
    install.args(["ci", "--no-audit", "--no-fund", "--silent"]);
    succeed(install);
    let stack = Stack::start();
    a_page_cannot_reach_the_lambda_api(&stack).await;
    let places = StackPaths::new(project()).with_stack_dir(stack.dir.path().join("stack"));
    let redis = State::running(&places).unwrap().unwrap().endpoints.redis;
    what_is_held_back_is_told(&stack, &redis).await;
    let mut test = node("npm", &folder);
    test.args(["test", "--silent"])
        .env("HWANYUL_CONSOLE_URL", &stack.console)
        .env("HWANYUL_REDIS_URL", &redis);
    // Some files alone: HWANYUL_CONSOLE_SPECS="days rates" ./tests/run console
    if let Ok(specs) = std::env::var("HWANYUL_CONSOLE_SPECS") {
        test.arg("--").args(specs.split_whitespace());
    }
    succeed(test);
}
