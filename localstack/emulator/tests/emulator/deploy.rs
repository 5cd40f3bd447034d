//! Custom resources.

use std::path::Path;

use emulator::{Emulator, EmulatorError};

use crate::support::Fixture;

fn resources(log: &Path, status: &str) -> String {
    format!(
        "  Echo:\n    Type: AWS::Serverless::Function\n    $ECHO\n    Properties: {{FunctionName: echo, Handler: bootstrap, Environment: {{Variables: {{INVOCATION_LOG: {}}}}}}}\n  Second:\n    Type: Custom::Second\n    DependsOn: First\n    Properties: {{ServiceToken: !GetAtt Echo.Arn, Count: 3, Status: {status}}}\n  First:\n    Type: Custom::First\n    Properties: {{ServiceToken: !GetAtt Echo.Arn}}\n",
        log.display()
    )
}

async fn deploy(emulator: &Emulator) -> Result<(), EmulatorError> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let router = emulator.router();
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    emulator.deploy(&url).await
}

#[tokio::test(flavor = "multi_thread")]
async fn custom_resources_are_created_in_order_at_every_start() {
    let fixture = Fixture::new();
    let emulator = fixture
        .emulator(&resources(&fixture.file("invocations"), "SUCCESS"))
        .await;
    deploy(&emulator).await.unwrap();
    deploy(&emulator).await.unwrap();
    let events = fixture.invocations();
    let order: Vec<&str> = events
        .iter()
        .map(|event| event["LogicalResourceId"].as_str().unwrap())
        .collect();
    assert_eq!(order, ["First", "Second", "First", "Second"]);
    let second = &events[1];
    assert_eq!(
        (&second["RequestType"], &second["ResourceType"]),
        (&"Create".into(), &"Custom::Second".into())
    );
    assert_eq!(second["ResourceProperties"]["Count"], "3");
    assert_eq!(
        second["ResourceProperties"]["ServiceToken"],
        "arn:aws:lambda:us-east-1:000000000000:function:echo"
    );
    emulator.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_custom_resource_that_fails_is_named_with_its_reason() {
    for (status, reason) in [
        ("FAILED", "told so"),
        ("THROW", "told to fail"),
        ("MAYBE", "allowed: SUCCESS, FAILED"),
    ] {
        let fixture = Fixture::new();
        let emulator = fixture.emulator(&resources(&fixture.file("invocations"), status)).await;
        let error = deploy(&emulator).await.unwrap_err().to_string();
        assert!(
            error.starts_with("custom resource Second (function echo) failed: "),
            "{error}"
        );
        assert!(error.contains(reason), "{error}");
        emulator.shutdown().await;
    }
}
