//! Each artifact of `sam build` answers its sample event under AWS's own Runtime Interface Emulator, which ships in the SAM CLI.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use tests::checkout::project;
use tests::contract::{Document, Function};
use tests::rie::answer;
use tests::sam::built;
use tests::samples::{Samples, event};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_artifact_of_sam_build_answers_its_sample_event() {
    // What reads comes after what writes.
    let (mut artifacts, batches) = (built(), batch_functions());
    artifacts.sort_by_key(|(function, _)| !batches.contains(&function.id));
    let Samples {
        ref services,
        ref environment,
        ..
    } = Samples::start().await;
    for (function, bootstrap) in &artifacts {
        let answer = answer(bootstrap, &event(&function.binary), environment).await;
        check(function, &answer, batches.contains(&function.id));
    }
    assert_eq!(services.current_rates().await.into_keys().collect::<Vec<_>>(), ["USD"]);
    assert_eq!(services.observations().await.len(), 1);
}

/// The logical ids of the functions that Kafka or SQS invokes.
fn batch_functions() -> BTreeSet<String> {
    let template = Document::load(&project().join("template.yaml"));
    let aliases = template.resources("AWS::Lambda::EventSourceMapping");
    let of_kafka = aliases.map(|(_, mapping)| mapping["FunctionName"]["Ref"].as_str().unwrap().replace(".Alias", ""));
    let takes_messages = |function: &Function| {
        let mut events = function.properties["Events"].as_object().into_iter().flatten();
        events.any(|(_, event)| event["Type"] == "SQS")
    };
    let of_queues = template.functions().into_iter().filter(takes_messages);
    of_kafka.chain(of_queues.map(|function| function.id)).collect()
}

/// Asserts what the function of the template answers to its sample event, on what the handlers have stored.
fn check(function: &Function, answer: &Value, takes_batches: bool) {
    let name = function.name.as_str();
    if takes_batches {
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
        "operations-check" => assert_eq!(answer, &json!({"checked": []})),
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
