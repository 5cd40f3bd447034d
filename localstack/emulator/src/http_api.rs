//! The HTTP API: the functions' `HttpApi` routes on one port, as an API Gateway HTTP API serves them.
//!
//! A route is chosen by its key, `signature` checks who asks where the route wants to know, `event` says to the function what was asked, and
//! `response` sends what it said. Sources: "Working with HTTP APIs", "Create AWS Lambda proxy integrations for HTTP APIs in API
//! Gateway" and "Quotas for configuring and running an HTTP API in API Gateway", Amazon API Gateway developer guide.
//!
//! Kept as on AWS: payload format 2.0, the stage `$default`, at most 10 MB a body and 6 MB an event (413), 30 s or
//! `TimeoutInMillis` for a response (503, and the function goes on), 500 for whatever is the function's fault, 404 without
//! a route, 403 without a good signature, and API Gateway's own words in each of these. Different here: no TLS, no throttling
//! (`RouteSettings` is listed as unsupported), a function whose instances are all busy is waited for up to ten seconds before
//! the 503, and neither the 10,240 bytes that AWS allows for request line and headers nor its limits on header names are
//! imposed.

mod body;
mod cors;
mod event;
mod gateway_error;
mod response;
mod signature;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderName, HeaderValue, header, request::Parts, uri::Authority};
use axum::response::Response;
use axum::serve::ListenerExt as _;
use bytes::Bytes;
use chrono::Utc;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::error_chain::with_causes;
use crate::function::Function;
use crate::invocation::InvokeError;
use crate::route_key::{PathParameters, RouteKey};
use crate::status::RouteStatus;
use crate::template::{HttpApiSpec, HttpRouteSpec};
use event::ProxyRequest;
use gateway_error::GatewayError;
use signature::Caller;

/// The id of each request, also the event's `requestContext.requestId`.
const REQUEST_ID: HeaderName = HeaderName::from_static("apigw-requestid");

/// The routes, and what answers them.
pub(super) struct HttpApi {
    spec: HttpApiSpec,
    routes: Vec<Route>,
}

struct Route {
    spec: HttpRouteSpec,
    key: RouteKey,
    function: Arc<Function>,
    requests: AtomicU64,
}

impl HttpApi {
    pub(super) fn new(spec: &HttpApiSpec, routes: &[HttpRouteSpec], functions: &[Arc<Function>]) -> Self {
        let routes = routes.iter().filter_map(|route| {
            let function = functions.iter().find(|function| function.name() == route.function)?;
            Some(Route {
                key: RouteKey::parse(&route.key)?,
                spec: route.clone(),
                function: Arc::clone(function),
                requests: AtomicU64::new(0),
            })
        });
        Self {
            spec: spec.clone(),
            routes: routes.collect(),
        }
    }

    /// Serves the routes until the handle is aborted.
    pub(super) fn serve(self: &Arc<Self>, listener: TcpListener) -> JoinHandle<()> {
        let router = Router::new().fallback(handle).with_state(Arc::clone(self));
        let service = router.into_make_service_with_connect_info::<SocketAddr>();
        // Without this, the last part of a large answer waits for the client's delayed acknowledgement.
        let listener = listener.tap_io(|stream| {
            if let Err(error) = stream.set_nodelay(true) {
                tracing::debug!(error = &error as &dyn std::error::Error, "Could not set TCP_NODELAY");
            }
        });
        tokio::spawn(async move {
            if let Err(error) = axum::serve(listener, service).await {
                tracing::error!(error = &error as &dyn std::error::Error, "The HTTP API stopped serving");
            }
        })
    }

    /// What is asked at `paths`, answered as on the API's own port. Whoever serves it has to know its callers' addresses (`ConnectInfo`).
    pub(super) fn router(self: &Arc<Self>, paths: &[&str]) -> Router {
        let routed = |router: Router<Arc<Self>>, path: &&str| router.route(path, axum::routing::any(handle));
        paths.iter().fold(Router::new(), routed).with_state(Arc::clone(self))
    }

    pub(super) fn status(&self) -> Vec<RouteStatus> {
        let status = |route: &Route| RouteStatus {
            route: route.spec.key.clone(),
            function: route.spec.function.clone(),
            needs_signature: route.spec.needs_signature,
            requests: route.requests.load(Ordering::Relaxed),
        };
        self.routes.iter().map(status).collect()
    }

