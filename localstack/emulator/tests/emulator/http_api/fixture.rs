//! A served HTTP API, a client for it, and what its errors look like.

use emulator::Emulator;
use reqwest::{Client, Response};
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::support::Fixture;

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
pub const DEFAULT: &str = "  Rest:
    Type: AWS::Serverless::Function
    $ECHO
    Properties: {FunctionName: rest, Handler: bootstrap, Events: {Rest: {Type: HttpApi, Properties: {ApiId: !Ref Api}}}}
";

/// A served API, and a client for it.
pub struct Api {
    pub emulator: Emulator,
    pub address: String,
    pub client: Client,
    _fixture: Fixture,
}

impl Api {
    pub async fn new(api: &str, more: &str) -> Self {
        let fixture = Fixture::new();
        let emulator = fixture
            .emulator(&format!("{}{more}", RESOURCES.replace("$API", api)))
            .await;
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        emulator.serve_http_api(listener);
        Self {
            emulator,
            address,
            client: Client::builder().no_proxy().build().unwrap(),
            _fixture: fixture,
        }
    }

    pub async fn send(&self, method: &str, target: &str) -> Response {
        let url = format!("http://{}{target}", self.address);
        self.client.request(method.parse().unwrap(), url).send().await.unwrap()
    }

    pub async fn get(&self, target: &str) -> Response {
        self.send("GET", target).await
    }

    /// The route that a request takes, as its function saw it.
    pub async fn route(&self, method: &str, target: &str) -> Value {
        let answer = self.send(method, target).await.json::<Value>().await.unwrap();
        answer["routeKey"].clone()
    }

    pub fn requests(&self, status: &emulator::Status, route: &str) -> u64 {
        status
            .routes
            .iter()
            .find(|found| found.route == route)
            .unwrap()
            .requests
    }
}

pub async fn error_of(response: Response) -> (u16, String) {
    assert_eq!(response.headers()["content-type"], "application/json");
    assert_eq!(response.headers()["apigw-requestid"].len(), 16);
    let status = response.status().as_u16();
    let body: Value = response.json().await.unwrap();
    assert_eq!(body.as_object().unwrap().len(), 1, "{body}");
    (status, body["message"].as_str().unwrap().to_owned())
}

/// What comes back for these bytes.
pub async fn raw(api: &Api, request: &[u8]) -> String {
    let mut connection = tokio::net::TcpStream::connect(&api.address).await.unwrap();
    connection.write_all(request).await.unwrap();
    let mut text = String::new();
    connection.read_to_string(&mut text).await.unwrap();
    text
}

pub fn error(status: u16, message: &str) -> (u16, String) {
    (status, message.to_owned())
}
