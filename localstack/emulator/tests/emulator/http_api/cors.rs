//! Requests from other origins.

use reqwest::{Response, StatusCode};

use super::fixture::Api;

#[tokio::test(flavor = "multi_thread")]
async fn cors_is_the_apis_when_the_template_says_so_and_the_functions_otherwise() {
    let own =
        "?do=answer&answer=%7B%22statusCode%22:200,%22headers%22:%7B%22Access-Control-Allow-Origin%22:%22own%22%7D%7D";
    let ask = async |api: &Api, method: &str, target: &str, origin: &str| {
        let request = api
            .client
            .request(method.parse().unwrap(), format!("http://{}{target}", api.address));
        let request = request
            .header("Origin", origin)
            .header("Access-Control-Request-Method", "GET");
        request.send().await.unwrap()
    };
    let origin = |response: &Response| {
        let value = response.headers().get("access-control-allow-origin");
        value.map(|value| value.to_str().unwrap().to_owned())
    };
    let api = Api::new("", "").await;
    assert_eq!(
        origin(&ask(&api, "GET", &format!("/rates{own}"), "https://a.example").await).as_deref(),
        Some("own")
    );
    assert_eq!(
        ask(&api, "OPTIONS", "/rates", "https://a.example").await.status(),
        StatusCode::NOT_FOUND
    );
    api.emulator.shutdown().await;

    let cors = "CorsConfiguration: {AllowOrigins: ['https://*'], AllowMethods: [GET, POST], AllowHeaders: [x-one], ExposeHeaders: [etag], AllowCredentials: true, MaxAge: 60}";
    let api = Api::new(cors, "").await;
    let preflight = ask(&api, "OPTIONS", "/nowhere", "https://a.example").await;
    assert_eq!(preflight.status(), StatusCode::NO_CONTENT);
    for (name, value) in [
        ("access-control-allow-origin", "https://a.example"),
        ("access-control-allow-methods", "GET,POST"),
        ("access-control-allow-headers", "x-one"),
        ("access-control-max-age", "60"),
        ("access-control-allow-credentials", "true"),
    ] {
        assert_eq!(preflight.headers()[name], value);
    }
    let foreign = ask(&api, "OPTIONS", "/rates", "http://a.example").await;
    assert_eq!((foreign.status(), origin(&foreign)), (StatusCode::NO_CONTENT, None));
    let answer = ask(&api, "GET", &format!("/rates{own}"), "https://a.example").await;
    assert_eq!(origin(&answer).as_deref(), Some("https://a.example"));
    assert_eq!(answer.headers()["access-control-expose-headers"], "etag");
    let missing = ask(&api, "GET", "/nowhere", "https://a.example").await;
    assert_eq!(
        (missing.status(), origin(&missing).as_deref()),
        (StatusCode::NOT_FOUND, Some("https://a.example"))
    );
    api.emulator.shutdown().await;
}
