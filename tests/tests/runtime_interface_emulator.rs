//! Each built binary answers its sample event under AWS's own Runtime Interface Emulator, which ships in the SAM CLI.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use flows::pipeline::{binaries, project};
use flows::samples::{Samples, event};
use flows::tool;
use localstack::servers::free_port;
use serde_json::{Value, json};
use tokio::process::Command;

fn emulator() -> PathBuf {
    let packages = std::fs::read_dir(tool("tools/lib")).unwrap();
    let python = packages
        .map(|entry| entry.unwrap().path())
        .find(|path| path.join("site-packages").exists())
        .unwrap();
    python.join("site-packages/samcli/local/rapid/aws-lambda-rie-x86_64")
}

/// Runs `function` once under the emulator and answers what it answered.
async fn answer(function: &str, payload: &str, environment: &BTreeMap<String, String>) -> Value {
    // Its process gets an executable copy, because the package's own file may not be executable.
    let copy = std::env::temp_dir().join(format!("hwanyul-rie-{}", uuid::Uuid::new_v4().simple()));
    std::fs::copy(emulator(), &copy).unwrap();
    std::fs::set_permissions(&copy, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
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
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let client = reqwest::Client::builder()
        .timeout(Duration::from_secs(60))
        .build()
        .unwrap();
    let url = format!("http://127.0.0.1:{port}/2015-03-31/functions/function/invocations");
    let mut tries = 0;
    let response = loop {
        match client.post(&url).body(payload.to_owned()).send().await {
            Ok(response) => break response.text().await.unwrap(),
            Err(error) if error.is_connect() && tries < 200 => {
                tries += 1;
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            Err(error) => panic!("{function}: {error}"),
        }
    };
    child.kill().await.unwrap();
    std::fs::remove_file(copy).unwrap();
    serde_json::from_str(&response).unwrap_or_else(|_| panic!("{function} answered {response:?}"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_function_answers_its_sample_event() {
    let Samples {
        ref stack,
        ref environment,
        ..
    } = Samples::start().await;
    for service in ["currency", "history"] {
        for topic in [
            "new-data-received",
            "exchange-rate-updated",
            "data-processing-completed",
            "cache-invalidation",
        ] {
            let function = format!("{service}-{topic}");
            let answer = answer(&function, &event(&function), environment).await;
            assert_eq!(answer, json!({"batchItemFailures": []}), "{function}");
        }
    }
    assert_eq!(stack.current_rates().await.into_keys().collect::<Vec<_>>(), ["USD"]);
    assert_eq!(stack.observations().await.len(), 1);

    // The three read APIs, on what the handlers have just stored.
    for (function, status, wanted) in [
        ("currency-api", 200, "\"currency_code\":\"USD\""),
        ("history-api", 200, "\"data_points\":1"),
        ("ranking-api", 201, "\"daily_clicks\":1"),
    ] {
        let answer = answer(function, &event(function), environment).await;
        assert_eq!(answer["statusCode"], status, "{function}: {answer}");
        assert!(
            answer["body"].as_str().unwrap().contains(wanted),
            "{function}: {answer}"
        );
        assert_eq!(answer["headers"]["access-control-allow-origin"], "*", "{function}");
    }

    let summary = answer("ingestor", &event("ingestor"), environment).await;
    assert_eq!(
        (&summary["source"], &summary["events"]["exchange_rate_updated"]),
        (&json!("ecb"), &json!(29)),
        "{summary}"
    );
    let backfill = answer("operations-backfill", &event("operations-backfill"), environment).await;
    assert_eq!(
        (&backfill["days"], &backfill["events"], &backfill["done"]),
        (&json!(5), &json!(145), &json!(true)),
        "{backfill}"
    );
    let redrive = answer("operations-redrive", &event("operations-redrive"), environment).await;
    assert_eq!(redrive, json!({"batchItemFailures": []}));
    let topics = answer("operations-topics", &event("operations-topics"), environment).await;
    assert_eq!(topics.as_array().map(Vec::len), Some(4), "{topics}");
    let tables = answer("operations-migrations", &event("operations-migrations"), environment).await;
    let migrations = std::fs::read_dir(project().join("functions/operations/migrations"))
        .unwrap()
        .count();
    assert_eq!(
        (&tables["migrations"], &tables["version"]),
        (&json!(migrations), &json!(migrations)),
        "{tables}"
    );
}
