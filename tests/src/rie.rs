//! AWS's own Runtime Interface Emulator, which ships in the SAM CLI: a function behind it runs as on Lambda.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use localstack::servers::free_port;
use serde_json::Value;
use tokio::process::Command;

use crate::pipeline::binaries;
use crate::tool;

fn emulator() -> PathBuf {
    let packages = std::fs::read_dir(tool("tools/lib")).unwrap();
    let python = packages
        .map(|entry| entry.unwrap().path())
        .find(|path| path.join("site-packages").exists())
        .unwrap();
    python.join("site-packages/samcli/local/rapid/aws-lambda-rie-x86_64")
}

/// Runs `function` once and answers what it answered.
///
/// # Panics
/// When it does not answer.
pub async fn answer(function: &str, payload: &str, environment: &BTreeMap<String, String>) -> Value {
    let (answer, _) = answer_and_log(function, payload, environment, Duration::from_secs(60)).await;
    let answer = answer.unwrap_or_else(|| panic!("{function} did not answer"));
    serde_json::from_str(&answer).unwrap_or_else(|_| panic!("{function} answered {answer:?}"))
}

/// Runs `function` once and answers what it answered within `limit`, and all that it wrote.
///
/// # Panics
/// When the emulator cannot be started.
pub async fn answer_and_log(
    function: &str,
    payload: &str,
    environment: &BTreeMap<String, String>,
    limit: Duration,
) -> (Option<String>, String) {
    // Its process gets an executable copy, because the package's own file may not be executable.
    let copy = std::env::temp_dir().join(format!("hwanyul-rie-{}", uuid::Uuid::new_v4().simple()));
    std::fs::copy(emulator(), &copy).unwrap();
    std::fs::set_permissions(&copy, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let log = tempfile::NamedTempFile::new().unwrap();
    // One place in the file for both, so that neither writes over the other.
    let written = log.reopen().unwrap();
    let (port, runtime_port) = (free_port().unwrap(), free_port().unwrap());
    let mut child = Command::new("setpriv")
        .args(["--pdeathsig", "KILL", "--"])
        .arg(&copy)
        .args([
            "--runtime-interface-emulator-address",
            &format!("127.0.0.1:{port}"),
            "--runtime-api-address",
            &format!("127.0.0.1:{runtime_port}"),
        ])
        .arg(binaries().join(function))
        .envs(environment)
        .env("AWS_LAMBDA_FUNCTION_NAME", function)
        .stdout(written.try_clone().unwrap())
        .stderr(written)
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let client = reqwest::Client::builder().timeout(limit).build().unwrap();
    let url = format!("http://127.0.0.1:{port}/2015-03-31/functions/function/invocations");
    let mut tries = 0;
    let response = loop {
        match client.post(&url).body(payload.to_owned()).send().await {
            Ok(response) => break response.text().await.ok(),
            Err(error) if error.is_connect() && tries < 200 => {
                tries += 1;
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            Err(error) if error.is_timeout() => break None,
            Err(error) => panic!(
                "{function}: {error:?}; {}",
                std::fs::read_to_string(log.path()).unwrap()
            ),
        }
    };
    child.kill().await.unwrap();
    std::fs::remove_file(copy).unwrap();
    (response, std::fs::read_to_string(log.path()).unwrap())
}
