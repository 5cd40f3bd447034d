//! `GET /openapi.json`: the whole API's description, all three services, as `docs/openapi.yaml` holds it. A test compares that file with the handlers.

use shared::api::{Answer, ApiError, Freshness, Nothing, Query};

/// `docs/openapi.yaml` as JSON, made when this is built.
const DOCUMENT: &str = include_str!(concat!(env!("OUT_DIR"), "/openapi.json"));

pub(super) async fn document(_: Query<Nothing>) -> Result<Answer, ApiError> {
    Ok(Answer::document(DOCUMENT, Freshness::Release))
}
