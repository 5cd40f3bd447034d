//! Each artifact of `sam build` answers its sample event under AWS's own Runtime Interface Emulator, which ships in the SAM CLI.

use flows::contract::Function;
use flows::pipeline::project;
use flows::rie::answer;
use flows::sam::built;
use flows::samples::{Samples, event};
use serde_json::{Value, json};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_artifact_of_sam_build_answers_its_sample_event() {
    // What reads comes after what writes.
    let mut artifacts = built();
    artifacts.sort_by_key(|(function, _)| !takes_batches(function));
    let Samples {
        ref stack,
        ref environment,
        ..
    } = Samples::start().await;
    for (function, bootstrap) in &artifacts {
        let answer = answer(bootstrap, &event(&function.binary), environment).await;
        check(function, &answer);
    }
    assert_eq!(stack.current_rates().await.into_keys().collect::<Vec<_>>(), ["USD"]);
    assert_eq!(stack.observations().await.len(), 1);
}

/// Whether Kafka or SQS invokes it.
fn takes_batches(function: &Function) -> bool {
    let mut events = function.properties["Events"].as_object().into_iter().flatten();
    events.any(|(_, event)| ["MSK", "SQS"].map(Value::from).contains(&event["Type"]))
}

/// Asserts what the function of the template answers to its sample event, on what the handlers have stored.
fn check(function: &Function, answer: &Value) {
    let name = function.name.as_str();
    if takes_batches(function) {
        assert_eq!(answer, &json!({"batchItemFailures": []}), "{name}");
        return;
    }
    match name {
        "currency-api" => check_http(name, answer, 200, "\"currency_code\":\"USD\""),
        "history-api" => check_http(name, answer, 200, "\"data_points\":1"),
        "ranking-api" => check_http(name, answer, 201, "\"daily_clicks\":1"),
        "ingestor" => assert_eq!(
            (&answer["source"], &answer["events"]["exchange_rate_updated"]),
            (&json!("ecb"), &json!(29)),
            "{answer}"
        ),
        "operations-backfill" => assert_eq!(
            (&answer["days"], &answer["events"], &answer["done"]),
            (&json!(5), &json!(145), &json!(true)),
            "{answer}"
        ),
        "operations-topics" => assert_eq!(answer.as_array().map(Vec::len), Some(4), "{answer}"),
        "operations-migrations" => {
            let migrations = project().join("functions/operations/migrations");
            let count = std::fs::read_dir(migrations).unwrap().count();
            assert_eq!(
                (&answer["migrations"], &answer["version"]),
                (&json!(count), &json!(count)),
                "{answer}"
            );
        }
        _ => panic!("nothing says what {name} answers to its sample event; it answered {answer}"),
    }
}

fn check_http(name: &str, answer: &Value, status: u16, wanted: &str) {
    assert_eq!(answer["statusCode"], status, "{name}: {answer}");
    assert!(answer["body"].as_str().unwrap().contains(wanted), "{name}: {answer}");
    assert_eq!(answer["headers"]["access-control-allow-origin"], "*", "{name}");
}
