//! The event of a request, in payload format 2.0.
//!
//! Source: "Create AWS Lambda proxy integrations for HTTP APIs in API Gateway", Amazon API Gateway developer guide. What that page
//! leaves open is as observed on AWS: the path is passed decoded, and cut at a decoded `?`; a body is text only when its
//! type is `text/*`, `application/json`, `application/javascript` or `application/xml`, and base64 for every other type
//! (`application/x-www-form-urlencoded` too) and for none.

use std::collections::BTreeMap;
use std::net::IpAddr;

use axum::http::{HeaderMap, Uri, header, request::Parts};
use bytes::Bytes;
use chrono::{DateTime, Utc};
use percent_encoding::percent_decode_str;
use serde::Serialize;

use super::signature::Caller;
use crate::aws::ACCOUNT;
use crate::route_key::PathParameters;

/// The API's id; on AWS one of ten letters and digits.
const API_ID: &str = "local";
/// The only stage.
const STAGE: &str = "$default";
/// Headers between two neighbours, which say nothing to the function.
const HOP_BY_HOP: [&str; 9] = [
    "connection",
    "expect",
    "keep-alive",
    "proxy-authenticate",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// What an event is made of.
pub(super) struct ProxyRequest<'a> {
    pub(super) parts: &'a Parts,
    /// The decoded path.
    pub(super) path: &'a str,
    pub(super) body: &'a Bytes,
    pub(super) peer: IpAddr,
    pub(super) request_id: &'a str,
    pub(super) route_key: &'a str,
    pub(super) path_parameters: &'a PathParameters,
    pub(super) stage_variables: &'a BTreeMap<String, String>,
    /// Who signed it, on routes that ask for a signature.
    pub(super) caller: Option<&'a Caller>,
    pub(super) now: DateTime<Utc>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ProxyEvent<'a> {
    version: &'static str,
    route_key: &'a str,
    raw_path: &'a str,
    raw_query_string: &'a str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    cookies: Vec<String>,
    headers: BTreeMap<&'a str, String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    query_string_parameters: BTreeMap<String, String>,
    request_context: RequestContext<'a>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    path_parameters: &'a PathParameters,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    stage_variables: &'a BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<String>,
    is_base64_encoded: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RequestContext<'a> {
    account_id: &'static str,
    api_id: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    authorizer: Option<Authorizer<'a>>,
    domain_name: String,
    domain_prefix: String,
    http: Http<'a>,
    request_id: &'a str,
    route_key: &'a str,
    stage: &'static str,
    time: String,
    time_epoch: i64,
}

#[derive(Serialize)]
struct Authorizer<'a> {
    iam: &'a Caller,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Http<'a> {
    method: &'a str,
    path: &'a str,
    protocol: &'static str,
    source_ip: String,
    user_agent: String,
}

/// The event as JSON.
pub(super) fn event(request: &ProxyRequest<'_>) -> Result<Bytes, serde_json::Error> {
    let headers = &request.parts.headers;
    let host = text_of(headers, header::HOST.as_str()).unwrap_or_default();
    let domain_name = host.rsplit_once(':').map_or(host.as_str(), |(name, _)| name).to_owned();
    let (body, is_base64_encoded) = encoded(request.body, headers);
    let event = ProxyEvent {
        version: "2.0",
        route_key: request.route_key,
        raw_path: request.path,
        raw_query_string: request.parts.uri.query().unwrap_or_default(),
        cookies: cookies(headers),
        headers: headers_of(request, &host),
        query_string_parameters: query_of(&request.parts.uri),
        request_context: RequestContext {
            account_id: ACCOUNT,
            api_id: API_ID,
            authorizer: request.caller.map(|iam| Authorizer { iam }),
            domain_prefix: domain_name.split('.').next().unwrap_or_default().to_owned(),
            domain_name,
            http: Http {
                method: request.parts.method.as_str(),
                path: request.path,
                protocol: "HTTP/1.1",
                source_ip: request.peer.to_string(),
                user_agent: text_of(headers, header::USER_AGENT.as_str()).unwrap_or_default(),
            },
            request_id: request.request_id,
            route_key: request.route_key,
            stage: STAGE,
            time: request.now.format("%d/%b/%Y:%H:%M:%S +0000").to_string(),
            time_epoch: request.now.timestamp_millis(),
        },
        path_parameters: request.path_parameters,
        stage_variables: request.stage_variables,
        body,
        is_base64_encoded,
    };
    serde_json::to_vec(&event).map(Bytes::from)
}

