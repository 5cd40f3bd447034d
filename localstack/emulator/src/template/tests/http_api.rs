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
fn a_route_that_aws_would_refuse_is_refused() {
    let at = |text: &str| {
        let events = format!("      Events:\n        Read: {{Type: HttpApi, Properties: {{{text}}}}}");
        error(&with_function(&events, ""))
    };
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
}
