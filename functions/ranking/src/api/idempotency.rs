//! The header `Idempotency-Key`.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use shared::api::ApiError;
use utoipa::IntoParams;

const HEADER: &str = "idempotency-key";
/// The longest key, in characters.
const LONGEST: usize = 128;

/// The header that makes a repeated request one request.
#[derive(Debug, Clone, IntoParams)]
#[into_params(parameter_in = Header)]
pub(super) struct IdempotencyHeader {
    /// Makes a repeated click one click: of one user's requests with the same key, whenever they are sent within 48 hours, exactly one counts, and all
    /// get its answer. The same key with another country or currency is refused. Without the header, each request counts. 1 to 128 printable ASCII
    /// characters.
    #[param(
        rename = "Idempotency-Key",
        value_type = String,
        required = false,
        pattern = "^[!-~]([ -~]{0,126}[!-~])?$",
        min_length = 1,
        max_length = 128,
        example = "4b1f6a0e-2f0b-4a86-9c5e-3f0f6f3f5a11"
    )]
    pub(super) key: Option<String>,
}

impl<S: Sync> FromRequestParts<S> for IdempotencyHeader {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let mut sent = parts.headers.get_all(HEADER).iter();
        let Some(value) = sent.next() else {
            return Ok(Self { key: None });
        };
        let refused =
            |allowed: &str| ApiError::invalid("Idempotency-Key", &String::from_utf8_lossy(value.as_bytes()), allowed);
        if sent.next().is_some() {
            return Err(refused("one value; the header is repeated"));
        }
        let bytes = value.as_bytes();
        let is_printable = bytes.iter().all(|byte| (b' '..=b'~').contains(byte));
        let key = std::str::from_utf8(bytes).unwrap_or_default().trim();
        if is_printable && (1..=LONGEST).contains(&key.len()) {
            Ok(Self {
                key: Some(key.to_owned()),
            })
        } else {
            Err(refused("1 to 128 printable ASCII characters"))
        }
    }
}
