//! `DELETE /api/v1/currencies/cache`: for operators, behind an IAM signature.

use std::sync::Arc;

use axum::extract::State;
use serde::Serialize;
use shared::api::{Answer, ApiError, Envelope, FailureResponses, FromParams, IamCaller, Params, Query};
use shared::currency::CurrencyCode;
use utoipa::{IntoParams, ToSchema};

use crate::Currency;

/// What can be cleared.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct ClearQuery {
    /// The currency whose entry goes; all of them unless given.
    #[param(value_type = Option<String>, pattern = "^[A-Z]{3}$", example = "USD")]
    currency_code: Option<CurrencyCode>,
}

impl FromParams for ClearQuery {
    fn from_params(params: &Params) -> Result<Self, ApiError> {
        Ok(Self {
            currency_code: params.currency("currency_code")?,
        })
    }
}

/// What was cleared.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Cleared {
    /// The currency; null for all.
    currency_code: Option<CurrencyCode>,
    /// How many entries there were. The next reader fills them from the store.
    #[schema(minimum = 0)]
    entries: u64,
}

/// What API Gateway answers to a request that it does not let through.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Refusal)]
pub(super) struct GatewayError {
    /// Why.
    #[schema(example = "Forbidden")]
    message: String,
}

/// Clear cached rates
///
/// Removes the entries from Redis, and makes what readers are computing for them at this moment worthless. The next reader caches what the store has then,
/// also where a newer rate was cached before: after a repair in the store, clear. Signed with IAM credentials (SigV4).
#[utoipa::path(delete, path = "/api/v1/currencies/cache", operation_id = "clearCache", tag = "Currency", params(ClearQuery), security(("iam" = [])), responses(
    (status = 200, description = "What was cleared.", body = Envelope<Cleared>),
    (status = 403, description = "Not signed with IAM credentials: API Gateway refuses it in its own words, before the service sees it.", body = GatewayError),
    FailureResponses,
))]
pub(super) async fn clear(
    _: IamCaller,
    State(service): State<Arc<Currency>>,
    Query(query): Query<ClearQuery>,
) -> Result<Answer, ApiError> {
    let codes: Vec<CurrencyCode> = query
        .currency_code
        .map_or_else(|| CurrencyCode::all().collect(), |code| vec![code]);
    let entries = service.cache.clear_rates(&codes).await?;
    Answer::once(&Cleared {
        currency_code: query.currency_code,
        entries,
    })
}
