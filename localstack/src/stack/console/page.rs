//! The built page, from `console/dist`, with the headers that `template.yaml` gives the distribution.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse as _, Response};
use serde_yaml_ng::Value;
use tower_http::services::ServeDir;

use crate::stack::{Places, StackError};

/// The template's resource that has the headers.
const POLICY: &str = "ConsoleHeaders";
/// Files whose names change with what they hold.
const HASHED: &str = "/assets/";
/// How long those are kept, as `console/deploy` says for the bucket.
const FOR_EVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
const ASK_AGAIN: HeaderValue = HeaderValue::from_static("no-cache");

/// The files; what was compressed when the page was built goes out compressed.
pub(super) fn files(places: &Places) -> ServeDir {
    ServeDir::new(places.console()).precompressed_br().precompressed_gzip()
}

/// Whether there is a page to serve.
pub(in crate::stack) fn is_built(places: &Places) -> bool {
    places.console().join("index.html").exists()
}

/// Adds what the template wants on every answer.
pub(super) fn with_headers(router: Router, places: &Places) -> Result<Router, StackError> {
    let template = places.template();
    let text = std::fs::read_to_string(&template).map_err(StackError::system("read the template"))?;
    let headers = headers(&text).map_err(|reason| {
        let error = std::io::Error::new(std::io::ErrorKind::InvalidData, reason);
        StackError::system(format!("read the console's headers from {}", template.display()))(error)
    })?;
    let shared = Arc::new((headers, is_built(places)));
    Ok(router.layer(middleware::from_fn_with_state(shared, answer)))
}

async fn answer(State(shared): State<Arc<(HeaderMap, bool)>>, request: Request, next: Next) -> Response {
    let (headers, is_built) = &*shared;
    let path = request.uri().path();
    let cache = if path.starts_with(HASHED) { FOR_EVER } else { ASK_AGAIN };
    let is_page = path == "/" || path == "/index.html";
    let mut response = if is_page && !is_built {
        let words = "The console is not built: ./console/build builds it, and the next ./localstack/up serves it.\n";
        (StatusCode::SERVICE_UNAVAILABLE, words).into_response()
    } else {
        next.run(request).await
    };
    let set = response.headers_mut();
    set.extend(headers.iter().map(|(name, value)| (name.clone(), value.clone())));
    // What speaks of the present says itself that it is not to be kept.
    let is_good = response.status().is_success() || response.status() == StatusCode::NOT_MODIFIED;
    let cache = if is_good { cache } else { ASK_AGAIN };
    response.headers_mut().entry(header::CACHE_CONTROL).or_insert(cache);
    response
}

/// The headers of the template's response headers policy (CloudFormation, `AWS::CloudFront::ResponseHeadersPolicy`). Strict-Transport-Security is for HTTPS
/// alone, and there is none here.
fn headers(template: &str) -> Result<HeaderMap, String> {
    let template: Value = serde_yaml_ng::from_str(template).map_err(|error| error.to_string())?;
    let policy = &template["Resources"][POLICY]["Properties"]["ResponseHeadersPolicyConfig"];
    let security = &policy["SecurityHeadersConfig"];
    let text = |value: &Value, name: &str| {
        let text = value.as_str().map(str::to_owned);
        text.ok_or_else(|| format!("{POLICY} has no {name}"))
    };
    let mut named = vec![
        (
            "content-security-policy".to_owned(),
            text(
                &security["ContentSecurityPolicy"]["ContentSecurityPolicy"],
                "ContentSecurityPolicy",
            )?,
        ),
        (
            "referrer-policy".to_owned(),
            text(&security["ReferrerPolicy"]["ReferrerPolicy"], "ReferrerPolicy")?,
        ),
        (
            "x-frame-options".to_owned(),
            text(&security["FrameOptions"]["FrameOption"], "FrameOption")?,
        ),
    ];
    if security["ContentTypeOptions"].is_mapping() {
        named.push(("x-content-type-options".to_owned(), "nosniff".to_owned()));
    }
    for item in policy["CustomHeadersConfig"]["Items"]
        .as_sequence()
        .into_iter()
        .flatten()
    {
        named.push((text(&item["Header"], "Header")?, text(&item["Value"], "Value")?));
    }
    let header = |(name, value): (String, String)| {
        let pair = HeaderName::try_from(&name).ok().zip(HeaderValue::try_from(&value).ok());
        pair.ok_or_else(|| format!("{POLICY} has {name}: {value}, which is no header"))
    };
    named.into_iter().map(header).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_headers_are_those_of_the_template() {
        let template = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../template.yaml")).unwrap();
        let headers = headers(&template).unwrap();
        let policy = headers["content-security-policy"].to_str().unwrap();
        assert!(
            policy.contains("script-src 'self'") && !policy.contains("unsafe"),
            "{policy}"
        );
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "DENY"),
            ("referrer-policy", "no-referrer"),
            ("cross-origin-opener-policy", "same-origin"),
        ] {
            assert_eq!(headers[name], value);
        }
    }

    #[test]
    fn a_policy_without_a_header_is_refused_by_name() {
        let refused = headers("Resources: {}").unwrap_err();
        assert_eq!(refused, "ConsoleHeaders has no ContentSecurityPolicy");
    }
}
