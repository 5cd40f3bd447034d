//! What the three read APIs have in common: errors, parameters, the envelope with its ETag and formats, health, and the middleware that every request and
//! answer passes. A service's `api` module says which routes there are and what they answer.
//!
//! Requests come from API Gateway (HTTP API, payload format 2.0) by way of `lambda_http`.

mod answer;
mod caller;
mod envelope;
mod error;
mod format;
mod health;
mod middleware;
mod params;
mod schema;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::Router;
use axum::middleware::map_response;
use axum::response::Response;
use lambda_http::request::LambdaRequest;
use lambda_http::{Adapter, LambdaEvent, Service as _};
use serde_json::value::RawValue;

use crate::config::{ConfigError, Get};
use crate::function::Instance;
use crate::trace::Trigger;

pub use self::answer::{Answer, Freshness, Served, ServedFrom};
pub use self::caller::{Caller, IamCaller, JsonBody};
pub use self::envelope::Envelope;
pub use self::error::{ApiError, Detail, ErrorBody, ErrorCode, ErrorEnvelope, FailureResponses};
pub use self::format::Format;
pub use self::health::{Dependency, Health, HealthStatus, ping};
pub use self::middleware::{CORRELATION_ID, with_middleware};
pub use self::params::{FromParams, Nothing, Params, PathCode, Query};

/// Serves one read function: the routes that `build` makes, behind the middleware.
///
/// # Errors
/// When the configuration is incomplete or the Runtime API ends.
pub async fn serve(build: impl Fn(Get<'_>) -> Result<Router, ConfigError>) -> Result<(), lambda_http::Error> {
    let has_failed = Arc::new(AtomicBool::new(false));
    let instance = Instance::start(|get: Get<'_>| {
        let noted = Arc::clone(&has_failed);
        let note = move |response: Response| {
            noted.store(response.status().is_server_error(), Ordering::Relaxed);
            std::future::ready(response)
        };
        Ok(Adapter::from(with_middleware(build(get)?).layer(map_response(note))))
    });
    let handle = async |routes: &Adapter<'static, _, _>, event: &LambdaEvent<Box<RawValue>>| {
        // Read anew for each attempt, because a request is used up by its answer.
        let request: LambdaRequest = serde_json::from_str(event.payload.get())?;
        let answer = routes.clone().call(LambdaEvent::new(request, event.context.clone()));
        Ok::<_, lambda_http::Error>(answer.await?)
    };
    instance
        .await?
        .serve(Trigger::Http, handle, |_| has_failed.load(Ordering::Relaxed))
        .await
}
