//! Everything that README.md and the documents behind it tell people to type, in their order, from the clone on; and every document says of its commands who
//! runs them.

use std::collections::BTreeMap;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use localstack::stack::{StackPaths, State};
use serde_json::Value;
use servers::free_port;
use shared::time::HANDLER_TOLERANCE;
use tests::checkout::{binaries, project};
use tests::documents::{Fence, Runner, documents, fences, is_run_by};

/// What a reader goes through, each with its Korean twin.
const READ: [(&str, &str); 3] = [
    ("README.md", "README.ko.md"),
    ("docs/API.md", "docs/ko/API.md"),
    ("docs/TROUBLESHOOTING.md", "docs/ko/TROUBLESHOOTING.md"),
];
/// How long the two dead letters of a poisoned record may take.
const LIMIT: Duration = Duration::from_secs(30);
/// When its cause is mended: later than the dead letters are there.
const SOON: TimeDelta = TimeDelta::seconds(40);

#[test]
fn every_command_of_the_documents_is_run_by_a_test_or_says_why_not() {
    let mut without = Vec::new();
    for document in documents() {
        for fence in fences(&document) {
            let at = format!("{document}:{}", fence.line);
            match fence.runner {
                None => without.push(at),
                Some(Runner::Test(test)) if !is_run_by(&test, &document) => without.push(format!("{at} ({test})")),
                Some(Runner::Nobody(reason)) if reason.len() < 10 => without.push(format!("{at} ({reason})")),
                Some(_) => {}
            }
        }
    }
    assert_eq!(
        without,
        Vec::<String>::new(),
        "tests/src/documents.rs says what stands above a fence"
    );
}

/// A Korean page has the same commands; only their explanations differ.
#[test]
fn the_korean_pages_have_the_same_commands() {
    let commands = |document: &str| -> Vec<Vec<String>> { fences(document).iter().map(Fence::commands).collect() };
    let plain = |text: &str| text.replace("<this repository>", "…").replace("<이 저장소>", "…");
    for (page, twin) in READ {
        let all = |document: &str| {
            commands(document)
                .concat()
                .iter()
                .map(|line| plain(line))
                .collect::<Vec<_>>()
        };
        assert_eq!(all(page), all(twin), "{twin}");
    }
}

/// A clone, and the stack that its scripts start. What is built is not built again.
struct Reader {
    dir: tempfile::TempDir,
    ports: [u16; 2],
}

impl Reader {
    fn new() -> Self {
        let permissions = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        let mut dir = tempfile::Builder::new();
        dir.prefix("hwanyul-readme-").permissions(permissions);
        Self {
            dir: dir.tempdir().unwrap(),
            ports: [free_port().unwrap(), free_port().unwrap()],
        }
    }

    fn state(&self) -> Option<State> {
        State::running(&StackPaths::new(self.dir.path().join("hwanyul"))).unwrap()
    }

    /// The text with the ports that the stack has, which are others than the page's when something else runs on this machine.
    fn with_own_ports(&self, text: &str) -> String {
        let Some(state) = self.state() else {
            return text.to_owned();
        };
        let endpoints = state.endpoints;
        let pairs = [
            ("9092", Some(endpoints.kafka)),
            ("6379", Some(endpoints.redis)),
            ("5432", Some(endpoints.database)),
            ("27017", Some(endpoints.mongo)),
            ("4566", Some(endpoints.sqs)),
            ("9000", Some(endpoints.api)),
            ("9001", Some(endpoints.lambda)),
        ];
        // By a name of its own first, so that no port is taken for another's.
        let mut text = text.to_owned();
        for (usual, _) in &pairs {
            for before in ["127.0.0.1:", "-p "] {
                text = text.replace(&format!("{before}{usual}"), &format!("{before}<{usual}>"));
            }
        }
        for (usual, address) in &pairs {
            let rest = address
                .as_deref()
                .and_then(|address| address.split("127.0.0.1:").nth(1));
            let port = rest.unwrap_or(usual).split('/').next().unwrap_or(usual);
            text = text.replace(&format!("<{usual}>"), port);
        }
        text
    }

    /// What a shell prints that was given the fence's lines, its complaints, and whether it ended well. `curl` fails when the answer is an error.
    fn run(&self, text: &str) -> (String, String, bool) {
        let clone = self.dir.path().join("hwanyul");
        let folder = if clone.exists() { &clone } else { self.dir.path() };
        std::fs::write(self.dir.path().join(".curlrc"), "silent\nshow-error\nfail-with-body\n").unwrap();
        let mut command = Command::new("bash");
        command
            .args(["-euo", "pipefail", "-c", text])
            .current_dir(folder)
            .env("CURL_HOME", self.dir.path())
            .env("CARGO_TARGET_DIR", binaries().parent().unwrap())
            .env("HWANYUL_API_PORT", self.ports[0].to_string())
            .env("HWANYUL_CONSOLE_PORT", self.ports[1].to_string())
            .env("AWS_DEFAULT_REGION", "us-east-1")
            .env("AWS_ACCESS_KEY_ID", "local")
            .env("AWS_SECRET_ACCESS_KEY", "local")
            .env("AWS_PAGER", "")
            .stdin(Stdio::null());
        let ran = command.output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (text(&ran.stdout), text(&ran.stderr), ran.status.success())
    }

    fn succeed(&self, text: &str) -> String {
        let (said, complaint, is_success) = self.run(text);
        assert!(is_success, "{text}\n{said}{complaint}");
        said
    }

