//! `LogType=Tail`: the end of an invocation's own log comes with its answer.

use reqwest::{Response, StatusCode};
use serde_json::{Value, json};

use crate::invoke::serve;
use crate::support::Fixture;

const ECHO: &str = "  Echo:\n    Type: AWS::Serverless::Function\n    $ECHO\n    Properties: {FunctionName: echo, Handler: bootstrap, Timeout: 2}\n  Broken:\n    Type: AWS::Serverless::Function\n    $ECHO\n    Properties: {FunctionName: broken, Handler: bootstrap, Environment: {Variables: {INIT: exit}}}\n";

async fn invoke(url: &str, name: &str, headers: &[(&str, &str)], event: &Value) -> Response {
    let mut request = reqwest::Client::new()
        .post(format!("{url}/{name}/invocations"))
        .body(event.to_string());
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.send().await.unwrap()
}

/// The log that an answer has with it.
fn tail(answer: &Response) -> Option<String> {
    let header = answer.headers().get("x-amz-log-result")?;
    let bytes = base64_simd::STANDARD.decode_to_vec(header.as_bytes()).unwrap();
    Some(String::from_utf8(bytes).unwrap())
}

fn say(text: &str, times: u32) -> Value {
    json!({"do": "say", "text": text, "times": times})
}

const TAIL: [(&str, &str); 2] = [("X-Amz-Log-Type", "Tail"), ("X-Amz-Invocation-Type", "RequestResponse")];

#[tokio::test(flavor = "multi_thread")]
async fn the_tail_has_the_lines_of_its_own_invocation() {
    let fixture = Fixture::new();
    let emulator = fixture.emulator(ECHO).await;
    let url = serve(&emulator).await;
    // The process starts with the first, and what it wrote then is no invocation's; the second has the process of the first.
    for text in ["first", "second"] {
        let answer = invoke(&url, "echo", &TAIL, &say(text, 2)).await;
        assert_eq!(
            tail(&answer).unwrap(),
            format!("{text} 0\n{text} 0 as an error\n{text} 1\n{text} 1 as an error\n{text} ends")
        );
        assert!(answer.json::<Value>().await.unwrap()["pid"].is_u64());
    }
    let silent = invoke(&url, "echo", &TAIL[..1], &json!({})).await;
    assert_eq!(tail(&silent).unwrap(), "");
    let log = std::fs::read_to_string(fixture.file("logs/echo.log")).unwrap();
    assert!(log.starts_with("started\nfirst 0\n"), "{log}");
    assert!(log.ends_with("second 1 as an error\nsecond ends"), "{log}");

    for headers in [
        [("X-Amz-Log-Type", "None"), TAIL[1]].as_slice(),
        &[TAIL[1]],
        &[],
        &[TAIL[0], ("X-Amz-Invocation-Type", "Event")],
        &[TAIL[0], ("X-Amz-Invocation-Type", "DryRun")],
    ] {
        let answer = invoke(&url, "echo", headers, &say("not asked", 1)).await;
        assert_eq!(tail(&answer), None, "{headers:?}");
    }
    let unknown = invoke(&url, "echo", &[("X-Amz-Log-Type", "All")], &json!({})).await;
    assert_eq!(unknown.status(), StatusCode::BAD_REQUEST);
    assert_eq!(unknown.headers()["x-amzn-errortype"], "InvalidParameterValueException");
    assert!(
        unknown
            .text()
            .await
            .unwrap()
            .contains(r#"log type \"All\", allowed: None, Tail"#)
    );
    emulator.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_tail_is_four_kilobytes_at_most() {
    let fixture = Fixture::new();
    let emulator = fixture.emulator(ECHO).await;
    let url = serve(&emulator).await;
    let answer = invoke(&url, "echo", &TAIL, &say("a line of some length", 200)).await;
    let tail = tail(&answer).unwrap();
    assert_eq!(tail.len(), 4_096);
    assert!(tail.ends_with("a line of some length 199 as an error\na line of some length ends"));
    let log = std::fs::read_to_string(fixture.file("logs/echo.log")).unwrap();
    assert!(log.ends_with(&tail));
    emulator.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tails_of_concurrent_invocations_do_not_mix() {
    let fixture = Fixture::new();
    let emulator = fixture.emulator(ECHO).await;
    let url = serve(&emulator).await;
    let one = async |number: usize| {
        let text = format!("invocation {number}");
        let event = json!({"do": "say", "text": text, "times": 20, "ms": 5});
        let answer = invoke(&url, "echo", &TAIL, &event).await;
        let tail = tail(&answer).unwrap();
        let lines: Vec<&str> = tail.lines().collect();
        assert_eq!(lines.len(), 41);
        assert!(lines.iter().all(|line| line.starts_with(&text)), "{tail}");
    };
    futures::future::join_all((10..20).map(one)).await;
    assert!(emulator.status().await.functions[0].instances > 1);
    emulator.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invocation_that_fails_has_its_tail_as_well() {
    let fixture = Fixture::new();
    let emulator = fixture.emulator(ECHO).await;
    let url = serve(&emulator).await;
    for (name, event, lines) in [
        (
            "echo",
            json!({"do": "say", "text": "before", "exits": true}),
            ["before 0", "before ends", "Runtime.ExitError"],
        ),
        (
            "echo",
            json!({"do": "say", "text": "slow", "ms": 10_000}),
            ["slow 0", "as an error", "Task timed out after 2.00 seconds"],
        ),
        ("broken", json!({}), ["told not to start", "exit", "Runtime.ExitError"]),
    ] {
        let answer = invoke(&url, name, &TAIL, &event).await;
        assert_eq!(answer.headers()["x-amz-function-error"], "Unhandled");
        let tail = tail(&answer).unwrap();
        for line in lines {
            assert!(tail.contains(line), "{tail}");
        }
    }
    emulator.shutdown().await;
}
