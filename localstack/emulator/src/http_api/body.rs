//! Reading a request's body without keeping more of it than the API takes.

use axum::body::{Body, HttpBody as _};
use axum::http::{HeaderMap, header, request::Parts};
use bytes::{Bytes, BytesMut};
use futures::StreamExt as _;

use super::gateway_error::GatewayError;

/// The largest body, in bytes.
const BODY_LIMIT: usize = 10 * 1024 * 1024;
/// How much of a body that is too large is read and thrown away, so that a client that sends before it reads gets to its response.
const DISCARD_LIMIT: usize = 64 * 1024 * 1024;

/// The body, never more than [`BODY_LIMIT`] of it in memory.
pub(super) async fn read(parts: &Parts, body: Body) -> Result<Bytes, GatewayError> {
    let announced = body.size_hint().lower();
    let is_too_large = usize::try_from(announced).unwrap_or(usize::MAX) > BODY_LIMIT;
    if is_too_large && waits_to_send(&parts.headers) {
        return Err(GatewayError::TooLarge);
    }
    let mut chunks = body.into_data_stream();
    let (mut gathered, mut size) = (BytesMut::new(), 0);
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|_| GatewayError::BadRequest)?;
        size += chunk.len();
        if size > DISCARD_LIMIT {
            break;
        }
        if is_too_large || size > BODY_LIMIT {
            gathered = BytesMut::new();
        } else {
            gathered.extend_from_slice(&chunk);
        }
    }
    if size > BODY_LIMIT {
        return Err(GatewayError::TooLarge);
    }
    Ok(gathered.freeze())
}

/// Whether the client asked before it sends: `Expect: 100-continue`.
fn waits_to_send(headers: &HeaderMap) -> bool {
    headers.contains_key(header::EXPECT)
}
