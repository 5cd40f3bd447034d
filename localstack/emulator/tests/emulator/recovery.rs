//! Kafka killed and started again in the middle.

use std::time::Duration;

use servers::{Kafka, Options};

use crate::support::{Fixture, assert_done_in_order, eventually, mapping, mapping_resources, send, topic};

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_broker_costs_no_record_and_no_order() {
    let mut fixture = Fixture::new();
    let mut kafka = Kafka::start(&Options::in_dir(fixture.file("kafka"))).await.unwrap();
    fixture.kafka = kafka.bootstrap();
    let (topic, producer) = topic(&fixture.kafka, 2).await;
    let values = |count: usize| (0..count).map(|_| "sleep:2".to_owned()).collect::<Vec<_>>();
    send(&producer, &topic, 0, values(300)).await;
    send(&producer, &topic, 1, values(300)).await;
    let event = "StartingPosition: TRIM_HORIZON, BatchSize: 20, MaximumBatchingWindowInSeconds: 0, FunctionResponseTypes: [ReportBatchItemFailures]";
    let emulator = fixture.emulator(&mapping_resources(&fixture, &topic, event)).await;
    emulator.start_events().await.unwrap();
    eventually("some are done", || fixture.invocations().len() > 3).await;
    kafka.kill().await.unwrap();
    let away = emulator.status().await.mappings.remove(0);
    assert_eq!(away.lag, None);
    tokio::time::sleep(Duration::from_secs(2)).await;
    kafka.restart().await.unwrap();
    send(&producer, &topic, 0, values(10)).await;
    mapping(&emulator, "all are done", |status| status.lag == Some(0)).await;
    for (partition, count) in [(0, 310), (1, 300)] {
        assert_done_in_order(&fixture, &format!("{topic}-{partition}"), count);
    }
    emulator.shutdown().await;
    kafka.stop().await.unwrap();
}
