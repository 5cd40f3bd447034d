//! What the three read APIs have in common: errors, parameters, the envelope with its ETag and formats, health, and the edge that every request and
//! answer passes. A service's `api` module says which routes there are and what they answer.
//!
//! Requests come from API Gateway (HTTP API, payload format 2.0) by way of `lambda_http`.

mod answer;
mod caller;
mod edge;
mod error;
mod format;
mod health;
mod number;
mod params;
mod schema;

use axum::Router;
use lambda_http::request::LambdaRequest;
use lambda_http::{Adapter, LambdaEvent, Service as _};

use crate::trace::Trigger;

pub use self::answer::{Answer, Envelope, Freshness, Served, ServedFrom};
pub use self::caller::{Caller, IamCaller, JsonBody};
pub use self::edge::{CORRELATION_ID, edge};
pub use self::error::{ApiError, Detail, ErrorBody, ErrorCode, ErrorEnvelope, FailureResponses};
pub use self::format::Format;
pub use self::health::{Dependency, Health, HealthStatus, ping};
pub use self::number::{CROSS_DIGITS, Number};
pub use self::params::{FromParams, Nothing, Params, PathCode, Query};

/// Serves one read function: `routes` behind the [`edge`].
///
/// # Errors
/// When the Runtime API ends.
pub async fn serve(routes: Router) -> Result<(), lambda_http::Error> {
    let routes = Adapter::from(edge(routes));
    let answer = async move |event: LambdaEvent<LambdaRequest>| routes.clone().call(event).await;
    crate::function::run_for(Trigger::Http, answer).await
}
