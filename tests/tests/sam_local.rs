//! Every function and every route of the template under `sam local`, in containers of a real engine, on the running local stack: the command lines are those of
//! docs/SAM_LOCAL.md.

use std::collections::BTreeSet;
use std::io::Read as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use emulator::{Deployment, FunctionSpec, Template};
use localstack::stack::{STACK_NAME, StackPaths, State};
use rustix::process::Signal;
use serde_json::{Value, json};
use servers::free_port;
use servers::process_table::{Identity, descendants};
use tests::checkout::{binaries, project};
use tests::docker::Engine;
use tests::documents::commands;
use tests::samples::event_file;
use tests::tool;

/// How long `sam local start-api` may take until it listens.
const LIMIT: Duration = Duration::from_secs(60);
/// The function and the event of the documented line.
const EXAMPLE: [&str; 2] = ["CurrencyApi", "tests/events/currency-api.json"];
/// A request for each path of the HTTP API, with the status that it has to have; the last two are the template's `$default`.
const REQUESTS: [(&str, &str, &str, u16); 20] = [
    ("GET", "/api/v1/currencies", "", 200),
    ("GET", "/api/v1/currencies/{code}", "/api/v1/currencies/USD", 200),
    ("GET", "/api/v1/currencies/latest", "?base=USD&symbols=KRW,EUR", 200),
    ("GET", "/api/v1/currencies/multiple", "?symbols=USD,JPY", 200),
    ("GET", "/api/v1/currencies/search", "?q=dollar", 200),
    ("DELETE", "/api/v1/currencies/cache", "", 403),
    ("GET", "/api/v1/convert", "?from=USD&to=KRW&amount=100.10", 200),
    ("GET", "/api/v1/history", "?base=USD&target=EUR&period=1w", 200),
    ("GET", "/api/v1/history/compare", "?targets=USD,EUR&period=1m", 200),
    (
        "GET",
        "/api/v1/history/forecast/{code}",
        "/api/v1/history/forecast/USD",
        200,
    ),
    (
        "GET",
        "/api/v1/history/rates",
        "?base=USD&symbols=EUR,KRW&date=2026-10-20",
        200,
    ),
    ("GET", "/api/v1/history/stats", "?base=USD&target=EUR&period=1m", 200),
    ("GET", "/api/v1/rankings", "?period=daily", 200),
    ("POST", "/api/v1/rankings/click", "", 201),
    (
        "GET",
        "/api/v1/rankings/stats/{country}",
        "/api/v1/rankings/stats/US",
        200,
    ),
    ("GET", "/health/currency", "", 200),
    ("GET", "/health/history", "", 200),
    ("GET", "/health/ranking", "", 200),
    ("GET", "/openapi.json", "", 200),
    ("GET", "/no/such/route", "", 404),
];

/// The stack, started and ended by the documented scripts, and the engine of the containers.
struct Local {
    engine: Engine,
    dir: tempfile::TempDir,
    ports: [u16; 2],
}

impl Local {
    /// A command line of the document. The stack is one of this test's own, beside whatever runs; it is built already; no image is pulled, and containers are kept
    /// from one request to the next.
    fn run(&self, line: &str) -> Command {
        let stack = self.dir.path().join("stack");
        let line = line
            .replace("localstack/up", "localstack/up --no-build")
            .replace(".stack/", &format!("{}/", stack.display()))
            .replace("sam local invoke", "sam local invoke --skip-pull-image")
            .replace(
                "sam local start-api",
                "sam local start-api --skip-pull-image --warm-containers LAZY",
            );
        let mut command = self.engine.command("bash".as_ref());
        let path = std::env::var("PATH").unwrap();
        let tools = tool("tools/bin/sam").parent().unwrap().display().to_string();
        command
            .arg("-c")
            .arg(line)
            .current_dir(project())
            .env("PATH", format!("{tools}:{path}"))
            .env("SAM_CLI_TELEMETRY", "0")
            .env("HWANYUL_STACK_DIR", &stack)
            .env("CARGO_TARGET_DIR", binaries().parent().unwrap())
            .env("HWANYUL_API_PORT", self.ports[0].to_string())
            .env("HWANYUL_CONSOLE_PORT", self.ports[1].to_string())
            // The feed stands still, so that two answers are of the same rates.
            .env("FEED_STEP", "3600")
            .stdin(Stdio::null());
        command
    }

