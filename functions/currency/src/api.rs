//! The routes of the read API's part Currency: current rates, conversions, the list of currencies, and the whole API's description.

mod clear_cache;
mod convert;
mod health;
mod latest;
mod list;
mod openapi;
mod search;
mod single;

use std::sync::Arc;

use axum::Router;
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::Currency;

pub use crate::ended::{Ended, EndedState};
pub use crate::exact_product::Product;
pub use convert::{Conversion, PathLeg};
pub use latest::LatestRates;
pub use list::KnownCurrency;
pub use single::{CurrentRate, CurrentRates};

/// What the description says of this part.
#[derive(OpenApi)]
#[openapi(tags((name = "Currency", description = "Current rates and conversions. 현재 환율과 환산.")))]
struct Description;

/// The routes on `service`'s servers, without the middleware.
pub fn routes(service: Arc<Currency>) -> Router {
    router().split_for_parts().0.with_state(service)
}

/// The description of the routes.
#[must_use]
pub fn openapi() -> utoipa::openapi::OpenApi {
    router().into_openapi()
}

fn router() -> OpenApiRouter<Arc<Currency>> {
    OpenApiRouter::with_openapi(Description::openapi())
        .routes(routes!(list::list))
        .routes(routes!(latest::latest))
        .routes(routes!(single::multiple))
        .routes(routes!(search::search))
        .routes(routes!(clear_cache::clear))
        .routes(routes!(single::single))
        .routes(routes!(convert::convert))
        .routes(routes!(health::health))
        .route("/health", axum::routing::get(health::health))
        .route("/openapi.json", axum::routing::get(openapi::document))
}