/// The path as routes and functions see it; `None` when it is not UTF-8.
pub(super) fn decoded_path(uri: &Uri) -> Option<String> {
    let path = percent_decode_str(uri.path()).decode_utf8().ok()?;
    Some(path.split('?').next().unwrap_or_default().to_owned())
}

fn headers_of<'a>(request: &ProxyRequest<'a>, host: &str) -> BTreeMap<&'a str, String> {
    let given = &request.parts.headers;
    let mut headers: BTreeMap<&str, String> = given
        .keys()
        .map(header::HeaderName::as_str)
        .filter(|name| !HOP_BY_HOP.contains(name) && *name != "cookie")
        .filter_map(|name| Some((name, text_of(given, name)?)))
        .collect();
    headers.insert("content-length", request.body.len().to_string());
    let peer = request.peer.to_string();
    let forwarded = match headers.get("x-forwarded-for") {
        Some(before) => format!("{before}, {peer}"),
        None => peer,
    };
    headers.insert("x-forwarded-for", forwarded);
    headers.insert("x-forwarded-proto", "http".to_owned());
    let port = host.rsplit_once(':').map_or("80", |(_, port)| port);
    headers.insert("x-forwarded-port", port.to_owned());
    headers.entry("x-amzn-trace-id").or_insert_with(|| {
        let random = uuid::Uuid::new_v4().simple().to_string();
        format!("Root=1-{:08x}-{}", request.now.timestamp(), &random[..24])
    });
    headers
}

/// All values of a header, with commas between them.
fn text_of(headers: &HeaderMap, name: &str) -> Option<String> {
    let values: Vec<_> = headers
        .get_all(name)
        .iter()
        .map(|value| String::from_utf8_lossy(value.as_bytes()))
        .collect();
    (!values.is_empty()).then(|| values.join(","))
}

fn cookies(headers: &HeaderMap) -> Vec<String> {
    let values = headers.get_all(header::COOKIE).iter();
    values
        .flat_map(|value| {
            let text = String::from_utf8_lossy(value.as_bytes()).into_owned();
            text.split(';')
                .map(|cookie| cookie.trim().to_owned())
                .collect::<Vec<_>>()
        })
        .filter(|cookie| !cookie.is_empty())
        .collect()
}

fn query_of(uri: &Uri) -> BTreeMap<String, String> {
    let mut parameters: BTreeMap<String, String> = BTreeMap::new();
    for (name, value) in form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()) {
        parameters
            .entry(name.into_owned())
            .and_modify(|values| {
                values.push(',');
                values.push_str(&value);
            })
            .or_insert_with(|| value.into_owned());
    }
    parameters
}

/// The body as the event carries it, and whether it is base64.
fn encoded(body: &Bytes, headers: &HeaderMap) -> (Option<String>, bool) {
    if body.is_empty() {
        return (None, false);
    }
    let text = if is_text(headers) {
        std::str::from_utf8(body).ok()
    } else {
        None
    };
    match text {
        Some(text) => (Some(text.to_owned()), false),
        None => (Some(base64_simd::STANDARD.encode_to_string(body)), true),
    }
}

fn is_text(headers: &HeaderMap) -> bool {
    let kind = text_of(headers, header::CONTENT_TYPE.as_str()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    kind.starts_with("text/")
        || matches!(
            kind.as_str(),
            "application/json" | "application/javascript" | "application/xml"
        )
}

#[cfg(test)]
mod tests;
