//! (b) Publishing: a cold client's 170 events against one produce round trip; 10,000 events warm.

use shared::config::{KafkaConfig, KafkaSecurity};
use shared::event::{Event, Run};
use shared::kafka::Topics;
use shared::publish::Publisher;

use crate::times::{Times, report, timed};

fn events(count: usize) -> Vec<Event> {
    let run = Run::new("/hwanyul/bench");
    let codes = tests::in_use();
    let event = |place: usize| {
        let payload = tests::rate(
            codes[place % codes.len()].as_str(),
            "bench",
            "2026-10-30T13:15:00Z",
            "2026-10-30T15:00:00Z",
            "1335.27",
        );
        run.event(&payload, payload.updated_at).unwrap()
    };
    (0..count).map(event).collect()
}

/// Measures and prints.
///
/// # Panics
/// When Kafka is away.
pub async fn run() {
    let config = KafkaConfig {
        bootstrap_servers: tests::server("HWANYUL_TEST_KAFKA"),
        security: KafkaSecurity::Plaintext,
    };
    Topics::new(config.clone()).ensure(1).await.unwrap();
    let warm = Publisher::new(config.clone());
    warm.publish(&events(1000)).await.unwrap();
    let (mut cold, mut round_trip, mut bulk) = (Vec::new(), Vec::new(), Vec::new());
    let (one, run, many) = (events(1), events(170), events(10_000));
    for _ in 0..15 {
        let (answer, took) = timed(warm.publish(&one)).await;
        answer.unwrap();
        round_trip.push(took);
        let (answer, took) = timed(async { Publisher::new(config.clone()).publish(&run).await }).await;
        answer.unwrap();
        cold.push(took);
    }
    for _ in 0..7 {
        let (answer, took) = timed(warm.publish(&many)).await;
        answer.unwrap();
        bulk.push(took);
    }
    let round_trip = Times::new(round_trip).median();
    report(
        "(b) publish 170 events, cold client to last acknowledgement",
        Times::new(cold).median(),
        "one produce round trip, warm",
        round_trip,
        "",
    );
    let bulk = Times::new(bulk).median();
    report(
        "(b) publish 10,000 events, warm",
        bulk,
        "one produce round trip, warm",
        round_trip,
        &format!("{:.0} events/s", 10_000_000.0 / bulk),
    );
}
