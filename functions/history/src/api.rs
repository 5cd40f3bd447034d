//! The routes of the read API's part History: series, the rates of a day, statistics, comparisons and forecasts.

mod compare;
mod day;
mod forecast;
mod health;
mod query;
mod series;
mod stats;

use std::sync::Arc;

use axum::Router;
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::History;

pub use crate::comparison::{Compared, Correlation};
pub use crate::forecast::{Backtest, Candidate, ForecastDay, Method};
pub use crate::formulas::Trend;
pub use crate::range::IntervalName;
pub use crate::statistics::Measures;
pub use compare::Comparison;
pub use day::RatesOfDay;
pub use forecast::Forecast;
pub use series::{SeriesRow, SeriesStatistics, TimeSeries};
pub use stats::Statistics;

/// What the description says of this part.
#[derive(OpenApi)]
#[openapi(tags((name = "History", description = "Series, statistics, comparisons and forecasts. 환율 이력과 통계.")))]
struct Description;

/// The routes on `service`'s servers, without the middleware.
pub fn routes(service: Arc<History>) -> Router {
    router().split_for_parts().0.with_state(service)
}

/// The description of the routes.
#[must_use]
pub fn openapi() -> utoipa::openapi::OpenApi {
    router().into_openapi()
}

fn router() -> OpenApiRouter<Arc<History>> {
    OpenApiRouter::with_openapi(Description::openapi())
        .routes(routes!(series::series))
        .routes(routes!(day::rates))
        .routes(routes!(stats::stats))
        .routes(routes!(compare::compare))
        .routes(routes!(forecast::forecast))
        .routes(routes!(health::health))
}
