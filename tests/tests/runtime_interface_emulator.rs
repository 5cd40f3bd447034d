//! Each built binary answers its sample event under AWS's own Runtime Interface Emulator, which ships in the SAM CLI.

use flows::pipeline::project;
use flows::rie::answer;
use flows::samples::{Samples, event};
use serde_json::json;

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
