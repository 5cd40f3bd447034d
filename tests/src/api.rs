//! Requests to a read API as API Gateway sends them, without the gateway: an event in payload format 2.0 through `lambda_http` into the routes.

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, StatusCode};
use serde_json::{Value, json};
use tower::ServiceExt;

/// An answer, read to its end.
#[derive(Debug, Clone)]
pub struct Reply {
    /// Its status.
    pub status: StatusCode,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body.
    pub body: Vec<u8>,
}

impl Reply {
    /// The body as JSON; numbers keep their digits only as far as an `f64` does, so compare texts where digits matter.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    /// The body as text.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// A header's value, or nothing.
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

/// A request in the making.
#[derive(Debug, Clone)]
pub struct Ask {
    method: String,
    path_and_query: String,
    headers: Vec<(String, String)>,
    body: Option<String>,
    address: String,
    is_signed: bool,
}

impl Ask {
    /// GET of a path with its query, both encoded already.
    #[must_use]
    pub fn get(path_and_query: &str) -> Self {
        Self {
            method: "GET".to_owned(),
            path_and_query: path_and_query.to_owned(),
            headers: Vec::new(),
            body: None,
            address: "192.0.2.1".to_owned(),
            is_signed: false,
        }
    }

    /// Another method.
    #[must_use]
    pub fn method(mut self, method: &str) -> Self {
        method.clone_into(&mut self.method);
        self
    }

    /// POST of a JSON body.
    #[must_use]
    pub fn post(path: &str, body: &Value) -> Self {
        Self::get(path)
            .method("POST")
            .header("content-type", "application/json")
            .body(&body.to_string())
    }

    /// One more header, its name in lower case.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// A body as it stands.
    #[must_use]
    pub fn body(mut self, body: &str) -> Self {
        self.body = Some(body.to_owned());
        self
    }

    /// The client's address.
    #[must_use]
    pub fn from(mut self, address: &str) -> Self {
        address.clone_into(&mut self.address);
        self
    }

    /// As if API Gateway had checked an IAM signature.
    #[must_use]
    pub fn signed(mut self) -> Self {
        self.is_signed = true;
        self
    }

    /// The event, payload format 2.0. Source: "Create AWS Lambda proxy integrations for HTTP APIs", API Gateway developer guide.
    #[must_use]
    pub fn event(&self) -> Value {
        let (path, query) = self
            .path_and_query
            .split_once('?')
            .unwrap_or((&self.path_and_query, ""));
        let mut headers = serde_json::Map::from_iter([("host".to_owned(), json!("api.example.com"))]);
        headers.extend(self.headers.iter().map(|(name, value)| (name.clone(), json!(value))));
        let iam = json!({"accessKey": "local", "accountId": "000000000000", "callerId": "local", "cognitoIdentity": null,
            "principalOrgId": null, "userArn": "arn:aws:iam::000000000000:user/local", "userId": "local"});
        let mut context = json!({
            "accountId": "000000000000", "apiId": "local", "domainName": "api.example.com", "domainPrefix": "api",
            "http": {"method": self.method, "path": path, "protocol": "HTTP/1.1", "sourceIp": self.address, "userAgent": "tests"},
            "requestId": "request-1", "routeKey": "$default", "stage": "$default", "time": "30/Oct/2026:13:15:00 +0000", "timeEpoch": 1_793_366_100_000_u64
        });
        if self.is_signed {
            context["authorizer"] = json!({ "iam": iam });
        }
        let mut event = json!({
            "version": "2.0", "routeKey": "$default", "rawPath": path, "rawQueryString": query, "headers": headers,
            "requestContext": context, "isBase64Encoded": false
        });
        if let Some(body) = &self.body {
            event["body"] = json!(body);
        }
        event
    }

    /// Sends it into `routes`.
    pub async fn send(&self, routes: &Router) -> Reply {
        let request = lambda_http::request::from_str(&self.event().to_string()).unwrap();
        let request = request.map(|body| Body::from(body.to_vec()));
        let response = routes.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        Reply {
            status: parts.status,
            headers: parts.headers,
            body: to_bytes(body, usize::MAX).await.unwrap().to_vec(),
        }
    }
}
