//! The HTTP API: real requests through its port to real functions.

mod cors;
mod fixture;
mod iam;

use std::collections::BTreeSet;
use std::time::Duration;

use reqwest::StatusCode;
use serde_json::{Value, json};

use fixture::{Api, DEFAULT, error, error_of, raw};

#[tokio::test(flavor = "multi_thread")]
async fn a_request_reaches_its_function_and_the_answer_its_client() {
    let api = Api::new("StageVariables: {colour: blue}", "").await;
    let request = api
        .client
        .get(format!(
            "http://{}/rates/%EB%8B%AC%EB%9F%AC?base=KRW&base=USD",
            api.address
        ))
        .header("Cookie", "a=1; b=2")
        .header("User-Agent", "test/1");
    let response = request.send().await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    let id = response.headers()["apigw-requestid"].to_str().unwrap().to_owned();
    let cookies: Vec<_> = response.headers().get_all("set-cookie").iter().collect();
    assert_eq!(cookies, ["a=1; Path=/", "b=2"]);
    assert_eq!(response.headers()["x-repeated"], "one, two");
    let event: Value = response.json().await.unwrap();
    assert_eq!(event["version"], "2.0");
    assert_eq!(event["pathParameters"], json!({"code": "달러"}));
    assert_eq!(event["queryStringParameters"], json!({"base": "KRW,USD"}));
    assert_eq!(event["cookies"], json!(["a=1", "b=2"]));
    assert_eq!(event["stageVariables"], json!({"colour": "blue"}));
    assert_eq!(event["headers"]["host"], api.address.as_str());
    let context = &event["requestContext"];
    assert_eq!(context["requestId"], id.as_str());
    assert_eq!(context["http"]["sourceIp"], "127.0.0.1");
    assert_eq!(context["http"]["userAgent"], "test/1");
    assert_eq!(context.get("authorizer"), None);
    assert_eq!((event.get("body"), &event["isBase64Encoded"]), (None, &json!(false)));

    let head = api.send("HEAD", "/rates/latest").await;
    assert_eq!(head.status(), StatusCode::OK);
    assert!(
        head.headers()["content-length"]
            .to_str()
            .unwrap()
            .parse::<usize>()
            .unwrap()
            > 100
    );
    assert_eq!(head.bytes().await.unwrap().len(), 0);
    let plain = api.get("/rates?do=answer&answer=%7B%22rate%22:1335.270%7D").await;
    assert_eq!(plain.headers()["content-type"], "application/json");
    assert_eq!(plain.text().await.unwrap(), r#"{"rate":1335.270}"#);
    api.emulator.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn routes_are_chosen_as_on_aws() {
    let api = Api::new("", "").await;
    assert_eq!(api.route("GET", "/rates").await, "GET /rates");
    assert_eq!(api.route("GET", "/rates/USD").await, "GET /rates/{code}");
    assert_eq!(api.route("GET", "/rates/latest").await, "ANY /rates/latest");
    assert_eq!(api.route("PUT", "/short/a/b").await, "ANY /short/{proxy+}");
    for (method, target) in [
        ("POST", "/rates"),
        ("GET", "/rates/"),
        ("GET", "/rates/USD/EUR"),
        ("GET", "/rates/USD%2FEUR"),
        ("GET", "/short"),
        ("GET", "/"),
    ] {
        let answer = error_of(api.send(method, target).await).await;
        assert_eq!(answer, error(404, "Not Found"), "{method} {target}");
    }
    assert_eq!(error_of(api.get("/rates/%FF").await).await, error(400, "Bad Request"));
    let status = api.emulator.status().await;
    assert_eq!(api.requests(&status, "GET /rates/{code}"), 1);
    assert_eq!(api.requests(&status, "GET /hasty"), 0);
    assert_eq!(status.unsupported_events, Vec::<String>::new());
    assert_eq!(status.routes[3].function, "rates");
    assert!(status.routes[3].needs_signature && !status.routes[0].needs_signature);
    api.emulator.shutdown().await;

    let api = Api::new("", DEFAULT).await;
    assert_eq!(api.route("GET", "/rates/USD/EUR").await, "$default");
    assert_eq!(api.route("POST", "/rates").await, "$default");
    assert_eq!(api.route("GET", "/rates/USD").await, "GET /rates/{code}");
    api.emulator.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn failures_have_the_status_and_the_words_of_api_gateway() {
    let api = Api::new("", "").await;
    let answer = async |target: &str| error_of(api.get(target).await).await;
    let fault = error(500, "Internal Server Error");
    for what in ["fail", "exit", "large", "answer&answer=%7B%22statusCode%22:1%7D"] {
        assert_eq!(answer(&format!("/rates?do={what}")).await, fault, "{what}");
    }
    assert_eq!(answer("/short/a?do=sleep&ms=20000").await, fault);
    assert_eq!(
        answer("/hasty?do=sleep&ms=5000").await,
        error(503, "Service Unavailable")
    );
    // The sleeper goes on, so the next request has an instance to start within the limit: on a busy machine not at once.
    let mut answered = StatusCode::SERVICE_UNAVAILABLE;
    for _ in 0..30 {
        answered = api.get("/hasty").await.status();
        if answered != StatusCode::SERVICE_UNAVAILABLE {
            break;
        }
    }
    assert_eq!(answered, StatusCode::OK);
    // Functions make URLs of the host, so what is none stops here.
    for host in ["a b", "1.2.3.4.5", "a:99999", "user@a"] {
        let request = format!("GET /rates HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
        let answer = raw(&api, request.as_bytes()).await;
        assert!(answer.starts_with("HTTP/1.1 400 Bad Request\r\n"), "{host}: {answer}");
    }
    api.emulator.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_are_text_or_base64_and_have_a_limit() {
    let api = Api::new("", "").await;
    let url = format!("http://{}/short/click", api.address);
    let post = async |kind: &str, body: Vec<u8>| {
        let request = api.client.post(&url).header("Content-Type", kind).body(body);
        request.send().await.unwrap()
    };
    for (kind, body, expected, is_base64) in [
        ("application/json", b"{\"a\": 1}".to_vec(), "{\"a\": 1}", false),
        ("application/octet-stream", vec![0, 255], "AP8=", true),
    ] {
        let event: Value = post(kind, body).await.json().await.unwrap();
        assert_eq!(
            (&event["body"], &event["isBase64Encoded"]),
            (&json!(expected), &json!(is_base64))
        );
    }

    let too_large = error(413, "Request Entity Too Large");
    // Above Lambda's limit for an event, above it only as base64, and above the API's own limit.
    assert_eq!(
        error_of(post("text/plain", vec![b'a'; 7_000_000]).await).await,
        too_large
    );
    assert_eq!(
        error_of(post("image/png", vec![b'a'; 5_000_000]).await).await,
        too_large
    );
    assert_eq!(
        error_of(post("text/plain", vec![b'a'; 30_000_000]).await).await,
        too_large
    );
    // Nothing announces the size of a body that comes in chunks.
    let mut chunked =
        b"POST /short/click HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec();
    for _ in 0..11 {
        chunked.extend_from_slice(b"100000\r\n");
        chunked.extend_from_slice(&vec![b'a'; 1024 * 1024]);
        chunked.extend_from_slice(b"\r\n");
    }
    chunked.extend_from_slice(b"0\r\n\r\n");
    assert!(
        raw(&api, &chunked)
            .await
            .starts_with("HTTP/1.1 413 Payload Too Large\r\n")
    );
    assert_eq!(post("text/plain", vec![b'a'; 2_000_000]).await.status(), StatusCode::OK);
    api.emulator.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_readers_have_an_instance_each_and_idle_ones_are_ended() {
    let api = Api::new("", "").await;
    let readers = (0..50).map(|_| async {
        let answer: Value = api.get("/rates?do=sleep&ms=2000").await.json().await.unwrap();
        answer["pid"].as_u64().unwrap()
    });
    let pids: BTreeSet<u64> = futures::future::join_all(readers).await.into_iter().collect();
    assert_eq!(pids.len(), 50);
    assert_eq!(api.emulator.status().await.functions[0].instances, 50);
    let again: Value = api.get("/rates?do=sleep&ms=0").await.json().await.unwrap();
    assert!(pids.contains(&again["pid"].as_u64().unwrap()));

    api.emulator.end_idle(Duration::from_secs(60)).await;
    assert_eq!(api.emulator.status().await.functions[0].instances, 50);
    api.emulator.end_idle(Duration::ZERO).await;
    assert_eq!(api.emulator.status().await.functions[0].instances, 0);
    assert_eq!(api.get("/rates").await.status(), StatusCode::OK);
    api.emulator.shutdown().await;
}