    fn output(&self, line: &str) -> (String, String) {
        let ran = self.run(line).output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        let (out, err) = (text(ran.stdout), text(ran.stderr));
        assert!(ran.status.success(), "{line}: {}\n{out}\n{err}", ran.status);
        (out, err)
    }

    fn state(&self) -> State {
        let places = StackPaths::new(project()).with_stack_dir(self.dir.path().join("stack"));
        State::running(&places).unwrap().unwrap()
    }
}

impl Drop for Local {
    fn drop(&mut self) {
        let down = self.run("./localstack/down").output().unwrap();
        assert!(
            down.status.success() || std::thread::panicking(),
            "{}",
            String::from_utf8_lossy(&down.stderr)
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_function_and_every_route_runs_in_a_container() {
    let lines = commands("docs/SAM_LOCAL.md", "tests/tests/sam_local.rs");
    let [up, sam_env, invoke, start_api] = &lines[..] else {
        panic!("{lines:?}");
    };
    let dir = tempfile::Builder::new()
        .prefix("hwanyul-sam-")
        // PostgreSQL's user has to get in.
        .permissions(std::os::unix::fs::PermissionsExt::from_mode(0o755))
        .tempdir()
        .unwrap();
    let local = Local {
        engine: Engine::ready(),
        dir,
        ports: [free_port().unwrap(), free_port().unwrap()],
    };
    local.output(up);
    let (said, _) = local.output(sam_env);
    assert!(said.contains("sam local invoke CurrencyApi --template"), "{said}");
    let template = Template::load(
        project().join("template.yaml"),
        &Deployment::new(STACK_NAME, local.state().parameters),
    )
    .unwrap();
    // What publishes comes last: every other answer is of the same rates then.
    let mut functions = template.functions.clone();
    functions.sort_by_key(|function| ["ingestor", "operations-backfill"].contains(&function.name.as_str()));
    for function in &functions {
        let event = event_file(&function.name);
        let line = invoke
            .replace(EXAMPLE[0], &function.logical_id)
            .replace(EXAMPLE[1], &event);
        assert_ne!((line == *invoke), function.logical_id != EXAMPLE[0], "{invoke}");
        let (out, err) = local.output(&line);
        let answer: Value = serde_json::from_str(&out).unwrap_or_else(|error| panic!("{line}: {error}: {out}\n{err}"));
        check(&local, function, &event, &answer);
    }
    routes_answer_as_the_local_stack(&local, start_api, &template).await;
}

/// Asserts that the container's answer is what the same function answers on the stack itself, as far as two calls can answer alike.
fn check(local: &Local, function: &FunctionSpec, event: &str, answer: &Value) {
    let name = function.name.as_str();
    assert!(answer.get("errorType").is_none(), "{name}: {answer}");
    let own = || -> Value {
        let (out, _) = local.output(&format!("./localstack/invoke {name} {event}"));
        serde_json::from_str(&out).unwrap()
    };
    match name {
        "operations-backfill" => {
            // Kafka, the feed, Redis and both queues were reached from the container.
            let told = ["days", "events", "done", "backed_up"].map(|field| &answer[field]);
            assert_eq!(told, [&json!(5), &json!(145), &json!(true), &json!(0)], "{answer}");
        }
        "ingestor" => {
            let outcome = &answer["providers"][0];
            assert_eq!(
                (&answer["source"], outcome["error"].is_null()),
                (&json!("ecb"), true),
                "{answer}"
            );
        }
        "ranking-api" => {
            assert_eq!(answer["statusCode"], 201, "{answer}");
            // The click of the container counts among those of the stack.
            assert!(
                answer["body"].as_str().unwrap().contains("\"daily_clicks\":1"),
                "{answer}"
            );
        }
        "currency-api" | "history-api" => {
            assert_eq!(answer["statusCode"], 200, "{answer}");
            assert_eq!(lasting(&data(answer)), lasting(&data(&own())), "{name}");
        }
        _ => assert_eq!(answer, &own(), "{name}"),
    }
}

/// What the body of an HTTP API's answer says, without what differs from one answer to the next.
fn data(answer: &Value) -> Value {
    let body: Value = serde_json::from_str(answer["body"].as_str().unwrap()).unwrap();
    body["data"].clone()
}

/// `sam local start-api`, and what it has started.
struct Api(Child);

impl Drop for Api {
    fn drop(&mut self) {
        // As Ctrl-C does: SAM removes its containers then.
        for process in descendants(self.0.id()).into_iter().chain(Identity::of(self.0.id())) {
            process.signal(Signal::INT).unwrap();
        }
        let deadline = Instant::now() + LIMIT;
        while matches!(self.0.try_wait(), Ok(None)) && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

async fn routes_answer_as_the_local_stack(local: &Local, line: &str, template: &Template) {
    // Each path that the API documents, and with them each route of the template, has a request here.
    let document: Value = serde_yaml_ng::from_str(&read(&project().join("docs/openapi.yaml"))).unwrap();
    let documented: BTreeSet<&str> = document["paths"]
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    let asked: BTreeSet<&str> = REQUESTS.iter().map(|(_, path, ..)| *path).collect();
    assert_eq!(documented.difference(&asked).collect::<Vec<_>>(), Vec::<&&str>::new());
    for route in &template.http_routes {
        let (method, path) = route.key.split_once(' ').unwrap_or(("ANY", "/no/such/route"));
        let prefix = path.trim_end_matches("{proxy+}");
        let has_request = |(asked, path, ..): &(&str, &str, &str, u16)| {
            (method == "ANY" || method == *asked)
                && if prefix == *path {
                    true
                } else {
                    prefix.ends_with('/') && path.starts_with(prefix)
                }
        };
        assert!(REQUESTS.iter().any(has_request), "{} has no request here", route.key);
    }

    let port = free_port().unwrap();
    let log = local.dir.path().join("start-api.log");
    let file = std::fs::File::create(&log).unwrap();
    let mut command = local.run(&format!("exec {line} --port {port}"));
    let mut api = Api(command.stdout(Stdio::null()).stderr(file).spawn().unwrap());
    let said = || read(&log);
    let deadline = Instant::now() + LIMIT;
    while tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_err() {
        assert!(
            api.0.try_wait().unwrap().is_none() && Instant::now() < deadline,
            "{}",
            said()
        );
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let stack = local.state().endpoints.api;
    let client = reqwest::Client::new();
    for (method, path, rest, expected) in REQUESTS {
        let path = match rest.strip_prefix('/') {
            Some(_) => rest.to_owned(),
            None => format!("{path}{rest}"),
        };
        let ask = async |base: &str| {
            let mut request = client.request(method.parse().unwrap(), format!("{base}{path}"));
            if method == "POST" {
                request = request.json(&json!({"country": "US", "user_id": "somebody"}));
            }
            let answer = request.send().await.unwrap();
            let status = answer.status().as_u16();
            let body = answer.text().await.unwrap();
            let body: Value =
                serde_json::from_str(&body).unwrap_or_else(|error| panic!("{path}: {error}: {body}\n{}", said()));
            (status, body)
        };
        let (status, body) = ask(&format!("http://127.0.0.1:{port}")).await;
        assert_eq!(status, expected, "{method} {path}: {body}\n{}", said());
        // What changes something is not done twice. SAM knows no IAM authorizer, and the function itself refuses who comes without one.
        if method == "GET" {
            let (_, own) = ask(&stack).await;
            let facts = |body: &Value| body.get("data").unwrap_or(body).clone();
            assert_eq!(lasting(&facts(&body)), lasting(&facts(&own)), "{path}");
        }
    }
}

/// What two answers a moment apart have in common: everything but times, measured milliseconds, and whether the second found in the cache what the first put there.
fn lasting(value: &Value) -> Value {
    let moves = |name: &str| name.ends_with("_ms") || ["timestamp", "served_from"].contains(&name);
    match value {
        Value::Object(fields) => {
            let fields = fields.iter().filter(|(name, _)| !moves(name));
            fields.map(|(name, value)| (name.clone(), lasting(value))).collect()
        }
        Value::Array(items) => items.iter().map(lasting).collect(),
        other => other.clone(),
    }
}

fn read(log: &Path) -> String {
    let mut text = String::new();
    std::fs::File::open(log).unwrap().read_to_string(&mut text).unwrap();
    text
}
