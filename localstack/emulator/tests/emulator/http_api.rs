//! The HTTP API: real requests through its port to real functions.

mod cors;
mod iam;

use std::collections::BTreeSet;
use std::time::Duration;

use emulator::Emulator;
use reqwest::{Client, Response, StatusCode};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::support::Stand;

const RESOURCES: &str = "  Api:
    Type: AWS::Serverless::HttpApi
    Properties:
      Auth: {EnableIamAuthorizer: true}
      $API
  Rates:
    Type: AWS::Serverless::Function
    $ECHO
    Properties:
      FunctionName: rates
      Handler: bootstrap
      Timeout: 20
      Events:
        All: {Type: HttpApi, Properties: {ApiId: !Ref Api, Path: /rates, Method: GET}}
        One: {Type: HttpApi, Properties: {ApiId: !Ref Api, Path: '/rates/{code}', Method: GET}}
        Latest: {Type: HttpApi, Properties: {ApiId: !Ref Api, Path: /rates/latest, Method: ANY}}
        Clear: {Type: HttpApi, Properties: {ApiId: !Ref Api, Path: /rates/cache, Method: DELETE, Auth: {Authorizer: AWS_IAM}}}
        Hasty: {Type: HttpApi, Properties: {ApiId: !Ref Api, Path: /hasty, Method: GET, TimeoutInMillis: 1000}}
  Short:
    Type: AWS::Serverless::Function
    $ECHO
    Properties:
      FunctionName: short
      Handler: bootstrap
      Timeout: 1
      Events:
        Short: {Type: HttpApi, Properties: {ApiId: !Ref Api, Path: '/short/{proxy+}', Method: ANY}}
";
const DEFAULT: &str = "  Rest:
    Type: AWS::Serverless::Function
    $ECHO
    Properties: {FunctionName: rest, Handler: bootstrap, Events: {Rest: {Type: HttpApi, Properties: {ApiId: !Ref Api}}}}
";

/// A served API, and a client for it.
struct Api {
    emulator: Emulator,
    address: String,
    client: Client,
    _stand: Stand,
}

impl Api {
    async fn new(api: &str, more: &str) -> Self {
        let stand = Stand::new();
        let emulator = stand
            .emulator(&format!("{}{more}", RESOURCES.replace("$API", api)))
            .await;
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        emulator.serve_http_api(listener);
        Self {
            emulator,
            address,
            client: Client::builder().no_proxy().build().unwrap(),
            _stand: stand,
        }
    }

    async fn send(&self, method: &str, target: &str) -> Response {
        let url = format!("http://{}{target}", self.address);
        self.client.request(method.parse().unwrap(), url).send().await.unwrap()
    }

    async fn get(&self, target: &str) -> Response {
        self.send("GET", target).await
    }

    /// The route that a request takes, as its function saw it.
    async fn route(&self, method: &str, target: &str) -> Value {
        let answer = self.send(method, target).await.json::<Value>().await.unwrap();
        answer["routeKey"].clone()
    }

    fn requests(&self, status: &emulator::Status, route: &str) -> u64 {
        status
            .routes
            .iter()
            .find(|found| found.route == route)
            .unwrap()
            .requests
    }
}

async fn refused(response: Response) -> (u16, String) {
    assert_eq!(response.headers()["content-type"], "application/json");
    assert_eq!(response.headers()["apigw-requestid"].len(), 16);
    let status = response.status().as_u16();
    let body: Value = response.json().await.unwrap();
    assert_eq!(body.as_object().unwrap().len(), 1, "{body}");
    (status, body["message"].as_str().unwrap().to_owned())
}

/// What comes back for these bytes.
async fn raw(api: &Api, request: &[u8]) -> String {
    let mut connection = tokio::net::TcpStream::connect(&api.address).await.unwrap();
    connection.write_all(request).await.unwrap();
    let mut text = String::new();
    connection.read_to_string(&mut text).await.unwrap();
    text
}

fn refusal(status: u16, message: &str) -> (u16, String) {
    (status, message.to_owned())
}

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
        let answer = refused(api.send(method, target).await).await;
        assert_eq!(answer, refusal(404, "Not Found"), "{method} {target}");
    }
    assert_eq!(refused(api.get("/rates/%FF").await).await, refusal(400, "Bad Request"));
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
    let answer = async |target: &str| refused(api.get(target).await).await;
    let fault = refusal(500, "Internal Server Error");
    for what in ["fail", "exit", "large", "answer&answer=%7B%22statusCode%22:1%7D"] {
        assert_eq!(answer(&format!("/rates?do={what}")).await, fault, "{what}");
    }
    assert_eq!(answer("/short/a?do=sleep&ms=20000").await, fault);
    assert_eq!(
        answer("/hasty?do=sleep&ms=5000").await,
        refusal(503, "Service Unavailable")
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
    let event: Value = post("application/json", b"{\"a\": 1}".to_vec())
        .await
        .json()
        .await
        .unwrap();
    assert_eq!(
        (&event["body"], &event["isBase64Encoded"]),
        (&json!("{\"a\": 1}"), &json!(false))
    );
    let event: Value = post("application/octet-stream", vec![0, 255])
        .await
        .json()
        .await
        .unwrap();
    assert_eq!(
        (&event["body"], &event["isBase64Encoded"]),
        (&json!("AP8="), &json!(true))
    );

    let too_large = refusal(413, "Request Entity Too Large");
    // Above Lambda's limit for an event, above it only as base64, and above the API's own limit.
    assert_eq!(
        refused(post("text/plain", vec![b'a'; 7_000_000]).await).await,
        too_large
    );
    assert_eq!(refused(post("image/png", vec![b'a'; 5_000_000]).await).await, too_large);
    assert_eq!(
        refused(post("text/plain", vec![b'a'; 30_000_000]).await).await,
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
