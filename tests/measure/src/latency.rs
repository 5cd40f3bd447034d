//! (c) From publish to visible in Redis, through Kafka, the mapping and the function; and the whole history, from first publish to both stores.

use std::time::{Duration, Instant};

use shared::config::{KafkaConfig, KafkaSecurity};
use shared::event::Run;
use shared::publish::Publisher;
use shared::time::Timestamp;

use crate::times::{Times, report, timed};
use tests::pipeline::Pipeline;

const SAMPLES: usize = 300;

/// Measures and prints.
///
/// # Panics
/// When the pipeline does not run.
pub async fn run() {
    let pipeline = Pipeline::start(&[]).await;
    pipeline.caught_up().await;
    let publisher = Publisher::new(KafkaConfig {
        bootstrap_servers: pipeline.kafka.bootstrap(),
        security: KafkaSecurity::Plaintext,
    });
    let mut redis = redis::Client::open(pipeline.redis.url())
        .unwrap()
        .get_multiplexed_async_connection()
        .await
        .unwrap();
    let run = Run::new("/hwanyul/bench");
    let (mut visible, mut limit) = (Vec::new(), Vec::new());
    for sample in 0..SAMPLES + 20 {
        let now = Timestamp::new(chrono::Utc::now()).unwrap();
        let payload = tests::rate(
            "USD",
            "bench",
            &now.to_string(),
            &now.to_string(),
            &format!("1335.{:04}", sample + 1),
        );
        let event = run.event(&payload, now).unwrap();
        let wanted = now.to_string();
        let started = Instant::now();
        let (published, acknowledged) = timed(publisher.publish(std::slice::from_ref(&event))).await;
        published.unwrap();
        let mut asked = Duration::ZERO;
        loop {
            let (seen, took): (Option<String>, Duration) = {
                let asking = Instant::now();
                let seen = redis::cmd("HGET")
                    .arg("rate:USD")
                    .arg("updated_at")
                    .query_async(&mut redis)
                    .await
                    .unwrap();
                (seen, asking.elapsed())
            };
            if seen.as_deref() == Some(wanted.as_str()) {
                break;
            }
            assert!(started.elapsed() < Duration::from_secs(20), "never became visible");
            asked = took;
            tokio::time::sleep(Duration::from_micros(200)).await;
        }
        if sample >= 20 {
            visible.push(started.elapsed());
            limit.push(acknowledged + asked);
        }
    }
    let (visible, limit) = (Times::new(visible), Times::new(limit));
    let name = "acknowledgement + one HGET";
    report(
        "(c) publish to visible in Redis, p50",
        visible.percentile(50),
        name,
        limit.percentile(50),
        "",
    );
    report(
        "(c) publish to visible in Redis, p99",
        visible.percentile(99),
        name,
        limit.percentile(99),
        "",
    );

    let started = Instant::now();
    let (events, publishing) = timed(pipeline.backfill("1999-01-04", "2026-10-30")).await;
    pipeline.caught_up().await;
    let took = started.elapsed();
    let rate = |took: Duration| f64::from(u32::try_from(events).unwrap_or(u32::MAX)) / took.as_secs_f64();
    let goal = format!(
        "{:.0} observations/s; publishing alone {:.0}/s; goal 10,000/s",
        rate(took),
        rate(publishing)
    );
    report(
        "    whole history, first publish to both stores",
        took.as_secs_f64() * 1000.0,
        "publishing alone",
        publishing.as_secs_f64() * 1000.0,
        &goal,
    );
    pipeline.stop().await;
}
