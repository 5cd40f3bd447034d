use axum::http::Request;
use serde_json::{Value, json};

use super::*;

fn event_of(request: Request<&'static [u8]>) -> Value {
    let (parts, body) = request.into_parts();
    let parameters = PathParameters::from([("code".to_owned(), "미국 달러".to_owned())]);
    let path = decoded_path(&parts.uri).unwrap();
    let request = ProxyRequest {
        parts: &parts,
        path: &path,
        body: &Bytes::from_static(body),
        peer: IpAddr::from([127, 0, 0, 9]),
        request_id: "JKJaXmPLvHcESHA=",
        route_key: "GET /rates/{code}",
        path_parameters: &parameters,
        stage_variables: &BTreeMap::new(),
        caller: None,
        now: DateTime::from_timestamp_millis(1_583_348_638_390).unwrap(),
    };
    serde_json::from_slice(&event(&request).unwrap()).unwrap()
}

#[test]
fn an_event_has_the_fields_of_format_2() {
    let request = Request::get("/rates/%EB%AF%B8%EA%B5%AD%20%EB%8B%AC%EB%9F%AC?a=1&b=%ED%95%9C+%26&a=2&c")
        .header("Host", "localhost:9000")
        .header("X-Twice", "one")
        .header("X-Twice", "two")
        .header("Cookie", "a=1; b=2")
        .header("Connection", "keep-alive")
        .header("User-Agent", "curl/8")
        .header("X-Forwarded-For", "10.0.0.1")
        .header("X-Amzn-Trace-Id", "Root=1-5e5fffde-000000000000000000000000")
        .body(b"".as_slice())
        .unwrap();
    assert_eq!(
        event_of(request),
        json!({
            "version": "2.0",
            "routeKey": "GET /rates/{code}",
            "rawPath": "/rates/미국 달러",
            "rawQueryString": "a=1&b=%ED%95%9C+%26&a=2&c",
            "cookies": ["a=1", "b=2"],
            "headers": {
                "content-length": "0",
                "host": "localhost:9000",
                "user-agent": "curl/8",
                "x-amzn-trace-id": "Root=1-5e5fffde-000000000000000000000000",
                "x-forwarded-for": "10.0.0.1, 127.0.0.9",
                "x-forwarded-port": "9000",
                "x-forwarded-proto": "http",
                "x-twice": "one,two",
            },
            "queryStringParameters": {"a": "1,2", "b": "한 &", "c": ""},
            "pathParameters": {"code": "미국 달러"},
            "requestContext": {
                "accountId": "000000000000",
                "apiId": "local",
                "domainName": "localhost",
                "domainPrefix": "localhost",
                "http": {
                    "method": "GET",
                    "path": "/rates/미국 달러",
                    "protocol": "HTTP/1.1",
                    "sourceIp": "127.0.0.9",
                    "userAgent": "curl/8",
                },
                "requestId": "JKJaXmPLvHcESHA=",
                "routeKey": "GET /rates/{code}",
                "stage": "$default",
                "time": "04/Mar/2020:19:03:58 +0000",
                "timeEpoch": 1_583_348_638_390_i64,
            },
            "isBase64Encoded": false,
        })
    );
}

#[test]
fn a_body_is_text_only_when_its_type_says_so() {
    for (kind, body, expected) in [
        (
            Some("application/json"),
            b"{\"a\": 1}".as_slice(),
            ("{\"a\": 1}", false),
        ),
        (Some("Application/JSON; charset=utf-8"), b"{}", ("{}", false)),
        (Some("text/csv"), b"a,b", ("a,b", false)),
        (Some("application/xml"), b"<a/>", ("<a/>", false)),
        (Some("application/x-www-form-urlencoded"), b"a=1", ("YT0x", true)),
        (Some("application/problem+json"), b"{}", ("e30=", true)),
        (Some("text/plain"), b"\xff", ("/w==", true)),
        (None, b"{}", ("e30=", true)),
    ] {
        let mut request = Request::post("/");
        if let Some(kind) = kind {
            request = request.header("Content-Type", kind);
        }
        let event = event_of(request.body(body).unwrap());
        assert_eq!(
            (
                event["body"].as_str().unwrap(),
                event["isBase64Encoded"].as_bool().unwrap()
            ),
            expected
        );
    }
}

#[test]
fn a_path_is_decoded_cut_at_a_question_mark_and_must_be_utf_8() {
    for (path, decoded) in [
        ("/a%2Fb", Some("/a/b")),
        ("/a%3Fadmin=true/b", Some("/a")),
        ("/a+b%", Some("/a+b%")),
        ("/%FF", None),
    ] {
        assert_eq!(decoded_path(&path.parse().unwrap()).as_deref(), decoded);
    }
}
