//! Invocations: directly and through the Invoke API.

use bytes::Bytes;
use emulator::{Emulator, InvokeError};
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::support::{Fixture, eventually, exists};

const ECHO: &str = "  Echo:\n    Type: AWS::Serverless::Function\n    $ECHO\n    Properties: {FunctionName: echo, Handler: bootstrap, Timeout: 1, MemorySize: 256, Environment: {Variables: {COLOUR: blue, AWS_REGION: mars-1}}}\n  Broken:\n    Type: AWS::Serverless::Function\n    $ECHO\n    Properties: {FunctionName: broken, Handler: bootstrap, Environment: {Variables: {INIT: exit}}}\n  Single:\n    Type: AWS::Serverless::Function\n    $ECHO\n    Properties: {FunctionName: single, Handler: bootstrap, Timeout: 30, ReservedConcurrentExecutions: 1}\n";

fn event(value: &Value) -> Bytes {
    Bytes::from(value.to_string())
}

fn json_of(payload: &[u8]) -> Value {
    serde_json::from_slice(payload).unwrap()
}

/// Serves the emulator's router; the address of its functions.
pub async fn serve(emulator: &Emulator) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = emulator.router();
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    format!("http://{address}/2015-03-31/functions")
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_comes_back_byte_for_byte() {
    let fixture = Fixture::new();
    let emulator = fixture.emulator(ECHO).await;
    let payload =
        Bytes::from_static(br#"{ "rate":1350.123456789012345678901234567890,"b":1.50E+07,  "a":"\u0041\u00e9" }"#);
    let invocation = emulator.invoke("echo", payload.clone()).await.unwrap();
    assert_eq!((invocation.payload, invocation.function_error), (payload, None));

    let status = emulator.status().await;
    let echo = &status.functions[0];
    assert_eq!(
        (echo.name.as_str(), echo.invocations, echo.errors, echo.instances),
        ("echo", 1, 0, 1)
    );
    assert!(
        echo.last_response
            .as_ref()
            .unwrap()
            .get()
            .contains("1350.123456789012345678901234567890")
    );
    let again: emulator::Status = serde_json::from_str(&serde_json::to_string(&status).unwrap()).unwrap();
    assert_eq!(
        again.functions[0].last_response.as_ref().unwrap().get(),
        echo.last_response.as_ref().unwrap().get()
    );
    emulator.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_function_sees_its_settings_and_nothing_else() {
    let fixture = Fixture::new();
    let emulator = fixture.emulator(ECHO).await;
    let answer = emulator
        .invoke("echo", event(&json!({"do": "environment"})))
        .await
        .unwrap();
    let environment = json_of(&answer.payload);
    for (name, value) in [
        ("COLOUR", "blue"),
        ("AWS_REGION", "mars-1"),
        ("AWS_LAMBDA_FUNCTION_NAME", "echo"),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256"),
        ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
        ("AWS_LAMBDA_LOG_GROUP_NAME", "/aws/lambda/echo"),
        ("_HANDLER", "bootstrap"),
        ("TZ", ":UTC"),
    ] {
        assert_eq!(environment[name], value, "{name}");
    }
    assert_eq!(environment.get("HOME"), None);
    assert_eq!(environment.get("CARGO_MANIFEST_DIR"), None);

    let answer = emulator.invoke("echo", event(&json!({"do": "context"}))).await.unwrap();
    let context = json_of(&answer.payload);
    assert_eq!(context["arn"], "arn:aws:lambda:us-east-1:000000000000:function:echo");
    assert_eq!(context["request_id"], answer.request_id);
    assert!(
        std::fs::read_to_string(fixture.file("logs/echo.log"))
            .unwrap()
            .contains("started")
    );
    emulator.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn failures_are_told_apart() {
    let fixture = Fixture::new();
    let emulator = fixture.emulator(ECHO).await;
    let pid = json_of(
        &emulator
            .invoke("echo", event(&json!({"do": "sleep", "ms": 0})))
            .await
            .unwrap()
            .payload,
    )["pid"]
        .as_u64()
        .unwrap();
    for (wanted, kind, text) in [
        (json!({"do": "fail"}), None, "told to fail"),
        (
            json!({"do": "large"}),
            Some("Function.ResponseSizeTooLarge"),
            "(6291556 bytes)",
        ),
        (
            json!({"do": "exit"}),
            Some("Runtime.ExitError"),
            "Runtime exited with error: exit status: 7",
        ),
        (
            json!({"do": "sleep", "ms": 60_000}),
            Some("Sandbox.Timedout"),
            "Error: Task timed out after 1.00 seconds",
        ),
    ] {
        let invocation = emulator.invoke("echo", event(&wanted)).await.unwrap();
        assert_eq!(invocation.function_error.as_deref(), Some("Unhandled"));
        let error = json_of(&invocation.payload);
        assert!(error["errorMessage"].as_str().unwrap().contains(text), "{error}");
        assert!(kind.is_none_or(|kind| error["errorType"] == kind), "{error}");
    }
    eventually("the first process ends", || !exists(pid)).await;
    let invocation = emulator.invoke("echo", event(&json!({"after": 1}))).await.unwrap();
    assert_eq!(json_of(&invocation.payload), json!({"after": 1}));
    let broken = emulator.invoke("broken", event(&json!({}))).await.unwrap();
    assert_eq!(json_of(&broken.payload)["errorType"], "Runtime.ExitError");

    let status = emulator.status().await;
    assert_eq!(
        (
            status.functions[0].invocations,
            status.functions[0].errors,
            status.functions[0].timeouts
        ),
        (6, 4, 1)
    );
    assert_eq!(
        (
            status.functions[1].invocations,
            status.functions[1].errors,
            status.functions[1].instances
        ),
        (1, 1, 0)
    );
    assert!(
        std::fs::read_to_string(fixture.file("logs/echo.log"))
            .unwrap()
            .contains("Task timed out after 1.00 seconds")
    );
    emulator.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn concurrent_invocations_use_instances_of_their_own_up_to_the_limit() {
    let fixture = Fixture::new();
    let emulator = fixture.emulator(ECHO).await;
    let sleep = || event(&json!({"do": "sleep", "ms": 500}));
    let (first, second) = tokio::join!(emulator.invoke("echo", sleep()), emulator.invoke("echo", sleep()));
    assert_ne!(first.unwrap().payload, second.unwrap().payload);
    assert_eq!(emulator.status().await.functions[0].instances, 2);
    let (first, second) = tokio::join!(emulator.invoke("single", sleep()), emulator.invoke("single", sleep()));
    assert_eq!(first.unwrap().payload, second.unwrap().payload);
    assert_eq!(emulator.status().await.functions[2].instances, 1);
    emulator.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn shutdown_leaves_no_process_also_while_a_function_runs() {
    let fixture = Fixture::new();
    let emulator = fixture.emulator(ECHO).await;
    let pid_of = |payload: &[u8]| json_of(payload)["pid"].as_u64().unwrap();
    let idle = pid_of(
        &emulator
            .invoke("echo", event(&json!({"do": "sleep", "ms": 0})))
            .await
            .unwrap()
            .payload,
    );
    let url = serve(&emulator).await;
    let running = reqwest::Client::new()
        .post(format!("{url}/single/invocations"))
        .body(r#"{"do":"sleep","ms":20000}"#);
    let running = tokio::spawn(running.send());
    while emulator.status().await.functions[2].instances == 0 {
        tokio::task::yield_now().await;
    }
    emulator.shutdown().await;
    eventually("the idle process ends", || !exists(idle)).await;
    let answer = running.await.unwrap().unwrap();
    assert_eq!(answer.status(), StatusCode::INTERNAL_SERVER_ERROR);
    assert!(answer.text().await.unwrap().contains("the emulator is ending"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_invoke_api_answers_like_aws() {
    let fixture = Fixture::new();
    let emulator = fixture.emulator(ECHO).await;
    let url = serve(&emulator).await;
    let post = |name: &str, kind: &str, body: Vec<u8>| {
        let client = reqwest::Client::new()
            .post(format!("{url}/{name}/invocations"))
            .header("X-Amz-Invocation-Type", kind);
        async move { client.body(body).send().await.unwrap() }
    };

    for name in [
        "echo",
        "echo:$LATEST",
        "arn%3Aaws%3Alambda%3Aus-east-1%3A000000000000%3Afunction%3Aecho",
    ] {
        let answer = post(name, "RequestResponse", br#"{"rate":1.10}"#.to_vec()).await;
        assert_eq!(answer.status(), StatusCode::OK);
        assert_eq!(answer.headers()["x-amz-executed-version"], "$LATEST");
        assert!(!answer.headers().contains_key("x-amz-function-error"));
        assert_eq!(answer.text().await.unwrap(), r#"{"rate":1.10}"#);
    }
    let empty = post("echo", "RequestResponse", Vec::new()).await;
    assert_eq!(empty.text().await.unwrap(), "{}");
    let failed = post("echo", "RequestResponse", br#"{"do":"fail"}"#.to_vec()).await;
    assert_eq!(
        (failed.status(), failed.headers()["x-amz-function-error"].as_bytes()),
        (StatusCode::OK, b"Unhandled".as_slice())
    );
    assert_eq!(
        post("echo", "DryRun", b"{}".to_vec()).await.status(),
        StatusCode::NO_CONTENT
    );
    let before = emulator.status().await.functions[0].invocations;
    assert_eq!(
        post("echo", "Event", b"{}".to_vec()).await.status(),
        StatusCode::ACCEPTED
    );
    while emulator.status().await.functions[0].invocations == before {
        tokio::task::yield_now().await;
    }

    for (name, kind, body, status, error) in [
        (
            "nobody",
            "RequestResponse",
            b"{}".to_vec(),
            StatusCode::NOT_FOUND,
            "ResourceNotFoundException",
        ),
        (
            "echo",
            "RequestResponse",
            b"{".to_vec(),
            StatusCode::BAD_REQUEST,
            "InvalidRequestContentException",
        ),
        (
            "echo",
            "Later",
            b"{}".to_vec(),
            StatusCode::BAD_REQUEST,
            "InvalidParameterValueException",
        ),
        (
            "echo",
            "RequestResponse",
            vec![b' '; 7_000_000],
            StatusCode::PAYLOAD_TOO_LARGE,
            "RequestTooLargeException",
        ),
    ] {
        let answer = post(name, kind, body).await;
        assert_eq!(
            (answer.status(), answer.headers()["x-amzn-errortype"].to_str().unwrap()),
            (status, error)
        );
        let body: Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
        assert_eq!(body["Type"], "User");
        if name == "nobody" {
            assert_eq!(
                body["Message"],
                "Function not found: arn:aws:lambda:us-east-1:000000000000:function:nobody"
            );
        }
    }
    let unknown = emulator.invoke("nobody", Bytes::new()).await;
    assert!(matches!(unknown, Err(InvokeError::UnknownFunction { known, .. }) if known == "echo, broken, single"));
    emulator.shutdown().await;
}
