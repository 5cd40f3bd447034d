//! Schedules.

use crate::support::Fixture;

#[tokio::test(flavor = "multi_thread")]
async fn a_rate_fires_at_once_and_skips_while_the_function_runs() {
    let fixture = Fixture::new();
    let emulator = fixture
        .emulator(
            "  Echo:\n    Type: AWS::Serverless::Function\n    $ECHO\n    Properties:\n      FunctionName: echo\n      Handler: bootstrap\n      Timeout: 20\n      Events:\n        Quick: {Type: Schedule, Properties: {Schedule: rate(1 second)}}\n        Slow: {Type: Schedule, Properties: {Schedule: rate(1 second), Input: '{\"do\":\"sleep\",\"ms\":2500}'}}\n        Off: {Type: Schedule, Properties: {Schedule: rate(1 second), Enabled: false}}\n",
        )
        .await;
    assert_eq!(emulator.status().await.schedules[0].runs, 0);
    emulator.start_events().await.unwrap();
    let began = std::time::Instant::now();
    let status = loop {
        let status = emulator.status().await;
        if status.schedules[1].runs >= 2 && status.schedules[0].runs >= 3 {
            break status;
        }
        assert!(began.elapsed() < crate::support::WAIT_LIMIT, "{status:#?}");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    };
    let [quick, slow, off] = status.schedules.as_slice() else {
        panic!("{:?}", status.schedules)
    };
    assert!(quick.runs >= 3 && quick.skipped == 0, "{quick:?}");
    assert!(slow.skipped >= 2, "{slow:?}");
    assert_eq!((off.runs, off.skipped, off.last_run), (0, 0, None));
    let event: serde_json::Value =
        serde_json::from_str(status.functions[0].last_response.as_ref().unwrap().get()).unwrap();
    if event.get("pid").is_none() {
        assert_eq!(
            (&event["source"], &event["detail-type"]),
            (&"aws.events".into(), &"Scheduled Event".into())
        );
        assert_eq!(
            event["resources"][0],
            "arn:aws:events:us-east-1:000000000000:rule/local-EchoQuick"
        );
    }
    emulator.shutdown().await;
}
