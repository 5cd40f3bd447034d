//! The built page, from `console/dist`, with the headers that `template.yaml` gives the distribution.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse as _, Response};
use serde_yaml_ng::Value;
use tower_http::services::ServeDir;

use crate::stack::{StackError, StackPaths};

/// The template's resource that has the headers.
const POLICY: &str = "ConsoleHeaders";
/// Files whose names change with what they hold.
const HASHED: &str = "/assets/";
/// How long those are kept, as `console/deploy` says for the bucket.
const IMMUTABLE: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
const REVALIDATE: HeaderValue = HeaderValue::from_static("no-cache");

/// Why the template's headers cannot be given.
#[derive(Debug, thiserror::Error)]
enum HeadersError {
    /// The template is no YAML.
    #[error(transparent)]
    Template(#[from] serde_yaml_ng::Error),
    /// The policy lacks one.
    #[error("{POLICY} has no {name}")]
    Missing { name: &'static str },
    /// The policy has what is none.
    #[error("{POLICY} has {name}: {value}, which is no header")]
    Invalid { name: String, value: String },
}

/// The files; what was compressed when the page was built goes out compressed.
pub(super) fn files(paths: &StackPaths) -> ServeDir {
    ServeDir::new(paths.console()).precompressed_br().precompressed_gzip()
}

/// Whether there is a page to serve.
pub(in crate::stack) fn is_built(paths: &StackPaths) -> bool {
    paths.console().join("index.html").exists()
}

/// Adds what the template wants on every response.
pub(super) fn with_headers(router: Router, paths: &StackPaths) -> Result<Router, StackError> {
    let template = paths.template();
    let text = std::fs::read_to_string(&template).map_err(StackError::system("read the template"))?;
    let headers = headers(&text).map_err(|error| {
        let error = std::io::Error::new(std::io::ErrorKind::InvalidData, error);
        StackError::system(format!("read the console's headers from {}", template.display()))(error)
    })?;
    let shared = Arc::new((headers, is_built(paths)));
    Ok(router.layer(middleware::from_fn_with_state(shared, add_headers)))
}

async fn add_headers(State(shared): State<Arc<(HeaderMap, bool)>>, request: Request, next: Next) -> Response {
    let (headers, is_built) = &*shared;
    let path = request.uri().path();
    let cache = if path.starts_with(HASHED) {
        IMMUTABLE
    } else {
        REVALIDATE
    };
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
    let cache = if is_good { cache } else { REVALIDATE };
    response.headers_mut().entry(header::CACHE_CONTROL).or_insert(cache);
    response
}

/// The headers of the template's response headers policy (CloudFormation, `AWS::CloudFront::ResponseHeadersPolicy`). Strict-Transport-Security is for HTTPS
/// alone, and there is none here.
fn headers(template: &str) -> Result<HeaderMap, HeadersError> {
    let template: Value = serde_yaml_ng::from_str(template)?;
    let policy = &template["Resources"][POLICY]["Properties"]["ResponseHeadersPolicyConfig"];
    let security = &policy["SecurityHeadersConfig"];
    let text = |value: &Value, name: &'static str| {
        let text = value.as_str().map(str::to_owned);
        text.ok_or(HeadersError::Missing { name })
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
        pair.ok_or(HeadersError::Invalid { name, value })
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
        assert_eq!(refused.to_string(), "ConsoleHeaders has no ContentSecurityPolicy");
    }
}