    /// A record that no service applies before `due`, because it is of a time to come; gives the id of one of its dead letters.
    fn poison(&self, due: DateTime<Utc>) -> String {
        let kafka = self.state().unwrap().endpoints.kafka;
        let at = (due + HANDLER_TOLERANCE).to_rfc3339_opts(SecondsFormat::Secs, true);
        let rate = format!(
            r#"{{"currency_code":"USD","currency_name":"미국 달러","deal_base_rate":1335.3,"tts":null,"ttb":null,"source":"ecb","recorded_at":"{at}","updated_at":"{at}"}}"#
        );
        let producer = r#"java -cp "${HWANYUL_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/hwanyul}/kafka/lib/*" org.apache.kafka.tools.ConsoleProducer"#;
        self.succeed(&format!(
            "echo '{rate}' | {producer} --bootstrap-server {kafka} --topic exchange_rate_updated"
        ));
        let deadline = Instant::now() + LIMIT;
        loop {
            let listed = self.succeed("./localstack/dead-letters list --json");
            let listed: Value = serde_json::from_str(&listed).unwrap();
            let dead_letters = listed["letters"].as_array().cloned().unwrap_or_default();
            if dead_letters.len() == 2 {
                return dead_letters[0]["id"].as_str().unwrap().to_owned();
            }
            assert!(Instant::now() < deadline, "{listed}");
            std::thread::sleep(Duration::from_millis(100));
        }
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        if self.dir.path().join("hwanyul").exists() {
            let (_, complaint, is_down) = self.run("./localstack/down");
            assert!(is_down || std::thread::panicking(), "{complaint}");
        }
    }
}

#[test]
fn everything_that_the_readme_says_to_type_works() {
    let reader = Reader::new();
    let mut words: BTreeMap<&str, String> = BTreeMap::new();
    words.insert("<this repository>", project().display().to_string());
    words.insert("localstack/up", "localstack/up --no-build".to_owned());
    // Whoever reads mends the cause first; here it mends itself.
    let mut due = Utc::now();
    let in_order = READ
        .iter()
        .flat_map(|(document, _)| fences(document).into_iter().map(move |fence| (document, fence)));
    for (document, fence) in in_order {
        if !matches!(fence.runner, Some(Runner::Test(_))) {
            continue;
        }
        if fence.text.contains("show ID") {
            due = Utc::now() + SOON;
            words.insert("show ID", format!("show {}", reader.poison(due)));
        }
        if fence.text.contains("dead-letters replay") {
            std::thread::sleep((due - Utc::now()).to_std().unwrap_or_default());
        }
        if fence.text.contains("--uuid UUID") {
            let listed =
                reader.succeed(&reader.with_own_ports("curl http://127.0.0.1:9001/2015-03-31/event-source-mappings/"));
            let listed: Value = serde_json::from_str(&listed).unwrap();
            let uuid = listed["EventSourceMappings"][0]["UUID"].as_str().unwrap();
            words.insert("--uuid UUID", format!("--uuid {uuid}"));
        }
        let mut text = reader.with_own_ports(&fence.text);
        for (word, meant) in &words {
            text = text.replace(word, meant);
        }
        let (said, complaint, is_success) = reader.run(&text);
        let is_error = fence.answer.as_ref().is_some_and(|answer| answer["success"] == false);
        assert_eq!(
            is_success, !is_error,
            "{document}:{}: {text}\n{said}{complaint}",
            fence.line
        );
        assert!(!said.trim().is_empty(), "{document}:{}: {text}", fence.line);
        if let Some(answer) = &fence.answer {
            let found: Value = serde_json::from_str(said.trim())
                .unwrap_or_else(|error| panic!("{document}:{}: {error}: {said}", fence.line));
            assert_eq!(shape(&found), shape(answer), "{document}:{}", fence.line);
        }
        if let Some(printed) = &fence.printed {
            assert_eq!(headings(&said), headings(printed), "{document}:{}", fence.line);
            if fence.text.contains("localstack/status") {
                assert_eq!(labels(&said), labels(printed), "{document}:{}", fence.line);
            }
        }
    }
}

/// The headings of the tables in a command's output.
fn headings(output: &str) -> Vec<Vec<&str>> {
    let is_heading = |cells: &Vec<&str>| {
        cells.len() > 1
            && cells
                .iter()
                .all(|cell| cell.chars().all(|c| c == ' ' || c.is_ascii_uppercase()))
    };
    output.lines().map(cells).filter(is_heading).collect()
}

/// What each line of a status is of: the first cell of a table's row, or what stands before a colon. The number of topics' offsets and the like vary.
fn labels(output: &str) -> Vec<&str> {
    let of_line = |line| match cells(line)[..] {
        [single] => single.split(':').next().unwrap_or(single),
        ref several => several[0],
    };
    output
        .lines()
        .filter(|line| !line.trim().is_empty())
        .map(of_line)
        .collect()
}

/// A line's cells, which stand two spaces apart or more.
fn cells(line: &str) -> Vec<&str> {
    line.split("  ")
        .map(str::trim)
        .filter(|cell| !cell.is_empty())
        .collect()
}

/// The names of an answer's fields, and of those below its data: values move with the feed.
fn shape(answer: &Value) -> Vec<String> {
    let names = |value: &Value| -> Vec<String> {
        value
            .as_object()
            .into_iter()
            .flatten()
            .map(|(name, _)| name.clone())
            .collect()
    };
    let below = names(&answer["data"]).into_iter().map(|name| format!("data.{name}"));
    names(answer).into_iter().chain(below).collect()
}