    async fn respond(&self, parts: &Parts, body: Body, peer: SocketAddr, id: &str) -> Result<Response, GatewayError> {
        let body = body::read(parts, body).await?;
        if !has_valid_host(parts) {
            return Err(GatewayError::BadRequest);
        }
        let path = event::decoded_path(&parts.uri).ok_or(GatewayError::BadRequest)?;
        let (route, parameters) = self
            .find_route(parts.method.as_str(), &path)
            .ok_or(GatewayError::NotFound)?;
        route.requests.fetch_add(1, Ordering::Relaxed);
        let now = Utc::now();
        let caller = route.caller(parts, &body, now)?;
        let request = ProxyRequest {
            parts,
            path: &path,
            body: &body,
            peer: peer.ip().to_canonical(),
            request_id: id,
            route_key: &route.spec.key,
            path_parameters: &parameters,
            stage_variables: &self.spec.stage_variables,
            caller: caller.as_ref(),
            now,
        };
        let event = event::event(&request).map_err(|error| route.log(&error, GatewayError::Internal))?;
        // The event has a copy of its own.
        drop(body);
        route.invoke(event).await
    }

    fn find_route(&self, method: &str, path: &str) -> Option<(&Route, PathParameters)> {
        let matches = self.routes.iter().filter_map(|route| {
            let found = route.key.match_request(method, path)?;
            Some((route, found))
        });
        let best = matches.min_by(|(_, left), (_, right)| left.specificity.cmp(&right.specificity));
        best.map(|(route, found)| (route, found.parameters))
    }
}

impl Route {
    /// Who asks, on a route that wants to know.
    fn caller(&self, parts: &Parts, body: &[u8], now: chrono::DateTime<Utc>) -> Result<Option<Caller>, GatewayError> {
        if !self.spec.needs_signature {
            return Ok(None);
        }
        let verified = signature::verify(parts, body, now);
        verified
            .map(Some)
            .map_err(|error| self.log(&error, GatewayError::Forbidden))
    }

    async fn invoke(&self, event: Bytes) -> Result<Response, GatewayError> {
        let invoked = tokio::time::timeout(self.spec.timeout, self.function.invoke(event)).await;
        let Ok(invoked) = invoked else {
            let error = IntegrationTimeout(self.spec.timeout);
            return Err(self.log(&error, GatewayError::Unavailable));
        };
        let invocation = invoked.map_err(|error| {
            let gateway_error = match &error {
                InvokeError::TooLarge { .. } => GatewayError::TooLarge,
                InvokeError::Throttled { .. } => GatewayError::Unavailable,
                InvokeError::UnknownFunction { .. } | InvokeError::Spawn { .. } | InvokeError::ShuttingDown { .. } => {
                    GatewayError::Internal
                }
            };
            self.log(&error, gateway_error)
        })?;
        if invocation.function_error.is_some() {
            // The function's failure is logged where it happened.
            return Err(GatewayError::Internal);
        }
        response::response(invocation.payload).map_err(|error| self.log(&error, GatewayError::Internal))
    }

    /// Logs what the client is not told.
    fn log(&self, error: &dyn std::error::Error, gateway_error: GatewayError) -> GatewayError {
        tracing::warn!(
            http.route = self.spec.key,
            function.name = self.spec.function,
            "{} is answered with {}: {}",
            self.spec.key,
            gateway_error.status().as_u16(),
            with_causes(error)
        );
        gateway_error
    }
}

/// The function goes on; its response is thrown away.
#[derive(Debug, thiserror::Error)]
#[error("no answer within {} s", .0.as_secs_f64())]
struct IntegrationTimeout(Duration);

async fn handle(
    State(api): State<Arc<HttpApi>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    request: Request,
) -> Response {
    let (parts, body) = request.into_parts();
    let id = request_id();
    let cors = api.spec.cors.as_ref();
    let mut response = match cors.and_then(|cors| cors::preflight(cors, &parts)) {
        Some(preflight) => preflight,
        None => {
            let responded = api.respond(&parts, body, peer, &id).await;
            let mut response = responded.unwrap_or_else(GatewayError::response);
            if let Some(cors) = cors {
                cors::set_headers(cors, &parts.headers, &mut response);
            }
            response
        }
    };
    if let Ok(id) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(REQUEST_ID, id);
    }
    response
}

/// On AWS no request without a valid host reaches the API, and functions make URLs of it.
fn has_valid_host(parts: &Parts) -> bool {
    let host = parts.headers.get(header::HOST).and_then(|host| host.to_str().ok());
    host.is_some_and(|host| {
        let is_authority = host.parse::<Authority>().is_ok() && !host.contains('@');
        is_authority && reqwest::Url::parse(&format!("http://{host}/")).is_ok()
    })
}

/// Sixteen characters that look like those of AWS.
fn request_id() -> String {
    let random = uuid::Uuid::new_v4();
    base64_simd::STANDARD.encode_to_string(&random.as_bytes()[..11])
}
