//! The routes of the read API's part Ranking, and their description; both come from the same handlers.

mod click;
mod error;
mod health;
mod idempotency;
mod input;
mod ranking;
mod stats;

use std::sync::Arc;

use axum::Router;
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::Ranking;

pub use self::click::{ClickRequest, CountryClick, CurrencyClick};
pub use self::ranking::{Pagination, RankingPage, Totals};
pub use self::stats::{CountryStats, DayClicks};

/// What the description says of this part.
#[derive(OpenApi)]
#[openapi(tags((
    name = "Ranking",
    description = "Which countries' currencies people look at. Days are Korean days (KST, UTC+9). 국가별 관심 순위."
)))]
struct Description;

/// The routes on `service`'s servers, without the middleware.
pub fn routes(service: Arc<Ranking>) -> Router {
    router().split_for_parts().0.with_state(service)
}

/// The description of the routes.
#[must_use]
pub fn openapi() -> utoipa::openapi::OpenApi {
    router().into_openapi()
}

fn router() -> OpenApiRouter<Arc<Ranking>> {
    OpenApiRouter::with_openapi(Description::openapi())
        .routes(routes!(click::click))
        .routes(routes!(ranking::ranking))
        .routes(routes!(stats::stats))
        .routes(routes!(health::health))
}
