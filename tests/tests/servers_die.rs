//! Redis, PostgreSQL and Kafka killed and restarted in the middle of runs and batches: the stores and caches end as those of an undisturbed run.

use std::time::Duration;

use serde_json::json;
use tests::pipeline::Pipeline;

const SPAN: (&str, &str) = ("2022-01-03", "2026-10-30");

/// The ingestor's run, again until it succeeds, as its schedule does.
async fn run_until_done(pipeline: &Pipeline) {
    for _ in 0..20 {
        match pipeline.invoke("ingestor", json!({})).await {
            Ok(_) => return,
            Err(error) => println!(
                "run failed, as it should while a server is away: {}",
                error.chars().take(200).collect::<String>()
            ),
        }
    }
    panic!("twenty runs failed");
}

async fn backfill_until_done(pipeline: &Pipeline) {
    for _ in 0..20 {
        match pipeline
            .invoke("operations-backfill", json!({"from": SPAN.0, "to": SPAN.1}))
            .await
        {
            Ok(report) if report["done"] == true => return,
            Ok(report) => println!("backfill stopped, as it should while Kafka is away: {report}"),
            Err(error) => println!(
                "backfill failed, as it should while a server is away: {}",
                error.chars().take(200).collect::<String>()
            ),
        }
    }
    panic!("twenty backfills failed");
}

/// Whether handlers have begun and not finished with what is published.
async fn in_the_middle(pipeline: &Pipeline) {
    for _ in 0..600 {
        let status = pipeline.emulator.status().await;
        let rates = || {
            status
                .mappings
                .iter()
                .filter(|mapping| mapping.topic == "exchange_rate_updated")
        };
        if rates().all(|mapping| mapping.batches > 0) && rates().any(|mapping| mapping.lag.is_none_or(|lag| lag > 0)) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("no batch was ever under way");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn servers_that_die_in_the_middle_leave_nothing_behind() {
    let undisturbed = {
        let pipeline = Pipeline::start(&[("RateBatchSize", "200")]).await;
        run_until_done(&pipeline).await;
        backfill_until_done(&pipeline).await;
        pipeline.caught_up().await;
        let end = (pipeline.stores().await, pipeline.cached_rate("USD").await);
        pipeline.stop().await;
        end
    };
    let mut pipeline = Pipeline::start(&[("RateBatchSize", "200")]).await;
    backfill_until_done(&pipeline).await;
    in_the_middle(&pipeline).await;
    pipeline.redis.kill().await.unwrap();
    tokio::time::sleep(Duration::from_secs(1)).await;
    pipeline.redis.restart().await.unwrap();
    pipeline.postgres.kill().await.unwrap();
    tokio::time::sleep(Duration::from_secs(1)).await;
    pipeline.postgres.restart().await.unwrap();

    pipeline.kafka.kill().await.unwrap();
    let away = pipeline.invoke("ingestor", json!({})).await.unwrap();
    assert_eq!(
        (&away["source"], &away["backed_up"]),
        (&json!("ecb"), &json!(32)),
        "{away}"
    );
    let span = json!({"from": SPAN.0, "to": SPAN.1});
    let stopped = pipeline.invoke("operations-backfill", span).await.unwrap();
    // One part of 100 days, and no more.
    assert_eq!(
        (&stopped["done"], &stopped["days"]),
        (&json!(false), &json!(100)),
        "{stopped}"
    );
    assert_eq!(stopped["backed_up"], stopped["events"], "{stopped}");
    pipeline.kafka.restart().await.unwrap();
    run_until_done(&pipeline).await;
    backfill_until_done(&pipeline).await;

    let status = pipeline.caught_up().await;
    assert!(
        status.mappings.iter().any(|mapping| mapping.retries > 0),
        "no batch was ever retried, so nothing was tested: {status:?}"
    );
    // Redis came back empty; the run's last event filled it again.
    let (stores, cached) = (pipeline.stores().await, pipeline.cached_rate("USD").await);
    assert!(
        stores == undisturbed.0,
        "the stores differ from those of an undisturbed run"
    );
    for field in [
        "currency_code",
        "currency_name",
        "deal_base_rate",
        "tts",
        "ttb",
        "quotation",
        "source",
        "recorded_at",
    ] {
        assert_eq!(cached[field], undisturbed.1[field]);
    }
    pipeline.stop().await;
}
