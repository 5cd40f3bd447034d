//! Routes with the authorizer `AWS_IAM`.

use std::time::Duration;

use aws_sdk_sqs::config::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::fixture::{Api, error, error_of};

/// The headers of a signed request.
fn signed(address: &str, target: &str, secret: &str, age: Duration) -> Vec<(String, String)> {
    let identity = Credentials::new("local", secret, None, None, "test").into();
    let params = v4::SigningParams::builder()
        .identity(&identity)
        .region("us-east-1")
        .name("execute-api")
        .time(std::time::SystemTime::now() - age)
        .settings(SigningSettings::default())
        .build()
        .unwrap()
        .into();
    let headers = [("host", address)];
    let url = format!("http://{address}{target}");
    let request = SignableRequest::new("DELETE", url, headers.into_iter(), SignableBody::empty()).unwrap();
    let (instructions, _) = sign(request, &params).unwrap().into_parts();
    instructions
        .headers()
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_route_with_iam_wants_a_good_signature() {
    let api = Api::new("", "").await;
    let delete = async |target: &str, headers: Vec<(String, String)>| {
        let mut request = api
            .client
            .request(Method::DELETE, format!("http://{}{target}", api.address));
        for (name, value) in headers {
            request = request.header(name, value);
        }
        request.send().await.unwrap()
    };
    let target = "/rates/cache?currency_code=USD&a=%2B+b";
    let sign = |secret: &str, age| signed(&api.address, target, secret, Duration::from_secs(age));
    let accepted = delete(target, sign("local", 0)).await;
    assert_eq!(accepted.status(), StatusCode::OK);
    let event: Value = accepted.json().await.unwrap();
    assert_eq!(
        event["requestContext"]["authorizer"]["iam"],
        json!({
            "accessKey": "local",
            "accountId": "000000000000",
            "callerId": "local",
            "cognitoIdentity": null,
            "principalOrgId": null,
            "userArn": "arn:aws:iam::000000000000:user/local",
            "userId": "local",
        })
    );
    let forbidden = error(403, "Forbidden");
    assert_eq!(error_of(delete(target, Vec::new()).await).await, forbidden);
    assert_eq!(error_of(delete(target, sign("other", 0)).await).await, forbidden);
    assert_eq!(error_of(delete(target, sign("local", 310)).await).await, forbidden);
    assert_eq!(
        error_of(delete("/rates/cache?currency_code=EUR", sign("local", 0)).await).await,
        forbidden
    );
    let status = api.emulator.status().await;
    assert_eq!(
        (
            status.functions[0].invocations,
            api.requests(&status, "DELETE /rates/cache")
        ),
        (1, 5)
    );
    api.emulator.shutdown().await;
}
