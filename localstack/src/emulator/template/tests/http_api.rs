//! Routes of the HTTP API.

use super::*;

fn routes(text: &str) -> Template {
    parse(text, &[]).unwrap()
}

#[test]
fn routes_come_from_events_of_the_one_api() {
    let rates = rates(&[]);
    assert_eq!(rates.http_routes.len(), 1);
    let route = &rates.http_routes[0];
    assert_eq!((route.key.as_str(), route.function.as_str()), ("GET /rates", "other"));
    assert_eq!((route.timeout, route.needs_signature), (Duration::from_secs(30), false));

    let template = routes(&format!(
        "Globals: {{HttpApi: {{StageVariables: {{colour: blue}}}}}}\n{}",
        with_function(
            "      Events:
        One: {Type: HttpApi, Properties: {ApiId: !Ref Api, Path: '/rates/{code}', Method: get, PayloadFormatVersion: '2.0', TimeoutInMillis: 500}}
        Open: {Type: HttpApi, Properties: {ApiId: !Ref Api, Path: /open, Method: ANY, Auth: {Authorizer: NONE}, RouteSettings: {ThrottlingRateLimit: 1}}}
        All: {Type: HttpApi, Properties: {ApiId: !Ref Api}}",
            "  Api:
    Type: AWS::Serverless::HttpApi
    Properties:
      Auth: {EnableIamAuthorizer: true, DefaultAuthorizer: AWS_IAM}
      CorsConfiguration: {AllowOrigins: ['https://*'], AllowMethods: [GET], MaxAge: 60}
      AccessLogSettings: {DestinationArn: arn}",
        )
    ));
    let keys: Vec<_> = template
        .http_routes
        .iter()
        .map(|route| (route.key.as_str(), route.needs_signature, route.timeout.as_millis()))
        .collect();
    assert_eq!(
        keys,
        [
            ("GET /rates/{code}", true, 500),
            ("ANY /open", false, 30_000),
            ("$default", true, 30_000)
        ]
    );
    assert_eq!(template.http_api.stage_variables["colour"], "blue");
    let cors = template.http_api.cors.unwrap();
    assert_eq!(
        (cors.allow_origins, cors.max_age),
        (vec!["https://*".to_owned()], Some(Duration::from_secs(60)))
    );
    assert_eq!(
        template.unsupported_events,
        ["Api (AccessLogSettings)", "Rates.Open (RouteSettings)"]
    );
}

#[test]
fn what_an_http_api_asks_and_does_not_get_is_refused() {
    let event = |text: &str, rest: &str| {
        let events = format!("      Events:\n        Read: {{Type: HttpApi, Properties: {{{text}}}}}");
        error(&with_function(&events, rest))
    };
    let at = |text: &str| event(text, "");
    assert_eq!(
        at("PayloadFormatVersion: '1.0'"),
        r#"template.yaml: Rates: Events.Read.PayloadFormatVersion is "1.0", allowed: 2.0"#
    );
    assert_eq!(
        at("Path: /a, Method: GET, Auth: {Authorizer: Jwt}"),
        r#"template.yaml: Rates: Events.Read.Auth.Authorizer is "Jwt", allowed: AWS_IAM, NONE"#
    );
    assert_eq!(
        at("Path: /a, Method: GET, Auth: {Authorizer: AWS_IAM}"),
        r#"template.yaml: Rates: Events.Read.Auth.Authorizer is "AWS_IAM", allowed: AWS_IAM only with Auth.EnableIamAuthorizer: true of ServerlessHttpApi"#
    );
    assert_eq!(
        at("Path: /a"),
        r#"template.yaml: Rates: Events.Read.Method is absent, allowed: both Path and Method, or neither for $default; here is "/a" alone"#
    );
    assert_eq!(
        at("Path: /a, Method: FETCH"),
        r#"template.yaml: Rates: Events.Read.Method is "FETCH", allowed: ANY, DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT"#
    );
    assert!(at("Path: '/{a+}/b', Method: GET").contains("{name+} the last"));
    assert_eq!(
        at("Path: /a, Method: GET, TimeoutInMillis: 30001"),
        "template.yaml: Rates: Events.Read.TimeoutInMillis is 30001, allowed: a whole number from 50 to 30000"
    );
    assert!(at("ApiId: other").contains("this template has no AWS::Serverless::HttpApi"));
    let api = |properties: &str| format!("  Api: {{Type: AWS::Serverless::HttpApi, Properties: {{{properties}}}}}");
    assert!(event("ApiId: other", &api("")).ends_with(r#"ApiId is "other", allowed: !Ref Api"#));
    assert!(event("ApiId: !Ref Api", &api("StageName: prod")).contains("StageName is \"prod\", allowed: $default"));
    assert!(event("ApiId: !Ref Api", &api("Auth: {DefaultAuthorizer: Jwt}")).contains("allowed: AWS_IAM, or absent"));
    assert!(
        event("ApiId: !Ref Api", &api("DefinitionBody: {openapi: 3.0.1}")).contains("read from the functions' events")
    );
}
